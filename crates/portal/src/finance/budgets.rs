//! Budgets: what was appropriated, and where it stands, by program.

use askama::Template;
use program::definition::Name;
use service::{BudgetView, Error};
use vocabulary::{FiscalYear, Yen, day_in_japan};

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
    /// Those that are paid from it.
    programs: Vec<String>,
    /// Municipality and code.
    line_of: (Name, Name),
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
                // Programs that share a line share its row.
                Ok(budget) => {
                    let title = visit.say(&version.program.definition().program.title);
                    match rows
                        .iter_mut()
                        .find(|row: &&mut Row| row.line_of == (budget.municipality.clone(), budget.code.clone()))
                    {
                        Some(shared) => shared.programs.push(title.to_owned()),
                        None => rows.push(row(visit, title, &budget)),
                    }
                }
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
    let yen = |amount: Yen| format!("{amount} {}", visit.t.yen());
    Row {
        programs: vec![program.to_owned()],
        line_of: (budget.municipality.clone(), budget.code.clone()),
        line: visit.say(&budget.name).to_owned(),
        path: budget.path.clone(),
        appropriated: yen(totals.appropriated),
        held: yen(totals.held),
        committed: yen(totals.committed),
        finalized: yen(totals.finalized),
        ordered: yen(totals.ordered),
        paid: yen(totals.paid),
        available: yen(available),
        used: used.clamp(0, 100),
    }
}
