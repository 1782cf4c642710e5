//! Who acts on a case besides applicant and office: partners by a link of their own, and the judges of a panel.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vocabulary::Bilingual;

use super::Name;

/// 第三者: a bank, a guarantee corporation, an expert. Sees the program's title, the number, the business's name, the form
/// that it is asked for, and the documents named here; nothing else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartnerRule {
    /// What people read, e.g. 金融機関.
    pub label: Bilingual,
    /// How many days a link holds.
    #[serde(default = "link_days")]
    pub days: u32,
    /// Kinds of documents of any form that the partner may read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<Name>,
}

const fn link_days() -> u32 {
    60
}

/// 審査会: how cases are scored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PanelRule {
    /// How many judges score a case, at least. Whoever declares a conflict of interest (利害関係) is not one of them.
    pub judges: u32,
    /// What judges give points for, by name.
    pub criteria: IndexMap<Name, Criterion>,
    /// Points of the mean of the judges' totals below which a case fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_mean: Option<u32>,
}

/// What judges give points for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// What people read.
    pub label: Bilingual,
    /// The most points that a judge gives.
    pub max: u32,
    /// How often the points count in a judge's total.
    #[serde(default = "once")]
    pub weight: u32,
    /// Points of this criterion's own mean, without its weight, below which a case fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<u32>,
}

const fn once() -> u32 {
    1
}

/// What an action does to the panel of its case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PanelStep {
    /// 付議: the judges may look at the case and score it.
    Open,
    /// One judge's points, or other points in their place. The action asks for the program's criteria by itself.
    Score,
    /// 利害関係の申出: this judge does not score the case, and sees it no more.
    Conflict,
    /// 集計: no more points; the means are fixed and may be seen.
    Close,
}
