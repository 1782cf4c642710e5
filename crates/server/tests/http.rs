//! What HTTP must refuse, and what every answer must carry; the whole site in process, on a database of its own.

use std::path::Path;
use std::sync::Arc;

use poem::Endpoint;
use poem::http::StatusCode;
use poem::test::{TestClient, TestResponse};
use serde_json::{Value, json};
use server::cli::{Common, ServeArgs, SiteArgs};
use server::http::{Site, app};
use server::startup::Installation;
use vocabulary::Locale;

const EMAIL: &str = "sato@example.jp";
const PASSWORD: &str = "correct horse battery staple";

struct Home {
    installation: Installation,
    args: ServeArgs,
    _folder: tempfile::TempDir,
}

async fn home(base_url: &str, development: bool) -> Home {
    let folder = tempfile::tempdir().unwrap();
    let data: &Path = folder.path();
    let common = Common {
        database: None,
        data: data.to_owned(),
        base_url: Some(base_url.to_owned()),
        mail_from: "no-reply@hojokin.example.jp".to_owned(),
        json: false,
        log: None,
        log_json: false,
    };
    let site = SiteArgs {
        listen: ([127, 0, 0, 1], 8080).into(),
        smtp_url: None,
        development,
        max_connections: 4,
        fresh_minutes: 10,
        staff_second_factor: false,
        key_file: None,
        key: None,
        providers: None,
    };
    let installation = Installation::open(&common, &site, true).await.unwrap();
    installation.service.add_account(EMAIL, "佐藤", Some(PASSWORD), Locale::Ja).await.unwrap();
    let args = ServeArgs { site, no_worker: true, migrate: true, trusted_proxy: Vec::new(), metrics_token: None };
    Home { installation, args, _folder: folder }
}

impl Home {
    fn client(&self) -> TestClient<impl Endpoint> {
        TestClient::new(app(Arc::new(Site::new(&self.installation, &self.args))))
    }
}

/// The cookie of a fresh session, as a browser sends it back.
async fn signed_in(client: &TestClient<impl Endpoint>) -> String {
    let answer = client.post("/session").body_json(&json!({ "email": EMAIL, "password": PASSWORD })).send().await;
    answer.assert_status_is_ok();
    let cookie = answer.0.header("set-cookie").unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let token = cookie.split_once('=').unwrap().1.to_owned();
    let body = answer.0.into_body().into_string().await.unwrap();
    assert!(!body.contains(&token), "the token is in the body");
    cookie
}

async fn value(answer: TestResponse) -> Value {
    serde_json::from_str(&answer.0.into_body().into_string().await.unwrap()).unwrap()
}

fn code(answer: &Value) -> &str {
    let graphql = answer.pointer("/errors/0/extensions/code");
    graphql.or_else(|| answer.pointer("/error/code")).and_then(Value::as_str).unwrap_or("none")
}

#[tokio::test]
async fn the_api_takes_one_operation_by_post_as_json_and_nothing_else() {
    let home = home("http://127.0.0.1:8080", false).await;
    let client = home.client();
    let query = r#"{"query":"{ __typename }"}"#;

    client.get("/graphql?query=%7B__typename%7D").send().await.assert_status(StatusCode::METHOD_NOT_ALLOWED);
    client.put("/graphql").send().await.assert_status(StatusCode::METHOD_NOT_ALLOWED);
    for content_type in [
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "application/graphql+json",
    ] {
        let answer = client.post("/graphql").content_type(content_type).body(query).send().await;
        answer.assert_status(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    client.post("/graphql").body(query).send().await.assert_status(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    for body in ["[]", &format!("[{query}]"), "{", "{}", "null", "\u{0}"] {
        let answer = client.post("/graphql").content_type("application/json").body(body.to_owned()).send().await;
        answer.assert_status(StatusCode::BAD_REQUEST);
        assert_eq!(code(&value(answer).await), "BAD_INPUT", "{body}");
    }
    let answer = client.post("/graphql").content_type("application/json").body(query).send().await;
    assert_eq!(value(answer).await.pointer("/data/__typename"), Some(&json!("Query")));

    let long = "x".repeat(1024 * 1024 + 1);
    let answer = client.post("/graphql").content_type("application/json").body(long).send().await;
    answer.assert_status(StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_cookie_counts_only_from_our_own_pages() {
    let home = home("http://127.0.0.1:8080", false).await;
    let client = home.client();
    let cookie = signed_in(&client).await;
    let ask = async |name: &'static str, text: &str| {
        let request = client.post("/graphql").header("cookie", &cookie).header(name, text);
        value(request.body_json(&json!({ "query": "{ viewer { email } }" })).send().await).await
    };
    let ours = ask("origin", "http://127.0.0.1:8080").await;
    assert_eq!(ours.pointer("/data/viewer/email"), Some(&json!(EMAIL)));
    for (name, text) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        assert_eq!(code(&ask(name, text).await), "FORBIDDEN", "{name}: {text}");
    }
    let form = client.post("/session").header("origin", "https://evil.example");
    let form = form.form(&[("email", EMAIL), ("password", PASSWORD)]).send().await;
    form.assert_status(StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn signing_out_ends_the_session_for_good() {
    let home = home("http://127.0.0.1:8080", false).await;
    let client = home.client();
    let cookie = signed_in(&client).await;
    client.delete("/session").header("cookie", &cookie).send().await.assert_status(StatusCode::NO_CONTENT);
    let request = client.post("/graphql").header("cookie", &cookie);
    let answer = value(request.body_json(&json!({ "query": "{ viewer { email } }" })).send().await).await;
    assert_eq!(answer.pointer("/data/viewer"), Some(&Value::Null));
    client.post("/files").header("cookie", &cookie).send().await.assert_status(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn every_answer_has_its_headers_and_every_error_its_code() {
    let home = home("https://hojokin.example.jp", false).await;
    let client = home.client();
    for (answer, status, expected) in [
        (client.get("/health/live").send().await, StatusCode::OK, "none"),
        (client.get("/health/ready").send().await, StatusCode::OK, "none"),
        (client.get("/nowhere").send().await, StatusCode::NOT_FOUND, "NOT_FOUND"),
        (client.get("/session").send().await, StatusCode::METHOD_NOT_ALLOWED, "BAD_INPUT"),
        (client.get("/files/x").send().await, StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"),
        (client.get("/dev/mail").send().await, StatusCode::NOT_FOUND, "NOT_FOUND"),
        (client.get("/metrics").send().await, StatusCode::NOT_FOUND, "NOT_FOUND"),
        (client.post("/sign-up").body("x").send().await, StatusCode::UNSUPPORTED_MEDIA_TYPE, "BAD_INPUT"),
    ] {
        answer.assert_status(status);
        for (name, part) in [
            ("content-security-policy", "default-src 'none'"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cache-control", "no-store"),
            ("strict-transport-security", "max-age=63072000"),
            ("x-request-id", ""),
        ] {
            let found = answer.0.header(name).unwrap_or_else(|| panic!("{name} is missing"));
            assert!(found.contains(part), "{name}: {found}");
        }
        assert_eq!(code(&value(answer).await), expected);
    }
}

#[tokio::test]
async fn behind_tls_the_cookie_is_bound_to_the_host() {
    let home = home("https://hojokin.example.jp", false).await;
    let cookie = signed_in(&home.client()).await;
    assert!(cookie.starts_with("__Host-session="), "{cookie}");
}

#[tokio::test]
async fn introspection_is_for_those_who_are_signed_in() {
    let home = home("http://127.0.0.1:8080", false).await;
    let client = home.client();
    let query = json!({ "query": "{ __schema { queryType { name } } }" });
    let anonymous = value(client.post("/graphql").body_json(&query).send().await).await;
    assert_eq!(code(&anonymous), "UNAUTHENTICATED");
    let cookie = signed_in(&client).await;
    let known = value(client.post("/graphql").header("cookie", &cookie).body_json(&query).send().await).await;
    assert_eq!(known.pointer("/data/__schema/queryType/name"), Some(&json!("Query")));
    assert!(known.pointer("/extensions/cost/complexity").is_some());
}

#[tokio::test]
async fn what_is_wrong_is_told_in_the_readers_language_and_nothing_of_the_inside() {
    let home = home("http://127.0.0.1:8080", false).await;
    let client = home.client();
    let token = client.post("/graphql").header("authorization", "Bearer x").header("accept-language", "en");
    let answer = token.body_json(&json!({ "query": "{ viewer { email } }" })).send().await;
    answer.assert_status(StatusCode::UNAUTHORIZED);
    let answer = value(answer).await;
    assert_eq!(answer.pointer("/errors/0/message"), Some(&json!("Please sign in")));
    assert!(
        answer.pointer("/errors/0/extensions/requestId").is_some_and(|id| id.as_str().is_some_and(|id| id.len() == 32))
    );

    let cookie = signed_in(&client).await;
    for query in [
        "{ application(number: \"' OR 1=1 --\") { id } }",
        "{ application(number: \"a\\u0000b\") { id } }",
        "{ applications(after: \"'; DROP TABLE account\") { nodes { id } } }",
        "{ applications(filter: { text: \"%\" }) { nodes { id } } }",
        "{ node(id: \"QXBwbGljYXRpb246eA\") { id } }",
        "{ programs(after: \"\\u0000\") { nodes { slug } } }",
        "{ program(slug: \"../x\", version: -1) { slug } }",
        "{ budget(program: \"'\", fiscalYear: -2147483648) { path } }",
        "{ viewr }",
    ] {
        let request = client.post("/graphql").header("cookie", &cookie).body_json(&json!({ "query": query }));
        let text = request.send().await.0.into_body().into_string().await.unwrap();
        for inside in ["SELECT", "sqlx", "sqlite", ".rs:", "panicked", "Did you mean"] {
            assert!(!text.contains(inside), "{query} → {text}");
        }
        let parsed: Value = serde_json::from_str(&text).unwrap();
        assert!(
            parsed.get("errors").is_none() || code(&parsed) != "none" && code(&parsed) != "INTERNAL",
            "{query} → {text}"
        );
    }
}

#[tokio::test]
async fn helpers_for_development_are_there_in_development_only() {
    let development = home("http://127.0.0.1:8080", true).await;
    let client = development.client();
    for path in ["/dev/mail", "/dev/graphiql", "/dev/sign-in", "/dev/style.css", "/dev/console.js"] {
        client.get(path).send().await.assert_status_is_ok();
    }
    client.get("/dev/mail/..%2F..%2Fhojokin.eml").send().await.assert_status(StatusCode::NOT_FOUND);
    let chosen = client.post("/dev/sign-in").body_json(&json!({ "email": EMAIL })).send().await;
    chosen.assert_status_is_ok();
    let production = home("http://127.0.0.1:8080", false).await;
    let chosen = production.client().post("/dev/sign-in").body_json(&json!({ "email": EMAIL })).send().await;
    chosen.assert_status(StatusCode::NOT_FOUND);
}
