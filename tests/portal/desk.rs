//! The desk with many cases: lists as one wants them, files of them, and one action in several cases.

use reqwest::StatusCode;
use testkit::office::SALES_CHANNEL;
use testkit::{TestOffice, each_database};

use acceptance::site::Served;

use crate::browser::{Browser, Form};

/// The boxes of a list, ticked for these cases.
fn ticked(cases: &[uuid::Uuid]) -> String {
    cases.iter().map(|case| format!("case={case}")).collect::<Vec<_>>().join("&")
}

#[tokio::test]
async fn a_list_has_the_columns_that_one_wants_and_is_found_again_under_a_name() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let lives = office.cases_in("submitted", 2).await;
        let clerk = Browser::signed_in(&served, &office, &office.staff("hino", "clerk").email).await;
        clerk.get("/").await.says("2 cases");

        let page = clerk.get("/cases?kind=with_office&column=assignee&column=year&column=amounts").await;
        page.says("2 cases").says("Taken care of by").says("Fiscal year").says("Amounts");
        assert!(!page.html.contains("data-label=\"Deadline\""), "a column that was not chosen");

        // Kept under a name, it is one click away; another person does not have it.
        let saved = clerk.submit(&page.form("/cases/views").set("name", "月曜の確認")).await;
        saved.says("The view is saved").says("月曜の確認").says("2 cases");
        let found = clerk.get(&clerk.get("/cases").await.link("月曜の確認")).await;
        found.says("2 cases").says("Taken care of by");
        assert!(found.html.contains("aria-current=\"true\""));
        let reviewer = Browser::signed_in(&served, &office, &office.staff("hino", "reviewer").email).await;
        reviewer.get("/cases").await.silent("月曜の確認");
        // The same name again replaces it; a name without letters is refused, and nothing of another site is kept.
        let other = clerk.get("/cases?year=2026").await.form("/cases/views").set("name", "月曜の確認");
        clerk.submit(&other).await.says("The view is saved");
        assert_eq!(clerk.get("/cases").await.link("月曜の確認"), "/cases?year=2026");
        assert_eq!(clerk.submit(&other.clone().set("name", " ")).await.status, StatusCode::BAD_REQUEST);
        let evil = other.set("query", "\r\nx: y");
        assert_eq!(clerk.submit(&evil).await.status, StatusCode::BAD_REQUEST);
        let drop = clerk.get("/cases").await.form("/cases/views/drop");
        clerk.submit(&drop).await.says("was removed").silent("月曜の確認");

        // Files have the chosen columns, or all.
        let file = clerk.get("/cases.csv?column=business").await;
        assert!(file.html.starts_with("\u{feff}\"Number\",\"Business\"\r\n"), "{}", file.html);
        assert_eq!(file.html.lines().count(), 3);
        let all = clerk.get("/cases.csv").await.html;
        assert!(all.lines().next().unwrap().contains("Taken care of by"), "{all}");
        let book = clerk.get("/cases.xlsx?column=business").await;
        assert_eq!(book.headers["content-disposition"], "attachment; filename=\"cases.xlsx\"");
        assert!(book.html.starts_with("PK"));

        let owner = Browser::signed_in(&served, &office, &lives[0].party.owner.email).await;
        assert_eq!(owner.get("/cases.xlsx").await.status, StatusCode::NOT_FOUND);
    })
    .await;
}

#[tokio::test]
async fn one_action_in_several_cases_says_what_came_of_each() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let lives = office.cases_in("submitted", 3).await;
        let cases: Vec<_> = lives.iter().map(|life| life.application).collect();
        let clerk = Browser::signed_in(&served, &office, &office.staff("hino", "clerk").email).await;

        // Nothing chosen, or what is not there: said kindly.
        clerk.get("/cases/together").await.says("No case is chosen");
        clerk.get(&format!("/cases/together?case={}", uuid::Uuid::nil())).await.says("No case is chosen");
        assert_eq!(clerk.get("/cases/together?case=x").await.status, StatusCode::NOT_FOUND);

        let page = clerk.get(&format!("/cases/together?{}", ticked(&cases))).await;
        let receive = page
            .html
            .split("name=\"action\" value=\"")
            .find_map(|rest| rest.split_once('"').filter(|(value, _)| value.starts_with("receive.")))
            .map(|(value, _)| value.to_owned());
        let receive = receive.unwrap_or_else(|| panic!("receive is not offered: {}", page.html));
        page.says("(3)");
        let confirm = clerk.get(&format!("/cases/together?{}&action={receive}", ticked(&cases))).await;
        assert_eq!(confirm.text().matches("Can be done").count(), 3, "{}", confirm.text());
        let form = confirm.form("/cases/together");

        // Meanwhile a colleague received the first of them: the others are not kept waiting.
        let act = |version| casework::Act {
            action: "receive".to_owned(),
            expected_version: version,
            values: serde_json::Map::new(),
            marks: Vec::new(),
            comment: None,
            procedure: None,
        };
        let colleague = office.staff("hino", "clerk");
        let version = office.look(colleague, cases[0]).await.case.version;
        office.service.act(colleague, cases[0], act(version), "meanwhile").await.unwrap();
        let done = clerk.submit(&form).await;
        done.says("2 of 3 cases are done");
        assert_eq!(done.text().matches("Not done").count(), 1, "{}", done.text());
        for case in &cases {
            assert_eq!(office.look(colleague, *case).await.case.state, "under_review");
        }
        // The same press again does nothing, and is told the same.
        let versions: Vec<i64> = versions_of(&office, colleague, &cases).await;
        clerk.submit(&form).await.says("2 of 3 cases are done");
        assert_eq!(versions_of(&office, colleague, &cases).await, versions);

        // Who cannot do it is told why, of each case, and has nothing to press.
        let confirm = clerk.get(&format!("/cases/together?{}&action={receive}", ticked(&cases))).await;
        confirm.silent("Can be done").says("Cannot be done");

        // Somebody takes care of all of them.
        let page = clerk.get(&format!("/cases/together?{}", ticked(&cases))).await;
        let reviewer = office.staff("hino", "reviewer");
        let assign = page.form("/cases/together").set("action", "assign").set("to", &reviewer.person.id.to_string());
        clerk.submit(&assign).await.says("3 of 3 cases are done");
        assert_eq!(office.look(colleague, cases[2]).await.assignee, Some(reviewer.person.id));

        // Neither applicants nor other offices have any of it.
        let owner = Browser::signed_in(&served, &office, &lives[0].party.owner.email).await;
        assert_eq!(owner.get(&format!("/cases/together?{}", ticked(&cases))).await.status, StatusCode::NOT_FOUND);
        let foreign = Form { action: assign.action.clone(), fields: assign.fields.clone() };
        let foreign = foreign.set("csrf", owner.get("/").await.form("/language").get("csrf"));
        assert_eq!(owner.submit(&foreign).await.status, StatusCode::NOT_FOUND);
    })
    .await;
}

#[tokio::test]
async fn what_is_typed_for_all_of_them_is_put_right_once() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let lives = office.cases_in("under_review", 2).await;
        let cases: Vec<_> = lives.iter().map(|life| life.application).collect();
        let reviewer = Browser::signed_in(&served, &office, &office.staff("hino", "reviewer").email).await;
        let page = reviewer.get(&format!("/cases/together?{}", ticked(&cases))).await;
        let actions = page.html.split("name=\"action\" value=\"").skip(1);
        let mut keys = actions.filter_map(|rest| rest.split_once('"').map(|(value, _)| value.to_owned()));
        let reject = keys.find(|key| key.starts_with("reject.")).unwrap_or_else(|| panic!("{}", page.html));
        let form = reviewer.get(&format!("/cases/together?{}&action={reject}", ticked(&cases))).await;
        let form = form.form("/cases/together");
        let refused = reviewer.submit(&form).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text());
        let names: Vec<String> = form
            .fields
            .iter()
            .filter(|(name, value)| name.starts_with("v.") && value.is_empty())
            .map(|(name, _)| name.clone())
            .collect();
        let typed = names
            .iter()
            .fold(refused.form("/cases/together"), |form, name| form.set(name, "要綱第5条の要件を満たさないため"));
        reviewer.submit(&typed).await.says("2 of 2 cases are done");
        for case in &cases {
            let found = office.look(office.staff("hino", "reviewer"), *case).await;
            assert!(found.case.body.pending.is_some(), "each is drafted by itself and waits for signatures");
        }
    })
    .await;
}

async fn versions_of(office: &TestOffice, viewer: &service::Viewer, cases: &[uuid::Uuid]) -> Vec<i64> {
    let mut versions = Vec::new();
    for case in cases {
        versions.push(office.look(viewer, *case).await.case.version);
    }
    versions
}

#[tokio::test]
async fn what_comes_on_paper_is_typed_in_by_a_clerk() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let other = office.submitted().await;
        let clerk_email = office.staff("hino", "clerk").email.clone();
        let clerk = Browser::signed_in(&served, &office, &clerk_email).await;
        let page = clerk.get(&clerk.get("/cases").await.link("on paper")).await;
        let form = page.form("/cases/paper");

        // Everything that is missing at once; days that cannot be; numbers that nobody has.
        let empty = clerk.submit(&form).await;
        assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
        empty.says("Program: Please choose").says("Representative: ");
        let today = vocabulary::day_in_japan(office.service.now());
        let arrived = today - chrono::TimeDelta::days(2);
        let form = form.set("v.program", SALES_CHANNEL).set("v.received_on", &arrived.to_string());
        let number = clerk.submit(&form.clone().set("v.corporate_number", "1000012160153")).await;
        number.says("No business is registered under this number");
        let form = form.set("v.kind", "company").set("v.name", "有限会社紙").set("v.name_kana", "カミ");
        let form = form.set("v.representative", "紙 一郎").set("v.address", "東京都日野市神明9").set("v.size", "sme");
        let form = form.set("v.established_here_on", "2008-04-01").set("v.employees", "4").set("v.capital", "3000000");
        let form = form.set("v.trade", "retail").set("v.deemed_large", "no");
        let late = (today + chrono::TimeDelta::days(1)).to_string();
        let future = clerk.submit(&form.clone().set("v.received_on", &late)).await;
        assert_eq!(future.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(future.form("/cases/paper").get("v.name"), "有限会社紙", "what was typed stays");
        future.says("at most 90 days ago");

        let typing = clerk.submit(&form).await;
        typing.says("Please type in what is on paper");
        assert_eq!(clerk.submit(&form).await.path, typing.path, "pressed twice, one draft");
        let case = clerk.get(typing.path.strip_suffix("/act/submit").expect("the form at once")).await;
        case.says("On paper, typed in by the office").says("Submit: Application").says("有限会社紙");
        clerk.get("/cases/paper").await.says("Being typed in").says("有限会社紙");

        // The same pages, the same checks; what it says counts from the day on which it came.
        let id: uuid::Uuid = case.path.rsplit('/').next().unwrap().parse().unwrap();
        let mut paper = other.clone();
        paper.application = id;
        let step = paper.scenario.steps.first().unwrap();
        let viewer = office.viewer(&clerk_email).await;
        let missing = clerk.get(&format!("{}/act/submit?page=99", case.path)).await;
        assert!(missing.html.contains("id=\"summary\""), "what is missing is listed");
        let act = office.prepare(&paper, &viewer, step).await.unwrap();
        office.service.act(&viewer, id, act, "typed-in").await.unwrap();
        let done = office.look(&viewer, id).await;
        assert_eq!(done.received_at.map(vocabulary::day_in_japan), Some(arrived));
        assert_eq!(done.case.state, "submitted");
        clerk.get("/cases/paper").await.silent("有限会社紙");
        clerk.get("/cases").await.says("有限会社紙");
        clerk.get(&case.path).await.says("Receive").says("On paper");
        let auditor = Browser::signed_in(&served, &office, &office.staff("hino", "auditor").email).await;
        auditor.get("/audit").await.says("Staff, for an application on paper");

        // Only clerks of the office, only their own places; nobody became a member of the business.
        let reviewer = Browser::signed_in(&served, &office, &office.staff("hino", "reviewer").email).await;
        assert_eq!(reviewer.get("/cases/paper").await.status, StatusCode::NOT_FOUND);
        let owner = Browser::signed_in(&served, &office, &other.party.owner.email).await;
        assert_eq!(owner.get("/cases/paper").await.status, StatusCode::NOT_FOUND);
        assert_eq!(owner.get(&case.path).await.status, StatusCode::NOT_FOUND);
        assert!(office.viewer(&clerk_email).await.person.memberships.is_empty());
    })
    .await;
}
