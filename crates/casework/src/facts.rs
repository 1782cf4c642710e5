//! A case as the expressions of its program read it.

use program::CaseFacts;
use serde_json::{Map, Value};
use vocabulary::day_in_japan;

use crate::act::World;
use crate::case::{Case, Submission};
use crate::limits;

#[must_use]
pub fn case_facts(world: &World<'_>, case: &Case) -> CaseFacts {
    let body = &case.body;
    CaseFacts {
        applicant: body.applicant.clone().unwrap_or_else(|| case.business.facts.clone()),
        dates: body.dates.clone(),
        forms: body.forms.iter().map(|(name, form)| (name.clone(), in_force(case, name, form))).collect(),
        amounts: body.amounts.iter().map(|(name, frozen)| (name.clone(), frozen.yen)).collect(),
        granted_this_year: limits::granted_in(world, Some(case.call.fiscal_year)),
        granted_ever: limits::granted_in(world, None),
        today: day_in_japan(world.now),
        applied_on: day_in_japan(body.standing.received_at.unwrap_or(world.now)),
        award_fiscal_year: case.call.fiscal_year,
        standing: crate::line::facts(world, case),
    }
}

/// What was submitted, with what approved changes put in its place.
fn in_force(case: &Case, form: &str, submission: &Submission) -> Map<String, Value> {
    let mut values = submission.values.clone();
    values.extend(case.body.amended.get(form).cloned().unwrap_or_default());
    values
}
