//! Hides the bytes of a 総合振込 file (全銀協規定形式): records of 120 single bytes, written from a batch or read to be checked.

mod layout;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use read::{BatchRead, Finding, LineRead, MAXIMUM_FINDINGS, Report, Severity, read};
pub use write::{LineEnd, Profile, write};
