//! Programs, municipalities and calls: publishing, finding, and keeping compiled what cannot change.

use std::sync::{Arc, PoisonError};

use program::Program;
use program::definition::{Call, Hold, Municipality, Scenarios};
use uuid::Uuid;
use vocabulary::{FiscalYear, Yen, day_in_japan};

use crate::service::Service;
use crate::view::{CallView, Page, ProgramVersion, Viewer};
use crate::{Error, Result};

/// What publishing did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// A new version of that number.
    Version(i32),
    /// The same text is published already, as this version.
    Already(i32),
}

/// Whether money that is only reserved counts as used when the next one asks.
pub(crate) fn held_counts(program: &Program) -> bool {
    program.definition().program.intake.hold == Hold::Request
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

    /// Publishes a program: immutable from then on. Its scenarios must pass.
    ///
    /// # Errors
    /// `Refused` with each scenario that fails.
    pub async fn publish(&self, program: &Program, calls: &[Call], scenarios: Option<&Scenarios>) -> Result<Published> {
        let municipality = self.municipality(self.reader(), program.municipality()).await?;
        let results =
            scenarios.map(|all| casework::scenario::run(program, &municipality, calls, all)).unwrap_or_default();
        let failures: Vec<casework::Refusal> = results
            .iter()
            .flat_map(|result| result.failures.iter().map(|failure| (&result.name, failure)))
            .map(|(name, failure)| {
                casework::Refusal::new(
                    "scenario.failed",
                    format!("シナリオ「{}」: {failure}", name.ja),
                    format!("Scenario \"{}\": {failure}", name.en),
                )
            })
            .collect();
        if !failures.is_empty() {
            return Err(Error::Refused(failures));
        }
        let text = &program.definition().program;
        let canonical = program::canonical(program.definition());
        let now = self.now();
        let known = self.reader().program_by_hash(program.hash()).await?;
        if let Some(known) = known {
            return Ok(Published::Already(known.version));
        }
        let new = store::NewProgram {
            hash: program.hash(),
            program: program.name(),
            canonical: &canonical,
            title: &text.title,
            now,
        };
        let published =
            self.store().write(|tx| Box::pin(async move { Ok::<_, Error>(tx.publish_program(&new).await?) })).await?;
        Ok(Published::Version(published.version))
    }

    /// Takes in calls, and posts the appropriation of budget lines that are new.
    ///
    /// # Errors
    /// `BadInput` when a call names a budget line that the municipality does not have.
    pub async fn import_calls(&self, municipality: &str, calls: &[Call]) -> Result<()> {
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
            self.store()
                .write(|tx| {
                    let (named, stored) = (&named, &stored);
                    Box::pin(async move {
                        let mut stored = stored.clone();
                        if let Some(named) = named {
                            let line = tx.put_budget_line(named).await?;
                            if line == named.id {
                                tx.appropriate(line, call.appropriation, now, Uuid::nil()).await?;
                            }
                            stored.budget_line = Some(line);
                        }
                        tx.put_call(&stored).await?;
                        Ok::<_, Error>(())
                    })
                })
                .await?;
        }
        Ok(())
    }

    /// Published programs, newest version of each, in the order of their names.
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
            let version = self.with_calls(&stored.hash, stored.published_at).await?;
            if open.is_some_and(|open| version.calls.iter().any(|call| call.open) != open) {
                continue;
            }
            if items.len() == first {
                return Ok(Page { items, has_next: true });
            }
            items.push((stored.program, version));
        }
        Ok(Page { items, has_next: false })
    }

    /// # Errors
    /// `NotFound` for a program or version that is not published.
    pub async fn program(&self, name: &str, version: Option<i32>) -> Result<ProgramVersion> {
        let stored = self.reader().program(name, version).await?.ok_or(Error::NotFound)?;
        self.with_calls(&stored.hash, stored.published_at).await
    }

    async fn with_calls(&self, hash: &str, published_at: vocabulary::Instant) -> Result<ProgramVersion> {
        let (program, version) = self.compiled(self.reader(), hash).await?;
        let today = day_in_japan(self.now());
        let held_counts = held_counts(&program);
        let mut calls = Vec::new();
        for call in self.reader().calls(Some(program.name())).await? {
            let left = match call.budget_line {
                Some(line) => self.reader().budget_line(line).await?.map(|line| line.totals.available(held_counts)),
                None => None,
            };
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
                open: call.opens <= today && call.closes.is_none_or(|last| today <= last) && room,
                budget_left: left,
                budget_line: call.budget_line,
                capacity: call.capacity,
                places_left,
                carry_over: call.carry_over,
                target: call.target,
            });
        }
        Ok(ProgramVersion { program, version, published_at, calls })
    }

    /// Programs by their hash, for lists.
    ///
    /// # Errors
    /// Faults only.
    pub async fn program_by_hash(&self, _viewer: &Viewer, hash: &str) -> Result<(Arc<Program>, i32)> {
        self.compiled(self.reader(), hash).await
    }
}
