//! Accounts of people, and the roles and positions they hold for periods.

use chrono::NaiveDate;
use program::definition::{Name, Role};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;
use vocabulary::{EmailAddress, Instant, Locale};

use crate::entity::{account, membership, position_holder, staff_role};
use crate::error::Result;
use crate::people::{locale, one_changed};
use crate::reader::Reader;
use crate::row::{from_word, word};
use crate::unit::Tx;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub id: Uuid,
    pub email: String,
    pub name: String,
    pub locale: Locale,
    pub password_hash: Option<String>,
    pub email_verified_at: Option<Instant>,
    pub disabled_at: Option<Instant>,
    pub created_at: Instant,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffRole {
    pub account: Uuid,
    pub municipality: Name,
    pub role: Role,
    pub from_day: NaiveDate,
    /// The last day.
    pub until_day: Option<NaiveDate>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PositionHeld {
    pub account: Uuid,
    pub municipality: Name,
    pub position: Name,
    pub from_day: NaiveDate,
    /// The last day.
    pub until_day: Option<NaiveDate>,
    /// 職務代理: while the post is vacant.
    pub acting: bool,
}

fn stored(row: account::Model) -> Result<Account> {
    Ok(Account {
        id: row.id,
        email: row.email,
        name: row.name,
        locale: locale(&row.locale)?,
        password_hash: row.password_hash,
        email_verified_at: row.email_verified_at,
        disabled_at: row.disabled_at,
        created_at: row.created_at,
    })
}

fn stored_role(row: staff_role::Model) -> Result<StaffRole> {
    Ok(StaffRole {
        account: row.account,
        municipality: row.municipality,
        role: from_word("role", &row.role)?,
        from_day: row.from_day,
        until_day: row.until_day,
    })
}

fn stored_position(row: position_holder::Model) -> PositionHeld {
    PositionHeld {
        account: row.account,
        municipality: row.municipality,
        position: row.position,
        from_day: row.from_day,
        until_day: row.until_day,
        acting: row.acting,
    }
}

impl Reader {
    /// # Errors
    /// When the database fails.
    pub async fn account(&self, id: Uuid) -> Result<Option<Account>> {
        account::Entity::find_by_id(id).one(&self.db()).await?.map(stored).transpose()
    }

    /// # Errors
    /// When the database fails.
    pub async fn account_by_email(&self, email: &EmailAddress) -> Result<Option<Account>> {
        let query = account::Entity::find().filter(account::Column::Email.eq(email.as_str()));
        query.one(&self.db()).await?.map(stored).transpose()
    }

    /// Those that exist, disabled ones too.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn accounts(&self, ids: &[Uuid]) -> Result<Vec<Account>> {
        let mut found = Vec::with_capacity(ids.len());
        for part in ids.chunks(1_000) {
            let query = account::Entity::find().filter(account::Column::Id.is_in(part.iter().copied()));
            for row in query.all(&self.db()).await? {
                found.push(stored(row)?);
            }
        }
        Ok(found)
    }

    /// Who has this role on that day, for mails and tasks: accounts that are not disabled, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn staff_with_role(&self, municipality: &str, role: Role, day: NaiveDate) -> Result<Vec<Account>> {
        use staff_role::Column;
        let people = staff_role::Entity::find()
            .select_only()
            .column(Column::Account)
            .filter(Column::Municipality.eq(municipality))
            .filter(Column::Role.eq(role.as_str()))
            .filter(Column::FromDay.lte(day))
            .filter(Condition::any().add(Column::UntilDay.is_null()).add(Column::UntilDay.gte(day)));
        let query = account::Entity::find()
            .filter(account::Column::Id.in_subquery(sea_orm::QueryTrait::into_query(people)))
            .filter(account::Column::DisabledAt.is_null())
            .order_by_asc(account::Column::Name)
            .order_by_asc(account::Column::Id);
        query.all(&self.db()).await?.into_iter().map(stored).collect()
    }

    /// The people who act for a business, for mails: accounts that are not disabled, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn people_of_business(&self, business: Uuid, now: Instant) -> Result<Vec<Account>> {
        use membership::Column;
        let people = membership::Entity::find()
            .select_only()
            .column(Column::Account)
            .filter(Column::Business.eq(business))
            .filter(Condition::any().add(Column::EndsAt.is_null()).add(Column::EndsAt.gt(now)));
        let query = account::Entity::find()
            .filter(account::Column::Id.in_subquery(sea_orm::QueryTrait::into_query(people)))
            .filter(account::Column::DisabledAt.is_null())
            .order_by_asc(account::Column::Name)
            .order_by_asc(account::Column::Id);
        query.all(&self.db()).await?.into_iter().map(stored).collect()
    }

    /// All roles of a municipality's staff, past ones too.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn staff_roles(&self, municipality: &str) -> Result<Vec<StaffRole>> {
        let query = staff_role::Entity::find().filter(staff_role::Column::Municipality.eq(municipality));
        let rows = query
            .order_by_asc(staff_role::Column::Role)
            .order_by_asc(staff_role::Column::FromDay)
            .order_by_asc(staff_role::Column::Account)
            .all(&self.db())
            .await?;
        rows.into_iter().map(stored_role).collect()
    }

    /// All positions that somebody holds or held.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn positions(&self, municipality: &str) -> Result<Vec<PositionHeld>> {
        let query = position_holder::Entity::find().filter(position_holder::Column::Municipality.eq(municipality));
        let rows = query
            .order_by_asc(position_holder::Column::Position)
            .order_by_asc(position_holder::Column::FromDay)
            .order_by_asc(position_holder::Column::Account)
            .all(&self.db())
            .await?;
        Ok(rows.into_iter().map(stored_position).collect())
    }
}

impl Tx<'_> {
    /// # Errors
    /// [`crate::StoreError::Unique`] `account_email` when the address has an account.
    pub async fn create_account(&self, account: &Account) -> Result<()> {
        let row = account::ActiveModel {
            id: Set(account.id),
            email: Set(account.email.clone()),
            name: Set(account.name.clone()),
            locale: Set(word(&account.locale)?),
            password_hash: Set(account.password_hash.clone()),
            email_verified_at: Set(account.email_verified_at),
            disabled_at: Set(account.disabled_at),
            created_at: Set(account.created_at),
        };
        account::Entity::insert(row).exec_without_returning(&self.db()).await?;
        Ok(())
    }

    /// Writes everything but the id and the time of creation.
    ///
    /// # Errors
    /// [`crate::StoreError::Unique`] `account_email`; [`crate::StoreError::Conflict`] when there is no such account.
    pub async fn update_account(&self, account: &Account) -> Result<()> {
        let row = account::ActiveModel {
            email: Set(account.email.clone()),
            name: Set(account.name.clone()),
            locale: Set(word(&account.locale)?),
            password_hash: Set(account.password_hash.clone()),
            email_verified_at: Set(account.email_verified_at),
            disabled_at: Set(account.disabled_at),
            ..Default::default()
        };
        let update = account::Entity::update_many().set(row).filter(account::Column::Id.eq(account.id));
        one_changed(update.exec(&self.db()).await?.rows_affected)
    }

    /// Gives a role from a day on, or changes the last day of one that was given.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_staff_role(&self, role: &StaffRole) -> Result<()> {
        use staff_role::Column;
        let row = staff_role::ActiveModel {
            account: Set(role.account),
            municipality: Set(role.municipality.clone()),
            role: Set(role.role.as_str().to_owned()),
            from_day: Set(role.from_day),
            until_day: Set(role.until_day),
        };
        let on_conflict = OnConflict::columns([Column::Account, Column::Municipality, Column::Role, Column::FromDay])
            .update_column(Column::UntilDay)
            .to_owned();
        staff_role::Entity::insert(row).on_conflict(on_conflict).exec_without_returning(&self.db()).await?;
        Ok(())
    }

    /// Takes a role away from now on; `last_day` is the last on which it counted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_staff_role(
        &self,
        account: Uuid,
        municipality: &str,
        role: Role,
        last_day: NaiveDate,
    ) -> Result<u64> {
        use staff_role::Column;
        let db = self.db();
        let of_role = Condition::all()
            .add(Column::Account.eq(account))
            .add(Column::Municipality.eq(municipality))
            .add(Column::Role.eq(role.as_str()));
        // What had not begun then never counts.
        let begun_later = staff_role::Entity::delete_many()
            .filter(of_role.clone())
            .filter(Column::FromDay.gt(last_day))
            .exec(&db)
            .await?;
        let ended = staff_role::Entity::update_many()
            .col_expr(Column::UntilDay, Expr::value(last_day))
            .filter(of_role)
            .filter(Condition::any().add(Column::UntilDay.is_null()).add(Column::UntilDay.gt(last_day)))
            .exec(&db)
            .await?;
        Ok(begun_later.rows_affected + ended.rows_affected)
    }

    /// Puts somebody into a position from a day on, or changes the period's end or manner.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_position(&self, held: &PositionHeld) -> Result<()> {
        use position_holder::Column;
        let row = position_holder::ActiveModel {
            account: Set(held.account),
            municipality: Set(held.municipality.clone()),
            position: Set(held.position.clone()),
            from_day: Set(held.from_day),
            until_day: Set(held.until_day),
            acting: Set(held.acting),
        };
        let key = [Column::Account, Column::Municipality, Column::Position, Column::FromDay];
        let on_conflict = OnConflict::columns(key).update_columns([Column::UntilDay, Column::Acting]).to_owned();
        position_holder::Entity::insert(row).on_conflict(on_conflict).exec_without_returning(&self.db()).await?;
        Ok(())
    }
}
