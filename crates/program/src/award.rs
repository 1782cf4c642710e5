//! The award: eligible costs, rate, rounding, caps, minimum, in that order, exactly (domain/real-rules 2.5).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use vocabulary::{Bilingual, Overflow, Rate, Yen};

use crate::compiled::{Program, blocked};
use crate::definition::{Category, Field, OtherAid, TaxHandling};
use crate::expression::{Blocked, Explanation, Expression, Record, Value};
use crate::facts::{APPLICATION, CaseFacts, rows, yen};
use crate::parts::{AwardOver, CompiledCase};

/// What is granted and how it was computed; kept with the case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Award {
    pub amount: Yen,
    /// False when it is below the minimum, or nothing is left to grant.
    pub eligible: bool,
    pub steps: Vec<AwardStep>,
}

/// One line of the computation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwardStep {
    /// `category`, `category_cap`, `category_closed`, `share`, `other_aid`, `revenue`, `eligible`, `rate`, `round_down`,
    /// `cap`, `fiscal_year_cap`, `lifetime_cap`, `at_most`, `minimum`, `award`.
    pub code: String,
    pub label: Bilingual,
    /// As people read it, e.g. 1/2 or 50,000円.
    pub value: Bilingual,
    /// The amount after this step, in whole yen; `rate` shows it before rounding to the unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Yen>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Explanation>,
}

impl Program {
    /// The award from the figures of a submitted form, never above `at_most`.
    ///
    /// # Errors
    /// When a fact that the rule reads is missing, or a number is out of range.
    pub fn award(&self, form: &str, at_most: Option<Yen>, facts: &CaseFacts) -> Result<Award, Blocked> {
        let over = self.awards.get(form).ok_or_else(|| {
            blocked("no_award", form, "この様式からは補助金額を計算しません", "gives no figures for an award")
        })?;
        if !facts.forms.contains_key(form) {
            return Err(blocked("missing_fact", form, "まだ提出されていません", "is not submitted yet"));
        }
        let mut roots = self.view(facts).submitted(form);
        self.complete(&mut roots);
        let mut computation = Computation { program: self, form, facts, roots, steps: Vec::new() };
        let (amount, eligible) = computation.run(over, at_most)?;
        Ok(Award { amount, eligible, steps: computation.steps })
    }
}

/// An amount that need not be whole yen: numerator over a positive denominator.
#[derive(Clone, Copy, Debug)]
struct Exact {
    numerator: i128,
    denominator: i128,
}

impl Exact {
    fn of(amount: Yen) -> Self {
        Self { numerator: amount.get().into(), denominator: 1 }
    }

    fn times(self, rate: Rate) -> Result<Self, Overflow> {
        let numerator = self.numerator.checked_mul(rate.numerator().into()).ok_or(Overflow)?;
        let denominator = self.denominator.checked_mul(rate.denominator().into()).ok_or(Overflow)?;
        Ok(Self { numerator, denominator })
    }

    /// Not below zero.
    fn less(self, amount: Yen) -> Result<Self, Overflow> {
        let taken = self.denominator.checked_mul(amount.get().into()).ok_or(Overflow)?;
        let numerator = self.numerator.checked_sub(taken).ok_or(Overflow)?.max(0);
        Ok(Self { numerator, ..self })
    }

    /// Truncated to a multiple of `unit` yen.
    fn rounded_down(self, unit: Yen) -> Result<Yen, Overflow> {
        let unit = i128::from(unit.get().max(1));
        let parts = self.denominator.checked_mul(unit).filter(|parts| *parts > 0).ok_or(Overflow)?;
        let whole = (self.numerator / parts).checked_mul(unit).ok_or(Overflow)?;
        i64::try_from(whole).map_err(|_| Overflow).and_then(Yen::new)
    }

    fn whole(self) -> Result<Yen, Overflow> {
        self.rounded_down(ONE)
    }
}

const ONE: Yen = match Yen::new(1) {
    Ok(one) => one,
    Err(_) => Yen::ZERO,
};

fn overflow(_: Overflow) -> Blocked {
    blocked("overflow", "amount", "扱える範囲を超えています", "is out of range")
}

struct Computation<'a> {
    program: &'a Program,
    form: &'a str,
    facts: &'a CaseFacts,
    roots: Record,
    steps: Vec<AwardStep>,
}

impl Computation<'_> {
    fn run(&mut self, over: &AwardOver, at_most: Option<Yen>) -> Result<(Yen, bool), Blocked> {
        let rule = &self.program.definition().program.amount;
        let eligible = self.eligible_costs(over)?;
        let (rate, why) = self.first_case("rate", &over.rate)?;
        let raw = eligible.times(rate).map_err(overflow)?;
        self.step("rate", ("補助率", "Rate"), Value::Rate(rate).shown(), Some(raw.whole().map_err(overflow)?), why);
        let mut amount = raw.rounded_down(rule.round_down).map_err(overflow)?;
        let unit = Value::Yen(rule.round_down).shown();
        let unit = Bilingual::new(format!("{}未満切捨て", unit.ja), format!("Down to {}", unit.en));
        self.step("round_down", ("端数処理", "Rounding"), unit, Some(amount), None);

        let (cap, why) = self.first_case("cap", &over.cap)?;
        amount = self.capped("cap", ("上限額", "Cap"), cap, amount, why);
        if let Some(cap) = rule.fiscal_year_cap {
            let left = self.left(cap, self.facts.granted_this_year)?;
            amount = self.capped(
                "fiscal_year_cap",
                ("年度上限の残り", "Left of the cap for the fiscal year"),
                left,
                amount,
                None,
            );
        }
        if let Some(cap) = rule.lifetime_cap {
            let left = self.left(cap, self.facts.granted_before)?;
            amount = self.capped("lifetime_cap", ("通算上限の残り", "Left of the lifetime cap"), left, amount, None);
        }
        if let Some(most) = at_most {
            amount = self.capped("at_most", ("既に決まった額", "Amount already fixed"), most, amount, None);
        }
        if let Some(minimum) = rule.minimum {
            amount = if amount < minimum { Yen::ZERO } else { amount };
            self.step("minimum", ("下限額", "Minimum"), Value::Yen(minimum).shown(), Some(amount), None);
        }
        self.step("award", ("補助金額", "Award"), Value::Yen(amount).shown(), Some(amount), None);
        Ok((amount, amount > Yen::ZERO))
    }

    /// Σ per category, × share, − other aid, − revenue; exactly.
    fn eligible_costs(&mut self, over: &AwardOver) -> Result<Exact, Blocked> {
        let program = self.program;
        let rule = &program.definition().program.amount;
        let mut sum = Yen::ZERO;
        if let Some(categories) = self.table(&rule.costs).map(|table| table.categories.clone()) {
            for (name, category) in &categories {
                let counted = self.category(name, category, over.category_when.get(name), rule.tax)?;
                sum = sum.plus(counted).map_err(overflow)?;
            }
        }
        let mut eligible = Exact::of(sum);
        if let Some(share) = self.given(rule.share.as_deref()).and_then(|share| share.as_str()?.parse::<Rate>().ok()) {
            eligible = eligible.times(share).map_err(overflow)?;
            let whole = eligible.whole().map_err(overflow)?;
            self.step("share", ("負担割合", "Share"), Value::Rate(share).shown(), Some(whole), None);
        }
        let aid = (rule.other_aid == OtherAid::Deduct).then_some("other_aid");
        for (code, label, field) in [
            ("other_aid", ("他の補助金等", "Other aid"), aid),
            ("revenue", ("収入", "Revenue"), rule.revenue.as_deref()),
        ] {
            if let Some(taken) = self.given(field).and_then(|value| yen(&value)).filter(|taken| !taken.is_zero()) {
                eligible = eligible.less(taken).map_err(overflow)?;
                let whole = eligible.whole().map_err(overflow)?;
                let shown = Value::Yen(taken).shown();
                let shown = Bilingual::new(format!("−{}", shown.ja), format!("−{}", shown.en));
                self.step(code, label, shown, Some(whole), None);
            }
        }
        let whole = eligible.whole().map_err(overflow)?;
        self.step("eligible", ("補助対象経費", "Eligible costs"), Value::Yen(whole).shown(), Some(whole), None);
        Ok(eligible)
    }

    fn category(
        &mut self,
        name: &str,
        category: &Category,
        when: Option<&Expression>,
        tax: TaxHandling,
    ) -> Result<Yen, Blocked> {
        let table = self.given(Some(&self.program.definition().program.amount.costs));
        let of_category = |row: &&Map<String, Json>| row.get("category").and_then(Json::as_str) == Some(name);
        let figure = |row: &Map<String, Json>, part: &str| row.get(part).and_then(yen).unwrap_or_default();
        let amounts = rows(table.as_ref()).filter(of_category).map(|row| match tax {
            TaxHandling::Excluded => Ok(figure(row, "net")),
            TaxHandling::Included => figure(row, "net").plus(figure(row, "tax")),
        });
        let claimed: Result<Vec<Yen>, Overflow> = amounts.collect();
        let claimed = claimed.and_then(Yen::total).map_err(overflow)?;
        if claimed.is_zero() {
            return Ok(Yen::ZERO);
        }
        let label = (category.label.ja.as_str(), category.label.en.as_str());
        self.step("category", label, Value::Yen(claimed).shown(), Some(claimed), None);
        if let Some(when) = when
            && !when.is_true(&self.roots)?
        {
            let why = when.explain(&self.roots);
            self.step("category_closed", label, Bilingual::new("対象外", "Does not count"), Some(Yen::ZERO), Some(why));
            return Ok(Yen::ZERO);
        }
        match category.cap {
            Some(cap) if cap < claimed => {
                self.step("category_cap", label, Value::Yen(cap).shown(), Some(cap), None);
                Ok(cap)
            }
            _ => Ok(claimed),
        }
    }

    fn first_case<T: Copy>(&self, what: &str, cases: &[CompiledCase<T>]) -> Result<(T, Option<Explanation>), Blocked> {
        for case in cases {
            match &case.when {
                None => return Ok((case.then, None)),
                Some(when) if when.is_true(&self.roots)? => return Ok((case.then, Some(when.explain(&self.roots)))),
                Some(_) => {}
            }
        }
        Err(blocked("no_case", what, "当てはまる場合がありません", "has no case that holds"))
    }

    fn left(&self, cap: Yen, used: Yen) -> Result<Yen, Blocked> {
        cap.minus(used).map(|left| left.max(Yen::ZERO)).map_err(overflow)
    }

    fn capped(&mut self, code: &str, label: (&str, &str), cap: Yen, amount: Yen, why: Option<Explanation>) -> Yen {
        let amount = amount.min(cap);
        self.step(code, label, Value::Yen(cap).shown(), Some(amount), why);
        amount
    }

    fn step(
        &mut self,
        code: &str,
        (ja, en): (&str, &str),
        value: Bilingual,
        amount: Option<Yen>,
        explanation: Option<Explanation>,
    ) {
        let label = Bilingual::new(ja, en);
        self.steps.push(AwardStep { code: code.to_owned(), label, value, amount, explanation });
    }

    /// The form that answers for a field: this one when it has such a field, otherwise the application.
    fn form_with(&self, field: &str) -> &str {
        let has = self.program.forms.get(self.form).is_some_and(|form| form.fields.contains_key(field));
        if has { self.form } else { APPLICATION }
    }

    fn table(&self, name: &str) -> Option<&Field> {
        self.program.forms.get(self.form_with(name))?.fields.get(name).map(|field| &field.rule)
    }

    fn given(&self, field: Option<&str>) -> Option<Json> {
        let field = field?;
        self.facts.forms.get(self.form_with(field))?.get(field).cloned()
    }
}
