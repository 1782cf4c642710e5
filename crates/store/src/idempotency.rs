//! Doing a thing once, however often it is asked for: the key of a request, kept with its first answer.

use sea_orm::Value;
use serde_json::Value as Json;
use uuid::Uuid;
use vocabulary::Instant;

use crate::error::{Result, StoreError};
use crate::row::{Columns, from_json, json};
use crate::sql;
use crate::unit::Tx;

/// A request that must take effect once.
#[derive(Clone, Copy, Debug)]
pub struct KeyUse<'a> {
    pub account: Uuid,
    /// Made by the client; one for one wish.
    pub key: &'a str,
    pub operation: &'a str,
    /// Of everything that was asked for.
    pub input_digest: &'a str,
    /// What the answer will be about, so that a repeat finds it: an application, a batch.
    pub subject: Uuid,
    pub at: Instant,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Claim {
    /// Nobody has used the key: go on.
    Fresh,
    /// The same was asked before, and was done.
    Repeated { subject: Uuid, result: Option<Json> },
    /// The key was used for something else.
    OtherInput,
}

impl Tx<'_> {
    /// Two requests with one key wait for each other here; the second sees what the first did.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_idempotency(&self, wish: &KeyUse<'_>) -> Result<Claim> {
        let values: Vec<Value> = vec![
            wish.account.into(),
            wish.key.into(),
            wish.operation.into(),
            wish.input_digest.into(),
            wish.subject.into(),
            wish.at.into(),
        ];
        if self.run(sql::CLAIM_KEY, values).await? == 1 {
            return Ok(Claim::Fresh);
        }
        let row = self.one(sql::CLAIMED_KEY, vec![wish.account.into(), wish.key.into()]).await?;
        // Deleted by the cleanup between the two statements: start over.
        let row = row.ok_or(StoreError::Contention)?;
        let mut columns = Columns::of(&row);
        let (operation, input_digest): (String, String) = (columns.take()?, columns.take()?);
        if operation != wish.operation || input_digest != wish.input_digest {
            return Ok(Claim::OtherInput);
        }
        let subject = columns.take()?;
        let result: Option<String> = columns.take()?;
        Ok(Claim::Repeated { subject, result: result.map(|text| from_json("result", &text)).transpose()? })
    }

    /// What a repeat is told, when the subject alone does not say it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_idempotency_result(&self, account: Uuid, key: &str, result: &Json) -> Result<()> {
        self.run(sql::SET_KEY_RESULT, vec![account.into(), key.into(), json(result)?.into()]).await?;
        Ok(())
    }
}
