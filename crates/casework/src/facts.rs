//! A case as the expressions of its program read it.

use std::collections::BTreeMap;

use program::definition::{Name, StateKind};
use program::{CaseFacts, Past};
use serde_json::{Map, Value};
use uuid::Uuid;
use vocabulary::{FiscalYear, Yen, day_in_japan};

use crate::act::World;
use crate::case::{Case, ProcedureCase, Submission};
use crate::limits;

#[must_use]
pub fn case_facts(world: &World<'_>, case: &Case) -> CaseFacts {
    facts_near(world, case, &[])
}

/// As they are seen from inside of these procedures, whose names are told apart from those of the case.
pub(crate) fn facts_near(world: &World<'_>, case: &Case, near: &[Uuid]) -> CaseFacts {
    let body = &case.body;
    let beside: Vec<&ProcedureCase> = body.procedures.iter().filter(|beside| near.contains(&beside.id)).collect();
    let archetype = &world.program.definition().archetype;
    let optional = archetype.all_amounts().filter(|(_, rule)| rule.optional).map(|(name, _)| (name.clone(), Yen::ZERO));
    let mut facts = CaseFacts {
        applicant: body.applicant.clone().unwrap_or_else(|| case.business.facts.clone()),
        dates: body.dates.clone(),
        forms: body.forms.iter().map(|(name, form)| (name.clone(), in_force(case, name, form))).collect(),
        amounts: optional.collect(),
        past: past(world, case, near),
        granted_this_year: limits::granted_in(world, Some(case.call.fiscal_year)),
        granted_ever: limits::granted_in(world, None),
        today: day_in_japan(world.now),
        applied_on: day_in_japan(body.standing.received_at.unwrap_or(world.now)),
        award_fiscal_year: case.call.fiscal_year,
        standing: crate::line::facts(world, case),
    };
    facts.amounts.extend(body.amounts.iter().map(|(name, frozen)| (name.clone(), frozen.yen)));
    if let Some(charged) = beside.iter().rev().find_map(|beside| beside.charged) {
        facts.award_fiscal_year = charged.fiscal_year;
    }
    for beside in beside {
        facts.dates.extend(beside.dates.clone());
        facts.forms.extend(beside.forms.iter().map(|(name, form)| (name.clone(), form.values.clone())));
        facts.amounts.extend(beside.amounts.iter().map(|(name, frozen)| (name.clone(), frozen.yen)));
    }
    facts
}

/// What came of the procedures that are over and not near.
fn past(world: &World<'_>, case: &Case, near: &[Uuid]) -> BTreeMap<Name, Past> {
    let year = |beside: &ProcedureCase| beside.charged.map(|charged| charged.fiscal_year);
    let looked_at = case.body.procedures.iter().rev().find(|beside| near.contains(&beside.id)).and_then(year);
    let this_year = looked_at.unwrap_or_else(|| FiscalYear::of(day_in_japan(world.now)));
    let kinds = world.program.definition().archetype.procedures.iter();
    let past = kinds.map(|(name, rule)| {
        let amounts = rule.amounts.keys().map(|amount| (amount.clone(), Yen::ZERO)).collect();
        let mut past = Past { amounts, ..Past::default() };
        let of_kind = case.body.procedures.iter().filter(|beside| beside.name == *name && !near.contains(&beside.id));
        for beside in of_kind {
            match rule.states.get(&beside.state).map(|state| state.kind) {
                Some(StateKind::ClosedPaid) => {}
                Some(StateKind::ClosedUnpaid) => {
                    past.refused = past.refused.saturating_add(1);
                    continue;
                }
                _ => continue,
            }
            past.count = past.count.saturating_add(1);
            let year = year(beside).unwrap_or_else(|| FiscalYear::of(day_in_japan(beside.opened_at)));
            past.this_year = past.this_year.saturating_add(u32::from(year == this_year));
            for (amount, frozen) in &beside.amounts {
                let sum = past.amounts.entry(amount.clone()).or_default();
                *sum = sum.plus(frozen.yen).unwrap_or(Yen::MAX);
            }
        }
        (name.clone(), past)
    });
    past.collect()
}

/// What was submitted, with what approved changes put in its place.
fn in_force(case: &Case, form: &str, submission: &Submission) -> Map<String, Value> {
    let mut values = submission.values.clone();
    values.extend(case.body.amended.get(form).cloned().unwrap_or_default());
    values
}
