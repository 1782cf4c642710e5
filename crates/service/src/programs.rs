//! Programs, municipalities and calls: publishing, finding, and keeping compiled what cannot change.

use std::sync::{Arc, PoisonError};

use casework::Refusal;
use casework::coverage::{Evidence, Part, coverage};
use casework::scenario::ScenarioResult;
use chrono::NaiveDate;
use program::definition::{Call, Hold, Municipality, Role, Scenarios};
use program::{Difference, Finding, Program, SourceFile, diff};
use uuid::Uuid;
use vocabulary::{Bilingual, FiscalYear, Instant, Yen, day_in_japan};

use crate::once::Wish;
use crate::service::Service;
use crate::view::{CallView, ComingVersion, Page, ProgramVersion, VersionEventView, VersionView, Viewer};
use crate::{Error, Result};

/// What publishing did.
#[derive(Clone, Debug, PartialEq)]
pub enum Published {
    /// A new version of that number, and what it changes against the version before; nothing for the first.
    Version { version: i32, differences: Vec<Difference> },
    /// The same text is published already, as this version.
    Already(i32),
}

/// Whether money that is only reserved counts as used when the next one asks.
pub(crate) fn held_counts(program: &Program) -> bool {
    program.definition().program.intake.hold == Hold::Request
}

/// What the new version changes.
///
/// # Errors
/// `Refused` when something of the version before has no place in it.
pub(crate) fn succeed(before: &Program, after: &Program) -> Result<Vec<Difference>> {
    let findings = after.check_succession(before);
    if findings.is_empty() {
        return Ok(program::diff(before.definition(), after.definition()));
    }
    let refusal = |finding: Finding| {
        let hint = finding.hint.unwrap_or_default();
        Refusal::new(
            finding.code,
            format!("{}。{}", finding.message.ja, hint.ja),
            format!("{}. {}", finding.message.en, hint.en),
        )
        .at(finding.path)
    };
    Err(Error::Refused(findings.into_iter().map(refusal).collect()))
}

/// What the scenarios show to be wrong, and what none of them tries.
fn unproven(program: &Program, municipality: &Municipality, calls: &[Call], all: &Scenarios) -> Vec<Refusal> {
    let results = casework::scenario::run(program, municipality, calls, all);
    let mut evidence = Evidence::default();
    for result in &results {
        evidence.merge(&result.evidence);
    }
    not_proven(program, &results, &coverage(program, &evidence))
}

/// What scenarios that were played show to be wrong, and the actions that none of them tried.
pub(crate) fn not_proven(program: &Program, results: &[ScenarioResult], parts: &[Part]) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    for result in results {
        refusals.extend(result.failures.iter().map(|failure| {
            let Bilingual { ja, en } = failure.in_words(program);
            Refusal::new(
                "scenario.failed",
                format!("シナリオ「{}」の{ja}", result.name.ja),
                format!("Scenario \"{}\": {en}", result.name.en),
            )
        }));
    }
    let missing = parts.iter().filter(|part| part.is_required() && !part.tried);
    refusals.extend(missing.map(|part| refusal_of(part.untried())));
    refusals
}

pub(crate) fn refusal_of(finding: Finding) -> Refusal {
    Refusal { code: finding.code, path: Some(finding.path), message: finding.message, explanation: None }
}

/// A call that was taken in, and what it was before.
#[derive(Clone, Debug, PartialEq)]
pub struct CallTaken {
    pub before: Option<store::StoredCall>,
    pub now: store::StoredCall,
}

impl CallTaken {
    /// Whether anything is other than it was; who it is and how many places are taken stays.
    fn is_other(&self) -> bool {
        self.before.as_ref().is_none_or(|before| {
            let now = store::StoredCall { id: before.id, taken: before.taken, ..self.now.clone() };
            now != *before
        })
    }
}

impl Service {
    /// The compiled program of a pinned hash, with its version number.
    pub(crate) async fn compiled(&self, reader: &store::Reader, hash: &str) -> Result<(Arc<Program>, i32)> {
        let known = self.inner.programs.lock().unwrap_or_else(PoisonError::into_inner).get(hash).cloned();
        if let Some(found) = known {
            return Ok(found);
        }
        let stored = reader.program_by_hash(hash).await?.ok_or_else(|| Error::Fault(format!("no program {hash}")))?;
        let definition =
            program::from_canonical(&stored.canonical).map_err(|finding| Error::Fault(finding.to_string()))?;
        let program = Program::compile(definition).map_err(|findings| {
            Error::Fault(format!("program {hash} does not compile: {} findings", findings.len()))
        })?;
        let found = (Arc::new(program), stored.version);
        self.inner.programs.lock().unwrap_or_else(PoisonError::into_inner).insert(hash.to_owned(), found.clone());
        Ok(found)
    }

    /// What a municipality says of itself now, whoever has changed it.
    pub(crate) async fn municipality(&self, reader: &store::Reader, name: &str) -> Result<Arc<Municipality>> {
        let revision = reader.municipality_revision(name).await?.ok_or(Error::NotFound)?;
        self.municipality_of(reader, name, revision).await
    }

    /// The same for whoever knows the revision, kept in memory until there is another one.
    pub(crate) async fn municipality_of(
        &self,
        reader: &store::Reader,
        name: &str,
        revision: i64,
    ) -> Result<Arc<Municipality>> {
        let known = self.inner.municipalities.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        if let Some((found, _)) = known.filter(|(_, kept)| *kept == revision) {
            return Ok(found);
        }
        let (found, revision) = reader.municipality(name).await?.ok_or(Error::NotFound)?;
        let found = Arc::new(found);
        let mut kept = self.inner.municipalities.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(name.to_owned(), (Arc::clone(&found), revision));
        Ok(found)
    }

    /// What a municipality says of itself.
    ///
    /// # Errors
    /// `NotFound` for names that are not there.
    pub async fn municipality_named(&self, name: &str) -> Result<Arc<Municipality>> {
        self.municipality(self.reader(), name).await
    }

    /// Takes in what a municipality says of itself; replaces what it said before.
    ///
    /// # Errors
    /// Faults only.
    pub async fn import_municipality(&self, municipality: &Municipality) -> Result<()> {
        self.store().write(|tx| Box::pin(async move { Ok::<_, Error>(tx.put_municipality(municipality).await?) })).await
    }

    /// Publishes a program: immutable from then on. Its scenarios must pass and try every action that its options leave in
    /// (without scenarios nothing is tried), and every state of the version before must have a place in it. `sources` are
    /// the files that it was made of ([`program::Loaded::sources`]), kept for whoever writes the next version; `publisher`
    /// is none for whoever runs the installation.
    ///
    /// # Errors
    /// `Refused` with each text that cannot be written, each scenario that fails, each action that none tries, and each
    /// state that has no place.
    pub async fn publish(
        &self,
        program: &Program,
        calls: &[Call],
        scenarios: Option<&Scenarios>,
        sources: &[SourceFile],
        publisher: Option<Uuid>,
    ) -> Result<Published> {
        let municipality = self.municipality(self.reader(), program.municipality()).await?;
        let mut refusals = scenarios.map(|all| unproven(program, &municipality, calls, all)).unwrap_or_default();
        refusals.extend(crate::check_texts(program).into_iter().map(refusal_of));
        if !refusals.is_empty() {
            return Err(Error::Refused(refusals));
        }
        let now = self.now();
        self.store()
            .write(|tx| Box::pin(async move { self.publish_in(tx, program, sources, publisher, now).await }))
            .await
    }

    /// The same for a program that is proven.
    pub(crate) async fn publish_in(
        &self,
        tx: &store::Tx<'_>,
        program: &Program,
        sources: &[SourceFile],
        publisher: Option<Uuid>,
        now: Instant,
    ) -> Result<Published> {
        let sources: Vec<_> = sources.iter().map(|file| (file.path.as_str(), file.text.as_str())).collect();
        if let Some(known) = tx.program_by_hash(program.hash()).await? {
            tx.keep_program_sources(program.hash(), &sources).await?;
            return Ok(Published::Already(known.version));
        }
        let differences = match tx.newest_version(program.name()).await? {
            Some(newest) => succeed(&self.compiled(tx, &newest.hash).await?.0, program)?,
            None => Vec::new(),
        };
        let new = store::NewProgram {
            hash: program.hash(),
            program: program.name(),
            canonical: &program::canonical(program.definition()),
            title: &program.definition().program.title,
            now,
            actor: publisher,
        };
        let version = tx.publish_program(&new).await?.version;
        tx.keep_program_sources(program.hash(), &sources).await?;
        Ok(Published::Version { version, differences })
    }

    /// Closes a version, the newest when none is named: it takes no new applications, running cases go on. Closing it
    /// again changes nothing.
    ///
    /// # Errors
    /// `Forbidden` but for program officers of its municipality; `NotFound` for a version that is not published.
    pub async fn close_program(
        &self,
        viewer: &Viewer,
        name: &str,
        version: Option<i32>,
        key: &str,
    ) -> Result<ProgramVersion> {
        self.require_scope(viewer, "act")?;
        let found = self.program(name, version).await?;
        self.require_officer(viewer, found.program.municipality())?;
        let (account, now) = (viewer.person.id, self.now());
        let wish = Wish::new(viewer, key, "closeProgram", &(name, version), (self.inner.ids.next(), now))?;
        self.once(&wish, &|tx| {
            let hash = found.program.hash();
            Box::pin(async move { Ok(tx.close_program(hash, now, Some(account)).await.map(|_| ())?) })
        })
        .await?;
        self.program(name, Some(found.version)).await
    }

    pub(crate) fn require_officer(&self, viewer: &Viewer, municipality: &str) -> Result<()> {
        if viewer.person.has_role(municipality, Role::ProgramOfficer) {
            return Ok(());
        }
        Err(Error::forbidden("制度所管課だけが行えます", "Only program officers do this"))
    }

    /// All versions of a program, newest first, with what happened to each. Names are for its office.
    ///
    /// # Errors
    /// Faults only.
    pub async fn program_versions(&self, viewer: Option<&Viewer>, name: &str) -> Result<Vec<VersionView>> {
        let municipality = name.split('/').next().unwrap_or_default();
        let staff = viewer.is_some_and(|viewer| viewer.person.is_staff_of(municipality));
        let mut versions = Vec::new();
        for named in self.reader().program_versions(name).await? {
            let events = self.reader().program_events(&named.hash).await?;
            let actors: Vec<Uuid> = events.iter().filter(|_| staff).filter_map(|event| event.actor).collect();
            let accounts = self.reader().accounts(&actors).await?;
            let name_of = |id: Uuid| accounts.iter().find(|account| account.id == id).map(|found| found.name.clone());
            let (program, _) = self.compiled(self.reader(), &named.hash).await?;
            versions.push(VersionView {
                hash: named.hash,
                version: named.version,
                effective_from: program.definition().program.effective_from,
                closed: named.closed,
                published_at: named.published_at,
                events: events
                    .iter()
                    .map(|event| VersionEventView {
                        kind: event.kind,
                        at: event.at,
                        actor_name: event.actor.and_then(name_of),
                    })
                    .collect(),
            });
        }
        Ok(versions)
    }

    /// The versions of a program from one to another, in order, both included.
    pub(crate) async fn versions_between(
        &self,
        reader: &store::Reader,
        name: &str,
        from: &str,
        to: &str,
    ) -> Result<Vec<Arc<Program>>> {
        let mut known = reader.program_versions(name).await?;
        known.reverse();
        let place = |hash: &str| known.iter().position(|version| version.hash == hash);
        let between = match (place(from), place(to)) {
            (Some(from), Some(to)) if from <= to => known.get(from..=to).unwrap_or_default(),
            _ => &[],
        };
        let mut versions = Vec::with_capacity(between.len());
        for version in between {
            versions.push(self.compiled(reader, &version.hash).await?.0);
        }
        Ok(versions)
    }

    /// Takes in calls, and posts the appropriation of budget lines that are new. Returns what is other than it was.
    ///
    /// # Errors
    /// `BadInput` when a call names a budget line that the municipality does not have.
    pub async fn import_calls(&self, municipality: &str, calls: &[Call]) -> Result<Vec<CallTaken>> {
        let mut taken = Vec::new();
        let place = self.municipality(self.reader(), municipality).await?;
        let now = self.now();
        for call in calls {
            let year = FiscalYear(call.fiscal_year);
            let named = call.budget_line.as_ref().map(|code| {
                let line = place.budget_lines.get(code).ok_or_else(|| {
                    Error::bad_input("budget_line", "予算科目が定められていません", "The budget line is not defined")
                })?;
                Ok::<_, Error>(store::LineNamed {
                    id: self.inner.ids.next(),
                    municipality: municipality.to_owned(),
                    fiscal_year: year,
                    code: code.clone(),
                    name: line.name.clone(),
                    path: line.path.clone(),
                })
            });
            let named = named.transpose()?;
            let stored = store::StoredCall {
                id: self.inner.ids.next(),
                program: call.program.clone(),
                fiscal_year: year,
                window: call.window.clone(),
                opens: call.opens,
                closes: call.closes,
                budget_line: None,
                target: call.target.clone(),
                capacity: call.capacity.map(i64::from),
                taken: 0,
                carry_over: call.carry_over.clone(),
            };
            let changed = self
                .store()
                .write(|tx| {
                    let (named, stored) = (&named, &stored);
                    Box::pin(async move {
                        let mut stored = stored.clone();
                        let present = tx.calls(Some(&stored.program)).await?;
                        let before = present
                            .into_iter()
                            .find(|call| call.fiscal_year == stored.fiscal_year && call.window == stored.window);
                        if let Some(named) = named {
                            let line = tx.put_budget_line(named).await?;
                            if line == named.id {
                                tx.appropriate(line, call.appropriation, now, Uuid::nil()).await?;
                            }
                            stored.budget_line = Some(line);
                        }
                        tx.put_call(&stored).await?;
                        Ok::<_, Error>(CallTaken { before, now: stored })
                    })
                })
                .await?;
            taken.extend(Some(changed).filter(CallTaken::is_other));
        }
        Ok(taken)
    }

    /// Published programs, each in the version that is in force, in the order of their names.
    ///
    /// # Errors
    /// Faults only.
    pub async fn programs(
        &self,
        municipality: Option<&str>,
        open: Option<bool>,
        first: usize,
        after: Option<&str>,
    ) -> Result<Page<ProgramVersion>> {
        let mut items = Vec::new();
        for stored in self.reader().programs(municipality).await? {
            if after.is_some_and(|after| stored.program.as_str() <= after) {
                continue;
            }
            let version = self.with_calls(&self.in_force(self.reader(), stored, self.today()).await?).await?;
            if open.is_some_and(|open| version.calls.iter().any(|call| call.open) != open) {
                continue;
            }
            if items.len() == first {
                return Ok(Page { items, has_next: true });
            }
            items.push((version.program.name().to_owned(), version));
        }
        Ok(Page { items, has_next: false })
    }

    /// The version that is in force when none is named.
    ///
    /// # Errors
    /// `NotFound` for a program or version that is not published.
    pub async fn program(&self, name: &str, version: Option<i32>) -> Result<ProgramVersion> {
        match version {
            Some(_) => {
                let stored = self.reader().program(name, version).await?.ok_or(Error::NotFound)?;
                self.with_calls(&stored).await
            }
            None => self.program_on(name, self.today()).await,
        }
    }

    /// The version that is in force on that day.
    pub(crate) async fn program_on(&self, name: &str, day: NaiveDate) -> Result<ProgramVersion> {
        let newest = self.reader().program(name, None).await?.ok_or(Error::NotFound)?;
        self.with_calls(&self.in_force(self.reader(), newest, day).await?).await
    }

    /// The version that was published last, in force or not yet.
    ///
    /// # Errors
    /// `NotFound` for a program that is not published.
    pub async fn newest_program(&self, name: &str) -> Result<ProgramVersion> {
        let newest = self.reader().program(name, None).await?.ok_or(Error::NotFound)?;
        self.with_calls(&newest).await
    }

    /// The version that comes into force next, with what it changes.
    ///
    /// # Errors
    /// `NotFound` for a program that is not published.
    pub async fn coming_version(&self, name: &str) -> Result<Option<ComingVersion>> {
        let now = self.program(name, None).await?;
        let Some(next) = self.reader().program(name, Some(now.version + 1)).await? else { return Ok(None) };
        let (next, _) = self.compiled(self.reader(), &next.hash).await?;
        let coming =
            next.definition().program.effective_from.filter(|from| *from > self.today()).map(|effective_from| {
                ComingVersion { effective_from, differences: diff(now.program.definition(), next.definition()) }
            });
        Ok(coming)
    }

    /// Of the versions of a program up to `newest` the last that is in force on that day; the first while none is.
    pub(crate) async fn in_force(
        &self,
        reader: &store::Reader,
        newest: store::PublishedProgram,
        day: NaiveDate,
    ) -> Result<store::PublishedProgram> {
        let mut found = newest;
        while !self.compiled(reader, &found.hash).await?.0.is_in_force(day) {
            match reader.program(&found.program, Some(found.version - 1)).await? {
                Some(before) => found = before,
                None => break,
            }
        }
        Ok(found)
    }

    pub(crate) fn today(&self) -> NaiveDate {
        day_in_japan(self.now())
    }

    pub(crate) async fn with_calls(&self, stored: &store::PublishedProgram) -> Result<ProgramVersion> {
        let (program, version) = self.compiled(self.reader(), &stored.hash).await?;
        let closed = stored.closed;
        let today = self.today();
        let held_counts = held_counts(&program);
        let mut calls = Vec::new();
        for call in self.reader().calls(Some(program.name())).await? {
            let line = match call.budget_line {
                Some(line) => self.reader().budget_line(line).await?,
                None => None,
            };
            let left = line.as_ref().map(|line| line.totals.available(held_counts));
            let places_left = call.capacity.map(|capacity| capacity - call.taken);
            // Where cases wait in line, a call that is full still takes them.
            let waits = program.definition().archetype.states.values().any(|state| state.in_line.is_some());
            let room = waits || (left.is_none_or(|left| left > Yen::ZERO) && places_left.is_none_or(|left| left > 0));
            calls.push(CallView {
                id: call.id,
                fiscal_year: call.fiscal_year,
                window: call.window,
                opens: call.opens,
                closes: call.closes,
                open: !closed
                    && program.is_in_force(today)
                    && call.opens <= today
                    && call.closes.is_none_or(|last| today <= last)
                    && room,
                budget_left: left,
                budget_line: call.budget_line,
                budget_code: line.map(|line| line.line.code),
                capacity: call.capacity,
                places_left,
                carry_over: call.carry_over,
                target: call.target,
            });
        }
        Ok(ProgramVersion { program, version, published_at: stored.published_at, closed, calls })
    }

    /// Programs by their hash, for lists.
    ///
    /// # Errors
    /// Faults only.
    pub async fn program_by_hash(&self, _viewer: &Viewer, hash: &str) -> Result<(Arc<Program>, i32)> {
        self.compiled(self.reader(), hash).await
    }
}
