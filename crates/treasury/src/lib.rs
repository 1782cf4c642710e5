//! Public money: what is held of a budget line, how payments leave the house, and the file the bank reads.
//!
//! Everything is a pure decision on what the caller passes in; nothing here reads a clock, a file or a database.

mod banks;
mod batch;
mod kana;
mod ledger;
#[cfg(test)]
mod samples;
pub mod zengin;

pub use banks::{Bank, BankMaster, Branch};
pub use batch::{
    Batch, BatchAct, BatchRefusal, BatchState, BatchStep, BatchSummary, BatchWarning, DraftRequest, LineOutcome,
    LineRequest, LineResult, MAXIMUM_AMOUNT, MAXIMUM_LINES, MAXIMUM_TOTAL, Originator, PaymentLine, ReturnKind,
    TopPayee, Trace, content_digest, decide, draft, summary,
};
pub use kana::{CharacterClass, ORIGINATOR_NAME_BYTES, PAYEE_NAME_BYTES, is_holder, zengin_name};
pub use ledger::{
    Account, EntryKind, Holdings, Imbalance, LineDelta, LineTotals, Posting, Shortfall, balanced, deltas, postings,
};
