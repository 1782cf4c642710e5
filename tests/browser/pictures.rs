//! Pictures of the pages for the README: `cargo xtask pictures`.

use std::path::Path;

use testkit::office::SALES_CHANNEL;
use testkit::{TestDatabase, TestOffice};

use acceptance::site::Served;

use crate::chrome::{DESK, PHONE, Setting, browse};
use crate::hands::Hands;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/pictures");
/// Pixels: what fits on a screen.
const HEIGHT: u32 = 844;

#[tokio::test]
#[ignore = "writes files; `cargo xtask pictures` runs it"]
async fn pictures() {
    std::fs::create_dir_all(FOLDER).unwrap();
    let desk = Setting { language: "ja", ..DESK };
    let phone = Setting { language: "ja", dark: true, ..PHONE };
    let database = TestDatabase::sqlite();
    let office = TestOffice::of(&database, &["hino"]).await;
    let served = Served::on_this_machine(&office).await;
    let draft = office.life(SALES_CHANNEL, 0).await;
    let mut signing = office.life(SALES_CHANNEL, 0).await;
    office.live_until(&mut signing, "under_review").await;
    while office.look(&signing.party.owner, signing.application).await.case.body.pending.is_none() {
        office.step(&mut signing).await;
    }
    browse(&served, desk, async |chrome| {
        let take = async |name: &str| {
            let bytes = chrome.picture(HEIGHT).await;
            std::fs::write(Path::new(FOLDER).join(format!("{name}.webp")), bytes).unwrap();
        };
        chrome.change(desk).await;
        chrome.sign_in(&office, &draft.party.owner.email).await;
        chrome.change(desk).await;
        let costs = format!("/applications/{}/act/submit?page=3", draft.application);
        chrome.go(&costs).await;
        let row = [("category", "booth_fee"), ("what", "1小間"), ("supplier", "展示会事務局"), ("net", "240,000")];
        for (part, value) in row.into_iter().chain([("tax", "24,000")]) {
            Hands::Pointer.fill(chrome, &format!("v.costs.0.{part}"), value).await;
        }
        chrome.says("に自動保存しました").await;
        chrome.ask("document.querySelectorAll('#award details').forEach((d) => { d.open = true; })", Vec::new()).await;
        take("application").await;
        chrome.change(phone).await;
        chrome.go(&format!("/applications/{}/act/submit", draft.application)).await;
        take("phone").await;

        let visit = async |who: &str, path: &str, name: &str| {
            chrome.sign_in(&office, &office.staff("hino", who).email).await;
            chrome.change(desk).await;
            chrome.go(path).await;
            take(name).await;
        };
        let case = format!("/applications/{}", signing.application);
        visit("position:section_chief", &format!("{case}/act/sign"), "signing").await;
        visit("program_officer", &format!("/staff/programs/{SALES_CHANNEL}/edit/changes"), "changes").await;
        visit("program_officer", &format!("/staff/programs/{SALES_CHANNEL}/diagram"), "diagram").await;
        office.ordered().await;
        let batch = office.draft_batch("hino", None).await.unwrap();
        visit("finance_checker", &format!("/finance/batches/{batch}"), "batch").await;
    })
    .await;
    for file in std::fs::read_dir(FOLDER).unwrap() {
        let file = file.unwrap();
        assert!(file.metadata().unwrap().len() <= 60 * 1024, "{}", file.path().display());
    }
    assert_eq!(std::fs::read_dir(FOLDER).unwrap().count(), 6);
}
