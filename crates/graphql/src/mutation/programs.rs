//! Versions of programs: closing them, and moving cases on.

use async_graphql::{Context, Error, ID, InputObject, Object};

use super::{key, payload, refused};
use crate::fault::bad_input;
use crate::ids::Kind;
use crate::scope::Scope;
use crate::types::program_type::Program;
use crate::types::versions::Migration;

#[derive(Default)]
pub(crate) struct Programs;

#[derive(InputObject)]
pub(crate) struct CloseProgramInput {
    /// `<municipality>/<slug>`
    program: String,
    /// The newest when absent.
    version: Option<i32>,
    idempotency_key: String,
}

payload!(CloseProgramPayload { program: Program });

#[derive(InputObject)]
pub(crate) struct MigrateApplicationsInput {
    /// `<municipality>/<slug>`
    program: String,
    to_version: i32,
    /// Only these are moved; at most 50.
    application_ids: Vec<ID>,
    /// Only says what would happen.
    #[graphql(default)]
    dry_run: bool,
    idempotency_key: String,
}

payload!(
    /// One result for each application, in the order in which they were named.
    MigrateApplicationsPayload { results: Vec<Migration> }
);

const MOST_AT_ONCE: usize = 50;

#[Object]
impl Programs {
    /// Closes a version of a program for new applications, for good; running cases go on. For program officers.
    async fn close_program(&self, ctx: &Context<'_>, input: CloseProgramInput) -> Result<CloseProgramPayload, Error> {
        let scope = Scope::of(ctx)?;
        let key = key(&input.idempotency_key)?;
        let closed = scope.service.close_program(scope.viewer()?, &input.program, input.version, key).await;
        Ok(CloseProgramPayload::of(refused(scope, closed)?, Program::from))
    }

    /// Moves running cases to a newer version of their program, each by itself, recorded in its history. For program
    /// officers.
    #[graphql(complexity = "50 * child_complexity")]
    async fn migrate_applications(
        &self,
        ctx: &Context<'_>,
        input: MigrateApplicationsInput,
    ) -> Result<MigrateApplicationsPayload, Error> {
        let scope = Scope::of(ctx)?;
        let (service, viewer) = (&scope.service, scope.viewer()?);
        let key = key(&input.idempotency_key)?;
        if input.application_ids.len() > MOST_AT_ONCE {
            return Err(bad_input("applicationIds", format!("at most {MOST_AT_ONCE} applications at once")));
        }
        let mut ids = Vec::with_capacity(input.application_ids.len());
        for id in &input.application_ids {
            ids.push(Kind::Application.uuid("applicationIds", id)?);
        }
        let target = (input.program.as_str(), input.to_version);
        let results = service.migrate_cases(viewer, target, &ids, input.dry_run, key).await;
        let results = results.map_err(|error| scope.fault(&error))?.into_iter().map(Migration).collect();
        Ok(MigrateApplicationsPayload::of(Ok(results), |results| results))
    }
}
