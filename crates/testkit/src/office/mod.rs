//! An installation under test: a service on a real database with the shipped catalogue, its people, and a clock that
//! the test moves. [`Life`] brings cases to where a test needs them, by the steps of the catalogue's own scenarios.

mod life;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use program::definition::{ApplicantFacts, Role};
use program::{Loaded, SourceFile};
use serde_json::{Map, Value};
use service::{Application, Deps, NewBusiness, Performed, PositionHeld, Provider, Service, Viewer, Worker};
use store::Store;
use uuid::Uuid;
use vocabulary::{Clock as _, Instant, Locale, day_in_japan};

pub use life::{Life, SALES_CHANNEL, sample_pdf};

use crate::adapters::{MemoryFiles, RecordingMail};
use crate::clock::{FakeClock, SeededIds};
use crate::postgres::TestDatabase;

/// Of every account that has one.
pub const PASSWORD: &str = "correct horse battery staple";
/// The key of the installation.
pub const KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
/// Where people would reach the installation.
pub const BASE_URL: &str = "https://hojokin.example.jp";

/// The catalogue as the repository ships it.
#[must_use]
pub fn schema_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema")
}

/// Read once a process.
///
/// # Panics
/// When the shipped catalogue has errors.
#[must_use]
pub fn catalogue() -> &'static Loaded {
    static CATALOGUE: OnceLock<Loaded> = OnceLock::new();
    CATALOGUE.get_or_init(|| {
        let mut files = Vec::new();
        for folder in ["archetypes", "municipalities", "programs"] {
            collect(&schema_folder().join(folder), &mut files);
        }
        let loaded = program::load(&files);
        let errors: Vec<_> = loaded.findings.iter().filter(|finding| finding.is_error()).collect();
        assert!(errors.is_empty(), "the shipped catalogue is wrong: {errors:#?}");
        loaded
    })
}

fn collect(folder: &Path, files: &mut Vec<SourceFile>) {
    let mut entries: Vec<PathBuf> =
        folder.read_dir().expect("a folder of the catalogue").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            let text = std::fs::read_to_string(&path).expect("a file of the catalogue");
            files.push(SourceFile { path: path.display().to_string(), text });
        }
    }
}

/// A business and whoever owns it.
#[derive(Clone, Debug)]
pub struct Party {
    pub business: Uuid,
    pub name: String,
    pub owner: Viewer,
}

/// One installation. All its parts may be used directly.
pub struct TestOffice {
    pub service: Service,
    pub worker: Worker,
    pub store: Store,
    pub clock: FakeClock,
    pub ids: SeededIds,
    pub files: Arc<MemoryFiles>,
    pub mail: Arc<RecordingMail>,
    url: String,
    /// Municipality and role, or `position:<name>`.
    staff: BTreeMap<(String, String), Viewer>,
    counter: AtomicU32,
}

impl TestOffice {
    /// With the offices of Hino, Mizuho and Shimonoseki.
    pub async fn open(database: &TestDatabase) -> Self {
        Self::of(database, &["hino", "mizuho", "shimonoseki"]).await
    }

    /// With these municipalities, all their programs and calls, one person for each role and each position.
    ///
    /// # Panics
    /// When anything fails: a test cannot begin then.
    pub async fn of(database: &TestDatabase, municipalities: &[&str]) -> Self {
        Self::at(&database.url, municipalities).await
    }

    /// As [`TestOffice::of`], on the empty database of that address.
    ///
    /// # Panics
    /// When anything fails.
    pub async fn at(url: &str, municipalities: &[&str]) -> Self {
        let clock = FakeClock::default();
        let ids = SeededIds::default();
        let files = Arc::new(MemoryFiles::default());
        let mail = Arc::new(RecordingMail::default());
        let store = connect(url).await;
        store.migrate().await.expect("the schema");
        let service = service_on(&store, &clock, &ids, &files, Vec::new(), settings());
        let worker = Worker::new(service.clone(), mail.clone());
        let mut office = Self {
            service,
            worker,
            store,
            clock,
            ids,
            files,
            mail,
            url: url.to_owned(),
            staff: BTreeMap::new(),
            counter: AtomicU32::new(0),
        };
        for municipality in municipalities {
            office.import(municipality).await;
            office.hire(municipality).await;
        }
        office
    }

    /// People may also sign in by these.
    #[must_use]
    pub fn with_providers(mut self, providers: Vec<Provider>) -> Self {
        self.service = service_on(&self.store, &self.clock, &self.ids, &self.files, providers, settings());
        self
    }

    /// The same office in an installation that is set up in another way.
    #[must_use]
    pub fn set_up(&self, settings: service::Settings, providers: Vec<Provider>) -> Service {
        service_on(&self.store, &self.clock, &self.ids, &self.files, providers, settings)
    }

    async fn import(&self, municipality: &str) {
        let loaded = catalogue();
        let place = loaded.municipalities.iter().find(|place| place.municipality == municipality);
        let place = place.unwrap_or_else(|| panic!("there is no municipality {municipality}"));
        self.service.import_municipality(place).await.expect("a municipality");
        let of_here = |program: &str| program.split('/').next() == Some(municipality);
        for found in loaded.programs.iter().filter(|found| of_here(&found.definition.program.program)) {
            let program = found.program.as_ref().expect("a program without errors");
            self.service
                .publish(program, &loaded.calls, None, &loaded.sources(found), None)
                .await
                .expect("a published program");
        }
        let calls: Vec<_> = loaded.calls.iter().filter(|call| of_here(&call.program)).cloned().collect();
        self.service.import_calls(municipality, &calls).await.expect("calls");
    }

    async fn hire(&mut self, municipality: &str) {
        let today = day_in_japan(self.clock.now());
        for role in Role::STAFF {
            let account = self.account(&staff_email(municipality, role.as_str()), role.as_str()).await;
            self.service.give_role(account, municipality, role, today).await.expect("a role");
            self.remember(municipality, role.as_str()).await;
        }
        let place = self.service.municipality_named(municipality).await.expect("the municipality");
        for position in place.positions.keys() {
            let account = self.account(&staff_email(municipality, position), position).await;
            self.service.give_role(account, municipality, Role::Approver, today).await.expect("a role");
            let held = PositionHeld {
                account,
                municipality: municipality.to_owned(),
                position: position.clone(),
                from_day: today,
                until_day: None,
                acting: false,
            };
            self.service.put_position(held).await.expect("a position");
            let viewer = self.viewer(&staff_email(municipality, position)).await;
            self.staff.insert((municipality.to_owned(), format!("position:{position}")), viewer);
        }
    }

    async fn remember(&mut self, municipality: &str, role: &str) {
        let viewer = self.viewer(&staff_email(municipality, role)).await;
        self.staff.insert((municipality.to_owned(), role.to_owned()), viewer);
    }

    /// An account without a password.
    ///
    /// # Panics
    /// When the address is taken.
    pub async fn account(&self, email: &str, name: &str) -> Uuid {
        self.service.add_account(email, name, None, Locale::Ja).await.expect("an account")
    }

    /// Whoever has the address, with everything that they may do now.
    ///
    /// # Panics
    /// When nobody has it.
    pub async fn viewer(&self, email: &str) -> Viewer {
        self.service.viewer_by_email(email).await.unwrap_or_else(|error| panic!("{email}: {error:?}"))
    }

    /// Whoever a scenario's step names: a role, or `position:<name>`.
    ///
    /// # Panics
    /// When there is no such person.
    #[must_use]
    pub fn staff(&self, municipality: &str, who: &str) -> &Viewer {
        let found = self.staff.get(&(municipality.to_owned(), who.to_owned()));
        found.unwrap_or_else(|| panic!("nobody is {who} of {municipality}"))
    }

    /// All staff of a municipality, by role or `position:<name>`.
    pub fn all_staff<'a>(&'a self, municipality: &'a str) -> impl Iterator<Item = (&'a str, &'a Viewer)> {
        self.staff
            .iter()
            .filter(move |((place, _), _)| place == municipality)
            .map(|((_, who), viewer)| (&**who, viewer))
    }

    /// A number that was not given before.
    pub fn count(&self) -> u32 {
        self.counter.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// A new business of these facts with a new owner.
    ///
    /// # Panics
    /// When it cannot be registered.
    pub async fn party(&self, facts: &ApplicantFacts) -> Party {
        let number = self.count();
        self.party_named(&format!("株式会社見本{number}"), &format!("owner-{number}@business.example"), facts).await
    }

    /// A new business of that name with a new owner of that address.
    ///
    /// # Panics
    /// When it cannot be registered.
    pub async fn party_named(&self, name: &str, email: &str, facts: &ApplicantFacts) -> Party {
        self.account(email, &format!("{name} 代表")).await;
        let owner = self.viewer(email).await;
        let new = NewBusiness {
            name: name.to_owned(),
            name_kana: "カブシキガイシャミホン".to_owned(),
            address: format!("東京都日野市神明1-{}", self.count()),
            representative: format!("{name} 代表"),
            corporate_number: None,
            facts: facts.clone(),
        };
        let key = format!("register-{}", self.count());
        let view = self.service.register_business(&owner, new, &key).await.expect("a business");
        Party { business: view.business.id, name: name.to_owned(), owner: self.viewer(email).await }
    }

    /// A second process on the same database: its own connections, caches and identifiers; the same clock and files.
    pub async fn another(&self, seed: u32) -> Service {
        let store = connect(&self.url).await;
        service_on(&store, &self.clock, &SeededIds::new(seed), &self.files, Vec::new(), settings())
    }

    /// Moves the clock forward, never back, and lets the workers do what is due then.
    pub async fn advance_to(&self, instant: Instant) {
        if instant > self.clock.now() {
            self.clock.set(instant);
        }
        self.work_off().await;
    }

    /// Until there is nothing left to do.
    ///
    /// # Panics
    /// When a worker fails.
    pub async fn work_off(&self) {
        while self.worker.tick().await.expect("a round of the worker") > 0 {}
    }

    /// The case as the viewer sees it.
    ///
    /// # Panics
    /// When the viewer does not see it.
    pub async fn look(&self, viewer: &Viewer, application: Uuid) -> Application {
        let found = self.service.application(viewer, application).await.expect("an answer");
        found.expect("the case is there for the viewer")
    }

    /// One act on the case as it is now, with a fresh key.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn act(
        &self,
        viewer: &Viewer,
        application: Uuid,
        action: &str,
        values: Map<String, Value>,
    ) -> service::Result<Performed> {
        let expected_version = self.look(viewer, application).await.case.version;
        let act = casework::Act { action: action.to_owned(), expected_version, values, ..casework::Act::default() };
        self.service.act(viewer, application, act, &format!("act-{}", self.count())).await
    }

    /// Gives a budget line so many yen more, or takes them when below zero.
    ///
    /// # Panics
    /// When there is less left than is taken.
    pub async fn appropriate(&self, line: Uuid, yen: i64) {
        let (yen, now) = (vocabulary::Yen::new(yen).expect("yen"), self.clock.now());
        let given = self.store.write(|tx| Box::pin(async move { tx.appropriate(line, yen, now, Uuid::nil()).await }));
        given.await.expect("an appropriation");
    }

    /// A token of the viewer's with these scopes.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn token(&self, viewer: &Viewer, scopes: &[&str]) -> String {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        self.service.create_api_token(viewer, "test", scopes, 366, None).await.expect("a token")
    }
}

/// As accounts of staff are named.
#[must_use]
pub fn staff_email(municipality: &str, who: &str) -> String {
    format!("{}@{municipality}.example", who.trim_start_matches("position:").replace('_', "-"))
}

async fn connect(url: &str) -> Store {
    let settings = store::Settings { url: url.to_owned(), max_connections: 16 };
    Store::connect(&settings).await.expect("a connection")
}

fn settings() -> service::Settings {
    service::Settings {
        base_url: BASE_URL.to_owned(),
        mail_from: "補助金窓口 <no-reply@hojokin.example.jp>".to_owned(),
        production: true,
        fresh_minutes: service::FRESH_MINUTES,
        staff_second_factor: false,
    }
}

fn service_on(
    store: &Store,
    clock: &FakeClock,
    ids: &SeededIds,
    files: &Arc<MemoryFiles>,
    providers: Vec<Provider>,
    settings: service::Settings,
) -> Service {
    Service::new(Deps {
        store: store.clone(),
        clock: Arc::new(clock.clone()),
        ids: Arc::new(ids.clone()),
        files: files.clone(),
        keys: service::Keyring::read(KEY).expect("a key"),
        providers,
        settings,
    })
}
