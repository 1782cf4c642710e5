//! Public money in the browser: what waits to be paid, batches on their way to the bank and back, budgets.

mod batch;
mod budgets;
mod desk;

pub(crate) use batch::{act, batch, cover};
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

/// What waits for the visitor in finance, a line for each kind.
///
/// # Errors
/// Faults only.
pub(crate) async fn finance_tasks(visit: &Visit<'_>) -> Result<Vec<String>, Wrong> {
    if !visit.is(&[Role::FinanceMaker, Role::FinanceChecker]) {
        return Ok(Vec::new());
    }
    let t = visit.t;
    let tasks = visit.service.finance_tasks(visit.viewer()?).await?;
    let count =
        |count: i64, label: &str| format!("{label}: {}", t.cases_counted(u32::try_from(count).unwrap_or(u32::MAX)));
    let payable = i64::try_from(tasks.payable).unwrap_or(i64::MAX);
    let mut lines: Vec<String> = (payable > 0).then(|| count(payable, t.waiting_payments())).into_iter().collect();
    let is_maker = visit.is(&[Role::FinanceMaker]);
    lines.extend(tasks.batches.iter().filter_map(|(state, found)| {
        let what = match state {
            BatchState::Drafted => t.batches_to_check(),
            BatchState::Approved if is_maker => t.batches_to_export(),
            BatchState::Exported if is_maker => t.batches_to_hand_over(),
            BatchState::HandedOver if is_maker => t.batches_to_record(),
            _ => return None,
        };
        Some(count(*found, what))
    }));
    Ok(lines)
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
