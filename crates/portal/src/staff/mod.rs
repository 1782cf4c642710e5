//! The office's desk: what waits for somebody, the list of all cases, and taking care of one.

mod cases;
mod listing;
mod paper;
mod tasks;
mod together;

pub(crate) use cases::{assign, drop_view, export, list, save_view};
pub(crate) use paper::{page as paper_page, start as start_on_paper};
pub(crate) use tasks::tasks;
pub(crate) use together::{page as together_page, perform as together};

use service::MOST_COUNTED;

use crate::text::Text;
use crate::visit::{Visit, Wrong, not_found};

/// # Errors
/// `NotFound` for everybody else, `Unauthenticated` for nobody.
fn must_be_staff(visit: &Visit<'_>) -> Result<(), Wrong> {
    visit.viewer()?;
    if visit.is_staff() { Ok(()) } else { Err(not_found()) }
}

/// How many there are, as far as they were counted.
fn counted(t: Text, count: u32) -> String {
    t.cases_found(count, count < MOST_COUNTED)
}
