//! Passkeys of accounts, and browsers that were asked for one.

use std::collections::BTreeSet;

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;
use vocabulary::Instant;

use crate::entity::{passkey, passkey_request, session};
use crate::error::Result;
use crate::reader::Reader;
use crate::unit::Tx;

/// The public half of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    pub id: Uuid,
    /// By which authenticators know it.
    pub credential: Vec<u8>,
    pub account: Uuid,
    /// That its owner gave it.
    pub name: String,
    pub public_key: Vec<u8>,
    /// Changes with each use.
    pub state: Vec<u8>,
    pub created_at: Instant,
    pub last_used_at: Option<Instant>,
}

/// A browser that was asked for a passkey; used once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyRequest {
    /// Of what the visitor's forms carry.
    pub visitor_hash: Vec<u8>,
    /// Of whoever makes a passkey.
    pub account: Option<Uuid>,
    pub state: Vec<u8>,
    pub expires_at: Instant,
}

fn stored(row: passkey::Model) -> Passkey {
    Passkey {
        id: row.id,
        credential: row.credential,
        account: row.account,
        name: row.name,
        public_key: row.public_key,
        state: row.state,
        created_at: row.created_at,
        last_used_at: row.last_used_at,
    }
}

impl Reader {
    /// Those of an account, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn passkeys(&self, account: Uuid) -> Result<Vec<Passkey>> {
        use passkey::Column;
        let query = passkey::Entity::find().filter(Column::Account.eq(account));
        let rows = query.order_by_asc(Column::CreatedAt).order_by_asc(Column::Id).all(&self.db()).await?;
        Ok(rows.into_iter().map(stored).collect())
    }

    /// # Errors
    /// When the database fails.
    pub async fn passkey(&self, credential: &[u8]) -> Result<Option<Passkey>> {
        let query = passkey::Entity::find().filter(passkey::Column::Credential.eq(credential.to_vec()));
        Ok(query.one(&self.db()).await?.map(stored))
    }

    /// Those of the accounts that have a passkey.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn with_passkey(&self, accounts: &[Uuid]) -> Result<BTreeSet<Uuid>> {
        let mut found = BTreeSet::new();
        for part in accounts.chunks(1_000) {
            let query = passkey::Entity::find().filter(passkey::Column::Account.is_in(part.iter().copied()));
            found.extend(query.all(&self.db()).await?.into_iter().map(|row| row.account));
        }
        Ok(found)
    }
}

impl Tx<'_> {
    /// # Errors
    /// [`crate::StoreError::Unique`] when it is there already, whoever's it is.
    pub async fn add_passkey(&self, passkey: &Passkey) -> Result<()> {
        let row = passkey::ActiveModel {
            id: Set(passkey.id),
            credential: Set(passkey.credential.clone()),
            account: Set(passkey.account),
            name: Set(passkey.name.clone()),
            public_key: Set(passkey.public_key.clone()),
            state: Set(passkey.state.clone()),
            created_at: Set(passkey.created_at),
            last_used_at: Set(passkey.last_used_at),
        };
        passkey::Entity::insert(row).exec_without_returning(&self.db()).await?;
        Ok(())
    }

    /// It was used. Whether it is still as it was read: of many who show the same use, one does.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn passkey_used(&self, before: &Passkey, state: &[u8], now: Instant) -> Result<bool> {
        use passkey::Column;
        let update = passkey::Entity::update_many()
            .col_expr(Column::State, Expr::value(state.to_vec()))
            .col_expr(Column::LastUsedAt, Expr::value(now))
            .filter(Column::Id.eq(before.id))
            .filter(Column::State.eq(before.state.clone()));
        Ok(update.exec(&self.db()).await?.rows_affected == 1)
    }

    /// Removes one of an account, or all. How many there were.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove_passkeys(&self, account: Uuid, only: Option<Uuid>) -> Result<u64> {
        use passkey::Column;
        let delete = passkey::Entity::delete_many().filter(Column::Account.eq(account));
        let delete = only.into_iter().fold(delete, |delete, id| delete.filter(Column::Id.eq(id)));
        Ok(delete.exec(&self.db()).await?.rows_affected)
    }

    /// # Errors
    /// When the database fails.
    pub async fn begin_passkey_request(&self, token_hash: &[u8], request: &PasskeyRequest) -> Result<()> {
        let row = passkey_request::ActiveModel {
            token_hash: Set(token_hash.to_vec()),
            visitor_hash: Set(request.visitor_hash.clone()),
            account: Set(request.account),
            state: Set(request.state.clone()),
            expires_at: Set(request.expires_at),
        };
        passkey_request::Entity::insert(row).exec_without_returning(&self.db()).await?;
        Ok(())
    }

    /// The browser has answered: of many answers at once, one counts. None when the request is unknown, over or answered.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_passkey_request(&self, token_hash: &[u8], now: Instant) -> Result<Option<PasskeyRequest>> {
        let db = self.db();
        let Some(row) = passkey_request::Entity::find_by_id(token_hash.to_vec()).one(&db).await? else {
            return Ok(None);
        };
        let taken = passkey_request::Entity::delete_by_id(token_hash.to_vec()).exec(&db).await?.rows_affected == 1;
        Ok(Some(row).filter(|row| taken && row.expires_at > now).map(|row| PasskeyRequest {
            visitor_hash: row.visitor_hash,
            account: row.account,
            state: row.state,
            expires_at: row.expires_at,
        }))
    }

    /// A second factor was shown in the session as well.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn strengthen_session(&self, token_hash: &[u8]) -> Result<()> {
        let update = session::Entity::update_many()
            .col_expr(session::Column::Strong, Expr::value(true))
            .filter(session::Column::TokenHash.eq(token_hash.to_vec()));
        update.exec(&self.db()).await?;
        Ok(())
    }
}
