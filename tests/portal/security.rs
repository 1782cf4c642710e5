//! What keeps an account safe: the second factor, a fresh sign-in for money, sessions, tokens, the password.

use acceptance::authenticator;
use acceptance::site::Served;
use chrono::TimeDelta;
use reqwest::StatusCode;
use testkit::office::PASSWORD;
use testkit::{TestOffice, each_database};
use vocabulary::Clock as _;

use crate::browser::{Browser, Page};

const SECURITY: &str = "/account/security";
const FACTOR: &str = "/account/security/second-factor";

/// What stands between `<code>` and `</code>`.
fn secrets(page: &Page) -> Vec<String> {
    page.html.split("<code>").skip(1).filter_map(|rest| Some(rest.split_once("</code>")?.0.to_owned())).collect()
}

#[tokio::test]
async fn a_second_factor_is_set_up_used_and_ended() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let email = office.staff("hino", "clerk").email.clone();
        let browser = Browser::signed_in(&served, &office, &email).await;
        browser.get(SECURITY).await.says("It is not set up").says(&email);
        let begun = browser.submit(&browser.get(FACTOR).await.form(FACTOR).set("step", "begin")).await;
        assert!(begun.html.contains("<svg class=\"qr\""), "{}", begun.html);
        let secret = secrets(&begun).remove(0);
        let code = || authenticator::code(&secret, office.clock.now());
        let wrong = browser.submit(&begun.form(FACTOR).set("step", "confirm").set("code", "1")).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        wrong.says("The code is wrong");
        assert_eq!(secrets(&wrong), std::slice::from_ref(&secret), "the same secret, to try again");
        let confirmed = browser.submit(&wrong.form(FACTOR).set("step", "confirm").set("code", &code())).await;
        let codes = secrets(&confirmed.clone());
        assert_eq!(codes.len(), 10);
        let page = browser.get(FACTOR).await;
        page.says("In force since").says("10 recovery codes");
        assert!(secrets(&page).is_empty(), "never shown again");

        // Signing in asks for the code, and goes on where it was asked to.
        let other = Browser::new(&served);
        let form = other.get("/cases").await.form("/sign-in").set("email", &email).set("password", PASSWORD);
        let half = other.submit(&form).await;
        half.says("Enter the code that your authenticator app shows");
        assert!(other.cookie("__Host-session").is_none());
        let used = other.submit(&half.form("/sign-in/code").set("code", &code())).await;
        used.says("The code is wrong or was used before");
        office.clock.advance(TimeDelta::seconds(30));
        let there = other.submit(&used.form("/sign-in/code").set("code", &code())).await;
        assert_eq!(there.path, "/cases", "{}", there.text());
        let late = other.submit(&half.form("/sign-in/code").set("csrf", there.form("/language").get("csrf"))).await;
        late.says("That took too long");

        // It ends with password and code.
        let form = browser.get(FACTOR).await.form(FACTOR).set("step", "end").set("password", PASSWORD);
        browser.submit(&form.clone().set("code", "wrong")).await.says("The code is wrong");
        browser.submit(&form.set("code", &codes[0])).await.says("The second factor was ended").says("It is not set up");
    })
    .await;
}

#[tokio::test]
async fn money_asks_again_who_it_is_and_keeps_what_was_typed() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        office.ordered().await;
        let maker = Browser::signed_in(&served, &office, &office.staff("hino", "finance_maker").email).await;
        let batch = maker.submit(&maker.get("/finance").await.form("/finance")).await;
        let checker = Browser::signed_in(&served, &office, &office.staff("hino", "finance_checker").email).await;
        let approve = checker.get(&batch.path).await.form(&batch.path).set("step", "approve");
        office.clock.advance(TimeDelta::minutes(11));
        let asked = checker.submit(&approve).await;
        assert_eq!(asked.status, StatusCode::FORBIDDEN);
        asked.says("Please show who you are");
        let before = checker.cookie("__Host-session").unwrap();
        let wrong = checker.submit(&asked.form("/sign-in/again").set("password", "guess")).await;
        wrong.says("The password is wrong");
        let right = checker.submit(&wrong.form("/sign-in/again").set("password", PASSWORD)).await;
        right.says("Go on where you were");
        assert_ne!(checker.cookie("__Host-session").unwrap(), before, "a new session takes the place of the old one");
        checker.submit(&right.form(&batch.path)).await.says("Approved");
    })
    .await;
}

#[tokio::test]
async fn sessions_end_one_by_one_and_all_at_once() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let account = office.account("person@business.example", "人").await;
        office.service.set_password(account, PASSWORD).await.unwrap();
        let sign_in = async || {
            let browser = Browser::new(&served);
            let form = browser.get("/sign-in").await.form("/sign-in");
            browser.submit(&form.set("email", "person@business.example").set("password", PASSWORD)).await;
            browser
        };
        let (home, train, shop) = (sign_in().await, sign_in().await, sign_in().await);
        let page = home.get(SECURITY).await;
        page.says("127.0.0.1").says("This one");
        let form = page.form("/account/security/sessions");
        let others: Vec<String> = page
            .html
            .split("name=\"session\" value=\"")
            .skip(1)
            .filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()))
            .filter(|id| id != "all")
            .collect();
        assert_eq!(others.len(), 2);
        home.submit(&form.clone().set("session", &others[0]).set("key", "k1")).await.says("That session has ended");
        let open = [&train, &shop];
        let mut left = 0;
        for browser in open {
            left += usize::from(browser.get(SECURITY).await.path == SECURITY);
        }
        assert_eq!(left, 1);
        home.submit(&home.get(SECURITY).await.form("/account/security/sessions").set("session", "all"))
            .await
            .says("Sign in");
        for browser in [&home, &train, &shop] {
            assert!(browser.get(SECURITY).await.path.starts_with("/sign-in"), "signed out everywhere");
        }
    })
    .await;
}

#[tokio::test]
async fn tokens_and_passwords() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let email = office.staff("hino", "clerk").email.clone();
        let browser = Browser::signed_in(&served, &office, &email).await;
        let tokens = "/account/security/tokens";
        let form = browser.get(SECURITY).await.form(tokens).set("name", "会計 <b>").set("days", "30");
        let wrong = browser.submit(&form).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        wrong.says("Scopes are");
        assert_eq!(wrong.form(tokens).get("name"), "会計 <b>", "what was typed stays");
        let made = browser.submit(&wrong.form(tokens).set("scope", "read")).await;
        let token = secrets(&made).remove(0);
        assert!(office.service.viewer_by_token(&token).await.is_ok());
        let page = browser.get(SECURITY).await;
        page.says("会計 <b>").says("valid").silent(&token);
        let id = page.html.split("name=\"token\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        browser
            .submit(&page.form("/account/security/tokens/revoke").set("token", &id))
            .await
            .says("The token was revoked");
        assert!(office.service.viewer_by_token(&token).await.is_err());

        let password = "/account/security/password";
        let form = browser.get(password).await.form(password).set("password", PASSWORD);
        browser.submit(&form.clone().set("new_password", "short")).await.says("at least 15 characters");
        let elsewhere = Browser::new(&served);
        let sign_in = elsewhere.get("/sign-in").await.form("/sign-in").set("email", &email).set("password", PASSWORD);
        elsewhere.submit(&sign_in).await;
        browser
            .submit(&form.set("new_password", "朝の川沿いを歩く三匹の白い猫たち"))
            .await
            .says("The password was changed");
        assert!(elsewhere.get(SECURITY).await.path.starts_with("/sign-in"), "every other session ends");
        assert!(Browser::new(&served).get(SECURITY).await.path.starts_with("/sign-in"));
    })
    .await;
}

#[tokio::test]
async fn failed_sign_ins_are_told_to_the_owner_and_the_auditor() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let email = office.staff("hino", "clerk").email.clone();
        let clerk = Browser::signed_in(&served, &office, &email).await;
        clerk.get(SECURITY).await.says("Recent sign-ins").silent("Failed sign-in");
        let guesser = Browser::new(&served);
        let form = guesser.get("/sign-in").await.form("/sign-in").set("password", "a guess of mine");
        guesser.submit(&form.clone().set("email", "nobody@elsewhere.example")).await.says("password is wrong");
        for _ in 0..10 {
            guesser.submit(&form.clone().set("email", &email)).await.says("password is wrong");
        }
        for _ in 0..7 {
            let page = guesser.submit(&form.clone().set("email", &email)).await;
            assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
        }
        clerk.get(SECURITY).await.says("Failed sign-in").says("Too many tries to sign in").says("127.0.0.1");
        let auditor = Browser::signed_in(&served, &office, &office.staff("hino", "auditor").email).await;
        let rows = async |kind: &str| {
            let page = auditor.get(&format!("/audit/access?kind={kind}")).await;
            assert!(!page.html.contains("a guess of mine"), "{}", page.html);
            page.html.matches(&format!("<span class=\"small soft\">{email}</span>")).count()
        };
        assert_eq!(
            (rows("sign_in_failed").await, rows("sign_in_throttled").await),
            (10, 5),
            "no more than tell enough"
        );
        let file = auditor.get("/audit/access.csv?kind=sign_in_failed").await;
        assert!(file.html.contains(&email) && !file.html.contains("nobody@"), "{}", file.html);
    })
    .await;
}

#[tokio::test]
async fn an_address_changes_when_the_new_one_is_confirmed() {
    const EMAIL: &str = "/account/security/email";
    const NEW: &str = "moved@business.example";
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let (life, other) = (office.submitted().await, office.submitted().await);
        let old = life.party.owner.email.clone();
        let browser = Browser::signed_in(&served, &office, &old).await;
        let page = browser.get(&browser.get(SECURITY).await.link("Change the e-mail address")).await;
        let form = page.form(EMAIL).set("email", NEW).set("password", "wrong");
        let wrong = browser.submit(&form).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        wrong.says("The password is wrong");
        assert_eq!(wrong.form(EMAIL).get("email"), NEW, "what was typed stays");
        let right = wrong.form(EMAIL).set("password", PASSWORD);
        browser.submit(&right.clone().set("email", &old)).await.says("This is the present address");
        office.work_off().await;
        office.mail.take();

        // Whose address it is already is not told, and nothing goes there.
        browser.submit(&right.clone().set("email", &other.party.owner.email)).await.says("A mail was sent");
        office.work_off().await;
        assert!(office.mail.take().is_empty());
        browser.submit(&right).await.says("A mail was sent to the new address").says(&old);
        let stranger = Browser::new(&served);
        let form = stranger.get("/password-reset").await.form("/password-reset").set("email", &old);
        stranger.submit(&form).await;
        office.work_off().await;
        let mails = office.mail.take();
        let link = |to: &str, page: &str| {
            let mail = mails.iter().rfind(|mail| mail.to == to).unwrap_or_else(|| panic!("no mail to {to}"));
            let (_, rest) = mail.text.split_once(page).unwrap();
            format!("{page}{}", rest.split_whitespace().next().unwrap())
        };
        let (confirm, reset) = (link(NEW, "/verify-email"), link(&old, "/password-reset"));
        // Looking at the link changes nothing.
        let page = stranger.get(&confirm).await;
        browser.get(SECURITY).await.says(&old);
        stranger.submit(&page.form("/verify-email")).await.says("Confirmed");
        browser.get(SECURITY).await.says(NEW).silent(&old);
        office.work_off().await;
        let told = office.mail.take();
        assert!(told.iter().any(|mail| mail.to == old && mail.text.contains(NEW)), "the address before is told");
        // Once, and what was sent to the address before opens nothing any more.
        stranger.submit(&page.form("/verify-email")).await.says("was used or has expired");
        let stale = stranger.get(&reset).await.form("/password-reset");
        let stale = stranger.submit(&stale.set("password", "another long passphrase 77")).await;
        stale.says("was used or has expired");
        Browser::signed_in(&served, &office, NEW).await.get("/applications").await.says("Sales Channel");
    })
    .await;
}
