//! The account of whoever is signed in: second factor and sessions. For sessions alone: tokens do none of this.

use async_graphql::{Context, Error, InputObject, Object, SimpleObject};

use super::people::DonePayload;
use super::{key, refused};
use crate::scope::Scope;
use crate::text::{Refusal, refusals};

#[derive(Default)]
pub(crate) struct Account;

#[derive(InputObject)]
pub(crate) struct BeginSecondFactorInput {
    idempotency_key: String,
}

#[derive(SimpleObject)]
pub(crate) struct BeginSecondFactorPayload {
    /// Base 32; shown until it is confirmed.
    secret: Option<String>,
    /// `otpauth://…`, for a QR code.
    address: Option<String>,
    refusals: Vec<Refusal>,
}

#[derive(InputObject)]
pub(crate) struct ConfirmSecondFactorInput {
    /// The code that the app shows.
    code: String,
    idempotency_key: String,
}

#[derive(InputObject)]
pub(crate) struct RenewRecoveryCodesInput {
    idempotency_key: String,
}

#[derive(SimpleObject)]
pub(crate) struct RecoveryCodesPayload {
    /// Each works once. Shown this once; again only in the same session, with the same key.
    recovery_codes: Option<Vec<String>>,
    refusals: Vec<Refusal>,
}

impl RecoveryCodesPayload {
    fn of(outcome: Result<Vec<String>, Vec<casework::Refusal>>) -> Self {
        match outcome {
            Ok(codes) => Self { recovery_codes: Some(codes), refusals: Vec::new() },
            Err(reasons) => Self { recovery_codes: None, refusals: refusals(reasons) },
        }
    }
}

#[derive(InputObject)]
pub(crate) struct EndSecondFactorInput {
    password: String,
    /// Of the app, or a recovery code.
    code: String,
    idempotency_key: String,
}

#[derive(InputObject)]
pub(crate) struct EndSessionInput {
    /// As `Viewer.sessions` names it.
    session_id: String,
    idempotency_key: String,
}

#[Object]
impl Account {
    /// Makes a secret for an authenticator app (TOTP); it counts once `confirmSecondFactor` has seen a code of it.
    async fn begin_second_factor(
        &self,
        ctx: &Context<'_>,
        input: BeginSecondFactorInput,
    ) -> Result<BeginSecondFactorPayload, Error> {
        let scope = Scope::of(ctx)?;
        let begun = scope.service.begin_second_factor(scope.viewer()?, key(&input.idempotency_key)?).await;
        Ok(match refused(scope, begun)? {
            Ok(enrolment) => BeginSecondFactorPayload {
                secret: Some(enrolment.secret),
                address: Some(enrolment.address),
                refusals: Vec::new(),
            },
            Err(reasons) => BeginSecondFactorPayload { secret: None, address: None, refusals: refusals(reasons) },
        })
    }

    /// From now on signing in asks for a code.
    async fn confirm_second_factor(
        &self,
        ctx: &Context<'_>,
        input: ConfirmSecondFactorInput,
    ) -> Result<RecoveryCodesPayload, Error> {
        let scope = Scope::of(ctx)?;
        let key = key(&input.idempotency_key)?;
        let confirmed = scope.service.confirm_second_factor(scope.viewer()?, &input.code, key).await;
        Ok(RecoveryCodesPayload::of(refused(scope, confirmed)?))
    }

    /// Other recovery codes; those of before work no more.
    async fn renew_recovery_codes(
        &self,
        ctx: &Context<'_>,
        input: RenewRecoveryCodesInput,
    ) -> Result<RecoveryCodesPayload, Error> {
        let scope = Scope::of(ctx)?;
        let renewed = scope.service.renew_recovery_codes(scope.viewer()?, key(&input.idempotency_key)?).await;
        Ok(RecoveryCodesPayload::of(refused(scope, renewed)?))
    }

    /// Signing in asks for the password alone again, which has to be long enough for that.
    async fn end_second_factor(&self, ctx: &Context<'_>, input: EndSecondFactorInput) -> Result<DonePayload, Error> {
        let scope = Scope::of(ctx)?;
        let EndSecondFactorInput { password, code, idempotency_key } = input;
        let ended = scope.service.end_second_factor(scope.viewer()?, &password, &code, key(&idempotency_key)?).await;
        Ok(DonePayload::of(refused(scope, ended)?))
    }

    /// Signs out one of the viewer's sessions, at once.
    async fn end_session(&self, ctx: &Context<'_>, input: EndSessionInput) -> Result<DonePayload, Error> {
        let scope = Scope::of(ctx)?;
        let key = key(&input.idempotency_key)?;
        let ended = scope.service.end_session(scope.viewer()?, &input.session_id, key).await;
        Ok(DonePayload::of(refused(scope, ended)?))
    }
}
