//! Cases as rows of a table: their columns, chosen by whoever looks, on a page and in a file.

use std::collections::HashMap;

use indexmap::IndexMap;
use service::{Application, ApplicationFilter, ApplicationOrder};
use uuid::Uuid;
use vocabulary::{day_in_japan, time_in_japan};

use crate::forms::Choice;
use crate::sheet::{Cell, Sheet};
use crate::standing::{office_due, state_of, waits_for};
use crate::text::Text;
use crate::visit::{Visit, Wrong};

/// Rows that are read at once for a file, and in all.
const BATCH: usize = 500;
pub(crate) const MOST_ROWS: usize = 20_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    Number,
    Program,
    Business,
    CorporateNumber,
    State,
    WaitsFor,
    Assignee,
    FiscalYear,
    Received,
    Deadline,
    Updated,
    Amounts,
}

impl Column {
    pub const ALL: [Self; 12] = [
        Self::Number,
        Self::Program,
        Self::Business,
        Self::CorporateNumber,
        Self::State,
        Self::WaitsFor,
        Self::Assignee,
        Self::FiscalYear,
        Self::Received,
        Self::Deadline,
        Self::Updated,
        Self::Amounts,
    ];
    /// Of a list for which nobody has chosen any.
    const USUAL: [Self; 7] =
        [Self::Number, Self::Program, Self::Business, Self::State, Self::WaitsFor, Self::Received, Self::Deadline];
    /// Of the applications of one's own businesses, as a file.
    pub const OWN: [Self; 8] = [
        Self::Number,
        Self::Program,
        Self::Business,
        Self::State,
        Self::FiscalYear,
        Self::Received,
        Self::Deadline,
        Self::Amounts,
    ];
    pub const TASKS: [Self; 6] =
        [Self::Number, Self::Program, Self::Business, Self::State, Self::WaitsFor, Self::Deadline];

    const fn key(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Program => "program",
            Self::Business => "business",
            Self::CorporateNumber => "corporate_number",
            Self::State => "state",
            Self::WaitsFor => "waits_for",
            Self::Assignee => "assignee",
            Self::FiscalYear => "year",
            Self::Received => "received",
            Self::Deadline => "deadline",
            Self::Updated => "updated",
            Self::Amounts => "amounts",
        }
    }

    const fn label(self, t: Text) -> &'static str {
        match self {
            Self::Number => t.number(),
            Self::Program => t.program(),
            Self::Business => t.business(),
            Self::CorporateNumber => t.corporate_number(),
            Self::State => t.state(),
            Self::WaitsFor => t.waits_for(),
            Self::Assignee => t.assignee(),
            Self::FiscalYear => t.fiscal_year(),
            Self::Received => t.received_on(),
            Self::Deadline => t.deadline(),
            Self::Updated => t.updated_at(),
            Self::Amounts => t.amounts(),
        }
    }

    /// Those that the address names; none when it names none. The number leads to the case and is always there.
    pub fn chosen(visit: &Visit<'_>) -> Option<Vec<Self>> {
        let named = |column: &Self| {
            *column == Self::Number
                || visit.asked.query.iter().any(|(name, value)| name == "column" && value == column.key())
        };
        let chosen: Vec<Self> = Self::ALL.into_iter().filter(named).collect();
        (chosen.len() > 1).then_some(chosen)
    }

    pub fn on_page(visit: &Visit<'_>) -> Vec<Self> {
        Self::chosen(visit).unwrap_or_else(|| Self::USUAL.to_vec())
    }

    /// To choose from.
    pub fn choices(visit: &Visit<'_>) -> Vec<Choice> {
        let shown = Self::on_page(visit);
        let columns = Self::ALL.into_iter().filter(|column| *column != Self::Number);
        let choice = |column: Self| Choice {
            value: column.key().to_owned(),
            label: column.label(visit.t).to_owned(),
            chosen: shown.contains(&column),
        };
        columns.map(choice).collect()
    }
}

/// A table of cases on a page.
pub(crate) struct Rows {
    pub heads: Vec<&'static str>,
    pub rows: Vec<Row>,
    /// The visitor can choose some and handle them together.
    pub choosing: bool,
}

pub(crate) struct Row {
    pub id: String,
    pub number: String,
    pub cells: Vec<CellShown>,
}

pub(crate) struct CellShown {
    pub label: &'static str,
    pub text: String,
    /// Shown as a tag, as states are.
    pub tag: bool,
    /// Not broken into lines.
    pub keep: bool,
    /// What is over: the last day, or the day until which the office meant to have dealt with it.
    pub late: Option<&'static str>,
}

impl Rows {
    /// # Errors
    /// Faults only.
    pub async fn of(visit: &Visit<'_>, columns: &[Column], applications: &[&Application]) -> Result<Self, Wrong> {
        let people = assignees(visit, columns, applications).await?;
        let today = day_in_japan(visit.service.now());
        let beside = columns.iter().copied().filter(|column| *column != Column::Number);
        let cell = |application: &Application, column: Column| CellShown {
            label: column.label(visit.t),
            text: shown(visit, application, column, &people),
            tag: column == Column::State,
            keep: matches!(
                column,
                Column::WaitsFor | Column::CorporateNumber | Column::Assignee | Column::Received | Column::Deadline
            ),
            late: match column {
                Column::Deadline => {
                    let deadline = application.case.body.deadline.as_ref();
                    deadline.filter(|deadline| deadline.day < today).map(|_| visit.t.late())
                }
                Column::WaitsFor => office_due(application).filter(|day| *day < today).map(|_| visit.t.office_late()),
                _ => None,
            },
        };
        let row = |application: &Application| Row {
            id: application.case.id.to_string(),
            number: number(application),
            cells: beside.clone().map(|column| cell(application, column)).collect(),
        };
        Ok(Self {
            heads: columns.iter().map(|column| column.label(visit.t)).collect(),
            rows: applications.iter().copied().map(row).collect(),
            choosing: visit.handles_cases(),
        })
    }

    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// All applications of the visitor's list, for a file.
///
/// # Errors
/// As the list itself.
pub(crate) async fn every(
    visit: &Visit<'_>,
    filter: &ApplicationFilter,
    order: ApplicationOrder,
) -> Result<Vec<Application>, Wrong> {
    let mut found = Vec::new();
    let mut after: Option<String> = None;
    while found.len() < MOST_ROWS {
        let page = visit.service.applications(visit.viewer()?, filter.clone(), order, BATCH, after.as_deref()).await?;
        after = page.items.last().filter(|_| page.has_next).map(|(cursor, _)| cursor.clone());
        found.extend(page.items.into_iter().map(|(_, application)| application));
        if after.is_none() {
            break;
        }
    }
    Ok(found)
}

/// The same as a file: amounts in columns of their own, one for each name.
///
/// # Errors
/// Faults only.
pub(crate) async fn sheet(
    visit: &Visit<'_>,
    columns: &[Column],
    applications: &[&Application],
) -> Result<Sheet, Wrong> {
    let people = assignees(visit, columns, applications).await?;
    let mut amounts: IndexMap<&str, String> = IndexMap::new();
    for application in applications {
        for (name, rule) in &application.program.definition().archetype.amounts {
            if application.case.body.amounts.contains_key(name) {
                amounts.entry(name).or_insert_with(|| visit.say(&rule.label).to_owned());
            }
        }
    }
    let heads = columns.iter().flat_map(|column| match column {
        Column::Amounts => amounts.values().cloned().collect(),
        column => vec![column.label(visit.t).to_owned()],
    });
    let mut sheet = Sheet::new(heads);
    for application in applications {
        let case = &application.case;
        let cells = columns.iter().flat_map(|column| match column {
            Column::Amounts => {
                let yen = |name: &&str| case.body.amounts.get(*name).map(|frozen| Cell::Yen(frozen.yen.get()));
                amounts.keys().map(|name| yen(name).unwrap_or(Cell::Nothing)).collect()
            }
            Column::Received => vec![Cell::day(application.received_at.map(day_in_japan))],
            Column::Deadline => vec![Cell::day(case.body.deadline.as_ref().map(|deadline| deadline.day))],
            Column::Updated => vec![Cell::Text(time_in_japan(application.updated_at))],
            column => vec![Cell::Text(shown(visit, application, *column, &people))],
        });
        sheet.line(cells.collect::<Vec<_>>());
    }
    Ok(sheet)
}

async fn assignees(
    visit: &Visit<'_>,
    columns: &[Column],
    applications: &[&Application],
) -> Result<HashMap<Uuid, String>, Wrong> {
    if !columns.contains(&Column::Assignee) {
        return Ok(HashMap::new());
    }
    let all = applications.iter().filter_map(|application| application.assignee).collect();
    Ok(visit.service.names_of(all).await?)
}

pub(crate) fn number(application: &Application) -> String {
    application.case.body.numbers.get("application").cloned().unwrap_or_default()
}

fn shown(visit: &Visit<'_>, application: &Application, column: Column, people: &HashMap<Uuid, String>) -> String {
    let case = &application.case;
    match column {
        Column::Number => number(application),
        Column::Program => visit.say(&application.program.definition().program.title).to_owned(),
        Column::Business => case.business.name.clone(),
        Column::CorporateNumber => case.business.corporate_number.clone().unwrap_or_default(),
        Column::State => state_of(visit, application),
        Column::WaitsFor => waits_for(visit, application),
        Column::Assignee => application.assignee.and_then(|id| people.get(&id).cloned()).unwrap_or_default(),
        Column::FiscalYear => case.call.fiscal_year.name(visit.locale),
        Column::Received => application.received_at.map(|at| visit.day(day_in_japan(at))).unwrap_or_default(),
        Column::Deadline => case.body.deadline.as_ref().map(|deadline| visit.day(deadline.day)).unwrap_or_default(),
        Column::Updated => visit.time(application.updated_at),
        Column::Amounts => {
            let rules = application.program.definition().archetype.amounts.iter();
            let amounts = rules.filter_map(|(name, rule)| {
                let frozen = case.body.amounts.get(name)?;
                Some(format!("{} {} {}", visit.say(&rule.label), frozen.yen, visit.t.yen()))
            });
            amounts.collect::<Vec<_>>().join(" / ")
        }
    }
}
