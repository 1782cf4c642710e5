//! What has to be done after a transaction, at least once: the outbox, and the mails that were made from it.
//!
//! A worker claims messages under a lease, commits the claim, does the work, and says how it went. A worker that dies
//! loses its lease; what it had claimed is claimed by the next one.

use casework::MailOrdered;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Value};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vocabulary::Instant;

use crate::entity::{outbox, sent_mail};
use crate::error::{Result, StoreError};
use crate::reader::Reader;
use crate::row::{from_json, json, placeholders};
use crate::sql;
use crate::unit::Tx;

/// Something to be put into the outbox.
#[derive(Clone, Debug, PartialEq)]
pub struct NewMessage {
    pub id: Uuid,
    pub kind: String,
    /// What it is about: an application, an account.
    pub subject: Uuid,
    /// JSON.
    pub payload: String,
    /// Of two messages with the same key the second is not kept.
    pub dedupe_key: String,
    pub available_at: Instant,
    pub created_at: Instant,
}

impl NewMessage {
    /// A message that is unlike any other.
    ///
    /// # Errors
    /// When the payload has no JSON form.
    pub fn of<T: Serialize>(id: Uuid, kind: &str, subject: Uuid, payload: &T, now: Instant) -> Result<Self> {
        Ok(Self {
            id,
            kind: kind.to_owned(),
            subject,
            payload: json(payload)?,
            dedupe_key: format!("{kind}:{id}"),
            available_at: now,
            created_at: now,
        })
    }
}

impl NewMessage {
    /// In the order of `sql::enqueue`.
    pub(crate) fn values(&self) -> [Value; 7] {
        [
            self.id.into(),
            self.kind.as_str().into(),
            self.subject.into(),
            self.payload.as_str().into(),
            self.dedupe_key.as_str().into(),
            self.available_at.into(),
            self.created_at.into(),
        ]
    }
}

/// A message of the outbox as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub id: Uuid,
    pub kind: String,
    pub subject: Uuid,
    /// JSON.
    pub payload: String,
    pub available_at: Instant,
    /// Claims so far, this one included.
    pub attempts: i32,
    pub leased_until: Option<Instant>,
    pub sent_at: Option<Instant>,
    /// Given up; a person may set it going again.
    pub dead_at: Option<Instant>,
    pub last_error: Option<String>,
    pub created_at: Instant,
}

impl Message {
    /// The kind of a [`CaseMail`].
    pub const MAIL: &'static str = "mail";
    /// The kind of a [`CaseLetter`].
    pub const LETTER: &'static str = "letter";

    /// # Errors
    /// When the payload is of another type.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T> {
        from_json("message", &self.payload)
    }
}

/// A mail that an act ordered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseMail {
    pub application: Uuid,
    pub event: Uuid,
    pub mail: MailOrdered,
}

/// A letter that an act issued and that has to be rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseLetter {
    pub application: Uuid,
    pub event: Uuid,
    pub letter: Uuid,
}

/// One rendered mail for one recipient: these bytes, and no others, are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedMail {
    pub id: Uuid,
    pub outbox: Uuid,
    pub application: Option<Uuid>,
    pub recipient: String,
    pub subject: String,
    /// The text, for people who look at it here.
    pub text: String,
    pub bytes: Vec<u8>,
    pub sha256: String,
    pub message_id: String,
    pub created_at: Instant,
    pub sent_at: Option<Instant>,
}

/// A mail of a case, as its page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailShown {
    pub id: Uuid,
    pub recipient: String,
    pub subject: String,
    pub text: String,
    pub created_at: Instant,
    pub sent_at: Option<Instant>,
    /// The message it belongs to was given up.
    pub dead: bool,
}

fn message(row: outbox::Model) -> Message {
    Message {
        id: row.id,
        kind: row.kind,
        subject: row.subject,
        payload: row.payload,
        available_at: row.available_at,
        attempts: row.attempts,
        leased_until: row.leased_until,
        sent_at: row.sent_at,
        dead_at: row.dead_at,
        last_error: row.last_error,
        created_at: row.created_at,
    }
}

fn rendered(row: sent_mail::Model) -> RenderedMail {
    RenderedMail {
        id: row.id,
        outbox: row.outbox,
        application: row.application,
        recipient: row.recipient,
        subject: row.subject,
        text: row.body,
        bytes: row.bytes,
        sha256: row.sha256,
        message_id: row.message_id,
        created_at: row.created_at,
        sent_at: row.sent_at,
    }
}

impl Tx<'_> {
    /// Messages whose dedupe key is there already are left out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn enqueue(&self, messages: &[NewMessage]) -> Result<()> {
        /// Keeps a statement below the 32,767 parameters of SQLite.
        const PART: usize = 1_000;
        for part in messages.chunks(PART) {
            let mut values: Vec<Value> = Vec::with_capacity(part.len() * 7);
            part.iter().for_each(|message| values.extend(message.values()));
            self.run(&sql::enqueue(&placeholders(part.len(), 7, 1)), values).await?;
            self.outbox_is_filled();
        }
        Ok(())
    }

    /// Takes at most `limit` messages of these kinds that are due, for nobody else until `until`. Commit before doing
    /// the work. Kinds that are not named wait for a worker that knows them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_messages(&self, claim: &OutboxClaim<'_>) -> Result<Vec<Message>> {
        use outbox::Column;
        use sea_orm::QueryTrait as _;
        use sea_orm::sea_query::{Expr, ExprTrait as _, LockBehavior, LockType};
        let mut due = outbox::Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::SentAt.is_null())
            .filter(Column::DeadAt.is_null())
            .filter(Column::AvailableAt.lte(claim.now))
            .filter(Column::LeasedUntil.is_null().or(Column::LeasedUntil.lte(claim.now)))
            .filter(Column::Kind.is_in(claim.kinds.iter().copied()))
            .order_by_asc(Column::AvailableAt)
            .limit(u64::from(claim.limit))
            .into_query();
        due.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
        let mut claimed = outbox::Entity::update_many()
            .col_expr(Column::LeasedBy, Expr::value(claim.worker))
            .col_expr(Column::LeasedUntil, Expr::value(claim.until))
            .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
            .filter(Column::Id.in_subquery(due))
            .exec_with_returning(&self.db())
            .await?;
        claimed.sort_by_key(|row| (row.available_at, row.id));
        Ok(claimed.into_iter().map(message).collect())
    }

    /// Keeps what was rendered for a message. When it was rendered before, what is there counts and is returned.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_mails(&self, outbox: Uuid, mails: Vec<RenderedMail>) -> Result<Vec<RenderedMail>> {
        let kept = self.mails_of_message(outbox).await?;
        if !kept.is_empty() || mails.is_empty() {
            return Ok(kept);
        }
        let rows = mails.iter().cloned().map(|mail| sent_mail::ActiveModel {
            id: Set(mail.id),
            outbox: Set(outbox),
            application: Set(mail.application),
            recipient: Set(mail.recipient),
            subject: Set(mail.subject),
            body: Set(mail.text),
            bytes: Set(mail.bytes),
            sha256: Set(mail.sha256),
            message_id: Set(mail.message_id),
            created_at: Set(mail.created_at),
            sent_at: Set(mail.sent_at),
        });
        sent_mail::Entity::insert_many(rows).exec_without_returning(&self.db()).await?;
        Ok(mails)
    }

    /// One recipient's mail has been taken by the mail server.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn mail_is_sent(&self, mail: Uuid, at: Instant) -> Result<()> {
        use sea_orm::sea_query::Expr;
        sent_mail::Entity::update_many()
            .col_expr(sent_mail::Column::SentAt, Expr::value(at))
            .filter(sent_mail::Column::Id.eq(mail))
            .filter(sent_mail::Column::SentAt.is_null())
            .exec(&self.db())
            .await?;
        Ok(())
    }

    /// # Errors
    /// [`StoreError::Conflict`] when the lease has been lost to another worker.
    pub async fn message_is_done(&self, message: Uuid, worker: Uuid, at: Instant) -> Result<()> {
        self.release(message, worker, |row| {
            row.sent_at = Set(Some(at));
            row.last_error = Set(None);
        })
        .await
    }

    /// To be tried again at `available_at`.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the lease has been lost to another worker.
    pub async fn message_failed(&self, message: Uuid, worker: Uuid, error: &str, available_at: Instant) -> Result<()> {
        self.release(message, worker, |row| {
            row.available_at = Set(available_at);
            row.last_error = Set(Some(error.to_owned()));
        })
        .await
    }

    /// Given up, until a person sets it going again.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the lease has been lost to another worker.
    pub async fn message_is_dead(&self, message: Uuid, worker: Uuid, error: &str, at: Instant) -> Result<()> {
        self.release(message, worker, |row| {
            row.dead_at = Set(Some(at));
            row.last_error = Set(Some(error.to_owned()));
        })
        .await
    }

    async fn release(&self, id: Uuid, worker: Uuid, change: impl FnOnce(&mut outbox::ActiveModel)) -> Result<()> {
        let mut row = outbox::ActiveModel { leased_by: Set(None), leased_until: Set(None), ..Default::default() };
        change(&mut row);
        let result = outbox::Entity::update_many()
            .set(row)
            .filter(outbox::Column::Id.eq(id))
            .filter(outbox::Column::LeasedBy.eq(worker))
            .filter(outbox::Column::SentAt.is_null())
            .exec(&self.db())
            .await?;
        if result.rows_affected == 1 { Ok(()) } else { Err(StoreError::Conflict) }
    }

    /// Sets dead messages going again, all or one; returns how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revive_messages(&self, message: Option<Uuid>, now: Instant) -> Result<u64> {
        let row =
            outbox::ActiveModel { dead_at: Set(None), attempts: Set(0), available_at: Set(now), ..Default::default() };
        let mut query = outbox::Entity::update_many().set(row).filter(outbox::Column::DeadAt.is_not_null());
        if let Some(id) = message {
            query = query.filter(outbox::Column::Id.eq(id));
        }
        let revived = query.exec(&self.db()).await?.rows_affected;
        if revived > 0 {
            self.outbox_is_filled();
        }
        Ok(revived)
    }
}

/// Who claims which messages.
#[derive(Clone, Copy, Debug)]
pub struct OutboxClaim<'a> {
    pub worker: Uuid,
    pub kinds: &'a [&'a str],
    pub now: Instant,
    /// The end of the lease.
    pub until: Instant,
    pub limit: u32,
}

/// How the outbox stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutboxDepth {
    /// Neither done nor given up.
    pub waiting: u64,
    pub dead: u64,
    /// Of those that wait.
    pub oldest: Option<Instant>,
}

impl Reader {
    /// # Errors
    /// When the database fails.
    pub async fn outbox_depth(&self) -> Result<OutboxDepth> {
        use outbox::Column;
        use sea_orm::PaginatorTrait as _;
        let db = self.db();
        let waiting = || outbox::Entity::find().filter(Column::SentAt.is_null()).filter(Column::DeadAt.is_null());
        let oldest = waiting().order_by_asc(Column::AvailableAt).one(&db).await?;
        Ok(OutboxDepth {
            waiting: waiting().count(&db).await?,
            dead: outbox::Entity::find().filter(Column::DeadAt.is_not_null()).count(&db).await?,
            oldest: oldest.map(|row| row.available_at),
        })
    }

    /// Messages that were given up, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn dead_messages(&self, limit: u32) -> Result<Vec<Message>> {
        let query = outbox::Entity::find().filter(outbox::Column::DeadAt.is_not_null());
        let rows = query.order_by_desc(outbox::Column::DeadAt).limit(u64::from(limit)).all(&self.db()).await?;
        Ok(rows.into_iter().map(message).collect())
    }

    /// When the next message will be due; to sleep until then.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn next_message_at(&self) -> Result<Option<Instant>> {
        let row = outbox::Entity::find()
            .filter(outbox::Column::SentAt.is_null())
            .filter(outbox::Column::DeadAt.is_null())
            .order_by_asc(outbox::Column::AvailableAt)
            .one(&self.db())
            .await?;
        Ok(row.map(|row| row.available_at))
    }

    /// # Errors
    /// When the database fails.
    pub async fn mails_of_message(&self, outbox: Uuid) -> Result<Vec<RenderedMail>> {
        let query = sent_mail::Entity::find().filter(sent_mail::Column::Outbox.eq(outbox));
        let rows = query.order_by_asc(sent_mail::Column::Recipient).all(&self.db()).await?;
        Ok(rows.into_iter().map(rendered).collect())
    }

    /// Oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn mails_of_case(&self, application: Uuid) -> Result<Vec<MailShown>> {
        let rows = self.all(sql::MAILS_OF_CASE, vec![application.into()]).await?;
        rows.iter().map(mail_shown).collect()
    }

    /// What was sent to one address and is of no case, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn mails_to(&self, recipient: &str) -> Result<Vec<MailShown>> {
        let rows = self.all(sql::MAILS_TO, vec![recipient.into()]).await?;
        rows.iter().map(mail_shown).collect()
    }
}

fn mail_shown(row: &sea_orm::QueryResult) -> Result<MailShown> {
    let mut columns = crate::row::Columns::of(row);
    Ok(MailShown {
        id: columns.take()?,
        recipient: columns.take()?,
        subject: columns.take()?,
        text: columns.take()?,
        created_at: columns.take()?,
        sent_at: columns.take()?,
        dead: columns.take::<Option<Instant>>()?.is_some(),
    })
}
