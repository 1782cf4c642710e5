//! The life of an application: `Act → Step | Refusal`, pure.

mod act;
mod approval;
mod authority;
mod books;
mod case;
mod clockwork;
mod correction;
mod correspondence;
pub mod coverage;
mod decide;
mod desk;
mod event;
pub mod exploration;
mod facts;
pub mod history;
mod limits;
mod line;
mod migrate;
mod money;
pub mod numbers;
mod panel;
mod partner;
mod perform;
pub mod ranking;
mod refusal;
pub mod scenario;
pub mod simulation;
mod submission;

pub use act::{
    Act, Actor, CallStanding, Draft, Granted, LetterIssued, LinePostings, LinkChange, MailOrdered, Needs, Partner,
    Person, Step, World,
};
pub use approval::{foreseen, is_built_in};
pub use authority::{
    Permit, REMIND, RETURN_INTERNALLY, SIGN, TAKE_BACK, acting_role, candidates, conflict_of_interest, judges, may_see,
    permit,
};
pub use case::{
    Body, Business, Call, Case, Change, Charged, Deadline, DocumentRef, Done, FieldMark, Frozen, Head, Linked, Paper,
    PaymentOrder, Pending, Placing, ProcedureCase, Signature, SignedHow, Signing, Standing, Submission, Unlocked,
};
pub use clockwork::clock_act;
pub use correction::{corrected_form, opened_by};
pub use decide::{decide, needs};
pub use facts::case_facts;
pub use limits::check as check_limits;
pub use line::{promotion, ranking_action};
pub use migrate::{MIGRATE, Prospect, migrate, prospect};
pub use panel::{Outcome, Panel, Scoring};
pub use refusal::Refusal;
