//! Payments: made by one, approved by another, handed over once, and what the bank said.

use reqwest::StatusCode;
use testkit::{TestOffice, each_database};

use acceptance::site::Served;

use crate::browser::{Browser, Form};

#[tokio::test]
async fn from_the_order_to_the_result() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let life = office.ordered().await;
        let case = office.look(&life.party.owner, life.application).await.case;
        let number = case.body.numbers["application"].clone();
        let maker = Browser::signed_in(&served, &office, &office.staff("hino", "finance_maker").email).await;
        let checker = Browser::signed_in(&served, &office, &office.staff("hino", "finance_checker").email).await;

        let owner = Browser::signed_in(&served, &office, &life.party.owner.email).await;
        let own = format!("/applications/{}", life.application);
        owner.get(&own).await.says("Payments").says("Being prepared");

        // A day on which the bank rests is refused, and the day stays as it was typed.
        let page = maker.get("/finance").await;
        page.says(&number).says("Payments that wait");
        let form = page.form("/finance");
        let wrong = maker.submit(&form.clone().set("day", "2026-12-31")).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", wrong.text());
        assert_eq!(wrong.form("/finance").get("day"), "2026-12-31");
        let without =
            Form { fields: form.fields.iter().filter(|(name, _)| name != "line").cloned().collect(), ..form.clone() };
        let wrong = maker.submit(&without).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", wrong.text());
        assert!(!wrong.html.contains(" checked>"), "what was not ticked stays so");
        let batch = maker.submit(&form).await;
        batch.says(&number).says("Made").says("It waits for a finance checker").silent("Approve");
        batch.says(&office.staff("hino", "finance_maker").person.name).says(&case.business.name);
        assert_eq!(batch.link(&number), format!("/applications/{}", life.application));
        assert_eq!(maker.submit(&form).await.path, batch.path, "pressed twice, one batch");

        // Whoever made it is not offered to approve it, and what a checker approves is what the page has shown.
        let approve = checker.get(&batch.path).await.form(&batch.path).set("step", "approve");
        let refused = maker.submit(&approve.clone().set("csrf", batch.form(&batch.path).get("csrf"))).await;
        assert!(refused.status.is_client_error(), "{}", refused.text());
        let other = checker.submit(&approve.clone().set("digest", "0")).await;
        other.says("The content is not what you saw");
        checker.get("/tasks").await.says("Batches that wait for approval: 1");
        checker.submit(&approve).await.says("The batch is approved").silent("Make the bank's file");
        checker.get("/tasks").await.silent("Batches that wait for approval");
        maker.get("/tasks").await.says("Batches whose file is to be made: 1");

        let page = maker.get(&batch.path).await;
        let exported = maker.submit(&page.form(&batch.path).set("step", "export")).await;
        exported.says("File made").says("Save the file").says("SHA-256");
        let file = maker.get(&exported.link("Save the file")).await;
        assert!(file.headers["content-disposition"].to_str().unwrap().starts_with("attachment"));
        let cover = maker.get(&exported.link("Cover sheet of the bank's file")).await;
        cover.says("furikomi-hino-").says("Received (day, name, seal)");
        let digests: Vec<&str> = exported.html.split("SHA-256 ").skip(1).filter_map(|rest| rest.get(..64)).collect();
        assert_eq!(digests.len(), 2);
        digests.into_iter().for_each(|digest| _ = cover.says(digest));
        assert_eq!(owner.get(&cover.path).await.status, StatusCode::NOT_FOUND);
        let handed = maker.submit(&exported.form(&batch.path).set("step", "hand_over")).await;
        handed.says("Handed to the bank");
        owner.get(&own).await.says("To be transferred on");

        // A line that came back needs the bank's reason.
        let form = handed.form(&batch.path).set("step", "results");
        let line = form.fields.iter().find_map(|(name, _)| name.strip_prefix("outcome.")).unwrap().to_owned();
        let failed = form.clone().set(&format!("outcome.{line}"), "failed");
        let again = maker.submit(&failed).await;
        again.says("Enter the bank's reason");
        assert_eq!(again.form(&batch.path).get(&format!("outcome.{line}")), "failed", "what was chosen stays");
        let early = maker.submit(&form.clone().set(&format!("outcome.{line}"), "transferred")).await;
        early.says("Nothing is transferred before");
        let failed = failed.set(&format!("reason.{line}"), "口座なし");
        maker.submit(&failed).await.says("Nothing is transferred before");
        office.clock.advance(chrono::TimeDelta::days(5));
        let maker = Browser::signed_in(&served, &office, &office.staff("hino", "finance_maker").email).await;
        let form = maker.get(&batch.path).await.form(&batch.path).set("step", "results");
        assert_eq!(form.get(&format!("outcome.{line}")), "");
        maker.submit(&form.set("step", "all_transferred")).await.says("All transferred");
        let paid = office.look(&life.party.owner, life.application).await;
        assert_eq!(paid.case.state, "paid");
        let owner = Browser::signed_in(&served, &office, &life.party.owner.email).await;
        owner.get(&own).await.says("Transferred on");

        maker.get("/budgets?year=2026").await.says("Appropriated").says("2,000,000").says("Total");
        let file = maker.get("/budgets.csv?year=2026").await;
        assert!(file.html.contains("\"2000000\""), "{}", file.html);
        assert!(
            maker.get("/budgets.xlsx?year=2026").await.headers["content-disposition"]
                .to_str()
                .unwrap()
                .contains("budgets-2026.xlsx")
        );
        let clerk = Browser::signed_in(&served, &office, &office.staff("hino", "clerk").email).await;
        for path in ["/finance", &*batch.path] {
            assert_eq!(clerk.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
    })
    .await;
}
