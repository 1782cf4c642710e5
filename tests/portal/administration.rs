//! Administrators: people, their roles and positions, invitations, and what becomes of an account; auditors look on.

use acceptance::site::Served;
use reqwest::StatusCode;
use testkit::office::PASSWORD;
use testkit::{TestOffice, each_database};

use crate::browser::{Browser, Page};

/// The buttons of a list send what their form holds: the last form in which a field has this value.
fn form_with(page: &Page, name: &str, value: &str) -> crate::browser::Form {
    let found = page.forms().into_iter().rfind(|form| form.get(name) == value);
    found.unwrap_or_else(|| panic!("no form with {name}={value} in {}", page.text()))
}

#[tokio::test]
async fn people_get_roles_and_positions_for_a_time() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino", "mizuho"]).await;
        let served = Served::start(&office).await;
        let administrator = Browser::signed_in(&served, &office, &office.staff("hino", "administrator").email).await;
        let list = administrator.get("/staff/people").await;
        list.says("clerk@hino.example").says("Finance checker").silent("mizuho");
        administrator.get("/staff/people?q=CLERK").await.says("clerk@hino.example").silent("reviewer@hino");
        let found = administrator.get("/staff/people?role=auditor").await;
        found.says("auditor@hino.example").silent("clerk@hino");
        administrator.get("/staff/people?state=deactivated").await.says("Nobody fits");
        let file = administrator.get("/staff/people.csv?role=reviewer").await;
        assert!(file.html.contains("\"reviewer@hino.example\"") && !file.html.contains("clerk@"), "{}", file.html);
        administrator.get("/staff/offices").await.says("Section Chief").says("position");

        // A role from today on counts at the very next request; its end, too.
        let clerk = office.staff("hino", "clerk").person.id;
        let path = format!("/staff/people/{clerk}");
        let page = administrator.get(&path).await;
        let give = page.forms().into_iter().find(|form| form.get("key").ends_with("-give")).unwrap();
        let give = give.set("role", "reviewer").set("step", "give_role");
        let wrong = administrator.submit(&give.clone().set("until", "2020-01-01")).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        wrong.says("The last day is not before the first");
        assert_eq!(form_with(&wrong, "until", "2020-01-01").get("role"), "reviewer", "what was typed stays");
        let given = administrator.submit(&give).await;
        given.says("Done").says("Reviewer");
        let has = async |role| office.viewer("clerk@hino.example").await.person.has_role("hino", role);
        assert!(has(program::definition::Role::Reviewer).await);
        administrator.submit(&form_with(&given, "role", "reviewer").set("step", "end_role")).await.says("Done");
        assert!(!has(program::definition::Role::Reviewer).await);

        let give =
            give.set("role", "").set("position", "section_chief").set("acting", "1").set("step", "give_position");
        let given = administrator.submit(&give.set("key", "position")).await;
        given.says("Section Chief").says("acting");
        assert!(office.viewer("clerk@hino.example").await.person.holds("hino", "section_chief"));
        let ended =
            administrator.submit(&form_with(&given, "position", "section_chief").set("step", "end_position")).await;
        ended.says("Done");

        // Nobody else has such pages, and nobody reaches into another town.
        let other = Browser::signed_in(&served, &office, &office.staff("mizuho", "administrator").email).await;
        assert_eq!(other.get(&path).await.status, StatusCode::NOT_FOUND);
        assert_eq!(other.get(&format!("{path}?place=hino")).await.status, StatusCode::NOT_FOUND);
        let reviewer = Browser::signed_in(&served, &office, &office.staff("hino", "reviewer").email).await;
        for path in ["/staff/people", "/staff/people.csv", "/staff/offices", &path] {
            assert_eq!(reviewer.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn invitations_are_sent_and_taken_back() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let administrator = Browser::signed_in(&served, &office, &office.staff("hino", "administrator").email).await;
        let page = administrator.get("/staff/people").await;
        let invite = page.form("/staff/people").set("step", "invite").set("email", "new@hino.example");
        let wrong = administrator.submit(&invite).await;
        wrong.says("Choose at least one role");
        assert_eq!(wrong.form("/staff/people").get("email"), "new@hino.example");
        let invited = administrator.submit(&invite.set("roles", "clerk").set("key", "invite")).await;
        invited.says("The invitation is on its way").says("new@hino.example");
        office.work_off().await;
        let mail = office.mail.take().into_iter().find(|mail| mail.to == "new@hino.example").unwrap();
        let withdraw = invited.forms().into_iter().find(|form| !form.get("invitation").is_empty()).unwrap();
        let back = administrator.submit(&withdraw.set("step", "withdraw")).await;
        back.says("The invitation was taken back").silent("new@hino.example");
        let link = mail.text.split_whitespace().find(|word| word.contains("/invitations?token=")).unwrap();
        let newcomer = Browser::new(&served);
        let path = link.strip_prefix(testkit::office::BASE_URL).unwrap();
        let form = newcomer.get(path).await.form("/invitations").set("name", "新任").set("password", PASSWORD);
        newcomer.submit(&form).await.says("This link was used or has expired");
    })
    .await;
}

#[tokio::test]
async fn an_account_that_nobody_should_use_is_closed_at_once() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino", "mizuho"]).await;
        let served = Served::start(&office).await;
        let administrator = Browser::signed_in(&served, &office, &office.staff("hino", "administrator").email).await;
        let clerk = office.staff("hino", "clerk").clone();
        let theirs = Browser::signed_in(&served, &office, &clerk.email).await;
        let token = office.token(&clerk, &["read"]).await;
        let path = format!("/staff/people/{}", clerk.person.id);
        let page = administrator.get(&path).await;
        page.says("127.0.0.1").says("test");
        let of_account =
            |page: &Page| page.forms().into_iter().rfind(|form| form.get("key").ends_with("-account")).unwrap();
        let closed = administrator.submit(&of_account(&page).set("step", "deactivate")).await;
        closed.says("Deactivated").says("Signed in nowhere").says("works no more");
        assert!(theirs.get("/tasks").await.path.starts_with("/sign-in"));
        assert!(office.service.viewer_by_token(&token).await.is_err());
        administrator.get("/staff/people?state=deactivated").await.says("clerk@hino.example");
        administrator.submit(&of_account(&closed).set("step", "reactivate")).await.silent("Deactivated");
        Browser::signed_in(&served, &office, &clerk.email).await.get("/tasks").await.says("Tasks");

        // Not one's own, nor that of somebody who works elsewhere too.
        let own = office.staff("hino", "administrator").person.id;
        let page = administrator.get(&format!("/staff/people/{own}")).await;
        administrator.submit(&of_account(&page).set("step", "deactivate")).await.says("Ask another administrator");
        let both = office.staff("hino", "reviewer").person.id;
        let today = vocabulary::day_in_japan(office.service.now());
        office.service.give_role(both, "mizuho", program::definition::Role::Clerk, today).await.unwrap();
        let page = administrator.get(&format!("/staff/people/{both}")).await;
        let refused = administrator.submit(&of_account(&page).set("step", "deactivate")).await;
        refused.says("works for another municipality too");

        // Auditors look at people without changing anything.
        let auditor = Browser::signed_in(&served, &office, &office.staff("hino", "auditor").email).await;
        let seen = auditor.get(&path).await;
        seen.says("clerk@hino.example").silent("Deactivate").silent("Give the role");
        let forged = of_account(&administrator.get(&path).await).set("csrf", seen.form("/language").get("csrf"));
        let refused = auditor.submit(&forged.set("step", "deactivate").set("key", "forged")).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text());
    })
    .await;
}
