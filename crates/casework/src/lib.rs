//! The life of an application: `Act → Step | Refusal`, pure.

mod act;
mod case;
pub mod history;

pub use act::{
    Act, Actor, Draft, Granted, LetterIssued, MailOrdered, Needs, Person, Refusal, Step, World,
};
pub use case::{
    Body, Business, Call, Case, Change, Deadline, DocumentRef, Done, FieldMark, Frozen, Head, PaymentOrder, Pending,
    ProcedureCase, Signature, SignedHow, Signing, Standing, Submission, Unlocked,
};
