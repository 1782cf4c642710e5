//! How a command ends: done (0), refused (1), misused (2), fault (3); unread (141).

use std::io::Write as _;

use serde_json::json;
use vocabulary::Locale;

pub type Outcome<T = ()> = Result<T, Failure>;

#[derive(Debug)]
pub enum Failure {
    /// A domain answer: the rules say no.
    Refused { message: String, details: serde_json::Value },
    /// The command was called wrongly.
    Misuse(String),
    /// Something is broken or away.
    Fault(String),
    /// Whoever read the answer has gone (`… | head`): there is nobody to say anything to.
    NobodyReads,
}

/// Writes a line of the answer to standard output.
///
/// # Errors
/// [`Failure::NobodyReads`] when the reader has gone.
pub fn say(text: &str) -> Outcome {
    Ok(writeln!(std::io::stdout(), "{text}")?)
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self::NobodyReads,
            _ => Self::fault(error.to_string()),
        }
    }
}

impl Failure {
    pub fn refused(message: impl Into<String>) -> Self {
        Self::Refused { message: message.into(), details: serde_json::Value::Null }
    }

    pub fn misuse(message: impl Into<String>) -> Self {
        Self::Misuse(message.into())
    }

    pub fn fault(message: impl Into<String>) -> Self {
        Self::Fault(message.into())
    }

    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Refused { .. } => 1,
            Self::Misuse(_) => 2,
            Self::Fault(_) => 3,
            // As a shell says it of a program that the signal has ended.
            Self::NobodyReads => 141,
        }
    }

    pub fn print(&self, as_json: bool) {
        let (kind, message) = match self {
            Self::Refused { message, .. } => ("refused", message),
            Self::Misuse(message) => ("misuse", message),
            Self::Fault(message) => ("fault", message),
            Self::NobodyReads => return,
        };
        if as_json {
            let details = match self {
                Self::Refused { details, .. } => details,
                _ => &serde_json::Value::Null,
            };
            // It has failed already; that nobody reads why changes nothing.
            say(&json!({ "error": { "kind": kind, "message": message, "details": details } }).to_string()).ok();
        }
        writeln!(std::io::stderr(), "{kind}: {message}").ok();
    }
}

impl From<service::Error> for Failure {
    fn from(error: service::Error) -> Self {
        use service::Error;
        match error {
            Error::Refused(refusals) => {
                let lines = refusals.iter().map(|refusal| {
                    let path = refusal.path.as_deref().map(|path| format!(" [{path}]")).unwrap_or_default();
                    format!("{}{path}: {} / {}", refusal.code, refusal.message.ja, refusal.message.en)
                });
                let details = serde_json::to_value(&refusals).unwrap_or_default();
                Self::Refused { message: lines.collect::<Vec<_>>().join("\n"), details }
            }
            Error::Fault(text) => Self::Fault(text),
            Error::Unavailable | Error::Contention => Self::fault("the database is not available at the moment"),
            Error::BadInput { .. } => {
                let described = graphql::describe(&error, Locale::En, "");
                let path = described.path.map(|path| format!("{path}: ")).unwrap_or_default();
                Self::misuse(format!("{path}{}", described.message))
            }
            other => Self::refused(graphql::describe(&other, Locale::En, "").message),
        }
    }
}

impl From<store::StoreError> for Failure {
    fn from(error: store::StoreError) -> Self {
        Self::Fault(error.to_string())
    }
}
