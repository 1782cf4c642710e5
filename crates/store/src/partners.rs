//! Links of partners (第三者): one to one case each; only the digest of a token is kept.

use casework::LinkChange;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;
use vocabulary::Instant;

use crate::entity::partner_link::{ActiveModel, Column, Entity, Model};
use crate::error::Result;
use crate::people::one_changed;
use crate::reader::Reader;
use crate::unit::Tx;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredLink {
    pub id: Uuid,
    pub application: Uuid,
    /// As the archetype names it.
    pub partner: String,
    pub name: String,
    pub email: String,
    pub expires_at: Instant,
}

fn stored(row: Model) -> StoredLink {
    let Model { id, application, partner, name, email, expires_at, .. } = row;
    StoredLink { id, application, partner, name, email, expires_at }
}

impl Reader {
    /// None when the token is unknown, or its link is over.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn link_by_token(&self, token_hash: &[u8], now: Instant) -> Result<Option<StoredLink>> {
        let query = Entity::find()
            .filter(Column::TokenHash.eq(token_hash.to_vec()))
            .filter(Column::EndedAt.is_null())
            .filter(Column::ExpiresAt.gt(now));
        Ok(query.one(&self.db()).await?.map(stored))
    }

    /// The link of a case's partner that holds now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn link_of(&self, application: Uuid, partner: &str, now: Instant) -> Result<Option<StoredLink>> {
        let query = Entity::find()
            .filter(Column::Application.eq(application))
            .filter(Column::Partner.eq(partner))
            .filter(Column::EndedAt.is_null())
            .filter(Column::ExpiresAt.gt(now));
        Ok(query.one(&self.db()).await?.map(stored))
    }
}

impl Tx<'_> {
    /// Makes and ends the links that a step asks for.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn change_links(&self, application: Uuid, changes: &[LinkChange], now: Instant) -> Result<()> {
        for change in changes {
            match change {
                LinkChange::Invited { link, partner, name, email, until } => {
                    let row = ActiveModel {
                        id: Set(*link),
                        application: Set(application),
                        partner: Set(partner.clone()),
                        name: Set(name.clone()),
                        email: Set(email.as_str().to_owned()),
                        token_hash: Set(None),
                        created_at: Set(now),
                        expires_at: Set(*until),
                        ended_at: Set(None),
                    };
                    Entity::insert(row).exec_without_returning(&self.db()).await?;
                }
                LinkChange::Ended { link } => {
                    Entity::update_many()
                        .col_expr(Column::EndedAt, Expr::value(Some(now)))
                        .filter(Column::Id.eq(*link))
                        .exec(&self.db())
                        .await?;
                }
            }
        }
        Ok(())
    }

    /// The token of the newest mail counts; those of earlier mails end.
    ///
    /// # Errors
    /// [`crate::StoreError::Conflict`] when there is no such link.
    pub async fn give_token(&self, link: Uuid, token_hash: &[u8]) -> Result<()> {
        let update = Entity::update_many()
            .col_expr(Column::TokenHash, Expr::value(Some(token_hash.to_vec())))
            .filter(Column::Id.eq(link));
        one_changed(update.exec(&self.db()).await?.rows_affected)
    }
}
