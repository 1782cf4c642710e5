//! Signing in and out.

use std::sync::Arc;

use graphql::Code;
use graphql::endpoint::Policy;
use poem::http::StatusCode;
use poem::http::header::{ACCEPT, CONTENT_TYPE, LOCATION, SET_COOKIE, USER_AGENT};
use poem::{Request, Response};
use serde::Deserialize;
use serde_json::json;
use service::{Device, NewSession, Viewer};

use super::Site;
use super::input::{Accepts, read};
use super::reply::{Problem, Reply, json_with};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignIn {
    email: String,
    password: String,
    /// Of the second factor, where there is one.
    #[serde(default)]
    code: Option<String>,
}

/// `POST /session`: who signs in. The token is in the cookie and nowhere else.
pub async fn sign_in(site: Arc<Site>, request: Request) -> Reply {
    must_be_own_page(&site.policy, &request)?;
    let (request, SignIn { email, password, code }) = read(request, Accepts::JsonOrForm).await?;
    let client = site.client_ip(&request).map(|ip| ip.to_string());
    let agent = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
    let device = Device { address: client.as_deref(), agent };
    let half = match site.service.sign_in(&email, &password, device).await {
        Ok(service::SignIn::Done(session)) => return Ok(welcome(&site, &request, &session)),
        Ok(service::SignIn::HalfDone(half)) => half,
        Err(service::Error::Unauthenticated) => return Err(wrong_password()),
        Err(error) => return Err(error.into()),
    };
    let code = code.ok_or_else(|| Problem::Http {
        status: StatusCode::UNAUTHORIZED,
        code: Code::SecondFactorRequired,
        message: Code::SecondFactorRequired.message(),
    })?;
    let session = site.service.complete_sign_in(&half, &code, device).await?;
    Ok(welcome(&site, &request, &session))
}

fn wrong_password() -> Problem {
    Problem::http(
        StatusCode::UNAUTHORIZED,
        "メールアドレスかパスワードが正しくありません",
        "The e-mail address or the password is wrong",
    )
}

/// `DELETE /session`: ends it here and in the database.
pub async fn sign_out(site: Arc<Site>, request: Request) -> Reply {
    if let Some(viewer) = site.viewer(&request).await? {
        site.service.sign_out(&viewer).await?;
    }
    Ok(Response::builder().status(StatusCode::NO_CONTENT).header(SET_COOKIE, closing_cookie(&site)).body(()))
}

/// The answer to a sign-in: a page for a form sent by a browser, JSON otherwise.
pub fn welcome(site: &Site, request: &Request, session: &NewSession) -> Response {
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_form = header(CONTENT_TYPE).starts_with("application/x-www-form-urlencoded");
    let cookie = opening_cookie(site, session);
    if is_form && header(ACCEPT).contains("text/html") {
        return Response::builder()
            .status(StatusCode::SEE_OTHER)
            .header(LOCATION, "/")
            .header(SET_COOKIE, cookie)
            .body(());
    }
    let body = json!({ "viewer": shown(&session.viewer), "expiresAt": session.expires_at });
    let mut response = json_with(StatusCode::OK, &body);
    if let Ok(cookie) = cookie.parse() {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

fn shown(viewer: &Viewer) -> serde_json::Value {
    let roles: Vec<_> = viewer
        .person
        .roles
        .iter()
        .map(|(municipality, role)| json!({ "municipality": municipality, "role": role.as_str() }))
        .collect();
    json!({ "id": viewer.person.id, "name": viewer.person.name, "email": viewer.email, "roles": roles })
}

pub fn opening_cookie(site: &Site, session: &NewSession) -> String {
    let seconds = (session.expires_at - site.clock.now()).num_seconds().max(0);
    cookie(&site.policy, &session.token, seconds)
}

pub fn closing_cookie(site: &Site) -> String {
    cookie(&site.policy, "", 0)
}

/// `__Host-` and `Secure` wherever there is TLS.
fn cookie(policy: &Policy, token: &str, seconds: i64) -> String {
    let secure = if policy.production { "; Secure" } else { "" };
    format!("{}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}", policy.session_cookie())
}

/// # Errors
/// `FORBIDDEN` when a browser says that another site sends this.
pub fn must_be_own_page(policy: &Policy, request: &Request) -> Result<(), Problem> {
    if policy.is_same_origin(request.headers()) {
        return Ok(());
    }
    Err(service::Error::forbidden(
        "他のサイトからの要求は受け付けられません",
        "Requests from another site are not accepted",
    )
    .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_guarded() {
        let policy = |production| Policy { origin: String::new(), production };
        let secure = cookie(&policy(true), "t", 60);
        assert_eq!(secure, "__Host-session=t; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure");
        assert!(cookie(&policy(false), "t", 60).starts_with("session=t; Path=/; HttpOnly; SameSite=Lax"));
    }
}
