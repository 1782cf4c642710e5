//! What waits for the visitor: the start page of the office.

use askama::Template;
use service::{Application, Viewer};

use super::must_be_staff;
use crate::asked::in_url;
use crate::finance::finance_tasks;
use crate::listing::{Column, Rows};
use crate::visit::{Frame, Page, Visit};

/// Rows of a page.
const ROWS: usize = 30;

#[derive(Template)]
#[template(path = "staff/tasks.html")]
struct Tasks {
    frame: Frame,
    found: String,
    /// What waits in finance.
    finance: Vec<String>,
    rows: Rows,
    next: Option<String>,
}

fn waits_for_viewer(viewer: &Viewer, application: &Application) -> bool {
    let (place, person) = (&application.case.municipality, &viewer.person);
    let waits_on = application.case.body.standing.waits_on.as_deref().unwrap_or_default();
    match waits_on.strip_prefix("position:") {
        Some(position) => person.positions.iter().any(|(held_in, held)| held_in == place && held == position),
        None => person.roles.iter().any(|(held_in, role)| held_in == place && role.as_str() == waits_on),
    }
}

pub(crate) async fn tasks(visit: &Visit<'_>) -> Page {
    must_be_staff(visit)?;
    let viewer = visit.viewer()?;
    let after = Some(visit.asked.parameter("after")).filter(|after| !after.is_empty());
    let page = visit.service.tasks(viewer, ROWS, after).await?;
    let next =
        page.items.last().filter(|_| page.has_next).map(|(cursor, _)| format!("/tasks?after={}", in_url(cursor)));
    let mut applications: Vec<&Application> = page.items.iter().map(|(_, task)| &task.application).collect();
    // What others are late with is looked at after one's own work.
    applications.sort_by_key(|application| !waits_for_viewer(viewer, application));
    let rows = Rows::of(visit, &Column::TASKS, &applications).await?;
    let found = visit.t.cases_counted(visit.service.count_tasks(viewer).await?);
    let finance = finance_tasks(visit).await?;
    Ok(visit.page(&Tasks { frame: visit.frame(visit.t.tasks()), found, finance, rows, next }))
}
