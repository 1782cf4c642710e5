//! What the definition files say, as types. The JSON Schemas are generated from here, the files are checked against
//! those, so a thing that is not named here cannot be written.
//!
//! A [`Definition`] (archetype, its fragments merged, plus program) is what is stored, hashed and pinned. It holds
//! text only; [`crate::Program`] is the same thing understood: expressions typed, names looked up.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vocabulary::{AccountKind, Bilingual, Calendar, MunicipalityCode, Rate, Yen};

/// A word in lower case with underscores, e.g. `under_review`.
pub type Name = String;
/// The text of an expression; its language is [`crate::expression`].
pub type Source = String;

/// A program and the archetype it runs on, both complete.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    pub archetype: Archetype,
    pub program: ProgramText,
}

// ---------------------------------------------------------------------------------------------------------------
// Archetype: the machine of a kind of scheme

/// `schema/archetypes/<name>.yaml`: states, actions, forms, clocks, letters and mails of a kind of scheme.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Archetype {
    /// The file's own name.
    pub archetype: Name,
    /// Other files of the folder that are merged below this one; what this one says wins.
    pub include: Vec<Name>,
    pub title: Bilingual,
    /// Switches that a program may set.
    pub options: IndexMap<Name, OptionRule>,
    /// Dates that actions put down, e.g. `decision.notice_date`; expressions read them.
    pub facts: IndexMap<Name, FactRule>,
    /// Amounts that actions freeze, in the order in which they arise.
    pub amounts: IndexMap<Name, AmountRule>,
    /// The named forms besides the program's own fields; `application` is one of them.
    pub forms: IndexMap<Name, FormRule>,
    /// The kinds of documents that forms may ask for.
    pub documents: IndexMap<Name, DocumentKind>,
    pub states: IndexMap<Name, State>,
    pub actions: IndexMap<Name, Action>,
    /// Machines beside the case, each opened by an action.
    pub procedures: IndexMap<Name, Procedure>,
    pub letters: IndexMap<Name, Letter>,
    pub mails: IndexMap<Name, Mail>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OptionRule {
    pub label: Bilingual,
    pub default: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FactRule {
    pub label: Bilingual,
    /// May be missing when rules look at it: they must say what then, with `has` or `or_else`. Otherwise a rule that
    /// reads it too early refuses the step.
    #[serde(default, skip_serializing_if = "is_false")]
    pub optional: bool,
}

/// How a frozen amount comes about: the program's award rule over a form, bounded by an earlier amount.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AmountRule {
    pub label: Bilingual,
    /// The form whose figures the award is computed from.
    pub from: Name,
    /// Never above this earlier amount (額の確定 never exceeds the decision).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Name>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FormRule {
    pub label: Bilingual,
    pub fields: IndexMap<Name, Field>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentKind {
    pub label: Bilingual,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<Bilingual>,
}

/// What a state means to code, which never looks at its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StateKind {
    /// 作成中: not yet handed in.
    Drafting,
    /// The next step is the applicant's, before the decision or inside a correction.
    WithApplicant,
    /// The next step is the office's.
    WithOffice,
    /// Decided; the subsidized project runs.
    InProject,
    /// The amount is fixed; money is on its way.
    AwaitingPayment,
    /// A good end, money paid or service rendered.
    ClosedPaid,
    /// An end without money.
    ClosedUnpaid,
}

impl StateKind {
    #[must_use]
    pub const fn is_end(self) -> bool {
        matches!(self, Self::ClosedPaid | Self::ClosedUnpaid)
    }
}

/// Who may act. A role is a permission; a position (係長, 課長 …) is a post in an approval route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A member of the business that applies.
    Applicant,
    /// 担当者
    Clerk,
    /// 審査担当
    Reviewer,
    /// 決裁権者
    Approver,
    /// 出納担当
    FinanceMaker,
    /// 出納審査者
    FinanceChecker,
    /// 制度所管課
    ProgramOfficer,
    /// 監査
    Auditor,
    Administrator,
    /// The deadline worker.
    Clock,
    /// Payments: moves cases when their money moves.
    Treasury,
}

impl Role {
    pub const STAFF: [Role; 8] = [
        Role::Clerk,
        Role::Reviewer,
        Role::Approver,
        Role::FinanceMaker,
        Role::FinanceChecker,
        Role::ProgramOfficer,
        Role::Auditor,
        Role::Administrator,
    ];

    #[must_use]
    pub fn is_staff(self) -> bool {
        Self::STAFF.contains(&self)
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applicant => "applicant",
            Self::Clerk => "clerk",
            Self::Reviewer => "reviewer",
            Self::Approver => "approver",
            Self::FinanceMaker => "finance_maker",
            Self::FinanceChecker => "finance_checker",
            Self::ProgramOfficer => "program_officer",
            Self::Auditor => "auditor",
            Self::Administrator => "administrator",
            Self::Clock => "clock",
            Self::Treasury => "treasury",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct State {
    pub label: Bilingual,
    pub kind: StateKind,
    /// Whose turn it is; ends wait on nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_on: Option<Role>,
    /// What the case holds of its budget line while it is here: account → linear form over frozen amounts, e.g.
    /// `committed: award`, `paid: finalized - advance`.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(extend("propertyNames" = {"$ref": "#/$defs/HoldingAccount"}))]
    pub holds: IndexMap<HoldingAccount, Source>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<StateDeadline>,
    /// Why an applicant's state has no deadline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_deadline: Option<Bilingual>,
    /// Office days within which the office means to act (標準処理期間).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_level: Option<u32>,
    /// There only when this option of the archetype is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub option: Option<Name>,
}

/// Accounts of a budget line that a state may hold money in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HoldingAccount {
    /// Reserved for a request (first-come calls).
    Held,
    /// 支出負担行為: promised by the decision.
    Committed,
    /// 額の確定
    Finalized,
    /// 支出命令済
    Ordered,
    /// 支払済
    Paid,
}

/// The clock of a state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StateDeadline {
    /// The name of one of the program's deadlines …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Name>,
    /// … or a span from entering the state, e.g. `14 days`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Source>,
    /// How long before it a reminder goes out, e.g. `[7 days, 1 day]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remind: Vec<Source>,
    /// The mail that reminds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reminder: Option<Name>,
    /// The clock's action when it has passed.
    pub then: Name,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Action {
    pub label: Bilingual,
    pub by: OneOrMany<Role>,
    pub from: OneOrMany<Name>,
    /// The state it leads to; the state stays when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Name>,
    /// Takes in this form: its draft becomes an immutable submission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Name>,
    /// Small inputs of the action itself.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub input: IndexMap<Name, Field>,
    /// What must hold, each with the reason told when it does not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Need>,
    /// The kind of decision whose approval route must sign before it takes effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Name>,
    /// Only once the deadline of the state has passed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub after_deadline: bool,
    /// Only until this deadline of the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Name>,
    /// No open procedure of these kinds beside the case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub none_open: Vec<Name>,
    /// Not by a person who did one of these actions on this case (separation of duties).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_who: Vec<Name>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<Effect>,
    /// Who is told by which mail; an empty map says that nobody is.
    #[schemars(extend("propertyNames" = {"$ref": "#/$defs/Audience"}))]
    pub tells: IndexMap<Audience, Name>,
    /// Against the applicant: needs a reason, and a letter that carries it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub adverse: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub option: Option<Name>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn is_false(flag: &bool) -> bool {
    !flag
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    pub fn as_slice(&self) -> &[T] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Need {
    pub when: Source,
    #[serde(rename = "else")]
    pub otherwise: Bilingual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    Applicant,
    Clerk,
    Reviewer,
    Approver,
    FinanceMaker,
    FinanceChecker,
    ProgramOfficer,
}

/// Everything that an action can do besides moving the case. The list is closed; which action has which is data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Gives the next number of a kind: application (受付番号), decision (指令番号), obligation, payment_order …
    Number(Name),
    /// Puts down today as a fact, or the date that the action's input of the same name gives.
    Record(Name),
    /// Freezes an amount by its rule; an input of the same name may set it lower.
    Freeze(Name),
    /// Freezes an amount from another form than its rule's, e.g. the award from an approved change.
    FreezeFrom {
        amount: Name,
        form: Name,
    },
    /// Issues a letter: its data and the hash of its template are frozen in the same transaction.
    Letter(Name),
    /// Opens the fields marked in the action for correction by the applicant; everything else stays as submitted.
    Unlock(Name),
    /// Closes all fields again.
    Lock,
    /// Stops the office's clock of that name.
    Pause(Name),
    Resume(Name),
    /// Opens a procedure beside the case.
    Open(Name),
    /// Puts a task before a role.
    Task(Audience),
    /// Makes the frozen amount payable to the account of the claim: a payment line under the obligation.
    Pay(Name),
}

/// A small machine beside the case: change request, incident, refund …
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Procedure {
    pub label: Bilingual,
    /// Its states; the first is where it opens.
    pub states: IndexMap<Name, State>,
    pub actions: IndexMap<Name, Action>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub option: Option<Name>,
}

/// A letter (通知書); text by template, stored as data plus template hash.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Letter {
    pub title: Bilingual,
    /// The number it carries, by kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<Name>,
    /// Template text (minijinja), one paragraph per line.
    pub body: Bilingual,
    /// Carries 教示 when the program's legal nature is a disposition.
    #[serde(default)]
    pub appeal: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// Template text (minijinja).
    pub subject: Bilingual,
    /// Template text (minijinja).
    pub body: Bilingual,
}

// ---------------------------------------------------------------------------------------------------------------
// Fields

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    Text,
    LongText,
    Number,
    Yen,
    Date,
    YesNo,
    Choice,
    /// An exact fraction such as 1/2, e.g. a share of joint costs.
    Rate,
    /// Rows of category, what, supplier, net, tax and, when `actual`, ordered_on, delivered_on, paid_on, invoice_number.
    Costs,
    File,
    CorporateNumber,
    BankAccount,
    /// References to fields with a remark each, for corrections.
    FieldMarks,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Field {
    #[serde(rename = "type")]
    pub kind: FieldType,
    pub label: Bilingual,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<Bilingual>,
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
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub choices: IndexMap<Name, Bilingual>,
    /// Cost tables: the categories, or …
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub categories: IndexMap<Name, Category>,
    /// … the field of the application whose categories it shares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub like: Option<Name>,
    /// Cost tables: real costs, with the dates of order, delivery and payment.
    #[serde(default, skip_serializing_if = "is_false")]
    pub actual: bool,
    /// Personal data: the history keeps only a salted digest of it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub personal: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Category {
    pub label: Bilingual,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<Bilingual>,
    /// At most this much of the category counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<Yen>,
    /// Counts only when this holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Source>,
}

// ---------------------------------------------------------------------------------------------------------------
// Program: one scheme of one municipality

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
    pub legal_nature: LegalNature,
    /// Figures that no source gives: shown as samples.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sample_figures: Vec<String>,
    /// Options of the archetype that differ from their default.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub options: IndexMap<Name, bool>,
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
    pub amount: AwardRule,
    pub deadlines: IndexMap<Name, DeadlineRule>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<MinorChange>,
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
    /// Not when granted in this many preceding fiscal years.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_in_last_fiscal_years: Option<u32>,
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
/// rounding; caps; minimum (domain/real-rules 2.5).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AwardRule {
    /// The cost table.
    #[serde(default = "costs")]
    pub costs: Name,
    pub tax: TaxHandling,
    /// What happens with other public aid for the same costs.
    #[serde(default)]
    pub other_aid: OtherAid,
    /// The applicant's share of joint costs: a rate field of the form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<Name>,
    /// Revenue that is deducted: a yen field of the form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revenue: Option<Name>,
    pub rate: Cases<Rate>,
    /// The award is truncated to this many yen.
    pub round_down: Yen,
    pub cap: Cases<Yen>,
    /// Together with what the business was granted by this program in the same fiscal year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fiscal_year_cap: Option<Yen>,
    /// Together with everything the business was granted by this program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime_cap: Option<Yen>,
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

/// 軽微な変更: what needs no approval.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MinorChange {
    /// What may move between categories without approval, as a share of the lower one.
    pub moved_at_most: Rate,
}

// ---------------------------------------------------------------------------------------------------------------
// Beside programs: municipality and calls

/// `schema/programs/<municipality>/municipality.yaml`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Municipality {
    /// The folder's name, the first part of its programs' names.
    pub municipality: Name,
    pub code: MunicipalityCode,
    pub name: Bilingual,
    pub offices: IndexMap<Name, Office>,
    /// 職: posts that people hold for periods.
    pub positions: IndexMap<Name, Position>,
    /// Kind of decision → amount bands → positions that sign, in order.
    pub routes: IndexMap<Name, Vec<RouteBand>>,
    pub budget_lines: IndexMap<Name, BudgetLine>,
    pub letter_head: LetterHead,
    pub bank: BankProfile,
    /// How numbers are written, e.g. `{year}産振第{number}号`.
    pub numbers: IndexMap<Name, NumberFormat>,
    #[serde(default)]
    pub calendar: Calendar,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Office {
    pub name: Bilingual,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Position {
    pub name: Bilingual,
    pub office: Name,
    /// Positions that may sign in its place when it is vacant or absent (代決), in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deputies: Vec<Name>,
}

/// One band of a route; the first whose `up_to` is not exceeded counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteBand {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to: Option<Yen>,
    pub steps: Vec<RouteStep>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteStep {
    pub position: Name,
    pub mode: SignMode,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignMode {
    /// 決裁 or an earlier signature in line.
    Approve,
    /// 合議
    Concur,
    /// 専決: decides in place of the head by standing delegation.
    Standing,
}

/// 会計・款・項・目・節
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BudgetLine {
    pub name: Bilingual,
    /// e.g. `一般会計/07 商工費/01 商工費/02 商工業振興費/18 負担金補助及び交付金`
    pub path: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LetterHead {
    /// Letters go out in the head's name, e.g. 日野市長.
    pub issuer: Bilingual,
    /// Where to appeal, when the legal nature asks for it (教示).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appeal: Option<Bilingual>,
}

/// Who sends the transfer file, and how the bank wants it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BankProfile {
    /// 委託者コード, ten digits, given by the bank.
    pub originator_code: String,
    /// 委託者名 in kana.
    pub originator_name: String,
    pub bank: String,
    pub branch: String,
    pub account_kind: AccountKind,
    pub account_number: String,
    #[serde(default)]
    pub line_end: LineEnd,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineEnd {
    #[default]
    None,
    Crlf,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NumberFormat {
    /// `{year}` is the Japanese fiscal year (8), `{fiscal_year}` 2026, `{number}` counts within the fiscal year.
    pub format: String,
    /// Digits, filled with zeros.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u8>,
}

/// `schema/programs/<municipality>/calls.yaml`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Calls {
    pub calls: Vec<Call>,
}

/// 募集: a program in a fiscal year, for a window of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Call {
    pub program: String,
    pub fiscal_year: i32,
    #[serde(default = "whole_year")]
    pub window: Name,
    pub opens: NaiveDate,
    /// The last day; open until the budget is used when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes: Option<NaiveDate>,
    pub budget_line: Name,
    /// What the line is appropriated in this fiscal year, posted to the ledger when first imported.
    pub appropriation: Yen,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
}

fn whole_year() -> Name {
    "year".to_owned()
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    pub count: u32,
    pub of: TargetOf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetOf {
    DistinctCompaniesAtDecision,
    CasesAtDecision,
}

// ---------------------------------------------------------------------------------------------------------------
// Scenarios

/// `schema/programs/<municipality>/<slug>.scenarios.yaml`: sample applications and what must come of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenarios {
    /// Values that steps refer to by name, so that a form is written once.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub samples: IndexMap<Name, serde_json::Map<String, serde_json::Value>>,
    pub scenarios: Vec<Scenario>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    pub name: Bilingual,
    pub applicant: ApplicantFacts,
    pub steps: Vec<ScenarioStep>,
}

/// What expressions know of an applicant as `applicant.*`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplicantFacts {
    pub kind: ApplicantKind,
    pub size: BusinessSize,
    /// みなし大企業
    #[serde(default)]
    pub deemed_large: bool,
    /// In business in this municipality since.
    pub established_here_on: NaiveDate,
    #[serde(default)]
    pub employees: u32,
    /// Capital in yen; 0 for a sole proprietor.
    #[serde(default = "zero")]
    pub capital: Yen,
    /// 業種, e.g. manufacturing.
    #[serde(default)]
    pub trade: String,
}

fn zero() -> Yen {
    Yen::ZERO
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BusinessSize {
    /// 小規模事業者
    Micro,
    /// 中小企業者
    Sme,
    Large,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioStep {
    /// Moves the clock to 10:00 in Japan on this day (days do not go back). The clock's own acts run on the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<NaiveDate>,
    /// Who acts: a role, or `position:<name>` for a signature.
    pub by: String,
    /// The action; absent to only move the clock and look.
    #[serde(default, rename = "do", skip_serializing_if = "Option::is_none")]
    pub action: Option<Name>,
    /// Names a sample whose values are taken first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<Name>,
    /// Values of the form or input, over those of the sample.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub values: serde_json::Map<String, serde_json::Value>,
    /// Documents that are attached; all that the form asks for when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub documents: Option<Vec<Name>>,
    /// Field → remark, for corrections.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub marks: IndexMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    #[serde(default)]
    pub expect: Expectation,
}

/// What must be so after the step; what is absent is not looked at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Expectation {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<Name>,
    /// The step is refused, with (at least) these codes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<String>,
    /// Frozen amounts, e.g. `award: 50_000`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub amounts: BTreeMap<Name, Yen>,
    /// The approval waits for this position's signature.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<Name>,
    /// Mails that the step sends, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mails: Vec<Name>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub letters: Vec<Name>,
    /// The last day of the state's deadline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<NaiveDate>,
    /// What the case holds of its budget line.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("propertyNames" = {"$ref": "#/$defs/HoldingAccount"}))]
    pub holds: BTreeMap<HoldingAccount, Yen>,
    /// The state of an open procedure beside the case.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub procedures: BTreeMap<Name, Name>,
}
