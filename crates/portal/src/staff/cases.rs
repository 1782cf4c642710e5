//! All cases of the office: found by words, program, stage and year; as pages with the columns that one wants, as views to
//! come back to, and as files for spreadsheets.

use askama::Template;
use program::definition::{Role, StateKind};
use service::{AccessKind, Application, ApplicationFilter, ApplicationOrder, Error};
use vocabulary::day_in_japan;

use super::{assignee, must_be_staff};
use crate::asked::in_url;
use crate::forms::Choice;
use crate::listing::{Column, MOST_ROWS, Rows, every, sheet};
use crate::sheet::Format;
use crate::standing::kind_name;
use crate::visit::{Frame, Page, Visit, Wrong, id};

/// Rows of a page.
const ROWS: usize = 30;

const KINDS: [StateKind; 6] = [
    StateKind::WithOffice,
    StateKind::WithApplicant,
    StateKind::InProject,
    StateKind::AwaitingPayment,
    StateKind::ClosedPaid,
    StateKind::ClosedUnpaid,
];

/// The parameters of a list, which a saved view keeps.
const PARAMETERS: [&str; 7] = ["q", "program", "kind", "year", "order", "mine", "column"];

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
    /// The visitor is a clerk, who types in what comes on paper.
    types_in: bool,
    columns: Vec<Choice>,
    views: Vec<View>,
    found: String,
    rows: Rows,
    next: Option<String>,
    /// That asks for this list again, from its beginning.
    query: String,
}

/// A list that the visitor comes back to.
struct View {
    id: String,
    name: String,
    query: String,
    here: bool,
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
    Ok(Sought { filter, order, query: query_of(&asked.query) })
}

/// The parameters of a list among these, as a query.
fn query_of(parameters: &[(String, String)]) -> String {
    let kept = parameters.iter().filter(|(name, value)| PARAMETERS.contains(&name.as_str()) && !value.is_empty());
    kept.map(|(name, value)| format!("{}={}", in_url(name), in_url(value))).collect::<Vec<_>>().join("&")
}

pub(crate) async fn list(visit: &Visit<'_>) -> Page {
    must_be_staff(visit)?;
    let (t, asked) = (visit.t, visit.asked);
    let Sought { filter, order, query } = sought(visit)?;
    let after = Some(asked.parameter("after")).filter(|after| !after.is_empty());
    let viewer = visit.viewer()?;
    let count = visit.service.count_applications(viewer, filter.clone()).await?;
    let page = visit.service.applications(viewer, filter, order, ROWS, after).await?;
    let last = page.items.last().filter(|_| page.has_next);
    let next = last.map(|(cursor, _)| format!("/cases?{query}&after={}", in_url(cursor)));
    // Of a common text nobody knows how many there are: what this page shows, or more.
    let shown = u32::try_from(page.items.len()).unwrap_or(u32::MAX);
    let choice = |value: String, label: String, chosen: &str| Choice { chosen: value == chosen, value, label };
    let kinds =
        KINDS.into_iter().map(|kind| choice(kind_key(kind), kind_name(t, kind).to_owned(), asked.parameter("kind")));
    let this_year = vocabulary::FiscalYear::of(day_in_japan(visit.service.now())).0;
    let years = (this_year - 4..=this_year + 1)
        .rev()
        .map(|year| choice(year.to_string(), vocabulary::FiscalYear(year).name(visit.locale), asked.parameter("year")));
    let orders = [("received", t.received_on()), ("deadline", t.deadline()), ("updated", t.updated_at())];
    let orders = orders.map(|(value, label)| choice(value.to_owned(), label.to_owned(), asked.parameter("order")));
    let applications: Vec<&Application> = page.items.iter().map(|(_, application)| application).collect();
    let page = Cases {
        frame: visit.frame(t.cases()),
        words: asked.parameter("q").to_owned(),
        programs: programs(visit).await?,
        kinds: kinds.collect(),
        years: years.collect(),
        orders: orders.into_iter().collect(),
        mine: asked.parameter("mine") == "1",
        types_in: visit.is(&[Role::Clerk]),
        columns: Column::choices(visit),
        views: views(visit, &query).await?,
        found: count.map_or_else(|| t.cases_found(shown, !page.has_next), |count| t.cases_counted(count)),
        rows: Rows::of(visit, &Column::on_page(visit), &applications).await?,
        next,
        query,
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

async fn views(visit: &Visit<'_>, query: &str) -> Result<Vec<View>, Wrong> {
    let views = visit.service.saved_views(visit.viewer()?).await?;
    let view = |view: service::SavedView| View {
        id: view.id.to_string(),
        name: view.name,
        here: view.query == query,
        query: view.query,
    };
    Ok(views.into_iter().map(view).collect())
}

/// Keeps the list that the visitor looks at, under a name.
pub(crate) async fn save_view(visit: &Visit<'_>) -> Page {
    must_be_staff(visit)?;
    let (asked, viewer) = (visit.asked, visit.viewer()?);
    let query = own_query(asked.field("query"))?;
    visit.service.save_view(viewer, asked.field("name"), &query).await?;
    Ok(visit.done(&format!("/cases?{query}"), "view-saved"))
}

pub(crate) async fn drop_view(visit: &Visit<'_>) -> Page {
    must_be_staff(visit)?;
    let query = own_query(visit.asked.field("query"))?;
    visit.service.drop_view(visit.viewer()?, id(visit.asked.field("view"))?).await?;
    Ok(visit.done(&format!("/cases?{query}"), "view-removed"))
}

/// A query as [`query_of`] writes it: plain letters, of which nothing leads elsewhere.
fn own_query(text: &str) -> Result<String, Wrong> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '~' | '/' | '%' | '=' | '&');
    if text.chars().all(plain) {
        Ok(text.to_owned())
    } else {
        Err(Error::bad_input("query", "条件の形式が正しくありません", "These are no conditions of a list").into())
    }
}

/// The same cases as a file, with the chosen columns, or with all where none was chosen.
pub(crate) async fn export(visit: &Visit<'_>, format: Format) -> Page {
    must_be_staff(visit)?;
    let Sought { filter, order, .. } = sought(visit)?;
    let (viewer, device) = (visit.viewer()?, visit.asked.device());
    visit.service.note_access(viewer, AccessKind::CasesExported, None, device).await?;
    let found = every(visit, &filter, order).await?;
    let columns = Column::chosen(visit).unwrap_or_else(|| Column::ALL.to_vec());
    sheet(visit, &columns, &found.iter().collect::<Vec<_>>()).await?.answer("cases", format)
}

/// Somebody of the office takes care of a case, or hands it back.
pub(crate) async fn assign(visit: &Visit<'_>, case: &str) -> Page {
    must_be_staff(visit)?;
    let case = id(case)?;
    visit.service.assign(visit.viewer()?, case, assignee(visit)?, visit.asked.field("key")).await?;
    Ok(visit.done(&format!("/applications/{case}"), "assigned"))
}
