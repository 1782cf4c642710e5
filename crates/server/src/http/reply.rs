//! Answers: JSON, and problems with a code, a text and the request's id.

use graphql::{Code, describe};
use poem::Response;
use poem::http::StatusCode;
use poem::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use serde::Serialize;
use serde_json::json;
use service::Error;
use vocabulary::{Bilingual, Locale};

pub type Reply = Result<Response, Problem>;

/// Why not.
#[derive(Debug)]
pub enum Problem {
    Service(Error),
    Http { status: StatusCode, code: Code, message: Bilingual },
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Service(error)
    }
}

impl Problem {
    pub fn http(status: StatusCode, ja: &str, en: &str) -> Self {
        Self::Http { status, code: code_of(status), message: Bilingual::new(ja, en) }
    }

    pub fn not_found() -> Self {
        Self::Service(Error::NotFound)
    }

    pub fn too_large(limit_mib: usize) -> Self {
        Self::http(
            StatusCode::PAYLOAD_TOO_LARGE,
            &format!("大きすぎます（{limit_mib} MiB まで）"),
            &format!("This is too large; at most {limit_mib} MiB"),
        )
    }

    pub fn response(self, locale: Locale, request_id: &str) -> Response {
        match self {
            Self::Http { status, code, message } => problem(status, code, message.get(locale), request_id),
            Self::Service(error) => {
                let status = status_of(&error);
                let described = describe(&error, locale, request_id);
                let refusals: Vec<_> = match &error {
                    Error::Refused(refusals) => refusals
                        .iter()
                        .map(|refusal| {
                            let message = refusal.message.get(locale);
                            json!({ "code": refusal.code, "path": refusal.path, "message": message })
                        })
                        .collect(),
                    _ => Vec::new(),
                };
                let mut body = json!({
                    "error": { "code": described.code.as_str(), "message": described.message, "requestId": request_id }
                });
                if let Some(error) = body.get_mut("error").and_then(serde_json::Value::as_object_mut) {
                    if let Some(path) = described.path {
                        error.insert("path".to_owned(), path.into());
                    }
                    if !refusals.is_empty() {
                        error.insert("refusals".to_owned(), refusals.into());
                    }
                }
                let mut response = json_with(status, &body);
                if let Some(seconds) = described.retry_after_seconds {
                    response.headers_mut().insert(RETRY_AFTER, seconds.into());
                }
                if status == StatusCode::UNAUTHORIZED {
                    response.headers_mut().insert(WWW_AUTHENTICATE, poem::http::HeaderValue::from_static("Bearer"));
                }
                response
            }
        }
    }
}

const fn status_of(error: &Error) -> StatusCode {
    match error {
        Error::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Error::Stale(_) | Error::Conflict | Error::IdempotencyConflict => StatusCode::CONFLICT,
        Error::Unauthenticated => StatusCode::UNAUTHORIZED,
        Error::Forbidden(_) | Error::SignInAgain => StatusCode::FORBIDDEN,
        Error::NotFound => StatusCode::NOT_FOUND,
        Error::BadInput { .. } => StatusCode::BAD_REQUEST,
        Error::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
        Error::Unavailable | Error::Contention => StatusCode::SERVICE_UNAVAILABLE,
        Error::Fault(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

pub const fn code_of(status: StatusCode) -> Code {
    match status.as_u16() {
        401 => Code::Unauthenticated,
        403 => Code::Forbidden,
        404 => Code::NotFound,
        413 => Code::TooCostly,
        429 => Code::RateLimited,
        408 | 502..=504 => Code::Unavailable,
        500.. => Code::Internal,
        _ => Code::BadInput,
    }
}

/// An answer that says what went wrong.
pub fn problem(status: StatusCode, code: Code, message: &str, request_id: &str) -> Response {
    json_with(status, &json!({ "error": { "code": code.as_str(), "message": message, "requestId": request_id } }))
}

pub fn json_with(status: StatusCode, value: &impl Serialize) -> Response {
    // Everything shown here has string keys and finite numbers, so that this cannot fail.
    let body = serde_json::to_vec(value).unwrap_or_default();
    Response::builder().status(status).content_type("application/json").body(body)
}

pub fn html(text: String) -> Response {
    Response::builder().content_type("text/html; charset=utf-8").body(text)
}
