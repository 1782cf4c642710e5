//! Doing a thing once, however often it is asked for: keys that clients make.

use store::Tx;
use uuid::Uuid;
use vocabulary::{Instant, canonical_json};

use crate::{Error, Result};

pub(crate) const fn wish<'a>(
    account: Uuid,
    key: &'a str,
    operation: &'a str,
    input_digest: &'a str,
    subject: Uuid,
    at: Instant,
) -> store::KeyUse<'a> {
    store::KeyUse { account, key, operation, input_digest, subject, at }
}

/// Takes the key for this input, or says what it was taken for before.
pub(crate) async fn claim(tx: &Tx<'_>, wish: &store::KeyUse<'_>) -> Result<Option<Uuid>> {
    match tx.claim_idempotency(wish).await? {
        store::Claim::Fresh => Ok(None),
        store::Claim::Repeated { subject, .. } => Ok(Some(subject)),
        store::Claim::OtherInput => Err(Error::IdempotencyConflict),
    }
}

/// Keys are made by clients; 1 to 255 visible characters.
pub(crate) fn checked_key(key: &str) -> Result<String> {
    let fine = (1..=255).contains(&key.len()) && key.chars().all(|c| c.is_ascii_graphic());
    if fine {
        Ok(key.to_owned())
    } else {
        Err(Error::bad_input(
            "idempotencyKey",
            "idempotencyKey は1～255文字の英数字・記号で指定してください",
            "An idempotencyKey has 1 to 255 visible ASCII characters",
        ))
    }
}

pub(crate) fn input_digest<T: serde::Serialize>(input: &T) -> Result<String> {
    let canonical = canonical_json(input).map_err(|error| Error::Fault(error.to_string()))?;
    Ok(vocabulary::digest(canonical.as_bytes()))
}
