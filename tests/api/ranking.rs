//! 順位の確定: all cases of a call are ranked by one recorded act, and anybody can draw its lots again.

use casework::ranking::{Contender, Room, rank};
use program::definition::Ties;
use serde_json::{Map, Value, json};
use service::{Error, Viewer};
use testkit::office::catalogue;
use testkit::{Life, TestOffice, each_database};
use uuid::Uuid;
use vocabulary::{Rate, Yen};

use crate::client::{Answer, Api};

const OPEN_CALL: &str = "sumida/field-test";
const RANKING: &str = "id by seed sha256 ties places money \
    ranked { applicationId number place within byLot explanation(locale: EN) } failed { number }";

/// Cases before the panel.
async fn judging(office: &TestOffice, count: usize) -> Vec<Life> {
    let mut lives = Vec::new();
    for _ in 0..count {
        lives.push(office.life(OPEN_CALL, 0).await);
    }
    for _ in ["submit", "open_panel"] {
        for life in &mut lives {
            office.step(life).await;
        }
    }
    lives
}

/// The same points of two judges, and the panel closed.
async fn score(office: &TestOffice, life: &Life, novelty: u32) {
    let officer = office.staff("sumida", "program_officer");
    let call = office.look(officer, life.application).await.case.call.id;
    for name in ["panelist:first", "panelist:second"] {
        let judge = office.judge("sumida", call, name).await;
        let points = serde_json::from_value(json!({ "novelty": novelty, "need": 7, "feasibility": 6 })).unwrap();
        office.act(&judge, life.application, "score", points).await.unwrap();
    }
    office.act(officer, life.application, "close_panel", Map::new()).await.unwrap();
}

/// With so many places in each call.
async fn with_places(office: &TestOffice, places: u32) {
    let calls = catalogue().calls.iter().filter(|call| call.program == OPEN_CALL).cloned();
    let calls: Vec<_> = calls.map(|call| program::definition::Call { capacity: Some(places), ..call }).collect();
    office.service.import_calls("sumida", &calls).await.unwrap();
}

async fn ranked(office: &TestOffice, api: &Api, by: &Viewer, call: Uuid, key: &str) -> Answer {
    let token = office.token(by, &["read", "act"]).await;
    let query = format!(
        "mutation($i: RankCallInput!) {{ rankCall(input: $i) {{ ranking {{ {RANKING} }} refusals {{ code }} }} }}"
    );
    api.graphql(Some(&token), &query, json!({ "i": { "callId": call, "idempotencyKey": key } })).await
}

async fn asked(office: &TestOffice, api: &Api, by: &Viewer, call: Uuid, what: &str) -> Answer {
    let token = office.token(by, &["read"]).await;
    api.graphql(Some(&token), &format!("query($c: ID!) {{ {what}(callId: $c) {{ {RANKING} }} }}"), json!({ "c": call }))
        .await
}

fn refused<T>(answer: service::Result<T>) -> Vec<String> {
    match answer {
        Err(Error::Refused(reasons)) => reasons.into_iter().map(|reason| reason.code).collect(),
        Err(error) => panic!("{error:?}"),
        Ok(_) => Vec::new(),
    }
}

#[tokio::test]
async fn three_cases_for_two_places_are_ranked_by_lots_on_record() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["sumida", "hino"]).await;
        let api = Api::serve(&office).await;
        with_places(&office, 2).await;
        let lives = judging(&office, 4).await;
        let (lives, failing) = lives.split_at(3);
        for life in lives {
            score(&office, life, 8).await;
        }
        let officer = office.staff("sumida", "program_officer");
        let call = office.look(officer, lives[0].application).await.case.call.id;
        // Not while one is still before its panel.
        assert_eq!(refused(office.service.rank_call(officer, call, "early").await), ["rank.unfinished"]);
        score(&office, &failing[0], 2).await;

        // Not by anybody else, and elsewhere there is no such call.
        assert_eq!(ranked(&office, &api, office.staff("sumida", "clerk"), call, "clerk").await.codes(), ["FORBIDDEN"]);
        for stranger in [office.staff("hino", "program_officer"), &lives[0].party.owner] {
            assert_eq!(ranked(&office, &api, stranger, call, "stranger").await.codes(), ["NOT_FOUND"]);
            for what in ["rankings", "rankingPreview"] {
                assert_eq!(asked(&office, &api, stranger, call, what).await.codes(), ["NOT_FOUND"], "{what}");
            }
        }
        // Nobody takes a rank alone.
        assert_eq!(refused(office.act(officer, lives[0].application, "rank", Map::new()).await), ["rank.by_call"]);

        // A preview draws no lots and leaves nothing behind.
        let preview = asked(&office, &api, officer, call, "rankingPreview").await.data()["rankingPreview"].clone();
        assert!(preview["seed"].is_null() && preview["id"].is_null(), "{preview}");
        let arrivals: Vec<Value> = lives.iter().map(|life| json!(life.application)).collect();
        assert_eq!(preview["ranked"].as_array().unwrap().len(), arrivals.len());
        assert!(preview["ranked"].as_array().unwrap().iter().all(|row| row["byLot"] == false), "{preview}");
        assert!(office.store.read().rankings(call).await.unwrap().is_empty());

        let answer = ranked(&office, &api, officer, call, "rank").await.data()["rankCall"].clone();
        assert_eq!(answer["refusals"], json!([]), "{answer}");
        let ranking = answer["ranking"].clone();
        assert_eq!((&ranking["ties"], &ranking["places"], &ranking["money"]), (&json!("LOT"), &json!(2), &Value::Null));
        let rows = ranking["ranked"].as_array().unwrap().clone();
        let outcome: Vec<(&Value, &Value, &Value)> =
            rows.iter().map(|row| (&row["place"], &row["within"], &row["byLot"])).collect();
        let (yes, no) = (json!(true), json!(false));
        assert_eq!(outcome, [(&json!(1), &yes, &yes), (&json!(2), &yes, &yes), (&json!(3), &no, &yes)]);
        let explained = rows[0]["explanation"].to_string();
        for part in ["Mean of the panel's totals: 70", "Decided by lot", "2 places are left"] {
            assert!(explained.contains(part), "{explained}");
        }
        let failed = office.look(officer, failing[0].application).await.case;
        assert_eq!(ranking["failed"], json!([{ "number": failed.body.numbers["application"] }]));
        assert!(failed.body.placing.is_none());

        // The lots, drawn again from the seed.
        let mut contenders = Vec::new();
        for life in lives {
            let case = office.look(officer, life.application).await.case;
            let mean = case.body.panel.as_ref().unwrap().outcome.as_ref().unwrap().mean;
            assert_eq!(mean, Rate::new(70, 1).unwrap());
            let arrived = case.body.ranked_at.unwrap();
            contenders.push(Contender { application: case.id, score: Some(mean), arrived, asks: Yen::ZERO });
        }
        let room = Room { money: None, places: Some(2) };
        let again = rank(&contenders, Ties::Lot, ranking["seed"].as_str().unwrap(), room);
        for (one, row) in again.iter().zip(&rows) {
            let case = office.look(officer, one.application).await.case;
            assert_eq!(json!(case.body.numbers["application"]), row["number"]);
            let placing = case.body.placing.unwrap();
            assert_eq!((placing.place, placing.within), (one.place, one.within));
        }

        // Recorded: as a row, and in the history of each case.
        let stored = office.store.read().rankings(call).await.unwrap();
        assert_eq!(stored.len(), 1);
        assert_eq!(vocabulary::digest(stored[0].content.as_bytes()), stored[0].sha256);
        assert_eq!(json!([stored[0].sha256, stored[0].seed]), json!([ranking["sha256"], ranking["seed"]]));
        for life in lives {
            let events = office.store.read().events(life.application, 0, 100).await.unwrap();
            assert_eq!(events.iter().filter(|event| event.action == "rank").count(), 1);
            assert_eq!(events.last().unwrap().facts["rank"]["ranking"], json!(stored[0].id));
        }
        let listed = asked(&office, &api, office.staff("sumida", "auditor"), call, "rankings").await.data();
        assert_eq!(listed["rankings"], json!([ranking]));

        // The same key is the same ranking; the key does not serve another call.
        assert_eq!(ranked(&office, &api, officer, call, "rank").await.data()["rankCall"], answer);
        assert_eq!(office.store.read().rankings(call).await.unwrap().len(), 1);
        let conflict = ranked(&office, &api, officer, Uuid::from_u128(9), "rank").await;
        assert_eq!(conflict.codes(), ["IDEMPOTENCY_CONFLICT"]);

        // The ranks count: the third is put on the reserve list, the first two are selected.
        let third = again[2].application;
        assert_eq!(refused(office.act(officer, third, "select", Map::new()).await), ["need.failed"]);
        office.act(officer, third, "put_on_reserve", Map::new()).await.unwrap();
        for one in &again[..2] {
            office.act(officer, one.application, "select", Map::new()).await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn whoever_is_next_on_the_reserve_list_comes_up_by_another_ranking_with_the_same_lots() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["sumida"]).await;
        with_places(&office, 1).await;
        let lives = judging(&office, 3).await;
        for life in &lives {
            score(&office, life, 8).await;
        }
        let officer = office.staff("sumida", "program_officer");
        let call = office.look(officer, lives[0].application).await.case.call.id;
        let first = office.service.rank_call(officer, call, "first").await.unwrap();
        let order: Vec<Uuid> = first.ranked.iter().map(|one| one.ranked.application).collect();
        for application in &order[1..] {
            office.act(officer, *application, "put_on_reserve", Map::new()).await.unwrap();
        }
        let winner = lives.iter().find(|life| life.application == order[0]).unwrap();
        office.act(&winner.party.owner, order[0], "withdraw", Map::new()).await.unwrap();
        let second = office.service.rank_call(officer, call, "second").await.unwrap();
        let places: Vec<(Uuid, bool)> =
            second.ranked.iter().map(|one| (one.ranked.application, one.ranked.within)).collect();
        assert_eq!(places, [(order[1], true), (order[2], false)]);
        let (first, second) = (first.recorded.unwrap(), second.recorded.unwrap());
        assert_eq!(first.seed, second.seed);
        assert_eq!(office.service.rankings(officer, call).await.unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_call_without_anything_to_rank_is_refused() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["sumida"]).await;
        let api = Api::serve(&office).await;
        let mut life = office.life(OPEN_CALL, 0).await;
        office.step(&mut life).await;
        let officer = office.staff("sumida", "program_officer");
        let call = office.look(officer, life.application).await.case.call.id;
        let answer = ranked(&office, &api, officer, call, "early").await.data()["rankCall"].clone();
        let codes: Vec<&str> =
            answer["refusals"].as_array().unwrap().iter().filter_map(|one| one["code"].as_str()).collect();
        assert_eq!(codes, ["rank.call_open", "rank.unfinished"], "{answer}");
        office.act(&life.party.owner, life.application, "withdraw", Map::new()).await.unwrap();
        assert_eq!(refused(office.service.rank_call(officer, call, "none").await), ["rank.call_open", "rank.none"]);
        assert!(office.store.read().rankings(call).await.unwrap().is_empty());
    })
    .await;
}

/// A competitive grant: the budget line ends the ranking, and the grant follows the rank.
#[tokio::test]
async fn a_grant_with_a_panel_is_given_by_rank_as_far_as_the_budget_reaches() {
    const RESEARCH: &str = "hachioji/joint-research";
    each_database(async |database| {
        let office = TestOffice::of(database, &["hachioji"]).await;
        let mut lives = vec![office.life(RESEARCH, 0).await, office.life(RESEARCH, 0).await];
        for _ in ["submit", "receive", "open_panel", "score", "score", "score", "close_panel"] {
            for life in &mut lives {
                office.step(life).await;
            }
        }
        let officer = office.staff("hachioji", "program_officer");
        let case = office.look(officer, lives[0].application).await.case;
        let line = case.call.budget_line.unwrap();
        let left = office.store.read().budget_line(line).await.unwrap().unwrap().totals.available(false);
        // 880,000 yen each, and one yen too little for both.
        office.appropriate(line, 2 * 880_000 - 1 - left.get()).await;
        let ranking = office.service.rank_call(officer, case.call.id, "rank").await.unwrap();
        let within: Vec<bool> = ranking.ranked.iter().map(|one| one.ranked.within).collect();
        assert_eq!(within, [true, false]);
        let [first, second] = [0, 1].map(|place| ranking.ranked[place].ranked.application);
        let reviewer = office.staff("hachioji", "reviewer");
        assert_eq!(refused(office.act(reviewer, second, "grant", Map::new()).await), ["need.failed"]);
        office.act(reviewer, first, "grant", Map::new()).await.unwrap();
        office.act(officer, second, "put_on_reserve", Map::new()).await.unwrap();
        assert_eq!(office.look(officer, second).await.case.state, "reserve");
    })
    .await;
}
