//! What auditors look at: the history of all cases of a municipality, who had access to what, and whether the chains are
//! whole. Nothing can be changed here.

mod access;
mod check;
mod history;

pub(crate) use access::{accesses, export as export_accesses, label as access_label};
pub(crate) use check::{check, page as check_page};
pub(crate) use history::{export as export_history, history};

use chrono::Days;
use program::definition::Role;
use service::Sought;
use vocabulary::day_in_japan;

use crate::asked::in_url;
use crate::place::Place;
use crate::visit::{Visit, Wrong};

/// Rows of a page.
const ROWS: usize = 50;
/// Rows that are read at once for a file, and in all.
const BATCH: usize = 500;
const MOST_ROWS: usize = 20_000;
/// Days back from today, unless somebody asks for others.
const DAYS: u64 = 30;

/// # Errors
/// `NotFound` for everybody but auditors, `Unauthenticated` for nobody.
async fn place_of(visit: &Visit<'_>) -> Result<Place, Wrong> {
    Place::of(visit, &[Role::Auditor]).await
}

/// The filters of both lists, as they were given or as they begin.
fn sought(visit: &Visit<'_>) -> Sought {
    let given = |name: &str| Some(visit.asked.parameter(name).trim().to_owned()).filter(|text| !text.is_empty());
    let day = |name: &str| given(name).and_then(|text| vocabulary::parse_day(&text));
    let until = day("until").unwrap_or_else(|| day_in_japan(visit.service.now()));
    let from = day("from").or_else(|| until.checked_sub_days(Days::new(DAYS))).unwrap_or(until);
    Sought {
        from,
        until,
        person: given("person"),
        number: given("number"),
        kind: given("kind").and_then(|kind| access::kind_named(&kind)),
    }
}

/// The same list again, from somewhere else on.
fn query(visit: &Visit<'_>) -> String {
    let kept = visit.asked.query.iter().filter(|(name, value)| name != "after" && !value.is_empty());
    let pairs: Vec<String> = kept.map(|(name, value)| format!("{}={}", in_url(name), in_url(value))).collect();
    pairs.join("&")
}

fn after<'a>(visit: &Visit<'a>) -> Option<&'a str> {
    Some(visit.asked.parameter("after")).filter(|after| !after.is_empty())
}
