//! What waits for the visitor: the start page of the office.

use askama::Template;
use vocabulary::day_in_japan;

use super::{must_be_staff, state_of, waits_for};
use crate::asked::in_url;
use crate::visit::{Frame, Page, Visit};

/// Rows of a page.
const ROWS: usize = 50;

#[derive(Template)]
#[template(path = "staff/tasks.html")]
struct Tasks {
    frame: Frame,
    rows: Vec<Row>,
    next: Option<String>,
}

struct Row {
    id: String,
    number: String,
    program: String,
    business: String,
    state: String,
    waits_for: String,
    deadline: String,
    /// The last day is over.
    late: bool,
}

pub(crate) async fn tasks(visit: &Visit<'_>) -> Page {
    must_be_staff(visit)?;
    let after = Some(visit.asked.parameter("after")).filter(|after| !after.is_empty());
    let page = visit.service.tasks(visit.viewer()?, ROWS, after).await?;
    let today = day_in_japan(visit.service.now());
    let next =
        page.items.last().filter(|_| page.has_next).map(|(cursor, _)| format!("/tasks?after={}", in_url(cursor)));
    let rows = page.items.iter().map(|(_, task)| {
        let case = &task.application.case;
        Row {
            id: case.id.to_string(),
            number: case.body.numbers.get("application").cloned().unwrap_or_default(),
            program: visit.say(&task.application.program.definition().program.title).to_owned(),
            business: case.business.name.clone(),
            state: state_of(visit, &task.application),
            waits_for: waits_for(visit, &task.application),
            deadline: task.deadline.map(|day| visit.day(day)).unwrap_or_default(),
            late: task.deadline.is_some_and(|day| day < today),
        }
    });
    let rows = rows.collect();
    Ok(visit.page(&Tasks { frame: visit.frame(visit.t.tasks()), rows, next }))
}
