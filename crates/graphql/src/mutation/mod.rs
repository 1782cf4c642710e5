//! The commands, by area. Each takes an idempotency key, which the service checks before anything else.

mod account;
mod calls;
mod cases;
mod partners;
mod payments;
mod people;
mod programs;

use async_graphql::{Error, MergedObject};

use crate::fault::bad_input;
use crate::scope::Scope;

#[derive(MergedObject, Default)]
pub(crate) struct Mutation(
    account::Account,
    people::People,
    cases::Cases,
    calls::Calls,
    partners::Partners,
    payments::Payments,
    programs::Programs,
);

const LONGEST_KEY: usize = 255;

/// # Errors
/// `BAD_INPUT` unless it has 1 to 255 characters without controls.
fn key(text: &str) -> Result<&str, Error> {
    if text.is_empty() || text.len() > LONGEST_KEY || text.chars().any(char::is_control) {
        return Err(bad_input("idempotencyKey", format!("an idempotency key has 1 to {LONGEST_KEY} characters")));
    }
    Ok(text)
}

/// A domain refusal becomes a part of the payload; everything else is an error.
fn refused<T>(scope: &Scope, result: service::Result<T>) -> Result<Result<T, Vec<casework::Refusal>>, Error> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(service::Error::Refused(refusals)) => Ok(Err(refusals)),
        Err(service::Error::Stale(_) | service::Error::Conflict) => Ok(Err(vec![casework::Refusal::new(
            "stale_version",
            "他の人が先に更新しました。読み込み直してください",
            "Somebody else has changed it; please load it again",
        )])),
        Err(error) => Err(scope.fault(&error)),
    }
}

/// Defines a payload: the result, or why there is none.
macro_rules! payload {
    ($(#[$doc:meta])* $Payload:ident { $field:ident: $Type:ty }) => {
        $(#[$doc])*
        #[derive(async_graphql::SimpleObject)]
        pub(crate) struct $Payload {
            $field: Option<$Type>,
            /// Why nothing was done; empty when it was.
            refusals: Vec<crate::text::Refusal>,
        }

        impl $Payload {
            fn of<T>(outcome: Result<T, Vec<casework::Refusal>>, show: impl FnOnce(T) -> $Type) -> Self {
                match outcome {
                    Ok(value) => Self { $field: Some(show(value)), refusals: Vec::new() },
                    Err(refusals) => Self { $field: None, refusals: crate::text::refusals(refusals) },
                }
            }
        }
    };
}
use payload;
