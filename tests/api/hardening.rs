//! What a hostile or broken client sends. Nothing moves, nothing of the inside shows, and every answer is coded.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use testkit::office::PASSWORD;
use testkit::{TestOffice, each_database};
use uuid::Uuid;

use crate::client::{Api, PERFORM};
use crate::keys::session;

const MIB: usize = 1024 * 1024;

fn receive(application: Uuid) -> Value {
    let input = json!({
        "applicationId": application, "action": "receive", "expectedVersion": 1, "idempotencyKey": "hard",
    });
    json!({ "query": PERFORM, "variables": { "input": input } })
}

#[tokio::test]
async fn only_one_json_operation_by_post_is_taken() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let api = Api::serve(&office).await;
        let life = office.submitted().await;
        let clerk = office.staff("hino", "clerk");
        office.service.set_password(clerk.person.id, PASSWORD).await.unwrap();
        let token = office.token(clerk, &["read", "act"]).await;
        let session = session(&office, clerk).await;
        let cookie = format!("__Host-session={}", session.token);
        let body = receive(life.application).to_string();

        for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
            let inline = format!(
                "mutation{{performAction(input:{{applicationId:\"{}\",action:\"receive\",expectedVersion:1,\
                 idempotencyKey:\"get\"}}){{__typename}}}}",
                life.application
            );
            for credential in [("authorization", format!("Bearer {token}")), ("cookie", cookie.clone())] {
                let request = api.request(method.clone(), "/graphql").query(&[("query", &inline)]);
                let answer = api.send(request.header(credential.0, credential.1)).await;
                assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
            }
        }
        for content_type in [
            Some("text/plain"),
            Some("application/x-www-form-urlencoded"),
            Some("multipart/form-data; boundary=x"),
            Some("application/json; charset=utf-16"),
            Some("application/graphql"),
            Some(""),
            None,
        ] {
            let mut request = api.request(Method::POST, "/graphql").body(body.clone()).header("cookie", &cookie);
            if let Some(content_type) = content_type {
                request = request.header("content-type", content_type);
            }
            let answer = api.send(request).await;
            let expected = (StatusCode::UNSUPPORTED_MEDIA_TYPE, vec!["BAD_INPUT".to_owned()]);
            assert_eq!((answer.status, answer.codes()), expected, "{content_type:?}");
        }
        let multipart = format!(
            "--x\r\ncontent-disposition: form-data; name=\"operations\"\r\n\r\n{body}\r\n--x\r\ncontent-disposition: \
             form-data; name=\"map\"\r\n\r\n{{}}\r\n--x--\r\n"
        );
        let request = api.request(Method::POST, "/graphql").header("content-type", "multipart/form-data; boundary=x");
        let answer = api.send(request.header("cookie", &cookie).body(multipart)).await;
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);

        // Batches, and what is no operation at all.
        let json_body = |text: Vec<u8>| {
            let request = api.request(Method::POST, "/graphql").header("content-type", "application/json");
            request.bearer_auth(&token).body(text)
        };
        for text in [
            format!("[{body}]"),
            format!("[{body},{body}]"),
            "[]".to_owned(),
            "{}".to_owned(),
            "null".to_owned(),
            "\"{ viewer { id } }\"".to_owned(),
            String::new(),
            "{\"query\":".to_owned(),
            "{\"query\": 7}".to_owned(),
            "{\"query\": \"{ viewer { id } }\", \"variables\": [1]}".to_owned(),
            format!("{}{}", "[".repeat(50_000), "]".repeat(50_000)),
        ] {
            let answer = api.send(json_body(text.clone().into_bytes())).await;
            assert_eq!(answer.codes(), ["BAD_INPUT"], "{}", &text[..text.len().min(80)]);
            assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        }
        for bytes in [
            b"{\"query\": \"{ viewer { id } }\xff\xfe\"}".to_vec(),
            b"{\"query\": \"query($t: String) { applications(filter: {text: $t}) { edges { cursor } } }\", \
              \"variables\": {\"t\": \"\xc3\x28\"}}"
                .to_vec(),
            b"\xef\xbb\xbf{\"query\": \"{ viewer { id } }\"}".to_vec(),
        ] {
            assert_eq!(api.send(json_body(bytes)).await.codes(), ["BAD_INPUT"]);
        }
        assert_eq!(office.look(clerk, life.application).await.case.version, 1);
    })
    .await;
}

#[tokio::test]
async fn a_large_body_is_not_read() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let api = Api::serve(&office).await;
        let token = office.token(office.staff("hino", "clerk"), &["read"]).await;
        let filler = "x".repeat(2 * MIB);
        let body = json!({ "query": format!("# {filler}\n{{ viewer {{ id }} }}") }).to_string();
        let request = api.request(Method::POST, "/graphql").header("content-type", "application/json");
        // The server may answer and close before everything is sent; then there is no answer to look at.
        if let Ok(response) = request.bearer_auth(&token).body(body).send().await {
            assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
        }
        // Without a length: chunk after chunk, more than is taken, and the rest never comes.
        let head = format!(
            "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nauthorization: Bearer {token}\r\n\
             transfer-encoding: chunked\r\nconnection: close\r\n\r\n"
        );
        let mut bytes = head.into_bytes();
        for _ in 0..40 {
            bytes.extend_from_slice(b"10000\r\n");
            bytes.extend(std::iter::repeat_n(b' ', 0x10000));
            bytes.extend_from_slice(b"\r\n");
        }
        let answer = api.raw(&bytes).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 413"), "{answer}");
        // And the server is well.
        assert_eq!(api.get(None, "/health/ready").await.status, StatusCode::OK);

        // Requests that two servers in a row might understand differently are nobody's.
        for headers in [
            "content-length: 5\r\ntransfer-encoding: chunked\r\n",
            "content-length: 2\r\ncontent-length: 3\r\n",
            "transfer-encoding: xchunked\r\n",
        ] {
            let text = format!(
                "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n{headers}connection: close\r\n\r\n\
                 0\r\n\r\n"
            );
            let answer = api.raw(text.as_bytes()).await;
            assert!(!answer.starts_with("HTTP/1.1 200"), "{headers}: {answer}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_query_is_bounded_in_every_direction() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let api = Api::serve(&office).await;
        let token = office.token(office.staff("hino", "clerk"), &["read"]).await;
        let repeat = |count: usize, piece: &dyn Fn(usize) -> String| (0..count).map(piece).collect::<String>();
        let nested = |open: &str, close: &str, count: usize| format!("{}id{}", open.repeat(count), close.repeat(count));
        let fragments = repeat(30, &|n| format!("fragment f{n} on Viewer {{ ...f{} ...f{} }} ", n + 1, n + 1));
        let costly = [
            format!("{{ {} }}", repeat(1_000, &|n| format!("a{n}: __typename "))),
            format!("{{ {} }}", repeat(1_000, &|n| format!("a{n}: viewer {{ id }} "))),
            format!("{{ viewer {{ {} }} }}", nested("tasks { edges { node { application { ", "} } } }", 50)),
            format!("{{ viewer {{ id {} }} }}", repeat(1_000, &|_| "@include(if: true) ".to_owned())),
            format!("{{ viewer {{ ...f0 }} }} {fragments} fragment f30 on Viewer {{ id }}"),
            format!("{{ viewer {{ {} }} }}", "id ".repeat(20_000)),
            "{ applications(first: 100) { edges { node { history(first: 100) { edges { node { label } } } } } } }"
                .to_owned(),
            "[".repeat(10_000),
            format!("{{ programs(first: 1{}) {{ edges {{ cursor }} }} }}", "[".repeat(5_000)),
        ];
        for query in &costly {
            let answer = api.graphql(Some(&token), query, Value::Null).await;
            let codes = answer.codes();
            let shown: String = query.chars().take(100).collect();
            let known = codes == ["TOO_COSTLY"] || codes == ["BAD_INPUT"];
            assert!(known && answer.json()["data"].is_null(), "{shown}: {codes:?}");
        }
        let aliases = api.graphql(Some(&token), &costly[0], Value::Null).await;
        assert_eq!(aliases.codes(), ["TOO_COSTLY"]);
        let deep = api.graphql(Some(&token), &costly[2], Value::Null).await;
        assert_eq!(deep.codes(), ["TOO_COSTLY"]);
        for first in [json!(101), json!(0), json!(-1), json!(2_147_483_648_u64), json!("5"), json!(1.5)] {
            let query = "query($n: Int) { applications(first: $n) { edges { cursor } } }";
            let answer = api.graphql(Some(&token), query, json!({ "n": first })).await;
            let codes = answer.codes();
            assert!(!codes.is_empty() && codes.iter().all(|code| code == "BAD_INPUT"), "{first}: {codes:?}");
        }
        // A typo is answered without the names of others.
        let typo = api.graphql(Some(&token), "{ vieweer { id } }", Value::Null).await;
        assert!(
            !typo.text.contains("\"viewer\"") && !typo.text.to_lowercase().contains("did you mean"),
            "{}",
            typo.text
        );
    })
    .await;
}

#[tokio::test]
async fn introspection_is_for_those_who_signed_in() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let api = Api::serve(&office).await;
        let token = office.token(office.staff("hino", "auditor"), &["read"]).await;
        for query in [
            "{ __schema { queryType { name } } }",
            "{ __type(name: \"Application\") { name } }",
            "query { ... on Query { __schema { queryType { name } } } }",
            "query { ...x } fragment x on Query { a: __schema { queryType { name } } }",
        ] {
            assert_eq!(api.graphql(None, query, Value::Null).await.codes(), ["UNAUTHENTICATED"], "{query}");
            assert!(api.graphql(Some(&token), query, Value::Null).await.json()["errors"].is_null(), "{query}");
        }
        // What is public stays public.
        let programs = "{ programs(first: 5) { edges { node { slug } } } }";
        let answer = api.graphql(None, programs, Value::Null).await;
        assert!(!answer.data()["programs"]["edges"].as_array().unwrap().is_empty());
        for query in [
            "{ applications(first: 5) { edges { cursor } } }",
            "{ tasks(first: 5) { edges { cursor } } }",
            "{ paymentBatches(first: 5) { edges { cursor } } }",
            "{ budget(program: \"hino/sales-channel\", fiscalYear: 2026) { code } }",
        ] {
            assert_eq!(api.graphql(None, query, Value::Null).await.codes(), ["UNAUTHENTICATED"], "{query}");
        }
    })
    .await;
}

#[tokio::test]
async fn inputs_of_another_shape_are_refused() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let api = Api::serve(&office).await;
        let life = office.under_review().await;
        let reviewer = office.staff("hino", "reviewer");
        let token = office.token(reviewer, &["read", "act"]).await;
        let version = office.look(reviewer, life.application).await.case.version;
        let good = json!({
            "applicationId": life.application, "action": "grant", "expectedVersion": version, "idempotencyKey": "shape",
        });
        let with = |field: &str, value: Value| {
            let mut input = good.clone();
            input[field] = value;
            json!({ "input": input })
        };
        // Fields that a client must not set, and types that are not the declared ones.
        for variables in [
            with("status", json!("granted")),
            with("approvedAmount", json!(1)),
            with("companyId", json!("x")),
            with("state", json!("paid")),
            with("expectedVersion", json!("1")),
            with("expectedVersion", json!(1.5)),
            with("expectedVersion", json!(9_223_372_036_854_775_808_u64)),
            with("expectedVersion", Value::Null),
            with("action", json!(1)),
            with("action", Value::Null),
            with("values", json!([1])),
            with("values", json!("x")),
            with("marks", json!("x")),
            with("marks", json!([{ "field": "venue" }])),
            with("marks", json!([{ "field": "venue", "remark": "x", "more": 1 }])),
            with("applicationId", json!("not-an-id")),
            with("applicationId", json!({ "id": 1 })),
            with("idempotencyKey", json!("")),
            with("idempotencyKey", json!("x".repeat(256))),
            with("idempotencyKey", json!("a\nb")),
            with("idempotencyKey", Value::Null),
            json!({}),
            json!({ "input": null }),
            json!({ "input": [good.clone()] }),
        ] {
            let answer = api.graphql(Some(&token), PERFORM, variables.clone()).await;
            assert_eq!(answer.codes(), ["BAD_INPUT"], "{variables}");
        }
        // Yen that are no yen, within the program's own form.
        for award in [
            json!(1.5), json!(1000.0), json!(-1), json!(0), json!(9_007_199_254_740_992_u64), json!(9_223_372_036_854_775_807_u64),
            json!(18_446_744_073_709_551_615_u64), json!("100"), json!(true), json!([1]), json!({ "yen": 1 }),
        ] {
            let answer = api.graphql(Some(&token), PERFORM, with("values", json!({ "award": award }))).await;
            let payload = &answer.data()["performAction"];
            assert_eq!(payload["__typename"], "ActionRefused", "{award}: {payload}");
            assert!(payload["refusals"].as_array().unwrap().iter().any(|refusal| refusal["path"] == "award"), "{payload}");
        }
        for unknown in [json!({ "status": 1 }), json!({ "approvedAmount": 1 }), json!({ "": 1 }), json!({ "__proto__": {} })] {
            let answer = api.graphql(Some(&token), PERFORM, with("values", unknown.clone())).await;
            assert_eq!(answer.data()["performAction"]["__typename"], "ActionRefused", "{unknown}");
        }
        // Exponents by their text: no JSON client writes yen so.
        let text = json!({ "query": PERFORM, "variables": with("values", json!({ "award": "@" })) }).to_string();
        for number in ["1e3", "1E3", "1.0e3", "-0", "1e400"] {
            let request = api.request(Method::POST, "/graphql").header("content-type", "application/json");
            let request = request.bearer_auth(&token).body(text.replace("\"@\"", number));
            let answer = api.send(request).await;
            let refused = answer.json()["data"]["performAction"]["__typename"] == "ActionRefused";
            assert!(refused || answer.codes() == ["BAD_INPUT"], "{number}: {}", answer.text);
        }
        // Capital is a scalar of the API's own.
        let owner = office.token(&life.party.owner, &["read", "apply"]).await;
        let register = "mutation($i: RegisterBusinessInput!) { registerBusiness(input: $i) { business { id } refusals { code } } }";
        for capital in ["1.5", "1e3", "-1", "9007199254740992", "\"5\"", "true"] {
            let input = json!({
                "name": "x", "nameKana": "x", "address": "x", "representative": "x", "kind": "COMPANY", "size": "SME",
                "establishedHereOn": "2020-01-01", "capital": "@", "idempotencyKey": "capital",
            });
            let text = json!({ "query": register, "variables": { "i": input } }).to_string().replace("\"@\"", capital);
            let request = api.request(Method::POST, "/graphql").header("content-type", "application/json");
            let answer = api.send(request.bearer_auth(&owner).body(text)).await;
            assert_eq!(answer.codes(), ["BAD_INPUT"], "{capital}: {}", answer.text);
        }
        // A trade is one of those that programs ask for.
        let input = json!({
            "name": "x", "nameKana": "x", "address": "x", "representative": "x", "kind": "COMPANY", "size": "SME",
            "establishedHereOn": "2020-01-01", "trade": "製造業", "idempotencyKey": "trade",
        });
        let answer = api.graphql(Some(&owner), register, json!({ "i": input })).await;
        assert_eq!(answer.codes(), ["BAD_INPUT"], "{}", answer.text);
        assert_eq!(answer.json()["errors"][0]["extensions"]["path"], "trade");
        assert_eq!(office.look(reviewer, life.application).await.case.version, version);
        assert_eq!(office.viewer(&life.party.owner.email).await.person.memberships.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn texts_that_look_like_sql_are_texts() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let api = Api::serve(&office).await;
        let lives = office.cases_in("submitted", 2).await;
        let token = office.token(office.staff("hino", "clerk"), &["read"]).await;
        let query = "query($f: ApplicationFilter, $a: String) { applications(filter: $f, after: $a, first: 10) { \
                     edges { node { number } } } }";
        let all = api.graphql(Some(&token), query, json!({})).await.data();
        assert_eq!(all["applications"]["edges"].as_array().unwrap().len(), lives.len());
        const HOSTILE: [&str; 12] = [
            "' OR 1=1--",
            "%",
            "_",
            "\\",
            "'; DROP TABLE application; --",
            "\" OR \"\"=\"",
            "!",
            "!%",
            "$1",
            "\u{0}",
            "*",
            "' UNION SELECT * FROM account --",
        ];
        for text in HOSTILE {
            for field in ["text", "program", "state"] {
                let answer = api.graphql(Some(&token), query, json!({ "f": { field: text } })).await;
                let found = answer.json()["data"]["applications"]["edges"].as_array().map_or(0, Vec::len);
                assert!(found == 0 || answer.codes() == ["BAD_INPUT"], "{field}: {text}: {}", answer.text);
            }
            let answer = api.graphql(Some(&token), query, json!({ "a": text })).await;
            assert_eq!(answer.codes(), ["BAD_INPUT"], "{text}");
            let by_number = "query($n: String) { application(number: $n) { id } }";
            let answer = api.graphql(Some(&token), by_number, json!({ "n": text })).await;
            assert!(answer.json()["data"]["application"].is_null(), "{text}");
            for query in [
                "query($t: String!) { program(slug: $t) { slug } }",
                "query($t: String!) { programs(municipality: $t, first: 5) { edges { cursor } } }",
                "query($t: String!) { programs(after: $t, first: 5) { edges { cursor } } }",
                "query($t: String!) { budget(program: $t, fiscalYear: 2026) { code } }",
                "query($t: String!) { payables(municipality: $t) { id } }",
                "query($t: String!) { paymentBatches(after: $t, first: 5) { edges { cursor } } }",
                "query($t: String!) { tasks(after: $t, first: 5) { edges { cursor } } }",
            ] {
                // Checked for codes and leaks on its way.
                api.graphql(Some(&token), query, json!({ "t": text })).await;
            }
        }
        assert_eq!(api.graphql(Some(&token), query, json!({})).await.data(), all);
    })
    .await;
}

#[tokio::test]
async fn stale_unknown_and_repeated_have_their_own_answers() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let api = Api::serve(&office).await;
        let life = office.submitted().await;
        let token = office.token(office.staff("hino", "clerk"), &["read", "act"]).await;
        let stale = api.perform(&token, life.application, "receive", 0, "s").await.data();
        assert_eq!(stale["performAction"]["__typename"], "StaleVersion");
        assert_eq!(stale["performAction"]["application"]["version"], 1);
        let done = api.perform(&token, life.application, "receive", 1, "s").await.data();
        assert_eq!(done["performAction"]["application"]["version"], 2);
        let again = api.perform(&token, life.application, "receive", 1, "s").await.data();
        assert_eq!(again["performAction"]["event"], done["performAction"]["event"]);
        let other = api.perform(&token, life.application, "receive", 2, "s").await;
        assert_eq!(other.codes(), ["IDEMPOTENCY_CONFLICT"]);
        let unknown = api.perform(&token, Uuid::from_u128(7), "receive", 1, "u").await;
        assert_eq!(unknown.codes(), ["NOT_FOUND"]);
        let refused = api.perform(&token, life.application, "no-such-action", 2, "n").await.data();
        assert_eq!(refused["performAction"]["refusals"][0]["code"], "action.unknown");
        for query in ["query($id: ID) { application(id: $id) { id } }", "query($id: ID!) { node(id: $id) { id } }"] {
            let id = "QXBwbGljYXRpb246MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDA3";
            let answer = api.graphql(Some(&token), query, json!({ "id": id })).await.data();
            assert!(answer.as_object().unwrap().values().all(Value::is_null), "{answer}");
        }
        for path in
            ["/nothing", "/files/x", "/files/00000000-0000-0000-0000-000000000007", "/dev/sign-in", "/dev/graphiql"]
        {
            let answer = api.get(Some(&token), path).await;
            assert_eq!(
                (answer.status, answer.codes()),
                (StatusCode::NOT_FOUND, vec!["NOT_FOUND".to_owned()]),
                "{path}"
            );
        }
    })
    .await;
}
