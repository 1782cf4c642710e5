//! The HTTP end of the API: the only file of this crate that names poem.
//!
//! POST with `application/json` only, one operation, bounded in size and time. The ready-made endpoint would also take
//! GET, text and multipart bodies and batches, each of which a foreign page can send with somebody's cookie.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Request as Query, Response as Answer, ServerError, Variables};
use poem::http::header::{
    ACCEPT_LANGUAGE, ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, HeaderMap,
    HeaderName, ORIGIN, RETRY_AFTER, WWW_AUTHENTICATE,
};
use poem::http::{Method, StatusCode};
use poem::{Body, Endpoint, Request, Response};
use serde::Deserialize;
use service::{Error, PARTNER_TOKEN, Service, Viewer};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::sync::Semaphore;
use vocabulary::Locale;

use crate::Schema;
use crate::fault::{Code, complete, fault};
use crate::limits::{Excess, examine};
use crate::scope::{Scope, Who};

/// Bytes of a request's body.
const MAXIMUM_BODY: usize = 1024 * 1024;
const DEADLINE: Duration = Duration::from_secs(10);
/// The cookie where pages come by TLS, and where they come from this very machine.
pub const SECURE_SESSION_COOKIE: &str = "__Host-session";
pub const LOCAL_SESSION_COOKIE: &str = "session";

/// Put on the request by the outermost layer; shown to clients, found in the log.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// Put on the request by the outermost layer: the address of whoever asks.
#[derive(Clone, Debug)]
pub struct ClientAddress(pub Option<String>);

/// `POST /graphql`.
pub struct GraphQl {
    schema: Schema,
    service: Service,
    policy: Arc<Policy>,
    room: Semaphore,
}

/// Operations that are worked on at the same time; more would only wait for each other.
const MOST_AT_ONCE: usize = 512;

/// What counts as our own page.
#[derive(Clone, Debug)]
pub struct Policy {
    /// `https://hojokin.example.jp`
    pub origin: String,
    /// Cookies need TLS; in development a page may also come from whatever name this machine was called by.
    pub production: bool,
}

impl Policy {
    #[must_use]
    pub const fn session_cookie(&self) -> &'static str {
        if self.production { SECURE_SESSION_COOKIE } else { LOCAL_SESSION_COOKIE }
    }

    /// Whether a browser says that one of our own pages sends this. No browser leaves both headers out of a request
    /// that changes something, so whoever does is no page.
    #[must_use]
    pub fn is_same_origin(&self, headers: &HeaderMap) -> bool {
        let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
        if text(HeaderName::from_static("sec-fetch-site")).is_some_and(|site| site != "same-origin") {
            return false;
        }
        let Some(origin) = text(ORIGIN) else { return true };
        let host = origin.split_once("://").map(|(_, host)| host);
        origin == self.origin || (!self.production && host.is_some() && host == text(HOST))
    }
}

/// Who sends the request: by API token or by session cookie. A cookie counts only from our own pages, except for
/// requests that change nothing.
///
/// # Errors
/// `Unauthenticated` for a token that does not hold, `Forbidden` for a cookie sent by a foreign page. An ended session
/// is nobody.
pub async fn identify(
    service: &Service,
    policy: &Policy,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Option<Viewer>, Error> {
    if headers.contains_key(AUTHORIZATION) {
        return match bearer(headers) {
            Some(token) => service.viewer_by_token(token).await.map(Some),
            None => Err(Error::Unauthenticated),
        };
    }
    let Some(token) = session_token(policy, headers) else { return Ok(None) };
    if !method.is_safe() && !policy.is_same_origin(headers) {
        return Err(Error::forbidden(
            "他のサイトからの要求は受け付けられません",
            "Requests from another site are not accepted",
        ));
    }
    match service.viewer_by_session(token).await {
        Ok(viewer) => Ok(Some(viewer)),
        Err(Error::Unauthenticated | Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The session's token in the cookie header.
#[must_use]
pub fn session_token<'a>(policy: &Policy, headers: &'a HeaderMap) -> Option<&'a str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == policy.session_cookie()).map(|(_, token)| token)
}

/// The first of our languages in `Accept-Language`.
#[must_use]
pub fn accepted_locale(headers: &HeaderMap) -> Option<Locale> {
    let accepted = headers.get(ACCEPT_LANGUAGE)?.to_str().ok()?;
    let quality = |parameters: &str| {
        let q = parameters.split(';').find_map(|parameter| parameter.trim().strip_prefix("q="));
        q.map_or(1000, |q| q.parse::<f32>().map_or(0, |q| (q.clamp(0.0, 1.0) * 1000.0).round() as i32))
    };
    let known = accepted.split(',').filter_map(|range| {
        let (language, parameters) = range.trim().split_once(';').unwrap_or((range.trim(), ""));
        let locale = match language.split('-').next()?.to_ascii_lowercase().as_str() {
            "ja" => Locale::Ja,
            "en" => Locale::En,
            _ => return None,
        };
        Some((locale, quality(parameters)))
    });
    let best = known.filter(|(_, quality)| *quality > 0).reduce(|best, next| if next.1 > best.1 { next } else { best });
    best.map(|(locale, _)| locale)
}

#[derive(Deserialize)]
struct Operation {
    query: String,
    #[serde(default, rename = "operationName")]
    name: Option<String>,
    #[serde(default)]
    variables: Option<serde_json::Map<String, serde_json::Value>>,
}

/// Bytes of a refused body that are still read, so that the sender comes to read the answer; and for how long.
pub const DRAINED_BYTES: u64 = 32 * 1024 * 1024;
const DRAINING: Duration = Duration::from_secs(5);

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    TooLarge,
    Broken,
}

/// Reads a body of at most `limit` bytes, whatever length it announces.
///
/// # Errors
/// When it is longer, or ends too soon.
pub async fn read_bounded(body: Body, limit: usize) -> Result<Vec<u8>, Unread> {
    let mut reader = body.into_async_read();
    let mut bytes = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    (&mut reader).take(most).read_to_end(&mut bytes).await.map_err(|_| Unread::Broken)?;
    if bytes.len() > limit {
        discard(reader).await;
        return Err(Unread::TooLarge);
    }
    Ok(bytes)
}

/// Reads what somebody sends in vain, within bounds: whoever is cut off while sending never sees the answer.
pub async fn drain(body: Body) {
    discard(body.into_async_read()).await;
}

async fn discard(reader: impl AsyncRead + Unpin) {
    let mut sink = tokio::io::sink();
    let mut rest = reader.take(DRAINED_BYTES);
    // However it ends, there is nothing more to do.
    tokio::time::timeout(DRAINING, tokio::io::copy(&mut rest, &mut sink)).await.ok();
}

/// An answer before there is a schema to ask: status, code, text.
struct Rejection {
    status: StatusCode,
    code: Code,
    message: String,
}

impl Rejection {
    fn new(status: StatusCode, code: Code, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }
}

impl From<Excess> for Rejection {
    fn from(excess: Excess) -> Self {
        Self::new(StatusCode::OK, excess.code, excess.message)
    }
}

impl GraphQl {
    #[must_use]
    pub fn new(service: Service, policy: Arc<Policy>) -> Self {
        Self { schema: crate::schema(), service, policy, room: Semaphore::new(MOST_AT_ONCE) }
    }

    /// Besides people, the API alone knows the holders of partners' links.
    async fn who(&self, method: &Method, headers: &HeaderMap, address: Option<String>) -> Result<Who, Error> {
        if let Some(token) = bearer(headers).filter(|token| token.starts_with(PARTNER_TOKEN)) {
            return self.service.partner_by_token(token).await.map(Who::Partner);
        }
        let viewer = identify(&self.service, &self.policy, method, headers).await?;
        Ok(viewer.map_or(Who::Nobody, |mut viewer| {
            viewer.address = address;
            Who::Person(viewer)
        }))
    }

    async fn answer(&self, request: Request, request_id: &str) -> Result<Answer, Rejection> {
        let shape = check_shape(&request);
        let address = request.data::<ClientAddress>().and_then(|address| address.0.clone());
        let (parts, body) = request.into_parts();
        if let Err(rejection) = shape {
            drain(body).await;
            return Err(rejection);
        }
        let operation = in_time(read(body), StatusCode::REQUEST_TIMEOUT).await??;
        let variables = Variables::from_json(serde_json::Value::Object(operation.variables.unwrap_or_default()));
        let examined = examine(&operation.query, &variables)?;

        let accepted = accepted_locale(&parts.headers);
        // Slow senders do not count: their bodies are read before.
        let Ok(_room) = self.room.try_acquire() else {
            let message = Code::Unavailable.message().get(accepted.unwrap_or_default()).to_owned();
            return Err(Rejection::new(StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable, message));
        };
        let execution = async {
            let who = self.who(&parts.method, &parts.headers, address).await;
            let who = who.map_err(|error| refuse(&error, accepted.unwrap_or_default(), request_id))?;
            let own = match &who {
                Who::Person(viewer) => Some(viewer.locale),
                Who::Nobody | Who::Partner(_) => None,
            };
            if examined.introspects && own.is_none() {
                return Err(Rejection::new(StatusCode::OK, Code::Unauthenticated, "sign in to introspect the schema"));
            }
            let locale = accepted.or(own).unwrap_or_default();
            let scope = Scope::new(self.service.clone(), who, locale, request_id.to_owned());
            let mut query = Query::new(operation.query).variables(variables).data(scope);
            query.operation_name = operation.name;
            query.set_parsed_query(examined.document);
            Ok(self.schema.execute(query).await)
        };
        in_time(execution, StatusCode::SERVICE_UNAVAILABLE).await?
    }
}

impl Endpoint for GraphQl {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let request_id = request.data::<RequestId>().map_or_else(String::new, |id| id.0.clone());
        let (status, mut answer) = match self.answer(request, &request_id).await {
            Ok(answer) => (StatusCode::OK, answer),
            Err(Rejection { status, code, message }) => {
                let mut error = ServerError::new(message, None);
                error.extensions.get_or_insert_default().set("code", code.as_str());
                (status, Answer::from_errors(vec![error]))
            }
        };
        for error in &mut answer.errors {
            complete(error, &request_id);
        }
        Ok(respond(status, &answer))
    }
}

fn respond(status: StatusCode, answer: &Answer) -> Response {
    // Everything in an answer has string keys and finite numbers, so that this cannot fail.
    let body = serde_json::to_vec(answer).unwrap_or_default();
    let mut response =
        Response::builder().status(status).content_type("application/json").header(CACHE_CONTROL, "no-store");
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response = response.header(ALLOW, "POST");
    }
    if status == StatusCode::UNAUTHORIZED {
        response = response.header(WWW_AUTHENTICATE, "Bearer");
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response = response.header(RETRY_AFTER, "1");
    }
    response.body(body)
}

/// What can be told without reading the body.
fn check_shape(request: &Request) -> Result<(), Rejection> {
    if request.method() != Method::POST {
        return Err(Rejection::new(StatusCode::METHOD_NOT_ALLOWED, Code::BadInput, "use POST"));
    }
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (media_type, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    let charset = parameters.trim().to_ascii_lowercase();
    let utf8 = ["", "charset=utf-8", "charset=\"utf-8\""].contains(&charset.as_str());
    if !media_type.trim().eq_ignore_ascii_case("application/json") || !utf8 {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Rejection::new(status, Code::BadInput, "send application/json"));
    }
    let length = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > MAXIMUM_BODY) {
        return Err(too_large());
    }
    Ok(())
}

fn too_large() -> Rejection {
    let message = format!("a request has at most {MAXIMUM_BODY} bytes");
    Rejection::new(StatusCode::PAYLOAD_TOO_LARGE, Code::TooCostly, message)
}

async fn read(body: Body) -> Result<Operation, Rejection> {
    let bytes = read_bounded(body, MAXIMUM_BODY).await.map_err(|error| match error {
        Unread::TooLarge => too_large(),
        Unread::Broken => Rejection::new(StatusCode::BAD_REQUEST, Code::BadInput, "the body ended too soon"),
    })?;
    serde_json::from_slice(&bytes).map_err(|_| {
        let message = "send one JSON object: {\"query\": …, \"variables\": {…}, \"operationName\": …}";
        Rejection::new(StatusCode::BAD_REQUEST, Code::BadInput, message)
    })
}

fn refuse(error: &Error, locale: Locale, request_id: &str) -> Rejection {
    let (status, code) = match error {
        Error::Unauthenticated | Error::NotFound => (StatusCode::UNAUTHORIZED, Code::Unauthenticated),
        Error::Forbidden(_) => (StatusCode::FORBIDDEN, Code::Forbidden),
        Error::RateLimited { .. } => (StatusCode::TOO_MANY_REQUESTS, Code::RateLimited),
        Error::Unavailable | Error::Contention => (StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, Code::Internal),
    };
    Rejection::new(status, code, fault(error, locale, request_id).message)
}

async fn in_time<T>(work: impl Future<Output = T>, status: StatusCode) -> Result<T, Rejection> {
    let late = |_| Rejection::new(status, Code::Unavailable, Code::Unavailable.message().en);
    tokio::time::timeout(DEADLINE, work).await.map_err(late)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    #[test]
    fn foreign_pages_are_told_apart() {
        let policy = Policy { origin: "https://hojokin.example.jp".to_owned(), production: true };
        assert!(policy.is_same_origin(&headers(&[("origin", "https://hojokin.example.jp")])));
        assert!(policy.is_same_origin(&headers(&[])));
        for foreign in [
            &[("origin", "https://evil.example")][..],
            &[("origin", "null")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site"), ("origin", "https://hojokin.example.jp")],
            &[("origin", "http://hojokin.example.jp"), ("host", "hojokin.example.jp")],
        ] {
            assert!(!policy.is_same_origin(&headers(foreign)), "{foreign:?}");
        }
        let local = Policy { origin: "http://127.0.0.1:8080".to_owned(), production: false };
        assert!(local.is_same_origin(&headers(&[("origin", "http://localhost:8080"), ("host", "localhost:8080")])));
    }

    #[test]
    fn languages_are_chosen_by_quality() {
        let locale = |text| accepted_locale(&headers(&[("accept-language", text)]));
        assert_eq!(locale("en"), Some(Locale::En));
        assert_eq!(locale("fr, en;q=0.5, ja-JP;q=0.8"), Some(Locale::Ja));
        assert_eq!(locale("de"), None);
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let policy = Policy { origin: String::new(), production: true };
        let sent = headers(&[("cookie", "session=x; a=b; __Host-session=secret")]);
        assert_eq!(session_token(&policy, &sent), Some("secret"));
    }
}
