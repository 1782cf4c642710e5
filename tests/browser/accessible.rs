//! axe-core on every kind of page and in every state, in both languages, light and dark, on a phone and on a desk.

use fantoccini::Locator;
use testkit::office::{PASSWORD, SALES_CHANNEL};
use testkit::{Life, TestDatabase, TestOffice};

use acceptance::authenticator;
use acceptance::site::Served;
use vocabulary::Clock as _;

use crate::chrome::{DESK, PHONE, Setting, browse};

/// Of people who are not signed in.
const PUBLIC: [&str; 17] = [
    "/",
    "/programs?q=%E3%81%AA%E3%81%84",
    "/programs?q=%E8%B2%A9%E8%B7%AF%E6%94%AF%E6%8F%B4%E9%87%91",
    "/programs/hino/sales-channel",
    "/programs/hino/sales-channel/check",
    "/programs/hino/sales-channel/check?sent=1&v.kind=group",
    "/programs/hino/sales-channel/check?v.kind=group&v.size=sme&v.deemed_large=no&v.established_here_on=2010-04-01",
    "/sign-in",
    "/sign-up",
    "/password-reset",
    "/password-reset?token=x",
    "/verify-email?token=x",
    "/invitations?token=x",
    "/partner",
    "/registry",
    "/registry/mizuho/site-matching",
    "/nothing",
];

#[tokio::test]
async fn pages_for_everybody() {
    let database = TestDatabase::sqlite();
    let office = TestOffice::of(&database, &["hino", "mizuho"]).await;
    office.live_until(&mut office.life("mizuho/site-matching", 0).await, "listed").await;
    let served = Served::on_this_machine(&office).await;
    for setting in [DESK, Setting { language: "ja", dark: true, ..PHONE }] {
        browse(&served, setting, async |chrome| {
            for path in PUBLIC.into_iter().chain(["/accessibility"]) {
                chrome.go(path).await;
                chrome.is_accessible().await;
            }
            // With everything wrong.
            for path in ["/sign-up", "/verify-email", "/partner", "/sign-in"] {
                chrome.go(path).await;
                chrome.client.find(Locator::Css("main form button")).await.unwrap().click().await.unwrap();
                chrome.client.wait().for_element(Locator::Id("summary")).await.unwrap();
                chrome.is_accessible().await;
            }
        })
        .await;
    }
}

#[tokio::test]
async fn what_is_wrong_is_found() {
    let database = TestDatabase::sqlite();
    let office = TestOffice::of(&database, &["hino"]).await;
    let served = Served::on_this_machine(&office).await;
    browse(&served, DESK, async |chrome| {
        chrome.go("/sign-in").await;
        chrome.ask("document.querySelector('label[for=email]').remove()", Vec::new()).await;
        let found = chrome.findings().await;
        assert!(found[0].as_str().is_some_and(|text| text.starts_with("label: ")), "{found}");
    })
    .await;
}

#[tokio::test]
async fn cases_in_every_state() {
    let database = TestDatabase::sqlite();
    let office = TestOffice::of(&database, &["hino"]).await;
    let served = Served::on_this_machine(&office).await;
    let lives: Vec<Life> = office.one_in_each_state(SALES_CHANNEL).await;
    for setting in [Setting { language: "ja", ..PHONE }, Setting { dark: true, ..DESK }] {
        browse(&served, setting, async |chrome| {
            for life in &lives {
                for email in [&life.party.owner.email, &office.staff("hino", "reviewer").email] {
                    let case = format!("/applications/{}", life.application);
                    chrome.sign_in(&office, email).await;
                    chrome.go(&case).await;
                    chrome.is_accessible().await;
                    let actions = "return [...document.querySelectorAll('a[href*=\"/act/\"]')].map((a) => \
                                   a.getAttribute('href'))";
                    let actions: Vec<String> = serde_json::from_value(chrome.ask(actions, Vec::new()).await).unwrap();
                    // What the pages of actions look like on a desk, the journeys see.
                    for action in actions.into_iter().filter(|_| setting.width < DESK.width) {
                        for page in 1..=5 {
                            let mark = if action.contains('?') { '&' } else { '?' };
                            chrome.go(&format!("{action}{mark}page={page}")).await;
                            chrome.is_accessible().await;
                        }
                    }
                }
            }
            chrome.sign_in(&office, &lives[0].party.owner.email).await;
            for path in ["/applications", "/businesses", "/businesses/new"] {
                chrome.go(path).await;
                chrome.is_accessible().await;
            }
            chrome.sign_in(&office, &office.staff("hino", "reviewer").email).await;
            let reviewed = format!("/applications/{}/review", lives.last().unwrap().application);
            let all: Vec<String> = lives.iter().map(|life| format!("case={}", life.application)).collect();
            let together = format!("/cases/together?{}", all.join("&"));
            let signing = format!("{together}&action=sign.");
            let empty = "/cases?q=%E3%81%AA%E3%81%84";
            for path in ["/", "/cases", empty, "/budgets", &reviewed, &together, &signing] {
                chrome.go(path).await;
                chrome.is_accessible().await;
            }
            // The pages of a document are turned where they stand.
            chrome.go(&reviewed).await;
            let figure = "figure[data-pages]";
            chrome.ask(&format!("document.querySelector('{figure}').scrollIntoView()"), Vec::new()).await;
            chrome
                .client
                .wait()
                .for_element(Locator::Css(&format!("{figure} button:last-child")))
                .await
                .unwrap()
                .click()
                .await
                .unwrap();
            let second = format!("{figure} img[src$='/pages/2'][alt$='(2 / 2)']");
            chrome.client.wait().for_element(Locator::Css(&second)).await.unwrap();
            chrome.client.find(Locator::Css(&format!("{figure} button:last-child:disabled"))).await.unwrap();
            chrome.is_accessible().await;
            chrome.sign_in(&office, &office.staff("hino", "finance_maker").email).await;
            chrome.go("/finance").await;
            chrome.is_accessible().await;
            if let Ok(batch) = chrome.client.find(Locator::Css("a[href^='/finance/batches/']")).await {
                batch.click().await.unwrap();
                chrome.client.wait().for_element(Locator::Css("dl.facts")).await.unwrap();
                chrome.is_accessible().await;
            }
        })
        .await;
    }
}

/// Presses the button of the page that takes this step, and waits for the page after it.
async fn press(chrome: &crate::chrome::Chrome, step: &str, then: &str) {
    let button = chrome.client.find(Locator::Css(&format!("main button[value={step}]"))).await.unwrap();
    button.click().await.unwrap();
    chrome.client.wait().for_element(Locator::Css(then)).await.unwrap();
    chrome.is_accessible().await;
}

async fn type_in(chrome: &crate::chrome::Chrome, id: &str, text: &str) {
    chrome.client.find(Locator::Id(id)).await.unwrap().send_keys(text).await.unwrap();
}

#[tokio::test]
async fn pages_of_accounts_people_audits_and_panels() {
    let database = TestDatabase::sqlite();
    let office = TestOffice::of(&database, &["sumida"]).await;
    let served = Served::on_this_machine(&office).await;
    let mut life = office.life("sumida/field-test", 0).await;
    office.live_until(&mut life, "judging").await;
    let call = office.look(&life.party.owner, life.application).await.case.call.id;
    let judge = office.judge("sumida", call, "panelist:first").await;
    for setting in [Setting { dark: true, ..PHONE }, Setting { language: "ja", ..DESK }] {
        browse(&served, setting, async |chrome| {
            let clerk = office.staff("sumida", "clerk");
            chrome.sign_in(&office, &clerk.email).await;
            for path in ["", "/email", "/password", "/second-factor"].map(|part| format!("/account/security{part}")) {
                chrome.go(&path).await;
                chrome.is_accessible().await;
            }
            press(chrome, "begin", "svg.qr").await;
            press(chrome, "confirm", "#summary").await;
            let secret = chrome.client.find(Locator::Css("main code")).await.unwrap().text().await.unwrap();
            type_in(chrome, "code", &authenticator::code(&secret, office.clock.now())).await;
            press(chrome, "confirm", "ul.secrets").await;
            let recovery = chrome.client.find(Locator::Css("main code")).await.unwrap().text().await.unwrap();
            chrome.go("/account/security/second-factor").await;
            chrome.is_accessible().await;
            type_in(chrome, "password", PASSWORD).await;
            type_in(chrome, "code", &recovery).await;
            press(chrome, "end", "div.notice").await;
            // Too long ago for what opens the account.
            office.clock.advance(chrono::TimeDelta::minutes(11));
            chrome.go("/account/security/second-factor").await;
            press(chrome, "begin", "form[action='/sign-in/again']").await;

            chrome.sign_in(&office, &office.staff("sumida", "administrator").email).await;
            for path in
                ["/staff/people".to_owned(), "/staff/offices".to_owned(), format!("/staff/people/{}", clerk.person.id)]
            {
                chrome.go(&path).await;
                chrome.is_accessible().await;
            }
            chrome.go("/staff/people").await;
            press(chrome, "invite", "#summary").await;
            chrome.sign_in(&office, &office.staff("sumida", "auditor").email).await;
            for path in ["/audit", "/audit?until=2020-01-01", "/audit/access", "/audit/check", "/staff/people"] {
                chrome.go(path).await;
                chrome.is_accessible().await;
            }
            chrome.go("/audit/check").await;
            chrome.client.find(Locator::Css("main form button")).await.unwrap().click().await.unwrap();
            chrome.client.wait().for_element(Locator::Css("progress")).await.unwrap();
            chrome.is_accessible().await;
            chrome.sign_in(&office, &judge.email).await;
            for path in [
                "/panel".to_owned(),
                format!("/panel/{}", life.application),
                format!("/applications/{}", life.application),
            ] {
                chrome.go(&path).await;
                chrome.is_accessible().await;
            }
            chrome.go(&format!("/panel/{}", life.application)).await;
            press(chrome, "score", "#summary").await;
            chrome.sign_in(&office, &office.staff("sumida", "program_officer").email).await;
            for path in ["/rankings".to_owned(), format!("/rankings/{call}")] {
                chrome.go(&path).await;
                chrome.is_accessible().await;
            }
        })
        .await;
    }
}
