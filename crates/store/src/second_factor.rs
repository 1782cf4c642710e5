//! Second factors: secrets shared with authenticator apps, sealed by a key that is elsewhere, codes for whoever has lost the device, and sign-ins of which
//! one half is done. Whatever may happen once is one conditional statement.

use std::collections::BTreeSet;

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use uuid::Uuid;
use vocabulary::Instant;

use crate::entity::{half_sign_in, installation_key, recovery_code, second_factor};
use crate::error::Result;
use crate::people::one_changed;
use crate::reader::Reader;
use crate::sql;
use crate::unit::Tx;

/// Counts from its confirmation on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecondFactor {
    pub account: Uuid,
    pub secret: Vec<u8>,
    /// The key of the installation by which the secret is sealed; none when it is as it is.
    pub sealed_by: Option<String>,
    pub begun_at: Instant,
    pub confirmed_at: Option<Instant>,
}

/// A sign-in of which the first half is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HalfSignIn {
    pub account: Uuid,
    /// When that half was shown.
    pub authenticated_at: Instant,
    pub expires_at: Instant,
}

/// Of the row of the installation's key.
const THE_ONE: i32 = 1;

fn stored(row: second_factor::Model) -> SecondFactor {
    SecondFactor {
        account: row.account,
        secret: row.secret,
        sealed_by: row.sealed_by,
        begun_at: row.begun_at,
        confirmed_at: row.confirmed_at,
    }
}

impl Reader {
    /// # Errors
    /// When the database fails.
    pub async fn second_factor(&self, account: Uuid) -> Result<Option<SecondFactor>> {
        let found = second_factor::Entity::find_by_id(account).one(&self.db()).await?;
        Ok(found.map(stored))
    }

    /// The key of the installation that seals now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn installation_key(&self) -> Result<Option<String>> {
        Ok(installation_key::Entity::find_by_id(THE_ONE).one(&self.db()).await?.map(|row| row.name))
    }

    /// Those whose secret another key has sealed, or none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn second_factors_not_sealed_by(&self, key: &str) -> Result<Vec<SecondFactor>> {
        use second_factor::Column;
        let other = Condition::any().add(Column::SealedBy.is_null()).add(Column::SealedBy.ne(key));
        let rows = second_factor::Entity::find().filter(other).order_by_asc(Column::Account).all(&self.db()).await?;
        Ok(rows.into_iter().map(stored).collect())
    }

    /// Those of the accounts whose second factor is in force.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn with_second_factor(&self, accounts: &[Uuid]) -> Result<BTreeSet<Uuid>> {
        use second_factor::Column;
        let mut found = BTreeSet::new();
        for part in accounts.chunks(1_000) {
            let query = second_factor::Entity::find().filter(Column::Account.is_in(part.iter().copied()));
            let rows = query.filter(Column::ConfirmedAt.is_not_null()).all(&self.db()).await?;
            found.extend(rows.into_iter().map(|row| row.account));
        }
        Ok(found)
    }

    /// Recovery codes that were not used.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn recovery_codes_left(&self, account: Uuid) -> Result<u64> {
        use recovery_code::Column;
        let query = recovery_code::Entity::find().filter(Column::Account.eq(account)).filter(Column::UsedAt.is_null());
        Ok(query.count(&self.db()).await?)
    }

    /// Whether that code is one of the account's, used or not.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn has_recovery_code(&self, account: Uuid, code_hash: &[u8]) -> Result<bool> {
        let found = recovery_code::Entity::find_by_id(code_hash.to_vec()).one(&self.db()).await?;
        Ok(found.is_some_and(|row| row.account == account))
    }

    /// None when it is unknown, over or completed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn half_signed_in(&self, token_hash: &[u8], now: Instant) -> Result<Option<HalfSignIn>> {
        let found = half_sign_in::Entity::find_by_id(token_hash.to_vec()).one(&self.db()).await?;
        Ok(found.filter(|row| row.expires_at > now).map(|row| HalfSignIn {
            account: row.account,
            authenticated_at: row.authenticated_at.unwrap_or(row.created_at),
            expires_at: row.expires_at,
        }))
    }
}

impl Tx<'_> {
    /// Keeps a secret until it is confirmed; takes the place of one that was not. Whether there was room for it: a
    /// factor in force stays.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin_second_factor(&self, factor: &SecondFactor) -> Result<bool> {
        let SecondFactor { account, secret, sealed_by, begun_at, .. } = factor.clone();
        let values = vec![account.into(), secret.into(), begun_at.into(), sealed_by.into()];
        Ok(self.run(sql::BEGIN_SECOND_FACTOR, values).await? == 1)
    }

    /// Puts a secret that is sealed anew in the place of the one that it was made from.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn reseal(&self, before: &SecondFactor, secret: &[u8], sealed_by: &str) -> Result<()> {
        use second_factor::Column;
        let update = second_factor::Entity::update_many()
            .col_expr(Column::Secret, Expr::value(secret.to_vec()))
            .col_expr(Column::SealedBy, Expr::value(sealed_by))
            .filter(Column::Account.eq(before.account))
            .filter(Column::Secret.eq(before.secret.clone()));
        update.exec(&self.db()).await?;
        Ok(())
    }

    /// Names the key that seals, where none is named yet: of two servers that start at once, the first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn name_installation_key(&self, name: &str, now: Instant) -> Result<()> {
        let row = installation_key::ActiveModel { id: Set(THE_ONE), name: Set(name.to_owned()), since: Set(now) };
        let nothing = OnConflict::column(installation_key::Column::Id).do_nothing().to_owned();
        installation_key::Entity::insert(row).on_conflict(nothing).exec_without_returning(&self.db()).await?;
        Ok(())
    }

    /// Another key seals from now on.
    ///
    /// # Errors
    /// [`crate::StoreError::Conflict`] when another one does meanwhile.
    pub async fn change_installation_key(&self, before: &str, name: &str, now: Instant) -> Result<()> {
        use installation_key::Column;
        let update = installation_key::Entity::update_many()
            .col_expr(Column::Name, Expr::value(name))
            .col_expr(Column::Since, Expr::value(now))
            .filter(Column::Name.eq(before));
        one_changed(update.exec(&self.db()).await?.rows_affected)
    }

    /// From now on the factor counts. Whether one waited for it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn confirm_second_factor(&self, account: Uuid, step: i64, now: Instant) -> Result<bool> {
        use second_factor::Column;
        let update = second_factor::Entity::update_many()
            .col_expr(Column::ConfirmedAt, Expr::value(now))
            .col_expr(Column::LastStep, Expr::value(step))
            .filter(Column::Account.eq(account))
            .filter(Column::ConfirmedAt.is_null());
        Ok(update.exec(&self.db()).await?.rows_affected == 1)
    }

    /// Takes the code of a time step, unless that code or a later one was taken before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_code(&self, account: Uuid, step: i64) -> Result<bool> {
        use second_factor::Column;
        let update = second_factor::Entity::update_many()
            .col_expr(Column::LastStep, Expr::value(step))
            .filter(Column::Account.eq(account))
            .filter(Column::ConfirmedAt.is_not_null())
            .filter(Column::LastStep.lt(step));
        Ok(update.exec(&self.db()).await?.rows_affected == 1)
    }

    /// Uses a recovery code up: of many who try at once, one gets it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_recovery_code(&self, account: Uuid, code_hash: &[u8], now: Instant) -> Result<bool> {
        use recovery_code::Column;
        let update = recovery_code::Entity::update_many()
            .col_expr(Column::UsedAt, Expr::value(now))
            .filter(Column::CodeHash.eq(code_hash.to_vec()))
            .filter(Column::Account.eq(account))
            .filter(Column::UsedAt.is_null());
        Ok(update.exec(&self.db()).await?.rows_affected == 1)
    }

    /// These are the account's recovery codes from now on, and no others.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_recovery_codes(&self, account: Uuid, hashes: &[Vec<u8>]) -> Result<()> {
        let db = self.db();
        recovery_code::Entity::delete_many().filter(recovery_code::Column::Account.eq(account)).exec(&db).await?;
        let rows = hashes.iter().map(|hash| recovery_code::ActiveModel {
            code_hash: Set(hash.clone()),
            account: Set(account),
            used_at: Set(None),
        });
        recovery_code::Entity::insert_many(rows).exec_without_returning(&db).await?;
        Ok(())
    }

    /// The password alone is asked for again. Whether there was a factor.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_second_factor(&self, account: Uuid) -> Result<bool> {
        let db = self.db();
        recovery_code::Entity::delete_many().filter(recovery_code::Column::Account.eq(account)).exec(&db).await?;
        half_sign_in::Entity::delete_many().filter(half_sign_in::Column::Account.eq(account)).exec(&db).await?;
        Ok(second_factor::Entity::delete_by_id(account).exec(&db).await?.rows_affected == 1)
    }

    /// # Errors
    /// When the database fails.
    pub async fn begin_sign_in(&self, token_hash: &[u8], half: &HalfSignIn, now: Instant) -> Result<()> {
        let row = half_sign_in::ActiveModel {
            token_hash: Set(token_hash.to_vec()),
            account: Set(half.account),
            created_at: Set(now),
            expires_at: Set(half.expires_at),
            authenticated_at: Set(Some(half.authenticated_at)),
        };
        half_sign_in::Entity::insert(row).exec_without_returning(&self.db()).await?;
        Ok(())
    }

    /// Of many who complete the same sign-in at once, one does.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn complete_sign_in(&self, token_hash: &[u8], now: Instant) -> Result<bool> {
        use half_sign_in::Column;
        let completed = half_sign_in::Entity::delete_many()
            .filter(Column::TokenHash.eq(token_hash.to_vec()))
            .filter(Column::ExpiresAt.gt(now));
        Ok(completed.exec(&self.db()).await?.rows_affected == 1)
    }
}
