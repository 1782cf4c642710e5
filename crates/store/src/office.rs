//! What the office keeps beside its cases: saved views of lists, notes, ticked items of checklists; and what looks like
//! another case.

use casework::Business;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vocabulary::Instant;

use crate::entity::{business, note, review_check, saved_view};
use crate::error::Result;
use crate::reader::Reader;
use crate::row::{Columns, from_word, word};
use crate::sql;
use crate::unit::Tx;

/// A list of cases as somebody wants to see it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedView {
    pub id: Uuid,
    pub account: Uuid,
    /// One of each name for an account.
    pub name: String,
    /// The parameters of the list's address.
    pub query: String,
    pub saved_at: Instant,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub id: Uuid,
    pub application: Uuid,
    pub account: Uuid,
    pub at: Instant,
    pub content: String,
    /// It was a mistake.
    pub struck_at: Option<Instant>,
}

/// An item of a checklist that somebody looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewCheck {
    pub application: Uuid,
    pub item: String,
    /// The number of the event that took in what was looked at.
    pub submission: i64,
    pub account: Uuid,
    pub at: Instant,
    pub result: ReviewResult,
    /// Empty where nothing is to be said.
    pub remark: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewResult {
    Fine,
    Doubtful,
}

/// A document of one case that was handed in with another one, too: byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SameDocument {
    pub application: Uuid,
    /// As this case calls it.
    pub name: String,
}

/// A business that has something in common with another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alike {
    pub business: Uuid,
    pub address: bool,
    pub representative: bool,
}

/// Cases and businesses that are told of.
const MOST_ALIKE: u64 = 20;

impl Reader {
    /// By name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn saved_views(&self, account: Uuid) -> Result<Vec<SavedView>> {
        use saved_view::Column;
        let query = saved_view::Entity::find().filter(Column::Account.eq(account)).order_by_asc(Column::Name);
        let rows = query.all(&self.db()).await?;
        Ok(rows
            .into_iter()
            .map(|row| SavedView {
                id: row.id,
                account: row.account,
                name: row.name,
                query: row.query,
                saved_at: row.saved_at,
            })
            .collect())
    }

    /// Oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn notes(&self, application: Uuid) -> Result<Vec<Note>> {
        use note::Column;
        let query = note::Entity::find().filter(Column::Application.eq(application));
        let rows = query.order_by_asc(Column::At).order_by_asc(Column::Id).all(&self.db()).await?;
        Ok(rows
            .into_iter()
            .map(|row| Note {
                id: row.id,
                application: row.application,
                account: row.account,
                at: row.at,
                content: row.content,
                struck_at: row.struck_at,
            })
            .collect())
    }

    /// # Errors
    /// When the database fails.
    pub async fn count_notes(&self, application: Uuid) -> Result<u64> {
        Ok(note::Entity::find().filter(note::Column::Application.eq(application)).count(&self.db()).await?)
    }

    /// # Errors
    /// When the database fails.
    pub async fn review_checks(&self, application: Uuid) -> Result<Vec<ReviewCheck>> {
        let query = review_check::Entity::find().filter(review_check::Column::Application.eq(application));
        let rows = query.all(&self.db()).await?;
        rows.into_iter()
            .map(|row| {
                Ok(ReviewCheck {
                    application: row.application,
                    item: row.item,
                    submission: row.submission,
                    account: row.account,
                    at: row.at,
                    result: from_word("check", &row.result)?,
                    remark: row.remark,
                })
            })
            .collect()
    }

    /// Other cases with a document of this one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn same_documents(&self, application: Uuid) -> Result<Vec<SameDocument>> {
        let limit = i64::try_from(MOST_ALIKE).unwrap_or(i64::MAX);
        let rows = self.all(sql::SAME_DOCUMENTS, vec![application.into(), limit.into()]).await?;
        rows.iter()
            .map(|row| {
                let mut columns = Columns::of(row);
                Ok(SameDocument { application: columns.take()?, name: columns.take()? })
            })
            .collect()
    }

    /// The drafts of what came on paper that somebody types in, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn typed_in(&self, account: Uuid, limit: u32) -> Result<Vec<Uuid>> {
        let rows = self.all(sql::TYPED_IN, vec![account.into(), i64::from(limit).into()]).await?;
        rows.iter().map(|row| Columns::of(row).take()).collect()
    }

    /// Other businesses of the same address or representative.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn alike(&self, one: &Business) -> Result<Vec<Alike>> {
        use business::Column;
        let common = [(Column::Address, &one.address), (Column::Representative, &one.representative)];
        let common = common.into_iter().filter(|(_, text)| !text.is_empty());
        let any = common.fold(Condition::any(), |any, (column, text)| any.add(column.eq(text.as_str())));
        if any.is_empty() {
            return Ok(Vec::new());
        }
        let query = business::Entity::find().filter(any).filter(Column::Id.ne(one.id)).limit(MOST_ALIKE);
        let rows = query.all(&self.db()).await?;
        Ok(rows
            .into_iter()
            .map(|row| Alike {
                business: row.id,
                address: row.address == one.address,
                representative: row.representative == one.representative,
            })
            .collect())
    }
}

impl Tx<'_> {
    /// Replaces the view of the same name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn save_view(&self, view: &SavedView) -> Result<()> {
        use saved_view::Column;
        let row = saved_view::ActiveModel {
            id: Set(view.id),
            account: Set(view.account),
            name: Set(view.name.clone()),
            query: Set(view.query.clone()),
            saved_at: Set(view.saved_at),
        };
        let mut replaced = OnConflict::columns([Column::Account, Column::Name]);
        replaced.update_columns([Column::Query, Column::SavedAt]);
        saved_view::Entity::insert(row).on_conflict(replaced).exec_without_returning(&self.db()).await?;
        Ok(())
    }

    /// # Errors
    /// When the database fails.
    pub async fn drop_view(&self, account: Uuid, id: Uuid) -> Result<()> {
        use saved_view::Column;
        let query = saved_view::Entity::delete_many().filter(Column::Id.eq(id)).filter(Column::Account.eq(account));
        query.exec(&self.db()).await?;
        Ok(())
    }

    /// # Errors
    /// When the database fails.
    pub async fn add_note(&self, added: &Note) -> Result<()> {
        let row = note::ActiveModel {
            id: Set(added.id),
            application: Set(added.application),
            account: Set(added.account),
            at: Set(added.at),
            content: Set(added.content.clone()),
            struck_at: Set(added.struck_at),
        };
        note::Entity::insert(row).exec_without_returning(&self.db()).await?;
        Ok(())
    }

    /// Returns whether the account has such a note in the case that was not struck out before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn strike_note(&self, application: Uuid, id: Uuid, account: Uuid, at: Instant) -> Result<bool> {
        use note::Column;
        let query = note::Entity::update_many()
            .col_expr(Column::StruckAt, Expr::value(at))
            .filter(Column::Id.eq(id))
            .filter(Column::Application.eq(application))
            .filter(Column::Account.eq(account))
            .filter(Column::StruckAt.is_null());
        Ok(query.exec(&self.db()).await?.rows_affected == 1)
    }

    /// Instead of what was said of the item before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn check_item(&self, check: &ReviewCheck) -> Result<()> {
        use review_check::Column;
        let row = review_check::ActiveModel {
            application: Set(check.application),
            item: Set(check.item.clone()),
            submission: Set(check.submission),
            account: Set(check.account),
            at: Set(check.at),
            result: Set(word(&check.result)?),
            remark: Set(check.remark.clone()),
        };
        let mut replaced = OnConflict::columns([Column::Application, Column::Item]);
        replaced.update_columns([Column::Submission, Column::Account, Column::At, Column::Result, Column::Remark]);
        review_check::Entity::insert(row).on_conflict(replaced).exec_without_returning(&self.db()).await?;
        Ok(())
    }
}
