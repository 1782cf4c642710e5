//! The questions.

use async_graphql::{Context, Error, ID, InputObject, Interface, Object};
use service::ApplicationFilter as Filter;

use crate::enums::{ApplicationOrder, StateKind};
use crate::fault::bad_input;
use crate::ids::{Kind, decode};
use crate::page::{Window, page_cost};
use crate::scope::Scope;
use crate::types::application::{Application, ApplicationConnection, Task, TaskConnection};
use crate::types::business::{Business, Viewer};
use crate::types::call::{CallResult, Judge, Ranking};
use crate::types::money::{Budget, Payable, PaymentBatch, PaymentBatchConnection};
use crate::types::partner::PartnerCase;
use crate::types::program_type::{Program, ProgramConnection};
use crate::types::registry::{RegistryConnection, RegistryEntry};
use crate::types::versions::{Migration, MigrationPlan};

pub(crate) struct Query;

/// Anything with a global id.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID"))]
pub(crate) enum Node {
    Application(Application),
    Business(Business),
    Program(Program),
    PaymentBatch(PaymentBatch),
}

/// Which applications.
#[derive(InputObject, Default)]
pub(crate) struct ApplicationFilter {
    /// `<municipality>/<slug>`
    program: Option<String>,
    state: Option<String>,
    kind: Option<StateKind>,
    assignee: Option<ID>,
    fiscal_year: Option<i32>,
    business: Option<ID>,
    /// A number, or a part of the business's name.
    text: Option<String>,
}

impl ApplicationFilter {
    fn decoded(self) -> Result<Filter, Error> {
        let Self { program, state, kind, assignee, fiscal_year, business, text } = self;
        let assignee = assignee.map(|id| Kind::Account.uuid("filter.assignee", &id)).transpose()?;
        let business = business.map(|id| Kind::Business.uuid("filter.business", &id)).transpose()?;
        Ok(Filter { program, state, kind: kind.map(Into::into), assignee, fiscal_year, business, text })
    }
}

/// `null` where the service finds nothing, or nothing that the viewer may know of.
fn found<T>(scope: &Scope, result: service::Result<T>) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(service::Error::NotFound) => Ok(None),
        Err(error) => Err(scope.fault(&error)),
    }
}

#[Object]
impl Query {
    /// Who I am, for whom I may act, my tasks.
    async fn viewer<'a>(&self, ctx: &Context<'a>) -> Result<Option<Viewer<'a>>, Error> {
        Ok(Scope::of(ctx)?.viewer.as_ref().map(Viewer))
    }

    /// The case that the request's partner link is for.
    async fn partner_case(&self, ctx: &Context<'_>) -> Result<PartnerCase, Error> {
        let scope = Scope::of(ctx)?;
        let case = scope.service.partner_case(scope.partner()?).await;
        case.map(PartnerCase).map_err(|error| scope.fault(&error))
    }

    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn programs(
        &self,
        ctx: &Context<'_>,
        municipality: Option<String>,
        open: Option<bool>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<ProgramConnection, Error> {
        let window = Window::new(first, after)?;
        let scope = Scope::of(ctx)?;
        let programs = scope.service.programs(municipality.as_deref(), open, window.first, window.after.as_deref());
        let page = programs.await.map_err(|error| scope.fault(&error))?;
        Ok(ProgramConnection(window.shown(page, Program::from)))
    }

    /// `slug` is `<municipality>/<slug>`; the version in force when none is named.
    async fn program(&self, ctx: &Context<'_>, slug: String, version: Option<i32>) -> Result<Option<Program>, Error> {
        let scope = Scope::of(ctx)?;
        Ok(found(scope, scope.service.program(&slug, version).await)?.map(Program::from))
    }

    /// What moving the cases of a program that are on other versions to this one would do. For program officers.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn migration_plan(
        &self,
        ctx: &Context<'_>,
        program: String,
        to_version: i32,
        first: Option<i32>,
        after: Option<ID>,
    ) -> Result<MigrationPlan, Error> {
        let window = Window::new(first, None)?;
        let scope = Scope::of(ctx)?;
        let after = after.map(|id| Kind::Application.uuid("after", &id)).transpose()?;
        let limit = u32::try_from(window.first).unwrap_or(u32::MAX);
        let plan = scope.service.migration_plan_for(scope.viewer()?, &program, to_version, after, limit).await;
        let plan = plan.map_err(|error| scope.fault(&error))?;
        let last = plan.last().filter(|_| plan.len() == window.first);
        let end_cursor = last.map(|last| Kind::Application.id(last.application));
        Ok(MigrationPlan { results: plan.into_iter().map(Migration).collect(), end_cursor })
    }

    /// 公開中の登録: what businesses agreed to publish of their cases of a program; for anybody.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn registry(
        &self,
        ctx: &Context<'_>,
        program: String,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<RegistryConnection, Error> {
        let window = Window::new(first, after)?;
        let scope = Scope::of(ctx)?;
        let page = scope.service.registry(&program, window.first, window.after.as_deref()).await;
        let page = page.map_err(|error| scope.fault(&error))?;
        Ok(RegistryConnection(window.shown(page, RegistryEntry)))
    }

    /// 審査員: all who were ever appointed for the call; for its office.
    #[graphql(complexity = "3 + 10 * child_complexity")]
    async fn judges(&self, ctx: &Context<'_>, call_id: ID) -> Result<Vec<Judge>, Error> {
        let scope = Scope::of(ctx)?;
        let judges = scope.service.judges(scope.viewer()?, Kind::Call.uuid("callId", &call_id)?).await;
        Ok(judges.map_err(|error| scope.fault(&error))?.into_iter().map(Judge).collect())
    }

    /// 順位の確定: every ranking of the call, the newest first; for its office.
    #[graphql(complexity = "5 + 3 * child_complexity")]
    async fn rankings(&self, ctx: &Context<'_>, call_id: ID) -> Result<Vec<Ranking>, Error> {
        let scope = Scope::of(ctx)?;
        let rankings = scope.service.rankings(scope.viewer()?, Kind::Call.uuid("callId", &call_id)?).await;
        Ok(rankings.map_err(|error| scope.fault(&error))?.into_iter().map(Ranking).collect())
    }

    /// What ranking the call now would give; nothing is recorded, and lots that were never drawn are not drawn. For
    /// program officers.
    #[graphql(complexity = "50 + child_complexity")]
    async fn ranking_preview(&self, ctx: &Context<'_>, call_id: ID) -> Result<Ranking, Error> {
        let scope = Scope::of(ctx)?;
        let preview = scope.service.ranking_preview(scope.viewer()?, Kind::Call.uuid("callId", &call_id)?).await;
        preview.map(Ranking).map_err(|error| scope.fault(&error))
    }

    /// 募集の目標と実績: the calls of a municipality, of one fiscal year or all; for its staff.
    #[graphql(complexity = "20 + 20 * child_complexity")]
    async fn call_results(
        &self,
        ctx: &Context<'_>,
        municipality: String,
        fiscal_year: Option<i32>,
    ) -> Result<Vec<CallResult>, Error> {
        let scope = Scope::of(ctx)?;
        let results = scope.service.call_results_for(scope.viewer()?, &municipality, fiscal_year).await;
        Ok(results.map_err(|error| scope.fault(&error))?.into_iter().map(CallResult).collect())
    }

    /// By number or by id; `null` for whoever may not know that it exists.
    async fn application(
        &self,
        ctx: &Context<'_>,
        number: Option<String>,
        id: Option<ID>,
    ) -> Result<Option<Application>, Error> {
        let scope = Scope::of(ctx)?;
        let viewer = scope.viewer()?;
        let application = match (number, id) {
            (Some(number), None) => scope.service.application_by_number(viewer, &number).await,
            (None, Some(id)) => scope.service.application(viewer, Kind::Application.uuid("id", &id)?).await,
            _ => return Err(bad_input("id", "give either a number or an id")),
        };
        Ok(found(scope, application)?.flatten().map(Application::from))
    }

    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn applications(
        &self,
        ctx: &Context<'_>,
        filter: Option<ApplicationFilter>,
        order_by: Option<ApplicationOrder>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<ApplicationConnection, Error> {
        let window = Window::new(first, after)?;
        let scope = Scope::of(ctx)?;
        let filter = filter.unwrap_or_default().decoded()?;
        let order = order_by.map(Into::into).unwrap_or_default();
        let applications =
            scope.service.applications(scope.viewer()?, filter, order, window.first, window.after.as_deref());
        let page = applications.await.map_err(|error| scope.fault(&error))?;
        Ok(ApplicationConnection(window.shown(page, Application::from)))
    }

    /// What waits for the viewer.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn tasks(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<TaskConnection, Error> {
        let window = Window::new(first, after)?;
        let scope = Scope::of(ctx)?;
        let page = scope.service.tasks(scope.viewer()?, window.first, window.after.as_deref()).await;
        let page = page.map_err(|error| scope.fault(&error))?;
        Ok(TaskConnection(window.shown(page, Task::from)))
    }

    /// The budget line of a program in a fiscal year.
    async fn budget(&self, ctx: &Context<'_>, program: String, fiscal_year: i32) -> Result<Budget, Error> {
        let scope = Scope::of(ctx)?;
        let budget = scope.service.budget(scope.viewer()?, &program, fiscal_year).await;
        budget.map(Budget).map_err(|error| scope.fault(&error))
    }

    /// Payments that wait for a batch.
    #[graphql(complexity = "5 + 50 * child_complexity")]
    async fn payables(&self, ctx: &Context<'_>, municipality: String) -> Result<Vec<Payable>, Error> {
        let scope = Scope::of(ctx)?;
        let payables = scope.service.payables(scope.viewer()?, &municipality).await;
        let payables = payables.map_err(|error| scope.fault(&error))?;
        Ok(payables.into_iter().map(Payable::from).collect())
    }

    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn payment_batches(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<PaymentBatchConnection, Error> {
        let window = Window::new(first, after)?;
        let scope = Scope::of(ctx)?;
        let page = scope.service.payment_batches(scope.viewer()?, window.first, window.after.as_deref()).await;
        let page = page.map_err(|error| scope.fault(&error))?;
        Ok(PaymentBatchConnection(window.shown(page, PaymentBatch::from)))
    }

    async fn payment_batch(&self, ctx: &Context<'_>, id: ID) -> Result<Option<PaymentBatch>, Error> {
        let scope = Scope::of(ctx)?;
        let batch = scope.service.payment_batch(scope.viewer()?, Kind::PaymentBatch.uuid("id", &id)?).await;
        Ok(found(scope, batch)?.map(PaymentBatch::from))
    }

    /// Anything by its id, under the same authority as anywhere else.
    async fn node(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Node>, Error> {
        let scope = Scope::of(ctx)?;
        let unknown = || bad_input("id", "this is no id");
        let (kind, key) = decode(&id).ok_or_else(unknown)?;
        if kind == Kind::Program {
            let (slug, version) = key.rsplit_once('@').ok_or_else(unknown)?;
            let version = version.parse().map_err(|_| unknown())?;
            let program = scope.service.program(slug, Some(version)).await;
            return Ok(found(scope, program)?.map(|version| Node::Program(version.into())));
        }
        let uuid = kind.uuid("id", &id)?;
        let viewer = scope.viewer()?;
        Ok(match kind {
            Kind::Application => {
                let application = found(scope, scope.service.application(viewer, uuid).await)?.flatten();
                application.map(|application| Node::Application(application.into()))
            }
            Kind::Business => {
                found(scope, scope.service.business(viewer, uuid).await)?.map(|view| Node::Business(view.into()))
            }
            Kind::PaymentBatch => found(scope, scope.service.payment_batch(viewer, uuid).await)?
                .map(|view| Node::PaymentBatch(view.into())),
            _ => None,
        })
    }
}
