//! Businesses, members, staff, API tokens.

use async_graphql::{Context, Error, ID, InputObject, Object, SimpleObject};
use program::definition::ApplicantFacts;
use service::{NewBusiness, PositionHeld};

use super::{key, payload, refused};
use crate::enums::{ApplicantKind, BusinessSize, MemberRole, Role};
use crate::ids::Kind;
use crate::scalars::{Date, Yen};
use crate::scope::Scope;
use crate::text::{Refusal, refusals};
use crate::types::business::Business;

#[derive(Default)]
pub(crate) struct People;

#[derive(InputObject)]
pub(crate) struct RegisterBusinessInput {
    name: String,
    name_kana: String,
    address: String,
    representative: String,
    /// 法人番号, 13 digits; sole proprietors have none.
    corporate_number: Option<String>,
    kind: ApplicantKind,
    size: BusinessSize,
    /// みなし大企業
    #[graphql(default)]
    deemed_large: bool,
    /// In business in the municipality since.
    established_here_on: Date,
    #[graphql(default)]
    employees: u32,
    /// 0 for a sole proprietor.
    capital: Option<Yen>,
    /// 業種: one of the trades of the definition language (docs/reference/language.md), e.g. manufacturing, or empty.
    #[graphql(default)]
    trade: String,
    idempotency_key: String,
}

payload!(RegisterBusinessPayload { business: Business });

/// All of it as it is to be; what is not named becomes empty.
#[derive(InputObject)]
pub(crate) struct CorrectBusinessInput {
    business_id: ID,
    #[graphql(flatten)]
    business: RegisterBusinessInput,
}

payload!(CorrectBusinessPayload { business: Business });

#[derive(InputObject)]
pub(crate) struct InviteMemberInput {
    business_id: ID,
    email: String,
    role: MemberRole,
    idempotency_key: String,
}

#[derive(InputObject)]
pub(crate) struct RemoveMemberInput {
    business_id: ID,
    account_id: ID,
    idempotency_key: String,
}

#[derive(InputObject)]
pub(crate) struct InviteStaffInput {
    municipality: String,
    email: String,
    roles: Vec<Role>,
    idempotency_key: String,
}

#[derive(InputObject)]
pub(crate) struct EndStaffRoleInput {
    municipality: String,
    account_id: ID,
    role: Role,
    idempotency_key: String,
}

#[derive(InputObject)]
pub(crate) struct HoldPositionInput {
    municipality: String,
    account_id: ID,
    /// 職, by its name in the municipality's file.
    position: String,
    from: Date,
    /// The last day; without end when absent.
    until: Option<Date>,
    /// 職務代理: while the post is vacant.
    #[graphql(default)]
    acting: bool,
    idempotency_key: String,
}

/// Whether it was done.
#[derive(SimpleObject)]
pub(crate) struct DonePayload {
    done: bool,
    refusals: Vec<Refusal>,
}

impl DonePayload {
    pub(super) fn of<T>(outcome: Result<T, Vec<casework::Refusal>>) -> Self {
        match outcome {
            Ok(_) => Self { done: true, refusals: Vec::new() },
            Err(reasons) => Self { done: false, refusals: refusals(reasons) },
        }
    }
}

#[derive(InputObject)]
pub(crate) struct CreateApiTokenInput {
    name: String,
    /// Of `read`, `apply`, `act` and `pay`.
    scopes: Vec<String>,
    /// Days that it is valid.
    days: i64,
    idempotency_key: String,
}

#[derive(SimpleObject)]
pub(crate) struct CreateApiTokenPayload {
    /// Shown this once; again only in the same session, with the same key.
    token: Option<String>,
    refusals: Vec<Refusal>,
}

#[derive(InputObject)]
pub(crate) struct RevokeApiTokenInput {
    token_id: ID,
    idempotency_key: String,
}

impl RegisterBusinessInput {
    fn decoded(self) -> (NewBusiness, String) {
        let facts = ApplicantFacts {
            kind: self.kind.into(),
            size: self.size.into(),
            deemed_large: self.deemed_large,
            established_here_on: self.established_here_on.0,
            employees: self.employees,
            capital: self.capital.map_or(vocabulary::Yen::ZERO, |yen| yen.0),
            trade: self.trade,
        };
        let new = NewBusiness {
            name: self.name,
            name_kana: self.name_kana,
            address: self.address,
            representative: self.representative,
            corporate_number: self.corporate_number,
            facts,
        };
        (new, self.idempotency_key)
    }
}

#[Object]
impl People {
    /// Registers a business; the viewer becomes its owner.
    async fn register_business(
        &self,
        ctx: &Context<'_>,
        input: RegisterBusinessInput,
    ) -> Result<RegisterBusinessPayload, Error> {
        let scope = Scope::of(ctx)?;
        let viewer = scope.viewer()?;
        let (new, idempotency_key) = input.decoded();
        let registered = scope.service.register_business(viewer, new, key(&idempotency_key)?).await;
        Ok(RegisterBusinessPayload::of(refused(scope, registered)?, Business::from))
    }

    /// Puts right what is registered of a business; for its owners. What was handed in keeps it as it was.
    async fn correct_business(
        &self,
        ctx: &Context<'_>,
        input: CorrectBusinessInput,
    ) -> Result<CorrectBusinessPayload, Error> {
        let scope = Scope::of(ctx)?;
        let viewer = scope.viewer()?;
        let business = Kind::Business.uuid("businessId", &input.business_id)?;
        let (corrected, idempotency_key) = input.business.decoded();
        let kept = scope.service.correct_business(viewer, business, corrected, key(&idempotency_key)?).await;
        Ok(CorrectBusinessPayload::of(refused(scope, kept)?, Business::from))
    }

    /// Invites a person by mail to act for a business.
    async fn invite_member(&self, ctx: &Context<'_>, input: InviteMemberInput) -> Result<DonePayload, Error> {
        let scope = Scope::of(ctx)?;
        let viewer = scope.viewer()?;
        let business = Kind::Business.uuid("businessId", &input.business_id)?;
        let key = key(&input.idempotency_key)?;
        let invited = scope.service.invite_member(viewer, business, &input.email, input.role.into(), key).await;
        Ok(DonePayload::of(refused(scope, invited)?))
    }

    async fn remove_member(&self, ctx: &Context<'_>, input: RemoveMemberInput) -> Result<DonePayload, Error> {
        let scope = Scope::of(ctx)?;
        let viewer = scope.viewer()?;
        let business = Kind::Business.uuid("businessId", &input.business_id)?;
        let account = Kind::Account.uuid("accountId", &input.account_id)?;
        let key = key(&input.idempotency_key)?;
        let removed = scope.service.remove_member(viewer, business, account, key).await;
        Ok(DonePayload::of(refused(scope, removed)?))
    }

    /// Invites a member of staff by mail; for administrators.
    async fn invite_staff(&self, ctx: &Context<'_>, input: InviteStaffInput) -> Result<DonePayload, Error> {
        let scope = Scope::of(ctx)?;
        let viewer = scope.viewer()?;
        let InviteStaffInput { municipality, email, roles, idempotency_key } = input;
        let roles: Vec<_> = roles.into_iter().map(Into::into).collect();
        let invited = scope.service.invite_staff(viewer, &municipality, &email, &roles, key(&idempotency_key)?).await;
        Ok(DonePayload::of(refused(scope, invited)?))
    }

    /// Takes a role away, at once; for administrators.
    async fn end_staff_role(&self, ctx: &Context<'_>, input: EndStaffRoleInput) -> Result<DonePayload, Error> {
        let scope = Scope::of(ctx)?;
        let viewer = scope.viewer()?;
        let account = Kind::Account.uuid("accountId", &input.account_id)?;
        let key = key(&input.idempotency_key)?;
        let ended = scope.service.end_role(viewer, account, &input.municipality, input.role.into(), key).await;
        Ok(DonePayload::of(refused(scope, ended)?))
    }

    /// Gives a person a post for a period; for administrators.
    async fn hold_position(&self, ctx: &Context<'_>, input: HoldPositionInput) -> Result<DonePayload, Error> {
        let scope = Scope::of(ctx)?;
        let viewer = scope.viewer()?;
        let account = Kind::Account.uuid("accountId", &input.account_id)?;
        let HoldPositionInput { municipality, position, from, until, acting, idempotency_key, .. } = input;
        let until_day = until.map(|day| day.0);
        let held = PositionHeld { account, municipality, position, from_day: from.0, until_day, acting };
        let held = scope.service.hold_position(viewer, held, key(&idempotency_key)?).await;
        Ok(DonePayload::of(refused(scope, held)?))
    }

    async fn create_api_token(
        &self,
        ctx: &Context<'_>,
        input: CreateApiTokenInput,
    ) -> Result<CreateApiTokenPayload, Error> {
        let scope = Scope::of(ctx)?;
        let viewer = scope.viewer()?;
        let CreateApiTokenInput { name, scopes, days, idempotency_key } = input;
        let key = Some(key(&idempotency_key)?);
        let created = scope.service.create_api_token(viewer, &name, scopes, days, key).await;
        Ok(match refused(scope, created)? {
            Ok(token) => CreateApiTokenPayload { token: Some(token), refusals: Vec::new() },
            Err(reasons) => CreateApiTokenPayload { token: None, refusals: refusals(reasons) },
        })
    }

    async fn revoke_api_token(&self, ctx: &Context<'_>, input: RevokeApiTokenInput) -> Result<DonePayload, Error> {
        let scope = Scope::of(ctx)?;
        let viewer = scope.viewer()?;
        let token = Kind::ApiToken.uuid("tokenId", &input.token_id)?;
        let key = Some(key(&input.idempotency_key)?);
        let revoked = scope.service.revoke_api_token(viewer, token, key).await;
        Ok(DonePayload::of(refused(scope, revoked)?))
    }
}
