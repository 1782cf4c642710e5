//! Drafts over the API: whoever says what a draft was like overwrites nothing unseen.

use serde_json::{Value, json};
use testkit::office::SALES_CHANNEL;
use testkit::{TestOffice, each_database};

use crate::client::Api;

const SAVE: &str = "mutation($input: SaveDraftInput!) { saveDraft(input: $input) { application { id } values \
    draft { revision values documents { slot } } refusals { code message } } }";
const DRAFT: &str = "query($id: ID) { application(id: $id) { draft { revision values } } }";

#[tokio::test]
async fn a_draft_is_saved_over_the_revision_that_was_seen() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let api = Api::serve(&office).await;
        let life = office.life(SALES_CHANNEL, 0).await;
        let token = office.token(&life.party.owner, &["read", "apply"]).await;
        let save = async |name: &str, expected: Value, key: Value| {
            let values = json!({ "contact_name": name });
            let input = json!({
                "applicationId": life.application, "values": values, "expectedRevision": expected, "idempotencyKey": key,
            });
            api.graphql(Some(&token), SAVE, json!({ "input": input })).await.data()["saveDraft"].clone()
        };
        let first = save("一", json!(0), json!("first")).await;
        assert_eq!((&first["draft"]["revision"], &first["refusals"]), (&json!(1), &json!([])));
        // Asked again, it is done once.
        assert_eq!(save("一", json!(0), json!("first")).await, first);

        let stale = save("二", json!(0), Value::Null).await;
        assert_eq!(stale["refusals"][0]["code"], "stale_draft");
        assert_eq!(stale["draft"], json!({ "revision": 1, "values": { "contact_name": "一" }, "documents": [] }));
        assert_eq!(stale["values"], Value::Null);
        let saved = save("二", json!(1), Value::Null).await;
        assert_eq!((&saved["draft"]["revision"], &saved["values"]["contact_name"]), (&json!(2), &json!("二")));
        // Without a revision the last save counts.
        let last = save("三", Value::Null, Value::Null).await;
        assert_eq!(last["draft"]["revision"], 3);
        let draft = api.graphql(Some(&token), DRAFT, json!({ "id": life.application })).await.data();
        let draft = &draft["application"]["draft"];
        assert_eq!(*draft, json!({ "revision": 3, "values": { "contact_name": "三" } }));
    })
    .await;
}
