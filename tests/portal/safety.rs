//! What must hold for every page: who may see it, where forms may come from, what may run in it.

use chrono::TimeDelta;
use reqwest::StatusCode;
use testkit::office::SALES_CHANNEL;
use testkit::{TestOffice, each_database};

use acceptance::site::Served;

use crate::browser::Browser;

const HOSTILE: &str = "<img src=x onerror=alert(1)>";

#[tokio::test]
async fn names_stay_text_on_every_page() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let mut life = office.life(SALES_CHANNEL, 0).await;
        let facts = office.look(&life.party.owner, life.application).await.case.business.facts;
        let party = office.party_named(HOSTILE, "hostile@business.example", &facts).await;
        life = office.life_of(party, SALES_CHANNEL, 0).await;
        office.step(&mut life).await;
        let browser = Browser::signed_in(&served, &office, "hostile@business.example").await;
        for path in [
            "/".to_owned(),
            "/applications".to_owned(),
            "/businesses".to_owned(),
            format!("/applications/{}", life.application),
        ] {
            let page = browser.get(&path).await;
            assert_eq!(page.status, StatusCode::OK, "{path}");
            page.says(HOSTILE);
            assert!(!page.html.contains("<img"), "{}", page.html);
        }
        // So does what somebody types into a search.
        let page = browser.get("/programs?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").await;
        assert!(!page.html.contains("<script>"), "{}", page.html);
        page.says("0 programs");
    })
    .await;
}

#[tokio::test]
async fn forms_come_from_our_own_pages_with_their_token() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        office.account("person@business.example", "人").await;
        let browser = Browser::signed_in(&served, &office, "person@business.example").await;
        let form = browser.get("/businesses/new").await.form("/businesses/new");
        assert_eq!(form.get("csrf").len(), 64);

        let page = browser.submit(&form.clone().set("csrf", "")).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN);
        page.says("This page is too old").says("Number to quote");
        let foreign = browser.post(&form).header("sec-fetch-site", "cross-site");
        assert_eq!(browser.send("/businesses/new", foreign).await.status, StatusCode::FORBIDDEN);
        let other = Browser::new(&served);
        let anonymous = other.get("/sign-in").await.form("/sign-in");
        assert_ne!(anonymous.get("csrf"), form.get("csrf"));
        other.forget("__Host-form");
        assert_eq!(other.submit(&anonymous).await.status, StatusCode::FORBIDDEN, "a form of another browser");

        // Signed out, it is over everywhere.
        let page = browser.get("/").await;
        let out = page.form("/sign-out");
        browser.submit(&out).await.says("Sign in");
        assert!(browser.cookie("__Host-session").is_none());
    })
    .await;
}

#[tokio::test]
async fn whoever_may_not_know_of_a_case_finds_no_page() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let life = office.life(SALES_CHANNEL, 0).await;
        office.account("stranger@business.example", "他人").await;
        let stranger = Browser::signed_in(&served, &office, "stranger@business.example").await;
        let nobody = Browser::new(&served);
        for path in ["", "/act/submit", "/act/submit?page=2", "/act/receive"] {
            let path = format!("/applications/{}{path}", life.application);
            let page = stranger.get(&path).await;
            assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
            page.says("Page not found").silent(&life.party.name);
            let page = nobody.get(&path).await;
            page.says("Sign in").silent(&life.party.name);
            assert!(page.path.starts_with("/sign-in?next=/applications/"), "{}", page.path);
        }
        let missing = stranger.get("/applications/00000000-0000-0000-0000-000000000007").await;
        assert_eq!(missing.status, StatusCode::NOT_FOUND);
        assert_eq!(stranger.get("/nothing/here").await.status, StatusCode::NOT_FOUND);
        let mut japanese = Browser::new(&served);
        japanese.language = "ja";
        let page = japanese.get("/nothing/here").await;
        page.says("ページが見つかりません");
        assert!(page.html.contains("<html lang=\"ja\">"), "{}", page.html);
        // The language that was chosen stays, whatever the browser says.
        let form = page.form("/language").set("to", "en");
        assert!(japanese.submit(&form).await.html.contains("<html lang=\"en\">"));
        japanese.get("/").await.says("Find a program");
    })
    .await;
}

#[tokio::test]
async fn everybody_finds_how_accessible_the_pages_are_and_whom_to_tell() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino", "mizuho"]).await;
        let served = Served::start(&office).await;
        let mut browser = Browser::new(&served);
        browser.language = "ja";
        let start = browser.get("/").await;
        let page = browser.get(&start.link("ウェブアクセシビリティ方針")).await;
        for heading in ["対象範囲", "目標とする適合レベル", "達成状況", "試験の方法", "例外", "既知の課題", "問合せ先"]
        {
            page.says(heading);
        }
        // Each municipality's own office, as it says itself.
        for place in ["hino", "mizuho"] {
            let place = office.service.municipality_named(place).await.unwrap();
            let desk = place.offices.values().next().unwrap();
            page.says(&format!("{} {}", place.name.ja, desk.name.ja)).says(desk.phone.as_deref().unwrap());
            let mail = format!("href=\"mailto:{}\"", desk.email.as_deref().unwrap());
            assert!(page.html.contains(&mail), "{}", page.html);
        }
        browser.language = "en";
        browser.get("/accessibility").await.says("Known gaps").says("Hino City Industry Promotion Division");
    })
    .await;
}

#[tokio::test]
async fn styles_and_scripts_are_kept_for_long_under_names_that_change() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let browser = Browser::new(&served);
        let page = browser.get("/").await;
        for ending in [".css", ".js"] {
            let (before, _) = page.html.split_once(&format!("{ending}\"")).unwrap();
            let path = format!("{}{ending}", &before[before.rfind('"').unwrap() + 1..]);
            let asset = browser.get(&path).await;
            assert_eq!(asset.status, StatusCode::OK, "{path}");
            assert_eq!(asset.headers["cache-control"], "public, max-age=31536000, immutable");
            assert_eq!(browser.get(&path.replace("portal-", "portal-0")).await.status, StatusCode::NOT_FOUND);
        }
        let again = browser.get("/").await;
        let nonce = |page: &crate::browser::Page| page.html.split("nonce=\"").nth(1).unwrap()[..32].to_owned();
        assert_ne!(nonce(&page), nonce(&again));
    })
    .await;
}

#[tokio::test]
async fn what_was_typed_outlives_the_server() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let life = office.life(SALES_CHANNEL, 0).await;
        let browser = Browser::signed_in(&served, &office, &life.party.owner.email).await;
        let path = format!("/applications/{}/act/submit", life.application);
        let form = browser.get(&path).await.form(&path).set("v.contact_name", "日野 花子").set("step", "autosave");
        browser.submit(&form).await.says("Saved at");
        let typed = form.set("v.contact_phone", "042-555-0101").set("step", "stay");
        drop(served);
        let served = Served::anew(&office).await;
        let browser = browser.moved_to(&served);
        browser.submit(&typed).await.says("Saved.").silent("another window");
        let form = browser.get(&path).await.form(&path);
        assert_eq!((form.get("v.contact_name"), form.get("v.contact_phone")), ("日野 花子", "042-555-0101"));
    })
    .await;
}

#[tokio::test]
async fn what_was_typed_outlives_the_session() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let life = office.life(SALES_CHANNEL, 0).await;
        let email = life.party.owner.email.clone();
        let browser = Browser::signed_in(&served, &office, &email).await;
        let path = format!("/applications/{}/act/submit", life.application);
        let form = browser.get(&path).await.form(&path).set("v.contact_name", "日野 \"花子\" <3").set("step", "next");
        office.clock.advance(TimeDelta::hours(25));
        let page = browser.submit(&form).await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED);
        page.says("what you typed is kept");
        let wrong = page.form("/sign-in").set("email", &email).set("password", "wrong");
        let page = browser.submit(&wrong).await;
        page.says("The e-mail address or the password is wrong");
        let right = page.form("/sign-in").set("password", testkit::office::PASSWORD);
        let page = browser.submit(&right).await;
        page.says("Go on where you were");
        browser.submit(&page.form(&path)).await;
        let page = browser.get(&path).await;
        assert_eq!(page.form(&path).get("v.contact_name"), "日野 \"花子\" <3");
    })
    .await;
}
