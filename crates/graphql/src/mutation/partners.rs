//! What a partner does in the case that its link is for.

use async_graphql::{Context, Error, InputObject, Object, SimpleObject};
use casework::Act;
use serde_json::Value;

use super::{key, refused};
use crate::fault::bad_input;
use crate::scalars::Json;
use crate::scope::Scope;
use crate::text::{Refusal, refusals};
use crate::types::partner::PartnerCase;

#[derive(InputObject)]
pub(crate) struct PerformPartnerActionInput {
    action: String,
    expected_version: i64,
    /// Values of the action's form.
    values: Option<Json>,
    idempotency_key: String,
}

#[derive(SimpleObject)]
pub(crate) struct PerformPartnerActionPayload {
    /// The case afterwards; absent when it was refused.
    partner_case: Option<PartnerCase>,
    refusals: Vec<Refusal>,
}

#[derive(Default)]
pub(crate) struct Partners;

#[Object]
impl Partners {
    /// What a partner does in the case that its link is for.
    async fn perform_partner_action(
        &self,
        ctx: &Context<'_>,
        input: PerformPartnerActionInput,
    ) -> Result<PerformPartnerActionPayload, Error> {
        let scope = Scope::of(ctx)?;
        let partner = scope.partner()?;
        let values = match input.values.map(|values| values.0) {
            None => serde_json::Map::new(),
            Some(Value::Object(values)) => values,
            Some(_) => return Err(bad_input("values", "values are an object: field → value")),
        };
        let act = Act { action: input.action, expected_version: input.expected_version, values, ..Act::default() };
        let done = scope.service.act_as_partner(partner, act, key(&input.idempotency_key)?).await;
        Ok(match refused(scope, done)? {
            Ok(case) => PerformPartnerActionPayload { partner_case: Some(PartnerCase(case)), refusals: Vec::new() },
            Err(reasons) => PerformPartnerActionPayload { partner_case: None, refusals: refusals(reasons) },
        })
    }
}
