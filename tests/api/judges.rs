//! 審査員: appointed for a call and a period, no staff. Judges see what is before their panel, as long as it is and as long
//! as they judge, and nothing else.

use chrono::TimeDelta;
use serde_json::{Value, json};
use service::Viewer;
use testkit::office::BASE_URL;
use testkit::{Life, TestOffice, each_database};
use uuid::Uuid;

use crate::client::{Answer, Api};

const OPEN_CALL: &str = "sumida/field-test";
const JUDGE: &str = "judge { id accountId email from until dismissedAt recusals { number reason } }";
const CASE: &str = "query($id: ID) { application(id: $id) { state { name } availableActions { name } } }";

/// A case before the panel, and its call.
async fn before_the_panel(office: &TestOffice) -> (Life, Uuid) {
    let mut life = office.life(OPEN_CALL, 0).await;
    office.live_until(&mut life, "judging").await;
    let call = office.look(&life.party.owner, life.application).await.case.call.id;
    (life, call)
}

async fn command(api: &Api, token: &str, name: &str, selection: &str, input: Value) -> Answer {
    let kind = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
    let query = format!("mutation($i: {kind}!) {{ {name}(input: $i) {{ {selection} refusals {{ code }} }} }}");
    api.graphql(Some(token), &query, json!({ "i": input })).await
}

fn points() -> serde_json::Map<String, Value> {
    serde_json::from_value(json!({ "novelty": 8, "need": 7, "feasibility": 6 })).unwrap()
}

async fn sees(office: &TestOffice, judge: &Viewer, life: &Life) -> bool {
    let judge = office.viewer(&judge.email).await;
    office.service.application(&judge, life.application).await.unwrap().is_some()
}

#[tokio::test]
async fn a_judge_is_invited_scores_and_is_dismissed() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["sumida", "hino"]).await;
        let api = Api::serve(&office).await;
        let submitted = {
            let mut life = office.life(OPEN_CALL, 0).await;
            office.step(&mut life).await;
            life
        };
        let (life, call) = before_the_panel(&office).await;
        let input = json!({
            "callId": call, "email": "judge@university.example", "from": "2026-07-01", "until": "2026-08-31",
            "idempotencyKey": "appoint",
        });
        let appoint = async |who: &Viewer| {
            let token = office.token(who, &["read", "act"]).await;
            command(&api, &token, "appointJudge", &format!("invited {JUDGE}"), input.clone()).await
        };
        // By program officers of the call's office; elsewhere there is no such call.
        for role in ["clerk", "reviewer", "administrator"] {
            assert_eq!(appoint(office.staff("sumida", role)).await.codes(), ["FORBIDDEN"], "{role}");
        }
        for stranger in [office.staff("hino", "program_officer"), &life.party.owner] {
            assert_eq!(appoint(stranger).await.codes(), ["NOT_FOUND"]);
        }
        let officer = office.staff("sumida", "program_officer");
        let payload = appoint(officer).await.data()["appointJudge"].clone();
        assert_eq!(payload, json!({ "invited": true, "judge": null, "refusals": [] }));
        office.work_off().await;
        let mail = office.mail.take().into_iter().find(|mail| mail.to == "judge@university.example").unwrap();
        assert!(mail.text.contains("審査員（プロトタイプ実証実験支援事業）"), "{}", mail.text);
        let (_, rest) = mail.text.split_once(&format!("{BASE_URL}/invitations?token=")).unwrap();
        let token = rest.split_whitespace().next().unwrap();
        let password = Some("三匹の白い猫たちが川沿いを静かに歩く朝の光");
        office.service.accept_invitation(token, "大学 教授", password).await.unwrap();
        let judge = office.viewer("judge@university.example").await;
        assert!(judge.person.roles.is_empty() && judge.person.panels == [call]);
        assert_eq!(appoint(officer).await.data()["appointJudge"], payload, "the first answer again");

        // What is before the panel is seen and scored; the lists of the office stay closed.
        let own = office.token(&judge, &["read", "act", "pay"]).await;
        let ask = async |query: &str, variables: Value| -> Answer { api.graphql(Some(&own), query, variables).await };
        let seen = ask(CASE, json!({ "id": life.application })).await.data()["application"].clone();
        assert_eq!(seen["state"]["name"], "judging", "{seen}");
        let offered: Vec<&str> =
            seen["availableActions"].as_array().unwrap().iter().filter_map(|one| one["name"].as_str()).collect();
        assert_eq!(offered, ["score", "declare_conflict"]);
        assert!(ask(CASE, json!({ "id": submitted.application })).await.data()["application"].is_null());
        let all = ask("{ applications(first: 10) { edges { node { id } } } }", Value::Null).await.data();
        assert_eq!(all["applications"]["edges"], json!([]));
        let tasks = ask("{ tasks(first: 10) { nodes { application { number } } } }", Value::Null).await.data();
        assert_eq!(tasks["tasks"]["nodes"].as_array().unwrap().len(), 1);
        for query in
            ["judges(callId: $c) { id }", "rankings(callId: $c) { seed }", "rankingPreview(callId: $c) { places }"]
        {
            let hidden = ask(&format!("query($c: ID!) {{ {query} }}"), json!({ "c": call })).await;
            assert_eq!(hidden.codes(), ["NOT_FOUND"], "{query}");
        }
        office.act(&judge, life.application, "score", points()).await.unwrap();

        // Dismissed: nothing of it from the very next request on; the points stay.
        let listed = office.service.judges(officer, call).await.unwrap();
        assert_eq!(listed.len(), 1);
        let officers = office.token(officer, &["read", "act"]).await;
        let input = json!({ "judgeId": listed[0].id, "idempotencyKey": "dismiss" });
        let clerk = office.token(office.staff("sumida", "clerk"), &["read", "act"]).await;
        assert_eq!(command(&api, &clerk, "dismissJudge", JUDGE, input.clone()).await.codes(), ["FORBIDDEN"]);
        let dismissed = command(&api, &officers, "dismissJudge", JUDGE, input).await.data()["dismissJudge"].clone();
        assert!(dismissed["judge"]["dismissedAt"].is_string(), "{dismissed}");
        assert!(ask(CASE, json!({ "id": life.application })).await.data()["application"].is_null());
        let panel = office.look(officer, life.application).await.case.body.panel.unwrap();
        assert!(panel.scores.contains_key(&judge.person.id));
    })
    .await;
}

#[tokio::test]
async fn whoever_has_an_account_judges_at_once_and_for_the_period() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["sumida"]).await;
        let (life, call) = before_the_panel(&office).await;
        let officer = office.staff("sumida", "program_officer");
        office.account("known@university.example", "審査 次郎").await;
        let today = vocabulary::day_in_japan(office.service.now());
        let later = today + TimeDelta::days(3);
        let term = service::Term { from: later, until: Some(later) };
        let appoint = async |term, key: &str| {
            office.service.appoint_judge(officer, call, ("known@university.example", term), key).await
        };
        let backwards = service::Term { from: later, until: Some(today) };
        assert!(matches!(appoint(backwards, "b").await, Err(service::Error::BadInput { .. })));
        let view = appoint(term, "a").await.unwrap().expect("a judge at once");
        assert_eq!((view.term, view.name.as_str()), (term, "審査 次郎"));
        office.work_off().await;
        let told = office.mail.take().into_iter().find(|mail| mail.to == "known@university.example").unwrap();
        assert!(told.text.contains("委嘱されました") && told.text.contains("令和8年7月"), "{}", told.text);
        let again = appoint(service::Term { until: None, ..term }, "c").await;
        assert!(matches!(again, Err(service::Error::Refused(reasons)) if reasons[0].code == "judge.known"));

        // Not before the first day, and not after the last.
        let judge = office.viewer("known@university.example").await;
        assert!(!sees(&office, &judge, &life).await);
        office.clock.advance(TimeDelta::days(3));
        assert!(sees(&office, &judge, &life).await);
        office.clock.advance(TimeDelta::days(1));
        assert!(!sees(&office, &judge, &life).await);

        // Appointed again once dismissed; another call of the same program stays closed all the same.
        office.service.dismiss_judge(officer, view.id, "d").await.unwrap();
        let from = vocabulary::day_in_japan(office.service.now());
        appoint(service::Term { from, until: None }, "e").await.unwrap().expect("a judge");
        assert!(sees(&office, &judge, &life).await);
        assert_eq!(office.service.judges(officer, call).await.unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn an_interest_bars_a_judge_from_a_case_and_from_no_other() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["sumida", "hino"]).await;
        let api = Api::serve(&office).await;
        let mut lives = [office.life(OPEN_CALL, 0).await, office.life(OPEN_CALL, 0).await];
        for _ in ["submit", "open_panel"] {
            for life in &mut lives {
                office.step(life).await;
            }
        }
        let [barred, other] = &lives;
        let officer = office.staff("sumida", "program_officer");
        let call = office.look(officer, barred.application).await.case.call.id;
        let judge = office.judge("sumida", call, "panelist:x").await;
        for name in ["panelist:a", "panelist:b"] {
            let colleague = office.judge("sumida", call, name).await;
            office.act(&colleague, barred.application, "score", points()).await.unwrap();
        }
        office.act(&judge, barred.application, "score", points()).await.unwrap();

        let judges = office.service.judges(officer, call).await.unwrap();
        let id = judges.iter().find(|one| one.account == judge.person.id).unwrap().id;
        let input = |application: Uuid, key: &str| {
            json!({ "judgeId": id, "applicationId": application, "reason": "共同研究の相手方", "idempotencyKey": key })
        };
        for (who, code) in [
            (office.staff("sumida", "clerk"), "FORBIDDEN"),
            (office.staff("hino", "program_officer"), "NOT_FOUND"),
            (&judge, "NOT_FOUND"),
        ] {
            let token = office.token(who, &["read", "act"]).await;
            let answer = command(&api, &token, "recuseJudge", JUDGE, input(barred.application, "r")).await;
            assert_eq!(answer.codes(), [code]);
        }
        let token = office.token(officer, &["read", "act"]).await;
        let elsewhere = command(&api, &token, "recuseJudge", JUDGE, input(Uuid::from_u128(5), "r")).await;
        assert_eq!(elsewhere.codes(), ["NOT_FOUND"]);
        let done = command(&api, &token, "recuseJudge", JUDGE, input(barred.application, "r")).await.data();
        let number = office.look(officer, barred.application).await.case.body.numbers["application"].clone();
        let recusals = json!([{ "number": number, "reason": "共同研究の相手方" }]);
        assert_eq!(done["recuseJudge"]["judge"]["recusals"], recusals, "{done}");

        assert!(!sees(&office, &judge, barred).await);
        assert!(sees(&office, &judge, other).await);
        let judge = office.viewer(&judge.email).await;
        let tasks = office.service.tasks(&judge, 10, None).await.unwrap();
        assert_eq!(tasks.items.len(), 1);
        assert!(matches!(
            office.service.act(&judge, barred.application, score_at(4), "late").await,
            Err(service::Error::NotFound)
        ));

        // What was scored before does not count, and it stays on record that the judge kept away.
        office.act(officer, barred.application, "close_panel", serde_json::Map::new()).await.unwrap();
        let panel = office.look(officer, barred.application).await.case.body.panel.unwrap();
        assert_eq!(panel.outcome.unwrap().judges, 2);
        assert!(!panel.scores.contains_key(&judge.person.id));
        assert_eq!(panel.conflicts.get(&judge.person.id).map(String::as_str), Some("共同研究の相手方"));
        let late = command(&api, &token, "recuseJudge", JUDGE, input(barred.application, "late")).await.data();
        assert_eq!(late["recuseJudge"]["refusals"][0]["code"], "panel.closed", "{late}");
    })
    .await;
}

fn score_at(version: i64) -> casework::Act {
    casework::Act {
        action: "score".to_owned(),
        expected_version: version,
        values: points(),
        ..casework::Act::default()
    }
}

#[tokio::test]
async fn a_judge_steps_aside_alone() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["sumida"]).await;
        let (life, call) = before_the_panel(&office).await;
        let judge = office.judge("sumida", call, "panelist:y").await;
        let reason = serde_json::from_value(json!({ "reason": "取引先のため" })).unwrap();
        office.act(&judge, life.application, "declare_conflict", reason).await.unwrap();
        assert!(!sees(&office, &judge, &life).await);
        assert!(office.service.tasks(&judge, 10, None).await.unwrap().items.is_empty());
    })
    .await;
}
