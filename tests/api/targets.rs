//! 目標と実績: what came of a call is counted by what its target is about, and shown to its office.

use serde_json::{Value, json};
use service::Viewer;
use testkit::office::SALES_CHANNEL;
use testkit::{TestOffice, each_database};

use crate::client::Api;

const CALLS: &str = "query($p: String!) { program(slug: $p) { calls { fiscalYear target { count of } progress { \
    handedIn { cases businesses } decided { cases businesses } endedWell { cases businesses } actual } } } }";
const RESULTS: &str = "query($m: String!) { callResults(municipality: $m, fiscalYear: 2026) { program title(locale: EN) \
    target { count of } progress { handedIn { cases businesses } decided { cases businesses } actual } } }";

async fn this_year(office: &TestOffice, api: &Api, who: Option<&Viewer>) -> Value {
    let token = match who {
        Some(viewer) => Some(office.token(viewer, &["read"]).await),
        None => None,
    };
    let data = api.graphql(token.as_deref(), CALLS, json!({ "p": SALES_CHANNEL })).await.data();
    let calls = data["program"]["calls"].as_array().unwrap().clone();
    calls.into_iter().find(|call| call["fiscalYear"] == 2026).unwrap()
}

#[tokio::test]
async fn a_target_is_shown_beside_what_was_reached() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino", "mizuho"]).await;
        let api = Api::serve(&office).await;
        let clerk = office.staff("hino", "clerk");
        let count = |cases: i64, businesses: i64| json!({ "cases": cases, "businesses": businesses });
        let call = this_year(&office, &api, Some(clerk)).await;
        assert_eq!(call["target"], json!({ "count": 10, "of": "DISTINCT_COMPANIES_AT_DECISION" }));
        assert_eq!(call["progress"]["actual"], 0);

        let submitted = office.submitted().await;
        let [mut reported, mut paid] = <[_; 2]>::try_from(office.cases_in("granted", 2).await).unwrap();
        // A second application of one business; and a report that is with the office again was decided for all the same.
        let again = office.life_of(submitted.party.clone(), SALES_CHANNEL, 0).await;
        office.live_until(&mut reported, "reported").await;
        office.live_until(&mut paid, "paid").await;
        let call = this_year(&office, &api, Some(clerk)).await;
        assert_eq!(
            call["progress"],
            json!({ "handedIn": count(3, 3), "decided": count(2, 2), "endedWell": count(1, 1), "actual": 2 })
        );
        assert_eq!(office.look(&again.party.owner, again.application).await.case.version, 0, "a draft does not count");

        // The target is public, what was reached is the office's.
        for who in [None, Some(office.staff("mizuho", "clerk")), Some(&submitted.party.owner)] {
            let seen = this_year(&office, &api, who).await;
            assert_eq!((&seen["target"], &seen["progress"]), (&call["target"], &Value::Null));
        }
        let results = async |who: &Viewer| {
            let token = office.token(who, &["read"]).await;
            api.graphql(Some(&token), RESULTS, json!({ "m": "hino" })).await
        };
        let data = results(clerk).await.data();
        let listed = data["callResults"].as_array().unwrap();
        let ours = listed.iter().find(|result| result["program"] == SALES_CHANNEL).unwrap();
        assert_eq!((&ours["progress"]["actual"], &ours["target"]["count"]), (&json!(2), &json!(10)));
        for stranger in [office.staff("mizuho", "program_officer"), &submitted.party.owner] {
            assert_eq!(results(stranger).await.codes(), ["NOT_FOUND"]);
        }
    })
    .await;
}
