//! Public money in the browser: what waits to be paid, batches on their way to the bank and back, budgets.

mod batch;
mod budgets;
mod desk;

pub(crate) use batch::{act, batch};
pub(crate) use budgets::{budgets, export as export_budgets};
pub(crate) use desk::{desk, make};

use program::definition::{Name, Role};
use treasury::BatchState;

use crate::text::Text;
use crate::visit::{Visit, Wrong, not_found};

const FINANCE: [Role; 3] = [Role::FinanceMaker, Role::FinanceChecker, Role::Auditor];

/// The offices whose money the visitor works with.
///
/// # Errors
/// `NotFound` for everybody else, `Unauthenticated` for nobody.
fn places(visit: &Visit<'_>) -> Result<Vec<Name>, Wrong> {
    let person = &visit.viewer()?.person;
    let mut places = visit.viewer()?.municipalities();
    places.retain(|place| FINANCE.into_iter().any(|role| person.has_role(place, role)));
    if places.is_empty() { Err(not_found()) } else { Ok(places) }
}

fn state_name(t: Text, state: BatchState) -> &'static str {
    match state {
        BatchState::Drafted => t.batch_drafted(),
        BatchState::Approved => t.batch_approved(),
        BatchState::Exported => t.batch_exported(),
        BatchState::HandedOver => t.batch_handed_over(),
        BatchState::Confirmed => t.batch_confirmed(),
        BatchState::PartlyReturned => t.batch_partly_returned(),
        BatchState::Cancelled => t.batch_cancelled(),
    }
}
