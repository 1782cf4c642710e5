//! Doing a thing once, however often it is asked for: keys that clients make.

use std::future::Future;
use std::pin::Pin;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::Tx;
use uuid::Uuid;
use vocabulary::{Instant, canonical_json};

use crate::service::Service;
use crate::view::Viewer;
use crate::{Error, Result};

/// What a client wants done once.
pub(crate) struct Wish {
    account: Uuid,
    /// None when the client made no key: then each time is another wish.
    key: Option<String>,
    operation: &'static str,
    /// Of everything that was asked for.
    input_digest: String,
    /// What the answer will be about, so that a repeat finds it.
    pub subject: Uuid,
    pub at: Instant,
}

/// What is done in the transaction.
pub(crate) type Work<'c> = Pin<Box<dyn Future<Output = Result<()>> + Send + 'c>>;

impl Wish {
    /// # Errors
    /// `BadInput` for a key of another shape.
    pub fn new<'a, I: Serialize>(
        viewer: &Viewer,
        key: impl Into<Option<&'a str>>,
        operation: &'static str,
        input: &I,
        about: (Uuid, Instant),
    ) -> Result<Self> {
        Self::by(viewer.person.id, key, operation, input, about)
    }

    /// Of whoever has that identifier: an account, or the link of a partner.
    ///
    /// # Errors
    /// `BadInput` for a key of another shape.
    pub fn by<'a, I: Serialize>(
        account: Uuid,
        key: impl Into<Option<&'a str>>,
        operation: &'static str,
        input: &I,
        (subject, at): (Uuid, Instant),
    ) -> Result<Self> {
        let canonical = canonical_json(input).map_err(|error| Error::Fault(error.to_string()))?;
        let input_digest = vocabulary::digest(canonical.as_bytes());
        let key = key.into().map(checked_key).transpose()?;
        Ok(Self { account, key, operation, input_digest, subject, at })
    }

    /// Takes the key for this input, or says what it was taken for before.
    ///
    /// # Errors
    /// `IdempotencyConflict` when it was taken for something else.
    pub async fn claim(&self, tx: &Tx<'_>) -> Result<Option<Uuid>> {
        Ok(self.claimed(tx).await?.map(|(subject, _)| subject))
    }

    /// As [`Wish::claim`]: the answer that [`Wish::keep_answer`] kept.
    ///
    /// # Errors
    /// `IdempotencyConflict` when the key was taken for something else.
    pub async fn claim_answer<T: DeserializeOwned>(&self, tx: &Tx<'_>) -> Result<Option<T>> {
        let Some((_, kept)) = self.claimed(tx).await? else { return Ok(None) };
        let kept = kept.ok_or_else(|| Error::Fault(format!("{} kept no answer", self.operation)))?;
        serde_json::from_value(kept).map(Some).map_err(|error| Error::Fault(error.to_string()))
    }

    /// What a repeat is told, where the subject alone does not say it.
    ///
    /// # Errors
    /// Faults only.
    pub async fn keep_answer<T: Serialize>(&self, tx: &Tx<'_>, answer: &T) -> Result<()> {
        let Some(key) = &self.key else { return Ok(()) };
        let answer = serde_json::to_value(answer).map_err(|error| Error::Fault(error.to_string()))?;
        Ok(tx.set_idempotency_result(self.account, key, &answer).await?)
    }

    async fn claimed(&self, tx: &Tx<'_>) -> Result<Option<(Uuid, Option<Value>)>> {
        let Some(key) = &self.key else { return Ok(None) };
        let Self { account, operation, input_digest, subject, at, .. } = self;
        let (account, subject, at) = (*account, *subject, *at);
        let wish = store::KeyUse { account, key, operation, input_digest, subject, at };
        match tx.claim_idempotency(&wish).await? {
            store::Claim::Fresh => Ok(None),
            store::Claim::Repeated { subject, result } => Ok(Some((subject, result))),
            store::Claim::OtherInput => Err(Error::IdempotencyConflict),
        }
    }
}

impl Service {
    /// Does `work` in one transaction, unless the wish was fulfilled before: then nothing is done. Returns the subject
    /// of the first time either way, so that the first answer can be given again.
    ///
    /// # Errors
    /// `IdempotencyConflict` when the key was used for something else, and what `work` returns.
    pub(crate) async fn once<'env, F>(&'env self, wish: &'env Wish, work: &'env F) -> Result<Uuid>
    where
        F: for<'c> Fn(&'c Tx<'env>) -> Work<'c> + Send + Sync,
    {
        self.store()
            .write(|tx| {
                Box::pin(async move {
                    if let Some(earlier) = wish.claim(tx).await? {
                        return Ok(earlier);
                    }
                    work(tx).await?;
                    Ok(wish.subject)
                })
            })
            .await
    }
}

/// Keys are made by clients; 1 to 255 visible characters.
fn checked_key(key: &str) -> Result<String> {
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
