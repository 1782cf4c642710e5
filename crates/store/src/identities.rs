//! Which account a subject of a provider of identities is, and browsers that are on their way to one.

use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;
use vocabulary::Instant;

use crate::entity::{identity, identity_request};
use crate::error::Result;
use crate::reader::Reader;
use crate::row::{from_json, json};
use crate::unit::Tx;

/// A subject that an account is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub issuer: String,
    pub subject: String,
    pub account: Uuid,
    pub linked_at: Instant,
}

/// A browser that went to a provider; used once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityRequest {
    pub provider: String,
    /// Of whoever is signed in, and shows it again.
    pub account: Option<Uuid>,
    /// The provider is to open that account from now on.
    pub links: bool,
    /// Where it goes on afterwards.
    pub next: String,
    /// The fields of a form that waits meanwhile.
    pub kept: Vec<(String, String)>,
    pub created_at: Instant,
    pub expires_at: Instant,
}

fn stored(row: identity::Model) -> Identity {
    Identity { issuer: row.issuer, subject: row.subject, account: row.account, linked_at: row.linked_at }
}

impl Reader {
    /// # Errors
    /// When the database fails.
    pub async fn identity(&self, issuer: &str, subject: &str) -> Result<Option<Identity>> {
        let key = (issuer.to_owned(), subject.to_owned());
        Ok(identity::Entity::find_by_id(key).one(&self.db()).await?.map(stored))
    }

    /// What an account is known by, one of each issuer.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn identities(&self, account: Uuid) -> Result<Vec<Identity>> {
        let query = identity::Entity::find().filter(identity::Column::Account.eq(account));
        let rows = query.order_by_asc(identity::Column::Issuer).all(&self.db()).await?;
        Ok(rows.into_iter().map(stored).collect())
    }

    /// The provider that a browser is on its way to. None when it is unknown, over or back already.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn identity_request(&self, token_hash: &[u8], now: Instant) -> Result<Option<IdentityRequest>> {
        let found = identity_request::Entity::find_by_id(token_hash.to_vec()).one(&self.db()).await?;
        found.filter(|row| row.expires_at > now).map(request).transpose()
    }
}

fn request(row: identity_request::Model) -> Result<IdentityRequest> {
    Ok(IdentityRequest {
        provider: row.provider,
        account: row.account,
        links: row.links,
        next: row.next,
        kept: from_json("kept fields", &row.kept)?,
        created_at: row.created_at,
        expires_at: row.expires_at,
    })
}

impl Tx<'_> {
    /// # Errors
    /// [`crate::StoreError::Unique`] when the subject is another account's, or the account has another subject there.
    pub async fn link_identity(&self, identity: &Identity) -> Result<()> {
        let row = identity::ActiveModel {
            issuer: Set(identity.issuer.clone()),
            subject: Set(identity.subject.clone()),
            account: Set(identity.account),
            linked_at: Set(identity.linked_at),
        };
        identity::Entity::insert(row).exec_without_returning(&self.db()).await?;
        Ok(())
    }

    /// Returns whether there was one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn unlink_identity(&self, account: Uuid, issuer: &str) -> Result<bool> {
        use identity::Column;
        let theirs =
            identity::Entity::delete_many().filter(Column::Account.eq(account)).filter(Column::Issuer.eq(issuer));
        Ok(theirs.exec(&self.db()).await?.rows_affected == 1)
    }

    /// # Errors
    /// When the database fails.
    pub async fn begin_identity_request(&self, token_hash: &[u8], request: &IdentityRequest) -> Result<()> {
        let row = identity_request::ActiveModel {
            token_hash: Set(token_hash.to_vec()),
            provider: Set(request.provider.clone()),
            account: Set(request.account),
            links: Set(request.links),
            next: Set(request.next.clone()),
            kept: Set(json(&request.kept)?),
            created_at: Set(request.created_at),
            expires_at: Set(request.expires_at),
        };
        identity_request::Entity::insert(row).exec_without_returning(&self.db()).await?;
        Ok(())
    }

    /// The browser is back: of many who come back at once, one is. None when it is unknown, over or back already.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_identity_request(&self, token_hash: &[u8], now: Instant) -> Result<Option<IdentityRequest>> {
        use identity_request::Column;
        let Some(found) = self.identity_request(token_hash, now).await? else { return Ok(None) };
        let taken = identity_request::Entity::delete_many().filter(Column::TokenHash.eq(token_hash.to_vec()));
        let taken = taken.exec(&self.db()).await?.rows_affected == 1;
        Ok(Some(found).filter(|_| taken))
    }
}
