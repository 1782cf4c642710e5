//! Public money: what is held of a budget line, how payments leave the house, and the file the bank reads.
//!
//! Everything is a pure decision on what the caller passes in; nothing here reads a clock, a file or a database.

mod banks;
mod batch;
mod kana;
mod ledger;
pub mod zengin;

pub use banks::{Bank, BankMaster, Branch};
pub use batch::{
    Batch, BatchAct, BatchRefusal, BatchState, BatchStep, BatchSummary, BatchWarning, DraftRequest, LineOutcome,
    LineRequest, LineResult, Originator, PaymentLine, ReturnKind, TopPayee, Trace, content_digest, decide, draft,
    summary,
};
pub use kana::{CharacterClass, zengin_name};
pub use ledger::{
    Account, EntryKind, Holdings, Imbalance, LineDelta, LineTotals, Posting, Shortfall, balanced, deltas, postings,
};
