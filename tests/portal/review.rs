//! What the office works out beside a case: documents as pictures, the checklist, what changed, what looks alike, notes.

use reqwest::StatusCode;
use testkit::office::SALES_CHANNEL;
use testkit::{TestOffice, each_database};

use acceptance::site::Served;

use crate::browser::{Browser, Form, Page};

/// The checklist of the application.
fn checklist(page: &Page) -> Form {
    let mut ours = page.forms().into_iter().filter(|form| form.action.ends_with("/review"));
    ours.next().unwrap_or_else(|| panic!("no checklist: {}", page.html))
}

#[tokio::test]
async fn the_checklist_is_worked_off_beside_the_documents() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let mut life = office.life(SALES_CHANNEL, 0).await;
        office.live_until(&mut life, "under_review").await;
        let path = format!("/applications/{}/review", life.application);
        let reviewer = Browser::signed_in(&served, &office, &office.staff("hino", "reviewer").email).await;
        let case = reviewer.get(&format!("/applications/{}", life.application)).await;
        let page = reviewer.get(&case.link("side by side")).await;
        page.says("Checklist").says("Quotation").says("taxes of the city");

        // A doubt without a word is refused beside its item, and so is a word without a result; what was chosen stays, and
        // nothing is recorded.
        let (result, remark) = ("result.application.documents.quotation", "remark.application.documents.quotation");
        let sent = checklist(&page).set(result, "doubtful").set("remark.application.documents.plan", "薄い");
        let sent = sent.set("result.application.taxes", "fine");
        let refused = reviewer.submit(&sent).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        refused.says("Quotation: Say what the doubt is").says("Choose whether it is fine").silent("Fine — ");
        let again = checklist(&refused);
        assert_eq!((again.get(result), again.get("result.application.taxes")), ("doubtful", "fine"));
        let doubt = again.set(remark, "宛名が違う").set("remark.application.documents.plan", "");
        let recorded = reviewer.submit(&doubt).await;
        recorded.says("What you found is recorded").says("Doubtful: 宛名が違う — ").says("Fine — ");
        let correction = format!("/applications/{}/act/request_correction", life.application);
        let marks = reviewer.get(&correction).await.form(&correction);
        assert_eq!(marks.get("v.marks.documents.quotation"), "宛名が違う", "a doubt begins the correction");
        let unknown = doubt.clone().set("remark.application.nothing", "?");
        assert_eq!(reviewer.submit(&unknown).await.status, StatusCode::NOT_FOUND);

        // The applicant corrects: the item is to be looked at again, and what changed stands there.
        let mut values = serde_json::Map::new();
        values.insert("message".to_owned(), "電話番号をご確認ください".into());
        values.insert("marks".to_owned(), serde_json::json!({ "contact_phone": "市外局番から" }));
        office.act(office.staff("hino", "reviewer"), life.application, "request_correction", values).await.unwrap();
        let owner = Browser::signed_in(&served, &office, &life.party.owner.email).await;
        let resubmit = format!("/applications/{}/act/resubmit", life.application);
        let form = owner.get(&resubmit).await.form(&resubmit);
        owner.submit(&form.set("v.contact_phone", "042-555-0199").set("step", "next")).await;
        let confirm = owner.get(&format!("{resubmit}?page=99")).await;
        owner.submit(&confirm.form(&resubmit).set("step", "perform")).await.says("Under review");
        let page = reviewer.get(&path).await;
        page.says("It was handed in anew since").says("What changed when it was handed in again").says("042-555-0199");

        // Nobody but the office sees any of it; whoever only looks writes nothing.
        assert_eq!(owner.get(&path).await.status, StatusCode::NOT_FOUND);
        let auditor = Browser::signed_in(&served, &office, &office.staff("hino", "auditor").email).await;
        let seen = auditor.get(&path).await;
        seen.says("Doubtful: 宛名が違う — ").silent("Record").silent("Keep the note");
        let token = seen.form("/language").get("csrf").to_owned();
        let written = auditor.submit(&doubt.set("csrf", &token)).await;
        assert_eq!(written.status, StatusCode::FORBIDDEN);
        written.says("Auditors and administrators write nothing into cases");
        auditor.get("/cases").await.silent("Handle the chosen cases together");
        let of_case = format!("/applications/{}", life.application);
        auditor.get(&of_case).await.says("Nobody takes care").silent("Take it on").silent("Keep the note");
        let assign = format!("{of_case}/assign");
        let taken = reviewer.get(&of_case).await.form(&assign).set("csrf", &token).set("to", "me");
        let refused = auditor.submit(&taken).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        refused.says("Only staff that handle cases assign them");
    })
    .await;
}

#[tokio::test]
async fn documents_are_pictures_for_whoever_may_see_them() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let mut life = office.life(SALES_CHANNEL, 0).await;
        office.live_until(&mut life, "under_review").await;
        let reviewer = Browser::signed_in(&served, &office, &office.staff("hino", "reviewer").email).await;
        let page = reviewer.get(&format!("/applications/{}/review", life.application)).await;
        let (_, rest) = page.html.split_once("<img src=\"").expect("a picture");
        let path = rest.split('"').next().unwrap();
        let picture = reviewer.get(path).await;
        assert_eq!(picture.status, StatusCode::OK, "{}", picture.html);
        assert_eq!(picture.headers["content-type"], "image/png");
        assert_eq!(picture.headers["x-hojokin-pages"], "2");
        let policy = picture.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("sandbox; default-src 'none'"), "{policy}");
        assert!(picture.html.contains("IHDR"));
        let second = reviewer.get(&path.replace("/pages/1", "/pages/2")).await;
        assert_eq!(second.headers["content-type"], "image/png");
        let beyond = path.replace("/pages/1", "/pages/3");
        for missing in [beyond.as_str(), &path.replace("/pages/1", "/pages/x")] {
            assert_eq!(reviewer.get(missing).await.status, StatusCode::NOT_FOUND, "{missing}");
        }

        // The file's own rules hold for its pictures.
        let other = office.life(SALES_CHANNEL, 0).await;
        let stranger = Browser::signed_in(&served, &office, &other.party.owner.email).await;
        assert_eq!(stranger.get(path).await.status, StatusCode::NOT_FOUND);
        assert_eq!(Browser::new(&served).get(path).await.status, StatusCode::UNAUTHORIZED);
    })
    .await;
}

#[tokio::test]
async fn cases_that_look_alike_are_told() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let facts = office.submitted().await;
        let facts = office.look(&facts.party.owner, facts.application).await.case.business.facts;
        let mut lives = Vec::new();
        for email in ["one@business.example", "two@business.example"] {
            let party = office.party_named("多摩見本工業", email, &facts).await;
            let mut life = office.life_of(party, SALES_CHANNEL, 0).await;
            office.step(&mut life).await;
            lives.push(life);
        }
        let reviewer = Browser::signed_in(&served, &office, &office.staff("hino", "reviewer").email).await;
        let page = reviewer.get(&format!("/applications/{}/review", lives[1].application)).await;
        let numbers = async |life: &testkit::office::Life| {
            office.look(&life.party.owner, life.application).await.case.body.numbers["application"].clone()
        };
        page.says("Cases that look like this one").says(&numbers(&lives[0]).await).says("Same representative");
        page.silent("Same business, same program");
    })
    .await;
}

#[tokio::test]
async fn notes_stay_in_the_office() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let life = office.submitted().await;
        let path = format!("/applications/{}", life.application);
        let clerk = Browser::signed_in(&served, &office, &office.staff("hino", "clerk").email).await;
        let form = clerk.get(&path).await.form(&format!("{path}/notes"));
        let written = clerk.submit(&form.clone().set("text", "電話で確認済み <b>\r\n2行目")).await;
        written.says("The note is kept").says("電話で確認済み <b>");
        // The same form again keeps one note; an empty or endless one is refused and stays.
        clerk.submit(&form.set("text", "電話で確認済み <b>\r\n2行目")).await;
        let page = clerk.get(&path).await;
        assert_eq!(page.text().matches("電話で確認済み").count(), 1);
        let empty = clerk.submit(&page.form(&format!("{path}/notes")).set("text", "  ")).await;
        assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
        let long = "長".repeat(4_001);
        let long = clerk.submit(&page.form(&format!("{path}/notes")).set("text", &long)).await;
        assert_eq!(long.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(long.form(&format!("{path}/notes")).get("text").chars().count(), 4_001);

        // A colleague reads it and cannot take it away; whoever wrote it can strike it out.
        let reviewer = Browser::signed_in(&served, &office, &office.staff("hino", "reviewer").email).await;
        let seen = reviewer.get(&path).await;
        seen.says("電話で確認済み").silent("Strike out");
        let strike = page
            .forms()
            .into_iter()
            .find(|form| form.action.ends_with("/notes") && !form.get("note").is_empty())
            .expect("one's own note can be struck out")
            .set("step", "strike");
        let stolen = strike.clone().set("csrf", seen.form("/language").get("csrf"));
        assert_eq!(reviewer.submit(&stolen).await.status, StatusCode::NOT_FOUND);
        clerk.submit(&strike).await.says("struck out").silent("電話で確認済み");

        let owner = Browser::signed_in(&served, &office, &life.party.owner.email).await;
        owner.get(&path).await.silent("Notes of the office").silent("struck out");
        let events = office.service.history(office.staff("hino", "clerk"), life.application, 100, None).await.unwrap();
        assert_eq!(events.items.len(), 1, "notes are no part of the history");
    })
    .await;
}
