//! What waits for the visitor: the start page of the office.

use askama::Template;
use service::Application;

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

pub(crate) async fn tasks(visit: &Visit<'_>) -> Page {
    must_be_staff(visit)?;
    let viewer = visit.viewer()?;
    let after = Some(visit.asked.parameter("after")).filter(|after| !after.is_empty());
    let page = visit.service.tasks(viewer, ROWS, after).await?;
    let next =
        page.items.last().filter(|_| page.has_next).map(|(cursor, _)| format!("/tasks?after={}", in_url(cursor)));
    let applications: Vec<&Application> = page.items.iter().map(|(_, task)| &task.application).collect();
    let rows = Rows::of(visit, &Column::TASKS, &applications).await?;
    let found = visit.t.cases_counted(visit.service.count_tasks(viewer).await?);
    let finance = finance_tasks(visit).await?;
    Ok(visit.page(&Tasks { frame: visit.frame(visit.t.tasks()), found, finance, rows, next }))
}
