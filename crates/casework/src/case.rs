//! A case: one application's whole standing, as one value. What the store loads, what a decision returns changed.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use program::Award;
use program::definition::{ApplicantFacts, Name, Role, StateKind};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use treasury::{Account, Holdings};
use uuid::Uuid;
use vocabulary::{FiscalYear, Instant, Overflow, Yen};

use crate::panel::Panel;

/// The form that a business applies with.
pub(crate) const APPLICATION: &str = "application";

/// One application with its pinned program version.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    pub id: Uuid,
    /// Counts the recorded acts; a fresh draft has 0.
    pub version: i64,
    /// The municipality's name, the first part of the program's.
    pub municipality: Name,
    pub program: String,
    /// SHA-256 of the pinned definition.
    pub program_hash: String,
    pub call: Call,
    pub business: Business,
    /// The program state.
    pub state: Name,
    pub body: Body,
    pub head: Head,
}

/// The window that the case belongs to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    pub id: Uuid,
    pub fiscal_year: FiscalYear,
    pub opens: NaiveDate,
    pub closes: Option<NaiveDate>,
    /// The budget line's row; none where the program gives no money.
    pub budget_line: Option<Uuid>,
}

/// The business that applies, as registered now; a submission keeps it as it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Business {
    pub id: Uuid,
    pub name: String,
    pub name_kana: String,
    pub address: String,
    pub representative: String,
    pub corporate_number: Option<String>,
    pub facts: ApplicantFacts,
}

/// The last link of the history chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub sequence: i64,
    pub hash: String,
    pub at: Instant,
}

/// An application that came on paper, and that the office types in for the business (代理入力).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paper {
    /// 収受日: the day on which it arrived; counts instead of the day on which it is typed.
    pub received_on: NaiveDate,
}

/// Everything about a case that is not looked up in SQL; stored as one JSON value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Body {
    /// What lists and workers look for, kept by every decision; the store copies it into columns.
    #[serde(default)]
    pub standing: Standing,
    /// Kind → number as written: application, decision, obligation, payment_order …
    #[serde(default)]
    pub numbers: BTreeMap<Name, String>,
    /// Facts that actions put down.
    #[serde(default)]
    pub dates: BTreeMap<Name, NaiveDate>,
    #[serde(default)]
    pub amounts: BTreeMap<Name, Frozen>,
    /// Set for what the office types in for the business.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paper: Option<Paper>,
    /// The newest submission of each form.
    #[serde(default)]
    pub forms: BTreeMap<Name, Submission>,
    /// Form → values that an approved change put in place of those that were submitted.
    #[serde(default)]
    pub amended: BTreeMap<Name, Map<String, Value>>,
    /// Form → what was typed for fields that the version of the case does not have; nothing typed is ever lost.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub kept: BTreeMap<Name, Map<String, Value>>,
    #[serde(default)]
    pub pending: Option<Pending>,
    /// Set while a correction is with the applicant.
    #[serde(default)]
    pub unlocked: Option<Unlocked>,
    #[serde(default)]
    pub deadline: Option<Deadline>,
    /// State → the last day for which its clock has rung.
    #[serde(default)]
    pub rung: BTreeMap<Name, NaiveDate>,
    /// The day on which the present state began.
    #[serde(default)]
    pub entered_on: Option<NaiveDate>,
    /// Procedures beside the case, open and closed, in the order of opening.
    #[serde(default)]
    pub procedures: Vec<ProcedureCase>,
    /// Clocks of the office that stand still, by name, since when.
    #[serde(default)]
    pub paused: BTreeMap<Name, Instant>,
    /// Who did what, for the separation of duties.
    #[serde(default)]
    pub done: Vec<Done>,
    /// Of the call's budget line, by the case and its procedures together.
    #[serde(default)]
    pub holdings: Holdings,
    /// Budget lines of other fiscal years, which procedures are charged to.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub elsewhere: BTreeMap<Uuid, Holdings>,
    /// Accounts that were given before are not paid to any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accounts_since: Option<Instant>,
    /// First-come rank: the earlier, the sooner.
    #[serde(default)]
    pub ranked_at: Option<Instant>,
    /// A role whose attention a task asked for, or a procedure beside the case, besides whom the state waits on.
    #[serde(default)]
    pub attention: Option<Role>,
    /// The business as it was when last submitted.
    #[serde(default)]
    pub applicant: Option<ApplicantFacts>,
    #[serde(default)]
    pub payments: Vec<PaymentOrder>,
    /// Partner → its newest link.
    #[serde(default)]
    pub partners: BTreeMap<Name, Linked>,
    /// 審査会, once the case is before one.
    #[serde(default)]
    pub panel: Option<Panel>,
    /// The rank that the newest ranking of the call gave.
    #[serde(default)]
    pub placing: Option<Placing>,
    /// Waiting in line (補欠) since; the earlier, the sooner.
    #[serde(default)]
    pub in_line_since: Option<Instant>,
}

/// How a case stands, for lists, task boxes and the clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The kind of the state; none only before the first decision.
    pub kind: Option<StateKind>,
    /// `reviewer`, or `position:<name>` while a signature is waited for; none at an end.
    pub waits_on: Option<String>,
    /// 収受: when it arrived at the office, or was handed in.
    pub received_at: Option<Instant>,
    /// The first instant after the last day of the state's deadline.
    pub deadline_at: Option<Instant>,
    /// When the clock has to look at it next.
    pub next_clock_at: Option<Instant>,
}

/// A rank among the cases of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placing {
    /// The ranking's own row.
    pub ranking: Uuid,
    /// From 1.
    pub place: i64,
    /// Whether the call's money and places reach to it; otherwise it is on the reserve list (補欠).
    pub within: bool,
}

/// What a case says of a partner's link; the address is kept with the link only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Linked {
    pub link: Uuid,
    pub name: String,
    pub until: Instant,
    pub ended: bool,
}

/// An amount that was fixed, with its reasons.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frozen {
    pub yen: Yen,
    pub on: NaiveDate,
    pub award: Award,
}

/// An immutable snapshot of a form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Submission {
    pub id: Uuid,
    pub at: Instant,
    pub by: Uuid,
    pub values: Map<String, Value>,
    /// Slot → files.
    pub documents: BTreeMap<Name, Vec<DocumentRef>>,
    /// What changed against the submission before.
    #[serde(default)]
    pub changes: Vec<Change>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentRef {
    pub file: Uuid,
    pub name: String,
    pub sha256: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    pub path: String,
    pub before: Value,
    pub after: Value,
}

/// A drafted decision on its way through the approval route (決裁中); the state has not changed yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    pub action: Name,
    pub procedure: Option<Uuid>,
    pub values: Map<String, Value>,
    pub marks: Vec<FieldMark>,
    pub comment: Option<String>,
    pub drafted_by: Uuid,
    pub drafted_by_name: String,
    pub drafted_at: Instant,
    /// The amount that chose the band of the route.
    pub amount: Yen,
    pub route: Vec<Signing>,
    /// SHA-256 over what the signers are shown; they sign exactly this.
    pub digest: String,
}

impl Pending {
    /// The signature that is waited for.
    #[must_use]
    pub fn next(&self) -> Option<&Signing> {
        self.route.iter().find(|signing| signing.signed.is_none())
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Signing {
    pub position: Name,
    pub mode: program::definition::SignMode,
    pub signed: Option<Signature>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Signature {
    pub by: Uuid,
    pub name: String,
    pub at: Instant,
    pub how: SignedHow,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignedHow {
    /// By the holder of the position.
    Regular,
    /// 代決: by a deputy, the position being vacant.
    Acting,
    /// 兼務: the same person signed, or drafted, in another position.
    Skipped,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldMark {
    /// A field, or `documents.<name>`.
    pub field: String,
    pub remark: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unlocked {
    pub form: Name,
    pub marks: Vec<FieldMark>,
    pub message: String,
}

/// The clock of the present state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deadline {
    /// The last day, in Japan.
    pub day: NaiveDate,
    /// The first instant after it.
    pub due: Instant,
    /// Instants at which to remind, soonest first, those still to come.
    pub remind: Vec<Instant>,
    /// The mail that reminds.
    pub reminder: Option<Name>,
    /// The clock's action once it has passed.
    pub then: Name,
    pub passed: bool,
}

impl Deadline {
    /// When the clock has to look at the case next.
    #[must_use]
    pub fn next(&self) -> Option<Instant> {
        if self.passed { None } else { Some(self.remind.first().copied().unwrap_or(self.due)) }
    }

    /// Why the clock rings now, if it does. Once the last day is over, reminders that were missed are not made up for.
    pub(crate) fn rings(&self, now: Instant) -> Option<Ring<'_>> {
        let next = self.next().filter(|next| *next <= now)?;
        Some(if next < self.due && now < self.due { Ring::Reminder } else { Ring::Over(&self.then) })
    }
}

/// What the clock has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ring<'a> {
    Reminder,
    /// The deadline has passed; the clock's action.
    Over(&'a str),
}

/// A procedure beside the case (change, advance, refund …): a machine of its own, with what belongs to it alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProcedureCase {
    pub id: Uuid,
    pub name: Name,
    pub state: Name,
    pub opened_at: Instant,
    pub open: bool,
    /// Kind → number as written, given by its own actions.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub numbers: BTreeMap<Name, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dates: BTreeMap<Name, NaiveDate>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub amounts: BTreeMap<Name, Frozen>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub forms: BTreeMap<Name, Submission>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Deadline>,
    /// State → the last day for which its clock has rung.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rung: BTreeMap<Name, NaiveDate>,
    /// The day on which the present state began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entered_on: Option<NaiveDate>,
    /// What it adds to what the case holds, or, below zero, takes off.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub share: BTreeMap<Account, Yen>,
    /// The fiscal year that it is charged to, when that is not the case's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charged: Option<Charged>,
}

/// A fiscal year and the budget line of the program's call of that year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charged {
    pub fiscal_year: FiscalYear,
    /// None for a program that gives no money.
    pub budget_line: Option<Uuid>,
}

impl ProcedureCase {
    pub(crate) fn new(id: Uuid, name: &str, state: &str, at: Instant) -> Self {
        Self {
            id,
            name: name.to_owned(),
            state: state.to_owned(),
            opened_at: at,
            open: true,
            numbers: BTreeMap::new(),
            dates: BTreeMap::new(),
            amounts: BTreeMap::new(),
            forms: BTreeMap::new(),
            deadline: None,
            rung: BTreeMap::new(),
            entered_on: Some(vocabulary::day_in_japan(at)),
            share: BTreeMap::new(),
            charged: None,
        }
    }
}

impl Case {
    #[must_use]
    pub fn procedure(&self, id: Uuid) -> Option<&ProcedureCase> {
        self.body.procedures.iter().find(|beside| beside.id == id)
    }

    /// The clock of the case, or of one of its procedures.
    #[must_use]
    pub fn deadline(&self, procedure: Option<Uuid>) -> Option<&Deadline> {
        match procedure {
            None => self.body.deadline.as_ref(),
            Some(id) => self.procedure(id)?.deadline.as_ref(),
        }
    }

    /// A number as written: the procedure's own, or else the case's.
    #[must_use]
    pub fn number(&self, procedure: Option<Uuid>, kind: &str) -> Option<&String> {
        let own = procedure.and_then(|id| self.procedure(id)).and_then(|beside| beside.numbers.get(kind));
        own.or_else(|| self.body.numbers.get(kind))
    }

    /// What the case or the procedure is charged to.
    #[must_use]
    pub fn charged(&self, procedure: Option<Uuid>) -> Charged {
        let own = procedure.and_then(|id| self.procedure(id)).and_then(|beside| beside.charged);
        own.unwrap_or(Charged { fiscal_year: self.call.fiscal_year, budget_line: self.call.budget_line })
    }

    /// Everything that is held of any budget line, without what is only reserved, in yen.
    ///
    /// # Errors
    /// [`Overflow`] when the sum is out of range.
    pub fn granted(&self) -> Result<Yen, Overflow> {
        let held = std::iter::once(&self.body.holdings).chain(self.body.elsewhere.values());
        Yen::total(held.flat_map(Holdings::iter).filter(|(account, _)| *account != Account::Held).map(|(_, yen)| yen))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    pub action: Name,
    pub user: Uuid,
}

/// A payment that was ordered (支出命令): one line for the next batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PaymentOrder {
    pub id: Uuid,
    pub amount: Yen,
    pub account: vocabulary::BankAccount,
    /// The procedure whose money it is; the case's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub procedure: Option<Uuid>,
    /// What the case, or the procedure, may pay in all, with this: what it holds beyond a reservation.
    #[serde(default)]
    pub within: Yen,
}
