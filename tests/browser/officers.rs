//! Pages for program officers: axe-core on each of them, and the studio while somebody types.

use fantoccini::Locator;
use service::DefinitionText;
use testkit::office::SALES_CHANNEL;
use testkit::{TestDatabase, TestOffice};

use acceptance::site::Served;

use crate::chrome::{DESK, PHONE, Setting, browse};

const HOME: &str = "/staff/programs/hino/sales-channel";

#[tokio::test]
async fn pages_of_a_program() {
    let database = TestDatabase::sqlite();
    let office = TestOffice::of(&database, &["hino"]).await;
    let served = Served::on_this_machine(&office).await;
    let mut life = office.life(SALES_CHANNEL, 0).await;
    office.step(&mut life).await;
    let viewer = office.staff("hino", "program_officer");
    let draft = office.service.program_draft(viewer, SALES_CHANNEL).await.unwrap();
    let second = draft.text.definition.replace("limits: { per_fiscal_year: 1 }", "limits: { per_fiscal_year: 2 }");
    let text = DefinitionText { definition: second.clone(), scenarios: draft.text.scenarios.clone() };
    let revision = office.service.save_program_draft(viewer, SALES_CHANNEL, &text, 0).await.unwrap();
    office.service.publish_program_draft(viewer, SALES_CHANNEL, revision, "publish").await.unwrap();
    // A next one with something wrong in it.
    let third = DefinitionText { definition: second.replace("minimum:", "minimun:"), ..text };
    office.service.save_program_draft(viewer, SALES_CHANNEL, &third, 0).await.unwrap();
    for setting in [DESK, Setting { language: "ja", dark: true, ..PHONE }] {
        browse(&served, setting, async |chrome| {
            chrome.sign_in(&office, &viewer.email).await;
            for page in [
                "",
                "/edit",
                "/edit/changes",
                "/edit/try",
                "/definition?version=draft",
                "/definition",
                "/diagram",
                "/scenarios",
                "/differences",
                "/texts",
                "/calls",
                "/migration",
                "/publish",
            ] {
                chrome.go(&format!("{HOME}{page}")).await;
                // Whatever is folded away is looked at too.
                chrome.ask("document.querySelectorAll('details').forEach((d) => { d.open = true; })", Vec::new()).await;
                chrome.is_accessible().await;
            }
            for path in ["/staff/programs", "/staff/programs?q=%E3%81%AA%E3%81%84"] {
                chrome.go(path).await;
                chrome.is_accessible().await;
            }
        })
        .await;
    }
}

#[tokio::test]
async fn the_studio_says_what_is_wrong_while_one_types() {
    let database = TestDatabase::sqlite();
    let office = TestOffice::of(&database, &["hino"]).await;
    let served = Served::on_this_machine(&office).await;
    let viewer = office.staff("hino", "program_officer");
    browse(&served, DESK, async |chrome| {
        chrome.sign_in(&office, &viewer.email).await;
        chrome.go(&format!("{HOME}/edit")).await;
        let lines = "return document.querySelector('.gutter').textContent.split('\\n').length === \
                     document.getElementById('definition').value.split('\\n').length";
        assert_eq!(chrome.ask(lines, Vec::new()).await, true);
        let typed = "const text = document.getElementById('definition'); \
                     text.value = text.value.replace('minimum: 10_000', 'minimun: 10_000'); \
                     text.dispatchEvent(new Event('input', { bubbles: true }))";
        chrome.ask(typed, Vec::new()).await;
        chrome.says("minimun").await;
        chrome.says("Did you mean").await;
        chrome.says("Saved at").await;
        chrome.is_accessible().await;

        // A finding leads to its line.
        chrome.client.find(Locator::Css("#checked a[href]")).await.unwrap().click().await.unwrap();
        let chosen = "const text = document.getElementById('definition'); \
                      return text.value.slice(text.selectionStart, text.selectionEnd)";
        assert_eq!(chrome.ask(chosen, Vec::new()).await, "  minimun: 10_000");

        // The keys that may stand there are offered, and put in.
        let place = "const text = document.getElementById('definition'); \
                     text.value = text.value.replace('  minimun: 10_000', '  min'); \
                     const at = text.value.indexOf('\\n  min\\n') + 6; text.focus(); text.setSelectionRange(at, at); \
                     text.dispatchEvent(new Event('input', { bubbles: true }))";
        chrome.ask(place, Vec::new()).await;
        chrome.client.wait().for_element(Locator::Css("#keys button")).await.unwrap().click().await.unwrap();
        let there = "return document.getElementById('definition').value.includes('\\n  minimum: \\n')";
        assert_eq!(chrome.ask(there, Vec::new()).await, true);

        // The tab is closed and opened again.
        chrome.says("Saved at").await;
        chrome.go("/").await;
        chrome.go(&format!("{HOME}/edit")).await;
        let kept = chrome.ask("return document.getElementById('definition').value", Vec::new()).await;
        assert!(!kept.as_str().unwrap().contains("minimum: 10_000"), "{kept}");
    })
    .await;
}
