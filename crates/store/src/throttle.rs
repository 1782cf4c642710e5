//! Limits on guessing, shared by all servers: a bucket for each address and each account. A bucket is known by a digest,
//! so that the table says nothing about whom.

use sea_orm::Value;
use uuid::Uuid;
use vocabulary::Instant;

use crate::error::{Result, StoreError};
use crate::reader::Reader;
use crate::row::Columns;
use crate::sql;
use crate::unit::Tx;

impl Tx<'_> {
    /// Takes one try out of a bucket, even if there is none left; returns when all are there again. Buckets are taken
    /// in their order, so that nobody waits in a circle.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_try(&self, bucket: &[u8], now: Instant, microseconds: i64) -> Result<Instant> {
        let values: Vec<Value> = vec![bucket.to_vec().into(), now.timestamp_micros().into(), microseconds.into()];
        let row = self.one(sql::TAKE_TRY, values).await?;
        let row = row.ok_or_else(|| StoreError::fault("a bucket did not answer"))?;
        let full_at: i64 = Columns::of(&row).take()?;
        Instant::from_timestamp_micros(full_at).ok_or_else(|| StoreError::damaged("bucket", full_at))
    }

    /// # Errors
    /// When the database fails.
    pub async fn give_back_try(&self, bucket: &[u8], microseconds: i64) -> Result<()> {
        self.run(sql::GIVE_BACK_TRY, vec![bucket.to_vec().into(), microseconds.into()]).await?;
        Ok(())
    }

    /// Somebody has signed in from there.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remember_place(&self, account: Uuid, place: &[u8], until: Instant) -> Result<()> {
        self.run(sql::REMEMBER_PLACE, vec![account.into(), place.to_vec().into(), until.into()]).await?;
        Ok(())
    }

    /// Buckets that are full, and places that nobody has come from for long.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_tries(&self, now: Instant) -> Result<()> {
        self.run(sql::FORGET_FULL, vec![now.timestamp_micros().into()]).await?;
        self.run(sql::FORGET_PLACES, vec![now.into()]).await?;
        Ok(())
    }
}

impl Reader {
    /// # Errors
    /// When the database fails.
    pub async fn knows_place(&self, account: Uuid, place: &[u8], now: Instant) -> Result<bool> {
        let values = vec![account.into(), place.to_vec().into(), now.into()];
        Ok(self.one(sql::KNOWN_PLACE, values).await?.is_some())
    }
}
