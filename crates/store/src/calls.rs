//! What the cases of a call share: its places, the line of those who wait, rankings, and how far its target is reached.

use casework::CallStanding;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Value};
use uuid::Uuid;
use vocabulary::Instant;

use crate::entity::ranking;
use crate::error::{Result, StoreError};
use crate::reader::Reader;
use crate::row::Columns;
use crate::sql;
use crate::unit::Tx;

/// Cases of a call, and distinct businesses behind them, that came so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    pub handed_in: Count,
    pub decided: Count,
    /// At a good end.
    pub ended_well: Count,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub cases: i64,
    pub businesses: i64,
}

/// 順位の確定, as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRanking {
    pub id: Uuid,
    pub call: Uuid,
    pub by: Uuid,
    pub at: Instant,
    /// What the lots were drawn from.
    pub seed: String,
    /// Canonical JSON: how it was ranked, and each case with its place.
    pub content: String,
    /// Of `content`.
    pub sha256: String,
}

impl Reader {
    /// How the call stands for one of its cases; `since` when the case waits in line already.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn call_standing(
        &self,
        call: Uuid,
        application: Uuid,
        since: Option<Instant>,
        held_counts: bool,
    ) -> Result<CallStanding> {
        let Some(stored) = self.call(call).await? else { return Ok(CallStanding::default()) };
        let line = match stored.budget_line {
            Some(line) => self.budget_line(line).await?,
            None => None,
        };
        let since = since.unwrap_or_else(crate::cases::far_future);
        let values: Vec<Value> = vec![call.into(), application.into(), since.into()];
        let waiting = self.one(sql::WAITING, values).await?;
        Ok(CallStanding {
            places_left: stored.capacity.map(|capacity| capacity - stored.taken),
            budget_left: line.map(|line| line.totals.available(held_counts)),
            waiting: waiting.as_ref().map(|row| Columns::of(row).take()).transpose()?.unwrap_or_default(),
            placing: None,
        })
    }

    /// # Errors
    /// When the database fails.
    pub async fn first_in_line(&self, call: Uuid) -> Result<Option<Uuid>> {
        self.one(sql::FIRST_IN_LINE, vec![call.into()]).await?.map(|row| Columns::of(&row).take()).transpose()
    }

    /// Those that wait for the office or the applicant, by id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn waiting_cases_of_call(&self, call: Uuid) -> Result<Vec<Uuid>> {
        let rows = self.all(sql::WAITING_CASES_OF_CALL, vec![call.into()]).await?;
        rows.iter().map(|row| Columns::of(row).take()).collect()
    }

    /// # Errors
    /// When the database fails.
    pub async fn reached(&self, call: Uuid) -> Result<Reached> {
        let Some(row) = self.one(sql::REACHED, vec![call.into()]).await? else { return Ok(Reached::default()) };
        let mut columns = Columns::of(&row);
        let mut count = || Ok::<_, StoreError>(Count { cases: columns.take()?, businesses: columns.take()? });
        Ok(Reached { handed_in: count()?, decided: count()?, ended_well: count()? })
    }

    /// The newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rankings(&self, call: Uuid) -> Result<Vec<StoredRanking>> {
        let query = ranking::Entity::find().filter(ranking::Column::Call.eq(call));
        let query = query.order_by_desc(ranking::Column::At).order_by_desc(ranking::Column::Id);
        let rows = query.all(&self.db()).await?;
        let stored = rows.into_iter().map(|row| StoredRanking {
            id: row.id,
            call: row.call,
            by: row.ranked_by,
            at: row.at,
            seed: row.seed,
            content: row.content,
            sha256: row.sha256,
        });
        Ok(stored.collect())
    }
}

impl Tx<'_> {
    /// Takes places of a call, or gives them back when below zero: one conditional update, so that there are never more
    /// taken than there are, at every isolation level.
    ///
    /// # Errors
    /// [`StoreError::Full`] when there are not enough.
    pub async fn take_places(&self, call: Uuid, places: i64) -> Result<()> {
        if places == 0 {
            return Ok(());
        }
        let changed = self.run(sql::TAKE_PLACES, vec![call.into(), places.into()]).await?;
        if changed == 1 { Ok(()) } else { Err(StoreError::Full) }
    }

    /// # Errors
    /// When the database fails.
    pub async fn keep_ranking(&self, new: &StoredRanking) -> Result<()> {
        let row = ranking::ActiveModel {
            id: Set(new.id),
            call: Set(new.call),
            ranked_by: Set(new.by),
            at: Set(new.at),
            seed: Set(new.seed.clone()),
            content: Set(new.content.clone()),
            sha256: Set(new.sha256.clone()),
        };
        ranking::Entity::insert(row).exec_without_returning(&self.db()).await?;
        Ok(())
    }
}
