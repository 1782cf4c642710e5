//! A municipality with its programs, its people, and one case in each standing that is measured, all made by real acts
//! through the service.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use casework::Act;
use chrono::NaiveDate;
use program::definition::{ApplicantFacts, ApplicantKind, BusinessSize, Call, Role};
use program::{SourceFile, load};
use serde_json::{Map, Value};
use service::{Deps, Device, FileStore, NewBusiness, PositionHeld, Service, Settings, SignIn, Viewer};
use store::Store;
use uuid::{Builder, Uuid};
use vocabulary::{Clock, FiscalYear, Ids, Instant, Locale, Yen, day_in_japan};

use crate::Outcome;
use crate::database::Database;

pub const MUNICIPALITY: &str = "hino";
pub const PROGRAMS: usize = 5;
pub const FISCAL_YEARS: i32 = 5;
/// One for each client at most.
pub const APPLICANTS: usize = 16;
/// Yen on every budget line: never short.
const APPROPRIATION: i64 = 100_000_000_000_000;

/// Of everybody who has a session.
const PASSWORD: &str = "a long sentence for the benchmark";

/// The program that is measured, of the shipped catalogue.
const PROGRAM: &str = "sales-channel";

/// What the shipped catalogue says of the municipality, and its program under several names.
fn sources() -> Outcome<Vec<SourceFile>> {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema");
    let municipality = format!("programs/{MUNICIPALITY}");
    let mut sources = Vec::new();
    for folder in ["archetypes", "municipalities", &municipality] {
        for entry in read(&schema.join(folder), |path| std::fs::read_dir(path))? {
            let path = entry.map_err(|error| format!("schema/{folder}: {error}"))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let is_wanted = folder != municipality || name == "municipality.yaml" || name.starts_with(PROGRAM);
            if is_wanted && name.ends_with(".yaml") {
                let text = read(&path, |path| std::fs::read_to_string(path))?;
                sources.push(SourceFile { path: format!("schema/{folder}/{name}"), text });
            }
        }
    }
    let file = format!("schema/{municipality}/{PROGRAM}.yaml");
    let text = sources.iter().find(|source| source.path == file).map(|source| source.text.clone());
    let text = text.ok_or_else(|| format!("{file} is not there"))?;
    sources.extend((2..=PROGRAMS).map(|number| {
        let (first, other) = (program_name(1), program_name(number));
        SourceFile {
            path: format!("schema/programs/{other}.yaml"),
            text: text.replace(&format!("program: {first}"), &format!("program: {other}")),
        }
    }));
    Ok(sources)
}

fn read<T>(path: &Path, how: impl FnOnce(&Path) -> std::io::Result<T>) -> Outcome<T> {
    how(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// Somebody with a token.
#[derive(Clone, Debug)]
pub struct Person {
    pub account: Uuid,
    pub token: String,
}

#[derive(Clone, Debug)]
pub struct Applicant {
    pub person: Person,
    pub business: Uuid,
}

/// A case to be copied.
#[derive(Clone, Debug)]
pub struct Template {
    pub id: Uuid,
    pub version: i64,
    pub number: Option<String>,
}

/// Sessions of browsers, by whom they are of.
#[derive(Clone, Debug)]
pub struct Sessions {
    pub applicant: String,
    pub clerk: String,
    pub finance: String,
    pub auditor: String,
    pub officer: String,
    pub administrator: String,
}

#[derive(Clone, Debug)]
pub struct World {
    pub clerk: Person,
    pub reviewer: Person,
    pub chief: Person,
    pub manager: Person,
    pub applicants: Vec<Applicant>,
    pub sessions: Sessions,
    /// What is typed into the form.
    pub values: Map<String, Value>,
    pub year: i32,
    /// Reserved by one submitted case.
    pub held_yen: i64,
    pub drafted: Template,
    pub submitted: Template,
    pub under_review: Template,
}

impl World {
    pub async fn make(database: &Database) -> Outcome<Self> {
        let settings = store::Settings { url: database.url.clone(), max_connections: 2 };
        let store = Store::connect(&settings).await.map_err(|error| error.to_string())?;
        store.migrate().await.map_err(|error| error.to_string())?;
        let service = Service::new(Deps {
            store: store.clone(),
            clock: Arc::new(Still(present()?)),
            ids: Arc::new(FreshIds::default()),
            files: Arc::new(Shelf::default()),
            keys: service::Keyring::default(),
            providers: Vec::new(),
            settings: Settings {
                base_url: "http://127.0.0.1".to_owned(),
                mail_from: "bench@example.jp".to_owned(),
                production: true,
                fresh_minutes: service::FRESH_MINUTES,
                staff_second_factor: false,
            },
        });
        let world = Founding { service: &service }.world().await?;
        store.close().await.map_err(|error| error.to_string())?;
        Ok(world)
    }
}

struct Founding<'a> {
    service: &'a Service,
}

fn told(error: service::Error) -> String {
    format!("setting up: {error:?}")
}

impl Founding<'_> {
    async fn world(&self) -> Outcome<World> {
        let year = FiscalYear::of(day_in_japan(self.service.now())).0;
        let values = self.publish(year).await?;
        let (clerk, _) = self.person("clerk", Some((Role::Clerk, None))).await?;
        let (reviewer, _) = self.person("reviewer", Some((Role::Reviewer, None))).await?;
        let (chief, _) = self.person("chief", Some((Role::Approver, Some("section_chief")))).await?;
        let (manager, _) = self.person("manager", Some((Role::Approver, Some("manager")))).await?;
        let mut applicants = Vec::new();
        for number in 0..APPLICANTS {
            applicants.push(self.applicant(number).await?);
        }
        let program = program_name(1);
        let applicant = applicants.first().ok_or("nobody applies")?;
        let drafted = self.draft(applicant, &program, &values, 1).await?;
        let other = self.draft(applicant, &program, &values, 2).await?;
        let submitted = self.act(&applicant.person, &other, "submit").await?;
        let held_yen =
            self.look(&applicant.person, submitted.id).await?.case.body.holdings.get(treasury::Account::Held).get();
        let third = self.draft(applicant, &program, &values, 3).await?;
        let third = self.act(&applicant.person, &third, "submit").await?;
        let under_review = self.act(&clerk, &third, "receive").await?;
        let sessions = self.sessions(&applicant.person, &clerk).await?;
        Ok(World {
            sessions,
            clerk,
            reviewer,
            chief,
            manager,
            applicants,
            values,
            year,
            held_yen,
            drafted,
            submitted,
            under_review,
        })
    }

    /// The catalogue's program under several names, with calls that are open now; the sample of its form.
    async fn publish(&self, year: i32) -> Outcome<Map<String, Value>> {
        let loaded = load(&sources()?);
        let place = loaded.municipalities.first().ok_or_else(|| format!("no municipality: {:?}", loaded.findings))?;
        self.service.import_municipality(place).await.map_err(told)?;
        let mut values = Map::new();
        for found in &loaded.programs {
            let program =
                found.program.as_ref().ok_or_else(|| format!("the catalogue is wrong: {:?}", loaded.findings))?;
            self.service.publish(program, &[], None, &loaded.sources(found), None).await.map_err(told)?;
            if let Some(sample) = found.scenarios.as_ref().and_then(|all| all.samples.get("application")) {
                values = sample.clone();
            }
        }
        let appropriation = Yen::new(APPROPRIATION).map_err(|error| error.to_string())?;
        let mut calls = Vec::new();
        for fiscal_year in year - FISCAL_YEARS + 1..=year {
            let opens = NaiveDate::from_ymd_opt(fiscal_year, 4, 1).ok_or("no such year")?;
            let closes = (fiscal_year < year).then(|| NaiveDate::from_ymd_opt(fiscal_year + 1, 3, 31)).flatten();
            calls.extend((1..=PROGRAMS).map(|number| Call {
                program: program_name(number),
                fiscal_year,
                window: "year".to_owned(),
                opens,
                closes,
                budget_line: Some("sales_channel".to_owned()),
                appropriation,
                capacity: None,
                carry_over: None,
                target: None,
            }));
        }
        self.service.import_calls(MUNICIPALITY, &calls).await.map_err(told)?;
        Ok(values)
    }

    async fn person(&self, name: &str, role: Option<(Role, Option<&str>)>) -> Outcome<(Person, Viewer)> {
        let email = format!("{name}@bench.example");
        let account = self.service.add_account(&email, name, None, Locale::Ja).await.map_err(told)?;
        let today = day_in_japan(self.service.now());
        if let Some((role, position)) = role {
            self.service.give_role(account, MUNICIPALITY, role, today).await.map_err(told)?;
            if let Some(position) = position {
                let held = PositionHeld {
                    account,
                    municipality: MUNICIPALITY.to_owned(),
                    position: position.to_owned(),
                    from_day: today,
                    until_day: None,
                    acting: false,
                };
                self.service.put_position(held).await.map_err(told)?;
            }
        }
        let viewer = self.service.viewer_by_email(&email).await.map_err(told)?;
        let scopes = service::SCOPES.iter().map(|scope| (*scope).to_owned()).collect();
        let token = self.service.create_api_token(&viewer, "bench", scopes, 30, None).await.map_err(told)?;
        Ok((Person { account, token }, viewer))
    }

    async fn applicant(&self, number: usize) -> Outcome<Applicant> {
        let (person, viewer) = self.person(&format!("applicant-{number}"), None).await?;
        let new = NewBusiness {
            name: format!("株式会社計測{number}号"),
            name_kana: "カブシキガイシャケイソク".to_owned(),
            address: "東京都日野市神明1-12-1".to_owned(),
            representative: "計測 太郎".to_owned(),
            corporate_number: None,
            facts: facts()?,
        };
        let made = self.service.register_business(&viewer, new, &format!("business-{number}")).await.map_err(told)?;
        Ok(Applicant { person, business: made.business.id })
    }

    async fn sessions(&self, applicant: &Person, clerk: &Person) -> Outcome<Sessions> {
        let of_role = async |name: &str, role: Role| {
            let (person, _) = self.person(name, Some((role, None))).await?;
            self.session(name, &person).await
        };
        Ok(Sessions {
            applicant: self.session("applicant-0", applicant).await?,
            clerk: self.session("clerk", clerk).await?,
            finance: of_role("finance", Role::FinanceMaker).await?,
            auditor: of_role("auditor", Role::Auditor).await?,
            officer: of_role("officer", Role::ProgramOfficer).await?,
            administrator: of_role("administrator", Role::Administrator).await?,
        })
    }

    async fn session(&self, name: &str, person: &Person) -> Outcome<String> {
        self.service.set_password(person.account, PASSWORD).await.map_err(told)?;
        let device = Device { address: None, agent: None };
        match self.service.sign_in(&format!("{name}@bench.example"), PASSWORD, device).await.map_err(told)? {
            SignIn::Done(session) => Ok(session.token),
            SignIn::HalfDone(_) => Err(format!("{name} is asked for a second factor")),
        }
    }

    async fn viewer(&self, person: &Person) -> Outcome<Viewer> {
        self.service.viewer_by_token(&person.token).await.map_err(told)
    }

    async fn look(&self, person: &Person, id: Uuid) -> Outcome<service::Application> {
        let viewer = self.viewer(person).await?;
        self.service.application(&viewer, id).await.map_err(told)?.ok_or_else(|| "a case has vanished".to_owned())
    }

    /// Filled in, with every document that is asked for.
    async fn draft(&self, by: &Applicant, program: &str, values: &Map<String, Value>, key: u32) -> Outcome<Template> {
        const FORM: &str = "application";
        let viewer = self.viewer(&by.person).await?;
        let key = format!("start-{key}");
        let started = self.service.start_application(&viewer, program, by.business, &key).await.map_err(told)?;
        let id = started.case.id;
        self.service.save_draft(&viewer, id, Some(FORM), values.clone(), None, None).await.map_err(told)?;
        let pdf = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n".to_vec();
        let file = self.service.upload(&viewer, "書類.pdf", pdf).await.map_err(told)?;
        for slot in self.service.asked(&viewer, id, FORM, values).await.map_err(told)?.documents {
            let key = format!("attach-{id}-{slot}");
            self.service.attach_document(&viewer, id, Some(FORM), (&slot, &[]), file.id, &key).await.map_err(told)?;
        }
        Ok(Template { id, version: 0, number: None })
    }

    async fn act(&self, by: &Person, on: &Template, action: &str) -> Outcome<Template> {
        let viewer = self.viewer(by).await?;
        let act = Act { action: action.to_owned(), expected_version: on.version, ..Act::default() };
        let key = format!("{action}-{}", on.id);
        let done = self.service.act(&viewer, on.id, act, &key).await.map_err(told)?.application.case;
        Ok(Template { id: done.id, version: done.version, number: done.body.numbers.get("application").cloned() })
    }
}

pub fn program_name(number: usize) -> String {
    if number == 1 { format!("{MUNICIPALITY}/sales-channel") } else { format!("{MUNICIPALITY}/sales-channel-{number}") }
}

pub fn facts() -> Outcome<ApplicantFacts> {
    Ok(ApplicantFacts {
        kind: ApplicantKind::Company,
        size: BusinessSize::Sme,
        deemed_large: false,
        established_here_on: NaiveDate::from_ymd_opt(2010, 4, 1).ok_or("no such day")?,
        employees: 24,
        capital: Yen::new(10_000_000).map_err(|error| error.to_string())?,
        trade: "manufacturing".to_owned(),
    })
}

/// As the file system has it: only the server's adapters may ask the system's clock.
pub fn present() -> Outcome<Instant> {
    let touched = tempfile::tempfile().and_then(|file| file.metadata()?.modified());
    touched.map(|time| vocabulary::to_microseconds(time.into())).map_err(|error| error.to_string())
}

/// Stands still while everything is set up.
struct Still(Instant);

impl Clock for Still {
    fn now(&self) -> Instant {
        self.0
    }
}

#[derive(Default)]
struct FreshIds(AtomicU64);

impl Ids for FreshIds {
    fn next(&self) -> Uuid {
        let [first, second, ..] = self.secret();
        let random = [first, second, 0, 0, 0, 0, 0, 0, 0, 0];
        Builder::from_unix_timestamp_millis(self.0.fetch_add(1, Ordering::Relaxed), &random).into_uuid()
    }

    fn secret(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        // The tokens open a database that is thrown away.
        if getrandom::fill(&mut bytes).is_err() {
            bytes.fill(u8::try_from(self.0.fetch_add(1, Ordering::Relaxed) % 256).unwrap_or_default());
        }
        bytes
    }
}

/// Files that nobody reads again.
#[derive(Default)]
struct Shelf(Mutex<HashMap<String, Vec<u8>>>);

impl FileStore for Shelf {
    fn put<'a>(
        &'a self,
        key: &'a str,
        bytes: &'a [u8],
    ) -> std::pin::Pin<Box<dyn Future<Output = std::io::Result<()>> + Send + 'a>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned(), bytes.to_vec());
        Box::pin(async { Ok(()) })
    }

    fn get<'a>(
        &'a self,
        key: &'a str,
    ) -> std::pin::Pin<Box<dyn Future<Output = std::io::Result<Vec<u8>>> + Send + 'a>> {
        let found = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned();
        Box::pin(async move { found.ok_or_else(|| std::io::ErrorKind::NotFound.into()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_there_under_every_name_and_nothing_is_wrong_with_it() {
        let loaded = load(&sources().unwrap());
        // Of the municipality's budget lines the others are not used.
        let wrong = loaded.findings.iter().filter(|finding| finding.is_error());
        let wrong: Vec<String> = wrong.map(ToString::to_string).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
        let names: Vec<&str> =
            loaded.programs.iter().filter_map(|found| Some(found.program.as_ref()?.name())).collect();
        assert_eq!(names.len(), PROGRAMS, "{names:?}");
        assert_eq!(loaded.municipalities.len(), 1);
    }
}
