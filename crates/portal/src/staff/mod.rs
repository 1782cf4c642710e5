//! The office's desk: what waits for somebody, the list of all cases, and taking care of one.

mod cases;
mod paper;
mod tasks;
mod together;

pub(crate) use cases::{assign, drop_view, export, list, save_view};
pub(crate) use paper::{page as paper_page, start as start_on_paper};
pub(crate) use tasks::tasks;
pub(crate) use together::{page as together_page, perform as together};

use uuid::Uuid;

use crate::cases::{ME, NOBODY};
use crate::visit::{Visit, Wrong, id, not_found};

/// Whom a case is given to, as the lists of colleagues say it.
fn assignee(visit: &Visit<'_>) -> Result<Option<Uuid>, Wrong> {
    Ok(match visit.asked.field("to") {
        ME => Some(visit.viewer()?.person.id),
        NOBODY => None,
        colleague => Some(id(colleague)?),
    })
}

/// # Errors
/// `NotFound` for everybody else, `Unauthenticated` for nobody.
fn must_be_staff(visit: &Visit<'_>) -> Result<(), Wrong> {
    visit.viewer()?;
    if visit.is_staff() { Ok(()) } else { Err(not_found()) }
}
