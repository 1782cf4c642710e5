//! One form in several windows: what is saved in one is never overwritten unseen by another.

use acceptance::site::Served;
use reqwest::StatusCode;
use serde_json::json;
use testkit::office::{SALES_CHANNEL, catalogue, sample_pdf};
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
async fn a_file_that_is_there_is_not_added_again() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let life = office.life(SALES_CHANNEL, 0).await;
        let browser = Browser::signed_in(&served, &office, &life.party.owner.email).await;
        let path = format!("/applications/{}/act/submit?page=4", life.application);
        let slot = async || {
            let page = browser.get(&path).await;
            page.forms().into_iter().find(|form| form.get("step") == "attach").unwrap()
        };
        let (one, two, three) = (slot().await, slot().await, slot().await);
        browser.upload(&one, "見積.pdf", sample_pdf("a")).await.says("The file has arrived.").silent("Another window");
        let page = browser.upload(&two, "見積の写し.pdf", sample_pdf("a")).await;
        page.says("it was not added twice").silent("見積の写し.pdf");
        let page = browser.upload(&three, "別の見積.pdf", sample_pdf("b")).await;
        page.says("Another window has added a file here too").says("見積.pdf").says("別の見積.pdf");
    })
    .await;
}

/// The program with a field under this name; what it was called before is said.
fn with_field(name: &str, before: Option<&str>) -> program::Program {
    let found = catalogue().programs.iter().find(|found| found.definition.program.program == SALES_CHANNEL);
    let mut definition = found.and_then(|found| found.program.as_ref()).unwrap().definition().clone();
    let field = json!({ "type": "text", "label": { "ja": "小間番号", "en": "Number of the stand" } });
    definition.program.form.shift_insert(0, name.to_owned(), serde_json::from_value(field).unwrap());
    if let Some(before) = before {
        let renames = [(before.to_owned(), name.to_owned())];
        definition.program.renames.fields.insert("application".to_owned(), renames.into_iter().collect());
    }
    program::Program::compile(definition).unwrap_or_else(|findings| panic!("{findings:#?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_the_version_before_loses_neither_words_nor_choices() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let publish = async |program: program::Program| {
            office.service.publish(&program, &catalogue().calls, None, &[], None).await.unwrap();
        };
        publish(with_field("booth_number", None)).await;
        let life = office.life(SALES_CHANNEL, 0).await;
        let browser = Browser::signed_in(&served, &office, &life.party.owner.email).await;
        let path = format!("/applications/{}/act/submit", life.application);
        let kept = async |name: &str| browser.get(&path).await.form(&path).get(name).to_owned();
        let (one, two) = (browser.get(&path).await.form(&path), browser.get(&path).await.form(&path));
        let one = one.set("v.booth_number", "A-1").set("v.contact_name", "一枚目").set("step", "stay");
        browser.submit(&one).await.says("Saved.");
        let asked = browser.submit(&two.set("v.booth_number", "B-2").set("step", "stay")).await;
        assert_eq!(asked.status, StatusCode::CONFLICT);

        // The field has another name now; the page with the open choice is still the old one.
        publish(with_field("stand", Some("booth_number"))).await;
        let undecided = asked.form(&path).set("step", "stay");
        let page = browser.submit(&undecided).await;
        assert_eq!(page.status, StatusCode::CONFLICT, "{}", page.text());
        page.says("A-1").says("B-2");
        assert_eq!((kept("v.stand").await, kept("v.contact_name").await), pair("A-1", "一枚目"));
        browser
            .submit(&undecided.set("choice.booth_number", "mine").set("choice.contact_name", "kept"))
            .await
            .says("Saved.");
        assert_eq!((kept("v.stand").await, kept("v.contact_name").await), pair("B-2", "一枚目"));
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
        browser.submit(&done).await.says("Done: Submit.");
        browser.submit(&done).await.says("Done: Submit.");
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
