//! Auditors: the history of all cases, who had access to what, whether the chains are whole; nothing can be changed.

use acceptance::site::Served;
use reqwest::StatusCode;
use testkit::office::SALES_CHANNEL;
use testkit::{TestOffice, each_database};

use crate::browser::Browser;

#[tokio::test]
async fn an_auditor_sees_everything_and_changes_nothing() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino", "mizuho"]).await;
        let served = Served::start(&office).await;
        let life = office.ordered().await;
        let number = office.look(&life.party.owner, life.application).await.case.body.numbers["application"].clone();
        let auditor = Browser::signed_in(&served, &office, &office.staff("hino", "auditor").email).await;
        let last = vocabulary::day_in_japan(office.service.now());
        let all = auditor.get(&format!("/audit?from=2026-04-01&until={last}")).await;
        all.says(&number).says("Submit").says("signed");
        let of_case = format!("/audit?from=2026-04-01&until={last}&number={number}");
        auditor.get(&of_case).await.says(&number).says("#1");
        auditor.get(&of_case.replace(&number, "none")).await.silent(&number).says("nothing in this period");
        let by_clerk = auditor.get(&format!("/audit?from=2026-04-01&until={last}&person=clerk@hino.example")).await;
        by_clerk.says("Clerk").silent("Submit ");
        auditor.get("/audit?from=2025-01-01&until=2025-01-02").await.silent(&number);
        let file = auditor.get(&format!("/audit.csv?from=2026-04-01&until={last}")).await;
        assert!(file.html.contains(&number), "{}", file.html);
        // What is said of a case is there for an auditor to look at.
        auditor.get(&format!("/applications/{}", life.application)).await.says(&number);

        // The list goes on page after page, and each event is on one of them.
        let mut lives = Vec::new();
        for _ in 0..11 {
            lives.push(office.life(SALES_CHANNEL, 0).await);
        }
        let line = office.look(&life.party.owner, life.application).await.case.call.budget_line.unwrap();
        office.appropriate(line, 100_000_000).await;
        for _ in 0..5 {
            for life in &mut lives {
                office.step(life).await;
            }
        }
        let last = vocabulary::day_in_japan(office.service.now());
        let mut path = format!("/audit?from=2026-04-01&until={last}");
        let auditor = Browser::signed_in(&served, &office, &office.staff("hino", "auditor").email).await;
        let mut rows = 0;
        loop {
            let page = auditor.get(&path).await;
            rows += page.html.matches("<th scope=\"row\">").count();
            if !page.text().contains("Next page") {
                break;
            }
            path = page.link("Next page");
        }
        let mut events = 0;
        for life in lives.iter().chain([&life]) {
            events += office.store.read().events(life.application, 0, 1_000).await.unwrap().len();
        }
        assert_eq!(rows, events);

        for who in ["administrator", "clerk", "finance_checker"] {
            let browser = Browser::signed_in(&served, &office, &office.staff("hino", who).email).await;
            for path in ["/audit", "/audit.csv", "/audit/access", "/audit/access.csv", "/audit/check"] {
                assert_eq!(browser.get(path).await.status, StatusCode::NOT_FOUND, "{who} {path}");
            }
        }
        assert_eq!(auditor.get("/audit?place=mizuho").await.status, StatusCode::NOT_FOUND);
    })
    .await;
}

#[tokio::test]
async fn whoever_saw_accounts_or_took_files_along_is_written_down() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        office.ordered().await;
        let batch = office.draft_batch("hino", None).await.unwrap();
        let checker = Browser::signed_in(&served, &office, &office.staff("hino", "finance_checker").email).await;
        checker.get(&format!("/finance/batches/{batch}")).await;
        checker.get("/cases.csv").await;
        let auditor = Browser::signed_in(&served, &office, &office.staff("hino", "auditor").email).await;
        let log = auditor.get("/audit/access").await;
        log.says("finance-checker@hino.example").says("Signed in").says("Saw a batch").silent(&batch.to_string());
        assert_eq!(log.link("Payment batch"), format!("/finance/batches/{batch}"));
        log.says("Saved the list of cases").says("127.0.0.1");
        auditor.get("/audit/access?kind=bank_file").await.says("nothing in this period");
        let own = auditor.get("/audit/access?person=auditor@hino.example").await;
        own.says("auditor@hino.example").silent("finance-checker");
        let file = auditor.get("/audit/access.csv?kind=payment_batch").await;
        assert!(file.html.contains(&batch.to_string()) && file.html.contains("127.0.0.1"), "{}", file.html);
        auditor.get("/audit/access?kind=history_exported").await.says("auditor@hino.example");
    })
    .await;
}

#[tokio::test]
async fn a_history_that_was_touched_is_found() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let life = office.submitted().await;
        office.service.seal().await.unwrap();
        let auditor = Browser::signed_in(&served, &office, &office.staff("hino", "auditor").email).await;
        let page = auditor.get("/audit/check").await;
        let whole = auditor.submit(&page.form("/audit/check")).await;
        whole.says("1 of 1 cases").says("The history is whole");

        // A copy of a seal outside of the database that is not the one that was kept.
        let seal = office.store.read().seals().await.unwrap().pop().unwrap();
        office.files.replace(&format!("seal-{:08}-{}.json", seal.number, seal.id.simple()), b"{}");
        let broken = auditor.submit(&page.form("/audit/check")).await;
        broken.says("The history is broken").says(&format!("seal {}", seal.number)).silent("is whole");
        drop(life);
    })
    .await;
}
