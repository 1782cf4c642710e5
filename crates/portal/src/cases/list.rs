//! The viewer's own applications.

use askama::Template;
use program::definition::Role;
use service::{Application, ApplicationFilter, ApplicationOrder};
use vocabulary::day_in_japan;

use crate::asked::in_url;
use crate::listing::{Column, every, sheet};
use crate::sheet::Format;
use crate::visit::{Frame, Page, Visit};

/// Rows of a page.
const ROWS: usize = 30;
const ORDER: ApplicationOrder = ApplicationOrder::Updated;

#[derive(Template)]
#[template(path = "cases/list.html")]
struct List {
    frame: Frame,
    /// What is looked for.
    words: String,
    /// There is something to look through.
    searchable: bool,
    rows: Vec<Row>,
    next: Option<String>,
    query: String,
}

struct Row {
    id: String,
    title: String,
    number: String,
    business: String,
    state: String,
    /// It waits for the viewer.
    yours: bool,
    deadline: String,
    /// The last day is over.
    late: bool,
}

/// Those in which the words stand, which the visitor looks for.
fn sought(visit: &Visit<'_>) -> ApplicationFilter {
    let words = visit.asked.parameter("q").trim();
    ApplicationFilter { text: (!words.is_empty()).then(|| words.to_owned()), ..ApplicationFilter::default() }
}

pub(crate) async fn list(visit: &Visit<'_>) -> Page {
    let viewer = visit.viewer()?;
    let filter = sought(visit);
    let query = filter.text.as_deref().map(|words| format!("q={}", in_url(words))).unwrap_or_default();
    let after = Some(visit.asked.parameter("after")).filter(|after| !after.is_empty());
    let is_sought = filter.text.is_some();
    let page = visit.service.applications(viewer, filter, ORDER, ROWS, after).await?;
    let last = page.items.last().filter(|_| page.has_next);
    let next = last.map(|(cursor, _)| format!("/applications?{query}&after={}", in_url(cursor)));
    let rows: Vec<Row> = page.items.iter().map(|(_, application)| row(visit, application)).collect();
    let page = List {
        frame: visit.frame(visit.t.my_applications()),
        words: visit.asked.parameter("q").to_owned(),
        searchable: is_sought || !rows.is_empty(),
        rows,
        next,
        query,
    };
    Ok(visit.page(&page))
}

/// The same as a file.
pub(crate) async fn export(visit: &Visit<'_>, format: Format) -> Page {
    let found = every(visit, &sought(visit), ORDER).await?;
    sheet(visit, &Column::OWN, &found.iter().collect::<Vec<_>>()).await?.answer("applications", format)
}

fn row(visit: &Visit<'_>, application: &Application) -> Row {
    let case = &application.case;
    let state = application.program.state(&case.state);
    let closes = case.call.closes.filter(|_| case.head.sequence == 0);
    let last = case.body.deadline.as_ref().map(|deadline| deadline.day).or(closes);
    Row {
        id: case.id.to_string(),
        title: visit.say(&application.program.definition().program.title).to_owned(),
        number: case
            .body
            .numbers
            .get("application")
            .cloned()
            .unwrap_or_else(|| visit.t.begun_on(&visit.day(day_in_japan(application.created_at)))),
        business: case.business.name.clone(),
        state: state.map(|state| visit.say(&state.label).to_owned()).unwrap_or_default(),
        yours: case.body.standing.waits_on.as_deref() == Some(Role::Applicant.as_str()),
        late: last.is_some_and(|day| day < day_in_japan(visit.service.now())),
        deadline: last.map(|day| visit.day(day)).unwrap_or_default(),
    }
}
