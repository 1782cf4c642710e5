//! A provider of identities (OpenID Connect), as the service asks for it: what is known of it, and how it is asked.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::{Map, Value};
use vocabulary::{Bilingual, Instant};

/// Seconds that the clocks of a provider and ours may differ.
pub const CLOCK_SKEW_SECONDS: i64 = 60;

/// What a provider says of somebody.
pub type Claims = Map<String, Value>;
pub type Asking<'a, T> = Pin<Box<dyn Future<Output = std::result::Result<T, ProviderFault>> + Send + 'a>>;

/// What a browser takes to a provider, and what has to come back from there.
#[derive(Clone, PartialEq, Eq)]
pub struct Challenge {
    pub state: String,
    pub nonce: String,
    /// RFC 7636: who has the code but not this gets nothing for it.
    pub verifier: String,
    /// Of the verifier, by `S256`.
    pub code_challenge: String,
    pub redirect_uri: String,
    /// The provider has to ask for who it is, whatever it remembers.
    pub afresh: bool,
}

/// Why a provider gave no answer that counts. The text is for the log and holds nothing personal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderFault {
    /// It could not be reached, or did not answer as providers do.
    Away(String),
    /// What it said does not hold.
    Refused(String),
}

/// How a provider is asked. One real one exists, by HTTP.
pub trait IdentityProvider: Send + Sync + 'static {
    /// Whether it can be reached, and is the one that it should be.
    fn check(&self) -> Asking<'_, ()>;

    /// Where the browser goes.
    fn authorization<'a>(&'a self, challenge: &'a Challenge) -> Asking<'a, String>;

    /// Trades the code that came back for what the provider says: signed by it, for us, for this challenge, and not over.
    fn claims<'a>(&'a self, code: &'a str, challenge: &'a Challenge, now: Instant) -> Asking<'a, Claims>;
}

/// Names of what a provider says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimNames {
    pub subject: String,
    pub email: String,
    pub name: String,
}

/// A provider, and how far it is believed.
#[derive(Clone)]
pub struct Provider {
    /// In paths.
    pub name: String,
    /// On buttons.
    pub label: Bilingual,
    pub issuer: String,
    pub claims: ClaimNames,
    /// Whether somebody without an account or an invitation gets an account.
    pub sign_up: bool,
    /// Whether its addresses count as proven where it does not say so itself.
    pub trust_email: bool,
    /// Values of `amr` or `acr` that stand for a second factor.
    pub second_factor: Vec<String>,
    pub client: Arc<dyn IdentityProvider>,
}
