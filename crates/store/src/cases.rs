//! Cases: how one is loaded with its lock, and how one step is recorded, in as few statements as the engine allows.

use std::collections::BTreeMap;

use casework::{Body, Business, Call, Case, Draft, Granted, Head, Step, Submission};
use program::definition::{Name, StateKind};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryResult, Value};
use serde::{Deserialize, Serialize};
use serde_json::Map;
use uuid::Uuid;
use vocabulary::{FiscalYear, Instant};

use crate::entity::{application, draft, file, note};
use crate::error::{Result, StoreError};
use crate::money::Movement;
use crate::outbox::{CaseLetter, CaseMail, Message, NewMessage};
use crate::people::one_changed;
use crate::programs::CLOSED;
use crate::reader::Reader;
use crate::row::{Columns, from_json, json, padded, placeholders, word};
use crate::sql::{self, Lock};
use crate::unit::Tx;

/// A case with what only its row knows.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredCase {
    pub case: Case,
    /// The clerk who looks after it.
    pub assignee: Option<Uuid>,
    pub updated_at: Instant,
    pub created_at: Instant,
    /// Of what its municipality says of itself.
    pub municipality_revision: i64,
    /// The newest version of its program, as long as nothing has happened to the case.
    pub newest: Option<NewestVersion>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewestVersion {
    pub hash: String,
    pub closed: bool,
}

#[derive(Clone, Copy, Debug)]
pub enum CaseKey<'a> {
    Id(Uuid),
    /// As written, e.g. the number on the receipt.
    Number(&'a str),
}

impl Reader {
    /// # Errors
    /// When the database fails.
    pub async fn load_case(&self, key: CaseKey<'_>, lock: Lock) -> Result<Option<StoredCase>> {
        let (by_id, value): (bool, Value) = match key {
            CaseKey::Id(id) => (true, id.into()),
            CaseKey::Number(number) => (false, number.into()),
        };
        let text = sql::load_case(by_id, if self.is_postgres() { lock } else { Lock::Nothing });
        self.one(text, vec![value]).await?.as_ref().map(stored_case).transpose()
    }

    /// Those that exist, in the order of their ids.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn cases(&self, ids: &[Uuid]) -> Result<Vec<StoredCase>> {
        const PART: usize = 128;
        let mut found = Vec::with_capacity(ids.len());
        for part in ids.chunks(PART) {
            let values: Vec<Value> = padded(part).into_iter().map(Into::into).collect();
            let rows = self.all(&sql::cases_by_ids(&placeholders(1, values.len(), 1)), values).await?;
            for row in &rows {
                found.push(stored_case(row)?);
            }
        }
        found.sort_by_key(|stored| stored.case.id);
        Ok(found)
    }

    /// What `business` was granted by `program`, apart from the case `except`, with what the applications say in `fields`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn granted(&self, business: Uuid, program: &str, except: Uuid, fields: &[Name]) -> Result<Vec<Granted>> {
        let values = vec![business.into(), program.into(), except.into()];
        let statement = if fields.is_empty() { sql::GRANTED } else { sql::GRANTED_WITH_CASE };
        let mut granted = Vec::new();
        for row in self.all(statement, values).await? {
            let mut columns = Columns::of(&row);
            let (year, yen) = (columns.take()?, columns.yen()?);
            let answers = match fields {
                [] => Map::new(),
                fields => columns.json::<Body>("case")?.answers(fields),
            };
            granted.push(Granted { fiscal_year: FiscalYear(year), yen, answers });
        }
        Ok(granted)
    }

    /// # Errors
    /// When the database fails.
    pub async fn draft(&self, application: Uuid, form: &str, account: Uuid) -> Result<Option<StoredDraft>> {
        let values = vec![application.into(), form.into(), account.into()];
        let row = self.one(sql::DRAFT, values).await?;
        row.map(|row| {
            let mut columns = Columns::of(&row);
            let typed = Draft { values: columns.json("draft")?, documents: columns.json("draft")? };
            let kept: Option<String> = columns.take()?;
            let kept = kept.map(|kept| from_json("draft", &kept)).transpose()?.unwrap_or_default();
            let (program_hash, revision) = (columns.take()?, columns.take()?);
            Ok(StoredDraft { typed, kept, program_hash, revision, changed: columns.json("draft")? })
        })
        .transpose()
    }

    /// Cases of a program that were handed in and are on another version than this, in the order of their ids: the
    /// first `limit` after one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn on_other_versions(
        &self,
        (municipality, program): (&str, &str),
        hash: &str,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<StoredCase>> {
        let after = after.unwrap_or(Uuid::nil());
        let values = vec![program.into(), hash.into(), municipality.into(), after.into(), i64::from(limit).into()];
        let rows = self.all(sql::ON_OTHER_VERSIONS, values).await?;
        let ids = rows.iter().map(|row| Columns::of(row).take()).collect::<Result<Vec<Uuid>>>()?;
        self.cases(&ids).await
    }

    /// Cases whose clock has to look at them by `now`, the longest due first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn due_cases(&self, now: Instant, limit: u32) -> Result<Vec<Uuid>> {
        let rows = self.all(sql::DUE_CASES, vec![now.into(), i64::from(limit).into()]).await?;
        rows.iter().map(|row| Columns::of(row).take()).collect()
    }
}

/// What a recording needs besides the step.
#[derive(Clone, Copy, Debug)]
pub struct Recording {
    /// The transaction's time.
    pub now: Instant,
    /// Salts the digests of personal values; kept with the submission.
    pub salt: [u8; 32],
    /// Whether the call counts reserved money as used.
    pub held_counts_as_used: bool,
}

impl Tx<'_> {
    /// A fresh case; it has no events yet.
    ///
    /// # Errors
    /// When the database fails, or the id is taken.
    pub async fn create_case(&self, case: &Case, now: Instant) -> Result<()> {
        let row = Row::of(case)?;
        let values = vec![
            case.id.into(),
            row.number.into(),
            case.municipality.as_str().into(),
            case.program.as_str().into(),
            case.program_hash.as_str().into(),
            case.call.id.into(),
            case.call.fiscal_year.0.into(),
            case.business.id.into(),
            case.state.as_str().into(),
            row.kind.into(),
            row.waits_on.into(),
            row.attention.into(),
            case.version.into(),
            row.received_at.into(),
            row.deadline_at.into(),
            row.next_clock_at.into(),
            row.received_sort.into(),
            row.deadline_sort.into(),
            now.into(),
            case.head.sequence.into(),
            case.head.hash.as_str().into(),
            case.head.at.into(),
            row.granted_yen.into(),
            row.body.into(),
            case.body.in_line_since.into(),
        ];
        self.run(sql::CREATE_CASE, values).await?;
        Ok(())
    }

    /// Writes all that a step does: the case, its event, submission, letters, mails, money and payment.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the case is not of the version before the step any more, [`StoreError::Budget`]
    /// when its budget line lacks the money, [`StoreError::Full`] when its call has no place left; the transaction must
    /// then be given up.
    pub async fn record(&self, step: &Step, recording: &Recording) -> Result<()> {
        self.move_case(step, recording).await?;
        self.correspond(step, recording.now).await?;
        self.take_places(step.case.call.id, step.places).await?;
        self.change_links(step.case.id, &step.links, recording.now).await?;
        for moved in &step.postings {
            let movement = Movement {
                line: moved.line,
                application: step.case.id,
                event: step.event.id,
                at: recording.now,
                by: step.event.actor,
                held_counts_as_used: recording.held_counts_as_used,
            };
            self.post(&movement, &moved.entries).await?;
        }
        if step.blocks_accounts {
            self.run(sql::BLOCK_PAYMENTS, vec![step.case.id.into(), recording.now.into()]).await?;
        }
        if step.payment.is_some() {
            self.order_payment(step, recording.now).await?;
        }
        Ok(())
    }

    /// The case, its event, and the form that is taken in, if any.
    async fn move_case(&self, step: &Step, recording: &Recording) -> Result<()> {
        let (case, event) = (&step.case, &step.event);
        let row = Row::of(case)?;
        let mut values: Vec<Value> = vec![
            case.id.into(),
            (case.version - 1).into(),
            row.number.into(),
            case.business.id.into(),
            case.state.as_str().into(),
            row.kind.into(),
            row.waits_on.into(),
            row.attention.into(),
            case.version.into(),
            row.received_at.into(),
            row.deadline_at.into(),
            row.next_clock_at.into(),
            row.received_sort.into(),
            row.deadline_sort.into(),
            recording.now.into(),
            case.head.sequence.into(),
            case.head.hash.as_str().into(),
            case.head.at.into(),
            row.granted_yen.into(),
            row.body.into(),
            case.body.in_line_since.into(),
            case.program_hash.as_str().into(),
        ];
        let event_values: Vec<Value> = vec![
            event.id.into(),
            event.application.into(),
            event.sequence.into(),
            event.at.into(),
            event.actor.into(),
            event.role.as_str().into(),
            event.action.as_str().into(),
            event.stage.as_str().into(),
            event.from.as_str().into(),
            event.to.as_str().into(),
            json(&event.facts)?.into(),
            event.previous.as_str().into(),
            event.hash.as_str().into(),
            event.comment.clone().into(),
        ];
        let taken_in = match &step.submission {
            Some((form, submission)) => Some(submission_values(step, form, submission, recording.salt)?),
            None => None,
        };
        if self.is_postgres() {
            let text = if taken_in.is_some() { sql::MOVE_CASE_WITH_SUBMISSION } else { sql::MOVE_CASE_WITH_EVENT };
            values.extend(event_values.into_iter().chain(taken_in.into_iter().flatten()));
            return moved(self.run(text, values).await?);
        }
        moved(self.run(sql::MOVE_CASE, values).await?)?;
        self.run(sql::INSERT_EVENT, event_values).await?;
        if let (Some(values), Some((form, submission))) = (taken_in, &step.submission) {
            let application = std::iter::once(Value::from(case.id));
            self.run(sql::SUBMIT, application.chain(values).collect()).await?;
            let key = DraftKey { application: case.id, form, account: submission.by };
            self.delete_draft(key).await?;
        }
        Ok(())
    }

    /// Nobody else locks it until the transaction ends, so that what the business was granted elsewhere
    /// ([`Reader::granted`]) stays as it is read from now on. After the lock of the case.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn lock_business(&self, business: Uuid) -> Result<()> {
        // SQLite has one writer.
        if self.is_postgres() {
            self.run(sql::LOCK_BUSINESS, vec![business.into()]).await?;
        }
        Ok(())
    }

    async fn correspond(&self, step: &Step, now: Instant) -> Result<()> {
        let messages = messages(step, now)?;
        if step.letters.is_empty() {
            return self.enqueue(&messages).await;
        }
        let mut values: Vec<Value> = Vec::with_capacity(step.letters.len() * 8 + messages.len() * 7);
        for letter in &step.letters {
            values.extend::<[Value; 8]>([
                letter.id.into(),
                step.case.id.into(),
                step.event.id.into(),
                letter.name.as_str().into(),
                letter_number(&letter.data).into(),
                json(&letter.data)?.into(),
                letter.template_hash.as_str().into(),
                now.into(),
            ]);
        }
        let letters = placeholders(step.letters.len(), 8, 1);
        if self.is_postgres() {
            let rows = placeholders(messages.len(), 7, values.len() + 1);
            messages.iter().for_each(|message| values.extend(message.values()));
            self.run(&sql::issue_and_enqueue(&letters, &rows), values).await?;
            self.outbox_is_filled();
            Ok(())
        } else {
            self.run(&sql::insert_letters(&letters), values).await?;
            self.enqueue(&messages).await
        }
    }

    /// Takes away a case that nothing has happened to, with all that was typed and uploaded for it.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when something has happened to it meanwhile.
    pub async fn discard_case(&self, id: Uuid) -> Result<()> {
        let db = self.db();
        draft::Entity::delete_many().filter(draft::Column::Application.eq(id)).exec(&db).await?;
        note::Entity::delete_many().filter(note::Column::Application.eq(id)).exec(&db).await?;
        file::Entity::delete_many().filter(file::Column::Application.eq(id)).exec(&db).await?;
        let case = application::Entity::delete_many()
            .filter(application::Column::Id.eq(id))
            .filter(application::Column::HeadSequence.eq(0));
        one_changed(case.exec(&db).await?.rows_affected)
    }

    /// Keeps what was typed, as it is: whoever changes a draft holds the lock of its case.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn save_draft(&self, key: DraftKey<'_>, draft: &StoredDraft, now: Instant) -> Result<()> {
        use draft::Column;
        let is_kept = !draft.kept.values.is_empty() || !draft.kept.documents.is_empty();
        let row = draft::ActiveModel {
            application: Set(key.application),
            form: Set(key.form.to_owned()),
            account: Set(key.account),
            field_values: Set(json(&draft.typed.values)?),
            documents: Set(json(&draft.typed.documents)?),
            saved_at: Set(now),
            program_hash: Set(draft.program_hash.clone()),
            kept: Set(is_kept.then(|| json(&draft.kept)).transpose()?),
            revision: Set(draft.revision),
            changed: Set(json(&draft.changed)?),
        };
        let on_conflict = OnConflict::columns([Column::Application, Column::Form, Column::Account])
            .update_columns([
                Column::FieldValues,
                Column::Documents,
                Column::SavedAt,
                Column::ProgramHash,
                Column::Kept,
                Column::Revision,
                Column::Changed,
            ])
            .to_owned();
        draft::Entity::insert(row).on_conflict(on_conflict).exec_without_returning(&self.db()).await?;
        Ok(())
    }

    /// # Errors
    /// When the database fails.
    pub async fn delete_draft(&self, key: DraftKey<'_>) -> Result<()> {
        self.run(sql::DELETE_DRAFT, vec![key.application.into(), key.form.into(), key.account.into()]).await?;
        Ok(())
    }

    /// The clock does not look at the case again until somebody moves it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn silence_clock(&self, application: Uuid) -> Result<()> {
        use sea_orm::sea_query::Expr;
        crate::entity::application::Entity::update_many()
            .col_expr(crate::entity::application::Column::NextClockAt, Expr::value(Option::<Instant>::None))
            .filter(crate::entity::application::Column::Id.eq(application))
            .exec(&self.db())
            .await?;
        Ok(())
    }

    /// Names the clerk who looks after the case; its version stays, since no act took place.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn assign(&self, application: Uuid, assignee: Option<Uuid>) -> Result<()> {
        let changed = self.run(sql::ASSIGN, vec![application.into(), assignee.into()]).await?;
        if changed == 1 { Ok(()) } else { Err(StoreError::Conflict) }
    }
}

/// What a person has typed into a form and not handed in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StoredDraft {
    pub typed: Draft,
    /// What was typed for fields and documents that the version does not have any more.
    pub kept: Draft,
    /// The version in whose words it was typed; that of the case when none is named.
    pub program_hash: Option<String>,
    /// How often it was saved.
    pub revision: i64,
    /// With which save each field came to say what it says; the first for those that are not named.
    pub changed: BTreeMap<Name, FieldSave>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldSave {
    /// The draft's, counted from 1.
    pub revision: i64,
    /// The opened page that sent it, where it was one.
    pub page: Option<String>,
}

#[derive(Clone, Copy, Debug)]
pub struct DraftKey<'a> {
    pub application: Uuid,
    pub form: &'a str,
    pub account: Uuid,
}

/// What comes after the case's id, in the order of the columns of `sql::SUBMIT`.
fn submission_values(step: &Step, form: &Name, submission: &Submission, salt: [u8; 32]) -> Result<[Value; 9]> {
    Ok([
        submission.id.into(),
        form.as_str().into(),
        step.event.sequence.into(),
        submission.at.into(),
        submission.by.into(),
        json(&submission.values)?.into(),
        json(&submission.documents)?.into(),
        json(&submission.changes)?.into(),
        salt.to_vec().into(),
    ])
}

/// Whether the case was still of the version before the step.
fn moved(rows: u64) -> Result<()> {
    if rows == 1 { Ok(()) } else { Err(StoreError::Conflict) }
}

/// A letter's number, when its data has one.
fn letter_number(data: &serde_json::Value) -> Option<&str> {
    data.get("number").and_then(serde_json::Value::as_str)
}

fn messages(step: &Step, now: Instant) -> Result<Vec<NewMessage>> {
    let (application, event) = (step.case.id, step.event.id);
    let letters = step.letters.iter().map(|letter| {
        let payload = CaseLetter { application, event, letter: letter.id };
        NewMessage::of(letter.id, Message::LETTER, application, &payload, now)
    });
    let mails = step.mails.iter().map(|mail| {
        let payload = CaseMail { application, event, mail: mail.clone() };
        NewMessage::of(mail.id, Message::MAIL, application, &payload, now)
    });
    letters.chain(mails).collect()
}

/// The columns that repeat a part of the body, so that lists and workers find it.
struct Row {
    number: Option<String>,
    kind: String,
    waits_on: Option<String>,
    attention: Option<&'static str>,
    received_at: Option<Instant>,
    deadline_at: Option<Instant>,
    next_clock_at: Option<Instant>,
    received_sort: Instant,
    deadline_sort: Instant,
    granted_yen: i64,
    body: String,
}

impl Row {
    fn of(case: &Case) -> Result<Self> {
        let Body { standing, numbers, attention, .. } = &case.body;
        Ok(Self {
            number: numbers.get("application").cloned(),
            kind: word(&standing.kind.unwrap_or(StateKind::Drafting))?,
            waits_on: standing.waits_on.clone(),
            attention: attention.map(program::definition::Role::as_str),
            received_at: standing.received_at,
            deadline_at: standing.deadline_at,
            next_clock_at: standing.next_clock_at,
            received_sort: standing.received_at.unwrap_or_else(far_future),
            deadline_sort: standing.deadline_at.unwrap_or_else(far_future),
            granted_yen: case.granted().map_err(StoreError::fault)?.get(),
            body: json(&case.body)?,
        })
    }
}

/// Sorts after every instant that occurs; PostgreSQL and SQLite's text both have it.
pub fn far_future() -> Instant {
    Instant::from_timestamp(253_370_764_800, 0).unwrap_or_default()
}

pub fn stored_case(row: &QueryResult) -> Result<StoredCase> {
    stored_case_at(&mut Columns::of(row))
}

/// Reads `sql::CASE_COLUMNS`.
pub fn stored_case_at(columns: &mut Columns<'_>) -> Result<StoredCase> {
    let case = Case {
        id: columns.take()?,
        version: columns.take()?,
        municipality: columns.take()?,
        program: columns.take()?,
        program_hash: columns.take()?,
        state: columns.take()?,
        body: columns.json("case")?,
        head: Head { sequence: columns.take()?, hash: columns.take()?, at: columns.take()? },
        call: Call {
            id: columns.take()?,
            fiscal_year: FiscalYear(columns.take()?),
            opens: columns.take()?,
            closes: columns.take()?,
            budget_line: columns.take()?,
        },
        business: Business {
            id: columns.take()?,
            name: columns.take()?,
            name_kana: columns.take()?,
            address: columns.take()?,
            representative: columns.take()?,
            corporate_number: columns.take()?,
            facts: columns.json("business")?,
        },
    };
    Ok(StoredCase {
        case,
        assignee: columns.take()?,
        updated_at: columns.take()?,
        created_at: columns.take()?,
        municipality_revision: columns.take()?,
        newest: newest_version(columns.take()?, columns.take()?),
    })
}

fn newest_version(hash: Option<String>, status: Option<String>) -> Option<NewestVersion> {
    hash.zip(status).map(|(hash, status)| NewestVersion { hash, closed: status == CLOSED })
}

/// A form as it was handed in, with the salt of its digests.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredSubmission {
    pub form: Name,
    /// Of the event that took it in.
    pub sequence: i64,
    pub submission: Submission,
    pub salt: Vec<u8>,
}

impl Reader {
    /// What somebody has typed and not handed in, of these applications: the application's, with its form, the values and
    /// when they were saved.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn drafts_of(
        &self,
        account: Uuid,
        applications: &[Uuid],
    ) -> Result<Vec<(Uuid, Name, Map<String, serde_json::Value>, Instant)>> {
        use crate::entity::draft::{Column, Entity};
        use sea_orm::QueryOrder as _;
        let mut found = Vec::new();
        for part in applications.chunks(1_000) {
            let query = Entity::find().filter(Column::Application.is_in(part.iter().copied()));
            let query = query.filter(Column::Account.eq(account)).order_by_asc(Column::Application);
            for row in query.order_by_asc(Column::Form).all(&self.db()).await? {
                found.push((row.application, row.form, from_json("draft", &row.field_values)?, row.saved_at));
            }
        }
        Ok(found)
    }

    /// All submissions of a case, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn submissions(&self, application: Uuid) -> Result<Vec<StoredSubmission>> {
        use crate::entity::submission::{Column, Entity};
        use sea_orm::QueryOrder as _;
        let query = Entity::find().filter(Column::Application.eq(application)).order_by_asc(Column::Sequence);
        let rows = query.all(&self.db()).await?;
        rows.into_iter()
            .map(|row| {
                let documents: BTreeMap<Name, Vec<casework::DocumentRef>> = from_json("submission", &row.documents)?;
                let submission = Submission {
                    id: row.id,
                    at: row.at,
                    by: row.submitted_by,
                    values: from_json("submission", &row.field_values)?,
                    documents,
                    changes: from_json("submission", &row.changes)?,
                };
                Ok(StoredSubmission { form: row.form, sequence: row.sequence, submission, salt: row.salt })
            })
            .collect()
    }
}
