//! Judges score what is before their panel, program officers rank their calls, and everybody reads what is published.

use acceptance::site::Served;
use program::definition::Call;
use reqwest::StatusCode;
use serde_json::Map;
use testkit::office::catalogue;
use testkit::{TestOffice, each_database};

use crate::browser::Browser;

const OPEN_CALL: &str = "sumida/field-test";
const SITES: &str = "mizuho/site-matching";

#[tokio::test]
async fn judges_score_and_step_aside() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["sumida"]).await;
        let served = Served::start(&office).await;
        let mut lives = [office.life(OPEN_CALL, 0).await, office.life(OPEN_CALL, 0).await];
        for _ in ["submit", "open_panel"] {
            for life in &mut lives {
                office.step(life).await;
            }
        }
        let call = office.look(&lives[0].party.owner, lives[0].application).await.case.call.id;
        let judge = office.judge("sumida", call, "panelist:first").await;
        let browser = Browser::signed_in(&served, &office, &judge.email).await;
        let list = browser.get("/panel").await;
        list.says("Panel").says("not scored");
        let path = format!("/panel/{}", lives[0].application);
        let page = browser.get(&path).await;
        page.says("0 to 10 points").says("weight").says("conflict of interest");
        browser.get(&page.link("See the application")).await.says(&lives[0].party.name);

        let form = page.form(&path).clone();
        let scoring = page.forms().into_iter().find(|form| form.get("key").ends_with("-score")).unwrap();
        let scoring = scoring.set("step", "score").set("p.novelty", "11").set("p.need", "7").set("p.feasibility", "6");
        let wrong = browser.submit(&scoring).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", wrong.text());
        let again = wrong.forms().into_iter().find(|form| form.get("key").ends_with("-score")).unwrap();
        assert_eq!(again.get("p.novelty"), "11", "what was typed stays");
        let right = again.set("step", "score").set("p.novelty", "8");
        let scored = browser.submit(&right).await;
        scored.says("Your points have arrived");
        browser.submit(&right).await.says("Your points have arrived");
        let officer = office.staff("sumida", "program_officer");
        let panel = office.look(officer, lives[0].application).await.case.body.panel.unwrap();
        assert_eq!(panel.scores[&judge.person.id].points["novelty"], 8);
        // Points can be put right until the panel is closed.
        let page = browser.get(&path).await;
        let again = page.forms().into_iter().find(|form| form.get("key").ends_with("-score")).unwrap();
        assert_eq!(again.get("p.novelty"), "8");

        // Stepping aside needs a reason, and the case is gone.
        let path = format!("/panel/{}", lives[1].application);
        let page = browser.get(&path).await;
        let aside = page.forms().into_iter().find(|form| form.get("key").ends_with("-conflict")).unwrap();
        let aside = aside.set("step", "conflict");
        let wrong = browser.submit(&aside).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", wrong.text());
        browser.submit(&aside.set("reason", "取引先").set("key", "aside")).await.says("You have stepped aside");
        assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND);

        // Nobody else has such a page.
        for email in [&officer.email, &lives[0].party.owner.email] {
            let other = Browser::signed_in(&served, &office, email).await;
            assert_eq!(other.get("/panel").await.status, StatusCode::NOT_FOUND);
            assert_eq!(other.get(&form.action).await.status, StatusCode::NOT_FOUND);
        }
    })
    .await;
}

#[tokio::test]
async fn a_call_is_ranked_once_for_good() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["sumida"]).await;
        let served = Served::start(&office).await;
        let calls = catalogue().calls.iter().filter(|call| call.program == OPEN_CALL).cloned();
        let calls: Vec<_> = calls.map(|call| Call { capacity: Some(1), ..call }).collect();
        office.service.import_calls("sumida", &calls).await.unwrap();
        let mut lives = [office.life(OPEN_CALL, 0).await, office.life(OPEN_CALL, 0).await];
        for step in ["submit", "open_panel"] {
            for life in &mut lives {
                assert_eq!(life.next().unwrap().action.as_deref(), Some(step));
                office.step(life).await;
            }
        }
        let officer = office.staff("sumida", "program_officer");
        let call = office.look(officer, lives[0].application).await.case.call.id;
        let browser = Browser::signed_in(&served, &office, &officer.email).await;
        browser.get("/rankings").await.says("Rankings");
        let path = format!("/rankings/{call}");
        browser.get(&path).await.says("not scored to the end");
        for (life, novelty) in lives.iter().zip([6, 9]) {
            for name in ["panelist:first", "panelist:second"] {
                let judge = office.judge("sumida", call, name).await;
                let points = serde_json::json!({ "novelty": novelty, "need": 7, "feasibility": 6 });
                office.act(&judge, life.application, "score", points.as_object().unwrap().clone()).await.unwrap();
            }
            office.act(officer, life.application, "close_panel", Map::new()).await.unwrap();
        }
        let browser = Browser::signed_in(&served, &office, &officer.email).await;
        let page = browser.get(&path).await;
        page.says("places left: 1").says("reserve").says("Mean of the panel's totals");
        let fixed = browser.submit(&page.form(&path)).await;
        fixed.says("The ranking is recorded").says("Recorded ranking").says("SHA-256");
        browser.submit(&page.form(&path)).await.says("The ranking is recorded");
        assert_eq!(office.store.read().rankings(call).await.unwrap().len(), 1, "pressed twice, one ranking");
        let clerk = Browser::signed_in(&served, &office, &office.staff("sumida", "clerk").email).await;
        for path in ["/rankings", &path] {
            assert_eq!(clerk.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn everybody_reads_what_is_published() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["mizuho"]).await;
        let served = Served::start(&office).await;
        let browser = Browser::new(&served);
        let list = browser.get("/registry").await;
        let path = list.link(&office.service.program(SITES, None).await.unwrap().program.definition().program.title.en);
        assert_eq!(path, format!("/registry/{SITES}"));
        browser.get(&path).await.says("Nothing is published");
        let mut life = office.life(SITES, 0).await;
        let seen = office.live_until(&mut life, "listed").await;
        let page = browser.get(&path).await;
        page.says(&seen.case.body.numbers["application"]).silent(&life.party.name);
        for (name, value) in &seen.case.body.forms["application"].values {
            let published = life.program.definition().program.publishes.contains(name);
            if let Some(text) = value.as_str().filter(|text| !published && text.chars().count() > 3) {
                page.silent(text);
            }
        }
        for path in ["/registry/mizuho/trade-show", "/registry/mizuho/none", "/registry/none/none"] {
            assert_eq!(browser.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
    })
    .await;
}
