//! Lists of cases: every filter with every order is one range of one index, whatever the size of the table.
//!
//! A page is found by keyset: it begins after the order's value and the id of the last row before. Where a list spans
//! several municipalities, roles or positions, each contributes its own first rows and the first of those are taken.

use casework::Person;
use program::definition::{Name, Role, StateKind};
use sea_orm::Value;
use uuid::Uuid;
use vocabulary::{Instant, normalized_for_search};

use crate::businesses::{like_anywhere, wanted_grams};
use crate::cases::{StoredCase, stored_case_at};
use crate::error::Result;
use crate::row::{Columns, word};
use crate::sql::{CASE_COLUMNS, CASE_TABLES};
use crate::unit::Reader;

/// Whose cases are listed at all.
#[derive(Clone, Copy, Debug)]
pub enum Scope<'a> {
    /// For staff: what was handed in there; never drafts.
    Municipalities(&'a [Name]),
    /// For applicants: drafts too.
    Businesses(&'a [Uuid]),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ListOrder {
    /// Newest first; before them what is still a draft.
    #[default]
    Received,
    /// The most urgent first; last what has no deadline.
    Deadline,
    /// Newest first.
    Updated,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListFilter {
    /// `<municipality>/<slug>`
    pub program: Option<String>,
    pub state: Option<Name>,
    pub kind: Option<StateKind>,
    pub assignee: Option<Uuid>,
    pub fiscal_year: Option<i32>,
    pub business: Option<Uuid>,
    /// The beginning of an application's number, or a part of a business's name, kana or corporate number.
    pub text: Option<String>,
}

/// The place of a row in its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The value that the list is ordered by.
    pub at: Instant,
    pub id: Uuid,
}

#[derive(Clone, Debug)]
pub struct ListQuery<'a> {
    pub scope: Scope<'a>,
    pub filter: ListFilter,
    pub order: ListOrder,
    pub after: Option<Cursor>,
    pub first: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    pub cursor: Cursor,
    pub stored: StoredCase,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    pub rows: Vec<Listed>,
    pub has_next: bool,
}

impl ListOrder {
    const fn column(self) -> &'static str {
        match self {
            Self::Received => "a.received_sort",
            Self::Deadline => "a.deadline_sort",
            Self::Updated => "a.updated_at",
        }
    }

    const fn is_descending(self) -> bool {
        !matches!(self, Self::Deadline)
    }
}

/// Conditions with their values, put together piece by piece; the text depends only on which pieces there are.
#[derive(Clone, Default)]
struct Conditions {
    text: String,
    values: Vec<Value>,
}

impl Conditions {
    fn bind(&mut self, value: impl Into<Value>) -> usize {
        self.values.push(value.into());
        self.values.len()
    }

    fn and(&mut self, condition: &str) {
        self.text.push_str(if self.text.is_empty() { " WHERE " } else { " AND " });
        self.text.push_str(condition);
    }

    fn equal(&mut self, column: &str, value: impl Into<Value>) {
        let n = self.bind(value);
        self.and(&format!("{column} = ${n}"));
    }

    fn any_of(&mut self, column: &str, ids: &[Uuid]) {
        let list: Vec<String> = padded(ids).into_iter().map(|id| format!("${}", self.bind(id))).collect();
        self.and(&format!("{column} IN ({})", list.join(", ")));
    }
}

/// Filled up with the last id to one of few lengths, so that few different statements are prepared.
fn padded(ids: &[Uuid]) -> Vec<Uuid> {
    let mut padded = ids.to_vec();
    if let Some(last) = ids.last() {
        padded.resize(ids.len().next_power_of_two(), *last);
    }
    padded
}

/// Above so many matching businesses a text is so common that walking the list and comparing finds a page sooner.
const FEW_BUSINESSES: u32 = 64;

impl Reader {
    /// # Errors
    /// When the database fails.
    pub async fn list(&self, query: &ListQuery<'_>) -> Result<Page> {
        let mut common = Conditions::default();
        if !self.filter(&query.filter, &mut common).await? {
            return Ok(Page { rows: Vec::new(), has_next: false });
        }
        let parts: Vec<Conditions> = match query.scope {
            Scope::Municipalities(names) => names.iter().map(|name| of_office(&common, name)).collect(),
            Scope::Businesses([]) => Vec::new(),
            Scope::Businesses(ids) => {
                let mut conditions = common;
                conditions.any_of("a.business", ids);
                vec![conditions]
            }
        };
        self.page(parts, query.order, query.after, query.first).await
    }

    /// What waits for a person: cases whose turn it is of one of his or her roles, positions or businesses, or whose
    /// clock asked for a role's attention; the most urgent first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tasks(&self, person: &Person, after: Option<Cursor>, first: u32) -> Result<Page> {
        let mut parts = Vec::new();
        let common = Conditions::default();
        for (municipality, role) in &person.roles {
            for column in ["a.waits_on", "a.attention"] {
                let mut conditions = of_office(&common, municipality);
                conditions.equal(column, role.as_str());
                parts.push(conditions);
            }
        }
        for (municipality, position) in &person.positions {
            let mut conditions = of_office(&common, municipality);
            conditions.equal("a.waits_on", format!("position:{position}"));
            parts.push(conditions);
        }
        if !person.memberships.is_empty() {
            let mut conditions = common;
            conditions.any_of("a.business", &person.memberships);
            conditions.equal("a.waits_on", Role::Applicant.as_str());
            parts.push(conditions);
        }
        self.page(parts, ListOrder::Deadline, after, first).await
    }

    /// False when nothing can match.
    async fn filter(&self, filter: &ListFilter, conditions: &mut Conditions) -> Result<bool> {
        if let Some(program) = &filter.program {
            conditions.equal("a.program", program.as_str());
        }
        if let Some(state) = &filter.state {
            conditions.equal("a.state", state.as_str());
        }
        if let Some(kind) = filter.kind {
            conditions.equal("a.state_kind", word(&kind)?);
        }
        if let Some(assignee) = filter.assignee {
            conditions.equal("a.assignee", assignee);
        }
        if let Some(year) = filter.fiscal_year {
            conditions.equal("a.fiscal_year", year);
        }
        if let Some(business) = filter.business {
            conditions.equal("a.business", business);
        }
        match filter.text.as_deref().map(str::trim) {
            None | Some("") => Ok(true),
            Some(text) => self.text(text, conditions).await,
        }
    }

    async fn text(&self, text: &str, conditions: &mut Conditions) -> Result<bool> {
        let number = self.number_range(text, conditions).await?;
        let normalized = normalized_for_search(text);
        let businesses = if wanted_grams(&normalized).is_empty() {
            Vec::new()
        } else {
            self.find_businesses(text, FEW_BUSINESSES + 1).await?
        };
        let by_business = if businesses.len() > usize::try_from(FEW_BUSINESSES).unwrap_or(usize::MAX) {
            let n = conditions.bind(like_anywhere(&normalized));
            Some(format!("b.search_text LIKE ${n} ESCAPE '!'"))
        } else if businesses.is_empty() {
            None
        } else {
            let list: Vec<String> =
                padded(&businesses).into_iter().map(|id| format!("${}", conditions.bind(id))).collect();
            Some(format!("a.business IN ({})", list.join(", ")))
        };
        match (number, by_business) {
            (None, None) => return Ok(false),
            (Some(one), None) | (None, Some(one)) => conditions.and(&one),
            (Some(number), Some(business)) => conditions.and(&format!("({number} OR {business})")),
        }
        Ok(true)
    }

    /// The range of numbers that begin with the text, when there is one; asked first, because most texts are names.
    async fn number_range(&self, text: &str, conditions: &mut Conditions) -> Result<Option<String>> {
        let above = format!("{text}{}", char::MAX);
        let first = "SELECT number FROM application WHERE number >= $1 AND number < $2 LIMIT 1";
        if self.one(first, vec![text.into(), above.as_str().into()]).await?.is_none() {
            return Ok(None);
        }
        let (from, to) = (conditions.bind(text), conditions.bind(above));
        Ok(Some(format!("(a.number >= ${from} AND a.number < ${to})")))
    }

    /// The first rows of each part, merged.
    async fn page(&self, parts: Vec<Conditions>, order: ListOrder, after: Option<Cursor>, first: u32) -> Result<Page> {
        let mut rows: Vec<Listed> = Vec::new();
        for part in parts {
            let (text, values) = statement(part, order, after, first);
            for row in self.all(&text, values).await? {
                rows.push(listed(&row, order)?);
            }
        }
        let place = |row: &Listed| (row.cursor.at, row.cursor.id);
        if order.is_descending() {
            rows.sort_by_key(|row| std::cmp::Reverse(place(row)));
        } else {
            rows.sort_by_key(place);
        }
        // A case may wait for two roles of one person.
        rows.dedup_by_key(|row| row.cursor.id);
        let wanted = usize::try_from(first).unwrap_or(usize::MAX);
        let has_next = rows.len() > wanted;
        rows.truncate(wanted);
        Ok(Page { rows, has_next })
    }
}

fn of_office(common: &Conditions, municipality: &str) -> Conditions {
    let mut conditions = common.clone();
    conditions.equal("a.municipality", municipality);
    conditions.and("a.received_at IS NOT NULL");
    conditions
}

/// One row more than asked for, to see whether there is a next page.
fn statement(mut conditions: Conditions, order: ListOrder, after: Option<Cursor>, first: u32) -> (String, Vec<Value>) {
    let column = order.column();
    let (comparison, direction) = if order.is_descending() { ("<", "DESC") } else { (">", "ASC") };
    if let Some(Cursor { at, id }) = after {
        let (at, id) = (conditions.bind(at), conditions.bind(id));
        conditions.and(&format!("({column}, a.id) {comparison} (${at}, ${id})"));
    }
    let limit = conditions.bind(i64::from(first) + 1);
    let text = format!(
        "SELECT {column}, {CASE_COLUMNS}{CASE_TABLES}{} ORDER BY {column} {direction}, a.id {direction} LIMIT ${limit}",
        conditions.text
    );
    (text, conditions.values)
}

fn listed(row: &sea_orm::QueryResult, _: ListOrder) -> Result<Listed> {
    let mut columns = Columns::of(row);
    let at = columns.take()?;
    let stored = stored_case_at(&mut columns)?;
    Ok(Listed { cursor: Cursor { at, id: stored.case.id }, stored })
}
