//! Amounts that an expression gives, and interest by the day; what the award rule gives is in `award`.

use chrono::{Days, NaiveDate};
use vocabulary::{Bilingual, Overflow, Yen};

use crate::award::{Award, AwardStep};
use crate::compiled::{Program, blocked};
use crate::definition::{InterestTable, Municipality};
use crate::expression::{Blocked, Explanation, Expression, Record, Value};
use crate::facts::{APPLICATION, CaseFacts};
use crate::parts::CompiledAmount;

/// Days of a year that interest counts (年365日の割合).
const DAYS_OF_A_YEAR: i128 = 365;

impl Program {
    /// An amount that an action freezes and that does not come from the award rule: by the action's own expression, or
    /// else by the amount's. `None` for amounts of the award rule.
    ///
    /// # Errors
    /// When a fact that it reads is missing, the amount is below zero, or a number is out of range.
    pub fn amount(
        &self,
        action: &str,
        name: &str,
        facts: &CaseFacts,
        municipality: &Municipality,
    ) -> Option<Result<Award, Blocked>> {
        let (_, acting) = self.actions.get_key_value(action)?;
        let mut roots = self.view(facts).submitted(acting.rule.form.as_deref().unwrap_or(APPLICATION));
        self.complete(&mut roots);
        if let Some(is) = acting.freezes.get(name) {
            return Some(self.by_expression(name, is, &roots));
        }
        Some(match self.amounts.get(name)? {
            CompiledAmount::Is(is) => self.by_expression(name, is, &roots),
            CompiledAmount::AdvanceOf(base) => {
                let whole = facts.amounts.get(base).copied().unwrap_or_default();
                self.advance_limit(whole, facts).and_then(|limit| limit.ok_or_else(|| no_advance(name)))
            }
            CompiledAmount::Interest { on, table, since, until } => {
                let principal = facts.amounts.get(on).copied().unwrap_or_default();
                let rule = municipality.interest.get(table).ok_or_else(|| no_table(table));
                rule.and_then(|rule| match (since.evaluate(&roots)?, until.evaluate(&roots)?) {
                    (Value::Date(since), Value::Date(until)) => {
                        rule.interest(principal, (since, until)).map_err(|Overflow| out_of_range(name))
                    }
                    _ => Ok(rule.no_interest()),
                })
            }
        })
    }

    fn by_expression(&self, name: &str, is: &Expression, roots: &Record) -> Result<Award, Blocked> {
        let Value::Yen(amount) = is.evaluate(roots)? else { return Err(out_of_range(name)) };
        if amount.is_negative() {
            return Err(blocked("negative_amount", name, "0円を下回っています", "comes to less than 0 yen"));
        }
        let label = self.definition.archetype.amount(name).map(|(_, rule)| rule.label.clone()).unwrap_or_default();
        let step = step("is", label, Value::Yen(amount).shown(), Some(amount), Some(is.explain(roots)));
        Ok(Award { amount, eligible: true, steps: vec![step] })
    }
}

fn out_of_range(name: &str) -> Blocked {
    blocked("overflow", name, "扱える範囲を超えています", "is out of range")
}

fn no_advance(name: &str) -> Blocked {
    blocked("no_advance", name, "この制度では概算払をしません", "cannot be: the program pays nothing in advance")
}

fn no_table(name: &str) -> Blocked {
    blocked(
        "no_interest_table",
        name,
        "利率の表が市区町村の設定にありません",
        "is no table of interest of the municipality",
    )
}

fn step(
    code: &str,
    label: Bilingual,
    value: Bilingual,
    amount: Option<Yen>,
    explanation: Option<Explanation>,
) -> AwardStep {
    AwardStep { code: code.to_owned(), label, value, amount, explanation }
}

impl InterestTable {
    /// When there is no day from which interest would run.
    fn no_interest(&self) -> Award {
        let none = step("interest", self.label.clone(), Value::Yen(Yen::ZERO).shown(), Some(Yen::ZERO), None);
        Award { amount: Yen::ZERO, eligible: true, steps: vec![none] }
    }

    /// Interest on `principal` for every day from the first to the second, both counted; explained by the spans of one
    /// rate. Exact until the sum is truncated.
    ///
    /// # Errors
    /// [`Overflow`] when a number is out of range.
    pub fn interest(&self, principal: Yen, (since, until): (NaiveDate, NaiveDate)) -> Result<Award, Overflow> {
        let unit = |yen: Yen| yen.get().max(1);
        let bearing = principal.get() - principal.get().rem_euclid(unit(self.principal_round_down));
        let shown = |yen: i64| Yen::new(yen).map(|yen| Value::Yen(yen).shown());
        let mut steps =
            vec![step("principal", Bilingual::new("計算の基礎となる額", "Principal"), shown(bearing)?, None, None)];
        let mut sum = Fraction { numerator: 0, denominator: 1 };
        for (i, rate) in self.rates.iter().enumerate() {
            let next = self.rates.get(i + 1).and_then(|next| next.from.checked_sub_days(Days::new(1)));
            let (from, to) = (rate.from.max(since), next.map_or(until, |last| last.min(until)));
            let days = (to - from).num_days() + 1;
            if days <= 0 {
                continue;
            }
            let yearly = i128::from(bearing).checked_mul(rate.rate.numerator().into()).ok_or(Overflow)?;
            let numerator = yearly.checked_mul(days.into()).ok_or(Overflow)?;
            let denominator = DAYS_OF_A_YEAR.checked_mul(rate.rate.denominator().into()).ok_or(Overflow)?;
            sum = sum.plus(Fraction { numerator, denominator })?;
            let value = Bilingual::new(
                format!("{from}〜{to} {days}日 年{}", rate.rate),
                format!("{from} to {to}, {days} days, {} a year", rate.rate),
            );
            steps.push(step("rate", self.label.clone(), value, None, None));
        }
        let whole = i64::try_from(sum.numerator / sum.denominator).map_err(|_| Overflow)?;
        let truncated = Yen::new(whole - whole.rem_euclid(unit(self.round_down)))?;
        let amount = if self.minimum.is_some_and(|least| truncated < least) { Yen::ZERO } else { truncated };
        steps.push(step("interest", self.label.clone(), Value::Yen(amount).shown(), Some(amount), None));
        Ok(Award { amount, eligible: true, steps })
    }
}

/// Not below zero, in lowest terms.
#[derive(Clone, Copy)]
struct Fraction {
    numerator: i128,
    denominator: i128,
}

impl Fraction {
    fn plus(self, other: Self) -> Result<Self, Overflow> {
        let cross = |a: i128, b: i128| a.checked_mul(b).ok_or(Overflow);
        let left = cross(self.numerator, other.denominator)?;
        let right = cross(other.numerator, self.denominator)?;
        let numerator = left.checked_add(right).ok_or(Overflow)?;
        let denominator = cross(self.denominator, other.denominator)?;
        let common = greatest_common_divisor(numerator, denominator).max(1);
        Ok(Self { numerator: numerator / common, denominator: denominator / common })
    }
}

const fn greatest_common_divisor(mut a: i128, mut b: i128) -> i128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::InterestRate;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn table(rates: &[(&str, &str)]) -> InterestTable {
        let rate = |(from, rate): &(&str, &str)| InterestRate { from: day(from), rate: rate.parse().unwrap() };
        InterestTable {
            label: Bilingual::new("加算金", "Surcharge"),
            source: None,
            rates: rates.iter().map(rate).collect(),
            principal_round_down: Yen::new(1).unwrap(),
            round_down: Yen::new(1).unwrap(),
            minimum: None,
        }
    }

    fn charged(table: &InterestTable, principal: i64, since: &str, until: &str) -> i64 {
        table.interest(Yen::new(principal).unwrap(), (day(since), day(until))).unwrap().amount.get()
    }

    #[test]
    fn interest_counts_every_day_at_the_rate_of_its_time() {
        let flat = table(&[("2000-01-01", "219/2000")]);
        assert_eq!(charged(&flat, 100_000, "2026-04-01", "2027-03-31"), 10_950);
        assert_eq!(charged(&flat, 100_000, "2026-04-01", "2026-04-01"), 30);
        assert_eq!(charged(&flat, 100_000, "2026-04-02", "2026-04-01"), 0, "no day, no interest");
        let falls = table(&[("2026-01-01", "73/1000"), ("2026-04-01", "365/10000")]);
        // 10 days at 20 yen, then 10 days at 10 yen.
        assert_eq!(charged(&falls, 100_000, "2026-03-22", "2026-04-10"), 300);
        assert_eq!(charged(&falls, 100_000, "2025-12-31", "2025-12-31"), 0, "days before the table bear none");
    }

    #[test]
    fn what_is_truncated_is_truncated_once() {
        let mut rule = table(&[("2000-01-01", "219/2000")]);
        // 30.9 yen a day; three days are 92.7, not 3 × 30.
        assert_eq!(charged(&rule, 103_000, "2026-04-01", "2026-04-03"), 92);
        rule.principal_round_down = Yen::new(1_000).unwrap();
        rule.round_down = Yen::new(100).unwrap();
        assert_eq!(charged(&rule, 100_999, "2026-04-01", "2027-03-31"), 10_900);
        rule.minimum = Some(Yen::new(1_000).unwrap());
        assert_eq!(charged(&rule, 100_999, "2026-04-01", "2026-04-30"), 0);
    }
}
