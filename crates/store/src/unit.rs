//! The unit of work: everything one use case writes, or nothing; run again when another transaction was in the way.

use std::future::Future;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sea_orm::{DatabaseTransaction, DbErr};

use crate::database::{Store, begin};
use crate::error::{Result, Retryable, StoreError};
use crate::reader::{Handle, Reader};

/// One open transaction. All that a unit of work gets to see, so that it cannot reach for a second connection.
///
/// `'env` is what the work borrows from around it; naming it here tells the compiler that it outlives the transaction.
#[derive(Debug)]
pub struct Tx<'env> {
    reader: Reader,
    filled_outbox: AtomicBool,
    environment: PhantomData<&'env ()>,
}

impl Deref for Tx<'_> {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        &self.reader
    }
}

/// Work is tried this often when other transactions are in its way.
const ATTEMPTS: u32 = 6;
/// The wait before the second attempt, in milliseconds, at most; doubled for each further one.
const FIRST_WAIT_MILLISECONDS: u64 = 8;

impl Store {
    /// Runs `work` in one transaction and commits it if it succeeds. When another transaction was in the way, also if
    /// that shows only at the commit, `work` is run again from its start, five times at most: it must do nothing but
    /// use `tx`, and take time and identifiers from outside. It may borrow: `|tx| Box::pin(async move { … })`, with
    /// references to what is around it.
    ///
    /// # Errors
    /// What `work` returns, or what begin and commit meet. [`StoreError::Unavailable`] at the commit leaves open
    /// whether it took place; an idempotency key tells.
    pub async fn write<'env, T, E, F>(&self, work: F) -> std::result::Result<T, E>
    where
        F: for<'c> Fn(&'c Tx<'env>) -> Pin<Box<dyn Future<Output = std::result::Result<T, E>> + Send + 'c>>
            + Send
            + Sync,
        T: Send,
        E: From<StoreError> + Retryable + Send,
    {
        let mut attempt = 1;
        loop {
            match self.attempt(&work).await {
                Err(error) if error.is_retryable() && attempt < ATTEMPTS => {
                    tokio::time::sleep(wait(attempt)).await;
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    async fn attempt<'env, T, E, F>(&self, work: &F) -> std::result::Result<T, E>
    where
        F: for<'c> Fn(&'c Tx<'env>) -> Pin<Box<dyn Future<Output = std::result::Result<T, E>> + Send + 'c>>
            + Send
            + Sync,
        E: From<StoreError>,
    {
        let transaction = self.begin().await?;
        let reader = Reader(Handle::Transaction(transaction));
        let tx = Tx { reader, filled_outbox: false.into(), environment: PhantomData };
        // Dropping the transaction on an error rolls it back.
        let result = work(&tx).await?;
        let filled_outbox = tx.filled_outbox.load(Ordering::Relaxed);
        let Handle::Transaction(transaction) = tx.reader.0 else { return Ok(result) };
        transaction.commit().await.map_err(StoreError::from)?;
        if filled_outbox {
            self.outbox_filled.notify_one();
        }
        Ok(result)
    }

    /// A connection that was cut while it lay in the pool shows here, before anything was done: the next one is taken.
    async fn begin(&self) -> Result<DatabaseTransaction> {
        match begin(&self.writer).await {
            Ok(transaction) => Ok(transaction),
            Err(error @ DbErr::ConnectionAcquire(_)) => Err(error.into()),
            Err(error) => match StoreError::from(error) {
                StoreError::Unavailable(_) => Ok(begin(&self.writer).await?),
                error => Err(error),
            },
        }
    }
}

/// Somewhere in the window of this attempt, so that those who collided do not meet again.
fn wait(attempt: u32) -> Duration {
    let window = FIRST_WAIT_MILLISECONDS << attempt.min(8);
    Duration::from_millis(1 + RandomState::new().build_hasher().finish() % window)
}

impl Tx<'_> {
    pub(crate) fn outbox_is_filled(&self) {
        self.filled_outbox.store(true, Ordering::Relaxed);
    }
}
