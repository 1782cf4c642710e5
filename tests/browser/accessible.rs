//! axe-core on every kind of page and in every state, in both languages, light and dark, on a phone and on a desk.

use fantoccini::Locator;
use testkit::office::SALES_CHANNEL;
use testkit::{Life, TestDatabase, TestOffice};

use acceptance::site::Served;

use crate::chrome::{DESK, PHONE, Setting, browse};

/// Of people who are not signed in.
const PUBLIC: [&str; 11] = [
    "/",
    "/programs?q=%E3%81%AA%E3%81%84",
    "/programs/hino/sales-channel",
    "/sign-in",
    "/sign-up",
    "/password-reset",
    "/password-reset?token=x",
    "/verify-email?token=x",
    "/invitations?token=x",
    "/partner",
    "/nothing",
];

#[tokio::test]
async fn pages_for_everybody() {
    let database = TestDatabase::sqlite();
    let office = TestOffice::of(&database, &["hino"]).await;
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
            for path in ["/", "/cases", "/cases?q=%E3%81%AA%E3%81%84", "/budgets"] {
                chrome.go(path).await;
                chrome.is_accessible().await;
            }
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
