//! What can go wrong with a database, as a caller has to tell it apart. Hides the codes of both engines.

use sea_orm::sqlx;
use sea_orm::{DbErr, RuntimeErr};
use vocabulary::Yen;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The row has moved on since it was read: read again and decide again.
    #[error("the row was changed by somebody else in the meantime")]
    Conflict,
    /// The budget line does not have the money; `available` yen are left.
    #[error("the budget line has {available} yen left")]
    Budget { available: Yen },
    /// The call has no place left.
    #[error("the call is full")]
    Full,
    /// Something of that kind is there already, e.g. `account_email`.
    #[error("not unique: {what}")]
    Unique { what: String },
    /// A constraint of the schema refuses the row, e.g. `payment_line_amount`.
    #[error("refused by the constraint {constraint}")]
    Check { constraint: String },
    /// A text holds a character that PostgreSQL cannot keep: U+0000.
    #[error("a text holds a character that cannot be kept")]
    Text,
    /// Two transactions were in each other's way and this one lost. [`crate::Store::write`] runs it again by itself.
    #[error("in the way of another transaction")]
    Contention,
    /// No connection, no space, no answer in time: the same call may succeed later.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// A mistake of ours, or a row that somebody else has damaged. The text is for the log only.
    #[error("fault in the store: {0}")]
    Fault(String),
}

/// Whether running the same work again from its start may succeed.
pub trait Retryable {
    fn is_retryable(&self) -> bool;
}

impl Retryable for StoreError {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Contention)
    }
}

pub type Result<T> = std::result::Result<T, StoreError>;

impl StoreError {
    pub(crate) fn fault(text: impl ToString) -> Self {
        Self::Fault(text.to_string())
    }

    /// A stored value that does not parse.
    pub(crate) fn damaged(what: &str, error: impl std::fmt::Display) -> Self {
        Self::Fault(format!("stored {what} is damaged: {error}"))
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        match &error {
            DbErr::ConnectionAcquire(_) => Self::Unavailable(error.to_string()),
            DbErr::Exec(RuntimeErr::SqlxError(cause))
            | DbErr::Query(RuntimeErr::SqlxError(cause))
            | DbErr::Conn(RuntimeErr::SqlxError(cause)) => from_sqlx(cause, &error),
            _ => Self::fault(error),
        }
    }
}

fn from_sqlx(cause: &sqlx::Error, error: &DbErr) -> StoreError {
    use sqlx::Error;
    match cause {
        Error::Database(database) => {
            let code = database.code().unwrap_or_default();
            let constraint = database.constraint().unwrap_or_default();
            from_code(&code, constraint, database.message())
        }
        Error::Io(_) | Error::PoolTimedOut | Error::PoolClosed | Error::WorkerCrashed | Error::Tls(_) => {
            StoreError::Unavailable(error.to_string())
        }
        _ => StoreError::fault(error),
    }
}

/// PostgreSQL's SQLSTATE has five characters, SQLite's extended result code at most four digits.
fn from_code(code: &str, constraint: &str, message: &str) -> StoreError {
    let after_colon = || message.split_once(": ").map_or(message, |(_, rest)| rest).trim();
    match code {
        "40001" | "40P01" | "5" | "261" | "517" | "6" | "262" => StoreError::Contention,
        "23505" => {
            let named = constraint.strip_suffix("_key").or_else(|| constraint.strip_suffix("_pkey"));
            StoreError::Unique { what: named.unwrap_or(constraint).to_owned() }
        }
        // `account.email`, or `call.program, call.fiscal_year`: made to look like PostgreSQL's name of the constraint.
        "2067" => {
            let columns = after_colon();
            let table = columns.split('.').next().unwrap_or_default();
            let names = columns.split(", ").filter_map(|column| column.split_once('.')).map(|(_, name)| name);
            StoreError::Unique { what: names.fold(table.to_owned(), |what, name| format!("{what}_{name}")) }
        }
        "1555" => StoreError::Unique { what: after_colon().split('.').next().unwrap_or_default().to_owned() },
        "22021" => StoreError::Text,
        "23514" => StoreError::Check { constraint: constraint.to_owned() },
        "275" => StoreError::Check { constraint: after_colon().to_owned() },
        // SQLite: read-only, I/O error, full, cannot open.
        "8" | "10" | "13" | "14" => StoreError::Unavailable(message.to_owned()),
        // PostgreSQL: connection, shutting down, out of resources, read-only, canceled by a timeout.
        _ if ["08", "53", "57"].iter().any(|class| code.len() == 5 && code.starts_with(class)) || code == "25006" => {
            StoreError::Unavailable(message.to_owned())
        }
        // Extended codes keep the primary code in their low byte.
        _ if code.len() < 5 && code.parse::<u32>().is_ok_and(|code| [8, 10, 13, 14].contains(&(code & 0xff))) => {
            StoreError::Unavailable(message.to_owned())
        }
        _ => StoreError::Fault(format!("{code}: {message}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_engines_name_a_violation_alike() {
        for (code, constraint, message) in [
            ("23505", "account_email_key", "duplicate key value violates unique constraint"),
            ("2067", "", "UNIQUE constraint failed: account.email"),
        ] {
            assert!(
                matches!(from_code(code, constraint, message), StoreError::Unique { what } if what == "account_email")
            );
        }
        for (code, constraint, message) in [
            ("23505", "call_program_fiscal_year_key", ""),
            ("2067", "", "UNIQUE constraint failed: call.program, call.fiscal_year"),
        ] {
            let error = from_code(code, constraint, message);
            assert!(matches!(error, StoreError::Unique { what } if what == "call_program_fiscal_year"));
        }
        assert!(matches!(from_code("5", "", ""), StoreError::Contention));
        assert!(matches!(from_code("57P01", "", "terminating connection"), StoreError::Unavailable(_)));
        assert!(matches!(from_code("778", "", "disk I/O error"), StoreError::Unavailable(_)));
        assert!(matches!(from_code("42P01", "", "no such table"), StoreError::Fault(_)));
    }
}
