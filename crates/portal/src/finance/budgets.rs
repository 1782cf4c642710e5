//! Budgets: what was appropriated, and where it stands, by program.

use askama::Template;
use program::definition::Name;
use service::{BudgetView, Error};
use vocabulary::{FiscalYear, Yen, day_in_japan};

use crate::asked::in_url;
use crate::forms::Choice;
use crate::sheet::{Cell, Format, Sheet};
use crate::text::Text;
use crate::visit::{Frame, Page, Visit, Wrong, not_found};

/// Programs of one office at most.
const MOST_PROGRAMS: usize = 1_000;

#[derive(Template)]
#[template(path = "finance/budgets.html")]
struct Budgets {
    frame: Frame,
    years: Vec<Choice>,
    year: i32,
    heads: [&'static str; COLUMNS],
    rows: Vec<Row>,
    /// Of all rows; none when there is only one.
    sum: Option<Figures>,
}

struct Row {
    /// Those that are paid from it: title, and where their cases are.
    programs: Vec<(String, String)>,
    line: String,
    path: String,
    figures: Figures,
    /// Percent that is not available any more.
    used: i64,
}

/// Where the money of a line stands: from what was appropriated to what is left.
struct Figures([String; COLUMNS]);

const COLUMNS: usize = 7;

/// A budget line with the programs that are paid from it.
struct Shared {
    programs: Vec<(Name, String)>,
    budget: BudgetView,
}

impl Shared {
    fn figures(&self) -> [Yen; COLUMNS] {
        let totals = &self.budget.totals;
        [
            totals.appropriated,
            totals.held,
            totals.committed,
            totals.finalized,
            totals.ordered,
            totals.paid,
            totals.available(true),
        ]
    }
}

const fn heads(t: Text) -> [&'static str; COLUMNS] {
    [t.appropriated(), t.held(), t.committed(), t.finalized(), t.ordered(), t.paid(), t.budget_left()]
}

/// Of all lines, column by column.
fn sum(lines: &[Shared]) -> [Yen; COLUMNS] {
    std::array::from_fn(|column| {
        let all = lines.iter().filter_map(|line| line.figures().get(column).copied());
        Yen::total(all).unwrap_or(Yen::ZERO)
    })
}

fn this_year(visit: &Visit<'_>) -> i32 {
    FiscalYear::of(day_in_japan(visit.service.now())).0
}

fn year_asked(visit: &Visit<'_>) -> i32 {
    visit.asked.parameter("year").parse().unwrap_or_else(|_| this_year(visit))
}

/// The lines of a year in the visitor's offices; programs that share a line share its row.
async fn lines(visit: &Visit<'_>, year: i32) -> Result<Vec<Shared>, Wrong> {
    let viewer = visit.viewer()?;
    if !visit.is_staff() {
        return Err(not_found());
    }
    let mut lines: Vec<Shared> = Vec::new();
    for municipality in viewer.municipalities() {
        let found = visit.service.programs(Some(&municipality), None, MOST_PROGRAMS, None).await?;
        for (name, version) in found.items {
            let budget = match visit.service.budget(viewer, &name, year).await {
                Ok(budget) => budget,
                Err(Error::NotFound) => continue,
                Err(error) => return Err(error.into()),
            };
            let program = (name, visit.say(&version.program.definition().program.title).to_owned());
            let same =
                |line: &&mut Shared| line.budget.municipality == budget.municipality && line.budget.code == budget.code;
            match lines.iter_mut().find(same) {
                Some(shared) => shared.programs.push(program),
                None => lines.push(Shared { programs: vec![program], budget }),
            }
        }
    }
    Ok(lines)
}

pub(crate) async fn budgets(visit: &Visit<'_>) -> Page {
    let (this_year, year) = (this_year(visit), year_asked(visit));
    let lines = lines(visit, year).await?;
    let years = (this_year - 4..=this_year + 1).rev().map(|choice| Choice {
        value: choice.to_string(),
        label: FiscalYear(choice).name(visit.locale),
        chosen: choice == year,
    });
    let sum = sum(&lines);
    let page = Budgets {
        frame: visit.frame(visit.t.budgets()),
        years: years.collect(),
        year,
        heads: heads(visit.t),
        sum: (lines.len() > 1).then(|| in_words(visit, sum)),
        rows: lines.into_iter().map(|line| row(visit, line, year)).collect(),
    };
    Ok(visit.page(&page))
}

/// The same as a file.
pub(crate) async fn export(visit: &Visit<'_>, format: Format) -> Page {
    let (t, year) = (visit.t, year_asked(visit));
    let mut sheet = Sheet::new([t.program(), t.budget_line_name(), t.budget_path()].into_iter().chain(heads(t)));
    let lines = lines(visit, year).await?;
    let sum = sum(&lines);
    for line in &lines {
        let programs = line.programs.iter().map(|(_, title)| title.as_str()).collect::<Vec<_>>().join(" / ");
        let words = [programs, visit.say(&line.budget.name).to_owned(), line.budget.path.clone()];
        let figures = line.figures().map(|yen| Cell::Yen(yen.get()));
        sheet.line(words.into_iter().map(Cell::Text).chain(figures));
    }
    if lines.len() > 1 {
        let words = [t.total().to_owned(), String::new(), String::new()];
        sheet.line(words.into_iter().map(Cell::Text).chain(sum.map(|yen| Cell::Yen(yen.get()))));
    }
    sheet.answer(&format!("budgets-{year}"), format)
}

fn in_words(visit: &Visit<'_>, figures: [Yen; COLUMNS]) -> Figures {
    Figures(figures.map(|amount| format!("{amount} {}", visit.t.yen())))
}

fn row(visit: &Visit<'_>, line: Shared, year: i32) -> Row {
    let figures = line.figures();
    let [appropriated, .., available] = figures.map(Yen::get);
    let used = appropriated.saturating_sub(available).saturating_mul(100).checked_div(appropriated).unwrap_or(0);
    let cases = |name: &str| format!("/cases?program={}&year={year}", in_url(name));
    Row {
        programs: line.programs.iter().map(|(name, title)| (title.clone(), cases(name))).collect(),
        line: visit.say(&line.budget.name).to_owned(),
        path: line.budget.path,
        figures: in_words(visit, figures),
        used: used.clamp(0, 100),
    }
}
