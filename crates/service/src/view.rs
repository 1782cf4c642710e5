//! What use cases hand out: plain values that the API and the pages show.

use std::sync::Arc;

use casework::{Actor, Business, Case, Person};
use chrono::NaiveDate;
use program::Program;
use program::definition::{ApplicantFacts, Municipality, Name, Role};
use treasury::LineTotals;
use uuid::Uuid;
use vocabulary::{Bilingual, FiscalYear, Instant, Locale, Yen};

/// Who asks, with everything that they may do now. Made by signing in or by a token, never by hand.
#[derive(Clone, Debug)]
pub struct Viewer {
    pub person: Person,
    pub email: String,
    pub locale: Locale,
    /// Scopes of an API token; none for a session, which may do all that the person may.
    pub scopes: Option<Vec<String>>,
    /// When a session's owner last showed who they are; none for tokens, whose scopes were given for what they do, and
    /// for the command line.
    pub(crate) authenticated_at: Option<Instant>,
    /// Works for an office that asks for a second factor, and has none yet: may do nothing of that.
    pub lacks_second_factor: bool,
    /// The client's address, where the edge knows it: for the access log.
    pub address: Option<String>,
    pub(crate) credential: Credential,
}

/// That somebody has shown who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub at: Instant,
    /// With a second factor that was asked for elsewhere.
    pub strong: bool,
}

/// What a viewer has shown: a session's or an API token. Never printed.
#[derive(Clone, Default)]
pub(crate) struct Credential(String);

impl Credential {
    pub fn of(token: &str) -> Self {
        Self(token.to_owned())
    }

    /// As the database keeps it.
    pub fn hash(&self) -> Vec<u8> {
        crate::secrets::hashed(&self.0)
    }

    /// A secret that only whoever has the credential can compute again.
    pub fn derived(&self, id: Uuid) -> String {
        vocabulary::digest(format!("api token\n{}\n{id}", self.0).as_bytes())
    }

    /// As [`Credential::derived`], one of several of another kind.
    pub fn derived_code(&self, id: Uuid, number: usize) -> String {
        vocabulary::digest(format!("recovery code\n{}\n{id}\n{number}", self.0).as_bytes())
    }
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credential(…)")
    }
}

impl Viewer {
    /// What the forms of this session's pages carry: whoever does not have the session cannot know it.
    #[must_use]
    pub fn form_token(&self) -> String {
        vocabulary::digest(format!("form\n{}", self.credential.0).as_bytes())
    }

    /// Whence this request comes.
    pub(crate) fn device(&self) -> Device<'_> {
        Device { address: self.address.as_deref(), agent: None }
    }

    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor::Person(self.person.clone())
    }

    /// Where the person works.
    #[must_use]
    pub fn municipalities(&self) -> Vec<Name> {
        let mut places: Vec<Name> = self.person.roles.iter().map(|(place, _)| place.clone()).collect();
        places.dedup();
        places
    }
}

/// A published version of a program.
#[derive(Clone, Debug)]
pub struct ProgramVersion {
    pub program: Arc<Program>,
    pub version: i32,
    pub published_at: Instant,
    /// Takes no applications any more; running cases go on.
    pub closed: bool,
    /// Its calls (募集), newest first.
    pub calls: Vec<CallView>,
}

/// A published version that is not in force yet.
#[derive(Clone, Debug)]
pub struct ComingVersion {
    pub effective_from: NaiveDate,
    /// What is other then than it is now.
    pub differences: Vec<program::Difference>,
}

/// A version in the list of all versions of its program.
#[derive(Clone, Debug)]
pub struct VersionView {
    pub hash: String,
    pub version: i32,
    /// 施行日
    pub effective_from: Option<NaiveDate>,
    pub closed: bool,
    pub published_at: Instant,
    /// Oldest first.
    pub events: Vec<VersionEventView>,
}

#[derive(Clone, Debug)]
pub struct VersionEventView {
    pub kind: store::ProgramEventKind,
    pub at: Instant,
    /// Who did it, for the office; none for whoever runs the installation.
    pub actor_name: Option<String>,
}

/// What a migration does, or would do, to one case.
#[derive(Clone, Debug)]
pub struct MigrationView {
    pub application: Uuid,
    pub number: Option<String>,
    /// The version that it is on, or was.
    pub version: i32,
    pub outcome: MigrationOutcome,
    /// Why not.
    pub refusals: Vec<casework::Refusal>,
    /// What will be otherwise from then on, and what stays.
    pub notes: Vec<Bilingual>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MigrationOutcome {
    /// Could be moved; nothing has happened.
    Possible,
    Moved,
    /// Is on that version already.
    Already,
    Refused,
}

#[derive(Clone, Debug, PartialEq)]
pub struct CallView {
    pub id: Uuid,
    pub fiscal_year: FiscalYear,
    pub window: Name,
    pub opens: NaiveDate,
    pub closes: Option<NaiveDate>,
    /// Open today, with money or places left where they count.
    pub open: bool,
    /// None where the program gives no money.
    pub budget_left: Option<Yen>,
    pub budget_line: Option<Uuid>,
    /// The name that the municipality has for the line.
    pub budget_code: Option<Name>,
    /// 定員; any number when absent.
    pub capacity: Option<i64>,
    pub places_left: Option<i64>,
    /// What an earlier window left over, in words.
    pub carry_over: Option<Bilingual>,
    pub target: Option<program::definition::Target>,
}

/// A case as one viewer may see it.
#[derive(Clone, Debug)]
pub struct Application {
    pub case: Case,
    /// A draft's is the newest that is published.
    pub program: Arc<Program>,
    pub program_version: i32,
    /// The hash of the version that the case's row names: where a draft was started, or what a case is pinned to.
    pub stored_version: String,
    /// A draft of a program whose newest version takes no applications any more.
    pub closed: bool,
    pub municipality: Arc<Municipality>,
    pub assignee: Option<Uuid>,
    pub received_at: Option<Instant>,
    pub updated_at: Instant,
    pub created_at: Instant,
}

/// An action as this viewer could take it now: the same check that refuses it lists it.
#[derive(Clone, Debug)]
pub struct AvailableAction {
    pub name: Name,
    /// The procedure beside the case that it would move.
    pub procedure: Option<Uuid>,
    pub label: Bilingual,
    pub permitted: bool,
    pub reasons: Vec<casework::Refusal>,
    /// The form it takes in, or the action's own input when it has no form; none when it asks for nothing.
    pub form: Option<program::Form>,
    pub needs_comment: bool,
    /// The form whose fields it marks for correction.
    pub marks: Option<Name>,
}

/// What a form asks for, given what is filled in so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AskedView {
    pub fields: Vec<Name>,
    pub documents: Vec<Name>,
    /// Tables of real costs in which nothing is entered, as the plan in force has them.
    pub planned: serde_json::Map<String, serde_json::Value>,
}

#[derive(Clone, Debug)]
pub struct BusinessView {
    pub business: Business,
    pub members: Vec<Member>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub account: Uuid,
    pub name: String,
    pub email: String,
    pub role: MemberRole,
}

pub use store::MemberRole;

/// What the person fills in to register a business.
#[derive(Clone, Debug)]
pub struct NewBusiness {
    pub name: String,
    pub name_kana: String,
    pub address: String,
    pub representative: String,
    pub corporate_number: Option<String>,
    pub facts: ApplicantFacts,
}

#[derive(Clone, Debug)]
pub struct EventView {
    pub event: casework::history::Event,
    pub actor_name: String,
    /// The action's label.
    pub label: Bilingual,
}

#[derive(Clone, Debug)]
pub struct LetterView {
    pub id: Uuid,
    pub name: Name,
    pub title: Bilingual,
    pub number: Option<String>,
    pub issued_at: Instant,
    /// The rendered letter; none until the worker has made it.
    pub html: Option<String>,
    pub sha256: Option<String>,
}

/// A mail that belongs to a case.
#[derive(Clone, Debug)]
pub struct MessageView {
    pub id: Uuid,
    pub recipient: String,
    pub subject: String,
    pub text: String,
    pub queued_at: Instant,
    pub sent_at: Option<Instant>,
    /// Given up after a permanent refusal.
    pub dead: bool,
}

#[derive(Clone, Debug)]
pub struct FileView {
    pub id: Uuid,
    pub name: String,
    pub media_type: String,
    /// Bytes.
    pub size: i64,
    pub sha256: String,
    pub uploaded_at: Instant,
}

#[derive(Clone, Debug)]
pub struct BudgetView {
    pub municipality: Name,
    pub code: Name,
    pub name: Bilingual,
    pub path: String,
    pub fiscal_year: FiscalYear,
    pub totals: LineTotals,
    pub entries: Vec<LedgerEntryView>,
}

#[derive(Clone, Debug)]
pub struct LedgerEntryView {
    pub at: Instant,
    pub debit: String,
    pub credit: String,
    pub amount: Yen,
    pub kind: String,
    pub application_number: Option<String>,
}

#[derive(Clone, Debug)]
pub struct BatchView {
    pub municipality: Name,
    pub batch: treasury::Batch,
    pub summary: treasury::BatchSummary,
    pub version: i64,
    pub file_sha256: Option<String>,
}

/// A payment that waits for a batch.
#[derive(Clone, Debug)]
pub struct PayableView {
    pub line: Uuid,
    pub application: Uuid,
    pub application_number: String,
    pub payee_name: String,
    /// 口座名義
    pub holder: String,
    pub amount: Yen,
    pub ordered_at: Instant,
}

/// What waits for whoever works in finance.
#[derive(Clone, Debug, Default)]
pub struct FinanceTasks {
    /// Payments that are in no batch yet, for those who make batches.
    pub payable: usize,
    /// States that are not the last, and how many batches are in them.
    pub batches: Vec<(treasury::BatchState, i64)>,
}

/// A payment of a case, as its people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentView {
    pub amount: Yen,
    pub state: store::LineState,
    pub ordered_at: Instant,
    /// Of the batch that it is in.
    pub transfer_date: Option<NaiveDate>,
}

/// One page of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// Each with its opaque cursor.
    pub items: Vec<(String, T)>,
    pub has_next: bool,
}

pub use store::{ListFilter as ApplicationFilter, ListOrder as ApplicationOrder};

/// Something that waits for the viewer.
#[derive(Clone, Debug)]
pub struct Task {
    pub application: Application,
    pub waits_on: Option<Role>,
    /// A signature of this position.
    pub position: Option<Name>,
    pub deadline: Option<NaiveDate>,
}

/// What `performAction` answers when it was done.
#[derive(Clone, Debug)]
pub struct Performed {
    pub application: Application,
    pub event: EventView,
}

/// Whence somebody signs in.
#[derive(Clone, Copy, Debug, Default)]
pub struct Device<'a> {
    /// The client's address, for limits on guessing and for the owner of the session.
    pub address: Option<&'a str>,
    /// What the browser calls itself.
    pub agent: Option<&'a str>,
}

/// What came of a password that was right.
#[derive(Clone, Debug)]
pub enum SignIn {
    Done(Box<NewSession>),
    /// A code of the second factor is asked for, with this token of the half that is done.
    HalfDone(String),
}

/// A session as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionView {
    /// Names it without opening it.
    pub id: String,
    pub opened_at: Instant,
    pub last_seen_at: Instant,
    pub address: Option<String>,
    pub agent: Option<String>,
    /// The one that asks.
    pub is_this: bool,
}

/// How it stands with somebody's second factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecondFactorView {
    /// In force since.
    pub since: Option<Instant>,
    pub recovery_codes_left: u64,
    /// Begun and not confirmed yet.
    pub enrolment: Option<Enrolment>,
}

/// What an authenticator app needs. Shown until it is confirmed, and never again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// Base 32, to be typed.
    pub secret: String,
    /// `otpauth://…`, for a QR code.
    pub address: String,
}

/// A passkey as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyView {
    pub id: Uuid,
    pub name: String,
    pub created_at: Instant,
    pub last_used_at: Option<Instant>,
}

/// What a browser is asked about a passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyAsked {
    /// The token that comes back with the answer.
    pub request: String,
    /// JSON, as browsers read it (`parseCreationOptionsFromJSON`, `parseRequestOptionsFromJSON`).
    pub options: String,
}

/// What the browser answers.
#[derive(Clone, Copy, Debug, Default)]
pub struct PasskeyAnswer<'a> {
    /// As in [`PasskeyAsked`].
    pub request: &'a str,
    /// What the visitor's forms carry, the same as when it was asked.
    pub visitor: &'a str,
    /// JSON, as browsers write it.
    pub answer: &'a str,
}

/// A secret that is shown once.
#[derive(Clone, Debug)]
pub struct NewSession {
    pub token: String,
    pub expires_at: Instant,
    pub viewer: Viewer,
}
