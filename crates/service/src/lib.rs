//! Use cases: one file a subject, one transaction a use case; and the workers. Everything that the API, the pages and
//! the command line can do is a method of [`Service`].

mod administration;
mod applications;
mod audit;
mod calls;
mod ceremony;
mod definitions;
mod desk;
mod drafts;
mod eligibility;
mod error;
mod files;
mod identities;
mod judges;
mod keys;
mod migrations;
mod offers;
mod once;
mod oversight;
mod own_data;
mod paper;
mod partners;
mod passkeys;
mod people;
mod programs;
mod provider;
mod registry;
mod review;
mod second_factor;
mod secrets;
mod service;
mod sessions;
mod starting;
mod texts;
mod throttle;
mod treasury;
mod view;
mod worker;

pub use administration::{AccountAct, InvitationView, StaffPerson, StaffView};
pub use audit::{AuditLine, AuditReport, Seal, SealedHead, verify_export};
pub use calls::{CallResult, Progress, RankedCase, RankingView};
pub use definitions::{
    CallChange, DefinitionText, Edition, ProgramDraft, ProgramOverview, Publication, ReadDefinition, Rehearsal,
};
pub use desk::{Colleague, MOST_COUNTED, MOST_TOGETHER};
pub use drafts::{DraftView, SavedFields, Seen};
pub use error::{Error, Result};
pub use files::LARGEST_FILE;
pub use identities::{Brought, Returned};
pub use judges::{JudgeView, Term};
pub use keys::Keyring;
pub use oversight::{AccessView, Accessed, Checked, HappeningView, OwnAccess, Sought};
pub use own_data::{OwnData, OwnFile};
pub use paper::{OnPaper, PaperApplicant};
pub use partners::{PARTNER_TOKEN, PartnerCase, PartnerDocument, PartnerViewer};
pub use programs::{CallTaken, Published};
pub use provider::{
    Asking, CLOCK_SKEW_SECONDS, Challenge, ClaimNames, Claims, IdentityProvider, Provider, ProviderFault,
};
pub use registry::RegistryEntry;
pub use review::{CheckItem, CheckedView, Finding, NoteView, Similar, SimilarWhy, SubmissionView};
pub use service::{Deps, FRESH_MINUTES, FileStore, Service, Settings};
pub use sessions::SCOPES;
pub use starting::{LeftOut, LeftOutReason, Reusable};
pub use store::{
    AccessKind, ApiToken, Count, LineState, Message, OutboxDepth, PositionHeld, ProgramEventKind, Recusal,
    ReviewResult, SavedView, StaffRole,
};
pub use texts::{SentText, TextKind, check_texts, sample_text, sent_texts};
pub use treasury::{BankFile, other_holders, payment_file_name};
pub use view::{
    Application, ApplicationFilter, ApplicationOrder, AskedView, AvailableAction, BatchView, BudgetView, BusinessView,
    CallView, ComingVersion, Device, Enrolment, EventView, FileView, FinanceTasks, LedgerEntryView, LetterView, Member,
    MemberRole, MessageView, MigrationOutcome, MigrationView, NewBusiness, NewSession, Page, PasskeyAnswer,
    PasskeyAsked, PasskeyView, PayableView, PaymentView, Performed, ProgramVersion, SecondFactorView, SessionView,
    SignIn, Task, VersionEventView, VersionView, Viewer,
};
pub use worker::{Delivery, MailTransport, Outgoing, Sending, Worker};
