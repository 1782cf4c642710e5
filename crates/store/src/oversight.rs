//! What auditors look at: the history of all cases of a municipality, who had access to what, and chains to be checked.

use casework::Head;
use casework::history::{Event, Stage};
use program::definition::{Name, Role};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Value};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vocabulary::Instant;

use crate::entity::{access_log, application, event};
use crate::error::Result;
use crate::history::stored_event;
use crate::lists::Cursor;
use crate::reader::Reader;
use crate::row::{Columns, from_word, word};
use crate::sql;
use crate::unit::Tx;

/// A kind of access that is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessKind {
    SignedIn,
    /// A document of an applicant, by staff.
    Document,
    /// A payment batch with the accounts of its payees.
    PaymentBatch,
    BankFile,
    CasesExported,
    PeopleExported,
    HistoryExported,
    /// A password, code or passkey was wrong, or the account may not be used.
    SignInFailed,
    /// There were too many tries before.
    SignInThrottled,
    /// Somebody took along what is kept of them.
    OwnDataExported,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    pub id: Uuid,
    pub at: Instant,
    /// None for applicants.
    pub municipality: Option<Name>,
    /// None when the address that was typed has no account.
    pub account: Option<Uuid>,
    pub kind: AccessKind,
    /// The file or batch.
    pub subject: Option<Uuid>,
    /// The client's address, where it is known.
    pub address: Option<String>,
}

/// A part of a list in order of time, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    pub municipality: Name,
    pub from: Instant,
    /// The first moment that does not count.
    pub until: Instant,
    /// Of one person alone.
    pub account: Option<Uuid>,
    pub after: Option<Cursor>,
    pub limit: u32,
}

/// An event among those of all cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    pub id: Uuid,
    pub application: Uuid,
    pub sequence: i64,
    pub at: Instant,
    pub actor: Uuid,
    pub role: Role,
    pub action: Name,
    pub stage: Stage,
    pub from: Name,
    pub to: Name,
    /// The case's, once it has one.
    pub number: Option<String>,
    /// The version that the case is on.
    pub program_hash: String,
    /// The application came on paper: the office does for the applicant what an applicant does.
    pub on_paper: bool,
}

/// A chain to be checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    pub application: Uuid,
    pub number: Option<String>,
    /// As the case's own row has it.
    pub head: Head,
    /// In their order.
    pub events: Vec<Event>,
}

fn stored_access(row: access_log::Model) -> Result<Access> {
    Ok(Access {
        id: row.id,
        at: row.at,
        municipality: row.municipality,
        account: row.account,
        kind: from_word("access", &row.kind)?,
        subject: row.subject,
        address: row.address,
    })
}

impl Reader {
    /// The events of all cases of a municipality; of one case where a number is given.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn happenings(&self, period: &Period, number: Option<&str>) -> Result<Vec<Happening>> {
        let after = period.after.unwrap_or(Cursor { at: period.until, id: Uuid::nil() });
        let mut values: Vec<Value> = vec![
            period.municipality.as_str().into(),
            period.from.into(),
            after.at.into(),
            after.id.into(),
            i64::from(period.limit).into(),
        ];
        let mut rest = String::new();
        if let Some(account) = period.account {
            values.push(account.into());
            rest.push_str(&format!(" AND e.actor = ${}", values.len()));
        }
        if let Some(number) = number {
            values.push(number.into());
            rest.push_str(&format!(" AND a.number = ${}", values.len()));
        }
        let rows = self.all(&sql::happenings(&rest), values).await?;
        rows.iter()
            .map(|row| {
                let mut columns = Columns::of(row);
                Ok(Happening {
                    id: columns.take()?,
                    application: columns.take()?,
                    sequence: columns.take()?,
                    at: columns.take()?,
                    actor: columns.take()?,
                    role: columns.word("event")?,
                    action: columns.take()?,
                    stage: columns.word("event")?,
                    from: columns.take()?,
                    to: columns.take()?,
                    number: columns.take()?,
                    program_hash: columns.take()?,
                    on_paper: columns.take::<i64>()? == 1,
                })
            })
            .collect()
    }

    /// # Errors
    /// When the database fails.
    pub async fn accesses(&self, period: &Period, kind: Option<AccessKind>) -> Result<Vec<Access>> {
        use access_log::Column;
        use sea_orm::Condition;
        let mut query = access_log::Entity::find()
            .filter(Column::Municipality.eq(period.municipality.as_str()))
            .filter(Column::At.gte(period.from))
            .filter(Column::At.lt(period.until));
        if let Some(after) = period.after {
            let later = Condition::all().add(Column::At.eq(after.at)).add(Column::Id.lt(after.id));
            query = query.filter(Condition::any().add(Column::At.lt(after.at)).add(later));
        }
        if let Some(account) = period.account {
            query = query.filter(Column::Account.eq(account));
        }
        if let Some(kind) = kind {
            query = query.filter(Column::Kind.eq(word(&kind)?));
        }
        let query = query.order_by_desc(Column::At).order_by_desc(Column::Id).limit(u64::from(period.limit));
        let rows = query.all(&self.db()).await?;
        rows.into_iter().map(stored_access).collect()
    }

    /// Of one account, newest first: one row for each municipality of each.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn accesses_of_account(&self, account: Uuid, kinds: &[AccessKind], limit: u32) -> Result<Vec<Access>> {
        use access_log::Column;
        let kinds = kinds.iter().map(word).collect::<Result<Vec<_>>>()?;
        let query = access_log::Entity::find().filter(Column::Account.eq(account)).filter(Column::Kind.is_in(kinds));
        let query = query.order_by_desc(Column::At).order_by_desc(Column::Id).limit(u64::from(limit));
        query.all(&self.db()).await?.into_iter().map(stored_access).collect()
    }

    /// Cases of a municipality that have a history.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_chains(&self, municipality: &str) -> Result<i64> {
        let row = self.one(sql::COUNT_CHAINS, vec![municipality.into()]).await?;
        row.as_ref().map_or(Ok(0), |row| Columns::of(row).take())
    }

    /// Chains of a municipality in the order of the applications, a part at a time.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn chains(&self, municipality: &str, after: Option<Uuid>, limit: u32) -> Result<Vec<Chain>> {
        use application::Column;
        let mut query = application::Entity::find()
            .select_only()
            .columns([Column::Id, Column::Number, Column::HeadSequence, Column::HeadHash, Column::HeadAt])
            .filter(Column::Municipality.eq(municipality))
            .filter(Column::HeadSequence.gt(0));
        if let Some(after) = after {
            query = query.filter(Column::Id.gt(after));
        }
        let query = query.order_by_asc(Column::Id).limit(u64::from(limit));
        let rows: Vec<(Uuid, Option<String>, i64, String, Instant)> = query.into_tuple().all(&self.db()).await?;
        let ids: Vec<Uuid> = rows.iter().map(|(id, ..)| *id).collect();
        let mut chains: Vec<Chain> = rows
            .into_iter()
            .map(|(application, number, sequence, hash, at)| Chain {
                application,
                number,
                head: Head { sequence, hash, at },
                events: Vec::new(),
            })
            .collect();
        let events = event::Entity::find()
            .filter(event::Column::Application.is_in(ids))
            .order_by_asc(event::Column::Application)
            .order_by_asc(event::Column::Sequence);
        for row in events.all(&self.db()).await? {
            let found = stored_event(row)?;
            if let Some(chain) = chains.iter_mut().find(|chain| chain.application == found.application) {
                chain.events.push(found);
            }
        }
        Ok(chains)
    }
}

impl Tx<'_> {
    /// # Errors
    /// When the database fails.
    pub async fn log_access(&self, accesses: &[Access]) -> Result<()> {
        if accesses.is_empty() {
            return Ok(());
        }
        let mut rows = Vec::with_capacity(accesses.len());
        for access in accesses {
            rows.push(access_log::ActiveModel {
                id: Set(access.id),
                at: Set(access.at),
                municipality: Set(access.municipality.clone()),
                account: Set(access.account),
                kind: Set(word(&access.kind)?),
                subject: Set(access.subject),
                address: Set(access.address.clone()),
            });
        }
        access_log::Entity::insert_many(rows).exec_without_returning(&self.db()).await?;
        Ok(())
    }
}
