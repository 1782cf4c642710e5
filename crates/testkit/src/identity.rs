//! A provider of identities (OpenID Connect) on this machine: real sockets, keys and signatures. It signs in whoever the test
//! says without asking them, and can be told to lie.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use poem::http::StatusCode;
use poem::listener::{Acceptor as _, Listener as _, TcpListener};
use poem::web::{Data, Form, Query};
use poem::{EndpointExt as _, Request, Response, Route, Server, handler};
use serde_json::{Map, Value, json};
use tokio::task::JoinHandle;
use vocabulary::Clock as _;

use crate::clock::FakeClock;

pub const CLIENT_ID: &str = "hojokin at the office";
pub const CLIENT_SECRET: &str = "hush: 100% secret";

/// Seconds that a token lives.
const TOKEN_SECONDS: i64 = 300;

/// Serves until it is dropped.
pub struct IdentityServer {
    pub issuer: String,
    inner: Arc<Inner>,
    task: JoinHandle<()>,
}

struct Inner {
    clock: FakeClock,
    state: Mutex<State>,
}

struct State {
    issuer: String,
    /// What it says of whoever signs in, over what is true.
    person: Map<String, Value>,
    /// What only the userinfo endpoint says.
    userinfo: Map<String, Value>,
    key: Key,
    /// Signs instead of the published one.
    forged: Option<Key>,
    unsigned: bool,
    away: bool,
    codes: BTreeMap<String, BTreeMap<String, String>>,
    made: u32,
    keys: u32,
}

enum Key {
    Ec(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl Drop for IdentityServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl IdentityServer {
    /// # Panics
    /// When there is no free port.
    pub async fn start(clock: &FakeClock) -> Self {
        let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.expect("a free port");
        let address = acceptor.local_addr().first().and_then(|address| address.as_socket_addr().copied());
        let issuer = format!("http://{}", address.expect("an address"));
        let state = State {
            issuer: issuer.clone(),
            person: Map::new(),
            userinfo: Map::new(),
            key: Key::ec(),
            forged: None,
            unsigned: false,
            away: false,
            codes: BTreeMap::new(),
            made: 0,
            keys: 1,
        };
        let inner = Arc::new(Inner { clock: clock.clone(), state: Mutex::new(state) });
        let app = Route::new()
            .at("/.well-known/openid-configuration", poem::get(discovery))
            .at("/keys", poem::get(keys))
            .at("/authorize", poem::get(authorize))
            .at("/token", poem::post(token))
            .at("/userinfo", poem::get(userinfo))
            .data(inner.clone());
        let task = tokio::spawn(async move {
            Server::new_with_acceptor(acceptor).run(app).await.expect("a server");
        });
        Self { issuer, inner, task }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state()
    }

    /// Who signs in from now on: claims over `iss`, `aud`, `exp`, `iat`, `auth_time` and `nonce` as they should be. A claim
    /// that is null is left out.
    ///
    /// # Panics
    /// When the claims are no object.
    pub fn says(&self, claims: &Value) {
        self.state().person = claims.as_object().expect("claims").clone();
    }

    /// What only its userinfo endpoint says.
    ///
    /// # Panics
    /// When the claims are no object.
    pub fn says_elsewhere(&self, claims: &Value) {
        self.state().userinfo = claims.as_object().expect("claims").clone();
    }

    /// Another key, of the other kind, from now on.
    pub fn change_key(&self) {
        let mut state = self.state();
        state.key = if matches!(state.key, Key::Ec(_)) { Key::rsa() } else { Key::ec() };
        state.keys += 1;
    }

    /// Signs with a key that is not published, under the name of the one that is.
    pub fn forge(&self, forging: bool) {
        let mut state = self.state();
        let other = if matches!(state.key, Key::Ec(_)) { Key::ec() } else { Key::rsa() };
        state.forged = forging.then_some(other);
    }

    /// Signs nothing at all: `alg` is `none`.
    pub fn leave_unsigned(&self, unsigned: bool) {
        self.state().unsigned = unsigned;
    }

    /// Answers that it is busy.
    pub fn go_away(&self, away: bool) {
        self.state().away = away;
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Key {
    fn ec() -> Self {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).expect("a key");
        Self::Ec(EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref()).expect("a key"))
    }

    fn rsa() -> Self {
        Self::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).expect("a key"))
    }

    fn algorithm(&self) -> &'static str {
        match self {
            Self::Ec(_) => "ES256",
            Self::Rsa(_) => "RS256",
        }
    }

    fn jwk(&self, id: &str) -> Value {
        match self {
            Self::Ec(pair) => {
                // 0x04, then both coordinates of 32 bytes.
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": id, "x": text(x), "y": text(y) })
            }
            Self::Rsa(pair) => {
                let public = pair.public_key();
                let (n, e) = (public.modulus(), public.exponent());
                let (n, e) = (n.big_endian_without_leading_zero(), e.big_endian_without_leading_zero());
                json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": id, "n": text(n), "e": text(e) })
            }
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Ec(pair) => pair.sign(&random, message).expect("a signature").as_ref().to_vec(),
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).expect("a signature");
                signature
            }
        }
    }
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn answer(status: StatusCode, body: &Value) -> Response {
    Response::builder().status(status).content_type("application/json").body(body.to_string())
}

fn wrong(why: &str) -> Response {
    answer(StatusCode::BAD_REQUEST, &json!({ "error": why }))
}

#[handler]
fn discovery(Data(inner): Data<&Arc<Inner>>) -> Response {
    let state = inner.state();
    if state.away {
        return answer(StatusCode::SERVICE_UNAVAILABLE, &json!({}));
    }
    let issuer = &state.issuer;
    let body = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256", "RS256"],
    });
    answer(StatusCode::OK, &body)
}

#[handler]
fn keys(Data(inner): Data<&Arc<Inner>>) -> Response {
    let state = inner.state();
    answer(StatusCode::OK, &json!({ "keys": [state.key.jwk(&state.keys.to_string())] }))
}

#[handler]
fn authorize(Data(inner): Data<&Arc<Inner>>, Query(asked): Query<BTreeMap<String, String>>) -> Response {
    let get = |name: &str| asked.get(name).map_or("", String::as_str);
    let known = get("client_id") == CLIENT_ID && get("response_type") == "code";
    let safe = get("code_challenge_method") == "S256" && get("code_challenge").len() == 43 && get("state").len() >= 43;
    if !known || !safe || !get("scope").split(' ').any(|scope| scope == "openid") || get("nonce").len() < 43 {
        return wrong("invalid_request");
    }
    let mut state = inner.state();
    state.made += 1;
    let code = format!("code-{}", state.made);
    let back = format!("{}?code={code}&state={}", get("redirect_uri"), get("state"));
    state.codes.insert(code, asked);
    Response::builder().status(StatusCode::SEE_OTHER).header("location", back).body(())
}

/// RFC 6749, 2.3.1: both parts are encoded as in forms.
fn credentials(request: &Request) -> Option<String> {
    let header = request.headers().get("authorization")?.to_str().ok()?;
    String::from_utf8(STANDARD.decode(header.strip_prefix("Basic ")?).ok()?).ok()
}

#[handler]
fn token(Data(inner): Data<&Arc<Inner>>, request: &Request, Form(sent): Form<BTreeMap<String, String>>) -> Response {
    if credentials(request).as_deref() != Some("hojokin+at+the+office:hush%3A+100%25+secret") {
        return answer(StatusCode::UNAUTHORIZED, &json!({ "error": "invalid_client" }));
    }
    let get = |name: &str| sent.get(name).map_or("", String::as_str);
    let mut state = inner.state();
    // A code works once.
    let Some(asked) = state.codes.remove(get("code")) else { return wrong("invalid_grant") };
    let challenge = text(digest(&SHA256, get("code_verifier").as_bytes()).as_ref());
    let same = asked.get("code_challenge") == Some(&challenge) && asked.get("redirect_uri") == sent.get("redirect_uri");
    if !same || get("grant_type") != "authorization_code" {
        return wrong("invalid_grant");
    }
    let now = inner.clock.now().timestamp();
    let mut claims = json!({
        "iss": state.issuer, "aud": CLIENT_ID, "exp": now + TOKEN_SECONDS, "iat": now, "auth_time": now,
        "nonce": asked.get("nonce"),
    });
    for (name, value) in &state.person {
        claims[name] = value.clone();
    }
    let id_token = signed(&state, &claims);
    let body = json!({ "access_token": "access", "token_type": "Bearer", "id_token": id_token });
    answer(StatusCode::OK, &body)
}

fn signed(state: &State, claims: &Value) -> String {
    let claims: Map<String, Value> =
        claims.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()).map(owned).collect();
    let key = state.forged.as_ref().unwrap_or(&state.key);
    let algorithm = if state.unsigned { "none" } else { key.algorithm() };
    let header = json!({ "typ": "JWT", "alg": algorithm, "kid": state.keys.to_string() });
    let message =
        format!("{}.{}", text(header.to_string().as_bytes()), text(Value::from(claims).to_string().as_bytes()));
    let signature = if state.unsigned { Vec::new() } else { key.sign(message.as_bytes()) };
    format!("{message}.{}", text(&signature))
}

fn owned((name, value): (&String, &Value)) -> (String, Value) {
    (name.clone(), value.clone())
}

#[handler]
fn userinfo(Data(inner): Data<&Arc<Inner>>, request: &Request) -> Response {
    if request.headers().get("authorization").is_none_or(|value| value != "Bearer access") {
        return answer(StatusCode::UNAUTHORIZED, &json!({ "error": "invalid_token" }));
    }
    let state = inner.state();
    let mut body = state.userinfo.clone();
    if let Some(subject) = state.person.get("sub") {
        body.entry("sub").or_insert_with(|| subject.clone());
    }
    answer(StatusCode::OK, &Value::from(body))
}
