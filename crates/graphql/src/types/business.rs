//! Businesses and the viewer.

use async_graphql::{Context, Error, ID, Object, SimpleObject};
use service::{BusinessView, Viewer as Person};

use crate::enums::{ApplicantKind, BusinessSize, Locale, MemberRole, Role};
use crate::ids::Kind;
use crate::loaders::BusinessId;
use crate::page::{Window, page_cost};
use crate::scalars::{Date, Yen};
use crate::scope::Scope;
use crate::types::application::{Task, TaskConnection};
use vocabulary::Instant;

/// A business; its members are looked up when asked for.
#[derive(Clone)]
pub(crate) struct Business {
    business: casework::Business,
    members: Option<Vec<service::Member>>,
}

impl Business {
    pub(crate) const fn of(business: casework::Business) -> Self {
        Self { business, members: None }
    }
}

impl From<BusinessView> for Business {
    fn from(view: BusinessView) -> Self {
        Self { business: view.business, members: Some(view.members) }
    }
}

/// A business that applies.
#[Object]
impl Business {
    pub(crate) async fn id(&self) -> ID {
        Kind::Business.id(self.business.id)
    }
    async fn name(&self) -> &str {
        &self.business.name
    }
    async fn name_kana(&self) -> &str {
        &self.business.name_kana
    }
    async fn address(&self) -> &str {
        &self.business.address
    }
    async fn representative(&self) -> &str {
        &self.business.representative
    }
    /// 法人番号; sole proprietors have none.
    async fn corporate_number(&self) -> Option<&str> {
        self.business.corporate_number.as_deref()
    }
    async fn kind(&self) -> ApplicantKind {
        self.business.facts.kind.into()
    }
    async fn size(&self) -> BusinessSize {
        self.business.facts.size.into()
    }
    /// みなし大企業
    async fn deemed_large(&self) -> bool {
        self.business.facts.deemed_large
    }
    /// In business in the municipality since.
    async fn established_here_on(&self) -> Date {
        self.business.facts.established_here_on.into()
    }
    async fn employees(&self) -> u32 {
        self.business.facts.employees
    }
    async fn capital(&self) -> Yen {
        self.business.facts.capital.into()
    }
    async fn trade(&self) -> &str {
        &self.business.facts.trade
    }
    #[graphql(complexity = "5 + 5 * child_complexity")]
    async fn members(&self, ctx: &Context<'_>) -> Result<Vec<Member>, Error> {
        if let Some(members) = &self.members {
            return Ok(members.iter().cloned().map(Member::from).collect());
        }
        let scope = Scope::of(ctx)?;
        let found = scope.loader().load_one(BusinessId(self.business.id)).await;
        let found = found.map_err(|error| scope.fault(&error))?;
        Ok(found.iter().flat_map(|view| view.members.iter().cloned()).map(Member::from).collect())
    }
}

/// A person who acts for a business.
#[derive(SimpleObject)]
pub(crate) struct Member {
    account: ID,
    name: String,
    email: String,
    role: MemberRole,
}

impl From<service::Member> for Member {
    fn from(member: service::Member) -> Self {
        let service::Member { account, name, email, role } = member;
        Self { account: Kind::Account.id(account), name, email, role: role.into() }
    }
}

pub(crate) struct Viewer<'a>(pub &'a Person);

/// Who asks, and for whom they may act.
#[Object]
impl<'a> Viewer<'a> {
    async fn id(&self) -> ID {
        Kind::Account.id(self.0.person.id)
    }
    async fn name(&self) -> &str {
        &self.0.person.name
    }
    async fn email(&self) -> &str {
        &self.0.email
    }
    async fn locale(&self) -> Locale {
        self.0.locale.into()
    }
    /// Permissions, by municipality.
    async fn roles(&self) -> Vec<HeldRole> {
        let roles = self.0.person.roles.iter();
        roles
            .map(|(municipality, role)| HeldRole { municipality: municipality.clone(), role: (*role).into() })
            .collect()
    }
    /// 職 held today, by municipality.
    async fn positions(&self) -> Vec<HeldPosition> {
        let positions = self.0.person.positions.iter().cloned();
        positions.map(|(municipality, position)| HeldPosition { municipality, position }).collect()
    }
    /// Scopes of the API token; none for a session, which may do all that the person may.
    async fn scopes(&self) -> Option<&[String]> {
        self.0.scopes.as_deref()
    }
    /// How it stands with the second factor (TOTP).
    #[graphql(complexity = "5 + child_complexity")]
    async fn second_factor(&self, ctx: &Context<'_>) -> Result<SecondFactor, Error> {
        let scope = Scope::of(ctx)?;
        let found = scope.service.second_factor(self.0).await.map_err(|error| scope.fault(&error))?;
        let recovery_codes_left = i32::try_from(found.recovery_codes_left).unwrap_or(i32::MAX);
        Ok(SecondFactor { since: found.since, recovery_codes_left })
    }
    /// Where the viewer is signed in, newest first.
    #[graphql(complexity = "5 + 5 * child_complexity")]
    async fn sessions(&self, ctx: &Context<'_>) -> Result<Vec<Session>, Error> {
        let scope = Scope::of(ctx)?;
        let found = scope.service.sessions(self.0).await.map_err(|error| scope.fault(&error))?;
        Ok(found.into_iter().map(Session::from).collect())
    }
    /// Businesses that the viewer may act for.
    #[graphql(complexity = "5 + 5 * child_complexity")]
    async fn businesses(&self, ctx: &Context<'_>) -> Result<Vec<Business>, Error> {
        let scope = Scope::of(ctx)?;
        let businesses = scope.service.businesses(self.0).await.map_err(|error| scope.fault(&error))?;
        Ok(businesses.into_iter().map(Business::from).collect())
    }
    /// What waits for the viewer.
    #[graphql(complexity = "page_cost(first, child_complexity) + 10")]
    async fn tasks(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<TaskConnection, Error> {
        let window = Window::new(first, after)?;
        let scope = Scope::of(ctx)?;
        let page = scope.service.tasks(self.0, window.first, window.after.as_deref()).await;
        let page = page.map_err(|error| scope.fault(&error))?;
        Ok(TaskConnection(window.shown(page, Task::from)))
    }
}

#[derive(SimpleObject)]
pub(crate) struct SecondFactor {
    /// In force since; not set up when absent.
    since: Option<Instant>,
    recovery_codes_left: i32,
}

/// A sign-in that has not ended.
#[derive(SimpleObject)]
pub(crate) struct Session {
    session_id: String,
    opened_at: Instant,
    last_seen_at: Instant,
    /// The client's address.
    address: Option<String>,
    /// What the browser calls itself.
    agent: Option<String>,
    /// The one that asks.
    is_this: bool,
}

impl From<service::SessionView> for Session {
    fn from(session: service::SessionView) -> Self {
        let service::SessionView { id, opened_at, last_seen_at, address, agent, is_this } = session;
        Self { session_id: id, opened_at, last_seen_at, address, agent, is_this }
    }
}

#[derive(SimpleObject)]
pub(crate) struct HeldRole {
    municipality: String,
    role: Role,
}

#[derive(SimpleObject)]
pub(crate) struct HeldPosition {
    municipality: String,
    position: String,
}
