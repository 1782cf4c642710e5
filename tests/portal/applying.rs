//! From the first look at a program to the decision: as a person without scripts does it.

use reqwest::StatusCode;
use testkit::office::{SALES_CHANNEL, sample_pdf};
use testkit::{TestOffice, each_database};

use acceptance::site::Served;

use crate::browser::Browser;
use crate::filling::fill_in;

/// Before anybody signs up: whether one may apply, by what the program asks of applicants.
#[tokio::test]
async fn a_quick_check_needs_no_account() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let browser = Browser::new(&served);
        let program = browser.get(&format!("/programs/{SALES_CHANNEL}")).await;
        let page = browser.get(&program.link("See whether you may apply")).await;
        let form = page.form(&page.path);

        // Nothing answered: each question says so. What was answered stays.
        let wrong = browser.look_up(&form.clone().set("v.kind", "association")).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        let again = wrong.form(&page.path);
        assert_eq!(again.get("v.kind"), "association");

        let answered = again.set("v.size", "sme").set("v.deemed_large", "no");
        let answered = answered.set("v.established_here_on", "2008-04-01").set("v.trade", "manufacturing");
        let refused = browser.look_up(&answered).await;
        assert_eq!(refused.status, StatusCode::OK);
        refused.says("This business cannot apply").silent("Go on to apply");
        let fits = browser.look_up(&answered.set("v.kind", "company")).await;
        fits.says("This business meets the conditions").silent("cannot apply");
        assert_eq!(fits.link("Go on to apply"), format!("/programs/{SALES_CHANNEL}#apply"));
        assert_eq!(browser.get("/programs/hino/nothing/check").await.status, StatusCode::NOT_FOUND);
    })
    .await;
}

#[tokio::test]
async fn from_signing_up_to_a_number() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let life = office.life(SALES_CHANNEL, 0).await;
        let browser = Browser::new(&served);

        // An account, proven by the link in the mail; then it goes on with what was looked at.
        let program = browser.get(&format!("/programs/{SALES_CHANNEL}")).await;
        let page = browser.get(&program.link("Sign up")).await;
        let form = page.form("/sign-up").set("email", "new@business.example").set("name", "新人");
        let page = browser.submit(&form.clone().set("password", "short")).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(page.form("/sign-up").get("email"), "new@business.example", "what was typed stays");
        assert_eq!(page.form("/sign-up").get("password"), "");
        assert!(page.html.contains("aria-invalid=\"true\" aria-describedby=\"password-hint password-error\""));
        browser.submit(&form.set("password", testkit::office::PASSWORD)).await.says("We have sent you a mail");
        office.work_off().await;
        let mails = office.mail.take();
        let mail = mails.iter().rfind(|mail| mail.to == "new@business.example").unwrap();
        let (_, rest) = mail.text.split_once("/verify-email").unwrap();
        let page = browser.get(&format!("/verify-email{}", rest.split_whitespace().next().unwrap())).await;
        let page = browser.submit(&page.form("/verify-email")).await;
        page.says("Confirmed");
        assert!(page.html.contains(&format!("href=\"/sign-in?next={}\"", program.path)), "{}", page.html);
        let form = browser.get("/sign-in?next=/businesses/new").await.form("/sign-in");
        let form = form.set("email", "new@business.example").set("password", testkit::office::PASSWORD);
        let page = browser.submit(&form).await;

        // A business: what is wrong stands beside its field.
        let form = page.form("/businesses/new").set("v.name", "有限会社<見本>").set("v.name_kana", "ミホン");
        let form =
            form.set("v.address", "東京都日野市神明1").set("v.representative", "見本 一郎").set("v.kind", "company");
        let form = form.set("v.size", "sme").set("v.established_here_on", "2008-04-01").set("v.employees", "２２人");
        let form = form.set("v.trade", "metalwork").set("v.deemed_large", "no");
        let wrong = form.clone().set("v.corporate_number", "１２３４５６７８９０１２３").set("v.size", "");
        let page = browser.submit(&wrong).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        page.says("Corporate number: ").says("Employees: ").says("Size: Please choose").says("Trade: ");
        let again = page.form("/businesses/new");
        assert_eq!((again.get("v.name"), again.get("v.employees")), ("有限会社<見本>", "２２人"));
        assert!(page.html.contains("href=\"#f-employees\"") && page.html.contains("id=\"f-employees-error\""));
        let form = again.set("v.corporate_number", "").set("v.employees", "２２").set("v.size", "sme");
        let form = form.set("v.trade", "manufacturing");
        browser.submit(&form).await.says("The business is registered").says("有限会社<見本>");
        browser.submit(&form).await.says("The business is registered");
        assert_eq!(browser.get("/businesses").await.html.matches("<li><h2").count(), 1, "pressed twice, done once");

        // What is registered is put right by the same form and the same checks.
        let page = browser.get("/businesses").await;
        let page = browser.get(&page.link("Correct what is registered")).await;
        let form = page.form(&page.path);
        assert_eq!((form.get("v.name"), form.get("v.employees"), form.get("v.size")), ("有限会社<見本>", "22", "sme"));
        let wrong = browser.submit(&form.clone().set("v.name", "").set("v.representative", "見本 二郎")).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(wrong.form(&page.path).get("v.representative"), "見本 二郎");
        let corrected = wrong.form(&page.path).set("v.name", "有限会社見本");
        browser.submit(&corrected).await.says("The registration is corrected").says("有限会社見本").says("見本 二郎");
        let stranger = Browser::signed_in(&served, &office, &life.party.owner.email).await;
        assert_eq!(stranger.get(&page.path).await.status, StatusCode::NOT_FOUND);
        let sent = stranger.get("/businesses/new").await.form("/businesses/new");
        let foreign = crate::browser::Form { action: page.path.clone(), ..corrected.set("csrf", sent.get("csrf")) };
        assert_eq!(stranger.submit(&foreign).await.status, StatusCode::NOT_FOUND);

        // What is not found is told with what comes near.
        let page = browser.get("/programs?q=%E8%B2%A9%E8%B7%AF%E6%94%AF%E6%8F%B4%E9%87%91").await;
        page.says("No program fits").says("Programs that come near");
        assert_eq!(page.link(&life.program.definition().program.title.en), format!("/programs/{SALES_CHANNEL}"));

        // A program is found in parts of words, and says what matters.
        let page = browser.get("/programs?q=%E8%B2%A9%E8%B7%AF&open=1").await;
        page.says("Open").says("days");
        let title = life.program.definition().program.title.en.clone();
        let page = browser.get(&page.link(&title)).await;
        page.says("Budget left").says("Documents to prepare");
        let apply = format!("/programs/{SALES_CHANNEL}/apply");
        let form = page.form(&apply);
        let begun = browser.submit(&form).await;
        assert_eq!(browser.submit(&form).await.path, begun.path, "pressed twice, one draft");
        let case = browser.get(begun.path.strip_suffix("/act/submit").unwrap()).await;
        case.says("Draft").says("It waits for you").says("Submit: Application").says("Industry Promotion Division");

        // Nothing is filled in: everything that is missing is listed at once.
        let path = format!("{}/act/submit", case.path);
        let confirm = browser.get(&format!("{path}?page=99")).await;
        let missing = confirm.html.split("id=\"summary\"").nth(1).unwrap().matches("<li>").count();
        assert!(missing >= 5, "{}", confirm.text());

        let step = life.next().unwrap();
        let values = life.values(step);
        let confirm = fill_in(&browser, &path, &values).await;
        confirm.says("Nothing is missing").says("Estimated award");
        let done = browser.submit(&confirm.form(&path).set("step", "perform")).await;
        done.says("Done: Submit.").says("Submitted").says("Number");
        assert!(
            done.html.contains("class=\"button quiet\"") && !done.html.contains("class=\"button\""),
            "{}",
            done.html
        );
        assert_eq!(done.path, case.path);
        // The second press of the same button finds it done.
        let again = browser.submit(&confirm.form(&path).set("step", "perform")).await;
        again.says("Done: Submit.").says("Submitted");
        let number = office
            .look(&office.viewer("new@business.example").await, case.path.rsplit('/').next().unwrap().parse().unwrap())
            .await
            .case;
        assert_eq!(number.version, 1);
        done.says(&number.body.numbers["application"]);
        browser.get("/applications").await.says(&number.body.numbers["application"]).says("Submitted");
    })
    .await;
}

#[tokio::test]
async fn a_correction_opens_only_what_was_marked() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let mut life = office.life(SALES_CHANNEL, 0).await;
        office.live_until(&mut life, "under_review").await;
        let case = format!("/applications/{}", life.application);

        // The office marks two fields in its own page.
        let reviewer = office.staff("hino", "reviewer").email.clone();
        let office_page = Browser::signed_in(&served, &office, &reviewer).await;
        let page = office_page.get(&format!("{case}/act/grant")).await;
        page.says("Draft: Grant").says("when everybody on the route has signed").says("yen");
        let path = format!("{case}/act/request_correction");
        let page = office_page.get(&path).await;
        let form = page.form(&path).set("v.marks.contact_phone", "市外局番からお願いします").set("step", "perform");
        let page = office_page.submit(&form).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "a message is missing: {}", page.text());
        let form = page.form(&path);
        assert_eq!(form.get("v.marks.contact_phone"), "市外局番からお願いします", "what was typed stays");
        let form = form.set("v.message", "電話番号をご確認ください").set("step", "perform");
        office_page.submit(&form).await.says("In correction");

        let email = life.party.owner.email.clone();
        let browser = Browser::signed_in(&served, &office, &email).await;
        let page = browser.get(&case).await;
        page.says("Please correct").says("電話番号をご確認ください").says("市外局番からお願いします").says("Until");
        let path = format!("{case}/act/resubmit");
        let page = browser.get(&path).await;
        page.says("市外局番からお願いします");
        let form = page.form(&path);
        let open: Vec<&str> =
            form.fields.iter().map(|(name, _)| name.as_str()).filter(|name| name.starts_with("v.")).collect();
        assert_eq!(open, ["v.contact_phone"], "{}", page.html);
        // Whatever else is sent is not taken.
        let form = form.set("v.contact_phone", "042-555-0199").set("v.contact_name", "他人").set("step", "next");
        browser.submit(&form).await;
        let confirm = browser.get(&format!("{path}?page=99")).await;
        confirm.says("042-555-0199").silent("他人").says("Nothing is missing");
        browser.submit(&confirm.form(&path).set("step", "perform")).await.says("Under review");
    })
    .await;
}

#[tokio::test]
async fn somebody_else_was_faster() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let mut life = office.life(SALES_CHANNEL, 0).await;
        office.live_until(&mut life, "under_review").await;
        let reviewer = office.staff("hino", "reviewer").clone();
        let browser = Browser::signed_in(&served, &office, &reviewer.email).await;
        let path = format!("/applications/{}/act/request_correction", life.application);
        let form =
            browser.get(&path).await.form(&path).set("v.message", "長い説明").set("v.marks.contact_name", "確認");
        let mut values = serde_json::Map::new();
        values.insert("message".to_owned(), "先に".into());
        values.insert("marks".to_owned(), serde_json::json!({ "contact_phone": "先に" }));
        office.act(office.staff("hino", "clerk"), life.application, "request_correction", values).await.unwrap();
        let page = browser.submit(&form.set("step", "perform")).await;
        assert_eq!(page.status, StatusCode::CONFLICT);
        page.says("Somebody else has changed it").says("Request a correction");
        assert_eq!(page.form(&path).get("v.message"), "長い説明");
    })
    .await;
}

#[tokio::test]
async fn an_owner_says_who_else_acts_for_the_business() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let life = office.life(SALES_CHANNEL, 0).await;
        let owner = Browser::signed_in(&served, &office, &life.party.owner.email).await;
        let path = format!("/businesses/{}/members", life.party.business);
        let form = owner.get("/businesses").await.form(&path).set("step", "invite");
        let wrong = owner.submit(&form.clone().set("email", "nobody")).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(wrong.form(&path).get("email"), "nobody", "what was typed stays");
        owner.submit(&form.set("email", "helper@business.example")).await.says("The invitation is on its way");
        office.work_off().await;
        let mails = office.mail.take();
        let mail = mails.iter().rfind(|mail| mail.to == "helper@business.example").unwrap();
        let (_, rest) = mail.text.split_once("/invitations").unwrap();
        let link = format!("/invitations{}", rest.split_whitespace().next().unwrap());

        let helper = Browser::new(&served);
        let form = helper.get(&link).await.form("/invitations").set("name", "助っ人");
        let form = form.set("password", testkit::office::PASSWORD);
        helper.submit(&form).await.says("You have joined");
        let helper = Browser::signed_in(&served, &office, "helper@business.example").await;
        helper.get("/businesses").await.says(&life.party.name).silent("Invite a member");
        helper.get(&format!("/applications/{}", life.application)).await.says("Draft");

        let page = owner.get("/businesses").await;
        page.says("助っ人").says("Member");
        let account = office.viewer("helper@business.example").await.person.id.to_string();
        let remove = page.forms().into_iter().find(|form| form.get("account") == account).unwrap();
        owner.submit(&remove.set("step", "remove")).await.says("The member was removed").silent("助っ人");
        assert_eq!(helper.get(&format!("/applications/{}", life.application)).await.status, StatusCode::NOT_FOUND);
    })
    .await;
}

#[tokio::test]
async fn a_program_says_beforehand_who_may_apply() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let life = office.life(SALES_CHANNEL, 0).await;
        let mut facts = office.look(&life.party.owner, life.application).await.case.business.facts;
        let browser = Browser::signed_in(&served, &office, &life.party.owner.email).await;
        let path = format!("/programs/{SALES_CHANNEL}");
        browser.get(&path).await.says("This business meets the conditions");
        facts.size = program::definition::BusinessSize::Large;
        let large = office.party(&facts).await;
        let browser = Browser::signed_in(&served, &office, &large.owner.email).await;
        let page = browser.get(&path).await;
        page.says("This business cannot apply").says("The applicant is not an SME").says("See why");
        page.says("No business of yours meets the conditions").says("(not as things stand)");
        assert_eq!(browser.get("/applications").await.html.matches("<tbody>").count(), 0, "nothing was started");

        // After the last day nobody is led into a dead end.
        office.clock.advance(chrono::TimeDelta::days(1_000));
        let browser = Browser::signed_in(&served, &office, &life.party.owner.email).await;
        let page = browser.get(&path).await;
        page.says("Closed").says("Applications are not taken at the moment");
        assert!(!page.html.contains(&format!("{path}/apply")), "{}", page.html);
    })
    .await;
}

/// What would keep a second application from being granted is said before anybody types it in.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_application_in_a_year_is_told_beforehand() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let page = format!("/programs/{SALES_CHANNEL}");
        let (waiting, granted) = (office.under_review().await, office.granted().await);
        let number = async |life: &testkit::Life| {
            office.look(&life.party.owner, life.application).await.case.body.numbers["application"].clone()
        };
        let browser = Browser::signed_in(&served, &office, &waiting.party.owner.email).await;
        let told = browser.get(&page).await;
        told.says("There is an application for this program under way").says("This business meets the conditions");
        assert_eq!(told.link(&number(&waiting).await), format!("/applications/{}", waiting.application));
        let browser = Browser::signed_in(&served, &office, &granted.party.owner.email).await;
        browser.get(&page).await.says("has had as many grants as the program allows in one fiscal year");
    })
    .await;
}

#[tokio::test]
async fn two_tabs_keep_what_is_typed_in_both() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let life = office.life(SALES_CHANNEL, 0).await;
        let browser = Browser::signed_in(&served, &office, &life.party.owner.email).await;
        let path = format!("/applications/{}/act/submit", life.application);
        let first = browser.get(&path).await.form(&path).set("v.contact_name", "一枚目").set("step", "stay");
        let second =
            browser.get(&format!("{path}?page=2")).await.form(&path).set("v.venue", "二枚目").set("step", "stay");
        browser.submit(&second).await.says("Saved.");
        browser.submit(&first).await.says("Saved.");
        // A server that has started anew knows both.
        drop(served);
        let served = Served::start(&office).await;
        let browser = Browser::signed_in(&served, &office, &life.party.owner.email).await;
        assert_eq!(browser.get(&path).await.form(&path).get("v.contact_name"), "一枚目");
        assert_eq!(browser.get(&format!("{path}?page=2")).await.form(&path).get("v.venue"), "二枚目");
        // What nobody can understand stays as it was typed, with what is wrong beside it.
        let form = browser.get(&format!("{path}?page=3")).await.form(&path);
        let form = form.set("v.costs.0.net", "二十万").set("v.costs.0.what", "小間").set("step", "next");
        let page = browser.submit(&form).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(page.form(&path).get("v.costs.0.net"), "二十万");
        assert!(page.html.contains("id=\"f-costs-0-net-error\""), "{}", page.html);
    })
    .await;
}

#[tokio::test]
async fn files_are_kept_with_a_receipt_or_refused_beside_their_slot() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let life = office.life(SALES_CHANNEL, 0).await;
        let email = life.party.owner.email.clone();
        let browser = Browser::signed_in(&served, &office, &email).await;
        let path = format!("/applications/{}/act/submit", life.application);
        let mut page = browser.get(&path).await;
        while !page.html.contains("multipart/form-data") {
            page = browser
                .get(&page.html.split("aria-current=\"step\"").nth(1).map(|_| page.link("Documents")).unwrap())
                .await;
        }
        let forms = page.forms();
        let form = forms.iter().find(|form| form.get("step") == "attach").unwrap().clone();
        let refused = browser.upload(&form, "a.pdf", b"MZ this is a program".to_vec()).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        refused.says("The content is not what the file's name says");
        let refused = browser.upload(&form, "", Vec::new()).await;
        refused.says("Choose a file");
        let kept = browser.upload(&form, "見積 <b>.pdf", sample_pdf("x")).await;
        kept.says("The file has arrived").says("見積 _b_.pdf").says(&vocabulary::digest(&sample_pdf("x")));
        let remove = kept.forms().into_iter().find(|form| !form.get("file").is_empty()).unwrap();
        browser.submit(&remove.set("step", "detach")).await.says("The file was removed").silent("見積 _b_.pdf");
        let foreign = browser.upload(&form.set("csrf", "0"), "a.pdf", sample_pdf("x")).await;
        assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    })
    .await;
}
