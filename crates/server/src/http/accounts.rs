//! Accounts: making one, proving an address, a new password, accepting an invitation.
//!
//! The answers are the same for addresses that are known and those that are not.

use std::sync::Arc;

use poem::Request;
use poem::http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use vocabulary::Locale;

use super::Site;
use super::input::{Accepts, read};
use super::reply::{Problem, Reply, json_with};
use super::session::must_be_own_page;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignUp {
    email: String,
    name: String,
    password: String,
    #[serde(default)]
    locale: Locale,
}

pub async fn sign_up(site: Arc<Site>, request: Request) -> Reply {
    must_be_own_page(&site.policy, &request)?;
    let (_, SignUp { email, name, password, locale }) = read(request, Accepts::Json).await?;
    site.service.sign_up(&email, &name, &password, locale, None).await?;
    Ok(json_with(StatusCode::ACCEPTED, &json!({ "status": "mail_sent" })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Token {
    token: String,
}

pub async fn verify_email(site: Arc<Site>, request: Request) -> Reply {
    must_be_own_page(&site.policy, &request)?;
    let (_, Token { token }) = read(request, Accepts::Json).await?;
    site.service.verify_email(&token).await?;
    Ok(json_with(StatusCode::OK, &json!({ "status": "verified" })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Address {
    email: String,
}

pub async fn request_password_reset(site: Arc<Site>, request: Request) -> Reply {
    must_be_own_page(&site.policy, &request)?;
    let (_, Address { email }) = read(request, Accepts::Json).await?;
    site.service.request_password_reset(&email).await?;
    Ok(json_with(StatusCode::ACCEPTED, &json!({ "status": "mail_sent" })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPassword {
    token: String,
    password: String,
}

pub async fn reset_password(site: Arc<Site>, request: Request) -> Reply {
    must_be_own_page(&site.policy, &request)?;
    let (_, NewPassword { token, password }) = read(request, Accepts::Json).await?;
    site.service.reset_password(&token, &password).await?;
    Ok(json_with(StatusCode::OK, &json!({ "status": "changed" })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Acceptance {
    name: String,
    /// Of a new account; whoever has one signs in with it.
    #[serde(default)]
    password: Option<String>,
}

pub async fn accept_invitation(site: Arc<Site>, request: Request) -> Reply {
    must_be_own_page(&site.policy, &request)?;
    let token = request.raw_path_param("token").map(str::to_owned).ok_or_else(Problem::not_found)?;
    let (_, Acceptance { name, password }) = read(request, Accepts::Json).await?;
    site.service.accept_invitation(&token, &name, password.as_deref()).await?;
    Ok(json_with(StatusCode::OK, &json!({ "status": "accepted" })))
}
