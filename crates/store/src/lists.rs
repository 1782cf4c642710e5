//! Lists of cases: every filter with every order is one range of one index, whatever the size of the table.
//!
//! A page is found by keyset: it begins after the order's value and the id of the last row before. Where a list spans
//! several municipalities, roles or positions, each contributes its own first rows and the first of those are taken.

use std::collections::BTreeSet;

use casework::Person;
use program::definition::{Name, Role, StateKind};
use sea_orm::Value;
use uuid::Uuid;
use vocabulary::{Instant, normalized_for_search};

use crate::businesses::{Wanted, like_anywhere};
use crate::cases::{StoredCase, stored_case_at};
use crate::error::Result;
use crate::reader::Reader;
use crate::row::{Columns, padded, word};
use crate::sql::{self, CASE_COLUMNS, CASE_TABLES};

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
    /// The beginning of an application's number or its end from a hyphen on, or a part of a business's name, kana or corporate number. Of numbers
    /// that share a beginning, the last 100 are found.
    pub text: Option<String>,
}

/// The place of a row in its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

    /// A condition that is not added yet.
    fn list(&mut self, column: &str, ids: &[Uuid]) -> String {
        let list: Vec<String> = padded(ids).into_iter().map(|id| format!("${}", self.bind(id))).collect();
        format!("{column} IN ({})", list.join(", "))
    }
}

/// Above so many matching businesses a text is so common that walking the list and comparing finds a page sooner.
const FEW_BUSINESSES: usize = 128;
/// Of numbers with the same beginning the last ones are found; who looks for another one types more of it.
const NUMBERS: i64 = 100;

/// The cases and businesses that a text may mean.
enum Named {
    Few {
        numbered: Vec<Uuid>,
        businesses: Vec<Uuid>,
    },
    /// More businesses than are looked up one by one.
    Many {
        numbered: Vec<Uuid>,
        wanted: Wanted,
    },
}

impl Reader {
    /// # Errors
    /// When the database fails.
    pub async fn list(&self, query: &ListQuery<'_>) -> Result<Page> {
        let common = conditions(&query.filter)?;
        match query.filter.text.as_deref().map(str::trim) {
            Some(text) if !text.is_empty() => self.search(query, common, text).await,
            _ => {
                let found_by_business = query.filter.business.is_some();
                self.page(scoped(&common, query.scope, found_by_business), query.order, query.after, query.first).await
            }
        }
    }

    async fn search(&self, query: &ListQuery<'_>, common: Conditions, text: &str) -> Result<Page> {
        match self.named(query.scope, text).await? {
            Named::Few { numbered, businesses } => {
                let places = self.places(query, &common, numbered, businesses).await?;
                self.page_of(places, query).await
            }
            Named::Many { numbered, wanted } => self.walk(query, common, &wanted, &numbered).await,
        }
    }

    /// How many there are, and no further than the query's `first`: none where only walking the whole list could tell.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count(&self, query: &ListQuery<'_>) -> Result<Option<u32>> {
        let common = conditions(&query.filter)?;
        let parts = match query.filter.text.as_deref().map(str::trim) {
            Some(text) if !text.is_empty() => match self.named(query.scope, text).await? {
                Named::Many { .. } => return Ok(None),
                Named::Few { numbered, businesses } => {
                    let mut places = self.places(query, &common, numbered, businesses).await?;
                    places.sort();
                    places.dedup();
                    return Ok(Some(u32::try_from(places.len()).unwrap_or(u32::MAX).min(query.first)));
                }
            },
            _ => scoped(&common, query.scope, query.filter.business.is_some()),
        };
        let mut count = 0;
        for mut part in parts {
            let limit = part.bind(i64::from(query.first));
            let text = format!("SELECT COUNT(*) FROM (SELECT 1 FROM application a{} LIMIT ${limit}) found", part.text);
            let row = self.one(&text, part.values).await?;
            count += row.as_ref().map_or(Ok(0), |row| Columns::of(row).take::<i64>())?;
        }
        Ok(Some(u32::try_from(count).unwrap_or(u32::MAX).min(query.first)))
    }

    /// What a text may mean.
    async fn named(&self, scope: Scope<'_>, text: &str) -> Result<Named> {
        let numbered = self.newest_numbered(text).await?;
        let businesses = match scope {
            Scope::Municipalities([]) | Scope::Businesses([]) => Vec::new(),
            Scope::Businesses(own) => self.find_own(own, text).await?,
            Scope::Municipalities(names) => match self.wanted(text).await? {
                None => Vec::new(),
                Some(wanted) => {
                    let few = self.find_businesses_of(names, &wanted, FEW_BUSINESSES + 1).await?;
                    if few.len() > FEW_BUSINESSES {
                        return Ok(Named::Many { numbered, wanted });
                    }
                    few
                }
            },
        };
        Ok(Named::Few { numbered, businesses })
    }

    /// The first places of these cases and of those of these businesses; what is both comes twice.
    async fn places(
        &self,
        query: &ListQuery<'_>,
        common: &Conditions,
        numbered: Vec<Uuid>,
        businesses: Vec<Uuid>,
    ) -> Result<Vec<Cursor>> {
        let mut places: Vec<Cursor> = Vec::new();
        for (column, ids) in [("a.id", numbered), ("a.business", businesses)] {
            if ids.is_empty() {
                continue;
            }
            let mut common = common.clone();
            let condition = common.list(column, &ids);
            common.and(&condition);
            for part in scoped(&common, query.scope, true) {
                let (text, values) = statement("a.id FROM application a", part, query.order, query.after, query.first);
                for row in self.all(&text, values).await? {
                    let mut columns = Columns::of(&row);
                    places.push(Cursor { at: columns.take()?, id: columns.take()? });
                }
            }
        }
        Ok(places)
    }

    /// Goes along the list and compares each row: soon there, when much matches.
    async fn walk(
        &self,
        query: &ListQuery<'_>,
        mut common: Conditions,
        wanted: &Wanted,
        numbered: &[Uuid],
    ) -> Result<Page> {
        let (gram, like) = (common.bind(wanted.gram.as_str()), common.bind(wanted.like.as_str()));
        // Values of each row, so that no planner begins with the businesses. Most rows fail at the gram, of which no
        // business needs to be read.
        let name = format!(
            "CASE WHEN (SELECT 1 FROM search_gram g WHERE g.gram = ${gram} AND g.business = a.business) = 1 \
             THEN (SELECT s.search_text FROM business s WHERE s.id = a.business) LIKE ${like} ESCAPE '!' ELSE FALSE END"
        );
        let condition = match numbered {
            [] => name,
            numbered => format!("({name} OR {})", common.list("a.id", numbered)),
        };
        common.and(&condition);
        self.page(scoped(&common, query.scope, false), query.order, query.after, query.first).await
    }

    /// The page whose first places are among these.
    async fn page_of(&self, mut places: Vec<Cursor>, query: &ListQuery<'_>) -> Result<Page> {
        sort(&mut places, |place| *place, query.order);
        places.dedup();
        let wanted = usize::try_from(query.first).unwrap_or(usize::MAX);
        let has_next = places.len() > wanted;
        places.truncate(wanted);
        let ids: Vec<Uuid> = places.iter().map(|place| place.id).collect();
        let mut rows = Vec::with_capacity(ids.len());
        for stored in self.cases(&ids).await? {
            let Some(cursor) = places.iter().find(|place| place.id == stored.case.id) else { continue };
            rows.push(Listed { cursor: *cursor, stored });
        }
        sort(&mut rows, |row| row.cursor, query.order);
        Ok(Page { rows, has_next })
    }

    /// Applications whose numbers begin with the text, or end with it from a hyphen on: the last ones.
    async fn newest_numbered(&self, text: &str) -> Result<Vec<Uuid>> {
        let above = format!("{text}{}", char::MAX);
        let mut rows = self.all(sql::NUMBERED, vec![text.into(), above.into(), NUMBERS.into()]).await?;
        let end = text.rsplit('-').next().unwrap_or_default();
        if rows.is_empty() && end.chars().any(|letter| letter.is_ascii_digit()) && !text.contains(['%', '_', '\\']) {
            rows = self.all(sql::NUMBERED_AT_THE_END, vec![end.into(), text.into(), NUMBERS.into()]).await?;
        }
        rows.iter().map(|row| Columns::of(row).take()).collect()
    }

    /// Those of a few businesses whose name, kana or corporate number holds the text.
    async fn find_own(&self, own: &[Uuid], text: &str) -> Result<Vec<Uuid>> {
        let mut conditions = Conditions::default();
        let (list, normalized) = (conditions.list("b.id", own), normalized_for_search(text));
        conditions.and(&list);
        let like = conditions.bind(like_anywhere(&normalized));
        conditions.and(&format!("b.search_text LIKE ${like} ESCAPE '!'"));
        let rows = self.all(&format!("SELECT b.id FROM business b{}", conditions.text), conditions.values).await?;
        rows.iter().map(|row| Columns::of(row).take()).collect()
    }

    /// What waits for a person: cases whose turn it is of one of his or her roles, positions or businesses, or whose
    /// clock asked for a role's attention; the most urgent first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tasks(&self, person: &Person, after: Option<Cursor>, first: u32) -> Result<Page> {
        self.page(waiting_for(person), ListOrder::Deadline, after, first).await
    }

    /// How many cases wait for a person, and no further than `most`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_tasks(&self, person: &Person, most: u32) -> Result<u32> {
        let mut waiting: BTreeSet<Uuid> = BTreeSet::new();
        for mut part in waiting_for(person) {
            let limit = part.bind(i64::from(most));
            let text = format!("SELECT a.id FROM application a{} LIMIT ${limit}", part.text);
            for row in self.all(&text, part.values).await? {
                waiting.insert(Columns::of(&row).take()?);
            }
        }
        Ok(u32::try_from(waiting.len()).unwrap_or(u32::MAX).min(most))
    }

    /// The first rows of each part, merged.
    async fn page(&self, parts: Vec<Conditions>, order: ListOrder, after: Option<Cursor>, first: u32) -> Result<Page> {
        let mut rows: Vec<Listed> = Vec::new();
        let cases = format!("{CASE_COLUMNS}{CASE_TABLES}");
        for part in parts {
            let (text, values) = statement(&cases, part, order, after, first);
            for row in self.all(&text, values).await? {
                rows.push(listed(&row)?);
            }
        }
        sort(&mut rows, |row| row.cursor, order);
        // A case may wait for two roles of one person.
        rows.dedup_by_key(|row| row.cursor.id);
        let wanted = usize::try_from(first).unwrap_or(usize::MAX);
        let has_next = rows.len() > wanted;
        rows.truncate(wanted);
        Ok(Page { rows, has_next })
    }
}

/// Each of a person's roles, positions, panels and businesses has its own range.
fn waiting_for(person: &Person) -> Vec<Conditions> {
    let mut parts = Vec::new();
    let common = Conditions::default();
    for (municipality, role) in &person.roles {
        for column in ["a.waits_on", "a.attention"] {
            let mut conditions = of_office(&common, "a.municipality", municipality);
            conditions.equal(column, role.as_str());
            parts.push(conditions);
        }
    }
    for call in &person.panels {
        let mut conditions = common.clone();
        conditions.equal("a.call", *call);
        conditions.equal("a.waits_on", Role::Panelist.as_str());
        parts.push(conditions);
    }
    for (municipality, position) in &person.positions {
        let mut conditions = of_office(&common, "a.municipality", municipality);
        conditions.equal("a.waits_on", format!("position:{position}"));
        parts.push(conditions);
    }
    if !person.memberships.is_empty() {
        let mut conditions = common;
        let own = conditions.list("a.business", &person.memberships);
        conditions.and(&own);
        conditions.equal("a.waits_on", Role::Applicant.as_str());
        parts.push(conditions);
    }
    parts
}

/// Everything but the text.
fn conditions(filter: &ListFilter) -> Result<Conditions> {
    let mut conditions = Conditions::default();
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
    Ok(conditions)
}

/// The parts of a list, each a range of its own. When the rows are `found` otherwise, by business or id, the
/// municipality only compares, so that no planner walks the whole list of the municipality instead.
fn scoped(common: &Conditions, scope: Scope<'_>, found: bool) -> Vec<Conditions> {
    match scope {
        Scope::Municipalities(names) => {
            let column = if found { "a.municipality || ''" } else { "a.municipality" };
            names.iter().map(|name| of_office(common, column, name)).collect()
        }
        Scope::Businesses([]) => Vec::new(),
        Scope::Businesses(ids) => {
            let mut conditions = common.clone();
            let list = conditions.list("a.business", ids);
            conditions.and(&list);
            vec![conditions]
        }
    }
}

fn of_office(common: &Conditions, column: &str, municipality: &str) -> Conditions {
    let mut conditions = common.clone();
    conditions.equal(column, municipality);
    conditions.and("a.received_at IS NOT NULL");
    conditions
}

fn sort<T>(rows: &mut [T], place: impl Fn(&T) -> Cursor, order: ListOrder) {
    if order.is_descending() {
        rows.sort_by_key(|row| std::cmp::Reverse(place(row)));
    } else {
        rows.sort_by_key(place);
    }
}

/// What is `selected` besides the order's value. One row more than asked for, to see whether there is a next page.
fn statement(
    selected: &str,
    mut conditions: Conditions,
    order: ListOrder,
    after: Option<Cursor>,
    first: u32,
) -> (String, Vec<Value>) {
    let column = order.column();
    let (comparison, direction) = if order.is_descending() { ("<", "DESC") } else { (">", "ASC") };
    if let Some(Cursor { at, id }) = after {
        let (at, id) = (conditions.bind(at), conditions.bind(id));
        conditions.and(&format!("({column}, a.id) {comparison} (${at}, ${id})"));
    }
    let limit = conditions.bind(i64::from(first) + 1);
    let text = format!(
        "SELECT {column}, {selected}{} ORDER BY {column} {direction}, a.id {direction} LIMIT ${limit}",
        conditions.text
    );
    (text, conditions.values)
}

fn listed(row: &sea_orm::QueryResult) -> Result<Listed> {
    let mut columns = Columns::of(row);
    let at = columns.take()?;
    let stored = stored_case_at(&mut columns)?;
    Ok(Listed { cursor: Cursor { at, id: stored.case.id }, stored })
}
