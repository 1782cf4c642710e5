//! Signing in: cookies, limits on guessing, tokens and what they may do.

use chrono::TimeDelta;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use testkit::office::{PASSWORD, staff_email};
use testkit::{TestOffice, each_database};

use crate::client::{Answer, Api, PERFORM};

async fn sign_in(api: &Api, email: &str, password: &str, forwarded: Option<&str>) -> Answer {
    let mut request = api.request(Method::POST, "/session").json(&json!({ "email": email, "password": password }));
    if let Some(forwarded) = forwarded {
        request = request.header("x-forwarded-for", forwarded).header("forwarded", format!("for={forwarded}"));
    }
    api.send(request).await
}

fn from(address: &str) -> service::Device<'_> {
    service::Device { address: Some(address), agent: None }
}

/// `name=value` of the cookie that was set.
fn cookie(answer: &Answer) -> String {
    let header = answer.headers.get("set-cookie").unwrap().to_str().unwrap();
    for part in ["__Host-session=", "; Secure", "; HttpOnly", "; SameSite=", "; Path=/"] {
        assert!(header.contains(part), "{header}");
    }
    header.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_cookie_counts_from_our_own_pages_only() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let api = Api::serve(&office).await;
        let life = office.submitted().await;
        let clerk = office.staff("hino", "clerk");
        office.service.set_password(clerk.person.id, PASSWORD).await.unwrap();
        let answer = sign_in(&api, &clerk.email, PASSWORD, None).await;
        assert_eq!(answer.status, StatusCode::OK);
        let cookie = cookie(&answer);
        assert!(!answer.text.contains(cookie.split_once('=').unwrap().1), "the token is in the cookie only");

        let input = json!({
            "applicationId": life.application, "action": "receive", "expectedVersion": 1, "idempotencyKey": "csrf",
        });
        let body = json!({ "query": PERFORM, "variables": { "input": input } });
        let request = || api.request(Method::POST, "/graphql").header("cookie", &cookie).json(&body);
        for (name, value) in [
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("origin", "http://hojokin.example.jp"),
            ("origin", "https://hojokin.example.jp.evil.example"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            let answer = api.send(request().header(name, value)).await;
            assert_eq!(
                (answer.status, answer.codes()),
                (StatusCode::FORBIDDEN, vec!["FORBIDDEN".to_owned()]),
                "{value}"
            );
        }
        assert_eq!(office.look(clerk, life.application).await.case.version, 1);
        let answer = api.send(request().header("origin", "https://hojokin.example.jp")).await;
        assert_eq!(answer.data()["performAction"]["__typename"], "ActionPerformed");

        // Signed out: here, and wherever the cookie was copied to.
        let viewer = || {
            let body = json!({ "query": "{ viewer { email } }" });
            api.request(Method::POST, "/graphql").header("cookie", &cookie).json(&body)
        };
        assert_eq!(api.send(viewer()).await.data()["viewer"]["email"], clerk.email);
        let out = api.request(Method::DELETE, "/session").header("cookie", &cookie);
        assert_eq!(api.send(out).await.status, StatusCode::NO_CONTENT);
        assert_eq!(api.send(viewer()).await.data()["viewer"], Value::Null);
    })
    .await;
}

#[tokio::test]
async fn sessions_end_when_they_are_idle_and_when_the_password_changes() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let api = Api::serve(&office).await;
        let clerk = office.staff("hino", "clerk");
        office.service.set_password(clerk.person.id, PASSWORD).await.unwrap();
        let who = async |cookie: &str| {
            let body = json!({ "query": "{ viewer { email } }" });
            let request = api.request(Method::POST, "/graphql").header("cookie", cookie).json(&body);
            api.send(request).await.data()["viewer"].clone()
        };
        let idle = cookie(&sign_in(&api, &clerk.email, PASSWORD, None).await);
        assert!(who(&idle).await.is_object());
        office.clock.advance(TimeDelta::minutes(29));
        assert!(who(&idle).await.is_object());
        office.clock.advance(TimeDelta::minutes(31));
        assert!(who(&idle).await.is_null());

        let open = cookie(&sign_in(&api, &clerk.email, PASSWORD, None).await);
        assert!(who(&open).await.is_object());
        office.service.set_password(clerk.person.id, "another long passphrase").await.unwrap();
        assert!(who(&open).await.is_null());
    })
    .await;
}

#[tokio::test]
async fn guessing_is_limited_and_tells_nothing() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let api = Api::serve(&office).await;
        let clerk = office.staff("hino", "clerk");
        office.service.set_password(clerk.person.id, PASSWORD).await.unwrap();
        let wrong = sign_in(&api, &clerk.email, "not the passphrase", None).await;
        let unknown = sign_in(&api, "nobody@hino.example", "not the passphrase", None).await;
        assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
        assert_eq!(wrong.comparable(), unknown.comparable());
        // Ten at once from one address, whatever address it claims to be.
        for round in 0..8 {
            let answer = sign_in(&api, &clerk.email, "guess", Some(&format!("10.0.0.{round}"))).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{round}");
        }
        let refused = sign_in(&api, &clerk.email, PASSWORD, Some("10.9.9.9")).await;
        assert_eq!((refused.status, refused.codes()), (StatusCode::TOO_MANY_REQUESTS, vec!["RATE_LIMITED".to_owned()]));
        let seconds: i64 = refused.headers.get("retry-after").unwrap().to_str().unwrap().parse().unwrap();
        assert!((1..=61).contains(&seconds), "{seconds}");
        office.clock.advance(TimeDelta::seconds(seconds));
        assert_eq!(sign_in(&api, &clerk.email, PASSWORD, None).await.status, StatusCode::OK);
    })
    .await;
}

/// An office behind one address, an attacker with many, and the person whose password is guessed.
#[tokio::test]
async fn only_failures_count_and_victims_get_in() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let clerk = office.staff("hino", "clerk");
        let reviewer = office.staff("hino", "reviewer");
        for viewer in [clerk, reviewer] {
            office.service.set_password(viewer.person.id, PASSWORD).await.unwrap();
        }
        let other = office.another(3).await;
        let limited = |answer: &Result<_, _>| matches!(answer, Err(service::Error::RateLimited { .. }));
        for _ in 0..15 {
            office.service.sign_in(&clerk.email, PASSWORD, from("office")).await.unwrap();
        }
        for n in 0..100 {
            let place = format!("attacker-{n}");
            let guess = office.service.sign_in(&clerk.email, "guess", from(&place)).await;
            assert!(matches!(guess, Err(service::Error::Unauthenticated)), "{n}: {guess:?}");
        }
        // The account takes no more guesses from places that it does not know, on whichever server.
        for service in [&office.service, &other] {
            assert!(limited(&service.sign_in(&clerk.email, "guess", from("attacker-x")).await));
        }
        // Whoever has signed in from the office still does, and colleagues are not concerned.
        other.sign_in(&clerk.email, PASSWORD, from("office")).await.unwrap();
        office.service.sign_in(&reviewer.email, PASSWORD, from("office")).await.unwrap();
        // Guesses at a known place are limited as well, and leave colleagues alone.
        for _ in 0..10 {
            assert!(!limited(&office.service.sign_in(&clerk.email, "guess", from("office")).await));
        }
        assert!(limited(&other.sign_in(&clerk.email, PASSWORD, from("office")).await));
        office.service.sign_in(&reviewer.email, PASSWORD, from("office")).await.unwrap();
        // A quarter of an hour later a hundred tries are there again.
        office.clock.advance(TimeDelta::minutes(15));
        office.service.sign_in(&clerk.email, PASSWORD, from("elsewhere")).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_token_may_do_what_its_scopes_say_and_no_more() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let api = Api::serve(&office).await;
        let life = office.submitted().await;
        let clerk = office.staff("hino", "clerk");
        let maker = office.staff("hino", "finance_maker");
        let reading = office.token(clerk, &["read"]).await;
        let acting = office.token(clerk, &["read", "act"]).await;
        let answer = api.perform(&reading, life.application, "receive", 1, "a").await;
        assert_eq!(answer.codes(), ["FORBIDDEN"]);
        let batch = "mutation($i: CreatePaymentBatchInput!) { createPaymentBatch(input: $i) { batch { id } } }";
        let input = json!({ "i": { "municipality": "hino", "transferDate": "2026-06-01", "idempotencyKey": "b" } });
        let not_paying = office.token(maker, &["read", "act", "apply"]).await;
        assert_eq!(api.graphql(Some(&not_paying), batch, input).await.codes(), ["FORBIDDEN"]);

        // Nobody becomes more by a token, nor by a token's token.
        let create = "mutation($i: CreateApiTokenInput!) { createApiToken(input: $i) { token } }";
        let input = json!({ "i": { "name": "x", "scopes": ["pay"], "days": 1, "idempotencyKey": "c" } });
        assert_eq!(api.graphql(Some(&acting), create, input).await.codes(), ["FORBIDDEN"]);
        for (mutation, input) in [
            ("inviteStaff", json!({ "municipality": "hino", "email": "x@example.jp", "roles": ["ADMINISTRATOR"] })),
            ("endStaffRole", json!({ "municipality": "hino", "accountId": clerk.person.id, "role": "CLERK" })),
            (
                "holdPosition",
                json!({
                    "municipality": "hino", "accountId": clerk.person.id, "position": "manager", "from": "2026-04-01",
                }),
            ),
        ] {
            let administrator = office.token(office.staff("hino", "administrator"), &["read"]).await;
            let kind = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
            let query = format!("mutation($i: {kind}!) {{ {mutation}(input: $i) {{ done }} }}");
            let mut input = input;
            input["idempotencyKey"] = json!(format!("key-{mutation}"));
            let answer = api.graphql(Some(&administrator), &query, json!({ "i": input })).await;
            assert_eq!(answer.codes(), ["FORBIDDEN"], "{mutation}: a token that may only read");
        }
        let owner = office.token(&life.party.owner, &["read"]).await;
        let invite = "mutation($i: InviteMemberInput!) { inviteMember(input: $i) { done } }";
        let input = json!({
            "i": {
                "businessId": life.party.business, "email": "x@example.jp", "role": "OWNER", "idempotencyKey": "d",
            },
        });
        assert_eq!(api.graphql(Some(&owner), invite, input).await.codes(), ["FORBIDDEN"]);

        assert_eq!(office.look(clerk, life.application).await.case.version, 1);
        let answer = api.perform(&acting, life.application, "receive", 1, "a").await;
        assert_eq!(answer.data()["performAction"]["__typename"], "ActionPerformed");

        // Over and revoked tokens are nobody's.
        let viewer = "{ viewer { email } }";
        let id =
            office.service.api_tokens(clerk).await.unwrap().iter().find(|token| token.scopes == ["read"]).unwrap().id;
        office.service.revoke_api_token(clerk, id, None).await.unwrap();
        assert_eq!(api.graphql(Some(&reading), viewer, Value::Null).await.codes(), ["UNAUTHENTICATED"]);
        office.clock.advance(TimeDelta::days(367));
        assert_eq!(api.graphql(Some(&acting), viewer, Value::Null).await.codes(), ["UNAUTHENTICATED"]);
    })
    .await;
}

#[tokio::test]
async fn a_role_that_was_taken_away_fails_at_the_next_request() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let api = Api::serve(&office).await;
        let life = office.submitted().await;
        let clerk = office.staff("hino", "clerk");
        let token = office.token(clerk, &["read", "act"]).await;
        let query = "query($id: ID!) { application(id: $id) { version } }";
        let variables = json!({ "id": life.application });
        assert!(api.graphql(Some(&token), query, variables.clone()).await.data()["application"].is_object());
        let role = program::definition::Role::Clerk;
        let administrator = office.staff("hino", "administrator");
        office.service.end_role(administrator, clerk.person.id, "hino", role, "end").await.unwrap();
        assert!(office.viewer(&staff_email("hino", "clerk")).await.person.roles.is_empty());
        assert!(api.graphql(Some(&token), query, variables).await.data()["application"].is_null());
        let answer = api.perform(&token, life.application, "receive", 1, "late").await;
        assert_eq!(answer.codes(), ["NOT_FOUND"]);
    })
    .await;
}
