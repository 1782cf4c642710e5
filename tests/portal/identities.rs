//! Signing in by a provider of identities (OpenID Connect), as staff and as an applicant.

use acceptance::authenticator;
use acceptance::directory::directory;
use acceptance::site::Served;
use chrono::TimeDelta;
use reqwest::StatusCode;
use reqwest::header::LOCATION;
use serde_json::{Value, json};
use service::Provider;
use testkit::identity::CLIENT_ID;
use testkit::office::{BASE_URL, PASSWORD, SALES_CHANNEL};
use testkit::{IdentityServer, TestDatabase, TestOffice, each_database};
use vocabulary::Clock as _;

use crate::browser::{Browser, Page};

/// An office whose staff and applicants may come by a provider.
async fn office(database: &TestDatabase, change: impl FnOnce(&mut Provider)) -> (TestOffice, Served, IdentityServer) {
    let office = TestOffice::of(database, &["hino"]).await;
    let identities = IdentityServer::start(&office.clock).await;
    let mut provider = directory(&identities);
    change(&mut provider);
    let office = office.with_providers(vec![provider]);
    let served = Served::start(&office).await;
    (office, served, identities)
}

fn person(subject: &str, email: &str) -> Value {
    json!({ "sub": subject, "email": email, "email_verified": true, "name": "外部 花子" })
}

fn with(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

/// From the page with the button to the address that the provider sends the browser back to.
async fn to_the_provider(browser: &Browser, page: &Page) -> String {
    let onward = browser.submit(&page.form("/sign-in/with/staff")).await;
    onward.says("On to the other site");
    let away = browser.get_once(&onward.link("Continue")).await;
    assert_eq!(away.status, StatusCode::SEE_OTHER, "{}", away.text());
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let back = http.get(away.headers[LOCATION].to_str().unwrap()).send().await.unwrap();
    assert_eq!(back.status(), StatusCode::SEE_OTHER, "the provider takes the request");
    let back = back.headers()[LOCATION].to_str().unwrap();
    back.strip_prefix(BASE_URL).expect("back to where people reach the site").to_owned()
}

async fn signs_in(browser: &Browser, path: &str) -> Page {
    let page = browser.get(path).await;
    let back = to_the_provider(browser, &page).await;
    browser.get(&back).await
}

#[tokio::test]
async fn staff_come_by_their_directory_and_go_on_where_they_were() {
    each_database(async |database| {
        let (office, served, identities) = office(database, |_| {}).await;
        let clerk = office.staff("hino", "clerk");
        identities.says(&person("s-1", &clerk.email));
        let browser = Browser::new(&served);
        browser.get("/sign-in").await.says("Sign in with the staff directory");
        let page = signs_in(&browser, "/cases").await;
        assert_eq!((page.path.as_str(), page.status), ("/cases", StatusCode::OK), "{}", page.text());
        // The subject is what counts from now on, with whatever key the provider has.
        identities.change_key();
        identities.says(&json!({ "sub": "s-1", "email": "changed@elsewhere.example" }));
        let elsewhere = Browser::new(&served);
        assert_eq!(signs_in(&elsewhere, "/cases").await.path, "/cases");
        elsewhere.get("/account/security").await.says(&clerk.email);
        // Nobody else gets the account by having its address now.
        identities.says(&person("s-2", &clerk.email));
        let other = Browser::new(&served);
        signs_in(&other, "/cases").await.says("belongs to another identity");
        office.worker.tick().await.unwrap();
        let mails = office.mail.take();
        let told: Vec<_> = mails.iter().filter(|mail| mail.subject.contains("ログインできるように")).collect();
        assert_eq!((told.len(), told[0].to.as_str()), (1, clerk.email.as_str()));
    })
    .await;
}

#[tokio::test]
async fn what_does_not_hold_is_refused_kindly_and_says_nothing_of_the_inside() {
    each_database(async |database| {
        let (office, served, identities) = office(database, |_| {}).await;
        let (email, now) = (office.staff("hino", "clerk").email.clone(), office.clock.now().timestamp());
        let truth = person("s-1", &email);
        let lies = [
            ("nonce", json!("another")),
            ("nonce", Value::Null),
            ("aud", json!("somebody else")),
            ("aud", json!([CLIENT_ID, "somebody else"])),
            ("azp", json!("somebody else")),
            ("iss", json!("https://id.example")),
            ("exp", json!(now - 61)),
            ("exp", Value::Null),
            ("iat", json!(now + 3_600)),
            ("sub", Value::Null),
        ];
        for (name, value) in lies {
            identities.says(&with(truth.clone(), name, value.clone()));
            let browser = Browser::new(&served);
            let page = signs_in(&browser, "/cases").await;
            assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{name} {value}");
            page.says("could not be verified");
            assert!(browser.cookie("__Host-session").is_none(), "{name}");
        }
        identities.says(&truth);
        identities.forge(true);
        signs_in(&Browser::new(&served), "/cases").await.says("could not be verified");
        identities.forge(false);
        identities.leave_unsigned(true);
        signs_in(&Browser::new(&served), "/cases").await.says("could not be verified");
        identities.leave_unsigned(false);

        // Addresses that nobody has proven, or that nobody knows.
        identities.says(&with(truth.clone(), "email_verified", json!(false)));
        signs_in(&Browser::new(&served), "/cases").await.says("no confirmed e-mail address");
        identities.says(&person("s-9", "stranger@elsewhere.example"));
        signs_in(&Browser::new(&served), "/cases").await.says("no account and no invitation");

        // The way back is for the browser that went, once, and not for long.
        identities.says(&truth);
        let browser = Browser::new(&served);
        let page = browser.get("/sign-in").await;
        let back = to_the_provider(&browser, &page).await;
        Browser::new(&served).get(&back).await.says("began in another browser");
        let (head, _) = back.split_once("state=").unwrap();
        browser.get(&format!("{head}state=guess")).await.says("began in another browser");
        assert_eq!(browser.get(&back).await.status, StatusCode::OK, "the right one still works");
        let replayed = Browser::new(&served);
        let page = replayed.get("/sign-in").await;
        let mine = to_the_provider(&replayed, &page).await;
        let code = back.split_once("code=").unwrap().1.split('&').next().unwrap();
        let own = mine.split_once("code=").unwrap().1.split('&').next().unwrap();
        replayed.get(&mine.replace(own, code)).await.says("could not be verified");
        replayed.get(&mine).await.says("began in another browser");
        let late = Browser::new(&served);
        let page = late.get("/sign-in").await;
        let back = to_the_provider(&late, &page).await;
        office.clock.advance(TimeDelta::minutes(11));
        late.get(&back).await.says("That took too long");

        // Whoever says no there, or a provider that is away, leads back to the other ways in.
        let browser = Browser::new(&served);
        let page = browser.get("/sign-in").await;
        let back = to_the_provider(&browser, &page).await;
        let declined = back.replace("code=", "error=access_denied&x=");
        browser.get(&declined).await.says("did not sign you in").form("/sign-in");
    })
    .await;
}

#[tokio::test]
async fn a_provider_that_is_away_leaves_the_password() {
    each_database(async |database| {
        let (_office, served, identities) = office(database, |_| {}).await;
        identities.go_away(true);
        let browser = Browser::new(&served);
        let onward = browser.submit(&browser.get("/sign-in").await.form("/sign-in/with/staff")).await;
        let page = browser.get(&onward.link("Continue")).await;
        page.says("cannot be reached").form("/sign-in");
        assert_eq!(browser.get("/sign-in/with/unknown").await.status, StatusCode::NOT_FOUND);
    })
    .await;
}

#[tokio::test]
async fn a_second_factor_is_asked_for_unless_the_provider_has_done_so() {
    each_database(async |database| {
        let (office, served, identities) = office(database, |_| {}).await;
        let clerk = office.staff("hino", "clerk").clone();
        let email = clerk.email.clone();
        let set_up = Browser::signed_in(&served, &office, &email).await;
        let factor = "/account/security/second-factor";
        let begun = set_up.submit(&set_up.get(factor).await.form(factor).set("step", "begin")).await;
        let secret = begun.html.split_once("<code>").unwrap().1.split('<').next().unwrap().to_owned();
        let code = || authenticator::code(&secret, office.clock.now());
        set_up.submit(&begun.form(factor).set("step", "confirm").set("code", &code())).await;

        office.clock.advance(TimeDelta::seconds(30));
        identities.says(&person("s-1", &email));
        let browser = Browser::new(&served);
        let half = signs_in(&browser, "/cases").await;
        half.says("Enter the code");
        assert!(browser.cookie("__Host-session").is_none());
        assert_eq!(browser.submit(&half.form("/sign-in/code").set("code", &code())).await.path, "/cases");
        for (name, value) in [("amr", json!(["pwd", "mfa"])), ("acr", json!("mfa"))] {
            identities.says(&with(person("s-1", &email), name, value));
            assert_eq!(signs_in(&Browser::new(&served), "/cases").await.path, "/cases", "{name}");
        }
        identities.says(&with(person("s-1", &email), "amr", json!(["pwd"])));
        signs_in(&Browser::new(&served), "/cases").await.says("Enter the code");
    })
    .await;
}

#[tokio::test]
async fn whoever_is_invited_or_may_sign_up_gets_an_account() {
    each_database(async |database| {
        let (office, served, identities) = office(database, |provider| provider.sign_up = true).await;
        // What the ID token does not say is asked for.
        identities.says(&json!({ "sub": "b-1" }));
        identities.says_elsewhere(&person("b-1", "new@business.example"));
        let browser = Browser::new(&served);
        let page = signs_in(&browser, "/businesses").await;
        assert_eq!(page.path, "/businesses", "{}", page.text());
        page.says("外部 花子");
        identities.says_elsewhere(&person("b-2", "new@business.example"));
        signs_in(&Browser::new(&served), "/businesses").await.says("could not be verified");

        // An address that somebody only claimed is not theirs any more.
        let locale = vocabulary::Locale::Ja;
        office.service.sign_up("claimed@business.example", "偽", PASSWORD, locale, None).await.unwrap();
        identities.says(&person("b-3", "claimed@business.example"));
        assert_eq!(signs_in(&Browser::new(&served), "/businesses").await.path, "/businesses");
        let form = Browser::new(&served);
        let sign_in = form.get("/sign-in").await.form("/sign-in").set("email", "claimed@business.example");
        form.submit(&sign_in.set("password", PASSWORD)).await.says("or the password is wrong");
    })
    .await;
    each_database(async |database| {
        let (office, served, identities) = office(database, |_| {}).await;
        let administrator = office.staff("hino", "administrator");
        let invited = "invited@hino.example";
        let role = [program::definition::Role::Clerk];
        office.service.invite_staff(administrator, "hino", invited, &role, "invite").await.unwrap();
        identities.says(&person("s-7", invited));
        let page = signs_in(&Browser::new(&served), "/cases").await;
        assert_eq!(page.path, "/cases", "the role that was promised: {}", page.text());
    })
    .await;
}

#[tokio::test]
async fn what_was_typed_waits_and_money_is_asked_for_afresh() {
    each_database(async |database| {
        let (office, served, identities) = office(database, |_| {}).await;
        let life = office.life(SALES_CHANNEL, 0).await;
        identities.says(&person("o-1", &life.party.owner.email));
        let browser = Browser::new(&served);
        let path = format!("/applications/{}/act/submit", life.application);
        let form = signs_in(&browser, &path).await.form(&path).set("v.contact_name", "日野 花子").set("step", "next");
        office.clock.advance(TimeDelta::hours(25));
        let ended = browser.submit(&form).await;
        let back = to_the_provider(&browser, &ended).await;
        let resumed = browser.get(&back).await;
        resumed.says("Go on where you were");
        browser.submit(&resumed.form(&path)).await;
        assert_eq!(browser.get(&path).await.form(&path).get("v.contact_name"), "日野 花子");

        // A token opens the account: the provider has to ask again, and says when it did.
        let tokens = "/account/security/tokens";
        office.clock.advance(TimeDelta::minutes(11));
        let token = browser.get("/account/security").await.form(tokens).set("name", "x").set("scope", "read");
        let asked = browser.submit(&token).await;
        assert_eq!(asked.status, StatusCode::FORBIDDEN);
        let earlier = office.clock.now().timestamp() - 660;
        identities.says(&with(person("o-1", &life.party.owner.email), "auth_time", json!(earlier)));
        let back = to_the_provider(&browser, &asked).await;
        browser.get(&back).await.says("did not ask who you are");
        identities.says(&person("o-2", &life.party.owner.email));
        let asked = browser.submit(&token).await;
        let back = to_the_provider(&browser, &asked).await;
        browser.get(&back).await.says("somebody else than who is signed in");
        identities.says(&person("o-1", &life.party.owner.email));
        let asked = browser.submit(&token).await;
        let back = to_the_provider(&browser, &asked).await;
        let resumed = browser.get(&back).await;
        browser.submit(&resumed.form(tokens)).await.says("The token was made");
    })
    .await;
}

#[tokio::test]
async fn whoever_is_signed_in_links_a_provider_and_removes_it_again() {
    each_database(async |database| {
        let (office, served, identities) = office(database, |_| {}).await;
        let clerk = office.staff("hino", "clerk");
        let (security, link, unlink) =
            ("/account/security", "/account/security/providers", "/account/security/providers/remove");
        let browser = Browser::signed_in(&served, &office, &clerk.email).await;
        let goes = async |browser: &Browser| {
            let onward = browser.submit(&browser.get(security).await.form(link).set("provider", "staff")).await;
            onward.says("On to the other site");
            let away = browser.get_once(&onward.link("Continue")).await;
            let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
            let back = http.get(away.headers[LOCATION].to_str().unwrap()).send().await.unwrap();
            let back = back.headers()[LOCATION].to_str().unwrap();
            browser.get(back.strip_prefix(BASE_URL).unwrap()).await
        };

        // The provider knows them by another address; from now on the subject opens the account.
        identities.says(&person("s-1", "k.tanaka@directory.example"));
        browser.get(security).await.says("Not linked");
        let linked = goes(&browser).await;
        assert_eq!((linked.path.as_str(), linked.status), (security, StatusCode::OK));
        linked.says("Linked").silent("Not linked").says(&clerk.email);
        assert_eq!(signs_in(&Browser::new(&served), "/cases").await.path, "/cases");

        // Somebody else does not get it, too; nor does anybody whose account has another.
        let reviewer = Browser::signed_in(&served, &office, &office.staff("hino", "reviewer").email).await;
        goes(&reviewer).await.says("This identity opens another account").says("Not linked");
        let stale = browser.get(security).await;
        assert!(stale.forms().iter().all(|form| form.action != link), "it is linked already");

        // Whoever was away for a while shows first who they are.
        office.clock.advance(TimeDelta::minutes(11));
        let asked = browser.submit(&stale.form(unlink).set("provider", "staff")).await;
        asked.says("Please show who you are");
        let resumed = browser.submit(&asked.form("/sign-in/again").set("password", PASSWORD)).await;
        let removed = browser.submit(&resumed.form(unlink).set("provider", "staff")).await;
        removed.says("The link was removed").says("Not linked");
        signs_in(&Browser::new(&served), "/cases").await.says("no account and no invitation");
        office.worker.tick().await.unwrap();
        let told: Vec<String> = office.mail.take().into_iter().map(|mail| mail.subject).collect();
        assert_eq!(told.iter().filter(|subject| subject.contains("ログインできるように")).count(), 1, "{told:?}");
        assert_eq!(told.iter().filter(|subject| subject.contains("ログインできなくなり")).count(), 1, "{told:?}");

        // The last way in stays.
        identities.says(&person("s-8", "invited@hino.example"));
        let role = [program::definition::Role::Clerk];
        let administrator = office.staff("hino", "administrator");
        office.service.invite_staff(administrator, "hino", "invited@hino.example", &role, "invite").await.unwrap();
        let invited = Browser::new(&served);
        signs_in(&invited, "/cases").await;
        let refused = invited.submit(&invited.get(security).await.form(unlink).set("provider", "staff")).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        refused.says("There is no other way in").says("Linked");
    })
    .await;
}
