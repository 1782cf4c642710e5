//! How often a business may be granted: by fiscal year, ever, in a row, and for the same thing.

use program::Program;
use program::definition::{Limits, Name};
use serde_json::{Map, Value};
use vocabulary::{FiscalYear, Yen, normalized_for_search};

use crate::act::{Granted, Refusal, World};
use crate::case::{APPLICATION, Body, Case};

impl Body {
    /// What the application says in these fields, with what approved changes put in their place.
    #[must_use]
    pub fn answers(&self, fields: &[Name]) -> Map<String, Value> {
        let answer = |field: &Name| {
            let changed = self.amended.get(APPLICATION).and_then(|values| values.get(field));
            let value = changed.or_else(|| self.forms.get(APPLICATION)?.values.get(field))?;
            Some((field.clone(), value.clone()))
        };
        fields.iter().filter_map(answer).collect()
    }
}

/// The fields of the application that the program's limits look at.
pub(crate) fn fields(program: &Program) -> Vec<Name> {
    program.definition().program.limits.same.iter().map(|same| same.field.clone()).collect()
}

/// The yen that were granted elsewhere in that fiscal year, or in any; beyond all bounds nothing is left of a cap.
pub(crate) fn granted_in(world: &World<'_>, year: Option<FiscalYear>) -> Yen {
    let counted = world.granted.iter().filter(|granted| year.is_none_or(|year| granted.fiscal_year == year));
    counted.map(|granted| granted.yen).sum()
}

/// Whether the case may be granted besides those that were.
///
/// # Errors
/// Each limit that is reached.
pub fn check(world: &World<'_>, case: &Case) -> Result<(), Vec<Refusal>> {
    let limits = &world.program.definition().program.limits;
    let year = case.call.fiscal_year;
    let mut refusals = Vec::new();
    let all: Vec<&Granted> = world.granted.iter().collect();
    if reached(&all, year, limits.per_fiscal_year) {
        refusals.push(Refusal::new(
            "limit.fiscal_year",
            "同じ年度に交付できる回数に達しています",
            "This business has had as many grants as the program allows in one fiscal year",
        ));
    }
    if reached_ever(&all, limits.lifetime) {
        refusals.push(Refusal::new(
            "limit.lifetime",
            "通算の交付回数の上限に達しています",
            "This business has had as many grants as the program ever allows",
        ));
    }
    if is_recent(&all, year, limits) {
        refusals.push(Refusal::new(
            "limit.recent",
            "直近の年度に交付を受けているため、今年度は申請できません",
            "This business was granted in one of the preceding fiscal years, so not this year",
        ));
    }
    if is_in_a_row(&all, year, limits) {
        refusals.push(Refusal::new(
            "limit.consecutive",
            "連続した年度に交付を受けているため、今年度は申請できません",
            "This business was granted in each of the preceding fiscal years, so not this year",
        ));
    }
    let answers = case.body.answers(&fields(world.program));
    for same in &limits.same {
        let Some(answer) = answers.get(&same.field) else { continue };
        let alike = |granted: &&Granted| granted.answers.get(&same.field).is_some_and(|other| is_same(answer, other));
        let alike: Vec<&Granted> = world.granted.iter().filter(alike).collect();
        if reached(&alike, year, same.per_fiscal_year) || reached_ever(&alike, same.lifetime) {
            let refusal = Refusal::new(
                "limit.same",
                "同じ対象について交付できる回数に達しています",
                "This business has had as many grants for this as the program allows",
            );
            refusals.push(refusal.at(same.field.clone()));
        }
    }
    if refusals.is_empty() { Ok(()) } else { Err(refusals) }
}

fn count<'g>(granted: impl Iterator<Item = &'g &'g Granted>) -> u32 {
    u32::try_from(granted.count()).unwrap_or(u32::MAX)
}

fn reached(granted: &[&Granted], year: FiscalYear, most: Option<u32>) -> bool {
    most.is_some_and(|most| count(granted.iter().filter(|granted| granted.fiscal_year == year)) >= most)
}

fn reached_ever(granted: &[&Granted], most: Option<u32>) -> bool {
    most.is_some_and(|most| count(granted.iter()) >= most)
}

fn is_recent(granted: &[&Granted], year: FiscalYear, limits: &Limits) -> bool {
    let years = limits.not_in_last_fiscal_years.and_then(|years| i32::try_from(years).ok()).unwrap_or(0);
    granted.iter().any(|granted| (year.0.saturating_sub(years)..year.0).contains(&granted.fiscal_year.0))
}

fn is_in_a_row(granted: &[&Granted], year: FiscalYear, limits: &Limits) -> bool {
    let years = limits.not_after_consecutive_fiscal_years.and_then(|years| i32::try_from(years).ok());
    let Some(years) = years.filter(|years| *years > 0) else { return false };
    (1..=years).all(|back| granted.iter().any(|granted| granted.fiscal_year.0 == year.0.saturating_sub(back)))
}

/// Texts are the same when they read the same.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one.as_str(), other.as_str()) {
        (Some(one), Some(other)) => normalized_for_search(one) == normalized_for_search(other),
        _ => one == other,
    }
}
