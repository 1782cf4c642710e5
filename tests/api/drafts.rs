//! Drafts over the API: whoever says what a draft was like overwrites nothing unseen.

use serde_json::{Value, json};
use service::{ApplicationFilter, ApplicationOrder, Error};
use testkit::office::{SALES_CHANNEL, sample_pdf};
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

#[tokio::test]
async fn only_what_was_never_handed_in_can_be_deleted() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let service = &office.service;
        let (mut submitted, life) = (office.life(SALES_CHANNEL, 0).await, office.life(SALES_CHANNEL, 0).await);
        office.step(&mut submitted).await;
        let (owner, stranger) = (&life.party.owner, &submitted.party.owner);
        let typed = [("venue".to_owned(), json!("東京"))].into_iter().collect();
        service.save_draft(owner, life.application, None, typed, None, None).await.unwrap();
        let file = service.upload(owner, "a.pdf", sample_pdf("a")).await.unwrap();
        service.attach_document(owner, life.application, None, ("plan", &[]), file.id, "attach").await.unwrap();

        let handed_in = service.discard_draft(stranger, submitted.application, "one").await;
        assert!(matches!(handed_in, Err(Error::Refused(reasons)) if reasons[0].code == "draft.handed_in"));
        for other in [stranger, office.staff("hino", "clerk")] {
            let foreign = service.discard_draft(other, life.application, "two").await;
            assert!(matches!(foreign, Err(Error::NotFound)));
        }
        for _ in 0..2 {
            service.discard_draft(owner, life.application, "three").await.unwrap();
        }
        assert!(service.application(owner, life.application).await.unwrap().is_none());
        assert!(office.store.read().file(file.id).await.unwrap().is_none());
        let page = service.applications(owner, ApplicationFilter::default(), ApplicationOrder::Updated, 10, None).await;
        assert!(page.unwrap().items.is_empty());
        assert!(service.application(stranger, submitted.application).await.unwrap().is_some());
    })
    .await;
}

#[tokio::test]
async fn a_file_proves_rows_of_what_was_paid() {
    const ATTACH: &str = "mutation($input: AttachDocumentInput!) { attachDocument(input: $input) { \
        application { draft(form: \"report\") { documents { slot rows } } } refusals { code path } } }";
    const ASKED: &str = "query($id: ID!) { application(id: $id) { form(name: \"report\") { \
        fields { name evidence } } } }";
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let api = Api::serve(&office).await;
        let mut life = office.life(SALES_CHANNEL, 0).await;
        office.live_until(&mut life, "granted").await;
        let owner = &life.party.owner;
        let token = office.token(owner, &["read", "apply"]).await;
        let asked = api.graphql(Some(&token), ASKED, json!({ "id": life.application })).await.data();
        let fields = asked["application"]["form"]["fields"].as_array().unwrap().clone();
        assert!(fields.contains(&json!({ "name": "costs", "evidence": "receipts" })), "{fields:?}");

        let values = life.values(life.next().unwrap());
        office.service.save_draft(owner, life.application, Some("report"), values, None, None).await.unwrap();
        let attach = async |name: &str, rows: Value| {
            let file = office.service.upload(owner, &format!("{name}.pdf"), sample_pdf(name)).await.unwrap();
            let input = json!({
                "applicationId": life.application, "form": "report", "slot": "receipts", "rows": rows,
                "fileId": file.id, "idempotencyKey": name,
            });
            api.graphql(Some(&token), ATTACH, json!({ "input": input })).await
        };
        attach("both", json!([0, 1])).await;
        let all = attach("all", json!([])).await.data();
        let documents = json!([{ "slot": "receipts", "rows": [0, 1] }, { "slot": "receipts", "rows": [] }]);
        assert_eq!(all["attachDocument"]["application"]["draft"]["documents"], documents);
        const DETACH: &str = "mutation($input: DetachDocumentInput!) { detachDocument(input: $input) { \
            application { draft(form: \"report\") { values documents { slot rows } } } refusals { code } } }";
        let detach = async |file: Value, key: &str| {
            let input = json!({
                "applicationId": life.application, "form": "report", "slot": "receipts", "fileId": file,
                "idempotencyKey": key,
            });
            api.graphql(Some(&token), DETACH, json!({ "input": input })).await.data()["detachDocument"].clone()
        };
        let read = "query($id: ID!) { application(id: $id) { documents(form: \"report\") { id } } }";
        let there = api.graphql(Some(&token), read, json!({ "id": life.application })).await.data();
        let both = there["application"]["documents"][0]["id"].clone();
        for _ in 0..2 {
            let left = detach(both.clone(), "detach").await["application"]["draft"].clone();
            assert_eq!(left["documents"], json!([{ "slot": "receipts", "rows": [] }]));
            assert_eq!(left["values"]["costs"][0]["evidence"], json!([]));
        }
        let refused = attach("none", json!([99])).await;
        assert_eq!(refused.codes(), ["BAD_INPUT"]);
        assert_eq!(refused.json()["errors"][0]["extensions"]["path"], "rows");
    })
    .await;
}

#[tokio::test]
async fn an_application_starts_with_what_an_earlier_one_said() {
    const START: &str = "mutation($input: StartApplicationInput!) { startApplication(input: $input) { \
        application { id draft { revision values documents { slot sha256 } } } \
        reused { fields documents leftOut { label(locale: EN) reason(locale: EN) } } refusals { code } } }";
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let api = Api::serve(&office).await;
        let mut life = office.life(SALES_CHANNEL, 0).await;
        let earlier = office.live_until(&mut life, "submitted").await;
        // The day on which the project was to begin is over, that on which it is to end is not.
        office.advance_to(vocabulary::start_of_day(vocabulary::parse_day("2026-07-01").unwrap())).await;
        let token = office.token(&life.party.owner, &["read", "apply"]).await;
        let start = async |reuse: Value| {
            let input = json!({
                "program": SALES_CHANNEL, "business": life.party.business, "reuse": reuse, "idempotencyKey": "next",
            });
            api.graphql(Some(&token), START, json!({ "input": input })).await
        };
        let started = start(json!(life.application)).await.data()["startApplication"].clone();
        let handed_in = &earlier.case.body.forms["application"];
        let draft = &started["application"]["draft"];
        assert_eq!(draft["revision"], 1);
        assert_eq!(draft["values"]["contact_name"], handed_in.values["contact_name"]);
        assert_eq!(draft["values"]["pledge"], Value::Null);
        assert_eq!(draft["values"]["starts_on"], Value::Null);
        assert_eq!(draft["values"]["completes_on"], handed_in.values["completes_on"]);
        let fields = started["reused"]["fields"].as_array().unwrap();
        assert_eq!(fields.len(), draft["values"].as_object().unwrap().len());
        assert!(!fields.contains(&json!("pledge")));
        let left_out = started["reused"]["leftOut"].as_array().unwrap();
        for reason in ["pledges and consents are given anew each time", "days in the past are not taken over"] {
            assert!(left_out.iter().any(|left| left["reason"] == reason), "{left_out:?}");
        }
        for document in draft["documents"].as_array().unwrap() {
            let files = &handed_in.documents[document["slot"].as_str().unwrap()];
            assert!(files.iter().any(|file| document["sha256"] == file.sha256.as_str()), "{document}");
        }
        // The same key is the same application; another input is another wish.
        assert_eq!(start(json!(life.application)).await.data()["startApplication"], started);
        assert_eq!(start(Value::Null).await.codes(), ["IDEMPOTENCY_CONFLICT"]);
        let foreign = office.life(SALES_CHANNEL, 0).await;
        assert_eq!(start(json!(foreign.application)).await.codes(), ["BAD_INPUT"]);
    })
    .await;
}
