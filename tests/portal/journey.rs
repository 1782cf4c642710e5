//! Whole lives of cases in the pages, without scripts: everybody acts by what their page of the case offers, whatever the
//! archetype calls it. Only the bank's part, for which people need files, goes through the service.

use casework::scenario::{moment, step_marks};
use program::definition::ScenarioStep;
use testkit::office::{PASSWORD, SALES_CHANNEL};
use testkit::{Life, TestOffice, each_database};

use acceptance::site::Served;

use crate::browser::{Browser, Page};
use crate::filling::{fill_in, typed};

/// Signs in as whoever takes the step; days lie between the steps, so every session is a new one.
async fn signed_in(served: &Served, office: &TestOffice, life: &Life, by: &str) -> Browser {
    let email = match by {
        "applicant" => life.party.owner.email.clone(),
        by => office.staff(life.municipality(), by).email.clone(),
    };
    let account = office.viewer(&email).await.person.id;
    office.service.set_password(account, PASSWORD).await.unwrap();
    Browser::signed_in(served, office, &email).await
}

/// Takes the next step by its page, and looks at the page of the case afterwards.
async fn step(served: &Served, office: &TestOffice, life: &mut Life) -> Option<Page> {
    let step = life.next()?;
    if matches!(step.by.as_str(), "clock" | "treasury") {
        office.step(life).await;
        return Some(by_page(served, office, life, "applicant").await.1);
    }
    if let Some(day) = step.on {
        office.advance_to(moment(day)).await;
    }
    let browser = signed_in(served, office, life, &step.by).await;
    let mut page = take(&browser, life, step).await;
    while step.signed && office.look(&life.party.owner, life.application).await.case.body.pending.is_some() {
        let case = office.look(&life.party.owner, life.application).await.case;
        let position = case.body.pending.as_ref().and_then(|pending| pending.next()).unwrap().position.clone();
        let browser = signed_in(served, office, life, &format!("position:{position}")).await;
        let path = format!("/applications/{}/act/sign", life.application);
        let sign = browser.get(&path).await;
        sign.says("In approval").says("What is signed").says("What was submitted").says("Budget line");
        if !step.expect.letters.is_empty() {
            sign.says("As the letter will read");
        }
        page = browser.submit(&sign.form(&path).set("step", "perform")).await;
        // Sent once more, it says that this was done.
        if office.look(&life.party.owner, life.application).await.case.body.pending.is_some() {
            browser.get(&path).await.says("You have signed already");
        }
    }
    life.taken += 1;
    office.work_off().await;
    if let Some(state) = &step.expect.state {
        page.says(&life.program.state(state).unwrap().label.en);
    }
    Some(page)
}

async fn by_page(served: &Served, office: &TestOffice, life: &Life, who: &str) -> (Browser, Page) {
    let browser = signed_in(served, office, life, who).await;
    let page = browser.get(&format!("/applications/{}", life.application)).await;
    (browser, page)
}

async fn take(browser: &Browser, life: &Life, step: &ScenarioStep) -> Page {
    let action = step.action.as_deref().unwrap();
    let case = browser.get(&format!("/applications/{}", life.application)).await;
    let path = format!("/applications/{}/act/{action}", life.application);
    let offered = case.html.split("href=\"").find_map(|rest| rest.strip_prefix(&*path)?.split('"').next());
    let offered = offered.unwrap_or_else(|| panic!("{action} is not offered: {}", case.text()));
    let page = format!("{path}{offered}");
    let mut values = life.values(step);
    let marks = step_marks(step).into_iter().map(|mark| (mark.field, mark.remark.into()));
    let marks: serde_json::Map<String, serde_json::Value> = marks.collect();
    if !marks.is_empty() {
        values.insert("marks".to_owned(), marks.into());
    }
    let last = fill_in(browser, &page, &values).await;
    let mut form = typed(last.form(&path), &values).set("step", "perform");
    if let Some(comment) = &step.comment {
        form = form.set("v.comment", comment);
    }
    let page = browser.submit(&form).await;
    assert_eq!(page.path, case.path, "{action} was refused: {}", page.text());
    page
}

async fn live(program: &str, scenario: usize, from: &'static str) {
    each_database(async |database| {
        let municipality = program.split('/').next().unwrap();
        let office = TestOffice::of(database, &[municipality]).await;
        let served = Served::start(&office).await;
        let mut life = office.life(program, scenario).await;
        let mut last = None;
        while let Some(page) = step(&served, &office, &mut life).await {
            last = Some(page);
        }
        last.unwrap().says(from);
    })
    .await;
}

#[tokio::test]
async fn from_the_application_to_the_transfer() {
    live(SALES_CHANNEL, 0, "This case is closed").await;
}

#[tokio::test]
async fn with_a_correction_on_the_way() {
    live("mizuho/trade-show", 1, "Granted").await;
}

#[tokio::test]
async fn a_decision_that_fixes_the_amount() {
    live("mizuho/industrial-property", 0, "This case is closed").await;
}

#[tokio::test]
async fn a_list_of_sites_that_gives_no_money() {
    live("mizuho/site-matching", 0, "History").await;
}
