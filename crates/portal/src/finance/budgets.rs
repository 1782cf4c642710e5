//! Budgets: what was appropriated, and where it stands, by program.

use askama::Template;
use service::{BudgetView, Error};
use vocabulary::{FiscalYear, day_in_japan};

use crate::forms::Choice;
use crate::visit::{Frame, Page, Visit, not_found};

/// Programs of one office at most.
const MOST_PROGRAMS: usize = 1_000;

#[derive(Template)]
#[template(path = "finance/budgets.html")]
struct Budgets {
    frame: Frame,
    years: Vec<Choice>,
    rows: Vec<Row>,
}

struct Row {
    program: String,
    line: String,
    path: String,
    appropriated: String,
    held: String,
    committed: String,
    finalized: String,
    ordered: String,
    paid: String,
    available: String,
    /// Percent that is not available any more.
    used: i64,
}

pub(crate) async fn budgets(visit: &Visit<'_>) -> Page {
    let viewer = visit.viewer()?;
    if !visit.is_staff() {
        return Err(not_found());
    }
    let this_year = FiscalYear::of(day_in_japan(visit.service.now())).0;
    let year = visit.asked.parameter("year").parse().unwrap_or(this_year);
    let mut rows = Vec::new();
    for municipality in viewer.municipalities() {
        let found = visit.service.programs(Some(&municipality), None, MOST_PROGRAMS, None).await?;
        for (name, version) in found.items {
            match visit.service.budget(viewer, &name, year).await {
                Ok(budget) => rows.push(row(visit, visit.say(&version.program.definition().program.title), &budget)),
                Err(Error::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    let years = (this_year - 4..=this_year + 1).rev().map(|choice| Choice {
        value: choice.to_string(),
        label: FiscalYear(choice).name(visit.locale),
        chosen: choice == year,
    });
    let years = years.collect();
    Ok(visit.page(&Budgets { frame: visit.frame(visit.t.budgets()), years, rows }))
}

fn row(visit: &Visit<'_>, program: &str, budget: &BudgetView) -> Row {
    let totals = &budget.totals;
    let available = totals.available(true);
    let appropriated = totals.appropriated.get();
    let used = appropriated.saturating_sub(available.get()).saturating_mul(100).checked_div(appropriated).unwrap_or(0);
    Row {
        program: program.to_owned(),
        line: visit.say(&budget.name).to_owned(),
        path: budget.path.clone(),
        appropriated: totals.appropriated.to_string(),
        held: totals.held.to_string(),
        committed: totals.committed.to_string(),
        finalized: totals.finalized.to_string(),
        ordered: totals.ordered.to_string(),
        paid: totals.paid.to_string(),
        available: available.to_string(),
        used: used.clamp(0, 100),
    }
}
