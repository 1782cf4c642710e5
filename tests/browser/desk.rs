//! What answers the acts of an office: many cases at once, a refused check, paper, a batch in each of its states. axe-core
//! looks at each page, in both languages, light and dark, on a phone and on a desk.

use acceptance::site::Served;
use casework::scenario::moment;
use fantoccini::Locator;
use testkit::{TestDatabase, TestOffice};

use crate::chrome::{Chrome, DESK, PHONE, Setting, browse};

const SETTINGS: [Setting; 2] = [Setting { language: "ja", dark: true, ..PHONE }, DESK];

/// Presses a button and waits for what the page after it has; axe finds nothing there.
async fn press(chrome: &Chrome, button: &str, then: &str) {
    chrome.client.wait().for_element(Locator::Css(button)).await.unwrap().click().await.unwrap();
    assert!(
        chrome.client.wait().for_element(Locator::Css(then)).await.is_ok(),
        "{button}, {then}: {}",
        chrome.text().await
    );
    chrome.is_accessible().await;
}

#[tokio::test]
async fn what_answers_the_acts_of_an_office() {
    let database = TestDatabase::sqlite();
    let office = TestOffice::of(&database, &["hino"]).await;
    let served = Served::on_this_machine(&office).await;
    let lives = office.cases_in("under_review", 3).await;
    for setting in SETTINGS {
        browse(&served, setting, async |chrome| {
            chrome.sign_in(&office, &office.staff("hino", "reviewer").email).await;
            // Nothing chosen, then some of them, and who takes care of them.
            chrome.go("/cases").await;
            press(chrome, "form[action='/cases/together'] .row button", "main [role=status]").await;
            let chosen: Vec<String> = lives.iter().map(|life| format!("case={}", life.application)).collect();
            let together = format!("/cases/together?{}", chosen.join("&"));
            chrome.go(&together).await;
            press(chrome, "button[value=assign]", "main table").await;
            // What is typed for all of them is refused beside its field.
            chrome.go(&together).await;
            let asks =
                "button[name=action][value^='suspend'],button[name=action][value^='withdraw'],button[name=action]";
            press(chrome, asks, "button[value=perform],form[method=post] button").await;
            press(chrome, "main form[method=post] button", "main").await;

            let review = format!("/applications/{}/review", lives[0].application);
            chrome.go(&review).await;
            press(chrome, "form[action$='/review'] button", "#summary").await;
            press(chrome, "form[action$='/notes'] .row button", "#summary").await;
            chrome.client.find(Locator::Id("note")).await.unwrap().send_keys("電話で確認").await.unwrap();
            press(chrome, "form[action$='/notes'] .row button", "button[value=strike]").await;
            press(chrome, "button[value=strike]", "main").await;

            chrome.sign_in(&office, &office.staff("hino", "clerk").email).await;
            chrome.go("/cases/paper").await;
            chrome.is_accessible().await;
            press(chrome, "form[action='/cases/paper'] .row button", "#summary").await;
        })
        .await;
    }
}

#[tokio::test]
async fn a_batch_in_each_of_its_states() {
    let database = TestDatabase::sqlite();
    let office = TestOffice::of(&database, &["hino"]).await;
    let served = Served::on_this_machine(&office).await;
    let _lives = office.cases_in("ordered", 2).await;
    let (maker, checker) = (office.staff("hino", "finance_maker"), office.staff("hino", "finance_checker"));
    let batch = office.draft_batch("hino", None).await.unwrap();
    let path = format!("/finance/batches/{batch}");
    let look = async || {
        for setting in SETTINGS {
            browse(&served, setting, async |chrome| {
                for who in [maker, checker] {
                    chrome.sign_in(&office, &who.email).await;
                    for path in ["/finance", &path, &format!("{path}/cover")] {
                        chrome.go(path).await;
                        chrome
                            .ask("document.querySelectorAll('details').forEach((d) => { d.open = true; })", Vec::new())
                            .await;
                        chrome.is_accessible().await;
                    }
                }
            })
            .await;
        }
    };
    look().await;
    // Whoever made it does not approve it, and nobody cancels without a word.
    browse(&served, DESK, async |chrome| {
        chrome.sign_in(&office, &maker.email).await;
        chrome.go(&path).await;
        chrome.client.find(Locator::Css("main details summary")).await.unwrap().click().await.unwrap();
        press(chrome, "button[value=cancel]", "#summary").await;
    })
    .await;
    office.service.approve_payment_batch(checker, batch, None, "approve").await.unwrap();
    look().await;
    office.service.export_payment_batch(maker, batch, "export").await.unwrap();
    look().await;
    office.service.hand_over_payment_batch(maker, batch, "hand-over").await.unwrap();
    look().await;
    let day = office.service.payment_batch(maker, batch).await.unwrap().batch.transfer_date;
    office.advance_to(moment(day)).await;
    browse(&served, DESK, async |chrome| {
        chrome.sign_in(&office, &maker.email).await;
        chrome.go(&path).await;
        // A line that came back without a word of the bank; then all of them.
        let failed = "select[name^='outcome.'] option[value=failed]";
        chrome.client.find(Locator::Css(failed)).await.unwrap().click().await.unwrap();
        press(chrome, "button[value=results]", "#summary").await;
        chrome.client.find(Locator::Css("input[name^='reason.']")).await.unwrap().send_keys("口座なし").await.unwrap();
        press(chrome, "button[value=results]", "div.notice").await;
        press(chrome, "button[value=all_transferred]", "div.notice").await;
    })
    .await;
    look().await;
    let again = office.draft_batch("hino", None).await;
    assert!(again.is_err(), "the line that came back waits for an account first");
}
