//! 第三者: the bank opens the link of its mail and answers.

use reqwest::StatusCode;
use testkit::office::BASE_URL;
use testkit::{TestOffice, each_database};

use acceptance::site::Served;

use crate::browser::Browser;

#[tokio::test]
async fn the_bank_answers_by_the_page_of_its_link() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["mizuho"]).await;
        let served = Served::start(&office).await;
        let mut life = office.life("mizuho/loan-mediation", 0).await;
        office.live_until(&mut life, "mediated").await;
        office.work_off().await;
        let mails = office.mail.take();
        let mail = mails.iter().rfind(|mail| mail.to == "loans@bank.example").unwrap();
        let (_, rest) = mail.text.split_once(&format!("{BASE_URL}/partner#")).unwrap();
        let token = rest.split_whitespace().next().unwrap();

        let browser = Browser::new(&served);
        let door = browser.get("/partner").await.form("/partner");
        let page = browser.submit(&door.clone().set("token", "pl_wrong")).await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED);
        page.says("This link does not hold");
        // People without scripts paste the whole link.
        let page = browser.submit(&door.set("token", &format!("{BASE_URL}/partner#{token}"))).await;
        page.says(&life.party.name).says("business_plan.pdf").says("Before the bank").silent("Mails");
        assert!(!page.path.contains(token), "{}", page.path);

        let lend = |page: &crate::browser::Page| {
            page.forms().into_iter().find(|form| form.get("action") == "lend").unwrap().set("step", "perform")
        };
        let form = lend(&page).set("v.interest", "1.8%").set("v.months", "60");
        let page = browser.submit(&form).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(lend(&page).get("v.interest"), "1.8%", "what was typed stays");
        let form = lend(&page).set("v.lent", "7,000,000円").set("v.guaranteed", "yes");
        let page = browser.submit(&form).await;
        page.says("Done.").says("Loan approved").says("Nothing is asked of you");
        browser.submit(&form).await.says("Loan approved");
        let case = office.look(&life.party.owner, life.application).await.case;
        assert_eq!(case.state, "approved");
    })
    .await;
}
