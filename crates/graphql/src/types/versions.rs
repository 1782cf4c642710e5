//! The versions of a program, and what moving a case to another one does.

use async_graphql::{Context, ID, Object, SimpleObject};
use service::{MigrationView, VersionEventView, VersionView};

use crate::enums::{Locale, MigrationOutcome, ProgramEventKind, ProgramStatus};
use crate::ids::Kind;
use crate::scalars::Date;
use crate::scope::say;
use crate::text::{Refusal, refusals};

pub(crate) struct ProgramVersion(pub VersionView);

pub(crate) fn status(closed: bool) -> ProgramStatus {
    if closed { ProgramStatus::Closed } else { ProgramStatus::Published }
}

/// A version of a program in the list of all of them.
#[Object]
impl ProgramVersion {
    /// Counts from 1.
    async fn version(&self) -> i32 {
        self.0.version
    }
    /// SHA-256 of the definition.
    async fn hash(&self) -> &str {
        &self.0.hash
    }
    async fn status(&self) -> ProgramStatus {
        status(self.0.closed)
    }
    async fn published_at(&self) -> vocabulary::Instant {
        self.0.published_at
    }
    /// 施行日: the first day on which applications begin by it; from its publication when absent.
    async fn effective_from(&self) -> Option<Date> {
        self.0.effective_from.map(Date)
    }
    /// What happened to it, oldest first.
    #[graphql(complexity = "1 + 2 * child_complexity")]
    async fn events(&self) -> Vec<ProgramEvent<'_>> {
        self.0.events.iter().map(ProgramEvent).collect()
    }
}

pub(crate) struct ProgramEvent<'a>(&'a VersionEventView);

/// A version was published, or closed.
#[Object]
impl<'a> ProgramEvent<'a> {
    async fn kind(&self) -> ProgramEventKind {
        self.0.kind.into()
    }
    async fn at(&self) -> vocabulary::Instant {
        self.0.at
    }
    /// Who did it, for the program's office; none for whoever runs the installation.
    async fn by(&self) -> Option<&str> {
        self.0.actor_name.as_deref()
    }
}

pub(crate) struct Migration(pub MigrationView);

/// What moving a case to a version does, or would do.
#[Object]
impl Migration {
    async fn application_id(&self) -> ID {
        Kind::Application.id(self.0.application)
    }
    async fn number(&self) -> Option<&str> {
        self.0.number.as_deref()
    }
    /// The version that it is on, or was before.
    async fn version(&self) -> i32 {
        self.0.version
    }
    async fn outcome(&self) -> MigrationOutcome {
        self.0.outcome.into()
    }
    /// Why not.
    async fn refusals(&self) -> Vec<Refusal> {
        refusals(self.0.refusals.clone())
    }
    /// What will be otherwise from then on, and what stays although it would be computed otherwise today.
    async fn notes(&self, ctx: &Context<'_>, locale: Option<Locale>) -> Vec<String> {
        self.0.notes.iter().map(|note| say(ctx, note, locale)).collect()
    }
}

/// A page of cases that are on other versions.
#[derive(SimpleObject)]
pub(crate) struct MigrationPlan {
    pub results: Vec<Migration>,
    /// For the next page, if there may be one.
    pub end_cursor: Option<ID>,
}
