//! The second factor: what signing in asks for, that no code counts twice, and fresh sign-ins where money moves.

use acceptance::authenticator;
use chrono::TimeDelta;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use testkit::office::{BASE_URL, PASSWORD};
use testkit::{TestOffice, each_database};
use tokio::task::JoinSet;
use vocabulary::Clock as _;

use crate::client::{Answer, Api};
use crate::keys::session;

async fn sign_in(api: &Api, email: &str, code: Option<&str>) -> Answer {
    let body = json!({ "email": email, "password": PASSWORD, "code": code });
    api.send(api.request(Method::POST, "/session").json(&body)).await
}

async fn with_cookie(api: &Api, cookie: &str, query: &str, variables: Value) -> Answer {
    let body = json!({ "query": query, "variables": variables });
    let request = api.request(Method::POST, "/graphql").header("cookie", cookie).header("origin", BASE_URL).json(&body);
    api.send(request).await
}

#[tokio::test]
async fn a_code_is_asked_for_and_counts_once() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let api = Api::serve(&office).await;
        let clerk = office.staff("hino", "clerk");
        office.service.set_password(clerk.person.id, PASSWORD).await.unwrap();
        let opened = session(&office, clerk).await;
        let cookie = format!("__Host-session={}", opened.token);
        let begin = "mutation { beginSecondFactor(input: { idempotencyKey: \"b\" }) { secret address } }";
        let begun = with_cookie(&api, &cookie, begin, Value::Null).await.data()["beginSecondFactor"].clone();
        let secret = begun["secret"].as_str().unwrap().to_owned();
        let address = begun["address"].as_str().unwrap();
        assert!(address.starts_with("otpauth://totp/hojokin.example.jp:") && address.contains(&secret), "{address}");
        let code = || authenticator::code(&secret, office.clock.now());

        // Begun is not in force.
        assert_eq!(sign_in(&api, &clerk.email, None).await.status, StatusCode::OK);
        let confirm = "mutation($i: ConfirmSecondFactorInput!) { confirmSecondFactor(input: $i) { recoveryCodes } }";
        let wrong =
            with_cookie(&api, &cookie, confirm, json!({ "i": { "code": "12345", "idempotencyKey": "w" } })).await;
        assert_eq!(wrong.codes(), ["BAD_INPUT"]);
        let right = json!({ "i": { "code": code(), "idempotencyKey": "c" } });
        let confirmed = with_cookie(&api, &cookie, confirm, right).await.data();
        let recovery = confirmed["confirmSecondFactor"]["recoveryCodes"].as_array().unwrap().clone();
        assert_eq!(recovery.len(), 10);

        // The secret is never told again, and neither secret nor codes are anything that a token may touch.
        let again = with_cookie(&api, &cookie, &begin.replace("\"b\"", "\"b2\""), Value::Null).await.data();
        assert_eq!(again["beginSecondFactor"]["secret"], Value::Null);
        let token = office.token(clerk, &["read", "apply", "act", "pay"]).await;
        assert_eq!(api.graphql(Some(&token), begin, Value::Null).await.codes(), ["FORBIDDEN"]);

        // The password alone opens nothing any more; the code that has confirmed is used up.
        let half = sign_in(&api, &clerk.email, None).await;
        assert_eq!((half.status, half.codes()), (StatusCode::UNAUTHORIZED, vec!["SECOND_FACTOR_REQUIRED".to_owned()]));
        assert!(half.headers.get("set-cookie").is_none());
        assert_eq!(sign_in(&api, &clerk.email, Some(&code())).await.codes(), ["BAD_INPUT"]);
        office.clock.advance(TimeDelta::seconds(30));
        let current = code();
        let mut copies = JoinSet::new();
        for _ in 0..8 {
            let body = json!({ "email": clerk.email, "password": PASSWORD, "code": current });
            copies.spawn(api.request(Method::POST, "/session").json(&body).send());
        }
        let mut opened = 0;
        while let Some(copy) = copies.join_next().await {
            opened += usize::from(copy.unwrap().unwrap().status() == StatusCode::OK);
        }
        assert_eq!(opened, 1, "of many copies of one code, one counts");

        // A recovery code counts once, too, however it is typed.
        let typed = recovery[0].as_str().unwrap().to_uppercase().replace('-', " ");
        assert_eq!(sign_in(&api, &clerk.email, Some(&typed)).await.status, StatusCode::OK);
        assert_eq!(sign_in(&api, &clerk.email, Some(&typed)).await.codes(), ["BAD_INPUT"]);
        let left =
            with_cookie(&api, &cookie, "{ viewer { secondFactor { since recoveryCodesLeft } } }", Value::Null).await;
        assert_eq!(left.data()["viewer"]["secondFactor"]["recoveryCodesLeft"], 9);
    })
    .await;
}

#[tokio::test]
async fn codes_are_not_guessed_and_their_owner_gets_in() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let clerk = office.staff("hino", "clerk");
        office.service.set_password(clerk.person.id, PASSWORD).await.unwrap();
        let opened = session(&office, clerk).await;
        let begun = office.service.begin_second_factor(&opened.viewer, "b").await.unwrap();
        let code = || authenticator::code(&begun.secret, office.clock.now());
        office.service.confirm_second_factor(&opened.viewer, &code(), "c").await.unwrap();
        let from = |address| service::Device { address: Some(address), agent: None };
        let half = async |address| match office.service.sign_in(&clerk.email, PASSWORD, from(address)).await.unwrap() {
            service::SignIn::HalfDone(half) => half,
            service::SignIn::Done(_) => panic!("the password alone has opened a session"),
        };
        office.clock.advance(TimeDelta::seconds(30));
        let own = half("office").await;
        office.service.complete_sign_in(&own, &code(), from("office")).await.unwrap();
        let over = office.service.complete_sign_in(&own, &code(), from("office")).await;
        assert!(over.is_err(), "a half is completed once");

        let stolen = half("attacker").await;
        for n in 0..10 {
            let guess = office.service.complete_sign_in(&stolen, &format!("{n:06}"), from("attacker")).await;
            assert!(matches!(guess, Err(service::Error::BadInput { .. })), "{n}: {guess:?}");
        }
        let limited = office.service.complete_sign_in(&stolen, "999999", from("elsewhere")).await;
        assert!(matches!(limited, Err(service::Error::RateLimited { .. })), "{limited:?}");
        // Whoever has signed in from the office with a code still does.
        office.clock.advance(TimeDelta::seconds(30));
        let own = half("office").await;
        office.service.complete_sign_in(&own, &code(), from("office")).await.unwrap();
        // And what waits too long is over.
        let late = half("office").await;
        office.clock.advance(TimeDelta::minutes(10));
        let late = office.service.complete_sign_in(&late, &code(), from("office")).await;
        assert!(matches!(late, Err(service::Error::Unauthenticated)), "{late:?}");
    })
    .await;
}

#[tokio::test]
async fn short_passwords_do_beside_a_second_factor_only() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let clerk = office.staff("hino", "clerk");
        office.service.set_password(clerk.person.id, PASSWORD).await.unwrap();
        let viewer = session(&office, clerk).await.viewer;
        let short = "川沿い三匹の白猫";
        let refused = office.service.change_password(&viewer, PASSWORD, short).await;
        assert!(matches!(refused, Err(service::Error::BadInput { .. })), "{refused:?}");
        let begun = office.service.begin_second_factor(&viewer, "b").await.unwrap();
        let code = authenticator::code(&begun.secret, office.clock.now());
        let recovery = office.service.confirm_second_factor(&viewer, &code, "c").await.unwrap();
        office.service.change_password(&viewer, PASSWORD, short).await.unwrap();
        let path = |error| match error {
            Err(service::Error::BadInput { path, .. }) => path.unwrap_or_default(),
            other => panic!("{other:?}"),
        };
        // It would stand alone then.
        let ended = office.service.end_second_factor(&viewer, short, &recovery[0], "e1").await;
        assert_eq!(path(ended), "password");
        office.service.change_password(&viewer, short, PASSWORD).await.unwrap();
        let ended = office.service.end_second_factor(&viewer, PASSWORD, "wrong", "e2").await;
        assert_eq!(path(ended), "code");
        office.service.end_second_factor(&viewer, PASSWORD, &recovery[0], "e3").await.unwrap();
        session(&office, clerk).await;
        // Whoever has lost it is helped by whoever runs the installation, and not with a short password.
        let begun = office.service.begin_second_factor(&viewer, "b2").await.unwrap();
        let code = authenticator::code(&begun.secret, office.clock.now());
        office.service.confirm_second_factor(&viewer, &code, "c2").await.unwrap();
        assert_eq!(path(office.service.recover_account(viewer.person.id, short).await), "password");
        office.service.recover_account(viewer.person.id, PASSWORD).await.unwrap();
        session(&office, clerk).await;
        office.work_off().await;
        let subjects: Vec<String> = office.mail.take().into_iter().map(|mail| mail.subject).collect();
        assert_eq!(subjects.iter().filter(|subject| subject.contains("二段階認証")).count(), 3, "{subjects:?}");
    })
    .await;
}

#[tokio::test]
async fn money_asks_for_a_fresh_sign_in() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let api = Api::serve(&office).await;
        office.ordered().await;
        let batch = office.draft_batch("hino", None).await.unwrap();
        let checker = office.staff("hino", "finance_checker");
        office.service.set_password(checker.person.id, PASSWORD).await.unwrap();
        let opened = session(&office, checker).await;
        let cookie = format!("__Host-session={}", opened.token);
        let approve = "mutation($i: ApprovePaymentBatchInput!) { approvePaymentBatch(input: $i) { batch { state } } }";
        let input = json!({ "i": { "batchId": batch, "idempotencyKey": "a" } });
        office.clock.advance(TimeDelta::minutes(11));
        let stale = with_cookie(&api, &cookie, approve, input.clone()).await;
        assert_eq!(stale.codes(), ["SIGN_IN_AGAIN"]);
        let create = "mutation($i: CreateApiTokenInput!) { createApiToken(input: $i) { token } }";
        let token = json!({ "i": { "name": "x", "scopes": ["pay"], "days": 1, "idempotencyKey": "t" } });
        assert_eq!(with_cookie(&api, &cookie, create, token).await.codes(), ["SIGN_IN_AGAIN"]);
        // Looking is not moving money.
        assert!(with_cookie(&api, &cookie, "{ viewer { name } }", Value::Null).await.data()["viewer"].is_object());

        let again =
            office.service.sign_in_again(&opened.viewer, PASSWORD, "", service::Device::default()).await.unwrap();
        assert!(with_cookie(&api, &cookie, "{ viewer { name } }", Value::Null).await.data()["viewer"].is_null());
        let fresh = format!("__Host-session={}", again.token);
        let approved = with_cookie(&api, &fresh, approve, input).await.data();
        assert_eq!(approved["approvePaymentBatch"]["batch"]["state"], "APPROVED");
    })
    .await;
}

#[tokio::test]
async fn signing_a_decision_about_money_asks_for_a_fresh_sign_in() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let mut life = office.life(testkit::office::SALES_CHANNEL, 0).await;
        let case = loop {
            let case = office.look(&life.party.owner, life.application).await.case;
            if case.body.pending.is_some() {
                break case;
            }
            office.step(&mut life).await;
        };
        let pending = case.body.pending.clone().unwrap();
        assert!(!pending.amount.is_zero());
        let signer = office.staff("hino", &format!("position:{}", pending.next().unwrap().position));
        office.service.set_password(signer.person.id, PASSWORD).await.unwrap();
        let viewer = session(&office, signer).await.viewer;
        office.clock.advance(TimeDelta::minutes(11));
        let sign = |key: &str| {
            let act =
                casework::Act { action: "sign".to_owned(), expected_version: case.version, ..casework::Act::default() };
            let (service, viewer, key) = (&office.service, &viewer, key.to_owned());
            async move { service.act(viewer, case.id, act, &key).await }
        };
        assert!(matches!(sign("old").await, Err(service::Error::SignInAgain)));
        let fresh = office.service.sign_in_again(&viewer, PASSWORD, "", service::Device::default()).await.unwrap();
        let act =
            casework::Act { action: "sign".to_owned(), expected_version: case.version, ..casework::Act::default() };
        office.service.act(&fresh.viewer, case.id, act, "new").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn staff_without_a_second_factor_do_nothing_where_it_is_asked_for() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let life = office.submitted().await;
        let strict = service::Service::new(service::Deps {
            store: office.store.clone(),
            clock: std::sync::Arc::new(office.clock.clone()),
            ids: std::sync::Arc::new(office.ids.clone()),
            files: office.files.clone(),
            keys: service::Keyring::read(testkit::office::KEY).unwrap(),
            providers: Vec::new(),
            settings: service::Settings { staff_second_factor: true, ..office.service.settings().clone() },
        });
        let clerk = office.staff("hino", "clerk");
        office.service.set_password(clerk.person.id, PASSWORD).await.unwrap();
        let opened = session(&office, clerk).await;
        let viewer = strict.viewer_by_session(&opened.token).await.unwrap();
        assert!(viewer.lacks_second_factor && viewer.person.roles.is_empty());
        assert!(strict.application(&viewer, life.application).await.unwrap().is_none());
        let begun = strict.begin_second_factor(&viewer, "b").await.unwrap();
        let code = authenticator::code(&begun.secret, office.clock.now());
        strict.confirm_second_factor(&viewer, &code, "c").await.unwrap();
        let viewer = strict.viewer_by_session(&opened.token).await.unwrap();
        assert!(!viewer.lacks_second_factor);
        assert!(strict.application(&viewer, life.application).await.unwrap().is_some());
        // Applicants choose for themselves.
        let owner = &life.party.owner;
        office.service.set_password(owner.person.id, PASSWORD).await.unwrap();
        let opened = session(&office, owner).await;
        assert!(!strict.viewer_by_session(&opened.token).await.unwrap().lacks_second_factor);
    })
    .await;
}

#[tokio::test]
async fn the_secret_is_sealed_by_a_key_that_is_not_in_the_database() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let clerk = office.staff("hino", "clerk");
        office.service.set_password(clerk.person.id, PASSWORD).await.unwrap();
        let opened = session(&office, clerk).await;
        let begun = office.service.begin_second_factor(&opened.viewer, "b").await.unwrap();
        let kept = async || office.store.read().second_factor(clerk.person.id).await.unwrap().unwrap();
        let sealed = kept().await;
        assert!(sealed.sealed_by.is_some() && sealed.secret.len() > 40, "nonce, secret, tag: {sealed:?}");
        let with_keys = |lines: &[&str]| {
            service::Service::new(service::Deps {
                store: office.store.clone(),
                clock: std::sync::Arc::new(office.clock.clone()),
                ids: std::sync::Arc::new(office.ids.clone()),
                files: office.files.clone(),
                keys: service::Keyring::read(&lines.join("\n")).unwrap(),
                providers: Vec::new(),
                settings: office.service.settings().clone(),
            })
        };
        let (old, new) = (testkit::office::KEY, "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=");
        assert_eq!(office.service.settle_keys().await.unwrap(), 0);

        // Another key alone does not start; with the old one beside it, it takes over.
        for wrong in [with_keys(&[new]).settle_keys().await.map(drop), with_keys(&[new]).check_keys().await] {
            let Err(service::Error::Refused(reasons)) = wrong else { panic!("it has no key for this: {wrong:?}") };
            assert_eq!(reasons[0].code, "installation.key");
        }
        assert_eq!(kept().await, sealed, "and has changed nothing");
        assert_eq!(with_keys(&[new, old]).settle_keys().await.unwrap(), 1);
        assert_ne!(kept().await.sealed_by, sealed.sealed_by);
        assert!(office.service.check_keys().await.is_err());
        let now = with_keys(&[new]);
        let code = authenticator::code(&begun.secret, office.clock.now());
        now.confirm_second_factor(&opened.viewer, &code, "c").await.unwrap();

        // What was kept before there were keys is sealed by the next start.
        let plain = store::SecondFactor {
            account: office.staff("hino", "reviewer").person.id,
            secret: vec![7; 20],
            sealed_by: None,
            begun_at: office.clock.now(),
            confirmed_at: None,
        };
        let put = &plain;
        let written: Result<bool, store::StoreError> =
            office.store.write(|tx| Box::pin(async move { tx.begin_second_factor(put).await })).await;
        assert!(written.unwrap());
        assert_eq!(now.settle_keys().await.unwrap(), 1);
        let after = office.store.read().second_factor(plain.account).await.unwrap().unwrap();
        assert!(after.sealed_by.is_some() && !after.secret.windows(20).any(|part| part == plain.secret), "{after:?}");
    })
    .await;
}
