//! Payment lines and batches. A line names the one batch it is in; entering and leaving it are conditional updates, so
//! no line is ever in two.

use std::collections::{BTreeMap, HashMap};

use casework::{Business, Step};
use chrono::NaiveDate;
use program::definition::Name;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Value};
use treasury::{Batch, BatchState};
use uuid::Uuid;
use vocabulary::{BankAccount, FiscalYear, Instant, Yen};

use crate::entity::{application, payment_batch, payment_line};
use crate::error::{Result, StoreError};
use crate::people::one_changed;
use crate::reader::Reader;
use crate::row::{from_json, from_word, json, placeholders, word, yen};
use crate::sql;
use crate::unit::Tx;

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineState {
    /// 支出命令済, waiting for a batch.
    Ordered,
    InBatch,
    Paid,
    /// The bank gave it back; what is to be paid after all is ordered anew.
    Returned,
}

/// A payment that was ordered.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderedPayment {
    pub id: Uuid,
    pub application: Uuid,
    pub application_number: Option<String>,
    /// The procedure beside the case whose money it is.
    pub procedure: Option<Uuid>,
    pub municipality: Name,
    pub fiscal_year: FiscalYear,
    pub obligation_number: Option<String>,
    pub payment_order_number: Option<String>,
    pub amount: Yen,
    pub account: BankAccount,
    pub payee_name: String,
    pub batch: Option<Uuid>,
    pub state: LineState,
    pub ordered_at: Instant,
}

/// A batch with what only its row knows.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredBatch {
    pub batch: Batch,
    pub municipality: Name,
    /// Counts the changes of the batch from 1.
    pub version: i64,
    pub file_sha256: Option<String>,
}

/// The transfer file, as it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchFile {
    pub bytes: Vec<u8>,
    pub sha256: String,
}

fn ordered(row: payment_line::Model, number: Option<String>) -> Result<OrderedPayment> {
    Ok(OrderedPayment {
        id: row.id,
        application: row.application,
        application_number: number,
        procedure: row.procedure,
        municipality: row.municipality,
        fiscal_year: FiscalYear(row.fiscal_year),
        obligation_number: row.obligation_number,
        payment_order_number: row.payment_order_number,
        amount: yen(row.amount)?,
        account: from_json("payment line", &row.account)?,
        payee_name: row.payee_name,
        batch: row.batch,
        state: from_word("payment line", &row.state)?,
        ordered_at: row.ordered_at,
    })
}

impl Reader {
    /// Whether one of the lines is paid to one of the businesses.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn pays_to(&self, lines: &[Uuid], businesses: &[Uuid]) -> Result<bool> {
        if businesses.is_empty() {
            return Ok(false);
        }
        for part in lines.chunks(1_000) {
            let mut values: Vec<Value> = businesses.iter().map(|business| Value::from(*business)).collect();
            let of = placeholders(1, values.len(), 1);
            let among = placeholders(1, part.len(), values.len() + 1);
            values.extend(part.iter().map(|line| Value::from(*line)));
            let text = sql::paid_to(&of, &among);
            if self.one(&text, values).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Tx<'_> {
    pub(crate) async fn order_payment(&self, step: &Step, now: Instant) -> Result<()> {
        let Some(order) = &step.payment else { return Ok(()) };
        let case = &step.case;
        let number = |kind: &str| case.number(order.procedure, kind).cloned();
        let values: Vec<Value> = vec![
            order.id.into(),
            case.id.into(),
            case.municipality.as_str().into(),
            case.charged(order.procedure).fiscal_year.0.into(),
            number("obligation").into(),
            number("payment_order").into(),
            order.amount.get().into(),
            json(&order.account)?.into(),
            case.business.name.as_str().into(),
            now.into(),
            order.within.get().into(),
            order.procedure.into(),
        ];
        if self.run(sql::ORDER_PAYMENT, values).await? == 1 {
            Ok(())
        } else {
            Err(StoreError::Check { constraint: "payment_line_within_obligation".to_owned() })
        }
    }

    /// A new batch takes its lines; all of them, or none.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when a line is in another batch, or is not of the municipality.
    pub async fn create_batch(&self, batch: &Batch, municipality: &str) -> Result<()> {
        let row = payment_batch::ActiveModel {
            id: Set(batch.id),
            municipality: Set(municipality.to_owned()),
            state: Set(batch.state.as_str().to_owned()),
            transfer_date: Set(batch.transfer_date),
            body: Set(json(batch)?),
            made_by: Set(batch.made_by),
            made_at: Set(batch.made_at),
            approved_by: Set(batch.approved_by()),
            file: Set(None),
            file_sha256: Set(None),
            version: Set(1),
        };
        payment_batch::Entity::insert(row).exec_without_returning(&self.db()).await?;
        let lines: Vec<Uuid> = batch.lines.iter().map(|line| line.id).collect();
        for part in lines.chunks(1_000) {
            let taken = payment_line::Entity::update_many()
                .col_expr(payment_line::Column::Batch, Expr::value(batch.id))
                .col_expr(payment_line::Column::State, Expr::value(line_word(LineState::InBatch)?))
                .filter(payment_line::Column::Id.is_in(part.iter().copied()))
                .filter(payment_line::Column::Municipality.eq(municipality))
                .filter(payment_line::Column::State.eq(line_word(LineState::Ordered)?))
                .filter(payment_line::Column::Batch.is_null())
                .filter(payment_line::Column::BlockedAt.is_null())
                .exec(&self.db())
                .await?;
            if usize::try_from(taken.rows_affected) != Ok(part.len()) {
                return Err(StoreError::Conflict);
            }
        }
        Ok(())
    }

    /// Writes a changed batch, and its file when it was exported for the first time; a file that is there stays.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the batch is not of that version any more.
    pub async fn save_batch(&self, batch: &Batch, expected_version: i64, file: Option<&BatchFile>) -> Result<()> {
        let mut row = payment_batch::ActiveModel {
            state: Set(batch.state.as_str().to_owned()),
            body: Set(json(batch)?),
            approved_by: Set(batch.approved_by()),
            version: Set(expected_version + 1),
            ..Default::default()
        };
        let mut filter = Condition::all()
            .add(payment_batch::Column::Id.eq(batch.id))
            .add(payment_batch::Column::Version.eq(expected_version));
        if let Some(file) = file {
            row.file = Set(Some(file.bytes.clone()));
            row.file_sha256 = Set(Some(file.sha256.clone()));
            // The same batch makes the same bytes; others would be a second instruction to pay.
            filter = filter.add(
                Condition::any()
                    .add(payment_batch::Column::FileSha256.is_null())
                    .add(payment_batch::Column::FileSha256.eq(file.sha256.as_str())),
            );
        }
        let update = payment_batch::Entity::update_many().set(row).filter(filter);
        one_changed(update.exec(&self.db()).await?.rows_affected)
    }

    /// The lines of a cancelled batch wait for another one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn release_lines(&self, batch: Uuid) -> Result<u64> {
        let released = payment_line::Entity::update_many()
            .col_expr(payment_line::Column::Batch, Expr::value(Option::<Uuid>::None))
            .col_expr(payment_line::Column::State, Expr::value(line_word(LineState::Ordered)?))
            .filter(payment_line::Column::Batch.eq(batch))
            .filter(payment_line::Column::State.eq(line_word(LineState::InBatch)?))
            .exec(&self.db())
            .await?;
        Ok(released.rows_affected)
    }

    /// What became of a line at the bank. A line that was paid may come back later; one that came back stays so.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the line is in no batch, or has come back.
    pub async fn settle_line(&self, line: Uuid, returned: bool, at: Instant) -> Result<()> {
        let state = if returned { LineState::Returned } else { LineState::Paid };
        let before = if returned { vec![LineState::InBatch, LineState::Paid] } else { vec![LineState::InBatch] };
        let before = before.into_iter().map(line_word).collect::<Result<Vec<_>>>()?;
        let update = payment_line::Entity::update_many()
            .col_expr(payment_line::Column::State, Expr::value(line_word(state)?))
            .col_expr(payment_line::Column::SettledAt, Expr::value(at))
            .filter(payment_line::Column::Id.eq(line))
            .filter(payment_line::Column::State.is_in(before));
        one_changed(update.exec(&self.db()).await?.rows_affected)
    }
}

fn line_word(state: LineState) -> Result<String> {
    crate::row::word(&state)
}

fn stored_batch(row: &payment_batch::Model) -> Result<StoredBatch> {
    Ok(StoredBatch {
        batch: from_json("payment batch", &row.body)?,
        municipality: row.municipality.clone(),
        version: row.version,
        file_sha256: row.file_sha256.clone(),
    })
}

impl Reader {
    /// Payments of a municipality that wait for a batch, the oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn payable(&self, municipality: &str, limit: u32) -> Result<Vec<OrderedPayment>> {
        let query = payment_line::Entity::find()
            .filter(payment_line::Column::Municipality.eq(municipality))
            .filter(payment_line::Column::State.eq(line_word(LineState::Ordered)?))
            .filter(payment_line::Column::BlockedAt.is_null())
            .order_by_asc(payment_line::Column::OrderedAt)
            .order_by_asc(payment_line::Column::Id)
            .limit(u64::from(limit));
        let rows = query.all(&self.db()).await?;
        self.ordered_payments(rows).await
    }

    /// Those that exist, in the order of their ids.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn payments(&self, ids: &[Uuid]) -> Result<Vec<OrderedPayment>> {
        let mut rows = Vec::with_capacity(ids.len());
        for part in ids.chunks(1_000) {
            let query = payment_line::Entity::find().filter(payment_line::Column::Id.is_in(part.iter().copied()));
            rows.extend(query.all(&self.db()).await?);
        }
        rows.sort_by_key(|row| row.id);
        self.ordered_payments(rows).await
    }

    /// Oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn payments_of_case(&self, application: Uuid) -> Result<Vec<OrderedPayment>> {
        let query = payment_line::Entity::find().filter(payment_line::Column::Application.eq(application));
        let query = query.order_by_asc(payment_line::Column::OrderedAt).order_by_asc(payment_line::Column::Id);
        self.ordered_payments(query.all(&self.db()).await?).await
    }

    /// The businesses of these cases.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn businesses_of_cases(&self, cases: &[Uuid]) -> Result<HashMap<Uuid, Business>> {
        let mut found = HashMap::with_capacity(cases.len());
        for part in cases.chunks(1_000) {
            let query = application::Entity::find()
                .select_only()
                .columns([application::Column::Id, application::Column::Business])
                .filter(application::Column::Id.is_in(part.iter().copied()));
            let of: Vec<(Uuid, Uuid)> = query.into_tuple().all(&self.db()).await?;
            let ids: Vec<Uuid> = of.iter().map(|(_, business)| *business).collect();
            let known = self.businesses(&ids).await?;
            let named = |id: Uuid| known.iter().find(|business| business.id == id).cloned();
            found.extend(of.into_iter().filter_map(|(case, business)| Some((case, named(business)?))));
        }
        Ok(found)
    }

    /// How many payments wait for a batch, counted as far as `most`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_payable(&self, municipality: &str, most: u32) -> Result<usize> {
        let query = payment_line::Entity::find()
            .select_only()
            .column(payment_line::Column::Id)
            .filter(payment_line::Column::Municipality.eq(municipality))
            .filter(payment_line::Column::State.eq(line_word(LineState::Ordered)?))
            .filter(payment_line::Column::BlockedAt.is_null())
            .limit(u64::from(most));
        Ok(query.into_tuple::<Uuid>().all(&self.db()).await?.len())
    }

    /// How many batches of a municipality are in each state that is not their last.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn batches_under_way(&self, municipality: &str) -> Result<Vec<(BatchState, i64)>> {
        use payment_batch::Column;
        let states = [BatchState::Drafted, BatchState::Approved, BatchState::Exported, BatchState::HandedOver];
        let names = states.iter().map(word).collect::<Result<Vec<_>>>()?;
        let query = payment_batch::Entity::find()
            .select_only()
            .column(Column::State)
            .column_as(Column::Id.count(), "batches")
            .filter(Column::Municipality.eq(municipality))
            .filter(Column::State.is_in(names))
            .group_by(Column::State);
        let found: Vec<(String, i64)> = query.into_tuple().all(&self.db()).await?;
        found.into_iter().map(|(state, count)| Ok((from_word("payment_batch", &state)?, count))).collect()
    }

    /// The days on which these batches transfer.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn transfer_days(&self, batches: &[Uuid]) -> Result<HashMap<Uuid, NaiveDate>> {
        let query = payment_batch::Entity::find()
            .select_only()
            .columns([payment_batch::Column::Id, payment_batch::Column::TransferDate])
            .filter(payment_batch::Column::Id.is_in(batches.iter().copied()));
        Ok(query.into_tuple::<(Uuid, NaiveDate)>().all(&self.db()).await?.into_iter().collect())
    }

    async fn ordered_payments(&self, rows: Vec<payment_line::Model>) -> Result<Vec<OrderedPayment>> {
        let applications: Vec<Uuid> = rows.iter().map(|row| row.application).collect();
        let numbers = self.application_numbers(&applications).await?;
        rows.into_iter()
            .map(|row| (numbers.get(&row.application).cloned(), row))
            .map(|(n, row)| ordered(row, n))
            .collect()
    }

    /// With `lock`, nobody else changes it until the transaction ends.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn batch(&self, id: Uuid, lock: bool) -> Result<Option<StoredBatch>> {
        let mut query = payment_batch::Entity::find_by_id(id);
        if lock {
            query = query.lock_exclusive();
        }
        query.one(&self.db()).await?.as_ref().map(stored_batch).transpose()
    }

    /// Newest first, after the one that is named.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn batches(&self, municipalities: &[Name], after: Option<Uuid>, limit: u32) -> Result<Vec<StoredBatch>> {
        use payment_batch::Column;
        let mut query =
            payment_batch::Entity::find().filter(Column::Municipality.is_in(municipalities.iter().cloned()));
        if let Some(after) = after {
            let Some(last) = payment_batch::Entity::find_by_id(after).one(&self.db()).await? else {
                return Ok(Vec::new());
            };
            query = query.filter(
                Condition::any()
                    .add(Column::MadeAt.lt(last.made_at))
                    .add(Condition::all().add(Column::MadeAt.eq(last.made_at)).add(Column::Id.lt(last.id))),
            );
        }
        let query = query.order_by_desc(Column::MadeAt).order_by_desc(Column::Id).limit(u64::from(limit));
        query.all(&self.db()).await?.iter().map(stored_batch).collect()
    }

    /// The days of the transfer of these batches.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn transfer_dates(&self, batches: &[Uuid]) -> Result<BTreeMap<Uuid, NaiveDate>> {
        let query = payment_batch::Entity::find()
            .select_only()
            .columns([payment_batch::Column::Id, payment_batch::Column::TransferDate])
            .filter(payment_batch::Column::Id.is_in(batches.iter().copied()));
        Ok(query.into_tuple::<(Uuid, NaiveDate)>().all(&self.db()).await?.into_iter().collect())
    }

    /// # Errors
    /// When the database fails.
    pub async fn batch_file(&self, id: Uuid) -> Result<Option<BatchFile>> {
        let row = payment_batch::Entity::find_by_id(id).one(&self.db()).await?;
        Ok(row.and_then(|row| Some(BatchFile { bytes: row.file?, sha256: row.file_sha256? })))
    }

    /// Lines of a batch that must not be paid, because the account was blocked after they were taken.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn blocked_lines(&self, batch: Uuid) -> Result<Vec<Uuid>> {
        let query = payment_line::Entity::find()
            .select_only()
            .column(payment_line::Column::Id)
            .filter(payment_line::Column::Batch.eq(batch))
            .filter(payment_line::Column::State.eq(line_word(LineState::InBatch)?))
            .filter(payment_line::Column::BlockedAt.is_not_null())
            .order_by_asc(payment_line::Column::Id);
        Ok(query.into_tuple().all(&self.db()).await?)
    }

    /// The cases whose payments are in a batch, in the order in which they must be locked.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn cases_of_batch(&self, batch: Uuid) -> Result<Vec<Uuid>> {
        let ids: Vec<Uuid> = application::Entity::find()
            .select_only()
            .column(application::Column::Id)
            .filter(
                application::Column::Id.in_subquery(sea_orm::QueryTrait::into_query(
                    payment_line::Entity::find()
                        .select_only()
                        .column(payment_line::Column::Application)
                        .filter(payment_line::Column::Batch.eq(batch)),
                )),
            )
            .order_by_asc(application::Column::Id)
            .into_tuple()
            .all(&self.db())
            .await?;
        Ok(ids)
    }
}
