//! What was really paid, and the files that prove it: row by row.

use reqwest::StatusCode;
use serde_json::{Map, Value, json};
use testkit::office::{SALES_CHANNEL, sample_pdf};
use testkit::{Life, TestOffice, each_database};

use acceptance::site::Served;

use crate::browser::{Browser, Form, Page};
use crate::filling::{fill_in, typed};

/// The form that takes a file into the slot of the receipts.
fn slot(page: &Page) -> Form {
    let mut forms = page.forms().into_iter().filter(|form| form.get("step") == "attach");
    forms.find(|form| form.get("slot") == "receipts").unwrap_or_else(|| panic!("no slot: {}", page.html))
}

/// A case that waits for its report, and what the scenario would report.
async fn granted(office: &TestOffice) -> (Life, Map<String, Value>) {
    let mut life = office.life(SALES_CHANNEL, 0).await;
    office.live_until(&mut life, "granted").await;
    let report = life.next().unwrap();
    assert_eq!(report.action.as_deref(), Some("report"));
    if let Some(day) = report.on {
        office.advance_to(casework::scenario::moment(day)).await;
    }
    let values = life.values(report);
    (life, values)
}

#[tokio::test]
async fn a_report_begins_with_the_plan_and_proves_each_row() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let (life, values) = granted(&office).await;
        let planned = office.look(&life.party.owner, life.application).await.case.body.forms["application"].clone();
        let planned = planned.values["costs"].as_array().unwrap().clone();
        let owner = Browser::signed_in(&served, &office, &life.party.owner.email).await;
        let path = format!("/applications/{}/act/report", life.application);

        let case = async || office.look(&life.party.owner, life.application).await;
        // What was planned stands in the table until something else is typed.
        let costs_page = async || {
            let mut page = owner.get(&path).await;
            while !page.html.contains("v.costs.0.net") {
                page = owner.submit(&typed(page.form(&path), &values).set("step", "next")).await;
            }
            page
        };
        let page = costs_page().await;
        page.says("The table begins with what was planned");
        let form = page.form(&path);
        for (i, row) in planned.iter().enumerate() {
            assert_eq!(form.get(&format!("v.costs.{i}.what")), row["what"].as_str().unwrap());
            assert_eq!(form.get(&format!("v.costs.{i}.net")), row["net"].to_string());
            assert_eq!(form.get(&format!("v.costs.{i}.paid_on")), "");
        }
        let mut page = owner.submit(&typed(form, &values).set("step", "next")).await;
        costs_page().await.silent("The table begins with what was planned");
        while !page.html.contains("multipart/form-data") {
            page = owner.submit(&typed(page.form(&path), &values).set("step", "next")).await;
        }
        let documents = page.path.clone();
        let rows = values["costs"].as_array().unwrap();
        assert!(rows.len() > 1);
        for (i, row) in rows.iter().enumerate() {
            page.says(&format!("Row {}: {}", i + 1, row["what"].as_str().unwrap()));
        }

        // The page proposes the first row without a file; the file stands for that one.
        assert_eq!(slot(&page).get("row"), "0");
        let page = owner.upload(&slot(&page), "first.pdf", sample_pdf("first")).await;
        page.says("first.pdf").says("Costs of row 1").says("1 attached");
        assert_eq!(slot(&page).get("row"), "1");
        // What has none is told before anything is handed in, and nothing is.
        let last = owner.get(&format!("{path}?page=99")).await;
        let missing = format!("Attach the evidence of row 2 ({})", rows[1]["what"].as_str().unwrap());
        last.says(&missing);
        let refused = owner.submit(&last.form(&path).set("step", "perform")).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        refused.says(&missing);

        // A row that there is not is refused beside the slot. The same file again stands for one more row.
        let foreign = owner.upload(&slot(&page).set("row", "77"), "x.pdf", sample_pdf("x")).await;
        assert_eq!(foreign.status, StatusCode::UNPROCESSABLE_ENTITY);
        foreign.says("There is no such row of costs").silent("x.pdf");
        let again = owner.upload(&slot(&page).set("key", "again"), "first.pdf", sample_pdf("first")).await;
        again.says("Costs of row 1, 2");
        // A file for no row in particular stands for all of them, and then nothing is missing.
        let mut all = slot(&again).set("key", "all");
        all.fields.retain(|(name, _)| name != "row");
        owner.upload(&all, "all.pdf", sample_pdf("all")).await.says("all.pdf").says("All costs");
        owner.get(&format!("{path}?page=99")).await.silent("Attach the evidence");

        // What is typed into the table later leaves its files with its rows; a row that is removed takes them along, and what is taken
        // away proves nothing any more.
        let table = costs_page().await;
        table.says("Total with tax").says("Remove row row 1");
        let table = table.form(&path);
        assert!(!table.get("v.costs.0.evidence").is_empty());
        let typed = table.set("v.costs.1.what", "二つ目").set("step", "remove-row.costs.0");
        let removed = owner.submit(&typed).await.form(&path);
        assert_eq!(removed.get("v.costs.0.what"), "二つ目", "what was typed beside it stays");
        let now = owner.get(&documents).await;
        now.silent("Costs of row 1, 2").says("Costs of row 1").says("All costs");
        // Other rows are chosen for a file that is there.
        let id = &office.service.draft_of(&life.party.owner, &case().await, "report").await.unwrap().unwrap().documents
            ["receipts"][1]
            .file;
        let page = owner.get(&format!("{documents}&file={id}")).await;
        let forms = page.forms().into_iter();
        let mut choice = forms.filter(|form| form.get("step").is_empty() && !form.get("row").is_empty());
        let mut choice = choice.next().unwrap_or_else(|| panic!("nothing to choose from: {}", page.html));
        assert_eq!(choice.fields.iter().filter(|(name, _)| name == "row").count(), rows.len() - 1);
        choice.fields.retain(|(name, row)| name != "row" || row == "1");
        let gone = owner.submit(&choice.clone().set("row", "77").set("step", "prove")).await;
        assert_eq!(gone.status, StatusCode::UNPROCESSABLE_ENTITY);
        gone.says("There is no such row of costs");
        let chosen = owner.submit(&choice.clone().set("step", "prove")).await;
        chosen.says("Costs of row 2");
        choice.fields.retain(|(name, _)| name != "row");
        let nowhere = owner.submit(&choice.set("step", "prove")).await;
        nowhere.says("Of no row");
        owner.get(&format!("{path}?page=99")).await.says("Attach the evidence of row 2 (").says("(not attached)");
        let remove = nowhere.forms().into_iter().find(|form| !form.get("file").is_empty()).unwrap();
        let removed = owner.submit(&remove.set("step", "detach")).await;
        removed.silent("first.pdf").silent("1 attached");
        let draft = office.service.draft_of(&life.party.owner, &case().await, "report").await.unwrap().unwrap();
        assert_eq!(draft.values["costs"].as_array().unwrap().len(), rows.len() - 1);
        assert_eq!(draft.values["costs"][0]["evidence"], json!([]), "a row says that it has none any more");
    })
    .await;
}

#[tokio::test]
async fn the_office_sees_what_proves_a_row_and_asks_for_another_file() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let (life, values) = granted(&office).await;
        let owner = Browser::signed_in(&served, &office, &life.party.owner.email).await;
        let path = format!("/applications/{}/act/report", life.application);
        let last = fill_in(&owner, &path, &values).await;
        owner.submit(&typed(last.form(&path), &values).set("step", "perform")).await.says("Reported");

        let reviewer = Browser::signed_in(&served, &office, &office.staff("hino", "reviewer").email).await;
        let review = format!("/applications/{}/review", life.application);
        reviewer.get(&review).await.says("Evidence").says("receipts0.pdf").says("Costs of row 1");

        // Only the receipts are marked: other files may stand for the rows, the figures stay.
        let marks =
            json!({ "message": "領収書をご確認ください", "marks": { "documents.receipts": "宛名がありません" } });
        let Value::Object(marks) = marks else { unreachable!() };
        let staff = office.staff("hino", "reviewer");
        office.act(staff, life.application, "request_report_correction", marks).await.unwrap();
        let path = format!("/applications/{}/act/resubmit_report", life.application);
        let page = owner.get(&path).await;
        page.says("宛名がありません");
        let unchanged = owner.get(&format!("{path}?page=99")).await;
        unchanged.says("These were to be corrected and are still as they were");
        // What is attached comes beside what was handed in, until that is taken away.
        let both =
            owner.upload(&slot(&page).set("row", "0").set("key", "beside"), "beside.pdf", sample_pdf("beside")).await;
        both.says("receipts0.pdf").says("receipts1.pdf").says("beside.pdf");
        let ready = owner.get(&format!("{path}?page=99")).await;
        ready.silent("Please check what is entered").silent("These were to be corrected");
        let mut page = both;
        for name in ["receipts0.pdf", "beside.pdf"] {
            let id = page.html.split("<li><a href=\"/files/").skip(1).find(|rest| rest.contains(name)).unwrap();
            let id = id.split('"').next().unwrap().to_owned();
            let remove = page.forms().into_iter().find(|form| form.get("file") == id).unwrap();
            page = owner.submit(&remove.set("step", "detach")).await;
            page.silent(name);
        }
        assert_eq!(slot(&page).get("row"), "0");
        owner.upload(&slot(&page), "better.pdf", sample_pdf("better")).await.says("better.pdf");
        let last = owner.get(&format!("{path}?page=99")).await;
        last.silent("These were to be corrected");
        owner.submit(&last.form(&path).set("step", "perform")).await.says("Reported");
        let case = office.look(&life.party.owner, life.application).await.case;
        let report = &case.body.forms["report"];
        let file = report.documents["receipts"].iter().find(|file| file.name == "better.pdf").unwrap();
        assert_eq!(report.values["costs"][0]["evidence"], json!([file.file]));
        let seen = reviewer.get(&review).await;
        seen.says("better.pdf").says("What changed when it was handed in again").silent("\"sha256\"");
    })
    .await;
}

#[tokio::test]
async fn a_claim_says_how_much_and_to_which_bank() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let mut life = office.life(SALES_CHANNEL, 0).await;
        let finalized = office.live_until(&mut life, "finalized").await;
        let owner = Browser::signed_in(&served, &office, &life.party.owner.email).await;
        let path = format!("/applications/{}/act/claim", life.application);
        let values = life.values(life.next().unwrap());
        let form = typed(owner.get(&path).await.form(&path), &values);
        let account = &values["account"];
        let code = |part: &str| account[part].as_str().unwrap();
        let banks = treasury::BankMaster::embedded();
        let kept = owner.submit(&form.clone().set("step", "autosave")).await;
        kept.says(banks.bank(code("bank")).unwrap().name);
        kept.says(banks.branch(code("bank"), code("branch")).unwrap().name);
        owner.submit(&form.set("step", "next")).await;
        let last = owner.get(&format!("{path}?page=99")).await;
        last.says(&format!("Claimed now{} yen", finalized.case.body.amounts["finalized"].yen));
    })
    .await;
}
