//! 公開: whoever is not signed in reads what was published by consent, and nothing else.

use serde_json::{Map, Value, json};
use testkit::{TestOffice, each_database};

use crate::client::Api;

const SITES: &str = "mizuho/site-matching";
const REGISTRY: &str = "query($p: String!, $first: Int, $after: String) { registry(program: $p, first: $first, after: $after) { \
    nodes { number fields { name label(locale: EN) value(locale: EN) } } pageInfo { hasNextPage endCursor } } }";

async fn registry(api: &Api, program: &str) -> Value {
    api.graphql(None, REGISTRY, json!({ "p": program })).await.data()["registry"]["nodes"].clone()
}

#[tokio::test]
async fn anybody_reads_what_is_published_and_nothing_else() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["mizuho"]).await;
        let api = Api::serve(&office).await;
        let mut life = office.life(SITES, 0).await;
        assert_eq!(registry(&api, SITES).await, json!([]));
        office.step(&mut life).await;
        assert_eq!(registry(&api, SITES).await, json!([]), "handed in is not published");
        let seen = office.live_until(&mut life, "listed").await;

        let entries = registry(&api, SITES).await;
        let entry = &entries[0];
        assert_eq!(entry["number"], json!(seen.case.body.numbers["application"]));
        let names: Vec<&str> =
            entry["fields"].as_array().unwrap().iter().filter_map(|field| field["name"].as_str()).collect();
        assert_eq!(names, life.program.definition().program.publishes);
        // A choice is said by its label, and nothing of who applied is there.
        let said = entries.to_string();
        let values = &seen.case.body.forms["application"].values;
        for (name, value) in values.iter().filter(|(name, _)| !names.contains(&name.as_str())) {
            let Some(text) = value.as_str().filter(|text| text.chars().count() > 3) else { continue };
            assert!(!said.contains(text), "{name} is public: {said}");
        }
        assert!(!said.contains(&life.party.name) && !said.contains(&life.application.to_string()), "{said}");
        // The rest of the case stays closed.
        let case =
            api.graphql(None, "query($id: ID) { application(id: $id) { id } }", json!({ "id": life.application }));
        assert_eq!(case.await.codes(), ["UNAUTHENTICATED"]);

        // Taken off the list, it is gone; published again, it is back, and gone for good at the end.
        let clerk = office.staff("mizuho", "clerk");
        let message = serde_json::from_value(json!({ "message": "内容を確認します" })).unwrap();
        office.act(clerk, life.application, "unpublish", message).await.unwrap();
        assert_eq!(registry(&api, SITES).await, json!([]));
        office.act(clerk, life.application, "publish", Map::new()).await.unwrap();
        assert_eq!(registry(&api, SITES).await, entries);
        office
            .act(clerk, life.application, "unpublish", serde_json::from_value(json!({ "message": "終了" })).unwrap())
            .await
            .unwrap();
        office.act(&life.party.owner, life.application, "withdraw", Map::new()).await.unwrap();
        assert_eq!(registry(&api, SITES).await, json!([]));

        // Programs that publish nothing have nothing to be read, and what is not there is not found.
        assert_eq!(registry(&api, "mizuho/trade-show").await, json!([]));
        let missing = api.graphql(None, REGISTRY, json!({ "p": "mizuho/none" })).await;
        assert_eq!(missing.codes(), ["NOT_FOUND"]);
    })
    .await;
}

#[tokio::test]
async fn the_registry_is_read_page_by_page() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["mizuho"]).await;
        let api = Api::serve(&office).await;
        let mut lives = Vec::new();
        for _ in 0..3 {
            lives.push(office.life(SITES, 0).await);
        }
        for _ in ["submit", "publish"] {
            for life in &mut lives {
                office.step(life).await;
            }
        }
        let all = registry(&api, SITES).await;
        assert_eq!(all.as_array().unwrap().len(), 3);
        let (mut read, mut after) = (Vec::new(), Value::Null);
        loop {
            let variables = json!({ "p": SITES, "first": 2, "after": after });
            let page = api.graphql(None, REGISTRY, variables).await.data()["registry"].clone();
            read.extend(page["nodes"].as_array().unwrap().clone());
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(Value::Array(read), all);
    })
    .await;
}
