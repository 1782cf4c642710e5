//! What goes into a decision and what comes out: `Act`, `Actor`, `Step`.

use std::collections::BTreeMap;

use program::Program;
use program::definition::{Audience, Municipality, Name, Role};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use treasury::Posting;
use uuid::Uuid;
use vocabulary::{EmailAddress, FiscalYear, Instant, Yen};

use crate::case::{Business, Case, DocumentRef, FieldMark, PaymentOrder, Placing, Submission};
use crate::history::Event;
pub(crate) use crate::refusal::Refusal;

/// Who acts, with every permission that counts now.
#[derive(Clone, Debug, PartialEq)]
pub enum Actor {
    Person(Person),
    /// 第三者, by a link to one case.
    Partner(Partner),
    /// The deadline worker.
    Clock,
    /// Payments, when money has moved.
    Treasury,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Person {
    pub id: Uuid,
    pub name: String,
    /// Businesses that the person may act for.
    pub memberships: Vec<Uuid>,
    /// Municipality and role.
    pub roles: Vec<(Name, Role)>,
    /// Municipality and position, held today.
    pub positions: Vec<(Name, Name)>,
    /// Calls whose cases the person judges (審査員) today.
    pub panels: Vec<Uuid>,
    /// Cases that the person keeps away from as a judge (利害関係), declared at the office.
    pub recusals: Vec<Uuid>,
}

impl Person {
    #[must_use]
    pub fn has_role(&self, municipality: &str, role: Role) -> bool {
        self.roles.iter().any(|(place, held)| place == municipality && *held == role)
    }

    #[must_use]
    pub fn is_staff_of(&self, municipality: &str) -> bool {
        self.roles.iter().any(|(place, role)| place == municipality && role.is_staff())
    }

    /// Works there and has a part in its cases.
    #[must_use]
    pub fn handles_cases_of(&self, municipality: &str) -> bool {
        self.roles.iter().any(|(place, role)| place == municipality && role.handles_cases())
    }

    #[must_use]
    pub fn holds(&self, municipality: &str, position: &str) -> bool {
        self.positions.iter().any(|(place, held)| place == municipality && held == position)
    }
}

/// Whoever holds the link of a case's partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partner {
    /// The link's row; what the history names as the actor.
    pub link: Uuid,
    pub case: Uuid,
    /// As the archetype names it.
    pub partner: Name,
    pub name: String,
}

impl Actor {
    #[must_use]
    pub fn person(&self) -> Option<&Person> {
        match self {
            Self::Person(person) => Some(person),
            Self::Partner(_) | Self::Clock | Self::Treasury => None,
        }
    }

    /// The person or the partner's link; nil for a machine.
    #[must_use]
    pub fn id(&self) -> Uuid {
        match self {
            Self::Person(person) => person.id,
            Self::Partner(partner) => partner.link,
            Self::Clock | Self::Treasury => Uuid::nil(),
        }
    }

    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Person(person) => &person.name,
            Self::Partner(partner) => &partner.name,
            Self::Clock => "clock",
            Self::Treasury => "treasury",
        }
    }
}

/// One move of a case that somebody wants.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Act {
    pub action: Name,
    pub expected_version: i64,
    /// The form's or the input's values; over those of the draft.
    pub values: Map<String, Value>,
    pub marks: Vec<FieldMark>,
    pub comment: Option<String>,
    /// Which procedure moves; needed only when the action could move more than one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub procedure: Option<Uuid>,
}

/// Typed but not handed in: waits outside the case until an act consumes it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    #[serde(default)]
    pub values: Map<String, Value>,
    #[serde(default)]
    pub documents: BTreeMap<Name, Vec<DocumentRef>>,
}

/// Everything a decision looks at besides the case and the act. All of it was read in the same transaction.
pub struct World<'a> {
    pub program: &'a Program,
    pub municipality: &'a Municipality,
    /// Position → people who hold it today. Empty unless [`Needs::holders`] asked for it.
    pub holders: BTreeMap<Name, Vec<Uuid>>,
    /// Empty unless [`Needs::granted`] asked for it.
    pub granted: Vec<Granted>,
    /// None unless [`Needs::draft`] asked for it.
    pub draft: Option<Draft>,
    /// How the call stands. Unknown unless [`Needs::call`] asked for it.
    pub call: CallStanding,
    /// The budget line of the program's call of each fiscal year. Empty unless [`Needs::lines`] asked for it.
    pub lines: BTreeMap<FiscalYear, Uuid>,
    /// The business that [`Needs::successor`] asked for, if there is one.
    pub successor: Option<Business>,
    /// Judges who keep away from the case, with why. Empty unless [`Needs::recusals`] asked for it.
    pub recusals: BTreeMap<Uuid, String>,
    pub now: Instant,
    /// The event's, known beforehand so that an idempotency key can be tied to it.
    pub event: Uuid,
    /// Fresh identifiers, fixed before the transaction began.
    pub ids: &'a dyn Fn() -> Uuid,
    /// Fixed before the transaction began; salts the digests of this act.
    pub salt: [u8; 32],
}

/// Another case of this business that this program granted, as far as limits look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    pub fiscal_year: FiscalYear,
    pub yen: Yen,
    /// What its application says in the fields that the program's limits name.
    pub answers: Map<String, Value>,
}

/// How the call stands, read in the same transaction. Everything is unknown unless [`Needs::call`] asked for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallStanding {
    /// None: the call has no capacity.
    pub places_left: Option<i64>,
    /// What the budget line has left; none where the call has no line.
    pub budget_left: Option<Yen>,
    /// Cases of the call that wait in line, before this one when it waits too.
    pub waiting: i64,
    /// The rank that the ranking of the whole call gives this case.
    pub placing: Option<Placing>,
}

/// What has to be read before [`crate::decide`] can be asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// The actor's draft of this form.
    pub draft: Option<Name>,
    /// What the business was granted elsewhere, with what those applications say in these fields.
    pub granted: Option<Vec<Name>>,
    pub holders: bool,
    pub call: bool,
    pub lines: bool,
    /// The business that the case is to be moved to.
    pub successor: Option<Uuid>,
    pub recusals: bool,
}

/// What one act does, all of it or nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The case afterwards, version already raised.
    pub case: Case,
    /// The state before.
    pub from: Name,
    pub event: Event,
    /// The procedure that moved or opened; the case itself when absent.
    pub procedure: Option<Uuid>,
    /// Money to move, in the order of the lines' identifiers.
    pub postings: Vec<LinePostings>,
    /// The fiscal year in which the numbers are counted.
    pub year: FiscalYear,
    /// Kinds of numbers to be given; [`Step::numbered`] puts them in.
    pub numbers: Vec<Name>,
    pub letters: Vec<LetterIssued>,
    pub mails: Vec<MailOrdered>,
    /// The snapshot that the act made, and the form whose draft is used up.
    pub submission: Option<(Name, Submission)>,
    pub payment: Option<PaymentOrder>,
    /// Links of partners that begin or end.
    pub links: Vec<LinkChange>,
    /// Places of the call that the case takes, or gives back when below zero.
    pub places: i64,
    /// Payments of the case that were ordered and are in no batch yet must not be made.
    pub blocks_accounts: bool,
}

/// Money to move on one budget line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinePostings {
    pub line: Uuid,
    pub entries: Vec<Posting>,
}

impl Step {
    /// A step that moves no state and no money: the approval itself, a reminder.
    pub(crate) fn beside(before: &Case, after: Case, event: Event) -> Self {
        Self {
            from: before.state.clone(),
            year: after.call.fiscal_year,
            case: Case { version: after.version + 1, ..after },
            event,
            procedure: None,
            postings: Vec::new(),
            numbers: Vec::new(),
            letters: Vec::new(),
            mails: Vec::new(),
            submission: None,
            payment: None,
            links: Vec::new(),
            places: 0,
            blocks_accounts: false,
        }
    }
}

/// What an act does to links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkChange {
    Invited { link: Uuid, partner: Name, name: String, email: EmailAddress, until: Instant },
    Ended { link: Uuid },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LetterIssued {
    pub id: Uuid,
    pub name: Name,
    /// Frozen: what the template is rendered with.
    pub data: Value,
    pub template_hash: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MailOrdered {
    pub id: Uuid,
    pub name: Name,
    pub to: Audience,
    /// Frozen: what the template is rendered with.
    pub data: Value,
}
