//! What a use case can answer besides success. Three kinds only: a domain answer, a conflict, a fault.

use casework::Refusal;
use vocabulary::Bilingual;

use crate::Application;

#[derive(Debug)]
pub enum Error {
    /// A domain answer: the rules say no, and why.
    Refused(Vec<Refusal>),
    /// The case has moved on; here it is as it is now.
    Stale(Box<Application>),
    /// Somebody else changed the same thing in the meantime: load it again.
    Conflict,
    /// In the way of another transaction; tried again by itself, and the caller may try again too.
    Contention,
    /// Nobody is signed in, or the sign-in has ended.
    Unauthenticated,
    /// Signed in too long ago for what moves money or opens the account: who it is has to be shown again.
    SignInAgain,
    /// Signed in, but this is not theirs to do.
    Forbidden(Bilingual),
    /// It does not exist, or whoever asks may not know that it does.
    NotFound,
    /// The input has the wrong shape.
    BadInput { path: Option<String>, message: Bilingual },
    /// The idempotency key was used before with another input.
    IdempotencyConflict,
    /// Too many tries; seconds until the next one may be made.
    RateLimited { retry_after_seconds: u64 },
    /// The database or the disk is away for now; the same call may be made again.
    Unavailable,
    /// A mistake of ours; the text is for the log only.
    Fault(String),
}

impl Error {
    #[must_use]
    pub fn bad_input(path: impl Into<String>, ja: &str, en: &str) -> Self {
        Self::BadInput { path: Some(path.into()), message: Bilingual::new(ja, en) }
    }

    #[must_use]
    pub fn invalid(path: impl Into<String>, invalid: vocabulary::Invalid) -> Self {
        Self::BadInput { path: Some(path.into()), message: invalid.message }
    }

    #[must_use]
    pub fn forbidden(ja: &str, en: &str) -> Self {
        Self::Forbidden(Bilingual::new(ja, en))
    }
}

impl From<store::StoreError> for Error {
    fn from(error: store::StoreError) -> Self {
        use store::StoreError;
        match error {
            StoreError::Conflict => Self::Conflict,
            StoreError::Contention => Self::Contention,
            StoreError::Full => Self::Conflict,
            StoreError::Text => Self::BadInput {
                path: None,
                message: Bilingual::new("使えない文字が含まれています", "A text holds a character that cannot be used"),
            },
            StoreError::Unavailable(why) => {
                tracing::warn!(why, "the database is not available");
                Self::Unavailable
            }
            other => Self::Fault(other.to_string()),
        }
    }
}

impl store::Retryable for Error {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Contention)
    }
}

pub type Result<T> = std::result::Result<T, Error>;
