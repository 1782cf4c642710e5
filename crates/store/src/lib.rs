//! The only SQL: entities, queries and the unit of work, for SQLite and PostgreSQL alike.
//!
//! Everything public speaks in the types of the domain. What must hold whoever writes is a constraint or a conditional
//! update, never a question followed by a decision. Locks are taken in one order: applications by id, counters,
//! budget lines.

mod accounts;
mod businesses;
mod calls;
mod cases;
mod database;
mod definitions;
mod entity;
mod error;
mod history;
mod idempotency;
mod identities;
mod judges;
mod lists;
mod money;
mod office;
mod outbox;
mod oversight;
mod partners;
mod passkeys;
mod payments;
mod people;
mod programs;
mod reader;
mod row;
mod schema;
mod second_factor;
mod sql;
mod throttle;
mod unit;

pub use accounts::{Account, PositionHeld, StaffRole};
pub use businesses::{MemberRole, MemberShown, Membership};
pub use calls::{Count, Reached, StoredRanking};
pub use cases::{CaseKey, DraftKey, FieldSave, NewestVersion, Recording, StoredCase, StoredDraft, StoredSubmission};
pub use database::{Demonstration, Settings, Store};
pub use definitions::{NewProgramDraft, StoredProgramDraft};
pub use error::{Result, Retryable, StoreError};
pub use history::{StoredFile, StoredLetter, StoredSeal};
pub use idempotency::{Claim, KeyUse};
pub use identities::{Identity, IdentityRequest};
pub use judges::{Judge, Recusal};
pub use lists::{Cursor, ListFilter, ListOrder, ListQuery, Listed, Page, Scope};
pub use money::{LineNamed, Movement, StoredEntry, StoredLine};
pub use office::{Alike, Note, ReviewCheck, ReviewResult, SameDocument, SavedView};
pub use outbox::{CaseLetter, CaseMail, MailShown, Message, NewMessage, OutboxClaim, OutboxDepth, RenderedMail};
pub use oversight::{Access, AccessKind, Chain, Happening, Period};
pub use partners::StoredLink;
pub use passkeys::{Passkey, PasskeyRequest};
pub use payments::{BatchFile, LineState, OrderedPayment, StoredBatch};
pub use people::{ApiToken, LinkKind, NewSession, OneTimeLink, OpenInvitation, SessionShown, SignedIn};
pub use programs::{NewProgram, ProgramEvent, ProgramEventKind, PublishedProgram, StoredCall, VersionNamed};
pub use reader::Reader;
pub use second_factor::{HalfSignIn, SecondFactor};
pub use sql::Lock;
pub use unit::Tx;
