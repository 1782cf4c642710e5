//! All cases of the office: found by words, program, stage and year; as pages, and as a file for a spreadsheet.

use askama::Template;
use program::definition::StateKind;
use service::{AccessKind, Application, ApplicationFilter, ApplicationOrder};
use vocabulary::{day_in_japan, time_in_japan};

use super::{kind_name, must_be_staff, state_of, waits_for};
use crate::asked::in_url;
use crate::csv::Csv;
use crate::forms::Choice;
use crate::visit::{Frame, Page, Visit, Wrong, id};

/// Rows of a page.
const ROWS: usize = 50;
/// Rows that are read at once for the file, and in all.
const BATCH: usize = 500;
const MOST_ROWS: usize = 20_000;

const KINDS: [StateKind; 6] = [
    StateKind::WithOffice,
    StateKind::WithApplicant,
    StateKind::InProject,
    StateKind::AwaitingPayment,
    StateKind::ClosedPaid,
    StateKind::ClosedUnpaid,
];

#[derive(Template)]
#[template(path = "staff/cases.html")]
struct Cases {
    frame: Frame,
    words: String,
    programs: Vec<Choice>,
    kinds: Vec<Choice>,
    years: Vec<Choice>,
    orders: Vec<Choice>,
    mine: bool,
    rows: Vec<Row>,
    next: Option<String>,
    export: String,
}

struct Row {
    id: String,
    number: String,
    program: String,
    business: String,
    state: String,
    waits_for: String,
    received: String,
    deadline: String,
}

/// What was asked for, and the query that asks for it again.
struct Sought {
    filter: ApplicationFilter,
    order: ApplicationOrder,
    query: String,
}

/// The name of a stage in an address.
fn kind_key(kind: StateKind) -> String {
    serde_json::to_value(kind).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn sought(visit: &Visit<'_>) -> Result<Sought, Wrong> {
    let asked = visit.asked;
    let given = |name: &str| Some(asked.parameter(name).trim().to_owned()).filter(|text| !text.is_empty());
    let kind = given("kind").and_then(|name| KINDS.into_iter().find(|kind| kind_key(*kind) == name));
    let filter = ApplicationFilter {
        program: given("program"),
        kind,
        fiscal_year: given("year").and_then(|year| year.parse().ok()),
        text: given("q"),
        assignee: (asked.parameter("mine") == "1")
            .then(|| visit.viewer().map(|viewer| viewer.person.id))
            .transpose()?,
        ..ApplicationFilter::default()
    };
    let order = match asked.parameter("order") {
        "deadline" => ApplicationOrder::Deadline,
        "updated" => ApplicationOrder::Updated,
        _ => ApplicationOrder::Received,
    };
    let kept = asked.query.iter().filter(|(name, value)| name != "after" && !value.is_empty());
    let query: Vec<String> = kept.map(|(name, value)| format!("{}={}", in_url(name), in_url(value))).collect();
    Ok(Sought { filter, order, query: query.join("&") })
}

pub(crate) async fn list(visit: &Visit<'_>) -> Page {
    must_be_staff(visit)?;
    let (t, asked) = (visit.t, visit.asked);
    let Sought { filter, order, query } = sought(visit)?;
    let after = Some(asked.parameter("after")).filter(|after| !after.is_empty());
    let page = visit.service.applications(visit.viewer()?, filter, order, ROWS, after).await?;
    let last = page.items.last().filter(|_| page.has_next);
    let next = last.map(|(cursor, _)| format!("/cases?{query}&after={}", in_url(cursor)));
    let choice = |value: String, label: String, chosen: &str| Choice { chosen: value == chosen, value, label };
    let kinds =
        KINDS.into_iter().map(|kind| choice(kind_key(kind), kind_name(t, kind).to_owned(), asked.parameter("kind")));
    let this_year = vocabulary::FiscalYear::of(day_in_japan(visit.service.now())).0;
    let years = (this_year - 4..=this_year + 1)
        .rev()
        .map(|year| choice(year.to_string(), vocabulary::FiscalYear(year).name(visit.locale), asked.parameter("year")));
    let orders = [("received", t.received_on()), ("deadline", t.deadline()), ("updated", t.updated_at())];
    let orders = orders.map(|(value, label)| choice(value.to_owned(), label.to_owned(), asked.parameter("order")));
    let page = Cases {
        frame: visit.frame(t.cases()),
        words: asked.parameter("q").to_owned(),
        programs: programs(visit).await?,
        kinds: kinds.collect(),
        years: years.collect(),
        orders: orders.into_iter().collect(),
        mine: asked.parameter("mine") == "1",
        rows: page.items.iter().map(|(_, application)| row(visit, application)).collect(),
        next,
        export: format!("/cases.csv?{query}"),
    };
    Ok(visit.page(&page))
}

/// The programs of the visitor's offices.
async fn programs(visit: &Visit<'_>) -> Result<Vec<Choice>, Wrong> {
    let chosen = visit.asked.parameter("program");
    let mut choices = Vec::new();
    for municipality in visit.viewer()?.municipalities() {
        let found = visit.service.programs(Some(&municipality), None, MOST_ROWS, None).await?;
        choices.extend(found.items.into_iter().map(|(name, version)| Choice {
            chosen: name == chosen,
            value: name,
            label: visit.say(&version.program.definition().program.title).to_owned(),
        }));
    }
    Ok(choices)
}

fn row(visit: &Visit<'_>, application: &Application) -> Row {
    let case = &application.case;
    Row {
        id: case.id.to_string(),
        number: case.body.numbers.get("application").cloned().unwrap_or_default(),
        program: visit.say(&application.program.definition().program.title).to_owned(),
        business: case.business.name.clone(),
        state: state_of(visit, application),
        waits_for: waits_for(visit, application),
        received: application.received_at.map(|at| visit.day(day_in_japan(at))).unwrap_or_default(),
        deadline: case.body.deadline.as_ref().map(|deadline| visit.day(deadline.day)).unwrap_or_default(),
    }
}

/// The same cases as a file.
pub(crate) async fn export(visit: &Visit<'_>) -> Page {
    must_be_staff(visit)?;
    let t = visit.t;
    let Sought { filter, order, .. } = sought(visit)?;
    let (viewer, device) = (visit.viewer()?, visit.asked.device());
    visit.service.note_access(viewer, AccessKind::CasesExported, None, device).await?;
    let mut file = Csv::new([
        t.number(),
        t.program(),
        t.business(),
        t.corporate_number(),
        t.state(),
        t.waits_for(),
        t.received_on(),
        t.deadline(),
        t.updated_at(),
        t.amounts(),
    ]);
    let mut after: Option<String> = None;
    let mut count = 0;
    while count < MOST_ROWS {
        let page = visit.service.applications(viewer, filter.clone(), order, BATCH, after.as_deref()).await?;
        for (_, application) in &page.items {
            file.line(cells(visit, application));
        }
        count += page.items.len();
        after = page.items.last().filter(|_| page.has_next).map(|(cursor, _)| cursor.clone());
        if after.is_none() {
            break;
        }
    }
    Ok(file.answer("cases.csv"))
}

fn cells(visit: &Visit<'_>, application: &Application) -> [String; 10] {
    let case = &application.case;
    let Row { number, program, business, state, waits_for, .. } = row(visit, application);
    let rules = application.program.definition().archetype.amounts.iter();
    let amounts = rules.filter_map(|(name, rule)| {
        let frozen = case.body.amounts.get(name)?;
        Some(format!("{} {}", visit.say(&rule.label), frozen.yen.get()))
    });
    let day = |day: chrono::NaiveDate| day.to_string();
    [
        number,
        program,
        business,
        case.business.corporate_number.clone().unwrap_or_default(),
        state,
        waits_for,
        application.received_at.map(|at| day(day_in_japan(at))).unwrap_or_default(),
        case.body.deadline.as_ref().map(|deadline| day(deadline.day)).unwrap_or_default(),
        time_in_japan(application.updated_at),
        amounts.collect::<Vec<_>>().join(" / "),
    ]
}

/// Somebody of the office takes care of a case, or hands it back.
pub(crate) async fn assign(visit: &Visit<'_>, case: &str) -> Page {
    must_be_staff(visit)?;
    let viewer = visit.viewer()?;
    let case = id(case)?;
    let assignee = (visit.asked.field("to") == "me").then_some(viewer.person.id);
    visit.service.assign(viewer, case, assignee, visit.asked.field("key")).await?;
    Ok(visit.done(&format!("/applications/{case}"), "done"))
}
