//! One scheme of one municipality.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vocabulary::{Bilingual, Rate, Yen};

use super::{Field, Name, Need, PanelRule, ParameterValue, Source, is_false};

/// `schema/programs/<municipality>/<slug>.yaml`: one scheme.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProgramText {
    /// `<municipality>/<slug>`
    pub program: String,
    pub archetype: Name,
    pub title: Bilingual,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Bilingual>,
    pub grounds: Grounds,
    /// The schemes of `schema/catalogue.yaml` that this program is, by their numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub catalogue: Vec<String>,
    pub legal_nature: LegalNature,
    /// Figures that no source gives: shown as samples.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sample_figures: Vec<String>,
    /// Options of the archetype that differ from their default.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub options: IndexMap<Name, bool>,
    /// Figures that the archetype leaves to the program.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub parameters: IndexMap<Name, ParameterValue>,
    pub intake: Intake,
    pub applicant: ApplicantRules,
    #[serde(default)]
    pub limits: Limits,
    /// The program's own fields of the application form.
    pub form: IndexMap<Name, Field>,
    /// The program's own fields of the archetype's other forms.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub forms: IndexMap<Name, IndexMap<Name, Field>>,
    /// Form → documents it asks for.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub documents: IndexMap<Name, Vec<DocumentSlot>>,
    /// Rules over submitted forms.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub must: Vec<Rule>,
    /// How the award is computed; absent where the program gives no money, and its archetype then has no amounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<AwardRule>,
    /// 審査会, where cases are scored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub panel: Option<PanelRule>,
    /// Fields of the application form that are public while a case is in a published state.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub publishes: Vec<Name>,
    #[serde(default)]
    pub deadlines: IndexMap<Name, DeadlineRule>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<MinorChange>,
    #[serde(default, skip_serializing_if = "PaymentRules::is_empty")]
    pub payment: PaymentRules,
    /// What became of states and fields of the version before.
    #[serde(default, skip_serializing_if = "Renames::is_empty")]
    pub renames: Renames,
}

/// How running cases and drafts of the version before find their place in this one. Whatever keeps its name is not said.
/// What was typed for a field that is gone is kept aside.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Renames {
    /// State of the version before → state of this one.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub states: IndexMap<Name, Name>,
    /// States of the version before that have no place in this one: cases in them stay on their version.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<Name>,
    /// Form → field of the version before → field of this one.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub fields: IndexMap<Name, IndexMap<Name, Name>>,
}

impl Renames {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.states.is_empty() && self.gone.is_empty() && self.fields.is_empty()
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Grounds {
    pub document: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// `sample` when no outline of the municipality is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outline: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// 契約 or 処分: decides whether letters carry 教示.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LegalNature {
    Contract,
    Disposition,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Intake {
    pub mode: IntakeMode,
    /// What fixes the rank of first-come calls.
    #[serde(default = "complete_receipt")]
    pub rank_by: RankBy,
    /// Whether a request reserves money before the decision.
    #[serde(default)]
    pub hold: Hold,
    /// What decides between equals.
    #[serde(default, skip_serializing_if = "Ties::is_arrival")]
    pub ties: Ties,
}

/// Between applications of the same rank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ties {
    /// The moment of receipt.
    #[default]
    Arrival,
    /// 抽選: those of one day, or of one mean, by lots that are drawn with a seed on record.
    Lot,
}

impl Ties {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
    fn is_arrival(&self) -> bool {
        *self == Self::Arrival
    }
}

fn complete_receipt() -> RankBy {
    RankBy::CompleteReceipt
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IntakeMode {
    FirstCome,
    Window,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RankBy {
    Receipt,
    CompleteReceipt,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    #[default]
    None,
    Request,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplicantRules {
    pub kinds: Vec<ApplicantKind>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub must: Vec<Need>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApplicantKind {
    Company,
    SoleProprietor,
    /// A group of businesses.
    Group,
    /// An industry body or association.
    Association,
}

/// How often a business may be granted; counted over decisions of the same program.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_fiscal_year: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<u32>,
    /// Not when granted in any of this many preceding fiscal years.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_in_last_fiscal_years: Option<u32>,
    /// Not when granted in each of this many preceding fiscal years (連続).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_after_consecutive_fiscal_years: Option<u32>,
    /// Limits that count only grants with the same answer, e.g. of the same product, filing or shop.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub same: Vec<SameLimit>,
}

/// How often a business may be granted for the same thing. Texts are the same when they read the same, whatever their
/// width, case, kana and white space.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SameLimit {
    /// The field of the application that says what it is for.
    pub field: Name,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_fiscal_year: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum DocumentSlot {
    Named(Name),
    Full(DocumentRule),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentRule {
    pub name: Name,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Bilingual>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub optional: bool,
    /// Asked for only when this holds, e.g. two quotations from ¥200,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Source>,
}

/// A condition on a submitted form: `when` must hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    #[serde(default = "application")]
    pub at: Name,
    /// For each row of this cost table; its fields are in reach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each: Option<Name>,
    /// The field that the refusal points at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<Name>,
    pub when: Source,
    #[serde(rename = "else")]
    pub otherwise: Bilingual,
}

fn application() -> Name {
    "application".to_owned()
}

/// How the award is computed; the order is fixed: eligible costs by category, share, other aid, revenue; rate;
/// rounding; caps; minimum (domain/real-rules 2.5). With `item_cap` everything up to the rounding is computed for each
/// item of the cost table, and the sum goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AwardRule {
    /// The cost table.
    #[serde(default = "costs")]
    pub costs: Name,
    pub tax: Cases<TaxHandling>,
    /// What happens with other public aid for the same costs.
    #[serde(default)]
    pub other_aid: OtherAid,
    /// How much of joint costs is the applicant's: an expression that gives a rate, e.g. a rate field or `1 / exhibitors`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<Source>,
    /// Revenue that is deducted: a yen field of the form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revenue: Option<Name>,
    pub rate: Cases<Rate>,
    /// The award is truncated to this many yen.
    pub round_down: Yen,
    /// For each item of the cost table, e.g. each show or right; the cases may look at `item`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item_cap: Option<Cases<Yen>>,
    pub cap: Cases<Yen>,
    /// Together with what the business was granted by this program in the same fiscal year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fiscal_year_cap: Option<Cases<Yen>>,
    /// Together with everything the business was granted by this program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime_cap: Option<Cases<Yen>>,
    /// Below it nothing is granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<Yen>,
}

fn costs() -> Name {
    "costs".to_owned()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaxHandling {
    Excluded,
    Included,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OtherAid {
    /// Other aid for the same costs excludes the application.
    #[default]
    Forbid,
    /// Other aid is taken off the eligible costs.
    Deduct,
    /// Also aid that is only applied for excludes.
    ForbidPending,
}

/// One value, or a list of cases of which the first that holds counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Cases<T> {
    Always(T),
    FirstOf(Vec<Case<T>>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Case<T> {
    /// Holds always when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Source>,
    pub then: T,
}

/// A deadline: a span after a fact, a date of the fiscal year, or the earliest of several.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DeadlineRule {
    /// `30 days`, `10 office_days`, `2 months`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<Source>,
    /// The fact or field it runs from, e.g. `decision.notice_date`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Source>,
    /// `MM-DD` of a fiscal year.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<DateOf>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub earliest_of: Vec<DeadlineRule>,
    /// 初日不算入 unless the rule says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_day: Option<FirstDay>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_holiday: Option<OnHoliday>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DateOf {
    AwardFiscalYear,
    NextFiscalYear,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FirstDay {
    #[default]
    Excluded,
    Included,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnHoliday {
    #[default]
    Stays,
    NextOfficeDay,
}

/// 軽微な変更: what needs no approval. A change request that only moves costs within this share, without raising the
/// award, is refused as unnecessary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MinorChange {
    /// What may move between categories without approval, as a share of the lowest of those that change.
    pub moved_at_most: Rate,
    /// Costs in a category that had none in the plan.
    #[serde(default)]
    pub new_category: NewCategory,
    /// Approval is needed whatever moves when this holds, e.g. when the content changes too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval_when: Option<Source>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NewCategory {
    /// Needs approval.
    #[default]
    Approval,
    /// Is not possible.
    Forbid,
}

/// When money goes out besides the payment after the amount is finalized.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PaymentRules {
    /// 概算払: part of the award before the project is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advance: Option<AdvanceRule>,
}

impl PaymentRules {
    pub(crate) const fn is_empty(&self) -> bool {
        self.advance.is_none()
    }
}

/// How much of the award may be paid in advance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdvanceRule {
    pub share: Cases<Rate>,
    /// The limit is truncated to this many yen.
    pub round_down: Yen,
}
