//! 第三者: whoever holds the link of a case's partner answers by it, and learns nothing else.

use chrono::TimeDelta;
use reqwest::StatusCode;
use serde_json::{Value, json};
use testkit::office::BASE_URL;
use testkit::{Backend, Life, TestDatabase, TestOffice, each_database};

use crate::client::{Answer, Api, PERFORM};

const LOAN: &str = "mizuho/loan-mediation";

const CASE: &str = "{ partnerCase { municipality(locale: EN) programTitle(locale: EN) number businessName \
    state(locale: EN) deadline version label(locale: EN) name expiresAt documents { kind name sha256 } \
    actions { name permitted reasons { code } form { fields { name } } } } }";

const ANSWER: &str = "mutation($input: PerformPartnerActionInput!) { performPartnerAction(input: $input) { \
    partnerCase { version state(locale: EN) actions { name } } refusals { code path message } } }";

/// The token of the newest link that was sent to that address.
pub fn token_to(office: &TestOffice, address: &str) -> String {
    let mails = office.mail.take();
    let mail = mails.iter().rfind(|mail| mail.to == address).unwrap_or_else(|| panic!("no mail to {address}"));
    let (_, rest) = mail.text.split_once(&format!("{BASE_URL}/partner#")).unwrap_or_else(|| panic!("{}", mail.text));
    rest.split_whitespace().next().unwrap().to_owned()
}

/// A case before the bank, and the token of the bank's link.
async fn mediated(office: &TestOffice) -> (Life, String) {
    let mut life = office.life(LOAN, 0).await;
    office.live_until(&mut life, "mediated").await;
    office.work_off().await;
    (life, token_to(office, "loans@bank.example"))
}

async fn answer(api: &Api, token: &str, action: &str, version: i64, values: Value, key: &str) -> Answer {
    let input = json!({ "action": action, "expectedVersion": version, "values": values, "idempotencyKey": key });
    api.graphql(Some(token), ANSWER, json!({ "input": input })).await
}

/// The codes with which an answer was refused.
fn refused(answer: &Answer) -> Vec<String> {
    let payload = answer.data()["performPartnerAction"].clone();
    assert!(payload["partnerCase"].is_null(), "{payload}");
    let refusals = payload["refusals"].as_array().unwrap().iter();
    refusals.map(|refusal| refusal["code"].as_str().unwrap().to_owned()).collect()
}

fn lent() -> Value {
    json!({ "lent": 7_000_000, "interest": "1.8%", "months": 60, "guaranteed": true })
}

/// Whatever is kept on disk of an SQLite database.
fn kept_bytes(database: &TestDatabase) -> Vec<u8> {
    let path = database.url.trim_start_matches("sqlite://").split('?').next().unwrap().to_owned();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.extend(std::fs::read(format!("{path}-wal")).unwrap_or_default());
    bytes
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn the_bank_answers_by_its_link() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["mizuho"]).await;
        let api = Api::serve(&office).await;
        let (mut life, token) = mediated(&office).await;
        assert!(token.starts_with("pl_") && token.len() >= 46, "{token}");

        let case = api.graphql(Some(&token), CASE, Value::Null).await.data()["partnerCase"].clone();
        let seen = office.look(&life.party.owner, life.application).await.case;
        for (field, value) in [
            ("programTitle", json!("SME Promotion Fund Loan Mediation")),
            ("number", json!(seen.body.numbers["application"])),
            ("businessName", json!(life.party.name)),
            ("state", json!("Before the bank")),
            ("deadline", json!("2026-07-10")),
            ("version", json!(seen.version)),
            ("label", json!("Bank")),
            ("name", json!("見本銀行 瑞穂支店 融資係")),
        ] {
            assert_eq!(case[field], value, "{field}");
        }
        let kinds: Vec<&str> =
            case["documents"].as_array().unwrap().iter().filter_map(|d| d["name"].as_str()).collect();
        assert_eq!(kinds, ["business_plan.pdf", "financial_statements.pdf"], "what is marked for the bank, no more");
        let offered: Vec<&str> =
            case["actions"].as_array().unwrap().iter().filter_map(|a| a["name"].as_str()).collect();
        assert_eq!(offered, ["lend", "refuse_loan"]);
        let fields: Vec<&str> = case["actions"][0]["form"]["fields"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|f| f["name"].as_str())
            .collect();
        assert_eq!(fields, ["lent", "interest", "months", "guaranteed"]);
        assert!(case["actions"].as_array().unwrap().iter().all(|action| action["permitted"] == true), "{case}");

        // What is not the bank's to do is refused, and what it says has to be right.
        let version = seen.version;
        for action in ["withdraw", "send_link_again", "remind_bank", "report_drawdown", "mediate"] {
            let done = answer(&api, &token, action, version, json!({}), &format!("not-{action}")).await;
            assert_eq!(refused(&done), ["action.forbidden"], "{action}");
        }
        let wrong = answer(&api, &token, "lend", version, json!({ "interest": "1.8%", "months": 60 }), "wrong").await;
        assert_eq!(refused(&wrong).len(), 1, "{}", wrong.text);
        let stale = answer(&api, &token, "lend", version - 1, lent(), "stale").await;
        assert_eq!(refused(&stale), ["stale_version"]);
        assert_eq!(office.look(&life.party.owner, life.application).await.case.version, version);

        // Once, however often it is sent.
        for _ in 0..2 {
            let done = answer(&api, &token, "lend", version, lent(), "answer").await.data();
            let after = &done["performPartnerAction"]["partnerCase"];
            assert_eq!((&after["state"], &after["version"]), (&json!("Loan approved"), &json!(version + 1)), "{done}");
            assert_eq!(after["actions"], json!([]));
        }
        let other = answer(&api, &token, "lend", version, json!({ "lent": 1 }), "answer").await;
        assert_eq!(other.codes(), ["IDEMPOTENCY_CONFLICT"]);

        // The office sees who answered; the applicant sees that the bank did.
        let history = async |viewer| office.service.history(viewer, life.application, 100, None).await.unwrap().items;
        let by = |items: Vec<(String, service::EventView)>| {
            let (_, event) = items.into_iter().find(|(_, event)| event.event.action == "lend").unwrap();
            event.actor_name
        };
        assert_eq!(by(history(office.staff("mizuho", "reviewer")).await), "見本銀行 瑞穂支店 融資係");
        assert_eq!(by(history(&life.party.owner).await), "取扱金融機関");

        // The case goes on, and with its end the link ends.
        life.taken += 1;
        office.live_until(&mut life, "lent").await;
        assert_eq!(api.graphql(Some(&token), CASE, Value::Null).await.codes(), ["UNAUTHENTICATED"]);
    })
    .await;
}

#[tokio::test]
async fn a_token_is_kept_nowhere() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["mizuho"]).await;
        let (life, token) = mediated(&office).await;
        let reviewer = office.staff("mizuho", "reviewer");
        let mails = office.service.messages_of(reviewer, &[life.application]).await.unwrap();
        let to_bank: Vec<_> = mails[&life.application].iter().filter(|mail| mail.recipient.contains("bank")).collect();
        assert_eq!(to_bank.len(), 1);
        assert!(to_bank[0].sent_at.is_some() && to_bank[0].text.contains(&format!("{BASE_URL}/partner#…")));
        let history = office.store.read().events(life.application, 0, 1_000).await.unwrap();
        let case = office.look(reviewer, life.application).await.case;
        for told in [format!("{history:?}"), format!("{case:?}"), format!("{mails:?}")] {
            assert!(!told.contains(&token), "{told}");
        }
        if database.backend == Backend::Sqlite {
            let bytes = kept_bytes(database);
            assert!(contains(&bytes, "loans@bank.example"), "the database was read");
            assert!(!contains(&bytes, &token), "the token is on disk");
        }
    })
    .await;
}

#[tokio::test]
async fn a_link_that_does_not_hold_is_as_one_that_never_was() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["mizuho"]).await;
        let api = Api::serve(&office).await;
        let gone = async |token: &str| {
            let version = 7;
            for (query, variables) in [
                (CASE, Value::Null),
                (
                    ANSWER,
                    json!({ "input": { "action": "lend", "expectedVersion": version, "idempotencyKey": "gone" } }),
                ),
                ("{ programs(first: 1) { edges { node { title } } } }", Value::Null),
            ] {
                let found = api.graphql(Some(token), query, variables.clone()).await;
                let unknown =
                    api.graphql(Some("pl_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), query, variables).await;
                assert_eq!(found.status, StatusCode::UNAUTHORIZED, "{query}: {}", found.text);
                assert_eq!(found.comparable(), unknown.comparable(), "{query}");
            }
        };
        let holds = async |token: &str| {
            assert_eq!(api.graphql(Some(token), CASE, Value::Null).await.status, StatusCode::OK);
        };
        let (life, first) = mediated(&office).await;
        let (other, others) = mediated(&office).await;
        holds(&first).await;

        // Another link in its place ends the one before, of this case only.
        let reviewer = office.staff("mizuho", "reviewer");
        let to = json!({ "bank_name": "見本銀行 支店長", "bank_email": "branch@bank.example" });
        let values = serde_json::from_value(to).unwrap();
        office.act(reviewer, life.application, "send_link_again", values).await.unwrap();
        gone(&first).await;
        office.work_off().await;
        let second = token_to(&office, "branch@bank.example");
        holds(&second).await;
        holds(&others).await;

        // The applicant's way out ends it.
        office.act(&life.party.owner, life.application, "withdraw", serde_json::Map::new()).await.unwrap();
        gone(&second).await;

        // So does time, at the end of the ninetieth day.
        let until = office.look(reviewer, other.application).await.case.body.partners["bank"].until;
        office.clock.set(until - TimeDelta::microseconds(1));
        holds(&others).await;
        office.clock.set(until);
        gone(&others).await;
        let case = office.look(reviewer, other.application).await.case;
        assert_eq!(case.state, "mediated");
    })
    .await;
}

#[tokio::test]
async fn the_holder_of_a_link_is_nobody_everywhere_else() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["mizuho"]).await;
        let api = Api::serve(&office).await;
        let (life, token) = mediated(&office).await;
        let (other, _) = mediated(&office).await;
        let anybody = |answer: &Answer| answer.codes() == ["UNAUTHENTICATED"];
        for case in [&life, &other] {
            let id = json!({ "id": case.application });
            for query in [
                "query($id: ID!) { application(id: $id) { number values } }",
                "query($id: ID!) { application(id: $id) { id } applications(first: 1) { edges { node { id } } } }",
                "query($id: ID!) { application(id: $id) { history(first: 1) { edges { node { id } } } letters { html } } }",
            ] {
                let answer = api.graphql(Some(&token), query, id.clone()).await;
                let nobody = api.graphql(None, query, id.clone()).await;
                assert_eq!(answer.comparable(), nobody.comparable(), "{query}");
                assert!(answer.codes().iter().all(|code| code == "UNAUTHENTICATED"), "{}", answer.text);
            }
            let input = json!({
                "applicationId": case.application, "action": "lend", "expectedVersion": 5, "values": lent(),
                "idempotencyKey": "as-a-person",
            });
            assert!(anybody(&api.graphql(Some(&token), PERFORM, json!({ "input": input })).await));
            let seen = office.look(&case.party.owner, case.application).await.case;
            for file in seen.body.forms.values().flat_map(|form| form.documents.values().flatten()) {
                let path = format!("/files/{}", file.file);
                assert_eq!(api.get(Some(&token), &path).await.status, StatusCode::UNAUTHORIZED);
            }
        }
        for query in ["{ tasks(first: 1) { edges { node { application { id } } } } }", "{ __schema { types { name } } }"] {
            assert!(anybody(&api.graphql(Some(&token), query, Value::Null).await), "{query}");
        }
        let viewer = api.graphql(Some(&token), "{ viewer { name } }", Value::Null).await.data();
        assert!(viewer["viewer"].is_null());

        // And nobody else is the partner, whatever they may do.
        for person in [&life.party.owner, office.staff("mizuho", "reviewer")] {
            let own = office.token(person, &["read", "apply", "act"]).await;
            assert!(anybody(&api.graphql(Some(&own), CASE, Value::Null).await));
            assert!(anybody(&answer(&api, &own, "lend", 5, lent(), "as-the-bank").await));
            let version = office.look(person, life.application).await.case.version;
            let done = api.perform(&own, life.application, "lend", version, "as-the-bank-too").await;
            assert_eq!(done.data()["performAction"]["refusals"][0]["code"], "action.forbidden");
        }
        assert!(anybody(&api.graphql(None, CASE, Value::Null).await));
    })
    .await;
}
