//! What goes back: pages under a strict policy, redirects, fragments, and the small cookies of the pages.

use askama::Template;
use poem::Response;
use poem::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION, SET_COOKIE};
use poem::http::{HeaderValue, StatusCode};
use service::NewSession;

use crate::asked::Asked;

/// An answer, and what becomes of the visitor's session by it.
pub struct Answer {
    pub response: Response,
    pub session: Option<Session>,
}

/// The server keeps the session's cookie.
pub enum Session {
    Opened(Box<NewSession>),
    Closed,
}

/// Seconds that a language stays chosen.
const YEAR: i64 = 365 * 24 * 60 * 60;
/// Seconds until a notice that nobody came to read is forgotten.
const NOTICE: i64 = 60;
/// Seconds in which somebody is back from a provider of identities.
const DEPARTURE: i64 = 10 * 60;
const DAY: i64 = 24 * 60 * 60;

/// What pages keep in the browser, besides the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// The language that was chosen.
    Language,
    /// A code of [`crate::text`] for the next page.
    Notice,
    /// Binds forms to the browser of somebody who is not signed in.
    Form,
    /// Knows a browser again that went to a provider of identities.
    Provider,
}

impl Cookie {
    pub const fn name(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Self::Language, _) => "language",
            (Self::Notice, _) => "notice",
            (Self::Form, true) => "__Host-form",
            (Self::Form, false) => "form",
            (Self::Provider, true) => "__Host-provider",
            (Self::Provider, false) => "provider",
        }
    }

    const fn seconds(self) -> i64 {
        match self {
            Self::Language => YEAR,
            Self::Notice => NOTICE,
            Self::Form => DAY,
            Self::Provider => DEPARTURE,
        }
    }
}

impl Answer {
    pub(crate) fn of(response: Response) -> Self {
        Self { response, session: None }
    }

    /// A template as a page. Nothing but our own style, and scripts that carry the nonce of this very answer.
    pub(crate) fn page(asked: &Asked, status: StatusCode, page: &impl Template) -> Self {
        let html = page.render().unwrap_or_else(|error| {
            // Templates are checked when they are compiled and write into memory, so that this does not happen.
            tracing::error!(%error, "a page could not be written");
            String::new()
        });
        let nonce = nonce(asked);
        let policy = format!(
            "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self' data:; \
             connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
        );
        let mut response = Response::builder().status(status).content_type("text/html; charset=utf-8").body(html);
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
        }
        Self::of(response)
    }

    /// On to another page, by GET.
    pub(crate) fn see(path: &str) -> Self {
        Self::of(Response::builder().status(StatusCode::SEE_OTHER).header(LOCATION, path).body(()))
    }

    /// A file that never changes under its name.
    pub(crate) fn asset(media_type: &str, text: &'static str) -> Self {
        let response = Response::builder()
            .content_type(media_type)
            .header(CACHE_CONTROL, "public, max-age=31536000, immutable")
            .body(text);
        Self::of(response)
    }

    pub(crate) fn with_cookie(mut self, asked: &Asked, cookie: Cookie, value: &str) -> Self {
        let secure = asked.visitor.secure;
        let guarded = if secure { "; Secure" } else { "" };
        let seconds = if value.is_empty() { 0 } else { cookie.seconds() };
        let text =
            format!("{}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{guarded}", cookie.name(secure));
        if let Ok(text) = HeaderValue::from_str(&text) {
            self.response.headers_mut().append(SET_COOKIE, text);
        }
        self
    }

    pub(crate) fn with_session(mut self, session: Session) -> Self {
        self.session = Some(session);
        self
    }
}

pub(crate) fn nonce(asked: &Asked) -> String {
    asked.fresh("nonce").chars().take(32).collect()
}
