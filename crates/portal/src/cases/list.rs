//! The viewer's own applications.

use askama::Template;
use program::definition::Role;
use service::{Application, ApplicationFilter, ApplicationOrder};
use vocabulary::day_in_japan;

use crate::asked::in_url;
use crate::visit::{Frame, Page, Visit};

/// Rows of a page.
const ROWS: usize = 30;

#[derive(Template)]
#[template(path = "cases/list.html")]
struct List {
    frame: Frame,
    rows: Vec<Row>,
    next: Option<String>,
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

pub(crate) async fn list(visit: &Visit<'_>) -> Page {
    let viewer = visit.viewer()?;
    let after = Some(visit.asked.parameter("after")).filter(|after| !after.is_empty());
    let order = ApplicationOrder::Updated;
    let page = visit.service.applications(viewer, ApplicationFilter::default(), order, ROWS, after).await?;
    let last = page.items.last().filter(|_| page.has_next);
    let next = last.map(|(cursor, _)| format!("/applications?after={}", in_url(cursor)));
    let rows = page.items.iter().map(|(_, application)| row(visit, application)).collect();
    Ok(visit.page(&List { frame: visit.frame(visit.t.my_applications()), rows, next }))
}

fn row(visit: &Visit<'_>, application: &Application) -> Row {
    let case = &application.case;
    let state = application.program.state(&case.state);
    Row {
        id: case.id.to_string(),
        title: visit.say(&application.program.definition().program.title).to_owned(),
        number: case.body.numbers.get("application").cloned().unwrap_or_default(),
        business: case.business.name.clone(),
        state: state.map(|state| visit.say(&state.label).to_owned()).unwrap_or_default(),
        yours: case.body.standing.waits_on.as_deref() == Some(Role::Applicant.as_str()),
        late: case.body.deadline.as_ref().is_some_and(|deadline| deadline.day < day_in_japan(visit.service.now())),
        deadline: case.body.deadline.as_ref().map(|deadline| visit.day(deadline.day)).unwrap_or_default(),
    }
}
