//! Program officers: versions, what the check says, what changes, publishing, calls, moving cases.

use reqwest::StatusCode;
use service::{DefinitionText, Edition, Error};
use testkit::office::{SALES_CHANNEL, catalogue};
use testkit::{TestDatabase, TestOffice, each_database};

use acceptance::site::Served;

use crate::browser::{Browser, Page};

const HOME: &str = "/staff/programs/hino/sales-channel";
/// A change that no scenario minds.
const ONE_A_YEAR: &str = "limits: { per_fiscal_year: 1 }";
const TWO_A_YEAR: &str = "limits: { per_fiscal_year: 2 }";
/// The pages of a program that are only looked at.
const PAGES: [&str; 12] = [
    "",
    "/edit",
    "/edit/changes",
    "/edit/try",
    "/definition",
    "/diagram",
    "/scenarios",
    "/differences",
    "/texts",
    "/calls",
    "/migration",
    "/publish",
];

async fn officer(served: &Served, office: &TestOffice, place: &str) -> Browser {
    Browser::signed_in(served, office, &office.staff(place, "program_officer").email).await
}

/// The shipped files of the program, with this put in place of that.
async fn draft(office: &TestOffice, changes: &[(&str, &str)]) -> i64 {
    let viewer = office.staff("hino", "program_officer");
    let draft = office.service.program_draft(viewer, SALES_CHANNEL).await.unwrap();
    let DefinitionText { mut definition, scenarios } = draft.text;
    for (before, after) in changes {
        assert!(definition.contains(before), "{before}");
        definition = definition.replace(before, after);
    }
    let text = DefinitionText { definition, scenarios };
    office.service.save_program_draft(viewer, SALES_CHANNEL, &text, draft.revision).await.unwrap()
}

#[track_caller]
fn is_fine(page: &Page) -> &Page {
    assert_eq!(page.status, StatusCode::OK, "{}: {}", page.path, page.text());
    page
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_are_found_and_belong_to_their_officers() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino", "mizuho"]).await;
        let served = Served::start(&office).await;
        let browser = officer(&served, &office, "hino").await;
        let page = browser.get("/staff/programs").await;
        is_fine(&page).says("Sales Channel").says("hino/sales-channel").silent("mizuho/");
        assert_eq!(page.link("Sales Channel"), HOME);
        browser.get("/staff/programs?q=%E8%B2%A9%E8%B7%AF").await.says("hino/sales-channel").silent("hino/internship");
        browser.get("/staff/programs?q=%E3%81%AA%E3%81%84&state=open").await.says("No program fits");
        browser.get("/staff/programs?state=draft").await.says("No program fits");
        draft(&office, &[("minimum: 10_000", "minimum: 20_000")]).await;
        browser.get("/staff/programs?state=draft").await.says("hino/sales-channel").says("being written");

        // Who is none learns nothing: a page that is there is as one that is not.
        let clerk = Browser::signed_in(&served, &office, &office.staff("hino", "clerk").email).await;
        let elsewhere = officer(&served, &office, "mizuho").await;
        for page in PAGES {
            is_fine(&browser.get(&format!("{HOME}{page}")).await);
            for other in [&clerk, &elsewhere] {
                let (there, nowhere) = (format!("{HOME}{page}"), format!("/staff/programs/hino/nothing{page}"));
                let (there, nowhere) = (other.get(&there).await, other.get(&nowhere).await);
                assert_eq!((there.status, nowhere.status), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
                assert_eq!(there.text(), nowhere.text());
            }
        }
        assert_eq!(clerk.get("/staff/programs").await.status, StatusCode::NOT_FOUND);
        clerk.get("/tasks").await.silent("Manage programs");
        let viewer = office.staff("hino", "clerk");
        let kept = office.service.program_draft(viewer, SALES_CHANNEL).await;
        assert!(matches!(kept, Err(Error::NotFound)));

        // Nobody is signed in: the page comes after that.
        Browser::new(&served).get(HOME).await.says("Sign in").silent("Sales Channel");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_checked_compared_and_published_once() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let browser = officer(&served, &office, "hino").await;
        browser.get(&format!("{HOME}/publish")).await.says("Nobody has begun one");

        // What is wrong stands beside its line, with what to write instead.
        draft(&office, &[("minimum: 10_000", "minimun: 10_000")]).await;
        let page = browser.get(&format!("{HOME}/definition?version=draft")).await;
        is_fine(&page).says("schema.unknown_key").says("Did you mean");
        let anchor = page.link("The definition line");
        assert!(page.html.contains(&format!("id=\"{}\" class=\"wrong\"", &anchor[1..])), "{anchor}");
        browser.get(HOME).await.says("has errors");
        browser.get(&format!("{HOME}/scenarios?version=draft")).await.says("no scenario can be played");
        browser.get(&format!("{HOME}/publish")).await.says("What stands in the way").silent("Publish as a new version");

        // Two grants a year: the scenarios still hold, so it can be published.
        draft(&office, &[("minimun: 10_000", "minimum: 10_000"), (ONE_A_YEAR, TWO_A_YEAR)]).await;
        browser.get(HOME).await.says("checked");
        browser.get(&format!("{HOME}/differences?from=1&to=draft")).await.says("major").says("per_fiscal_year");
        browser.get(&format!("{HOME}/scenarios?version=draft")).await.says("passed").silent("expected");
        let page = browser.get(&format!("{HOME}/publish")).await;
        page.says("Nothing stands in the way").says("per_fiscal_year");
        let form = page.form(&format!("{HOME}/publish"));
        let publish = page.forms().into_iter().find(|form| !form.get("key").is_empty()).unwrap();
        let publish = publish.set("step", "perform");
        let forged = browser.submit(&publish.clone().set("csrf", "x")).await;
        assert_eq!(forged.status, StatusCode::FORBIDDEN);
        browser.submit(&publish).await.says("Published.").says("Version 2").says("superseded");
        browser.submit(&publish).await.says("Published.").silent("Version 3");
        let officer = office.staff("hino", "program_officer");
        browser.get(HOME).await.says(&officer.person.name);
        // The draft is gone; dropping it again changes nothing.
        browser.submit(&form.set("step", "drop")).await.says("The draft is dropped");

        // What breaks the scenarios stands in the way.
        draft(&office, &[("cap: [ { when: abroad, then: 300_000 }, { then: 200_000 } ]", "cap: 50_000")]).await;
        browser.get(&format!("{HOME}/publish")).await.says("What stands in the way").says("Scenario");

        // Closing it: pressed twice, closed once.
        let page = browser.get(HOME).await;
        let close = page.form(&format!("{HOME}/close")).set("version", "2");
        let close = close.set("key", "close-2");
        browser.submit(&close).await.says("Done.").says("Closed");
        browser.submit(&close).await.says("closed");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_writers_do_not_overwrite_each_other() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let viewer = office.staff("hino", "program_officer");
        let first = draft(&office, &[("minimum: 10_000", "minimum: 11_000")]).await;
        let text = DefinitionText { definition: "program: x\n".to_owned(), scenarios: String::new() };
        let late = office.service.save_program_draft(viewer, SALES_CHANNEL, &text, 0).await;
        assert!(matches!(late, Err(Error::Conflict)), "{late:?}");
        let second = office.service.save_program_draft(viewer, SALES_CHANNEL, &text, first).await.unwrap();
        assert_eq!(second, first + 1);
        // The same again is no other revision.
        assert_eq!(office.service.save_program_draft(viewer, SALES_CHANNEL, &text, second).await.unwrap(), second);
        let published = office.service.publish_program_draft(viewer, SALES_CHANNEL, first, "old").await;
        assert!(matches!(published, Err(Error::Conflict)), "{published:?}");
        let published = office.service.publish_program_draft(viewer, SALES_CHANNEL, second, "wrong").await;
        assert!(matches!(published, Err(Error::Refused(_))), "{published:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_set_up_and_changed() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let browser = officer(&served, &office, "hino").await;
        let path = format!("{HOME}/calls");
        let page = browser.get(&path).await;
        is_fine(&page).says("Days of rest").says("Positions and routes").says("A new call");
        let form = |mark: &str, page: &Page| page.forms().into_iter().find(|form| form.get("mark") == mark).unwrap();

        // What is wrong is said, and what was typed stays.
        let change = form("c0", &page).set("closes", "2020-01-01").set("target_count", "12");
        let refused = browser.submit(&change).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text());
        refused.says("It closes before it opens");
        assert_eq!(form("c0", &refused).get("closes"), "2020-01-01");
        let unread = browser.submit(&form("c0", &page).set("opens", "soon")).await;
        unread.says("Enter a day");

        let year = form("c0", &page).get("fiscal_year").to_owned();
        let change = form("c0", &page).set("closes", &format!("{year}-12-25")).set("target_count", "12");
        browser.submit(&change).await.says("Done.").says("25 December").says("12 businesses decided for");
        browser.submit(&change).await.says("Done.");

        // The days of rest of the coming years; what is no day is said, and what was typed stays.
        let rests = form("rests", &page);
        let days = format!("{}\n2027-08-13", rests.get("days"));
        let refused = browser.submit(&rests.clone().set("days", "2027-13-01")).await;
        refused.says("\"2027-13-01\" is no day");
        assert_eq!(form("rests", &refused).get("days").trim(), "2027-13-01");
        browser.submit(&rests.clone().set("days", "2020-01-01")).await.says("before this fiscal year");
        browser.submit(&rests.clone().set("days", &days)).await.says("Done.").says("13 August 2027");
        browser.submit(&rests.clone().set("days", &days)).await.says("Done.");
        let late = browser.submit(&rests.set("days", "")).await;
        assert_eq!(late.status, StatusCode::CONFLICT);
        browser.get(&path).await.says("13 August 2027");

        let new = form("new", &page).set("fiscal_year", "2026").set("window", "second").set("opens", "2026-10-01");
        browser.submit(&new.set("closes", "2026-11-30")).await.says("Done.").says("second");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chosen_cases_move_to_the_new_version() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let mut life = office.life(SALES_CHANNEL, 0).await;
        office.step(&mut life).await;
        let browser = officer(&served, &office, "hino").await;
        let number = office.look(&life.party.owner, life.application).await.case.body.numbers["application"].clone();
        browser.get(&format!("{HOME}/migration")).await.says("No case is on another version").silent(&number);
        let revision = draft(&office, &[(ONE_A_YEAR, TWO_A_YEAR)]).await;
        let viewer = office.staff("hino", "program_officer");
        office.service.publish_program_draft(viewer, SALES_CHANNEL, revision, "publish").await.unwrap();

        let path = format!("{HOME}/migration");
        let page = browser.get(&path).await;
        page.says(&number).says("can be moved");
        let form = page.forms().into_iter().find(|form| form.get("to") == "2" && !form.get("key").is_empty()).unwrap();
        let nothing = browser.submit(&form).await;
        assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
        nothing.says("Choose the cases to move");
        let form = form.set("case", &life.application.to_string());
        browser.submit(&form).await.says(&number).says("moved");
        browser.submit(&form).await.says(&number).says("moved");
        browser.get(&path).await.says("No case is on another version");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_studio_keeps_what_is_typed_and_checks_it() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let browser = officer(&served, &office, "hino").await;
        let path = format!("{HOME}/edit");
        let page = browser.get(&path).await;
        is_fine(&page).says("Nothing is wrong").says("Save and check");
        let form = page.form(&path);
        let shipped = form.get("definition").to_owned();
        assert!(shipped.contains("# The guideline names the eligible costs"), "{shipped}");
        assert!(form.get("scenarios").contains("scenarios:"));

        // Whatever it is, it is kept, and what is wrong is said with its line.
        let wrong = shipped.replace("minimum: 10_000", "minimun: 10_000");
        let typed = form.clone().set("definition", &wrong.replace('\n', "\r\n"));
        let saved = browser.submit(&typed.clone().set("step", "check")).await;
        is_fine(&saved).says("Did you mean").says("The definition line").says("Saved at");
        assert_eq!(saved.form(&path).get("definition"), wrong);
        assert_eq!(browser.get(&path).await.form(&path).get("definition"), wrong, "another visit");

        // A page that was opened before: what it sends is shown again, and replaces nothing by itself.
        let stale = browser.submit(&form.clone().set("definition", "program: mine\n").set("step", "check")).await;
        assert_eq!(stale.status, StatusCode::CONFLICT);
        stale.says("Somebody else, or another window of yours");
        assert_eq!(stale.form(&path).get("definition"), "program: mine\n");
        assert_eq!(browser.get(&path).await.form(&path).get("definition"), wrong);
        let by_itself = browser.send(&path, browser.post(&form.set("definition", "x").set("step", "autosave"))).await;
        assert_eq!(by_itself.status, StatusCode::CONFLICT);
        browser.submit(&stale.form(&path).set("step", "check")).await.says("Saved at");
        assert_eq!(browser.get(&path).await.form(&path).get("definition"), "program: mine\n");

        // What the script sends while somebody types is answered with what follows from it, and nothing more.
        let form = browser.get(&path).await.form(&path).set("definition", &wrong).set("step", "autosave");
        let fragment = browser.send(&path, browser.post(&form)).await;
        assert!(fragment.html.starts_with("<div id=\"checked\""), "{}", fragment.html);
        fragment.says("Did you mean");

        let keys = browser.get(&format!("{path}/keys")).await;
        let keys: serde_json::Value = serde_json::from_str(&keys.html).unwrap();
        assert!(keys["/amount"]["rate"].is_string() && keys["/form/*"]["required"].is_string(), "{keys}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everyday_changes_leave_the_rest_as_it_is_written() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let browser = officer(&served, &office, "hino").await;
        let path = format!("{HOME}/edit/changes");
        let page = browser.get(&path).await;
        is_fine(&page).says("Rate").says("Cap: “Held abroad”").says("In a fiscal year").says("Booth fee");
        let form = page.form(&path);
        assert_eq!((form.get("v./amount/rate"), form.get("v./amount/cap/0/then")), ("1/2", "300000"));

        // What cannot be read is said beside it, and what was typed stays.
        let wrong = form.clone().set("v./effective_from", "soon");
        browser.submit(&wrong).await.says("Enter a day");
        let wrong = form.clone().set("v./amount/minimum", "much").set("v./amount/rate", "2/3");
        let refused = browser.submit(&wrong).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        refused.says("Enter a number");
        assert_eq!(refused.form(&path).get("v./amount/rate"), "2/3");

        let mut changes = form.clone();
        for (name, value) in [
            ("v./amount/rate", "2/3"),
            ("v./amount/cap/0/then", "350,000"),
            ("v./title/en", "Sales channels: at home"),
            ("v./effective_from", "2027-04-01"),
            ("v./form/venue/required", "no"),
            ("v./form/costs/categories/samples/cap", "60000"),
            ("remove", "/documents/application/1"),
            ("field", "booth_number"),
            ("field_type", "number"),
            ("field_ja", "小間番号"),
            ("field_en", "Booth number"),
            ("document_form", "report"),
            ("document", "floor_plan"),
            ("document_ja", "小間の写真"),
            ("document_en", "Photo of the booth"),
            ("document_optional", "yes"),
        ] {
            changes = changes.set(name, value);
        }
        // A document that the definition does not know would break it.
        let unknown = browser.submit(&changes.clone().set("document", "booth_photograph")).await;
        assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
        unknown.says("There is no document `booth_photograph`");
        browser.submit(&changes).await.says("The definition is changed").says("booth_number");
        let again = browser.submit(&changes).await;
        assert_eq!(again.status, StatusCode::CONFLICT, "the page is too old: {}", again.text());

        let viewer = office.staff("hino", "program_officer");
        let text = office.service.program_draft(viewer, SALES_CHANNEL).await.unwrap().text.definition;
        let shipped =
            office.service.read_definition(viewer, SALES_CHANNEL, Edition::Version(1)).await.unwrap().unwrap();
        let mut wanted = shipped.text.definition.clone();
        for (before, after) in [
            ("rate: 1/2", "rate: 2/3"),
            ("then: 300_000", "then: 350_000"),
            ("en: Sales Channel Development Subsidy }", "en: \"Sales channels: at home\" }"),
            ("en: Venue }, required: true,", "en: Venue }, required: false,"),
            ("en: Samples to hand out }, cap: 50_000", "en: Samples to hand out }, cap: 60_000"),
            ("[plan, show_outline, quotation", "[plan, quotation"),
            (
                "cap: 100_000 }\n",
                "cap: 100_000 }\n  booth_number: { type: number, label: { ja: 小間番号, en: Booth number } }\n",
            ),
            (
                "photos, business_results]",
                "photos, business_results, { name: floor_plan, label: { ja: 小間の写真, en: Photo of the booth }, \
                 optional: true }]",
            ),
        ] {
            assert!(wanted.contains(before), "{before}");
            wanted = wanted.replace(before, after);
        }
        assert_eq!(text, format!("{wanted}effective_from: 2027-04-01\n"));
        browser.get(&format!("{HOME}/publish")).await.says("In force from 1 April 2027");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_tried_and_nothing_is_kept() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let browser = officer(&served, &office, "hino").await;
        draft(&office, &[("rate: 1/2", "rate: 1/4")]).await;
        let path = format!("{HOME}/edit/try");
        let page = browser.get(&path).await;
        is_fine(&page).says("Nothing is kept").says("Estimated award").says("1/4");
        let form = page.form(&path).set("step", "check");
        browser.submit(&form).await.says("could be handed in as it is");
        let refused = browser.submit(&form.clone().set("v.venue", "").set("size", "large")).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        refused.says("Venue: This is required").says("The applicant is not an SME");
        // While somebody types nothing is refused yet.
        is_fine(&browser.submit(&form.set("v.venue", "").set("step", "autosave")).await);
        let viewer = office.staff("hino", "program_officer");
        assert_eq!(office.service.program_draft(viewer, SALES_CHANNEL).await.unwrap().revision, 1);
    })
    .await;
}

/// Every page of every shipped program can be drawn and stays small.
#[tokio::test(flavor = "multi_thread")]
async fn pages_of_every_shipped_program() {
    let places: Vec<&str> = catalogue().municipalities.iter().map(|place| place.municipality.as_str()).collect();
    let database = TestDatabase::sqlite();
    let office = TestOffice::of(&database, &places).await;
    let served = Served::start(&office).await;
    for place in &places {
        let mut browser = officer(&served, &office, place).await;
        let programs = catalogue().programs.iter().map(|found| found.definition.program.program.as_str());
        for program in programs.filter(|name| name.split('/').next() == Some(place)) {
            for page in PAGES {
                browser.language = if page.is_empty() { "ja" } else { "en" };
                let page = browser.get(&format!("/staff/programs/{program}{page}")).await;
                is_fine(&page);
            }
            let page = browser.get(&format!("/staff/programs/{program}/definition")).await;
            page.says("Nothing is wrong").silent("were not kept");
            browser.get(&format!("/staff/programs/{program}/texts")).await.silent("cannot be written");
            let picture = browser.get(&format!("/staff/programs/{program}/diagram.svg")).await;
            assert!(picture.html.starts_with("<svg"), "{program}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn next_years_figures_are_changed_looked_at_accepted_and_published() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let browser = officer(&served, &office, "hino").await;
        let changes = format!("{HOME}/edit/changes");
        let mut form = browser.get(&changes).await.form(&changes);
        for (name, value) in [
            ("v./form/costs/categories/samples/cap", "60,000"),
            ("v./amount/cap/1/then", "250,000"),
            ("v./deadlines/claim/within", "20 days"),
        ] {
            assert!(!form.get(name).is_empty(), "{name}");
            form = form.set(name, value);
        }
        // What the definition would not understand is refused, with the place, and nothing is kept of it.
        let wrong = browser.submit(&form.clone().set("v./amount/rate", "２／３")).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", wrong.text());
        assert_eq!(wrong.form(&changes).get("v./deadlines/claim/within"), "20 days", "what was typed stays");
        browser.submit(&form).await.says("The definition is changed");

        // The scenarios still expect last year's figures.
        let publish = format!("{HOME}/publish");
        let in_the_way = browser.get(&publish).await;
        in_the_way.says("What stands in the way");
        let seen = browser.get(&in_the_way.link("See what came of the scenarios")).await;
        seen.says("Amounts and days that change").says("expected 167,000, found 172,000").silent("Some(");
        let accept = seen.form(&format!("{HOME}/scenarios"));
        let accepted = browser.submit(&accept).await;
        accepted.says("The scenarios expect").silent("Amounts and days that change").silent("expected");
        let stale = browser.submit(&accept).await;
        assert_eq!(stale.status, StatusCode::CONFLICT, "{}", stale.text());
        let page = browser.get(&publish).await;
        page.says("Nothing stands in the way");
        let form = page.forms().into_iter().find(|form| !form.get("key").is_empty()).unwrap();
        browser.submit(&form.set("step", "perform")).await.says("Published.").says("Version 2");
    })
    .await;
}
