//! The fields of forms and of the inputs of actions.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vocabulary::{Bilingual, Yen};

use super::{Name, Source, is_false};

/// What may be entered in a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// One line of text.
    Text,
    /// Several lines of text.
    LongText,
    /// A whole number.
    Number,
    /// Whole yen.
    Yen,
    /// A day, e.g. `2026-09-16`.
    Date,
    /// Yes or no; no when nothing is said.
    YesNo,
    /// One of `choices`.
    Choice,
    /// An exact fraction such as 1/2, e.g. a share of joint costs.
    Rate,
    /// Rows of category, what, supplier, net, tax and, when `actual`, ordered_on, delivered_on, paid_on, invoice_number,
    /// and with `evidence` the files that prove it.
    Costs,
    /// The name of a file.
    File,
    /// 法人番号: 13 digits, the first of which checks the others.
    CorporateNumber,
    /// Bank, branch, kind, number and holder in kana; checked against the bank master.
    BankAccount,
    /// The identifier of a registered business, for successions.
    Business,
    /// References to fields with a remark each, for corrections.
    FieldMarks,
}

/// One question of a form, or one input of an action.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// What may be entered.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// What stands beside it.
    pub label: Bilingual,
    /// How to fill it in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<Bilingual>,
    /// Must be filled in.
    #[serde(default, skip_serializing_if = "is_false")]
    pub required: bool,
    /// A yes_no that must be yes: pledges and consents.
    #[serde(default, skip_serializing_if = "is_false")]
    pub consent: bool,
    /// Asked only when this holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Source>,
    /// Characters at most (text), or the largest value (number, yen).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<i64>,
    /// The smallest value (number, yen).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<i64>,
    /// The options of a choice, by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub choices: IndexMap<Name, Bilingual>,
    /// Cost tables: the categories, or …
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub categories: IndexMap<Name, Category>,
    /// … the field of the application whose categories and items it shares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub like: Option<Name>,
    /// Cost tables: what each row belongs to, e.g. the show or the right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Items>,
    /// Cost tables: real costs, with the dates of order, delivery and payment.
    #[serde(default, skip_serializing_if = "is_false")]
    pub actual: bool,
    /// Cost tables of real costs: the document that proves the rows, where the form asks for it. Each row has a file of
    /// its own, or there is one for the table as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Name>,
    /// Personal data: the history keeps only a salted digest of it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub personal: bool,
}

/// A kind of cost in a cost table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// What people read.
    pub label: Bilingual,
    /// What belongs to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<Bilingual>,
    /// At most this much of the category counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<Yen>,
    /// Counts only when this holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Source>,
    /// How much of it counts, before the cap: an expression that gives a rate, e.g. `min(travelers, 2) / travelers`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<Source>,
}

/// Rows of a cost table say in `item` which thing they are for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Items {
    /// What such a thing is called, e.g. 展示会.
    pub label: Bilingual,
    /// One of these; any text when empty.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub choices: IndexMap<Name, Bilingual>,
}
