//! A provider of identities by OpenID Connect: discovery, keys, the code's exchange, and whether what it says holds. Answers
//! are bounded in size and time, and nobody is followed to another address.

use std::time::Duration;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use reqwest::header::ACCEPT;
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use service::{Asking, CLOCK_SKEW_SECONDS, Challenge, Claims, IdentityProvider, ProviderFault};
use tokio::sync::Mutex;
use url::Url;
use vocabulary::Instant;

/// People wait for each of these.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of an answer.
const LARGEST_ANSWER: usize = 512 * 1024;
/// What a provider says of itself is asked for again after this, its keys also when one is unknown.
const KEPT_FOR: Duration = Duration::from_secs(60 * 60);

/// By keys that only the provider has: no `none`, and nothing that whoever has the client's secret could make.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// As the provider knows us.
#[derive(Clone)]
pub struct OidcClient {
    pub issuer: String,
    pub client_id: String,
    pub client_secret: Option<String>,
    pub scopes: Vec<String>,
    /// Asked for at its userinfo endpoint when the ID token does not have them.
    pub wanted: Vec<String>,
}

/// A provider by HTTP.
pub struct OidcProvider {
    us: OidcClient,
    http: Client,
    known: Mutex<Option<(std::time::Instant, Metadata, JwkSet)>>,
}

/// OpenID Connect Discovery 1.0, as far as it is needed.
#[derive(Clone, Debug, Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    userinfo_endpoint: Option<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    #[serde(default)]
    access_token: Option<String>,
}

type Result<T> = std::result::Result<T, ProviderFault>;

fn away(why: impl ToString) -> ProviderFault {
    ProviderFault::Away(why.to_string())
}

fn refused(why: impl ToString) -> ProviderFault {
    ProviderFault::Refused(why.to_string())
}

impl OidcProvider {
    /// # Errors
    /// When no TLS can be set up.
    pub fn new(us: OidcClient) -> std::result::Result<Self, String> {
        let builder = Client::builder().timeout(TIMEOUT).redirect(Policy::none()).user_agent("hojokin");
        let http = builder.build().map_err(|error| error.to_string())?;
        Ok(Self { us, http, known: Mutex::default() })
    }

    /// What the provider says of itself, with its keys.
    async fn metadata(&self, anew: bool) -> Result<(Metadata, JwkSet)> {
        let mut known = self.known.lock().await;
        if let Some((at, metadata, keys)) = known.as_ref().filter(|_| !anew)
            && at.elapsed() < KEPT_FOR
        {
            return Ok((metadata.clone(), keys.clone()));
        }
        let issuer = self.us.issuer.trim_end_matches('/');
        let metadata: Metadata = asked(self.http.get(format!("{issuer}/.well-known/openid-configuration"))).await?;
        if metadata.issuer != self.us.issuer {
            return Err(away("the provider says that it is another issuer"));
        }
        let endpoints = [&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.jwks_uri];
        for endpoint in endpoints.into_iter().chain(&metadata.userinfo_endpoint) {
            if !endpoint.starts_with("https://") && self.us.issuer.starts_with("https://") {
                return Err(away("an endpoint of the provider is without TLS"));
            }
        }
        let keys: JwkSet = asked(self.http.get(&metadata.jwks_uri)).await?;
        *known = Some((std::time::Instant::now(), metadata.clone(), keys.clone()));
        Ok((metadata, keys))
    }

    async fn tokens(&self, metadata: &Metadata, code: &str, challenge: &Challenge) -> Result<Tokens> {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &challenge.redirect_uri),
            ("code_verifier", &challenge.verifier),
        ];
        let request = self.http.post(&metadata.token_endpoint);
        let methods = metadata.token_endpoint_auth_methods_supported.as_deref();
        let by_header = methods.is_none_or(|methods| methods.iter().any(|method| method == "client_secret_basic"));
        let request = match &self.us.client_secret {
            // RFC 6749, 2.3.1: both parts are encoded as in forms.
            Some(secret) if by_header => request.basic_auth(encoded(&self.us.client_id), Some(encoded(secret))),
            secret => {
                form.push(("client_id", &self.us.client_id));
                form.extend(secret.iter().map(|secret| ("client_secret", secret.as_str())));
                request
            }
        };
        asked(request.form(&form)).await
    }

    /// OpenID Connect Core 1.0, 3.1.3.7: signed by a key of the issuer, for us, not over, and an answer to this challenge.
    fn checked(&self, keys: &JwkSet, id_token: &str, challenge: &Challenge, now: Instant) -> Result<Option<Claims>> {
        let header = decode_header(id_token).map_err(refused)?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(refused("the ID token is signed in a way that is not accepted"));
        }
        let fits = |key: &&Jwk| {
            let named = header.kid.is_none() || key.common.key_id == header.kid;
            named && DecodingKey::from_jwk(key).is_ok_and(|key| key.family() == header.alg.family())
        };
        let Some(key) = keys.keys.iter().find(fits) else { return Ok(None) };
        let key = DecodingKey::from_jwk(key).map_err(refused)?;
        let mut validation = Validation::new(header.alg);
        validation.set_issuer(&[&self.us.issuer]);
        validation.set_audience(&[&self.us.client_id]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
        // The library would ask this machine for the time; here it is said what time it is.
        validation.validate_exp = false;
        let claims = match decode::<Claims>(id_token, &key, &validation) {
            Ok(token) => token.claims,
            Err(error) if matches!(error.kind(), ErrorKind::InvalidSignature) => return Ok(None),
            Err(error) => return Err(refused(error)),
        };
        let (now, skew) = (now.timestamp(), CLOCK_SKEW_SECONDS);
        let seconds = |name: &str| claims.get(name).and_then(Value::as_i64);
        if seconds("exp").is_none_or(|expires| expires <= now - skew) {
            return Err(refused("the ID token has expired"));
        }
        if ["iat", "nbf"].iter().filter_map(|name| seconds(name)).any(|from| from > now + skew) {
            return Err(refused("the ID token is not valid yet"));
        }
        let several = claims.get("aud").and_then(Value::as_array).is_some_and(|aud| aud.len() > 1);
        let party = claims.get("azp").and_then(Value::as_str);
        if party.is_some_and(|party| party != self.us.client_id) || (several && party.is_none()) {
            return Err(refused("the ID token was made for another client"));
        }
        if claims.get("nonce").and_then(Value::as_str) != Some(&challenge.nonce) {
            return Err(refused("the ID token answers another request"));
        }
        Ok(Some(claims))
    }

    /// Adds what the ID token does not say; nothing in it is replaced.
    async fn completed(&self, metadata: &Metadata, tokens: &Tokens, mut claims: Claims) -> Result<Claims> {
        let (Some(endpoint), Some(access)) = (&metadata.userinfo_endpoint, &tokens.access_token) else {
            return Ok(claims);
        };
        if self.us.wanted.iter().all(|name| claims.contains_key(name)) {
            return Ok(claims);
        }
        let said: Claims = asked(self.http.get(endpoint).bearer_auth(access)).await?;
        if said.get("sub") != claims.get("sub") {
            return Err(refused("the userinfo endpoint speaks of somebody else"));
        }
        for (name, value) in said {
            claims.entry(name).or_insert(value);
        }
        Ok(claims)
    }

    async fn way(&self, challenge: &Challenge) -> Result<String> {
        let (metadata, _) = self.metadata(false).await?;
        let mut url = Url::parse(&metadata.authorization_endpoint).map_err(away)?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.us.client_id)
            .append_pair("redirect_uri", &challenge.redirect_uri)
            .append_pair("scope", &self.us.scopes.join(" "))
            .append_pair("state", &challenge.state)
            .append_pair("nonce", &challenge.nonce)
            .append_pair("code_challenge", &challenge.code_challenge)
            .append_pair("code_challenge_method", "S256");
        if challenge.afresh {
            url.query_pairs_mut().append_pair("prompt", "login").append_pair("max_age", "0");
        }
        Ok(url.into())
    }

    async fn said(&self, code: &str, challenge: &Challenge, now: Instant) -> Result<Claims> {
        let (metadata, keys) = self.metadata(false).await?;
        let tokens = self.tokens(&metadata, code, challenge).await?;
        let claims = match self.checked(&keys, &tokens.id_token, challenge, now)? {
            Some(claims) => claims,
            None => {
                // It may have another key since we asked.
                let (_, keys) = self.metadata(true).await?;
                let claims = self.checked(&keys, &tokens.id_token, challenge, now)?;
                claims.ok_or_else(|| refused("no key of the provider has signed the ID token"))?
            }
        };
        self.completed(&metadata, &tokens, claims).await
    }
}

impl IdentityProvider for OidcProvider {
    fn check(&self) -> Asking<'_, ()> {
        Box::pin(async { self.metadata(true).await.map(drop) })
    }

    fn authorization<'a>(&'a self, challenge: &'a Challenge) -> Asking<'a, String> {
        Box::pin(self.way(challenge))
    }

    fn claims<'a>(&'a self, code: &'a str, challenge: &'a Challenge, now: Instant) -> Asking<'a, Claims> {
        Box::pin(self.said(code, challenge, now))
    }
}

/// An answer in JSON. Texts of providers are not repeated: they may hold what is personal.
async fn asked<T: DeserializeOwned>(request: RequestBuilder) -> Result<T> {
    let mut response =
        request.header(ACCEPT, "application/json").send().await.map_err(|error| away(error.without_url()))?;
    let status = response.status();
    if status.is_client_error() {
        return Err(refused(format!("the provider answered {status}")));
    }
    if !status.is_success() {
        return Err(away(format!("the provider answered {status}")));
    }
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(|error| away(error.without_url()))? {
        if body.len() + part.len() > LARGEST_ANSWER {
            return Err(away("the provider's answer is too large"));
        }
        body.extend_from_slice(&part);
    }
    serde_json::from_slice(&body)
        .map_err(|error| away(format!("the provider's answer is none: {:?}", error.classify())))
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
