//! Judges (審査員): for which call, for how long, and which cases they keep away from.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Value};
use uuid::Uuid;
use vocabulary::Instant;

use crate::entity::{judge, judge_recusal};
use crate::error::Result;
use crate::reader::Reader;
use crate::row::Columns;
use crate::sql;
use crate::unit::Tx;

/// An appointment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judge {
    pub id: Uuid,
    pub call: Uuid,
    pub account: Uuid,
    pub from_day: NaiveDate,
    /// The last day; until the dismissal when absent.
    pub until_day: Option<NaiveDate>,
    /// None when it was done by whoever runs the installation.
    pub appointed_by: Option<Uuid>,
    pub appointed_at: Instant,
    pub dismissed_at: Option<Instant>,
}

/// 利害関係: a case that somebody keeps away from as a judge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recusal {
    pub account: Uuid,
    pub application: Uuid,
    /// The application's number.
    pub number: Option<String>,
    pub reason: String,
    pub declared_by: Uuid,
    pub declared_at: Instant,
}

fn stored(row: judge::Model) -> Judge {
    let judge::Model { id, call, account, from_day, until_day, appointed_by, appointed_at, dismissed_at, .. } = row;
    Judge { id, call, account, from_day, until_day, appointed_by, appointed_at, dismissed_at }
}

impl Reader {
    /// # Errors
    /// When the database fails.
    pub async fn judge(&self, id: Uuid) -> Result<Option<Judge>> {
        Ok(judge::Entity::find_by_id(id).one(&self.db()).await?.map(stored))
    }

    /// All who were ever appointed for the call, in the order in which they were.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn judges_of_call(&self, call: Uuid) -> Result<Vec<Judge>> {
        let query = judge::Entity::find().filter(judge::Column::Call.eq(call));
        let query = query.order_by_asc(judge::Column::AppointedAt).order_by_asc(judge::Column::Id);
        Ok(query.all(&self.db()).await?.into_iter().map(stored).collect())
    }

    /// Who keeps away from which case of the call.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn recusals_of_call(&self, call: Uuid) -> Result<Vec<Recusal>> {
        let rows = self.all(sql::RECUSALS_OF_CALL, vec![call.into()]).await?;
        let recusal = |row| {
            let mut columns = Columns::of(row);
            Ok(Recusal {
                account: columns.take()?,
                application: columns.take()?,
                number: columns.take()?,
                reason: columns.take()?,
                declared_by: columns.take()?,
                declared_at: columns.take()?,
            })
        };
        rows.iter().map(recusal).collect()
    }

    /// Who keeps away from the case, with why.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn recusals_of_case(&self, application: Uuid) -> Result<BTreeMap<Uuid, String>> {
        let query = judge_recusal::Entity::find().filter(judge_recusal::Column::Application.eq(application));
        Ok(query.all(&self.db()).await?.into_iter().map(|row| (row.account, row.reason)).collect())
    }
}

impl Tx<'_> {
    /// Whether it was done: not when the account judges for the call already.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn appoint_judge(&self, new: &Judge) -> Result<bool> {
        let values: Vec<Value> = vec![
            new.id.into(),
            new.call.into(),
            new.account.into(),
            new.from_day.into(),
            new.until_day.into(),
            new.appointed_by.into(),
            new.appointed_at.into(),
        ];
        Ok(self.run(sql::APPOINT_JUDGE, values).await? == 1)
    }

    /// Ends an appointment at once; one that has ended stays as it is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn dismiss_judge(&self, judge: Uuid, at: Instant, by: Uuid) -> Result<()> {
        self.run(sql::DISMISS_JUDGE, vec![judge.into(), at.into(), by.into()]).await?;
        Ok(())
    }

    /// Bars the account from judging the case, for good; what was declared first stays.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn recuse_judge(&self, recusal: &Recusal) -> Result<()> {
        let values: Vec<Value> = vec![
            recusal.account.into(),
            recusal.application.into(),
            recusal.reason.as_str().into(),
            recusal.declared_by.into(),
            recusal.declared_at.into(),
        ];
        self.run(sql::RECUSE_JUDGE, values).await?;
        Ok(())
    }
}
