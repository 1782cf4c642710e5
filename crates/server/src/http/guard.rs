//! Around everything: a request id, a deadline, panics caught, one shape for every error, headers on every answer.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use graphql::endpoint::{ClientAddress, RequestId, accepted_locale};
use poem::http::StatusCode;
use poem::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use poem::{Endpoint, Request, Response};
use vocabulary::{Ids as _, Locale};

use super::reply::{code_of, problem};
use super::{Site, pages};

/// A slow body is cut off after this, and so is a slow answer.
const DEADLINE: Duration = Duration::from_secs(60);

const CONTENT_POLICY: &str = "default-src 'none'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; \
                              form-action 'self'";

/// What browsers are told unless an answer says otherwise.
const HEADERS: [(HeaderName, &str); 8] = [
    (CONTENT_SECURITY_POLICY, CONTENT_POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "same-origin"),
    (CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=()"),
];

/// Two years, as browsers' preload lists ask.
const STRICT_TRANSPORT: &str = "max-age=63072000; includeSubDomains";

pub struct Guard<E> {
    inner: E,
    site: Arc<Site>,
}

impl<E> Guard<E> {
    pub const fn new(inner: E, site: Arc<Site>) -> Self {
        Self { inner, site }
    }

    fn dress(&self, headers: &mut HeaderMap, id: &str) {
        for (name, value) in HEADERS {
            headers.entry(name).or_insert(HeaderValue::from_static(value));
        }
        if self.site.policy.production {
            headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(STRICT_TRANSPORT));
        }
        if let Ok(id) = HeaderValue::from_str(id) {
            headers.insert("x-request-id", id);
        }
    }
}

impl<E: Endpoint<Output = Response>> Endpoint for Guard<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let began = Instant::now();
        let id = self.site.ids.next().simple().to_string();
        request.set_data(RequestId(id.clone()));
        let address = self.site.client_ip(&request).map(|ip| ip.to_string());
        request.set_data(ClientAddress(address));
        let locale = accepted_locale(request.headers()).unwrap_or(Locale::Ja);
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let headers = request.headers().clone();
        let plain = |status| {
            let page = pages::failed(&self.site, &headers, &path, &id, status);
            page.unwrap_or_else(|| plain(&path, status, locale, &id))
        };

        let work = AssertUnwindSafe(self.inner.call(request)).catch_unwind();
        let mut response = match tokio::time::timeout(DEADLINE, work).await {
            Ok(Ok(Ok(response))) => response,
            Ok(Ok(Err(error))) => plain(error.status()),
            Ok(Err(_panic)) => {
                self.site.metrics.panicked();
                tracing::error!(request_id = %id, "a handler panicked");
                plain(StatusCode::INTERNAL_SERVER_ERROR)
            }
            Err(_late) => plain(StatusCode::REQUEST_TIMEOUT),
        };
        self.dress(response.headers_mut(), &id);
        self.site.metrics.answered(response.status(), began.elapsed());
        tracing::debug!(request_id = %id, %method, status = response.status().as_u16(), "answered");
        Ok(response)
    }
}

/// An answer for a status that the framework gave: its text is not repeated.
fn plain(path: &str, status: StatusCode, locale: Locale, id: &str) -> Response {
    let code = code_of(status);
    let mut response = problem(status, code, code.message().get(locale), id);
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed(path)));
    }
    response
}

/// The methods of a path that was called with another one.
fn allowed(path: &str) -> &'static str {
    match path.split('/').nth(1).unwrap_or_default() {
        "session" => "POST, DELETE",
        "files" if path.trim_end_matches('/') == "/files" => "POST",
        "sign-up" | "verify-email" | "password-reset" | "invitations" => "POST",
        "dev" if path == "/dev/sign-in" => "GET, HEAD, POST",
        _ => "GET, HEAD",
    }
}
