//! Definitions as program officers work on them: what a version is written as, the draft of the next one, what the check
//! says of either, what scenarios show of it, and publishing it. Only officers of the municipality see any of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use casework::Refusal;
use casework::coverage::{Evidence, Part, coverage};
use casework::scenario::ScenarioResult;
use chrono::NaiveDate;
use program::definition::{Call, Definition, Municipality, Name, Role, Scenarios, Target};
use program::{Difference, Finding, Program, Severity, SourceFile, Written, diff, load_checking};
use serde::Serialize;
use store::{NewProgramDraft, StoredCall};
use uuid::Uuid;
use vocabulary::{Bilingual, FiscalYear, Instant, Yen};

use crate::desk::MOST_COUNTED;
use crate::once::Wish;
use crate::programs::{not_proven, refusal_of, succeed};
use crate::service::Service;
use crate::view::{ProgramVersion, Viewer};
use crate::{Error, Published, Result, check_texts};

/// Bytes of a definition or of scenarios, as files have them.
const LONGEST_TEXT: usize = 1_048_576;

/// A program as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DefinitionText {
    pub definition: String,
    /// Empty when there are none.
    pub scenarios: String,
}

/// Which of the texts of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edition {
    /// What is being written; the newest version as long as nobody has begun.
    Draft,
    Version(i32),
}

/// The next version as it is being written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramDraft {
    pub text: DefinitionText,
    /// Counts the times that it was saved; 0 when nothing was.
    pub revision: i64,
    /// When, and by whom.
    pub saved: Option<(Instant, String)>,
}

/// A program in the list of its officers.
#[derive(Clone, Debug)]
pub struct ProgramOverview {
    /// The version that was published last.
    pub newest: ProgramVersion,
    /// The one that is in force.
    pub now: ProgramVersion,
    pub has_draft: bool,
}

/// A definition that was read, with all that is to be said of it.
#[derive(Debug)]
pub struct ReadDefinition {
    pub text: DefinitionText,
    /// Errors first, then warnings and notes, each in the order of the files. Those of the definition itself are of the
    /// file [`ReadDefinition::definition_path`].
    pub findings: Vec<Finding>,
    /// As it is written, as far as that could be read.
    pub definition: Option<Definition>,
    /// There when nothing is wrong with it.
    pub program: Option<Program>,
    pub scenarios: Option<Scenarios>,
    pub municipality: Arc<Municipality>,
    pub calls: Vec<Call>,
    sources: Vec<SourceFile>,
    name: String,
}

/// What scenarios show of a program.
#[derive(Clone, Debug, Default)]
pub struct Rehearsal {
    pub results: Vec<ScenarioResult>,
    /// Everything that scenarios can try, and whether one did.
    pub parts: Vec<Part>,
}

/// What publishing the draft would do, and what stands in the way.
#[derive(Debug)]
pub struct Publication {
    pub read: Arc<ReadDefinition>,
    pub differences: Vec<Difference>,
    /// 施行日; from its publication when absent.
    pub effective_from: Option<NaiveDate>,
    /// A version that is published and would never come into force, because this one is newer and does before.
    pub passes_over: Option<(i32, NaiveDate)>,
    pub obstacles: Vec<Refusal>,
}

/// 募集 as an officer sets it: dates, money and aims for a fiscal year and window.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CallChange {
    pub fiscal_year: i32,
    pub window: Name,
    pub opens: NaiveDate,
    /// The last day.
    pub closes: Option<NaiveDate>,
    pub budget_line: Option<Name>,
    /// Posted when the budget line is new in that fiscal year; what is posted already stays.
    pub appropriation: Yen,
    pub capacity: Option<u32>,
    pub target: Option<Target>,
}

impl ReadDefinition {
    /// The file that findings of the definition name.
    #[must_use]
    pub fn definition_path(&self) -> String {
        format!("programs/{}.yaml", self.name)
    }

    /// The file that findings of the scenarios name.
    #[must_use]
    pub fn scenarios_path(&self) -> String {
        format!("programs/{}.scenarios.yaml", self.name)
    }

    fn rehearse(&self) -> Rehearsal {
        let (Some(program), Some(scenarios)) = (&self.program, &self.scenarios) else { return Rehearsal::default() };
        let results = casework::scenario::run(program, &self.municipality, &self.calls, scenarios);
        let mut evidence = Evidence::default();
        for result in &results {
            evidence.merge(&result.evidence);
        }
        Rehearsal { parts: coverage(program, &evidence), results }
    }

    /// What keeps it from being published after `newest`.
    fn obstacles(&self, newest: &Program) -> Vec<Refusal> {
        let Some(program) = &self.program else {
            return self.findings.iter().filter(|finding| finding.is_error()).cloned().map(refusal_of).collect();
        };
        let mut refusals = match &self.scenarios {
            Some(_) => {
                let Rehearsal { results, parts } = self.rehearse();
                not_proven(program, &results, &parts)
            }
            None => vec![Refusal::new(
                "scenario.none",
                "シナリオがありません。公表するには、すべての手続を試すシナリオが必要です",
                "There are no scenarios; before a version is published, scenarios try all of its actions",
            )],
        };
        if let Err(Error::Refused(found)) = succeed(newest, program) {
            refusals.extend(found);
        }
        if program.hash() == newest.hash() {
            refusals.push(Refusal::new(
                "program.unchanged",
                "公表中の版から変わったところがありません",
                "Nothing differs from the version that is published",
            ));
        }
        refusals
    }
}

fn place_of(program: &str) -> &str {
    program.split('/').next().unwrap_or_default()
}

fn municipality_path(place: &str) -> String {
    format!("programs/{place}/municipality.yaml")
}

fn calls_path(place: &str) -> String {
    format!("programs/{place}/calls.yaml")
}

/// JSON is YAML too.
fn json_file<T: Serialize>(path: String, value: &T) -> Result<SourceFile> {
    let text = serde_json::to_string(value).map_err(|error| Error::Fault(error.to_string()))?;
    Ok(SourceFile { path, text })
}

/// What can be said without the files of other programs: whether something that they share is used, they would know.
fn said(mut findings: Vec<Finding>, program: &str) -> Vec<Finding> {
    let place = place_of(program);
    let beside = [municipality_path(place), calls_path(place)];
    let own = format!("programs/{program}.yaml");
    findings.retain(|finding| match &finding.file {
        Some(file) if beside.contains(file) => false,
        Some(file) => *file == own || !finding.code.starts_with("unused."),
        None => true,
    });
    findings.sort_by_key(|finding| finding.severity);
    findings
}

/// Understanding a definition takes a processor for some milliseconds.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Fault(error.to_string()))
}

impl Service {
    /// # Errors
    /// `NotFound` for everybody but program officers of the municipality: they learn nothing of what there is.
    fn only_officers(&self, viewer: &Viewer, municipality: &str) -> Result<()> {
        if viewer.person.has_role(municipality, Role::ProgramOfficer) { Ok(()) } else { Err(Error::NotFound) }
    }

    /// The programs of the municipalities in which the viewer is a program officer, by name.
    ///
    /// # Errors
    /// `NotFound` for whoever is one nowhere.
    pub async fn programs_of_officer(&self, viewer: &Viewer) -> Result<Vec<ProgramOverview>> {
        let roles = viewer.person.roles.iter().filter(|(_, role)| *role == Role::ProgramOfficer);
        let places: Vec<&Name> = roles.map(|(place, _)| place).collect();
        if places.is_empty() {
            return Err(Error::NotFound);
        }
        let drafts = self.reader().programs_with_draft().await?;
        let mut found = Vec::new();
        for place in places {
            for stored in self.reader().programs(Some(place)).await? {
                let has_draft = drafts.binary_search(&stored.program).is_ok();
                let newest = self.with_calls(&stored).await?;
                let in_force = self.in_force(self.reader(), stored, self.today()).await?;
                let now = if in_force.version == newest.version {
                    newest.clone()
                } else {
                    self.with_calls(&in_force).await?
                };
                found.push(ProgramOverview { newest, now, has_draft });
            }
        }
        Ok(found)
    }

    /// How many cases are under way on each version, by its hash; counted as far as [`MOST_COUNTED`].
    ///
    /// # Errors
    /// `NotFound` for everybody but program officers of the municipality.
    pub async fn running_by_version(&self, viewer: &Viewer, program: &str) -> Result<BTreeMap<String, u32>> {
        self.only_officers(viewer, place_of(program))?;
        Ok(self.reader().running_by_version(program, MOST_COUNTED).await?)
    }

    /// What is being written as the next version of a program.
    ///
    /// # Errors
    /// `NotFound` for a program that is not published, and for everybody but its officers.
    pub async fn program_draft(&self, viewer: &Viewer, program: &str) -> Result<ProgramDraft> {
        self.only_officers(viewer, place_of(program))?;
        if let Some(stored) = self.reader().program_draft(program).await? {
            return Ok(ProgramDraft {
                text: DefinitionText { definition: stored.definition, scenarios: stored.scenarios },
                revision: stored.revision,
                saved: Some((stored.saved_at, stored.saved_by)),
            });
        }
        let newest = self.reader().newest_version(program).await?.ok_or(Error::NotFound)?;
        let sources = self.sources(&newest.hash).await?;
        Ok(ProgramDraft { text: text_of(program, &sources), revision: 0, saved: None })
    }

    /// Keeps what was typed, whatever it is. Returns the new revision.
    ///
    /// # Errors
    /// `Conflict` when the draft is at another revision than `from`; `NotFound` as [`Service::program_draft`];
    /// `BadInput` for a text that is too long.
    pub async fn save_program_draft(
        &self,
        viewer: &Viewer,
        program: &str,
        text: &DefinitionText,
        from: i64,
    ) -> Result<i64> {
        self.require_scope(viewer, "act")?;
        let now = self.program_draft(viewer, program).await?;
        if now.revision != from {
            return Err(Error::Conflict);
        }
        if now.text == *text {
            return Ok(from);
        }
        if text.definition.len() > LONGEST_TEXT || text.scenarios.len() > LONGEST_TEXT {
            return Err(Error::bad_input("definition", "定義は1MiBまでです", "A definition has at most 1 MiB"));
        }
        let new = NewProgramDraft {
            program,
            definition: &text.definition,
            scenarios: &text.scenarios,
            from_revision: from,
            now: self.now(),
            account: viewer.person.id,
        };
        let saved = self
            .store()
            .write(|tx| Box::pin(async move { Ok::<_, Error>(tx.save_program_draft(&new).await?) }))
            .await?;
        if saved { Ok(from + 1) } else { Err(Error::Conflict) }
    }

    /// Drops what was written as the next version, at that revision. Dropping it again changes nothing.
    ///
    /// # Errors
    /// `Conflict` when it was changed since; `NotFound` as [`Service::program_draft`].
    pub async fn drop_program_draft(&self, viewer: &Viewer, program: &str, revision: i64) -> Result<()> {
        self.require_scope(viewer, "act")?;
        self.only_officers(viewer, place_of(program))?;
        let dropped = self
            .store()
            .write(|tx| Box::pin(async move { Ok::<_, Error>(tx.drop_program_draft(program, revision).await?) }))
            .await?;
        if dropped || self.reader().program_draft(program).await?.is_none() { Ok(()) } else { Err(Error::Conflict) }
    }

    /// A definition, read and checked with the municipality and the calls as they are now. Nothing when its files were
    /// not kept: publishing them once more keeps them.
    ///
    /// # Errors
    /// `NotFound` for a version that is not published, and for everybody but officers of the municipality.
    pub async fn read_definition(
        &self,
        viewer: &Viewer,
        program: &str,
        edition: Edition,
    ) -> Result<Option<Arc<ReadDefinition>>> {
        self.only_officers(viewer, place_of(program))?;
        match edition {
            Edition::Draft => {
                let text = self.program_draft(viewer, program).await?.text;
                self.read_text(program, None, Some(text)).await
            }
            Edition::Version(version) => self.read_text(program, Some(version), None).await,
        }
    }

    /// What would be wrong with this text that is not wrong with the draft as it is.
    ///
    /// # Errors
    /// As [`Service::read_definition`].
    pub async fn new_errors(&self, viewer: &Viewer, program: &str, text: &DefinitionText) -> Result<Vec<Refusal>> {
        let before = self.read_definition(viewer, program, Edition::Draft).await?;
        let after = self.read_text(program, None, Some(text.clone())).await?;
        let known = before.iter().flat_map(|read| read.findings.iter());
        let known: BTreeSet<&str> = known.map(|finding| finding.message.en.as_str()).collect();
        let errors = after.iter().flat_map(|read| read.findings.iter()).filter(|finding| finding.is_error());
        let new = errors.filter(|finding| !known.contains(finding.message.en.as_str()));
        Ok(new.cloned().map(refusal_of).collect())
    }

    /// `text` takes the place of the files of the version, the newest when none is named.
    async fn read_text(
        &self,
        program: &str,
        version: Option<i32>,
        text: Option<DefinitionText>,
    ) -> Result<Option<Arc<ReadDefinition>>> {
        let stored = self.reader().program(program, version).await?.ok_or(Error::NotFound)?;
        let mut sources = self.sources(&stored.hash).await?;
        if sources.is_empty() {
            return Ok(None);
        }
        if let Some(text) = text {
            let own = [format!("programs/{program}.yaml"), format!("programs/{program}.scenarios.yaml")];
            sources.retain(|file| !own.contains(&file.path));
            let texts = [text.definition, text.scenarios];
            let new = own.into_iter().zip(texts).filter(|(_, text)| !text.trim().is_empty());
            sources.extend(new.map(|(path, text)| SourceFile { path, text }));
        }
        let place = place_of(program);
        let municipality = self.municipality(self.reader(), place).await?;
        let calls = self.calls_as_written(program).await?;
        let beside = self.beside(place, &municipality, &calls)?;
        let name = program.to_owned();
        let read = aside(move || {
            let files: Vec<SourceFile> = sources.iter().chain(&beside).cloned().collect();
            let mut loaded = load_checking(&files, check_texts);
            let findings = loaded.findings.drain(..).chain(loaded.notes.drain(..)).collect();
            let found = loaded.programs.into_iter().find(|found| found.definition.program.program == name);
            let (definition, program, scenarios) = match found {
                Some(found) => (Some(found.definition), found.program, found.scenarios),
                None => (None, None, None),
            };
            let findings = said(findings, &name);
            let text = text_of(&name, &sources);
            ReadDefinition { text, findings, definition, program, scenarios, municipality, calls, sources, name }
        });
        Ok(Some(Arc::new(read.await?)))
    }

    /// Plays the scenarios of a definition.
    ///
    /// # Errors
    /// Faults only.
    pub async fn play_scenarios(&self, read: &Arc<ReadDefinition>) -> Result<Rehearsal> {
        let read = Arc::clone(read);
        aside(move || read.rehearse()).await
    }

    /// Lets the scenarios of the draft of that revision expect the amounts, sums and days that its definition gives, for
    /// whoever has seen what changes by it. What else goes another way than expected stays as it is.
    ///
    /// # Errors
    /// `Conflict` when the draft was changed since; `NotFound` as [`Service::program_draft`].
    pub async fn accept_figures(&self, viewer: &Viewer, program: &str, from: i64) -> Result<()> {
        let text = self.program_draft(viewer, program).await?.text;
        let read = self.read_definition(viewer, program, Edition::Draft).await?.ok_or(Error::NotFound)?;
        let mut written = Written::read(&text.scenarios).ok_or(Error::NotFound)?;
        for (index, result) in self.play_scenarios(&read).await?.results.into_iter().enumerate() {
            for failure in result.failures {
                let Some((place, found)) = failure.figure else { continue };
                let pointer = format!("/scenarios/{index}/steps/{}/expect/{place}", failure.step.saturating_sub(1));
                if let Some(changed) = written.set(&pointer, &found) {
                    written = changed;
                }
            }
        }
        let text = DefinitionText { scenarios: written.text(), ..text };
        self.save_program_draft(viewer, program, &text, from).await.map(drop)
    }

    /// What publishing the draft would do. Nothing when its files were not kept.
    ///
    /// # Errors
    /// As [`Service::read_definition`].
    pub async fn publication(&self, viewer: &Viewer, program: &str) -> Result<Option<Publication>> {
        let Some(read) = self.read_definition(viewer, program, Edition::Draft).await? else { return Ok(None) };
        let ProgramVersion { program: newest, version, .. } = self.newest_program(program).await?;
        let after = read.program.as_ref().map(Program::definition);
        let differences = after.map(|after| diff(newest.definition(), after)).unwrap_or_default();
        let effective_from = after.and_then(|after| after.program.effective_from);
        let waits = newest.definition().program.effective_from.filter(|_| !newest.is_in_force(self.today()));
        let passes_over = waits.filter(|day| effective_from.is_none_or(|from| from <= *day)).map(|day| (version, day));
        let tried = Arc::clone(&read);
        let obstacles = aside(move || tried.obstacles(&newest)).await?;
        Ok(Some(Publication { read, differences, effective_from, passes_over, obstacles }))
    }

    /// Publishes the draft of that revision, which is no draft any more then. Returns the number of the version; asked
    /// again with the same key, the same.
    ///
    /// # Errors
    /// `Refused` with all that stands in the way; `Conflict` when the draft was changed since; `NotFound` as
    /// [`Service::program_draft`].
    pub async fn publish_program_draft(&self, viewer: &Viewer, program: &str, revision: i64, key: &str) -> Result<i32> {
        self.require_scope(viewer, "act")?;
        let is_current = self.program_draft(viewer, program).await?.revision == revision;
        let found = if is_current { self.publication(viewer, program).await? } else { None };
        let (account, now) = (viewer.person.id, self.now());
        let wish = Wish::new(viewer, key, "publishProgram", &(program, revision), (self.inner.ids.next(), now))?;
        self.store()
            .write(|tx| {
                let (wish, found) = (&wish, &found);
                Box::pin(async move {
                    if let Some(version) = wish.claim_answer::<i32>(tx).await? {
                        return Ok(version);
                    }
                    let Some(Publication { read, obstacles, .. }) = found else { return Err(Error::Conflict) };
                    let Some(proven) = read.program.as_ref().filter(|_| obstacles.is_empty()) else {
                        return Err(Error::Refused(obstacles.clone()));
                    };
                    if !tx.drop_program_draft(program, revision).await? {
                        return Err(Error::Conflict);
                    }
                    let version = match self.publish_in(tx, proven, &read.sources, Some(account), now).await? {
                        Published::Version { version, .. } => version,
                        Published::Already(version) => return Err(Error::Refused(vec![as_before(version)])),
                    };
                    wish.keep_answer(tx, &version).await?;
                    Ok(version)
                })
            })
            .await
    }

    /// Sets up a call of a program, or changes the one of that fiscal year and window. The same again changes nothing.
    ///
    /// # Errors
    /// `Refused` with what is wrong, each at its field; `NotFound` as [`Service::program_draft`].
    pub async fn put_call_of_program(
        &self,
        viewer: &Viewer,
        program: &str,
        change: &CallChange,
        key: &str,
    ) -> Result<()> {
        self.require_scope(viewer, "act")?;
        let place = place_of(program);
        self.only_officers(viewer, place)?;
        self.program(program, None).await?;
        let same = |call: &Call| call.fiscal_year == change.fiscal_year && call.window == change.window;
        let calls = self.calls_as_written(program).await?;
        let before = calls.iter().find(|call| same(call));
        let call = Call {
            program: program.to_owned(),
            fiscal_year: change.fiscal_year,
            window: change.window.clone(),
            opens: change.opens,
            closes: change.closes,
            budget_line: change.budget_line.clone(),
            appropriation: change.appropriation,
            capacity: change.capacity,
            carry_over: before.and_then(|before| before.carry_over.clone()),
            target: change.target.clone(),
        };
        let municipality = self.municipality(self.reader(), place).await?;
        let beside = self.beside(place, &municipality, std::slice::from_ref(&call))?;
        let path = calls_path(place);
        let loaded = aside(move || load_checking(&beside, |_| Vec::new())).await?;
        // The program itself is not among these files.
        let wrong = loaded.findings.into_iter().filter(|finding| {
            finding.severity == Severity::Error
                && finding.code != "reference.program"
                && finding.file.as_deref() == Some(&path)
        });
        let field = |finding: Finding| {
            let field = finding.path.rsplit('/').next().unwrap_or_default().to_owned();
            refusal_of(Finding { path: field, ..finding })
        };
        let refusals: Vec<Refusal> = wrong.map(field).collect();
        if !refusals.is_empty() {
            return Err(Error::Refused(refusals));
        }
        let wish = Wish::new(viewer, key, "putCall", &(program, change), (self.inner.ids.next(), self.now()))?;
        self.once(&wish, &|_| Box::pin(async { Ok(()) })).await?;
        self.import_calls(place, &[call]).await?;
        Ok(())
    }

    /// Sets the days on which a municipality rests, besides weekends and the turn of the year, from the present fiscal year
    /// on; those of earlier years stay. `seen` is what they were when somebody began to change them.
    ///
    /// # Errors
    /// `Conflict` when they are others meanwhile; `BadInput` for a day of an earlier year; `NotFound` for everybody but
    /// program officers of the municipality.
    pub async fn set_holidays(
        &self,
        viewer: &Viewer,
        place: &str,
        seen: &BTreeSet<NaiveDate>,
        days: &BTreeSet<NaiveDate>,
    ) -> Result<()> {
        self.require_scope(viewer, "act")?;
        self.only_officers(viewer, place)?;
        let first = FiscalYear::of(self.today()).first_day();
        if let Some(early) = days.iter().find(|day| **day < first) {
            return Err(Error::bad_input(
                "holidays",
                &format!("{early}は今年度より前の日です。過去の閉庁日は変更できません"),
                &format!("{early} is before this fiscal year; past days of rest stay as they are"),
            ));
        }
        self.store()
            .write(|tx| {
                Box::pin(async move {
                    let (mut municipality, _) = tx.municipality(place).await?.ok_or(Error::NotFound)?;
                    let mut all = municipality.calendar.holidays.clone();
                    let present = all.split_off(&first);
                    if present == *days {
                        return Ok(());
                    }
                    if present != *seen {
                        return Err(Error::Conflict);
                    }
                    all.extend(days);
                    municipality.calendar.holidays = all;
                    Ok(tx.put_municipality(&municipality).await?)
                })
            })
            .await
    }

    async fn sources(&self, hash: &str) -> Result<Vec<SourceFile>> {
        let kept = self.reader().program_sources(hash).await?;
        Ok(kept.into_iter().map(|(path, text)| SourceFile { path, text }).collect())
    }

    /// The municipality and these calls as files.
    fn beside(&self, place: &str, municipality: &Municipality, calls: &[Call]) -> Result<[SourceFile; 2]> {
        // What it includes is in it.
        let municipality = Municipality { include: Vec::new(), ..municipality.clone() };
        let calls = program::definition::Calls { calls: calls.to_vec() };
        Ok([json_file(municipality_path(place), &municipality)?, json_file(calls_path(place), &calls)?])
    }

    /// The calls of a program as a file would say them; what is appropriated is in the ledger.
    async fn calls_as_written(&self, program: &str) -> Result<Vec<Call>> {
        let mut calls = Vec::new();
        for stored in self.reader().calls(Some(program)).await? {
            let StoredCall { program, fiscal_year, window, opens, closes, target, capacity, carry_over, .. } = stored;
            let budget_line = match stored.budget_line {
                Some(line) => self.budget_code(line).await?,
                None => None,
            };
            calls.push(Call {
                program,
                fiscal_year: fiscal_year.0,
                window,
                opens,
                closes,
                budget_line,
                appropriation: Yen::ZERO,
                capacity: capacity.and_then(|places| u32::try_from(places).ok()),
                carry_over,
                target,
            });
        }
        Ok(calls)
    }

    async fn budget_code(&self, line: Uuid) -> Result<Option<Name>> {
        Ok(self.reader().budget_line(line).await?.map(|found| found.line.code))
    }
}

fn text_of(program: &str, sources: &[SourceFile]) -> DefinitionText {
    let text = |path: String| {
        let found = sources.iter().find(|file| file.path == path);
        found.map(|file| file.text.clone()).unwrap_or_default()
    };
    DefinitionText {
        definition: text(format!("programs/{program}.yaml")),
        scenarios: text(format!("programs/{program}.scenarios.yaml")),
    }
}

fn as_before(version: i32) -> Refusal {
    let Bilingual { ja, en } = Bilingual::new(
        format!("この内容は第{version}版として公表済みです"),
        format!("This was published before, as version {version}"),
    );
    Refusal::new("program.published", ja, en)
}
