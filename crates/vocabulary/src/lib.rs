//! The words that everyone shares: money, rates, days, identifiers, accounts, the clock.
//!
//! Every type here parses once, at the border, and is right from then on. No I/O, no clock of its own.

mod account;
mod calendar;
mod email;
mod fiscal;
mod ids;
mod money;
mod numbers;
mod text;
mod time;

pub use account::{AccountKind, AccountNumber, BankAccount, BankCode, BranchCode, InvalidAccount};
pub use calendar::Calendar;
pub use email::EmailAddress;
pub use fiscal::FiscalYear;
pub use ids::{Digest, Ids, canonical_json, digest};
pub use money::{Overflow, Rate, Yen};
pub use numbers::{CorporateNumber, InvoiceNumber, MunicipalityCode};
pub use text::{Bilingual, Locale, normalized_for_search};
pub use time::{
    Clock, Instant, day_in_japan, end_of_day, parse_day, start_of_day, time_in_japan, to_microseconds, wareki,
    wareki_time,
};

/// A value that could not be understood: which rule it breaks, in words for a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {}", .message.en)]
pub struct Invalid {
    /// Stable code, e.g. `corporate_number.check_digit`.
    pub code: &'static str,
    pub message: Bilingual,
}

impl Invalid {
    #[must_use]
    pub fn new(code: &'static str, ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self { code, message: Bilingual::new(ja, en) }
    }
}
