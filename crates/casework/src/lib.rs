//! The life of an application: `Act → Step | Refusal`, pure.

mod act;
mod approval;
mod authority;
mod case;
mod clockwork;
mod correction;
mod correspondence;
mod decide;
mod event;
mod facts;
pub mod history;
mod limits;
pub mod numbers;
mod perform;
pub mod scenario;
mod submission;

pub use act::{Act, Actor, Draft, Granted, LetterIssued, MailOrdered, Needs, Person, Refusal, Step, World};
pub use approval::is_built_in;
pub use authority::{
    Permit, REMIND, RETURN_INTERNALLY, SIGN, TAKE_BACK, acting_role, candidates, conflict_of_interest, may_see, permit,
};
pub use case::{
    Body, Business, Call, Case, Change, Deadline, DocumentRef, Done, FieldMark, Frozen, Head, PaymentOrder, Pending,
    ProcedureCase, Signature, SignedHow, Signing, Standing, Submission, Unlocked,
};
pub use clockwork::clock_act;
pub use decide::{decide, needs};
pub use facts::case_facts;
