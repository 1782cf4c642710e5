//! The database goes away and comes back: coded answers, nothing doubled, no restart.

use reqwest::StatusCode;
use serde_json::Value;
use testkit::throwaway::{Purpose, ThrowawayPostgres, create_database};
use testkit::{Outage, TestOffice};

use crate::client::{Answer, Api};

/// Connections that lay idle while the server was away are found dead one by one: at most so many answers say that the
/// database is not available, each with its code, before it is used again.
const CONNECTIONS: usize = 16;

async fn answered(ask: impl AsyncFn() -> Answer) -> Answer {
    for _ in 0..=CONNECTIONS {
        let answer = ask().await;
        if answer.codes().is_empty() {
            return answer;
        }
        assert_eq!(answer.codes(), ["UNAVAILABLE"], "{answer:?}");
    }
    panic!("the database is back and is not used");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_goes_away_and_comes_back_is_used_again() {
    // A server of its own: others would notice the outage.
    let server = ThrowawayPostgres::start(Purpose::Tests).unwrap();
    let url = create_database(server.url(), "outage").unwrap();
    let outage = Outage::of(&server);
    let office = TestOffice::at(&url, &["hino"]).await;
    let api = Api::serve(&office).await;
    let life = office.submitted().await;
    office.work_off().await;
    office.mail.take();
    let clerk = office.staff("hino", "clerk");
    let token = office.token(clerk, &["read", "act"]).await;
    assert_eq!(api.get(None, "/health/ready").await.status, StatusCode::OK);

    outage.begin();
    let (acted, asked, ready, ticked) = tokio::join!(
        api.perform(&token, life.application, "receive", 1, "through-the-outage"),
        api.graphql(Some(&token), "{ viewer { email } }", Value::Null),
        api.get(None, "/health/ready"),
        office.worker.tick(),
    );
    for answer in [&acted, &asked, &ready] {
        assert_eq!(answer.codes(), ["UNAVAILABLE"], "{answer:?}");
    }
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(ticked.is_err());
    assert_eq!(api.get(None, "/health/live").await.status, StatusCode::OK);

    outage.end();
    let ready = answered(async || api.get(None, "/health/ready").await).await;
    assert_eq!(ready.status, StatusCode::OK);
    // The same request again: one effect, and the mail that belongs to it.
    for _ in 0..2 {
        let perform = async || api.perform(&token, life.application, "receive", 1, "through-the-outage").await;
        let answer = answered(perform).await.data();
        assert_eq!(answer["performAction"]["application"]["version"], 2, "{answer}");
    }
    assert_eq!(office.store.read().events(life.application, 0, 100).await.unwrap().len(), 2);
    while office.worker.tick().await.is_err() {}
    office.work_off().await;
    assert_eq!(office.mail.take().len(), 1);

    // A short one between two requests, while connections lie idle in the pool.
    for round in 0..3 {
        outage.begin();
        outage.end();
        let answer = answered(async || api.graphql(Some(&token), "{ viewer { email } }", Value::Null).await).await;
        assert_eq!(answer.data()["viewer"]["email"], clerk.email, "round {round}");
    }
}
