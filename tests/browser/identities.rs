//! Signing in by a provider of identities, in a browser that goes there and comes back.

use acceptance::directory::directory;
use acceptance::site::Served;
use fantoccini::Locator;
use serde_json::json;
use testkit::{IdentityServer, TestDatabase, TestOffice};

use crate::chrome::{DESK, PHONE, Setting, browse};

#[tokio::test]
async fn a_browser_goes_to_a_provider_and_comes_back() {
    let database = TestDatabase::sqlite();
    let office = TestOffice::of(&database, &["hino"]).await;
    let identities = IdentityServer::start(&office.clock).await;
    let served = Served::by_name(&office, false, vec![directory(&identities)]).await;
    let email = office.staff("hino", "clerk").email.clone();
    identities.says(&json!({ "sub": "s-1", "email": email, "email_verified": true, "name": "日野 花子" }));
    let to_the_directory = "form[action='/sign-in/with/staff'] button";
    for setting in [DESK, Setting { language: "ja", dark: true, ..PHONE }, Setting { scripts: false, ..DESK }] {
        browse(&served, setting, async |chrome| {
            chrome.go("/sign-in?next=/cases").await;
            if setting.scripts {
                chrome.is_accessible().await;
            }
            chrome.client.find(Locator::Css(to_the_directory)).await.unwrap().click().await.unwrap();
            chrome.client.wait().for_element(Locator::Css("form[action='/sign-out']")).await.unwrap();
            assert_eq!(chrome.here().await, "/cases");
            chrome.go("/account/security").await;
            let unlink = "form[action='/account/security/providers/remove'] button";
            chrome.client.find(Locator::Css(unlink)).await.unwrap();
            if setting.scripts {
                chrome.is_accessible().await;
            }
        })
        .await;
    }
    // Whoever is known another way finds it there, too; what went wrong is said kindly.
    identities.says(&json!({ "sub": "s-2", "email": email, "email_verified": true, "name": "日野 花子" }));
    browse(&served, DESK, async |chrome| {
        chrome.go("/sign-in").await;
        chrome.client.find(Locator::Css(to_the_directory)).await.unwrap().click().await.unwrap();
        chrome.says("belongs to another identity").await;
        chrome.is_accessible().await;
        chrome.sign_in(&office, &office.staff("hino", "reviewer").email).await;
        chrome.go("/account/security").await;
        chrome.is_accessible().await;
        let link = "form[action='/account/security/providers'] button";
        chrome.client.find(Locator::Css(link)).await.unwrap().click().await.unwrap();
        chrome
            .client
            .wait()
            .for_element(Locator::Css("form[action='/account/security/providers/remove']"))
            .await
            .unwrap();
        assert_eq!(chrome.here().await, "/account/security");
    })
    .await;
}
