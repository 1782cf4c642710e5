//! Moving running cases to a newer version of their program: what would happen to each, and each by itself.

use std::sync::Arc;

use casework::{Actor, Refusal};
use chrono::NaiveDate;
use program::Program;
use store::{CaseKey, Lock, Tx};
use uuid::Uuid;
use vocabulary::{Bilingual, Locale, wareki};

use crate::applications::Fixed;
use crate::once::Wish;
use crate::service::Service;
use crate::view::{Application, MigrationOutcome, MigrationView, Viewer};
use crate::{Error, Result};

/// What a repeat is told of a case: the version before, what came of it, and what is otherwise since.
type Answer = (i32, MigrationOutcome, Vec<Bilingual>);

impl Service {
    /// What would happen to the cases of a program that are on other versions: the first of them after one, in the
    /// order of their ids. There are more when as many come back as were asked for.
    ///
    /// # Errors
    /// `NotFound` for a version that is not published.
    pub async fn migration_plan(
        &self,
        program: &str,
        to: i32,
        after: Option<Uuid>,
        first: u32,
    ) -> Result<Vec<MigrationView>> {
        let target = self.program(program, Some(to)).await?.program;
        let place = (target.municipality(), program);
        let found = self.reader().on_other_versions(place, target.hash(), after, first).await?;
        let mut plan = Vec::with_capacity(found.len());
        for stored in found {
            let before = self.view(self.reader(), stored).await?;
            plan.push(self.prospect(self.reader(), &before, &target).await?);
        }
        Ok(plan)
    }

    /// As [`Service::migration_plan`], for program officers of the municipality.
    ///
    /// # Errors
    /// `Forbidden` for everybody else.
    pub async fn migration_plan_for(
        &self,
        viewer: &Viewer,
        program: &str,
        to: i32,
        after: Option<Uuid>,
        first: u32,
    ) -> Result<Vec<MigrationView>> {
        self.require_officer(viewer, program.split('/').next().unwrap_or_default())?;
        self.migration_plan(program, to, after, first).await
    }

    /// What would happen to one case.
    ///
    /// # Errors
    /// `NotFound` for a case that the viewer may not know of, or that is of another program.
    pub async fn migration_of(
        &self,
        viewer: &Viewer,
        program: &str,
        to: i32,
        application: Uuid,
    ) -> Result<MigrationView> {
        let target = self.program(program, Some(to)).await?.program;
        self.require_officer(viewer, target.municipality())?;
        let before = self.application(viewer, application).await?.ok_or(Error::NotFound)?;
        if before.case.program != program {
            return Err(Error::NotFound);
        }
        self.prospect(self.reader(), &before, &target).await
    }

    /// What would happen to the case of that number, for whoever runs this installation.
    ///
    /// # Errors
    /// `NotFound` for a version that is not published, and when no case of the program has the number.
    pub async fn migration_of_number(&self, program: &str, to: i32, number: &str) -> Result<MigrationView> {
        let target = self.program(program, Some(to)).await?.program;
        let found = self.reader().load_case(CaseKey::Number(number), Lock::Nothing).await?;
        let found = found.filter(|found| found.case.program == program).ok_or(Error::NotFound)?;
        let before = self.view(self.reader(), found).await?;
        self.prospect(self.reader(), &before, &target).await
    }

    /// Moves these cases, each in a transaction of its own, or only says what would happen. The key is taken for all that
    /// is asked before anything is looked up, so that it serves no other command; asked again, what was done is answered
    /// as it was, and what was not is tried again.
    ///
    /// # Errors
    /// `IdempotencyConflict` when the key was used for something else; otherwise as [`Service::migration_of`].
    pub async fn migrate_cases(
        &self,
        viewer: &Viewer,
        (program, to): (&str, i32),
        applications: &[Uuid],
        dry_run: bool,
        key: &str,
    ) -> Result<Vec<MigrationView>> {
        self.require_scope(viewer, "act")?;
        let input = (program, to, applications, dry_run);
        let wish = Wish::new(viewer, key, "migrateApplications", &input, (self.inner.ids.next(), self.now()))?;
        self.once(&wish, &|_| Box::pin(async { Ok(()) })).await?;
        let mut views = Vec::with_capacity(applications.len());
        for application in applications {
            views.push(if dry_run {
                self.migration_of(viewer, program, to, *application).await?
            } else {
                self.migrate_case(viewer, program, to, *application, key).await?
            });
        }
        Ok(views)
    }

    /// Moves one case in a transaction of its own. Moving it again changes nothing.
    ///
    /// # Errors
    /// As [`Service::migration_of`]; why a case cannot be moved is an outcome, no error.
    pub async fn migrate_case(
        &self,
        viewer: &Viewer,
        program: &str,
        to: i32,
        application: Uuid,
        key: &str,
    ) -> Result<MigrationView> {
        self.require_scope(viewer, "act")?;
        let seen = self.migration_of(viewer, program, to, application).await?;
        let target = self.program(program, Some(to)).await?.program;
        // One key serves many cases: each has its own.
        let key = vocabulary::digest(format!("{key}\n{application}").as_bytes());
        let (fixed, actor) = (self.fix(), viewer.actor());
        let input = (program, to, application);
        let wish = Wish::new(viewer, key.as_str(), "migrateApplication", &input, (fixed.event, fixed.now))?;
        let done = self
            .store()
            .write(|tx| {
                let (wish, fixed, actor, target, seen) = (&wish, &fixed, &actor, &target, &seen);
                Box::pin(async move {
                    if let Some(answer) = wish.claim_answer::<Answer>(tx).await? {
                        return Ok(answer);
                    }
                    let outcome = self.migrate_in(tx, actor, application, target, fixed).await?;
                    let answer = (seen.version, outcome, seen.notes.clone());
                    wish.keep_answer(tx, &answer).await?;
                    Ok(answer)
                })
            })
            .await;
        match done {
            Ok((version, outcome, notes)) => {
                Ok(MigrationView { version, outcome, notes, refusals: Vec::new(), ..seen })
            }
            Err(Error::Refused(refusals)) => Ok(MigrationView { outcome: MigrationOutcome::Refused, refusals, ..seen }),
            Err(error) => Err(error),
        }
    }

    async fn migrate_in(
        &self,
        tx: &Tx<'_>,
        actor: &Actor,
        application: Uuid,
        target: &Arc<Program>,
        fixed: &Fixed,
    ) -> Result<MigrationOutcome> {
        let found = tx.load_case(CaseKey::Id(application), Lock::Case).await?.ok_or(Error::NotFound)?;
        let before = self.view(tx, found).await?;
        if before.case.program_hash == target.hash() {
            return Ok(MigrationOutcome::Already);
        }
        let versions = self.way(tx, &before, target).await?;
        let there = Application { program: Arc::clone(target), ..before.clone() };
        let step = {
            let ids = fixed.ids();
            let world = fixed.world(&there, Default::default(), &ids);
            let versions: Vec<&Program> = versions.iter().map(Arc::as_ref).collect();
            casework::migrate(&world, &before.case, &versions, actor).map_err(Error::Refused)?
        };
        let recording = store::Recording {
            now: fixed.now,
            salt: fixed.salt,
            held_counts_as_used: crate::programs::held_counts(target),
        };
        tx.record(&step.numbered(&Default::default()), &recording).await?;
        Ok(MigrationOutcome::Moved)
    }

    async fn prospect(
        &self,
        reader: &store::Reader,
        before: &Application,
        target: &Arc<Program>,
    ) -> Result<MigrationView> {
        let mut view = MigrationView {
            application: before.case.id,
            number: before.case.body.numbers.get("application").cloned(),
            version: before.program_version,
            outcome: MigrationOutcome::Already,
            refusals: Vec::new(),
            notes: Vec::new(),
        };
        if before.case.program_hash == target.hash() {
            return Ok(view);
        }
        let prospect = match self.way(reader, before, target).await {
            Ok(versions) => {
                let there = Application { program: Arc::clone(target), ..before.clone() };
                let fixed = self.fix();
                let ids = fixed.ids();
                let world = fixed.world(&there, Default::default(), &ids);
                let versions: Vec<&Program> = versions.iter().map(Arc::as_ref).collect();
                casework::prospect(&world, &before.case, &versions)
            }
            Err(Error::Refused(refusals)) => Err(refusals),
            Err(error) => return Err(error),
        };
        match prospect {
            Ok(prospect) => (view.outcome, view.notes) = (MigrationOutcome::Possible, prospect.notes),
            Err(refusals) => (view.outcome, view.refusals) = (MigrationOutcome::Refused, refusals),
        }
        Ok(view)
    }

    /// The versions that a case goes through.
    async fn way(&self, reader: &store::Reader, before: &Application, target: &Program) -> Result<Vec<Arc<Program>>> {
        let case = &before.case;
        if let Some(from) = target.definition().program.effective_from.filter(|from| *from > self.today()) {
            return Err(Error::Refused(vec![not_in_force(from)]));
        }
        let versions = self.versions_between(reader, &case.program, &case.program_hash, target.hash()).await?;
        if versions.is_empty() {
            return Err(Error::Refused(vec![Refusal::new(
                "migrate.older",
                "案件はより新しい版によっています。古い版には戻せません",
                "The case is on a newer version; it cannot go back",
            )]));
        }
        Ok(versions)
    }
}

fn not_in_force(from: NaiveDate) -> Refusal {
    let [ja, en] = [Locale::Ja, Locale::En].map(|locale| wareki(from, locale));
    Refusal::new(
        "migrate.not_in_force",
        format!("移行先の版は{ja}に施行されます。それまでは移行できません"),
        format!("The version comes into force on {en}; no case moves to it before"),
    )
}
