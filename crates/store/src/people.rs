//! Who somebody is: a session or token in, a person with everything they may out, in one statement.

use std::collections::BTreeMap;

use casework::Person;
use chrono::NaiveDate;
use program::definition::{Name, Role};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QueryResult, Value};
use serde_json::Value as Json;
use uuid::Uuid;
use vocabulary::{Instant, Locale, day_in_japan};

use crate::entity::{api_token, half_sign_in, identity_request, one_time_link, passkey_request, session};
use crate::error::{Result, StoreError};
use crate::reader::Reader;
use crate::row::{Columns, from_json, from_word, json};
use crate::sql;
use crate::unit::Tx;

/// A person who has shown a valid credential, with what counts now.
#[derive(Clone, Debug, PartialEq)]
pub struct SignedIn {
    pub person: Person,
    pub email: String,
    pub locale: Locale,
    /// Of an API token; a session has all.
    pub scopes: Option<Vec<String>>,
    pub created_at: Instant,
    /// When they last showed who they are.
    pub authenticated_at: Instant,
    pub last_seen_at: Instant,
    pub expires_at: Instant,
}

/// A session to be opened; the token itself is not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSession {
    /// SHA-256 of the token.
    pub token_hash: Vec<u8>,
    pub account: Uuid,
    pub now: Instant,
    /// When its owner showed who they are.
    pub authenticated_at: Instant,
    /// A second factor was shown where the owner comes from.
    pub strong: bool,
    pub expires_at: Instant,
    /// The client's address.
    pub address: Option<String>,
    /// What the browser calls itself.
    pub agent: Option<String>,
}

/// A session as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionShown {
    /// SHA-256 of the token.
    pub token_hash: Vec<u8>,
    pub created_at: Instant,
    pub last_seen_at: Instant,
    pub expires_at: Instant,
    pub address: Option<String>,
    pub agent: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    pub id: Uuid,
    pub account: Uuid,
    pub name: String,
    pub scopes: Vec<String>,
    pub created_at: Instant,
    pub expires_at: Instant,
    pub last_used_at: Option<Instant>,
    pub revoked_at: Option<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkKind {
    Invitation,
    PasswordReset,
    EmailVerification,
}

impl LinkKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::PasswordReset => "password_reset",
            Self::EmailVerification => "email_verification",
        }
    }
}

/// A link that works once.
#[derive(Clone, Debug, PartialEq)]
pub struct OneTimeLink {
    /// SHA-256 of the token.
    pub token_hash: Vec<u8>,
    pub kind: LinkKind,
    pub account: Option<Uuid>,
    pub email: Option<String>,
    pub payload: Json,
    pub created_at: Instant,
    pub expires_at: Instant,
}

/// An invitation that nobody has taken yet.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenInvitation {
    /// SHA-256 of the token.
    pub token_hash: Vec<u8>,
    pub email: String,
    pub payload: Json,
    pub created_at: Instant,
    pub expires_at: Instant,
}

impl Reader {
    /// None when the session is unknown or has ended, or the account is disabled.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn person_by_session(&self, token_hash: &[u8], now: Instant) -> Result<Option<SignedIn>> {
        self.signed_in(sql::PERSON_BY_SESSION, token_hash.to_vec().into(), now).await
    }

    /// None when the token is unknown, over or revoked, or the account is disabled.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn person_by_token(&self, token_hash: &[u8], now: Instant) -> Result<Option<SignedIn>> {
        self.signed_in(sql::PERSON_BY_TOKEN, token_hash.to_vec().into(), now).await
    }

    /// For the command line and right after signing in; the times are those of the account.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn person_by_account(&self, account: Uuid, now: Instant) -> Result<Option<SignedIn>> {
        self.signed_in(sql::PERSON_BY_ACCOUNT, account.into(), now).await
    }

    async fn signed_in(&self, text: &str, credential: Value, now: Instant) -> Result<Option<SignedIn>> {
        let rows = self.all(text, vec![credential, now.into(), day_in_japan(now).into()]).await?;
        let mut found: Option<SignedIn> = None;
        let mut rights = Rights::default();
        for row in &rows {
            let mut columns = Columns::of(row);
            let (kind, id): (String, Uuid) = (columns.take()?, columns.take()?);
            match kind.as_str() {
                "account" => found = Some(account_row(row)?),
                "role" => rights.roles.push((columns.take()?, columns.word("role")?)),
                "position" => rights.positions.push((columns.take()?, columns.take()?)),
                // A judge works for no office: sees what is before the panel, and nothing else.
                "panel" => rights.panels.push(id),
                "recusal" => rights.recusals.push(id),
                _ => rights.memberships.push(id),
            }
        }
        Ok(found.map(|mut signed_in| {
            // Positions in overlapping periods, and the order of rows, are the database's business.
            rights.positions.sort();
            rights.positions.dedup();
            rights.roles.sort();
            rights.roles.dedup();
            rights.memberships.sort();
            rights.panels.sort();
            signed_in.person.roles = rights.roles;
            signed_in.person.positions = rights.positions;
            signed_in.person.memberships = rights.memberships;
            signed_in.person.panels = rights.panels;
            signed_in.person.recusals = rights.recusals;
            signed_in
        }))
    }

    /// Position → people who hold it on that day, those who act for somebody last.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn holders(&self, municipality: &str, day: NaiveDate) -> Result<BTreeMap<Name, Vec<Uuid>>> {
        let mut holders: BTreeMap<Name, Vec<Uuid>> = BTreeMap::new();
        for row in self.all(sql::HOLDERS, vec![municipality.into(), day.into()]).await? {
            let mut columns = Columns::of(&row);
            let people = holders.entry(columns.take()?).or_default();
            let account = columns.take()?;
            if !people.contains(&account) {
                people.push(account);
            }
        }
        Ok(holders)
    }

    /// Those that have not ended, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sessions(&self, account: Uuid, now: Instant) -> Result<Vec<SessionShown>> {
        use session::Column;
        let query = session::Entity::find().filter(Column::Account.eq(account)).filter(Column::ExpiresAt.gt(now));
        let rows = query.order_by_desc(Column::CreatedAt).all(&self.db()).await?;
        let shown = |row: session::Model| {
            let session::Model { token_hash, created_at, last_seen_at, expires_at, address, agent, .. } = row;
            SessionShown { token_hash, created_at, last_seen_at, expires_at, address, agent }
        };
        Ok(rows.into_iter().map(shown).collect())
    }

    /// Whether a second factor was shown where the session's owner comes from.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn session_is_strong(&self, token_hash: &[u8]) -> Result<bool> {
        let found = session::Entity::find_by_id(token_hash.to_vec()).one(&self.db()).await?;
        Ok(found.is_some_and(|session| session.strong))
    }

    /// Of all kinds, newest first; those to one address where it is given.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_invitations(&self, to: Option<&str>, now: Instant) -> Result<Vec<OpenInvitation>> {
        use one_time_link::Column;
        let mut query = one_time_link::Entity::find()
            .filter(Column::Kind.eq(LinkKind::Invitation.as_str()))
            .filter(Column::UsedAt.is_null())
            .filter(Column::ExpiresAt.gt(now));
        if let Some(to) = to {
            query = query.filter(Column::Email.eq(to));
        }
        let rows = query.order_by_desc(Column::CreatedAt).all(&self.db()).await?;
        rows.into_iter()
            .map(|row| {
                Ok(OpenInvitation {
                    token_hash: row.token_hash,
                    email: row.email.unwrap_or_default(),
                    payload: from_json("link", &row.payload)?,
                    created_at: row.created_at,
                    expires_at: row.expires_at,
                })
            })
            .collect()
    }

    /// Newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn api_tokens(&self, account: Uuid) -> Result<Vec<ApiToken>> {
        let query = api_token::Entity::find().filter(api_token::Column::Account.eq(account));
        let rows = query.order_by_desc(api_token::Column::CreatedAt).all(&self.db()).await?;
        rows.into_iter()
            .map(|row| {
                Ok(ApiToken {
                    id: row.id,
                    account: row.account,
                    name: row.name,
                    scopes: from_json("scopes", &row.scopes)?,
                    created_at: row.created_at,
                    expires_at: row.expires_at,
                    last_used_at: row.last_used_at,
                    revoked_at: row.revoked_at,
                })
            })
            .collect()
    }
}

#[derive(Default)]
struct Rights {
    roles: Vec<(Name, Role)>,
    positions: Vec<(Name, Name)>,
    memberships: Vec<Uuid>,
    panels: Vec<Uuid>,
    recusals: Vec<Uuid>,
}

fn account_row(row: &QueryResult) -> Result<SignedIn> {
    let mut columns = Columns::of(row);
    let _kind: String = columns.take()?;
    let person = Person { id: columns.take()?, name: columns.take()?, ..Person::default() };
    let email = columns.take()?;
    let locale = columns.word("locale")?;
    let scopes: Option<String> = columns.take()?;
    Ok(SignedIn {
        person,
        email,
        locale,
        scopes: scopes.map(|scopes| from_json("scopes", &scopes)).transpose()?,
        created_at: columns.take()?,
        authenticated_at: columns.take()?,
        last_seen_at: columns.take()?,
        expires_at: columns.take()?,
    })
}

impl Tx<'_> {
    /// # Errors
    /// When the database fails.
    pub async fn open_session(&self, session: &NewSession) -> Result<()> {
        let row = session::ActiveModel {
            token_hash: Set(session.token_hash.clone()),
            account: Set(session.account),
            created_at: Set(session.now),
            authenticated_at: Set(session.authenticated_at),
            last_seen_at: Set(session.now),
            expires_at: Set(session.expires_at),
            address: Set(session.address.clone()),
            agent: Set(session.agent.clone()),
            strong: Set(session.strong),
        };
        session::Entity::insert(row).exec_without_returning(&self.db()).await?;
        Ok(())
    }

    /// Worth a write only now and then.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn session_seen(&self, token_hash: &[u8], now: Instant) -> Result<()> {
        session::Entity::update_many()
            .col_expr(session::Column::LastSeenAt, Expr::value(now))
            .filter(session::Column::TokenHash.eq(token_hash.to_vec()))
            .exec(&self.db())
            .await?;
        Ok(())
    }

    /// # Errors
    /// When the database fails.
    pub async fn close_session(&self, token_hash: &[u8]) -> Result<()> {
        session::Entity::delete_by_id(token_hash.to_vec()).exec(&self.db()).await?;
        Ok(())
    }

    /// All sessions of an account, but not the one to keep; they fail at the very next request.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn close_sessions(&self, account: Uuid, keep: Option<&[u8]>) -> Result<u64> {
        let mut query = session::Entity::delete_many().filter(session::Column::Account.eq(account));
        if let Some(token_hash) = keep {
            query = query.filter(session::Column::TokenHash.ne(token_hash.to_vec()));
        }
        Ok(query.exec(&self.db()).await?.rows_affected)
    }

    /// # Errors
    /// When the database fails.
    pub async fn create_api_token(&self, token: &ApiToken, token_hash: &[u8]) -> Result<()> {
        let row = api_token::ActiveModel {
            id: Set(token.id),
            token_hash: Set(token_hash.to_vec()),
            account: Set(token.account),
            name: Set(token.name.clone()),
            scopes: Set(json(&token.scopes)?),
            created_at: Set(token.created_at),
            expires_at: Set(token.expires_at),
            last_used_at: Set(token.last_used_at),
            revoked_at: Set(token.revoked_at),
        };
        api_token::Entity::insert(row).exec_without_returning(&self.db()).await?;
        Ok(())
    }

    /// # Errors
    /// When the database fails.
    pub async fn token_used(&self, token_hash: &[u8], now: Instant) -> Result<()> {
        api_token::Entity::update_many()
            .col_expr(api_token::Column::LastUsedAt, Expr::value(now))
            .filter(api_token::Column::TokenHash.eq(token_hash.to_vec()))
            .exec(&self.db())
            .await?;
        Ok(())
    }

    /// Whether there was one to revoke.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke_api_token(&self, account: Uuid, id: Uuid, now: Instant) -> Result<bool> {
        let result = api_token::Entity::update_many()
            .col_expr(api_token::Column::RevokedAt, Expr::value(now))
            .filter(api_token::Column::Id.eq(id))
            .filter(api_token::Column::Account.eq(account))
            .filter(api_token::Column::RevokedAt.is_null())
            .exec(&self.db())
            .await?;
        Ok(result.rows_affected == 1)
    }

    /// # Errors
    /// When the database fails.
    pub async fn create_link(&self, link: &OneTimeLink) -> Result<()> {
        let row = one_time_link::ActiveModel {
            token_hash: Set(link.token_hash.clone()),
            kind: Set(link.kind.as_str().to_owned()),
            account: Set(link.account),
            email: Set(link.email.clone()),
            payload: Set(json(&link.payload)?),
            created_at: Set(link.created_at),
            expires_at: Set(link.expires_at),
            used_at: Set(None),
        };
        one_time_link::Entity::insert(row).exec_without_returning(&self.db()).await?;
        Ok(())
    }

    /// Uses a link up: of many who try at once, one gets it. None when it is unknown, over or used.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn use_link(&self, token_hash: &[u8], kind: LinkKind, now: Instant) -> Result<Option<OneTimeLink>> {
        use one_time_link::Column;
        let mut used = one_time_link::Entity::update_many()
            .col_expr(Column::UsedAt, Expr::value(now))
            .filter(Column::TokenHash.eq(token_hash.to_vec()))
            .filter(Column::Kind.eq(kind.as_str()))
            .filter(Column::UsedAt.is_null())
            .filter(Column::ExpiresAt.gt(now))
            .exec_with_returning(&self.db())
            .await?;
        used.pop()
            .map(|row| {
                Ok(OneTimeLink {
                    token_hash: row.token_hash,
                    kind,
                    account: row.account,
                    email: row.email,
                    payload: from_json("link", &row.payload)?,
                    created_at: row.created_at,
                    expires_at: row.expires_at,
                })
            })
            .transpose()
    }

    /// Uses up every open link of an account.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn use_up_links(&self, account: Uuid, now: Instant) -> Result<()> {
        use one_time_link::Column;
        let open = one_time_link::Entity::update_many()
            .col_expr(Column::UsedAt, Expr::value(now))
            .filter(Column::Account.eq(account))
            .filter(Column::UsedAt.is_null());
        open.exec(&self.db()).await?;
        Ok(())
    }

    /// Forgets what is long over: sessions, what would have become one, and links that ended before `before`; keys used
    /// before `keys_before`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn clean_up(&self, before: Instant, keys_before: Instant) -> Result<u64> {
        use crate::entity::idempotency;
        let db = self.db();
        let sessions = session::Entity::delete_many().filter(session::Column::ExpiresAt.lt(before)).exec(&db).await?;
        let links =
            one_time_link::Entity::delete_many().filter(one_time_link::Column::ExpiresAt.lt(before)).exec(&db).await?;
        let halves =
            half_sign_in::Entity::delete_many().filter(half_sign_in::Column::ExpiresAt.lt(before)).exec(&db).await?;
        let requests = identity_request::Entity::delete_many().filter(identity_request::Column::ExpiresAt.lt(before));
        let requests = requests.exec(&db).await?;
        let asked = passkey_request::Entity::delete_many().filter(passkey_request::Column::ExpiresAt.lt(before));
        let asked = asked.exec(&db).await?;
        let keys = idempotency::Entity::delete_many().filter(idempotency::Column::At.lt(keys_before)).exec(&db).await?;
        let begun = halves.rows_affected + requests.rows_affected + asked.rows_affected;
        Ok(sessions.rows_affected + begun + links.rows_affected + keys.rows_affected)
    }
}

pub(crate) fn locale(word: &str) -> Result<Locale> {
    from_word("locale", word)
}

/// Says which of two outcomes a change of one row had.
pub(crate) fn one_changed(rows: u64) -> Result<()> {
    if rows == 1 { Ok(()) } else { Err(StoreError::Conflict) }
}
