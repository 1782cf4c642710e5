//! What a program is made of once it is understood: forms, needs, award rules and deadlines with typed expressions.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use vocabulary::{Bilingual, Rate, Yen};

use crate::definition::{AwardRule, DateOf, Field, FirstDay, Name, OnHoliday, TaxHandling};
use crate::expression::{Blocked, Explanation, Expression, Facts};
use crate::facts::{evidence_of, rows};
use crate::span::Span;

/// What must hold for an action, and the reason told when it does not.
#[derive(Clone, Debug)]
pub struct CompiledNeed {
    pub when: Expression,
    pub otherwise: Bilingual,
}

/// A form of the program: the archetype's fields with the program's own behind them.
#[derive(Clone, Debug)]
pub struct Form {
    pub name: Name,
    pub label: Bilingual,
    pub fields: IndexMap<Name, FormField>,
    pub documents: Vec<DocumentAsked>,
    pub(crate) rules: Vec<FormRule>,
}

impl Form {
    /// The small inputs of an action, shown as a form of their own.
    #[must_use]
    pub fn of_input(name: &str, label: Bilingual, fields: IndexMap<Name, FormField>) -> Self {
        Self { name: name.to_owned(), label, fields, documents: Vec::new(), rules: Vec::new() }
    }

    /// The rows of a table of real costs, counted from 0, that this file of a document slot proves.
    #[must_use]
    pub fn rows_proved_by(&self, slot: &str, file: &str, values: &Map<String, Json>) -> Vec<usize> {
        let table = self.proved_by(slot).and_then(|(name, _)| values.get(name));
        let proved = rows(table).enumerate().filter(|(_, row)| evidence_of(row).any(|proof| proof == file));
        proved.map(|(i, _)| i).collect()
    }

    /// The table whose rows the files of a document slot prove.
    #[must_use]
    pub fn proved_by(&self, slot: &str) -> Option<(&Name, &FormField)> {
        self.fields.iter().find(|(_, field)| field.rule.evidence.as_deref() == Some(slot))
    }
}

#[derive(Clone, Debug)]
pub struct FormField {
    /// As defined; the categories of `like` are filled in.
    pub rule: Field,
    /// Asked only when this holds.
    pub when: Option<Expression>,
    /// Cost tables: categories that count only when this holds.
    pub category_when: BTreeMap<Name, Expression>,
}

#[derive(Clone, Debug)]
pub struct DocumentAsked {
    pub name: Name,
    pub label: Bilingual,
    pub hint: Option<Bilingual>,
    pub optional: bool,
    /// Asked only when this holds.
    pub when: Option<Expression>,
}

/// A condition on the form as a whole, or on each row of one of its cost tables.
#[derive(Clone, Debug)]
pub(crate) struct FormRule {
    pub each: Option<Name>,
    pub field: Option<Name>,
    pub need: CompiledNeed,
}

/// The files in each document slot, by their identifiers.
pub type Attached = BTreeMap<Name, BTreeSet<String>>;

/// What is wrong with a value, a document, or the application as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Stable, e.g. `field.required`, `choice.unknown`, `rule.failed`, `document.missing`.
    pub code: String,
    /// `costs[0].net`, `documents.quotation`, `documents.receipts[0]` for the evidence of a row, `applicant`; empty for
    /// the form as a whole.
    pub path: String,
    pub message: Bilingual,
    /// For refused rules: how the rule came to its value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Explanation>,
}

impl Fault {
    pub(crate) fn new(code: impl Into<String>, path: impl Into<String>, message: Bilingual) -> Self {
        Self { code: code.into(), path: path.into(), message, explanation: None }
    }

    pub(crate) fn required(path: &str) -> Self {
        Self::new("field.required", path, Bilingual::new("入力してください", "This is required"))
    }

    /// Nothing is chosen where there is something to choose from.
    pub(crate) fn not_chosen(path: &str) -> Self {
        Self::new("field.required", path, Bilingual::new("選択してください", "Please choose"))
    }

    pub(crate) fn consent(path: &str) -> Self {
        Self::new("field.consent", path, Bilingual::new("同意が必要です", "Your consent is needed"))
    }

    pub(crate) fn unknown_field(path: &str) -> Self {
        Self::new("field.unknown", path, Bilingual::new("この項目はありません", "There is no such field"))
    }

    pub(crate) fn blocked(code: &str, path: impl Into<String>, blocked: Blocked) -> Self {
        let message = Bilingual::new(
            format!("判定に必要な情報がありません（{}）", blocked.message.ja),
            format!("This cannot be judged yet ({})", blocked.message.en),
        );
        Self::new(code, path, message)
    }
}

impl CompiledNeed {
    /// Whether it holds; otherwise the fault with the reason that the definition gives.
    pub(crate) fn fault(
        &self,
        code: &str,
        path: &str,
        facts: &(impl Facts + ?Sized),
    ) -> Result<Option<Fault>, Blocked> {
        if self.when.is_true(facts)? {
            return Ok(None);
        }
        let mut fault = Fault::new(code, path, self.otherwise.clone());
        fault.explanation = Some(self.when.explain(facts));
        Ok(Some(fault))
    }
}

/// The award rule as it is computed from one form.
#[derive(Debug)]
pub(crate) struct AwardOver {
    pub rule: AwardRule,
    pub tax: Vec<CompiledCase<TaxHandling>>,
    pub share: Option<Expression>,
    pub rate: Vec<CompiledCase<Rate>>,
    pub item_cap: Option<Vec<CompiledCase<Yen>>>,
    pub cap: Vec<CompiledCase<Yen>>,
    pub fiscal_year_cap: Option<Vec<CompiledCase<Yen>>>,
    pub lifetime_cap: Option<Vec<CompiledCase<Yen>>>,
    /// Conditions of the categories of the cost table.
    pub category_when: BTreeMap<Name, Expression>,
    /// How much of a category counts.
    pub category_share: BTreeMap<Name, Expression>,
}

#[derive(Debug)]
pub(crate) struct CompiledCase<T> {
    pub when: Option<Expression>,
    pub then: T,
}

/// 軽微な変更: how a form that changes an amount is judged.
#[derive(Debug)]
pub(crate) struct ChangeRule {
    /// The form that the amount was computed from so far.
    pub from: Name,
    pub approval_when: Option<Expression>,
}

/// How an amount that does not come from the award rule comes about.
#[derive(Debug)]
pub(crate) enum CompiledAmount {
    Is(Expression),
    /// As much of this amount as the program pays in advance.
    AdvanceOf(Name),
    Interest {
        on: Name,
        table: Name,
        since: Expression,
        until: Expression,
    },
}

/// A deadline understood.
#[derive(Debug)]
pub(crate) struct CompiledDeadline {
    pub rule: When,
    pub first_day: FirstDay,
    pub on_holiday: OnHoliday,
}

#[derive(Debug)]
pub(crate) enum When {
    After { span: Span, fact: Expression },
    Date { month: u32, day: u32, of: DateOf },
    EarliestOf(Vec<CompiledDeadline>),
}

/// What came of a check: all faults at once, and the values as they are stored when there are none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FormCheck {
    pub clean: Map<String, Json>,
    pub faults: Vec<Fault>,
}

impl FormCheck {
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.faults.is_empty()
    }
}
