//! Money and numbers: budget lines, their ledger, and counters. A line's totals, its entries and its guards change in
//! one conditional statement, so that they hold at every isolation level.

use std::collections::BTreeMap;

use program::definition::Name;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Value};
use treasury::{Account, LineTotals, Posting, deltas};
use uuid::Uuid;
use vocabulary::{Bilingual, FiscalYear, Instant, Yen};

use crate::entity::{application, budget_line, ledger_entry};
use crate::error::{Result, StoreError};
use crate::reader::Reader;
use crate::row::{Columns, from_json, from_word, json, placeholders, yen};
use crate::sql;
use crate::unit::Tx;

/// A line of the budget with what is left of it.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredLine {
    pub line: LineNamed,
    pub totals: LineTotals,
}

/// A line of the budget by its names; its money comes by [`Tx::appropriate`].
#[derive(Clone, Debug, PartialEq)]
pub struct LineNamed {
    pub id: Uuid,
    pub municipality: Name,
    pub fiscal_year: FiscalYear,
    pub code: Name,
    pub name: Bilingual,
    pub path: String,
}

/// An entry of the ledger as it was recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredEntry {
    /// Counts the entries of the line from 1, without a gap.
    pub sequence: i64,
    pub application: Option<Uuid>,
    pub application_number: Option<String>,
    /// None: from outside, an appropriation.
    pub from: Option<Account>,
    /// None: to the outside, a cut.
    pub to: Option<Account>,
    pub amount: Yen,
    /// As [`treasury::EntryKind`] writes it.
    pub kind: String,
    pub at: Instant,
    pub by: Uuid,
}

impl StoredEntry {
    /// None for an appropriation or a cut.
    #[must_use]
    pub fn posting(&self) -> Option<Posting> {
        Some(Posting { from: self.from?, to: self.to?, amount: self.amount })
    }
}

/// Which line money moves on, and why.
#[derive(Clone, Copy, Debug)]
pub struct Movement {
    pub line: Uuid,
    pub application: Uuid,
    pub event: Uuid,
    pub at: Instant,
    pub by: Uuid,
    pub held_counts_as_used: bool,
}

impl Tx<'_> {
    /// Moves money between the accounts of a line and enters it into the ledger.
    ///
    /// # Errors
    /// [`StoreError::Budget`] when an account would go below zero or more would be used than there is.
    pub async fn post(&self, movement: &Movement, postings: &[Posting]) -> Result<()> {
        if postings.is_empty() {
            return Ok(());
        }
        let delta = deltas(postings).map_err(StoreError::fault)?;
        let uses = delta.uses(movement.held_counts_as_used).map_err(StoreError::fault)?;
        let count = i64::try_from(postings.len()).map_err(StoreError::fault)?;
        let mut values: Vec<Value> = vec![
            movement.line.into(),
            delta.held.into(),
            delta.committed.into(),
            delta.finalized.into(),
            delta.ordered.into(),
            delta.paid.into(),
            count.into(),
            uses.into(),
            movement.held_counts_as_used.into(),
        ];
        let posted = if self.is_postgres() {
            values.extend::<[Value; 4]>([
                movement.application.into(),
                movement.event.into(),
                movement.at.into(),
                movement.by.into(),
            ]);
            for (n, posting) in (1i64..).zip(postings) {
                values.extend::<[Value; 5]>([
                    n.into(),
                    posting.from.as_str().into(),
                    posting.to.as_str().into(),
                    posting.amount.get().into(),
                    posting.kind().as_str().into(),
                ]);
            }
            self.run(&sql::post_with_entries(&placeholders(postings.len(), 5, 14)), values).await? > 0
        } else {
            match self.one(sql::POST, values).await? {
                Some(row) => {
                    let last: i64 = Columns::of(&row).take()?;
                    self.enter(movement, postings, last - count).await?;
                    true
                }
                None => false,
            }
        };
        if posted { Ok(()) } else { Err(self.shortfall(movement).await?) }
    }

    async fn enter(&self, movement: &Movement, postings: &[Posting], before: i64) -> Result<()> {
        let mut values: Vec<Value> = Vec::with_capacity(postings.len() * 10);
        for (n, posting) in (1i64..).zip(postings) {
            values.extend::<[Value; 10]>([
                movement.line.into(),
                (before + n).into(),
                movement.application.into(),
                movement.event.into(),
                posting.from.as_str().into(),
                posting.to.as_str().into(),
                posting.amount.get().into(),
                posting.kind().as_str().into(),
                movement.at.into(),
                movement.by.into(),
            ]);
        }
        self.run(&sql::insert_entries(&placeholders(postings.len(), 10, 1)), values).await?;
        Ok(())
    }

    /// Why the conditional update found no row.
    async fn shortfall(&self, movement: &Movement) -> Result<StoreError> {
        let line = self.budget_line(movement.line).await?;
        let line = line.ok_or_else(|| StoreError::fault(format!("there is no budget line {}", movement.line)))?;
        Ok(StoreError::Budget { available: line.totals.available(movement.held_counts_as_used) })
    }

    /// Makes the line, or gives it other words; its money stays. Returns the id that the line has.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_budget_line(&self, line: &LineNamed) -> Result<Uuid> {
        use budget_line::Column;
        let row = budget_line::ActiveModel {
            id: Set(line.id),
            municipality: Set(line.municipality.clone()),
            fiscal_year: Set(line.fiscal_year.0),
            code: Set(line.code.clone()),
            name: Set(json(&line.name)?),
            path: Set(line.path.clone()),
            appropriated: Set(0),
            held: Set(0),
            committed: Set(0),
            finalized: Set(0),
            ordered: Set(0),
            paid: Set(0),
            entries: Set(0),
        };
        let on_conflict = OnConflict::columns([Column::Municipality, Column::FiscalYear, Column::Code])
            .update_columns([Column::Name, Column::Path])
            .to_owned();
        let stored = budget_line::Entity::insert(row).on_conflict(on_conflict).exec_with_returning(&self.db()).await?;
        Ok(stored.id)
    }

    /// 予算配当: gives the line `amount` yen more, or takes them when below zero.
    ///
    /// # Errors
    /// [`StoreError::Budget`] when a cut is more than what is left.
    pub async fn appropriate(&self, line: Uuid, amount: Yen, at: Instant, by: Uuid) -> Result<()> {
        if amount.is_zero() {
            return Ok(());
        }
        let Some(row) = self.one(sql::APPROPRIATE, vec![line.into(), amount.get().into()]).await? else {
            let stored = self.budget_line(line).await?;
            let stored = stored.ok_or_else(|| StoreError::fault(format!("there is no budget line {line}")))?;
            return Err(StoreError::Budget { available: stored.totals.available(false) });
        };
        let available = Some(Account::Available.as_str().to_owned());
        let (from, to) = if amount.is_negative() { (available, None) } else { (None, available) };
        let entry = ledger_entry::ActiveModel {
            budget_line: Set(line),
            sequence: Set(Columns::of(&row).take()?),
            application: Set(None),
            event: Set(None),
            from_account: Set(from),
            to_account: Set(to),
            amount: Set(amount.get().saturating_abs()),
            kind: Set(treasury::EntryKind::Appropriate.as_str().to_owned()),
            at: Set(at),
            entered_by: Set(by),
        };
        ledger_entry::Entity::insert(entry).exec_without_returning(&self.db()).await?;
        Ok(())
    }

    /// The next number of each kind, counted within the fiscal year from 1. Numbers of a transaction that fails are
    /// given to the next one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn next_numbers(
        &self,
        municipality: &str,
        kinds: &[Name],
        fiscal_year: FiscalYear,
    ) -> Result<BTreeMap<Name, i64>> {
        // Sorted, so that two transactions lock the counters in the same order; each once, as a row can change once.
        let kinds: std::collections::BTreeSet<&Name> = kinds.iter().collect();
        if kinds.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut values: Vec<Value> = Vec::with_capacity(kinds.len() * 4);
        for kind in &kinds {
            values.extend::<[Value; 4]>([municipality.into(), kind.as_str().into(), fiscal_year.0.into(), 2i64.into()]);
        }
        let rows = self.all(&sql::next_numbers(&placeholders(kinds.len(), 4, 1)), values).await?;
        rows.iter()
            .map(|row| {
                let mut columns = Columns::of(row);
                Ok((columns.take()?, columns.take()?))
            })
            .collect()
    }
}

fn totals(row: &budget_line::Model) -> Result<LineTotals> {
    Ok(LineTotals {
        appropriated: yen(row.appropriated)?,
        held: yen(row.held)?,
        committed: yen(row.committed)?,
        finalized: yen(row.finalized)?,
        ordered: yen(row.ordered)?,
        paid: yen(row.paid)?,
    })
}

fn stored_line(row: budget_line::Model) -> Result<StoredLine> {
    let totals = totals(&row)?;
    let line = LineNamed {
        id: row.id,
        municipality: row.municipality,
        fiscal_year: FiscalYear(row.fiscal_year),
        code: row.code,
        name: from_json("budget line", &row.name)?,
        path: row.path,
    };
    Ok(StoredLine { line, totals })
}

fn stored_entry((entry, number): (ledger_entry::Model, Option<String>)) -> Result<StoredEntry> {
    let account = |word: Option<String>| word.map(|word| from_word("ledger entry", &word)).transpose();
    Ok(StoredEntry {
        sequence: entry.sequence,
        application: entry.application,
        application_number: number,
        from: account(entry.from_account)?,
        to: account(entry.to_account)?,
        amount: yen(entry.amount)?,
        kind: entry.kind,
        at: entry.at,
        by: entry.entered_by,
    })
}

impl Reader {
    /// # Errors
    /// When the database fails.
    pub async fn budget_line(&self, id: Uuid) -> Result<Option<StoredLine>> {
        budget_line::Entity::find_by_id(id).one(&self.db()).await?.map(stored_line).transpose()
    }

    /// The lines of a municipality, of one fiscal year or of all, newest year first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn budget_lines(&self, municipality: &str, fiscal_year: Option<FiscalYear>) -> Result<Vec<StoredLine>> {
        use budget_line::Column;
        let mut query = budget_line::Entity::find().filter(Column::Municipality.eq(municipality));
        if let Some(year) = fiscal_year {
            query = query.filter(Column::FiscalYear.eq(year.0));
        }
        let rows = query.order_by_desc(Column::FiscalYear).order_by_asc(Column::Code).all(&self.db()).await?;
        rows.into_iter().map(stored_line).collect()
    }

    /// The entries of a line after the given one, in the order they were recorded.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ledger(&self, line: Uuid, after: i64, limit: u32) -> Result<Vec<StoredEntry>> {
        let entries = ledger_entry::Entity::find()
            .filter(ledger_entry::Column::BudgetLine.eq(line))
            .filter(ledger_entry::Column::Sequence.gt(after))
            .order_by_asc(ledger_entry::Column::Sequence)
            .limit(u64::from(limit))
            .all(&self.db())
            .await?;
        self.with_numbers(entries).await
    }

    /// The newest entries of a line, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn newest_entries(&self, line: Uuid, limit: u32) -> Result<Vec<StoredEntry>> {
        let entries = ledger_entry::Entity::find()
            .filter(ledger_entry::Column::BudgetLine.eq(line))
            .order_by_desc(ledger_entry::Column::Sequence)
            .limit(u64::from(limit))
            .all(&self.db())
            .await?;
        self.with_numbers(entries).await
    }

    async fn with_numbers(&self, entries: Vec<ledger_entry::Model>) -> Result<Vec<StoredEntry>> {
        let ids: Vec<Uuid> = entries.iter().filter_map(|entry| entry.application).collect();
        let numbers = self.application_numbers(&ids).await?;
        let number = |entry: &ledger_entry::Model| entry.application.and_then(|id| numbers.get(&id).cloned());
        entries.into_iter().map(|entry| (number(&entry), entry)).map(|(n, entry)| stored_entry((entry, n))).collect()
    }

    /// The numbers of those applications that have one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn application_numbers(&self, ids: &[Uuid]) -> Result<BTreeMap<Uuid, String>> {
        const PART: usize = 1_000;
        let mut numbers = BTreeMap::new();
        for part in ids.chunks(PART) {
            let rows: Vec<(Uuid, Option<String>)> = application::Entity::find()
                .select_only()
                .columns([application::Column::Id, application::Column::Number])
                .filter(application::Column::Id.is_in(part.iter().copied()))
                .into_tuple()
                .all(&self.db())
                .await?;
            numbers.extend(rows.into_iter().filter_map(|(id, number)| Some((id, number?))));
        }
        Ok(numbers)
    }
}
