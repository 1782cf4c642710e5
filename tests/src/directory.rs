//! The directory of an office's staff, by which they may sign in.

use std::sync::Arc;

use server::adapters::{OidcClient, OidcProvider};
use service::{ClaimNames, Provider};
use testkit::IdentityServer;
use testkit::identity::{CLIENT_ID, CLIENT_SECRET};
use vocabulary::Bilingual;

/// As it is set up here: it may bring nobody whom the office does not know, and says itself whether it asked twice.
///
/// # Panics
/// When it cannot be set up.
#[must_use]
pub fn directory(identities: &IdentityServer) -> Provider {
    let us = OidcClient {
        issuer: identities.issuer.clone(),
        client_id: CLIENT_ID.to_owned(),
        client_secret: Some(CLIENT_SECRET.to_owned()),
        scopes: vec!["openid".to_owned(), "email".to_owned()],
        wanted: vec!["email".to_owned(), "name".to_owned()],
    };
    let claims = ClaimNames { subject: "sub".to_owned(), email: "email".to_owned(), name: "name".to_owned() };
    Provider {
        name: "staff".to_owned(),
        label: Bilingual::new("職員ID", "the staff directory"),
        issuer: identities.issuer.clone(),
        claims,
        sign_up: false,
        trust_email: false,
        second_factor: vec!["mfa".to_owned()],
        client: Arc::new(OidcProvider::new(us).unwrap()),
    }
}
