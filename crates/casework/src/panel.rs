//! 審査会: each judge scores once, sees nobody else's points before the panel is closed, and steps aside where there is a
//! conflict of interest. The means are exact fractions.

use std::collections::BTreeMap;

use program::definition::{Name, PanelRule, PanelStep};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;
use vocabulary::{Bilingual, Instant, Rate};

use crate::refusal::Refusal;

/// The panel of one case.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Panel {
    /// By judge, the newest points of each.
    pub scores: BTreeMap<Uuid, Scoring>,
    /// Judges who declared a conflict of interest (利害関係), with why.
    pub conflicts: BTreeMap<Uuid, String>,
    /// What came of it, once it is closed.
    pub outcome: Option<Outcome>,
}

/// The points of one judge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scoring {
    pub name: String,
    pub at: Instant,
    /// Criterion → points, without weights.
    pub points: BTreeMap<Name, u32>,
}

/// What the judges found together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    pub judges: u32,
    /// Of the judges' weighted totals.
    pub mean: Rate,
    /// Of each criterion, without weights.
    pub by_criterion: BTreeMap<Name, Rate>,
    pub passed: bool,
    /// The computation, one line a step.
    pub explanation: Vec<Bilingual>,
}

/// Who takes a step of the panel.
pub(crate) struct Judge<'a> {
    pub id: Uuid,
    pub name: &'a str,
    pub at: Instant,
}

impl Panel {
    /// Whether this judge may look at the case.
    #[must_use]
    pub fn admits(&self, judge: Uuid) -> bool {
        !self.conflicts.contains_key(&judge)
    }

    /// Whoever keeps away from the case by a declaration at the office has stepped aside, and what they scored counts no
    /// more; a closed panel stays as it is.
    pub(crate) fn without(mut self, recusals: &BTreeMap<Uuid, String>) -> Self {
        if self.outcome.is_none() {
            for (judge, reason) in recusals {
                self.scores.remove(judge);
                self.conflicts.entry(*judge).or_insert_with(|| reason.clone());
            }
        }
        self
    }

    /// # Errors
    /// When the panel is closed, the judge has stepped aside, or too few have scored.
    pub(crate) fn take(
        mut self,
        rule: &PanelRule,
        step: PanelStep,
        judge: &Judge<'_>,
        input: &Map<String, Value>,
    ) -> Result<Self, Vec<Refusal>> {
        if step != PanelStep::Open && self.outcome.is_some() {
            return Err(vec![Refusal::new(
                "panel.closed",
                "審査会は終了しています。採点は変更できません",
                "The panel is closed; points can no longer be given or changed",
            )]);
        }
        match step {
            PanelStep::Open => return Ok(Self::default()),
            PanelStep::Score if !self.admits(judge.id) => {
                return Err(vec![Refusal::new(
                    "panel.conflict",
                    "利害関係を申し出た案件は採点できません",
                    "You declared a conflict of interest in this case, so you do not score it",
                )]);
            }
            PanelStep::Score => {
                let points = rule.criteria.keys().filter_map(|name| Some((name.clone(), points(input, name)?)));
                let scoring = Scoring { name: judge.name.to_owned(), at: judge.at, points: points.collect() };
                self.scores.insert(judge.id, scoring);
            }
            PanelStep::Conflict => {
                let reason = input.get("reason").and_then(Value::as_str).unwrap_or_default();
                self.scores.remove(&judge.id);
                self.conflicts.insert(judge.id, reason.to_owned());
            }
            PanelStep::Close => self.outcome = Some(self.outcome(rule)?),
        }
        Ok(self)
    }

    fn outcome(&self, rule: &PanelRule) -> Result<Outcome, Vec<Refusal>> {
        let judges = u32::try_from(self.scores.len()).unwrap_or(u32::MAX);
        if judges < rule.judges || judges == 0 {
            return Err(vec![Refusal::new(
                "panel.judges",
                format!("採点した審査員が{judges}人です。{}人の採点がそろってから集計してください", rule.judges),
                format!("{judges} judges have scored; close the panel when {} have", rule.judges),
            )]);
        }
        let mut total = 0_i64;
        let mut by_criterion = BTreeMap::new();
        let mut passed = true;
        let mut explanation = Vec::new();
        for (name, criterion) in &rule.criteria {
            let sum: i64 =
                self.scores.values().filter_map(|scoring| scoring.points.get(name)).map(|p| i64::from(*p)).sum();
            let mean = rate(sum, judges)?;
            let enough = criterion.minimum.is_none_or(|least| sum >= i64::from(least) * i64::from(judges));
            passed &= enough;
            total = total.saturating_add(sum.saturating_mul(criterion.weight.into()));
            explanation.push(line(&criterion.label, (sum, judges, mean), criterion.weight, criterion.minimum, enough));
            by_criterion.insert(name.clone(), mean);
        }
        let mean = rate(total, judges)?;
        let enough = rule.minimum_mean.is_none_or(|least| total >= i64::from(least) * i64::from(judges));
        passed &= enough;
        let whole = Bilingual::new("総合点の平均", "Mean of the totals");
        explanation.push(line(&whole, (total, judges, mean), 1, rule.minimum_mean, enough));
        Ok(Outcome { judges, mean, by_criterion, passed, explanation })
    }
}

fn points(input: &Map<String, Value>, criterion: &str) -> Option<u32> {
    input.get(criterion).and_then(Value::as_u64).and_then(|points| u32::try_from(points).ok())
}

fn rate(sum: i64, judges: u32) -> Result<Rate, Vec<Refusal>> {
    Rate::new(sum, judges.into())
        .map_err(|invalid| vec![Refusal { message: invalid.message, ..Refusal::new("amount.overflow", "", "") }])
}

fn line(
    label: &Bilingual,
    (sum, judges, mean): (i64, u32, Rate),
    weight: u32,
    least: Option<u32>,
    enough: bool,
) -> Bilingual {
    let mut text = Bilingual::new(
        format!("{}: {sum}点 ÷ {judges}人 = {mean}点", label.ja),
        format!("{}: {sum} points / {judges} judges = {mean}", label.en),
    );
    if weight != 1 {
        text.ja.push_str(&format!("（重み{weight}）"));
        text.en.push_str(&format!(" (weight {weight})"));
    }
    if let Some(least) = least {
        let (ja, en) = if enough { ("以上", "reached") } else { ("未満", "not reached") };
        text.ja.push_str(&format!("、基準{least}点{ja}"));
        text.en.push_str(&format!(", minimum {least} {en}"));
    }
    text
}
