//! One scheme of one municipality.

use chrono::NaiveDate;
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
    /// The kind of scheme that it is: a file of `archetypes/`.
    pub archetype: Name,
    /// What people call it.
    pub title: Bilingual,
    /// What it is for, in a sentence or two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Bilingual>,
    /// What it stands on.
    pub grounds: Grounds,
    /// 施行日: the first day on which applications begin by this version; without it, the day on which it is published. Until
    /// then they begin by the version before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<NaiveDate>,
    /// The schemes of `schema/catalogue.yaml` that this program is, by their numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub catalogue: Vec<String>,
    /// Whether its decisions are dispositions (処分), against which one may appeal.
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
    /// How applications are taken in and ranked.
    pub intake: Intake,
    /// Who may apply.
    pub applicant: ApplicantRules,
    /// How often a business may be granted.
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
    /// 確認票: form → what whoever reviews looks at by hand, by name. The documents that are handed in stand in the checklist
    /// by themselves.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub checklist: IndexMap<Name, IndexMap<Name, Bilingual>>,
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
    /// The deadlines that its archetype asks for, by name.
    #[serde(default)]
    pub deadlines: IndexMap<Name, DeadlineRule>,
    /// Which changes need no approval (軽微な変更).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<MinorChange>,
    /// What is paid before the amount is final.
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

/// The document that a program stands on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Grounds {
    /// The outline or plan, by its name.
    pub document: String,
    /// The article or section.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// `sample` when no outline of the municipality is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outline: Option<String>,
    /// Where it can be read, e.g. an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// 契約 or 処分: decides whether letters carry 教示.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LegalNature {
    /// 契約: a grant by agreement.
    Contract,
    /// 処分: letters carry 教示.
    Disposition,
}

/// How applications are taken in and ranked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Intake {
    /// Whether applications are taken one after the other, or all of a window together.
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

/// How applications come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IntakeMode {
    /// 先着順: one after the other, until the budget is used.
    FirstCome,
    /// 募集期間: all of a window together.
    Window,
}

/// What fixes the rank of an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RankBy {
    /// The moment of receipt.
    Receipt,
    /// The moment at which it was complete: a correction costs the rank.
    CompleteReceipt,
}

/// What a request reserves before the decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// Nothing.
    #[default]
    None,
    /// The requested amount; it counts as used.
    Request,
}

/// Who may apply.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplicantRules {
    /// Kinds of businesses that may apply.
    pub kinds: Vec<ApplicantKind>,
    /// What must hold of the applicant when the application is handed in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub must: Vec<Need>,
}

/// What kind of business applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApplicantKind {
    /// 会社
    Company,
    /// 個人事業主
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
    /// Grants in one fiscal year.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_fiscal_year: Option<u32>,
    /// Grants ever.
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
    /// Grants in one fiscal year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_fiscal_year: Option<u32>,
    /// Grants ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<u32>,
}

/// The name of one of the archetype's documents, or more about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum DocumentSlot {
    Named(Name),
    Full(DocumentRule),
}

/// A document that a form asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentRule {
    /// One of the archetype's documents.
    pub name: Name,
    /// Other words than the archetype's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Bilingual>,
    /// May be left out.
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
    /// The form that is looked at when it is handed in.
    #[serde(default = "application")]
    pub at: Name,
    /// For each row of this cost table; its fields are in reach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each: Option<Name>,
    /// The field that the refusal points at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<Name>,
    /// A condition that must hold.
    pub when: Source,
    /// What the applicant is told when it does not.
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
    /// Whether the consumption tax of a cost counts.
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
    /// The part of the eligible costs that is granted.
    pub rate: Cases<Rate>,
    /// The award is truncated to this many yen.
    pub round_down: Yen,
    /// For each item of the cost table, e.g. each show or right; the cases may look at `item`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item_cap: Option<Cases<Yen>>,
    /// The most that one application is granted, in yen.
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

/// Whether consumption tax counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaxHandling {
    /// 税抜: costs without tax.
    Excluded,
    /// 税込: costs with tax.
    Included,
}

/// What happens with other public aid for the same costs.
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
#[schemars(rename = "CasesOf{T}")]
pub enum Cases<T> {
    Always(T),
    FirstOf(Vec<Case<T>>),
}

/// A value, and when it counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CaseOf{T}")]
pub struct Case<T> {
    /// Holds always when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Source>,
    /// What counts then.
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
    /// The fiscal year that `date` is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<DateOf>,
    /// The first of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub earliest_of: Vec<DeadlineRule>,
    /// 初日不算入 unless the rule says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_day: Option<FirstDay>,
    /// What becomes of a last day on which the office rests; it stays when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_holiday: Option<OnHoliday>,
}

/// A fiscal year, seen from the award.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DateOf {
    /// The fiscal year of the award.
    AwardFiscalYear,
    /// The one after it.
    NextFiscalYear,
}

/// Whether the day from which a span runs counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FirstDay {
    /// 初日不算入
    #[default]
    Excluded,
    /// It is the first day of the span.
    Included,
}

/// What becomes of a last day on which the office rests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnHoliday {
    /// It stays the last day.
    #[default]
    Stays,
    /// The next office day is the last one.
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

/// What becomes of costs in a category that had none in the plan.
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
    /// The part of the award that may be paid in advance.
    pub share: Cases<Rate>,
    /// The limit is truncated to this many yen.
    pub round_down: Yen,
}
