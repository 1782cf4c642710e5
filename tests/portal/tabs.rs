//! One form in several windows: what is saved in one is never overwritten unseen by another.

use acceptance::site::Served;
use reqwest::StatusCode;
use serde_json::json;
use testkit::office::SALES_CHANNEL;
use testkit::{TestOffice, each_database};

use crate::browser::{Browser, Form};
use crate::filling::fill_in;

#[tokio::test]
async fn two_tabs_on_one_page_lose_nothing() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let life = office.life(SALES_CHANNEL, 0).await;
        let browser = Browser::signed_in(&served, &office, &life.party.owner.email).await;
        let path = format!("/applications/{}/act/submit", life.application);
        let kept = async |name: &str| browser.get(&path).await.form(&path).get(name).to_owned();
        let first = browser.get(&path).await.form(&path);
        let second = browser.get(&path).await.form(&path).set("step", "stay");

        // The same page saves as often as it likes, also when an answer to it was lost.
        let typed = first.clone().set("v.contact_name", "一枚").set("step", "autosave");
        browser.submit(&typed).await.says("Saved at");
        let typed = typed.set("v.contact_name", "一枚目");
        browser.submit(&typed).await.silent("another window");

        // The other one saves what is its own, and is asked about the rest.
        let other = second.set("v.contact_name", "二枚目").set("v.contact_phone", "042-555-0102");
        let page = browser.submit(&other).await;
        assert_eq!(page.status, StatusCode::CONFLICT);
        page.says("Something else was saved in another window").says("一枚目").says("二枚目");
        assert!(page.html.contains("role=\"alert\"") && page.html.contains("<title>Error: "), "{}", page.html);
        assert_eq!(page.html.matches("<fieldset class=\"field\">\n<legend><a href=\"#f-contact_name\"").count(), 1);
        assert!(!page.html.contains("differs.contact_phone"), "{}", page.html);
        assert_eq!(page.form(&path).get("v.contact_name"), "二枚目", "what was typed stays");
        assert_eq!((kept("v.contact_name").await, kept("v.contact_phone").await), pair("一枚目", "042-555-0102"));

        // Without a choice it stays so, however often it is sent; also by the page itself.
        let asked = page.form(&path).set("step", "next");
        let page = browser.submit(&asked).await;
        assert_eq!(page.status, StatusCode::CONFLICT);
        let by_itself = asked.clone().set("choice.contact_name", "mine").set("step", "autosave");
        let fragment = browser.submit(&by_itself).await;
        assert_eq!(fragment.status, StatusCode::OK);
        fragment.says("Something else was saved in another window");
        assert_eq!(kept("v.contact_name").await, "一枚目");

        // The other value, or the own one.
        let taken = asked.clone().set("choice.contact_name", "kept").set("step", "stay");
        let page = browser.submit(&taken).await;
        page.says("Saved.").silent("another window");
        assert_eq!(page.form(&path).get("v.contact_name"), "一枚目");
        let mine = asked.set("choice.contact_name", "mine").set("step", "stay");
        browser.submit(&mine).await.says("Saved.");
        assert_eq!(kept("v.contact_name").await, "二枚目");

        // The first page learns of it when it saves by itself, and what it says now can be taken from there.
        let fragment = browser.submit(&typed.set("v.contact_name", "三枚目")).await;
        assert_eq!(fragment.status, StatusCode::OK);
        fragment.says("二枚目").says("三枚目").says("Not saved where it differs");
        assert!(fragment.html.contains("differs.contact_name") && fragment.html.contains("data-revision="));
        assert_eq!(kept("v.contact_name").await, "二枚目");
    })
    .await;
}

fn pair(first: &str, second: &str) -> (String, String) {
    (first.to_owned(), second.to_owned())
}

#[tokio::test]
async fn tables_are_compared_row_by_row_before_one_takes_the_other_s_place() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let life = office.life(SALES_CHANNEL, 0).await;
        let browser = Browser::signed_in(&served, &office, &life.party.owner.email).await;
        let path = format!("/applications/{}/act/submit", life.application);
        let costs = format!("{path}?page=3");
        let row =
            |form: Form, what: &str| form.set("v.costs.0.what", what).set("v.costs.0.net", "1000").set("step", "stay");
        let (one, two) = (browser.get(&costs).await.form(&path), browser.get(&costs).await.form(&path));
        browser.submit(&row(one, "小間料")).await.says("Saved.");
        let page = browser.submit(&row(two, "印刷費")).await;
        assert_eq!(page.status, StatusCode::CONFLICT);
        page.says("小間料").says("印刷費");
        assert_eq!(page.form(&path).get("v.costs.0.what"), "印刷費");
    })
    .await;
}

#[tokio::test]
async fn nothing_is_handed_in_that_its_page_has_not_shown() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let life = office.life(SALES_CHANNEL, 0).await;
        let browser = Browser::signed_in(&served, &office, &life.party.owner.email).await;
        let path = format!("/applications/{}/act/submit", life.application);
        let step = life.next().unwrap();
        let confirm = fill_in(&browser, &path, &life.values(step)).await;
        let other = browser.get(&path).await.form(&path).set("v.contact_name", "別の担当").set("step", "stay");
        browser.submit(&other).await.says("Saved.");
        let page = browser.submit(&confirm.form(&path).set("step", "perform")).await;
        assert_eq!(page.status, StatusCode::CONFLICT);
        page.says("the form was saved in another window").says("別の担当");
        assert_eq!(office.look(&life.party.owner, life.application).await.case.version, 0);
        let done = page.form(&path).set("step", "perform");
        browser.submit(&done).await.says("Done.");
        browser.submit(&done).await.says("Done.");
    })
    .await;
}

#[tokio::test]
async fn a_correction_compares_with_what_was_handed_in() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let mut life = office.life(SALES_CHANNEL, 0).await;
        office.live_until(&mut life, "under_review").await;
        let marks = json!({
            "message": "ご確認ください",
            "marks": { "contact_phone": "確認", "contact_name": "確認" },
        });
        let values = serde_json::from_value(marks).unwrap();
        office.act(office.staff("hino", "reviewer"), life.application, "request_correction", values).await.unwrap();
        let browser = Browser::signed_in(&served, &office, &life.party.owner.email).await;
        let path = format!("/applications/{}/act/resubmit", life.application);
        let (one, two) = (browser.get(&path).await.form(&path), browser.get(&path).await.form(&path));
        // Each window changes another field: what only one of them changed is no question.
        browser.submit(&one.set("v.contact_name", "山田").set("step", "stay")).await.says("Saved.");
        let page = browser.submit(&two.set("v.contact_phone", "042-555-0177").set("step", "stay")).await;
        assert_eq!(page.status, StatusCode::CONFLICT);
        page.says("山田");
        assert!(!page.html.contains("differs.contact_phone"), "{}", page.html);
    })
    .await;
}
