//! A server on a free port of 127.0.0.1, and what is sent to it.

use std::net::SocketAddr;

use acceptance::site::Served;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use testkit::TestOffice;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The site of an office, until it is dropped.
pub struct Api {
    pub address: SocketAddr,
    http: reqwest::Client,
    _served: Served,
}

/// One answer, checked: nothing of the inside is in it, and every error is coded.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The codes of all errors.
    pub fn codes(&self) -> Vec<String> {
        let body = self.json();
        let of = |error: &Value| error["extensions"]["code"].as_str().map(str::to_owned);
        let list = body["errors"].as_array().cloned().unwrap_or_default();
        let one = body["error"]["code"].as_str().map(str::to_owned);
        list.iter().filter_map(of).chain(one).collect()
    }

    /// The data of an answer without errors.
    pub fn data(&self) -> Value {
        let body = self.json();
        assert!(body.get("errors").is_none(), "{}", self.text);
        body["data"].clone()
    }

    fn check(&self) {
        /// What only the inside knows: SQL, source files, types, engines.
        const INSIDE: [&str; 18] = [
            "SELECT ",
            "INSERT ",
            "UPDATE ",
            " FROM ",
            "sqlx",
            "sea_orm",
            "SQLSTATE",
            "postgres",
            "sqlite",
            "panicked",
            ".rs:",
            "crates/",
            "/home/",
            "/work/",
            "/tmp/",
            "RUST_BACKTRACE",
            "StoreError",
            "DbErr",
        ];
        for word in INSIDE {
            assert!(!self.text.contains(word), "`{word}` in {}", self.text);
        }
        for name in ["x-content-type-options", "content-security-policy", "referrer-policy", "x-request-id"] {
            assert!(self.headers.contains_key(name), "{name} is missing: {self:?}");
        }
        assert!(self.headers.contains_key("strict-transport-security"), "{self:?}");
        if self.text.is_empty() || self.headers.get("content-type").is_none_or(|kind| kind != "application/json") {
            return;
        }
        let body = self.json();
        for error in body["errors"].as_array().into_iter().flatten() {
            let extensions = &error["extensions"];
            assert!(extensions["code"].is_string() && extensions["requestId"].is_string(), "{}", self.text);
        }
        if let Some(error) = body.get("error") {
            assert!(error["code"].is_string() && error["requestId"].is_string(), "{}", self.text);
        }
        if self.status.is_client_error() || self.status.is_server_error() {
            assert!(!self.codes().is_empty(), "{self:?}");
        }
        assert!(!self.codes().contains(&"INTERNAL".to_owned()), "{}", self.text);
    }

    /// Without what differs each time.
    pub fn comparable(&self) -> (StatusCode, String) {
        let mut text = self.text.clone();
        let body: Value = serde_json::from_str(&text).unwrap_or_default();
        let ids = body["errors"].as_array().into_iter().flatten().map(|error| &error["extensions"]["requestId"]);
        for id in ids.chain([&body["error"]["requestId"]]).filter_map(Value::as_str) {
            text = text.replace(id, "");
        }
        (self.status, text)
    }
}

impl Api {
    pub async fn serve(office: &TestOffice) -> Self {
        let served = Served::start(office).await;
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { address: served.address, http, _served: served }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("http://{}{path}", self.address))
    }

    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let text = String::from_utf8_lossy(&response.bytes().await.unwrap()).into_owned();
        let answer = Answer { status, headers, text };
        answer.check();
        answer
    }

    /// One operation with a token, or as nobody.
    pub async fn graphql(&self, token: Option<&str>, query: &str, variables: Value) -> Answer {
        let mut request =
            self.request(Method::POST, "/graphql").json(&json!({ "query": query, "variables": variables }));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        self.send(request).await
    }

    pub async fn get(&self, token: Option<&str>, path: &str) -> Answer {
        let mut request = self.request(Method::GET, path);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        self.send(request).await
    }

    /// `performAction`; the payload.
    pub async fn perform(&self, token: &str, application: uuid::Uuid, action: &str, version: i64, key: &str) -> Answer {
        let input = json!({
            "applicationId": application, "action": action, "expectedVersion": version, "idempotencyKey": key,
        });
        self.graphql(Some(token), PERFORM, json!({ "input": input })).await
    }

    /// Bytes as they are; the answer until the server closes.
    pub async fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // The server may close before it has read everything.
        let _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }
}

pub const PERFORM: &str = "mutation($input: PerformActionInput!) { performAction(input: $input) { __typename \
    ... on ActionPerformed { application { id version state { name } } event { id sequence } } \
    ... on ActionRefused { refusals { code path message } } \
    ... on StaleVersion { application { id version state { name } } } } }";
