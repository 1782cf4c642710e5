//! The award: eligible costs, rate, rounding, caps, minimum, in that order, exactly (domain/real-rules 2.5).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use vocabulary::{Bilingual, Overflow, Rate, Yen};

use crate::compiled::{Program, blocked};
use crate::definition::{Category, Field, OtherAid, TaxHandling};
use crate::exact::Exact;
use crate::expression::{Blocked, Explanation, Expression, Facts, Record, RowOver, Value};
use crate::facts::{APPLICATION, CaseFacts, item_value, rows, yen};
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
    /// `tax`, `item`, `category`, `category_closed`, `category_share`, `category_cap`, `share`, `other_aid`, `revenue`,
    /// `eligible`, `rate`, `round_down`, `item_cap`, `items`, `cap`, `fiscal_year_cap`, `lifetime_cap`, `at_most`,
    /// `minimum`, `award`; of an advance `base`, `share`, `round_down`, `advance`.
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

    /// Whether this form gives the figures for an award.
    #[must_use]
    pub fn computes_award(&self, form: &str) -> bool {
        self.awards.contains_key(form)
    }

    /// A condition of the award rule as people read it: names by their labels, operators in words. None unless the rule
    /// has it.
    #[must_use]
    pub fn condition_in_words(&self, source: &str) -> Option<Bilingual> {
        let mut conditions = self.awards.values().flat_map(AwardOver::conditions);
        conditions.find(|condition| condition.source() == source).map(Expression::words)
    }

    /// 概算払: how much of an award may be paid in advance; `None` when the program pays nothing in advance. Recomputed
    /// whenever the award changes.
    ///
    /// # Errors
    /// When a fact that the rule reads is missing, or a number is out of range.
    pub fn advance_limit(&self, award: Yen, facts: &CaseFacts) -> Result<Option<Award>, Blocked> {
        let rule = self.definition().program.payment.advance.as_ref();
        let Some((rule, shares)) = rule.zip(self.advance_share.as_ref()) else { return Ok(None) };
        let mut roots = self.view(facts).submitted(APPLICATION);
        self.complete(&mut roots);
        let mut computation = Computation { program: self, form: APPLICATION, facts, roots, steps: Vec::new() };
        computation.step("base", ("交付決定額", "Awarded amount"), Value::Yen(award).shown(), Some(award), None);
        let (share, why) = first_case("share", shares, &computation.roots)?;
        let exact = Exact::of(award).times(share).map_err(overflow)?;
        let whole = exact.whole().map_err(overflow)?;
        computation.step("share", ("概算払の割合", "Share paid in advance"), share_shown(share), Some(whole), why);
        let amount = exact.rounded_down(rule.round_down).map_err(overflow)?;
        computation.round_down_step(rule.round_down, amount);
        computation.step(
            "advance",
            ("概算払の限度額", "Advance at most"),
            Value::Yen(amount).shown(),
            Some(amount),
            None,
        );
        Ok(Some(Award { amount, eligible: amount > Yen::ZERO, steps: computation.steps }))
    }
}

fn overflow(_: Overflow) -> Blocked {
    blocked("overflow", "amount", "扱える範囲を超えています", "is out of range")
}

type Rows<'r> = &'r [Map<String, Json>];

struct Computation<'a> {
    program: &'a Program,
    form: &'a str,
    facts: &'a CaseFacts,
    roots: Record,
    steps: Vec<AwardStep>,
}

impl AwardOver {
    /// The conditions of the cases of all its parts.
    fn conditions(&self) -> impl Iterator<Item = &Expression> {
        fn of<T>(cases: &[CompiledCase<T>]) -> impl Iterator<Item = &Expression> {
            cases.iter().filter_map(|case| case.when.as_ref())
        }
        let caps = [&self.item_cap, &self.fiscal_year_cap, &self.lifetime_cap].into_iter().flatten();
        of(&self.tax).chain(of(&self.rate)).chain(of(&self.cap)).chain(caps.flat_map(|cases| of(cases)))
    }
}

impl Computation<'_> {
    fn run(&mut self, over: &AwardOver, at_most: Option<Yen>) -> Result<(Yen, bool), Blocked> {
        let rule = &over.rule;
        let table = self.given(Some(&rule.costs));
        let rows: Vec<Map<String, Json>> = rows(table.as_ref()).cloned().collect();
        let tax = self.tax(over)?;
        let mut amount = match &over.item_cap {
            None => self.subsidized(over, tax, &rows)?,
            Some(cap) => self.by_item(over, tax, cap, &rows)?,
        };
        let (cap, why) = first_case("cap", &over.cap, &self.roots)?;
        amount = self.capped("cap", ("上限額", "Cap"), cap, amount, why);
        for (code, label, cases, used) in [
            (
                "fiscal_year_cap",
                ("年度上限の残り", "Left of the cap for the fiscal year"),
                &over.fiscal_year_cap,
                self.facts.granted_this_year,
            ),
            (
                "lifetime_cap",
                ("通算上限の残り", "Left of the lifetime cap"),
                &over.lifetime_cap,
                self.facts.granted_ever,
            ),
        ] {
            if let Some(cases) = cases {
                let (cap, why) = first_case(code, cases, &self.roots)?;
                let left = cap.minus(used).map_err(overflow)?.max(Yen::ZERO);
                amount = self.capped(code, label, left, amount, why);
            }
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

    /// A step only where the rule has cases.
    fn tax(&mut self, over: &AwardOver) -> Result<TaxHandling, Blocked> {
        let (tax, why) = first_case("tax", &over.tax, &self.roots)?;
        if over.tax.len() > 1 {
            let shown = match tax {
                TaxHandling::Excluded => Bilingual::new("税抜", "Not counted"),
                TaxHandling::Included => Bilingual::new("税込", "Counted"),
            };
            self.step("tax", ("消費税", "Consumption tax"), shown, None, why);
        }
        Ok(tax)
    }

    /// Each item of the cost table by itself, up to its own cap; then all together.
    fn by_item(
        &mut self,
        over: &AwardOver,
        tax: TaxHandling,
        cap: &[CompiledCase<Yen>],
        rows: Rows<'_>,
    ) -> Result<Yen, Blocked> {
        let costs = &over.rule.costs;
        let Some(items) = self.table(costs).and_then(|table| table.items.clone()) else { return Ok(Yen::ZERO) };
        let mut names: Vec<&str> = Vec::new();
        for name in rows.iter().map(item_of) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let mut sum = Yen::ZERO;
        for name in names {
            let shown = items.choices.get(name).cloned().unwrap_or_else(|| Bilingual::new(name, name));
            self.step("item", (&items.label.ja, &items.label.en), shown, None, None);
            let own: Vec<_> = rows.iter().filter(|row| item_of(row) == name).cloned().collect();
            let amount = self.subsidized(over, tax, &own)?;
            let item = Record::from([("item".to_owned(), item_value(&items, name))]);
            let (cap, why) = first_case("item_cap", cap, &RowOver { row: &item, facts: &self.roots })?;
            let amount = self.capped("item_cap", ("1件の上限額", "Cap for each"), cap, amount, why);
            sum = sum.plus(amount).map_err(overflow)?;
        }
        self.step("items", ("合計", "Together"), Value::Yen(sum).shown(), Some(sum), None);
        Ok(sum)
    }

    /// Eligible costs × rate, rounded down.
    fn subsidized(&mut self, over: &AwardOver, tax: TaxHandling, rows: Rows<'_>) -> Result<Yen, Blocked> {
        let rule = &over.rule;
        let eligible = self.eligible_costs(over, tax, rows)?;
        let (rate, why) = first_case("rate", &over.rate, &self.roots)?;
        let raw = eligible.times(rate).map_err(overflow)?;
        self.step("rate", ("補助率", "Rate"), share_shown(rate), Some(raw.whole().map_err(overflow)?), why);
        let amount = raw.rounded_down(rule.round_down).map_err(overflow)?;
        self.round_down_step(rule.round_down, amount);
        Ok(amount)
    }

    fn round_down_step(&mut self, unit: Yen, amount: Yen) {
        let unit = Value::Yen(unit).shown();
        let unit = Bilingual::new(format!("{}未満切捨て", unit.ja), format!("Down to {}", unit.en));
        self.step("round_down", ("端数処理", "Rounding"), unit, Some(amount), None);
    }

    /// Σ per category, × share, − other aid, − revenue; exactly.
    fn eligible_costs(&mut self, over: &AwardOver, tax: TaxHandling, rows: Rows<'_>) -> Result<Exact, Blocked> {
        let rule = &over.rule;
        let mut eligible = Exact::ZERO;
        if let Some(categories) = self.table(&rule.costs).map(|table| table.categories.clone()) {
            for (name, category) in &categories {
                let counted = self.category(name, category, over, tax, rows)?;
                eligible = eligible.plus(counted).map_err(overflow)?;
            }
        }
        if let Some(share) = &over.share {
            eligible = self.shared("share", ("負担割合", "Share"), share, eligible)?;
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
        over: &AwardOver,
        tax: TaxHandling,
        rows: Rows<'_>,
    ) -> Result<Exact, Blocked> {
        let of_category = rows.iter().filter(|row| row.get("category").and_then(Json::as_str) == Some(name));
        let figure = |row: &Map<String, Json>, part: &str| row.get(part).and_then(yen).unwrap_or_default();
        let amounts = of_category.map(|row| match tax {
            TaxHandling::Excluded => Ok(figure(row, "net")),
            TaxHandling::Included => figure(row, "net").plus(figure(row, "tax")),
        });
        let claimed: Result<Vec<Yen>, Overflow> = amounts.collect();
        let claimed = claimed.and_then(Yen::total).map_err(overflow)?;
        if claimed.is_zero() {
            return Ok(Exact::ZERO);
        }
        let label = (category.label.ja.as_str(), category.label.en.as_str());
        self.step("category", label, Value::Yen(claimed).shown(), Some(claimed), None);
        if let Some(when) = over.category_when.get(name)
            && !when.is_true(&self.roots)?
        {
            let why = when.explain(&self.roots);
            self.step("category_closed", label, Bilingual::new("対象外", "Does not count"), Some(Yen::ZERO), Some(why));
            return Ok(Exact::ZERO);
        }
        let mut counted = Exact::of(claimed);
        if let Some(share) = over.category_share.get(name) {
            counted = self.shared("category_share", label, share, counted)?;
        }
        if let Some(cap) = category.cap
            && counted.is_above(cap).map_err(overflow)?
        {
            let (ja, en) = (format!("{}の上限", label.0), format!("Cap: {}", label.1));
            self.step("category_cap", (&ja, &en), Value::Yen(cap).shown(), Some(cap), None);
            counted = Exact::of(cap);
        }
        Ok(counted)
    }

    /// × a share of the form, which is never more than all and never less than nothing. All when it is not given.
    fn shared(&mut self, code: &str, label: (&str, &str), share: &Expression, amount: Exact) -> Result<Exact, Blocked> {
        let Value::Rate(given) = share.evaluate(&self.roots)? else { return Ok(amount) };
        let nothing = Rate::new(0, 1).unwrap_or(Rate::ONE);
        let rate = given.clamp(nothing, Rate::ONE);
        let amount = amount.times(rate).map_err(overflow)?;
        let whole = amount.whole().map_err(overflow)?;
        self.step(code, label, share_shown(rate), Some(whole), Some(share.explain(&self.roots)));
        Ok(amount)
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

fn item_of(row: &Map<String, Json>) -> &str {
    row.get("item").and_then(Json::as_str).unwrap_or_default()
}

/// The first case that holds, and why it does.
fn first_case<T: Copy>(
    what: &str,
    cases: &[CompiledCase<T>],
    facts: &(impl Facts + ?Sized),
) -> Result<(T, Option<Explanation>), Blocked> {
    for case in cases {
        match &case.when {
            None => return Ok((case.then, None)),
            Some(when) if when.is_true(facts)? => return Ok((case.then, Some(when.explain(facts)))),
            Some(_) => {}
        }
    }
    Err(blocked("no_case", what, "当てはまる場合がありません", "has no case that holds"))
}

/// A share of the whole as outlines write it: all of it is 10/10.
pub(crate) fn share_shown(share: Rate) -> Bilingual {
    if share == Rate::ONE { Bilingual::new("10/10", "10/10") } else { Value::Rate(share).shown() }
}
