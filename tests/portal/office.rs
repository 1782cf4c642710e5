//! The office: what waits for whom, finding cases, taking care of them.

use reqwest::StatusCode;
use testkit::office::SALES_CHANNEL;
use testkit::{TestOffice, each_database};

use acceptance::site::Served;

use crate::browser::Browser;

#[tokio::test]
async fn a_desk_shows_what_waits_and_finds_the_rest() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let facts = office.life(SALES_CHANNEL, 0).await;
        let facts = office.look(&facts.party.owner, facts.application).await.case.business.facts;
        let party = office.party_named("=HYPERLINK(\"x\")<b>", "formula@business.example", &facts).await;
        let mut life = office.life_of(party, SALES_CHANNEL, 0).await;
        office.step(&mut life).await;
        let number = office.look(&life.party.owner, life.application).await.case.body.numbers["application"].clone();

        // The clerk finds it on the start page, the reviewer not yet.
        let clerk = Browser::signed_in(&served, &office, &office.staff("hino", "clerk").email).await;
        clerk.get("/").await.says("Tasks").says(&number).says("Clerk");
        let reviewer = Browser::signed_in(&served, &office, &office.staff("hino", "reviewer").email).await;
        reviewer.get("/tasks").await.silent(&number).says("No case waits for you");

        // Both find it in the list.
        for query in ["", "?q=HYPERLINK", "?kind=with_office", "?program=hino/sales-channel&year=2026&order=deadline"] {
            reviewer.get(&format!("/cases{query}")).await.says(&number).says("Submitted");
        }
        for query in ["?q=%EF%BC%9D%25", "?kind=closed_paid", "?year=2025", "?mine=1", "?program=hino/none"] {
            reviewer.get(&format!("/cases{query}")).await.silent(&number).says("No case fits");
        }
        // By the last digits of its number too, with the year or without.
        let (place, end) = number.split_once('-').unwrap();
        let (_, digits) = end.split_once('-').unwrap();
        for typed in [number.as_str(), end, digits, &format!("{place}-2026")] {
            reviewer.get(&format!("/cases?q={typed}")).await.says(&number);
        }
        reviewer.get("/cases?q=99999").await.silent(&number);
        let file = reviewer.get("/cases.csv?kind=with_office").await;
        assert_eq!(file.headers["content-disposition"], "attachment; filename=\"cases.csv\"");
        let text = &file.html;
        assert!(text.contains(&number) && text.contains("\"'=HYPERLINK(\"\"x\"\")<b>\""), "{text}");

        // Somebody takes care of it.
        let path = format!("/applications/{}/assign", life.application);
        let page = clerk.get(&format!("/applications/{}", life.application)).await;
        page.says("Nobody takes care of this case").says("It waits for: Clerk").silent("You will get a mail");
        clerk.submit(&page.form(&path).set("to", "me")).await.says("You take care of this case");
        clerk.get("/cases?mine=1").await.says(&number);
        reviewer.get(&format!("/applications/{}", life.application)).await.says("takes care of this case");

        // Nobody else has such pages.
        let owner = Browser::signed_in(&served, &office, "formula@business.example").await;
        for path in ["/tasks", "/cases", "/cases.csv"] {
            assert_eq!(owner.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        owner.get(&format!("/applications/{}", life.application)).await.silent("takes care of this case");
        let foreign =
            owner.submit(&page.form(&path).set("csrf", owner.get("/").await.form("/language").get("csrf"))).await;
        assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    })
    .await;
}
