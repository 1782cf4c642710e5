//! Cases as rows of a table: their columns, chosen by whoever looks, on a page and in a file.

use std::collections::HashMap;

use indexmap::IndexMap;
use service::Application;
use uuid::Uuid;
use vocabulary::{day_in_japan, time_in_japan};

use crate::forms::Choice;
use crate::sheet::{Cell, Sheet};
use crate::standing::{state_of, waits_for};
use crate::text::Text;
use crate::visit::{Visit, Wrong};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
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
pub(super) struct Rows {
    pub heads: Vec<&'static str>,
    pub rows: Vec<Row>,
    /// The visitor can choose some and handle them together.
    pub choosing: bool,
}

pub(super) struct Row {
    pub id: String,
    pub number: String,
    pub cells: Vec<CellShown>,
}

pub(super) struct CellShown {
    pub label: &'static str,
    pub text: String,
    /// Shown as a tag, as states are.
    pub tag: bool,
    /// Not broken into lines.
    pub keep: bool,
    /// The last day is over.
    pub late: bool,
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
            keep: matches!(column, Column::WaitsFor | Column::CorporateNumber | Column::Assignee),
            late: column == Column::Deadline
                && application.case.body.deadline.as_ref().is_some_and(|deadline| deadline.day < today),
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

/// The same as a file: amounts in columns of their own, one for each name.
///
/// # Errors
/// Faults only.
pub(super) async fn sheet(
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

pub(super) fn number(application: &Application) -> String {
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
        Column::Updated => time_in_japan(application.updated_at),
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
