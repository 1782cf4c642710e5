//! The machine of a kind of scheme: states, actions, procedures, letters and mails.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vocabulary::Bilingual;

use super::{Field, Name, Need, OneOrMany, PanelStep, PartnerRule, Source, is_false};

/// `schema/archetypes/<name>.yaml`: states, actions, forms, clocks, letters and mails of a kind of scheme.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Archetype {
    /// The file's own name.
    pub archetype: Name,
    /// Other files of the folder that are merged below this one; what this one says wins.
    pub include: Vec<Name>,
    /// What people call this kind of scheme.
    pub title: Bilingual,
    /// Switches that a program may set.
    pub options: IndexMap<Name, OptionRule>,
    /// Dates that actions put down, e.g. `decision.notice_date`; expressions read them.
    pub facts: IndexMap<Name, FactRule>,
    /// Figures that programs give.
    pub parameters: IndexMap<Name, ParameterRule>,
    /// Amounts that actions freeze, in the order in which they arise.
    pub amounts: IndexMap<Name, AmountRule>,
    /// The named forms besides the program's own fields; `application` is one of them.
    pub forms: IndexMap<Name, FormRule>,
    /// The kinds of documents that forms may ask for.
    pub documents: IndexMap<Name, DocumentKind>,
    /// Where a case may stand. The first is where it begins.
    pub states: IndexMap<Name, State>,
    /// What people, the clock and the treasury do, by name.
    pub actions: IndexMap<Name, Action>,
    /// Machines beside the case, each opened by an action.
    pub procedures: IndexMap<Name, Procedure>,
    /// 第三者 who act on a case through a link of their own: banks, experts …
    pub partners: IndexMap<Name, PartnerRule>,
    /// What goes out on paper (通知書), by name.
    pub letters: IndexMap<Name, Letter>,
    /// What goes out by mail, by name.
    pub mails: IndexMap<Name, Mail>,
}

/// A switch of an archetype.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OptionRule {
    /// What is switched, in words.
    pub label: Bilingual,
    /// How it stands when a program does not say.
    pub default: bool,
}

/// A date that actions put down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FactRule {
    /// What day it is.
    pub label: Bilingual,
    /// May be missing when rules look at it: they must say what then, with `has` or `or_else`. Otherwise a rule that
    /// reads it too early refuses the step.
    #[serde(default, skip_serializing_if = "is_false")]
    pub optional: bool,
}

/// How a frozen amount comes about: by the program's award rule over a form (`from`), by an expression (`is`), as an
/// advance, or as interest. With none of them, each action that freezes it says by `freeze_as` what it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AmountRule {
    /// What people read.
    pub label: Bilingual,
    /// The form whose figures the award is computed from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Name>,
    /// What it is, in yen, e.g. `max(0, amount.advance - amount.finalized)`. Never below zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is: Option<Source>,
    /// As much of this amount as the program pays in advance (`payment.advance`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advance_of: Option<Name>,
    /// Interest by the day on another amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interest: Option<InterestRule>,
    /// Never above this earlier amount (額の確定 never exceeds the decision).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Name>,
    /// Counts as 0 in what states hold and in expressions until it is frozen.
    #[serde(default, skip_serializing_if = "is_false")]
    pub optional: bool,
    /// There only when this option is on; otherwise what freezes, holds or pays it is without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub option: Option<Name>,
}

/// Interest by the day on an amount, by one of the municipality's tables (加算金, 延滞金).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InterestRule {
    /// The amount that bears interest.
    pub on: Name,
    /// The municipality's table.
    pub table: Name,
    /// The first day that counts; without one there is no interest.
    pub since: Source,
    /// The last day that counts; before `since` there is no interest.
    pub until: Source,
}

/// A figure that an archetype leaves to its programs; expressions read it as `parameter.<name>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ParameterRule {
    /// What people read.
    pub label: Bilingual,
    /// What the figure counts.
    #[serde(rename = "type")]
    pub kind: ParameterType,
    /// What counts when the program says nothing; a program must say it when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<ParameterValue>,
    /// Asked of a program only when this option is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub option: Option<Name>,
}

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ParameterType {
    /// Whole yen.
    Yen,
    /// An exact fraction such as 1/2.
    Rate,
    /// A count, e.g. of years.
    Number,
}

/// `500_000`, or `1/2` for a rate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ParameterValue {
    Whole(i64),
    Rate(vocabulary::Rate),
}

/// What a form asks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FormRule {
    /// The form's title.
    pub label: Bilingual,
    /// What is asked, in this order.
    pub fields: IndexMap<Name, Field>,
}

/// A kind of document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentKind {
    /// What people read.
    pub label: Bilingual,
    /// What it must show.
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
    /// Who looks after the municipality's people and settings.
    Administrator,
    /// The deadline worker.
    Clock,
    /// Payments: moves cases when their money moves.
    Treasury,
    /// 第三者: whoever holds the link of a case's partner. No member of staff, and no account.
    Partner,
    /// 審査員: scores what a panel looks at, and sees nothing else.
    Panelist,
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

    /// Staff that have a part in cases; auditors and administrators only look at them.
    #[must_use]
    pub fn handles_cases(self) -> bool {
        self.is_staff() && !matches!(self, Self::Auditor | Self::Administrator)
    }

    /// Acts by itself, without a person.
    #[must_use]
    pub const fn is_machine(self) -> bool {
        matches!(self, Self::Clock | Self::Treasury)
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
            Self::Partner => "partner",
            Self::Panelist => "panelist",
        }
    }
}

/// Where a case, or a procedure, may stand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// What people read.
    pub label: Bilingual,
    /// What the state means, whatever its name.
    pub kind: StateKind,
    /// Whose turn it is; ends wait on nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_on: Option<Role>,
    /// What the case holds of its budget line while it is here: account → linear form over frozen amounts, e.g.
    /// `committed: award`, `paid: finalized - advance`.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(extend("propertyNames" = {"$ref": "#/$defs/HoldingAccount"}))]
    pub holds: IndexMap<HoldingAccount, Source>,
    /// The clock that runs while the case is here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<StateDeadline>,
    /// Why an applicant's state has no deadline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_deadline: Option<Bilingual>,
    /// Office days within which the office means to act (標準処理期間).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_level: Option<u32>,
    /// The case takes one of the call's places (定員) while it is here.
    #[serde(default, skip_serializing_if = "is_false")]
    pub takes_place: bool,
    /// The case waits in line (補欠) for a place, or for money, to become free; this is the action that then takes the
    /// first of the line on, by the clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_line: Option<Name>,
    /// What the program publishes of its application form is public while the case is here.
    #[serde(default, skip_serializing_if = "is_false")]
    pub published: bool,
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

/// What somebody does: it moves the case, and what else comes of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// What people read on the button and in the history.
    pub label: Bilingual,
    /// Who may do it.
    pub by: OneOrMany<Role>,
    /// Which partner, where a partner acts.
    #[serde(default, rename = "as", skip_serializing_if = "Option::is_none")]
    pub acts_as: Option<Name>,
    /// The states in which it can be done.
    #[serde(default)]
    pub from: OneOrMany<Name>,
    /// Besides `from`, every state of these kinds; for fragments, which do not know the names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from_kinds: Vec<StateKind>,
    /// The state it leads to; the state stays when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Name>,
    /// The state it leads to instead when the call has no place, or not enough money, left for the case, or others wait
    /// in line before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub or_wait: Option<Name>,
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
    /// Also while the other side is waited on: the office acts in the applicant's turn, or the applicant in the office's.
    #[serde(default, skip_serializing_if = "is_false")]
    pub out_of_turn: bool,
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
    /// What it does besides moving the case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<Effect>,
    /// Who is told by which mail; an empty map says that nobody is.
    #[schemars(extend("propertyNames" = {"$ref": "#/$defs/Audience"}))]
    pub tells: IndexMap<Audience, Name>,
    /// Against the applicant: needs a reason, and a letter that carries it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub adverse: bool,
    /// There only when this option is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub option: Option<Name>,
}

/// Who is told by mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Everybody who may act for the business.
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
    /// The partner that the action invites, or that acts in it; the mail carries a fresh link.
    Partner,
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
    FreezeFrom { amount: Name, form: Name },
    /// Freezes an amount from an expression of the action's own, e.g. a refund of what an input-tax report found.
    FreezeAs { amount: Name, is: Source },
    /// Issues a letter: its data and the hash of its template are frozen in the same transaction.
    Letter(Name),
    /// Opens the fields marked in the action for correction by the applicant; everything else stays as submitted.
    Unlock(Name),
    /// Closes all fields again.
    Lock,
    /// Stops the office's clock of that name.
    Pause(Name),
    /// Lets it run again.
    Resume(Name),
    /// Opens a procedure beside the case. The action sees its names, and what it takes in, records or freezes under one
    /// of them belongs to the procedure that is opened.
    Open(Name),
    /// Pays nothing any more to an account that was given before now, neither what is ordered nor what will be.
    BlockAccounts,
    /// Moves the case to the business whose identifier the action's input of this name gives (承継).
    HandOver(Name),
    /// Puts a task before a role.
    Task(Audience),
    /// Makes an amount, or a sum such as `finalized - advance`, payable to the account of the claim: a payment line under
    /// the obligation.
    Pay(Source),
    /// Gives a partner a link to this case, to the name and address in the inputs `<partner>_name` and
    /// `<partner>_email`, or in fields of those names. An earlier link of the same partner ends.
    Invite(Name),
    /// Ends the partner's link.
    EndLink(Name),
    /// What the panel (審査会) does.
    Panel(PanelStep),
    /// Puts down the rank that the ranking of the whole call gave the case; nobody takes such an action by itself.
    Rank,
}

/// A small machine beside the case: change request, incident, refund …
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Procedure {
    /// What people read.
    pub label: Bilingual,
    /// More than one may be open at once.
    #[serde(default, skip_serializing_if = "is_false")]
    pub several: bool,
    /// A day, read when it opens, whose fiscal year it is charged to: the program's call of that year says which budget
    /// line. It is charged to the case's own line when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charged_to_year_of: Option<Source>,
    /// Dates, amounts and forms that each procedure of this kind has for itself. Their names are told apart from those
    /// of the case and of the other procedures.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub facts: IndexMap<Name, FactRule>,
    /// Amounts of its own, by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub amounts: IndexMap<Name, AmountRule>,
    /// Forms of its own, by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub forms: IndexMap<Name, FormRule>,
    /// Its states; the first is where it opens.
    pub states: IndexMap<Name, State>,
    /// What is done in it, by name; no action of the case has the same name.
    pub actions: IndexMap<Name, Action>,
    /// There only when this option is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub option: Option<Name>,
}

impl Action {
    /// The procedure that it opens.
    #[must_use]
    pub fn opens(&self) -> Option<&str> {
        self.effects.iter().find_map(|effect| match effect {
            Effect::Open(name) => Some(name.as_str()),
            _ => None,
        })
    }
}

/// What is declared under a name, and the procedure whose own it is; `None` for the case's.
pub type Declared<'a, T> = Option<(Option<&'a str>, &'a T)>;

impl Archetype {
    #[must_use]
    pub fn amount(&self, name: &str) -> Declared<'_, AmountRule> {
        self.declared(&self.amounts, |procedure| &procedure.amounts, name)
    }

    #[must_use]
    pub fn fact(&self, name: &str) -> Declared<'_, FactRule> {
        self.declared(&self.facts, |procedure| &procedure.facts, name)
    }

    #[must_use]
    pub fn form(&self, name: &str) -> Declared<'_, FormRule> {
        self.declared(&self.forms, |procedure| &procedure.forms, name)
    }

    fn declared<'a, T>(
        &'a self,
        own: &'a IndexMap<Name, T>,
        beside: impl Fn(&'a Procedure) -> &'a IndexMap<Name, T>,
        name: &str,
    ) -> Declared<'a, T> {
        own.get(name).map(|found| (None, found)).or_else(|| {
            let mut all = self.procedures.iter();
            all.find_map(|(procedure, rule)| Some((Some(procedure.as_str()), beside(rule).get(name)?)))
        })
    }

    /// The amounts of the case and of the procedures, in the order in which they are declared.
    pub fn all_amounts(&self) -> impl Iterator<Item = (&Name, &AmountRule)> {
        self.amounts.iter().chain(self.procedures.values().flat_map(|procedure| &procedure.amounts))
    }

    /// Facts of the case, then those of each procedure.
    pub fn all_facts(&self) -> impl Iterator<Item = (&Name, &FactRule)> {
        self.facts.iter().chain(self.procedures.values().flat_map(|procedure| &procedure.facts))
    }
}

/// A letter (通知書); text by template, stored as data plus template hash.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Letter {
    /// What stands above it.
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

/// A mail; text by template.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// Template text (minijinja).
    pub subject: Bilingual,
    /// Template text (minijinja).
    pub body: Bilingual,
}
