//! History: the events of cases in their chains, letters, files, and the seals that anchor the chains outside.

use casework::Head;
use casework::history::{Event, Stage};
use program::definition::Name;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Value};
use serde_json::Value as Json;
use uuid::Uuid;
use vocabulary::Instant;

use crate::entity::{application, event, file, letter, seal};
use crate::error::Result;
use crate::people::one_changed;
use crate::reader::Reader;
use crate::row::{Columns, from_json, from_word, padded, placeholders};
use crate::sql;
use crate::unit::Tx;

/// Any number, the same for every process of ours: who holds it may seal.
const SEAL_LOCK: i64 = 0x686f_6a6f_6b69_6e01;

/// A letter as it was issued; what it says is rendered once, later.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredLetter {
    pub id: Uuid,
    pub application: Uuid,
    pub event: Uuid,
    pub name: Name,
    pub number: Option<String>,
    /// What the template is rendered with.
    pub data: Json,
    pub template_hash: String,
    pub html: Option<String>,
    /// Of the rendered letter.
    pub sha256: Option<String>,
    pub issued_at: Instant,
}

/// An uploaded file; its content lies in the file store under `content_key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    pub id: Uuid,
    pub owner: Uuid,
    pub application: Option<Uuid>,
    pub business: Option<Uuid>,
    pub name: String,
    pub media_type: String,
    /// Bytes.
    pub size: i64,
    pub sha256: String,
    pub uploaded_at: Instant,
    pub content_key: String,
}

/// What was said of the chains that had moved; the document itself also goes outside of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSeal {
    pub id: Uuid,
    /// Counts the seals of the chain from 1; 0 for those from before there was one.
    pub number: i64,
    pub at: Instant,
    /// SHA-256 of the document.
    pub digest: String,
    pub heads_count: i64,
    /// JSON.
    pub document: String,
}

pub(crate) fn stored_event(row: event::Model) -> Result<Event> {
    Ok(Event {
        id: row.id,
        application: row.application,
        sequence: row.sequence,
        at: row.at,
        actor: row.actor,
        role: from_word("event", &row.role)?,
        action: row.action,
        stage: from_word("event", &row.stage)?,
        from: row.from_state,
        to: row.to_state,
        facts: from_json("event", &row.facts)?,
        previous: row.previous,
        hash: row.hash,
        comment: row.comment,
    })
}

fn stored_letter(row: letter::Model) -> Result<StoredLetter> {
    Ok(StoredLetter {
        id: row.id,
        application: row.application,
        event: row.event,
        name: row.name,
        number: row.number,
        data: from_json("letter", &row.data)?,
        template_hash: row.template_hash,
        html: row.html,
        sha256: row.sha256,
        issued_at: row.created_at,
    })
}

fn stored_file(row: file::Model) -> StoredFile {
    StoredFile {
        id: row.id,
        owner: row.owner,
        application: row.application,
        business: row.business,
        name: row.name,
        media_type: row.media_type,
        size: row.size,
        sha256: row.sha256,
        uploaded_at: row.uploaded_at,
        content_key: row.content_key,
    }
}

impl Reader {
    /// Events of a case after the given sequence, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn events(&self, application: Uuid, after: i64, limit: u32) -> Result<Vec<Event>> {
        let query = event::Entity::find()
            .filter(event::Column::Application.eq(application))
            .filter(event::Column::Sequence.gt(after))
            .order_by_asc(event::Column::Sequence)
            .limit(u64::from(limit));
        query.all(&self.db()).await?.into_iter().map(stored_event).collect()
    }

    /// # Errors
    /// When the database fails.
    pub async fn event(&self, id: Uuid) -> Result<Option<Event>> {
        event::Entity::find_by_id(id).one(&self.db()).await?.map(stored_event).transpose()
    }

    /// The version that a case was on at one of its events, if the case has gone on to another one since.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn version_left_since(&self, application: Uuid, event: Uuid) -> Result<Option<String>> {
        use event::Column;
        let Some(at) = self.event(event).await? else { return Ok(None) };
        let query = event::Entity::find()
            .filter(Column::Application.eq(application))
            .filter(Column::Sequence.gt(at.sequence))
            .filter(Column::Stage.eq(Stage::Migrated.as_str()))
            .order_by_asc(Column::Sequence);
        let left = query.one(&self.db()).await?.map(stored_event).transpose()?;
        Ok(left.and_then(|left| left.facts.get("version_before").and_then(Json::as_str).map(str::to_owned)))
    }

    /// The newest event of a case.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn newest_event(&self, application: Uuid) -> Result<Option<Event>> {
        let query = event::Entity::find().filter(event::Column::Application.eq(application));
        query.order_by_desc(event::Column::Sequence).one(&self.db()).await?.map(stored_event).transpose()
    }

    /// For the audit export: all events of all cases, case by case in the order of their ids, a page at a time. A page
    /// ends inside a case; go on with the application and sequence of its last event.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn events_after(&self, after: Option<(Uuid, i64)>, limit: u32) -> Result<Vec<Event>> {
        use event::Column;
        let mut rest = u64::from(limit);
        let mut found = Vec::new();
        // The rest of the case that the last page ended in, then the cases after it: each part is one range of the
        // index.
        if let Some((application, sequence)) = after {
            found = self.events(application, sequence, limit).await?;
            rest = rest.saturating_sub(u64::try_from(found.len()).unwrap_or(rest));
        }
        if rest > 0 {
            let mut query = event::Entity::find();
            if let Some((application, _)) = after {
                query = query.filter(Column::Application.gt(application));
            }
            let query = query.order_by_asc(Column::Application).order_by_asc(Column::Sequence).limit(rest);
            for row in query.all(&self.db()).await? {
                found.push(stored_event(row)?);
            }
        }
        Ok(found)
    }

    /// The heads of all chains, in the order of the applications, a page at a time; cases without events are left out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn heads_after(&self, after: Option<Uuid>, limit: u32) -> Result<Vec<(Uuid, Head)>> {
        use application::Column;
        let mut query = application::Entity::find()
            .select_only()
            .columns([Column::Id, Column::HeadSequence, Column::HeadHash, Column::HeadAt])
            .filter(Column::HeadSequence.gt(0));
        if let Some(after) = after {
            query = query.filter(Column::Id.gt(after));
        }
        let query = query.order_by_asc(Column::Id).limit(u64::from(limit));
        let rows: Vec<(Uuid, i64, String, Instant)> = query.into_tuple().all(&self.db()).await?;
        Ok(rows.into_iter().map(|(id, sequence, hash, at)| (id, Head { sequence, hash, at })).collect())
    }

    /// # Errors
    /// When the database fails.
    pub async fn newest_seal(&self) -> Result<Option<StoredSeal>> {
        let query = seal::Entity::find().order_by_desc(seal::Column::Number).order_by_desc(seal::Column::At);
        Ok(query.one(&self.db()).await?.map(stored_seal))
    }

    /// Those whose document may not be outside of the database yet, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn seals_to_keep(&self) -> Result<Vec<StoredSeal>> {
        let query = seal::Entity::find().filter(seal::Column::Number.gt(0)).filter(seal::Column::KeptAt.is_null());
        let rows = query.order_by_asc(seal::Column::Number).all(&self.db()).await?;
        Ok(rows.into_iter().map(stored_seal).collect())
    }

    /// Oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn seals(&self) -> Result<Vec<StoredSeal>> {
        let query = seal::Entity::find().order_by_asc(seal::Column::Number).order_by_asc(seal::Column::At);
        let rows = query.all(&self.db()).await?;
        Ok(rows.into_iter().map(stored_seal).collect())
    }

    /// # Errors
    /// When the database fails.
    pub async fn letter(&self, id: Uuid) -> Result<Option<StoredLetter>> {
        letter::Entity::find_by_id(id).one(&self.db()).await?.map(stored_letter).transpose()
    }

    /// Oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn letters_of_case(&self, application: Uuid) -> Result<Vec<StoredLetter>> {
        let query = letter::Entity::find().filter(letter::Column::Application.eq(application));
        let query = query.order_by_asc(letter::Column::CreatedAt).order_by_asc(letter::Column::Id);
        query.all(&self.db()).await?.into_iter().map(stored_letter).collect()
    }

    /// The letters that one event issued.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn letters_of_event(&self, application: Uuid, event: Uuid) -> Result<Vec<StoredLetter>> {
        Ok(self.letters_of_case(application).await?.into_iter().filter(|letter| letter.event == event).collect())
    }

    /// # Errors
    /// When the database fails.
    pub async fn file(&self, id: Uuid) -> Result<Option<StoredFile>> {
        Ok(file::Entity::find_by_id(id).one(&self.db()).await?.map(stored_file))
    }

    /// Those that exist.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn files(&self, ids: &[Uuid]) -> Result<Vec<StoredFile>> {
        let mut found = Vec::with_capacity(ids.len());
        for part in ids.chunks(1_000) {
            let query = file::Entity::find().filter(file::Column::Id.is_in(part.iter().copied()));
            found.extend(query.all(&self.db()).await?.into_iter().map(stored_file));
        }
        Ok(found)
    }

    /// What somebody uploaded, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn files_of_owner(&self, owner: Uuid) -> Result<Vec<StoredFile>> {
        let query = file::Entity::find().filter(file::Column::Owner.eq(owner));
        let query = query.order_by_asc(file::Column::UploadedAt).order_by_asc(file::Column::Id);
        Ok(query.all(&self.db()).await?.into_iter().map(stored_file).collect())
    }

    /// Bytes of all files of an application.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn bytes_of_application(&self, application: Uuid) -> Result<i64> {
        let sizes: Vec<i64> = file::Entity::find()
            .select_only()
            .column(file::Column::Size)
            .filter(file::Column::Application.eq(application))
            .into_tuple()
            .all(&self.db())
            .await?;
        Ok(sizes.into_iter().fold(0, i64::saturating_add))
    }
}

fn stored_seal(row: seal::Model) -> StoredSeal {
    StoredSeal {
        id: row.id,
        number: row.number,
        at: row.at,
        digest: row.heads_digest,
        heads_count: row.heads_count,
        document: row.document,
    }
}

impl Tx<'_> {
    /// Keeps the rendered letter. What was rendered first stays; returns whether this was it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_letter(&self, id: Uuid, html: &str, sha256: &str) -> Result<bool> {
        let result = letter::Entity::update_many()
            .col_expr(letter::Column::Html, Expr::value(html))
            .col_expr(letter::Column::Sha256, Expr::value(sha256))
            .filter(letter::Column::Id.eq(id))
            .filter(letter::Column::Sha256.is_null())
            .exec(&self.db())
            .await?;
        Ok(result.rows_affected == 1)
    }

    /// # Errors
    /// When the database fails.
    pub async fn create_file(&self, new: &StoredFile) -> Result<()> {
        let row = file::ActiveModel {
            id: Set(new.id),
            owner: Set(new.owner),
            application: Set(new.application),
            business: Set(new.business),
            name: Set(new.name.clone()),
            media_type: Set(new.media_type.clone()),
            size: Set(new.size),
            sha256: Set(new.sha256.clone()),
            uploaded_at: Set(new.uploaded_at),
            content_key: Set(new.content_key.clone()),
        };
        file::Entity::insert(row).exec_without_returning(&self.db()).await?;
        Ok(())
    }

    /// Attaches an uploaded file to a case: from then on whoever may see the case may see it.
    ///
    /// # Errors
    /// [`crate::StoreError::Conflict`] when it belongs to another case.
    pub async fn attach_file(&self, id: Uuid, application: Uuid, business: Uuid) -> Result<()> {
        let update = file::Entity::update_many()
            .col_expr(file::Column::Application, Expr::value(application))
            .col_expr(file::Column::Business, Expr::value(business))
            .filter(file::Column::Id.eq(id))
            .filter(
                Condition::any()
                    .add(file::Column::Application.is_null())
                    .add(file::Column::Application.eq(application)),
            );
        one_changed(update.exec(&self.db()).await?.rows_affected)
    }

    /// Of several who seal at once, one does after the other: each seal follows the one before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn lock_seals(&self) -> Result<()> {
        // SQLite has one writer.
        if self.is_postgres() {
            self.all(sql::LOCK_SEALS, vec![SEAL_LOCK.into()]).await?;
        }
        Ok(())
    }

    /// The heads that have moved since they were sealed, in the order of the applications; they stand still until the
    /// transaction ends.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn unsealed_heads(&self, limit: u32) -> Result<Vec<(Uuid, Head)>> {
        let text = if self.is_postgres() { sql::LOCK_UNSEALED } else { sql::UNSEALED };
        let rows = self.all(text, vec![i64::from(limit).into()]).await?;
        rows.iter()
            .map(|row| {
                let mut columns = Columns::of(row);
                let id = columns.take()?;
                Ok((id, Head { sequence: columns.take()?, hash: columns.take()?, at: columns.take()? }))
            })
            .collect()
    }

    /// Keeps a seal over these heads, which [`Tx::unsealed_heads`] returned.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_seal(&self, new: &StoredSeal, heads: &[Uuid]) -> Result<()> {
        let row = seal::ActiveModel {
            id: Set(new.id),
            at: Set(new.at),
            heads_digest: Set(new.digest.clone()),
            heads_count: Set(new.heads_count),
            document: Set(new.document.clone()),
            number: Set(new.number),
            kept_at: Set(None),
        };
        seal::Entity::insert(row).exec_without_returning(&self.db()).await?;
        for part in heads.chunks(512) {
            let values: Vec<Value> = padded(part).into_iter().map(Into::into).collect();
            self.run(&sql::heads_are_sealed(&placeholders(1, values.len(), 1)), values).await?;
        }
        Ok(())
    }

    /// Its document is durable outside of the database.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn seal_is_kept(&self, id: Uuid, now: Instant) -> Result<()> {
        seal::Entity::update_many()
            .col_expr(seal::Column::KeptAt, Expr::value(now))
            .filter(seal::Column::Id.eq(id))
            .exec(&self.db())
            .await?;
        Ok(())
    }
}
