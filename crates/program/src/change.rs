//! 軽微な変更: whether a change of the plan needs approval, and whether it is possible at all.
//!
//! Costs of the plan in force and of the change are compared by category. Nothing needs approval as long as no category
//! comes new or falls away, each moves by no more than the rule's share of the lowest of those that move, the award does
//! not rise, and nothing else that the application says is changed.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};
use vocabulary::{Bilingual, Overflow, Rate, Yen};

use crate::compiled::{Program, blocked};
use crate::definition::{MinorChange, NewCategory};
use crate::expression::{Blocked, Record};
use crate::facts::{APPLICATION, CaseFacts, rows, yen};
use crate::parts::{ChangeRule, Fault};

/// What the plan has in a category, and what the change has.
#[derive(Clone, Copy, Default)]
struct Moved {
    planned: Yen,
    changed: Yen,
}

impl Moved {
    fn by(self) -> Result<Yen, Overflow> {
        self.changed.max(self.planned).minus(self.changed.min(self.planned))
    }
}

impl Program {
    /// Why a request for a change is not taken in: what it wants needs no approval (`change.minor`), or is not possible
    /// (`change.new_category`).
    pub(crate) fn change_fault(
        &self,
        form: &str,
        values: &Map<String, Json>,
        roots: &Record,
        facts: &CaseFacts,
    ) -> Result<Option<Fault>, Blocked> {
        let Some((rule, compiled)) = self.definition().program.change.as_ref().zip(self.changes.get(form)) else {
            return Ok(None);
        };
        let Some(costs) = self.definition().program.amount.as_ref().map(|rule| &rule.costs) else { return Ok(None) };
        let Some(plan) = facts.forms.get(APPLICATION).filter(|_| values.contains_key(costs)) else { return Ok(None) };
        let moved = moved(plan.get(costs), values.get(costs))?;
        if rule.new_category == NewCategory::Forbid
            && let Some((name, _)) = moved.iter().find(|(_, moved)| moved.planned.is_zero())
        {
            let row = rows(values.get(costs)).position(|row| row.get("category").and_then(Json::as_str) == Some(*name));
            let path = row.map_or_else(|| costs.clone(), |row| format!("{costs}[{row}].category"));
            let message = Bilingual::new(
                "計画にない経費区分へは変更できません",
                "Costs cannot be moved to a category that the plan does not have",
            );
            return Ok(Some(Fault::new("change.new_category", path, message)));
        }
        if self.is_minor(form, (rule, compiled), &moved, (plan, values), roots, facts)? {
            return Ok(Some(Fault::new("change.minor", "", minor(rule.moved_at_most))));
        }
        Ok(None)
    }

    fn is_minor(
        &self,
        form: &str,
        (rule, compiled): (&MinorChange, &ChangeRule),
        moved: &BTreeMap<&str, Moved>,
        (plan, values): (&Map<String, Json>, &Map<String, Json>),
        roots: &Record,
        facts: &CaseFacts,
    ) -> Result<bool, Blocked> {
        let Some(costs) = self.definition().program.amount.as_ref().map(|rule| &rule.costs) else { return Ok(false) };
        let shared = self.forms.get(APPLICATION).map(|form| &form.fields);
        let also = |(name, value): (&String, &Json)| {
            name != costs && shared.is_some_and(|shared| shared.contains_key(name)) && plan.get(name) != Some(value)
        };
        if moved.is_empty() || values.iter().any(also) || !within(rule.moved_at_most, moved).map_err(out_of_range)? {
            return Ok(false);
        }
        if let Some(when) = &compiled.approval_when
            && when.is_true(roots)?
        {
            return Ok(false);
        }
        let mut changed = facts.clone();
        changed.forms.insert(form.to_owned(), values.clone());
        let planned = self.award(&compiled.from, None, facts)?.amount;
        Ok(self.award(form, None, &changed)?.amount <= planned)
    }
}

/// The categories whose costs differ, without tax.
fn moved<'v>(plan: Option<&'v Json>, change: Option<&'v Json>) -> Result<BTreeMap<&'v str, Moved>, Blocked> {
    let mut all: BTreeMap<&str, Moved> = BTreeMap::new();
    for (table, is_plan) in [(plan, true), (change, false)] {
        for row in rows(table) {
            let net = row.get("net").and_then(yen).unwrap_or_default();
            let moved = all.entry(row.get("category").and_then(Json::as_str).unwrap_or_default()).or_default();
            let sum = if is_plan { &mut moved.planned } else { &mut moved.changed };
            *sum = sum.plus(net).map_err(out_of_range)?;
        }
    }
    all.retain(|_, moved| moved.planned != moved.changed);
    Ok(all)
}

/// Whether each category moves by no more than the share of the lowest planned one.
fn within(share: Rate, moved: &BTreeMap<&str, Moved>) -> Result<bool, Overflow> {
    let lowest = moved.values().map(|moved| moved.planned).min().unwrap_or_default();
    let one = Yen::new(1)?;
    let most = lowest.times_rounded_down(share, one)?;
    for moved in moved.values() {
        if moved.changed.is_zero() || moved.by()? > most {
            return Ok(false);
        }
    }
    Ok(true)
}

fn out_of_range(_: Overflow) -> Blocked {
    blocked("overflow", "costs", "扱える範囲を超えています", "is out of range")
}

fn minor(share: Rate) -> Bilingual {
    Bilingual::new(
        format!(
            "経費の配分の変更が低い方の費目の{share}以内で、補助金額も増えないため、軽微な変更にあたり承認は不要です。\
             このまま事業を進め、実績報告書には実際の経費を記入してください"
        ),
        format!(
            "What moves is within {share} of the lower category and the award does not rise: this is a minor change and \
             needs no approval. Please go on, and enter the real costs in the report"
        ),
    )
}
