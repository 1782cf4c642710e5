//! Every state, every action, every role: what is not permitted is refused with its reasons and changes nothing.

use std::collections::BTreeSet;

use serde_json::Value;
use service::Viewer;
use testkit::office::SALES_CHANNEL;
use testkit::{Life, TestOffice, each_database};

use crate::client::Api;

/// Root fields that one request may have.
const AT_ONCE: usize = 20;

/// What a request could change.
async fn evidence(office: &TestOffice, life: &Life) -> (i64, String, usize, u64) {
    let case = office.look(&life.party.owner, life.application).await.case;
    let events = office.store.read().events(case.id, 0, 10_000).await.unwrap().len();
    (case.version, case.state, events, office.service.outbox().await.unwrap().0.waiting)
}

/// All actions of the program and of approvals, and one that nobody has.
fn actions(life: &Life) -> BTreeSet<String> {
    let own = life.program.actions().map(|action| action.name.to_owned());
    own.chain(["sign", "return_internally", "take_back", "remind", "no_such_action"].map(str::to_owned)).collect()
}

async fn permitted(office: &TestOffice, viewer: &Viewer, life: &Life) -> Option<BTreeSet<String>> {
    let seen = office.service.application(viewer, life.application).await.unwrap()?;
    let listed = office.service.available_actions(viewer, std::slice::from_ref(&seen)).await.unwrap().swap_remove(0);
    Some(listed.into_iter().filter(|action| action.permitted).map(|action| action.name).collect())
}

fn mutation(life: &Life, version: i64, names: &[&String], who: &str) -> String {
    let mut text = "mutation {".to_owned();
    for (place, action) in names.iter().enumerate() {
        text.push_str(&format!(
            " a{place}: performAction(input: {{ applicationId: \"{}\", action: \"{action}\", expectedVersion: {version}, \
             idempotencyKey: \"{who}-{action}-{}\" }}) {{ __typename ... on ActionRefused {{ refusals {{ code message }} }} }}",
            life.application, life.application,
        ));
    }
    text.push_str(" }");
    text
}

#[tokio::test]
async fn what_a_role_may_not_do_in_a_state_is_refused_and_changes_nothing() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino", "shimonoseki"]).await;
        let lives = office.one_in_each_state(SALES_CHANNEL).await;
        let mut met = BTreeSet::new();
        for life in &lives {
            met.insert(office.look(&life.party.owner, life.application).await.case.state);
        }
        let states: BTreeSet<String> = lives[0].program.definition().archetype.states.keys().cloned().collect();
        assert_eq!(met, states);
        let api = Api::serve(&office).await;
        let stranger = office.life(SALES_CHANNEL, 0).await.party.owner;
        let (mut refused, mut allowed, mut hidden) = (0, 0, 0);
        let mut codes_seen = BTreeSet::new();
        for life in &lives {
            let mut viewers: Vec<(String, Viewer)> = vec![
                ("owner".to_owned(), life.party.owner.clone()),
                ("stranger".to_owned(), stranger.clone()),
                ("other-office".to_owned(), office.staff("shimonoseki", "reviewer").clone()),
            ];
            let staff = office.all_staff("hino").filter(|(who, _)| !who.ends_with("director"));
            viewers.extend(staff.map(|(who, viewer)| (who.replace(':', "-"), viewer.clone())));
            let before = evidence(&office, life).await;
            for (who, viewer) in &viewers {
                let token = office.token(viewer, &["read", "apply", "act", "pay"]).await;
                let all = actions(life);
                let Some(permitted) = permitted(&office, viewer, life).await else {
                    for action in ["submit", "withdraw", "grant", "sign", "no_such_action"] {
                        let answer =
                            api.perform(&token, life.application, action, before.0, &format!("h-{action}")).await;
                        assert_eq!(answer.codes(), ["NOT_FOUND"], "{who} {action} {}", before.1);
                        hidden += 1;
                    }
                    continue;
                };
                allowed += permitted.len();
                let forbidden: Vec<&String> = all.difference(&permitted).collect();
                for part in forbidden.chunks(AT_ONCE) {
                    let answer = api.graphql(Some(&token), &mutation(life, before.0, part, who), Value::Null).await;
                    let data = answer.data();
                    for (place, action) in part.iter().enumerate() {
                        let payload = &data[format!("a{place}")];
                        assert_eq!(payload["__typename"], "ActionRefused", "{who} {action} in {}: {payload}", before.1);
                        let refusals = payload["refusals"].as_array().unwrap();
                        assert!(!refusals.is_empty(), "{who} {action} in {}", before.1);
                        for refusal in refusals {
                            assert!(!refusal["message"].as_str().unwrap().is_empty(), "{payload}");
                            codes_seen.insert(refusal["code"].as_str().unwrap().to_owned());
                        }
                        refused += 1;
                    }
                }
                assert_eq!(evidence(&office, life).await, before, "{who} in {}", before.1);
            }
        }
        println!("{refused} refused, {allowed} permitted and left alone, {hidden} hidden; codes: {codes_seen:?}");
        for code in ["action.forbidden", "action.unknown", "state.wrong", "approval.pending", "approval.none"] {
            assert!(codes_seen.contains(code), "{code} was never met: {codes_seen:?}");
        }
    })
    .await;
}
