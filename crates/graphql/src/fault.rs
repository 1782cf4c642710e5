//! Errors that are no domain answers. The one place where an error becomes text that leaves the house.

use async_graphql::{Error, ErrorExtensions as _, ServerError};
use service::Error as ServiceError;
use vocabulary::{Bilingual, Locale};

/// Stable codes in `extensions.code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    Unauthenticated,
    /// The password was right; the code of the second factor is missing.
    SecondFactorRequired,
    /// The sign-in is too old for what moves money.
    SignInAgain,
    Forbidden,
    NotFound,
    BadInput,
    IdempotencyConflict,
    TooCostly,
    RateLimited,
    Unavailable,
    Internal,
}

impl Code {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::SecondFactorRequired => "SECOND_FACTOR_REQUIRED",
            Self::SignInAgain => "SIGN_IN_AGAIN",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::BadInput => "BAD_INPUT",
            Self::IdempotencyConflict => "IDEMPOTENCY_CONFLICT",
            Self::TooCostly => "TOO_COSTLY",
            Self::RateLimited => "RATE_LIMITED",
            Self::Unavailable => "UNAVAILABLE",
            Self::Internal => "INTERNAL",
        }
    }

    /// What a person can do about it.
    #[must_use]
    pub fn message(self) -> Bilingual {
        let (ja, en) = match self {
            Self::Unauthenticated => ("ログインしてください", "Please sign in"),
            Self::SecondFactorRequired => {
                ("二段階認証の確認コードも送ってください", "Send the code of the second factor as well")
            }
            Self::SignInAgain => (
                "ログインから時間がたっています。もう一度ログインしてから行ってください",
                "The sign-in is too old for this; please sign in again",
            ),
            Self::Forbidden => ("この操作を行う権限がありません", "You may not do this"),
            Self::NotFound => ("見つかりません", "Not found"),
            Self::BadInput => ("入力の形式が正しくありません", "The input has the wrong shape"),
            Self::IdempotencyConflict => (
                "同じ idempotencyKey が別の内容で使われています",
                "This idempotencyKey was used before with another input",
            ),
            Self::TooCostly => {
                ("問い合わせが大きすぎます。分けて送ってください", "The query is too large; please split it")
            }
            Self::RateLimited => {
                ("回数の上限に達しました。しばらくしてからお試しください", "Too many tries; please wait a while")
            }
            Self::Unavailable => (
                "ただいま処理できません。同じ内容でもう一度お試しください",
                "Not possible at the moment; please send the same request again",
            ),
            Self::Internal => (
                "サーバーで問題が起きました。requestId を添えてお問い合わせください",
                "Something went wrong on our side; please report it with the requestId",
            ),
        };
        Bilingual::new(ja, en)
    }
}

/// An error with its code.
pub(crate) fn coded(code: Code, message: impl Into<String>) -> Error {
    Error::new(message).extend_with(|_, extensions| extensions.set("code", code.as_str()))
}

pub(crate) fn bad_input(path: &str, message: impl Into<String>) -> Error {
    coded(Code::BadInput, message).extend_with(|_, extensions| extensions.set("path", path))
}

/// An error of the service as it may be told: texts of faults go to the log, never to the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    pub code: Code,
    pub message: String,
    /// The input that is meant.
    pub path: Option<String>,
    pub retry_after_seconds: Option<u64>,
    /// The codes of refusals.
    pub refusals: Vec<String>,
}

/// The one place where an error becomes words.
#[must_use]
pub fn describe(error: &ServiceError, locale: Locale, request_id: &str) -> Described {
    let told = |code: Code, message: &Bilingual| {
        let message = message.get(locale).to_owned();
        Described { code, message, path: None, retry_after_seconds: None, refusals: Vec::new() }
    };
    let plain = |code: Code| told(code, &code.message());
    match error {
        ServiceError::Unauthenticated => plain(Code::Unauthenticated),
        ServiceError::SignInAgain => plain(Code::SignInAgain),
        ServiceError::Forbidden(message) => told(Code::Forbidden, message),
        ServiceError::NotFound => plain(Code::NotFound),
        ServiceError::BadInput { path, message } => Described { path: path.clone(), ..told(Code::BadInput, message) },
        ServiceError::Refused(refusals) => {
            let message = refusals.first().map_or_else(|| Code::BadInput.message(), |refusal| refusal.message.clone());
            let codes = refusals.iter().map(|refusal| refusal.code.clone()).collect();
            Described { refusals: codes, ..told(Code::BadInput, &message) }
        }
        ServiceError::Stale(_) | ServiceError::Conflict => Described {
            path: Some("expectedVersion".to_owned()),
            ..told(
                Code::BadInput,
                &Bilingual::new(
                    "他の人が先に更新しました。読み込み直してください",
                    "Somebody else has changed it; please load it again",
                ),
            )
        },
        ServiceError::IdempotencyConflict => plain(Code::IdempotencyConflict),
        ServiceError::RateLimited { retry_after_seconds } => {
            Described { retry_after_seconds: Some(*retry_after_seconds), ..plain(Code::RateLimited) }
        }
        ServiceError::Unavailable | ServiceError::Contention => plain(Code::Unavailable),
        ServiceError::Fault(text) => {
            tracing::error!(request_id, fault = %text, "a request failed");
            plain(Code::Internal)
        }
    }
}

/// What the service says besides yes and no.
pub(crate) fn fault(error: &ServiceError, locale: Locale, request_id: &str) -> Error {
    let Described { code, message, path, retry_after_seconds, refusals } = describe(error, locale, request_id);
    coded(code, message).extend_with(|_, extensions| {
        if let Some(path) = &path {
            extensions.set("path", path.as_str());
        }
        if let Some(seconds) = retry_after_seconds {
            extensions.set("retryAfterSeconds", seconds);
        }
        if !refusals.is_empty() {
            extensions.set("refusals", refusals.clone());
        }
    })
}

/// Gives every error a code and the request's id. Errors without a code come from the library and speak of the
/// client's own document only.
pub(crate) fn complete(error: &mut ServerError, request_id: &str) {
    let extensions = error.extensions.get_or_insert_default();
    if extensions.get("code").is_none() {
        let costly = error.message.contains("too complex") || error.message.contains("too deep");
        extensions.set("code", if costly { Code::TooCostly.as_str() } else { Code::BadInput.as_str() });
    }
    extensions.set("requestId", request_id);
    error.source = None;
}
