//! Passkeys, with the authenticator that Chromium plays.

use acceptance::authenticator;
use acceptance::site::Served;
use chrono::TimeDelta;
use fantoccini::Locator;
use serde_json::{Value, json};
use service::{Device, SignIn};
use testkit::office::PASSWORD;
use testkit::{TestDatabase, TestOffice};
use vocabulary::Clock as _;

use crate::chrome::{Chrome, DESK, PHONE, Setting, browse};

const SECURITY: &str = "/account/security";
const SHOW: &str = "form[action='/sign-in/passkey'] button";
const MAKE: &str = "form[action='/account/security/passkeys'] button";
const SIGN_OUT: &str = "form[action='/sign-out'] button";

/// A device that opens to its owner without being touched.
struct Authenticator<'a> {
    chrome: &'a Chrome,
    id: Value,
}

impl<'a> Authenticator<'a> {
    async fn plugged_in(chrome: &'a Chrome) -> Self {
        chrome.devtools("WebAuthn.enable", json!({})).await;
        let options = json!({
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": true, "hasUserVerification": true,
            "isUserVerified": true, "automaticPresenceSimulation": true,
        });
        let added = chrome.devtools("WebAuthn.addVirtualAuthenticator", json!({ "options": options })).await;
        Self { chrome, id: added["authenticatorId"].clone() }
    }

    /// Its counter shows fewer uses than before, as that of a copy.
    async fn turn_back(&self) {
        let of_this = json!({ "authenticatorId": self.id });
        let mut credential = self.chrome.devtools("WebAuthn.getCredentials", of_this).await["credentials"][0].take();
        let id = json!({ "authenticatorId": self.id, "credentialId": credential["credentialId"] });
        self.chrome.devtools("WebAuthn.removeCredential", id).await;
        credential["signCount"] = json!(0);
        let copy = json!({ "authenticatorId": self.id, "credential": credential });
        self.chrome.devtools("WebAuthn.addCredential", copy).await;
    }
}

async fn press(chrome: &Chrome, css: &str) {
    chrome.client.find(Locator::Css(css)).await.unwrap().click().await.unwrap();
}

async fn make(chrome: &Chrome, name: &str) {
    chrome.go(SECURITY).await;
    chrome.client.find(Locator::Id("passkey-name")).await.unwrap().send_keys(name).await.unwrap();
    press(chrome, MAKE).await;
}

async fn sign_out(chrome: &Chrome) {
    press(chrome, SIGN_OUT).await;
    chrome.client.wait().for_element(Locator::Css("header a[href='/sign-in']")).await.unwrap();
}

async fn is_at(chrome: &Chrome, path: &str) {
    chrome.client.wait().for_element(Locator::Css(SIGN_OUT)).await.unwrap();
    assert_eq!(chrome.here().await, path);
}

/// What the script would send, kept back.
async fn answer(chrome: &Chrome) -> Value {
    let script = "const [done] = arguments; const form = document.querySelector(\"form[data-passkey]\"); \
                  fetch(form.dataset.passkey, { method: 'POST', body: new URLSearchParams(new FormData(form)), \
                  headers: { Accept: 'text/html' } }).then((answer) => answer.json()).then(async (asked) => { \
                  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(asked.options); \
                  const shown = await navigator.credentials.get({ publicKey }); \
                  done({ request: asked.request, answer: JSON.stringify(shown) }); })";
    chrome.client.execute_async(script, Vec::new()).await.unwrap()
}

async fn send(chrome: &Chrome, answer: &Value) {
    let script = "const form = document.querySelector(\"form[data-passkey]\"); \
                  for (const [name, value] of Object.entries(arguments[0])) form.elements[name].value = value; \
                  form.submit()";
    chrome.ask(script, vec![answer.clone()]).await;
}

#[tokio::test]
async fn a_passkey_is_made_shown_and_removed() {
    let database = TestDatabase::sqlite();
    let office = TestOffice::of(&database, &["hino"]).await;
    let served = Served::by_name(&office, false, Vec::new()).await;
    let email = office.staff("hino", "clerk").email.clone();
    browse(&served, DESK, async |chrome| {
        let device = Authenticator::plugged_in(chrome).await;
        chrome.sign_in(&office, &email).await;
        make(chrome, " ").await;
        chrome.says("Please enter 1 to 100 characters").await;
        chrome.is_accessible().await;
        make(chrome, "窓口のパソコン").await;
        chrome.says("The passkey was added").await;
        chrome.says("窓口のパソコン").await;
        for setting in [DESK, Setting { language: "ja", dark: true, ..PHONE }, DESK] {
            chrome.change(setting).await;
            chrome.go(SECURITY).await;
            chrome.is_accessible().await;
        }
        // The device has it already.
        make(chrome, "もう一つ").await;
        chrome.says("The passkey was not shown").await;

        // It signs in alone, and as fresh as can be.
        chrome.go(SECURITY).await;
        sign_out(chrome).await;
        chrome.go("/sign-in?next=/cases").await;
        chrome.is_accessible().await;
        press(chrome, SHOW).await;
        is_at(chrome, "/cases").await;
        office.clock.advance(TimeDelta::minutes(11));
        chrome.go(SECURITY).await;
        press(chrome, "button[name='passkey']").await;
        chrome.says("Please show who you are").await;
        chrome.is_accessible().await;
        press(chrome, SHOW).await;
        chrome.says("Go on where you were").await;
        sign_out(chrome).await;

        // A copy is noticed.
        device.turn_back().await;
        chrome.go("/sign-in").await;
        press(chrome, SHOW).await;
        chrome.says("does not open an account here").await;
        chrome.is_accessible().await;
        chrome.sign_in(&office, &email).await;
        chrome.go(SECURITY).await;
        chrome.says("Failed sign-in").await;
        press(chrome, "button[name='passkey']").await;
        chrome.says("The passkey was removed").await;
        sign_out(chrome).await;
        chrome.go("/sign-in").await;
        press(chrome, SHOW).await;
        chrome.says("does not open an account here").await;
    })
    .await;
}

#[tokio::test]
async fn an_answer_counts_once_here_and_now() {
    let database = TestDatabase::sqlite();
    let office = TestOffice::of(&database, &["hino"]).await;
    let served = Served::by_name(&office, false, Vec::new()).await;
    let email = office.staff("hino", "clerk").email.clone();
    browse(&served, DESK, async |chrome| {
        let _device = Authenticator::plugged_in(chrome).await;
        chrome.sign_in(&office, &email).await;
        make(chrome, "鍵").await;
        chrome.says("The passkey was added").await;
        sign_out(chrome).await;

        chrome.go("/sign-in").await;
        let late = answer(chrome).await;
        office.clock.advance(TimeDelta::minutes(5));
        send(chrome, &late).await;
        chrome.says("took too long").await;

        chrome.go("/sign-in").await;
        let stolen = answer(chrome).await;
        chrome.client.delete_all_cookies().await.unwrap();
        chrome.go("/sign-in").await;
        send(chrome, &stolen).await;
        chrome.says("took too long").await;

        chrome.go("/sign-in").await;
        let mut changed = answer(chrome).await;
        let mut shown: Value = serde_json::from_str(changed["answer"].as_str().unwrap()).unwrap();
        shown["response"]["authenticatorData"] = json!("AAAA");
        changed["answer"] = json!(shown.to_string());
        send(chrome, &changed).await;
        chrome.says("does not open an account here").await;

        // To another question.
        chrome.go("/sign-in").await;
        let (first, mut second) = (answer(chrome).await, answer(chrome).await);
        second["answer"] = first["answer"].clone();
        send(chrome, &second).await;
        chrome.says("does not open an account here").await;

        chrome.go("/sign-in?next=/cases").await;
        let right = answer(chrome).await;
        send(chrome, &right).await;
        is_at(chrome, "/cases").await;
        sign_out(chrome).await;
        chrome.go("/sign-in").await;
        send(chrome, &right).await;
        chrome.says("took too long").await;
    })
    .await;
}

#[tokio::test]
async fn a_passkey_stands_for_the_code() {
    let database = TestDatabase::sqlite();
    let office = TestOffice::of(&database, &["hino"]).await;
    let served = Served::by_name(&office, false, Vec::new()).await;
    let clerk = office.staff("hino", "clerk");
    browse(&served, DESK, async |chrome| {
        let _device = Authenticator::plugged_in(chrome).await;
        chrome.sign_in(&office, &clerk.email).await;
        make(chrome, "鍵").await;
        chrome.says("The passkey was added").await;
        let SignIn::Done(session) = office.service.sign_in(&clerk.email, PASSWORD, Device::default()).await.unwrap()
        else {
            panic!("no second factor is set up yet");
        };
        let begun = office.service.begin_second_factor(&session.viewer, "b").await.unwrap();
        let code = authenticator::code(&begun.secret, office.clock.now());
        office.service.confirm_second_factor(&session.viewer, &code, "c").await.unwrap();
        sign_out(chrome).await;
        chrome.go("/sign-in?next=/cases").await;
        for (id, text) in [("email", clerk.email.as_str()), ("password", PASSWORD)] {
            chrome.client.find(Locator::Id(id)).await.unwrap().send_keys(text).await.unwrap();
        }
        press(chrome, "main form button").await;
        chrome.says("Enter the code that your authenticator app shows").await;
        chrome.is_accessible().await;
        press(chrome, SHOW).await;
        is_at(chrome, "/cases").await;
    })
    .await;
}

#[tokio::test]
async fn staff_may_have_a_passkey_as_their_second_factor() {
    let database = TestDatabase::sqlite();
    let office = TestOffice::of(&database, &["hino"]).await;
    let served = Served::by_name(&office, true, Vec::new()).await;
    let email = office.staff("hino", "clerk").email.clone();
    browse(&served, DESK, async |chrome| {
        let _device = Authenticator::plugged_in(chrome).await;
        chrome.sign_in(&office, &email).await;
        chrome.go("/cases").await;
        chrome.says("Staff need a second factor here").await;
        press(chrome, "a[href='/account/security#passkeys']").await;
        make(chrome, "鍵").await;
        chrome.says("The passkey was added").await;
        chrome.go("/cases").await;
        is_at(chrome, "/cases").await;

        // Whoever knows the password alone gets no further, and makes no passkey of their own.
        chrome.sign_in(&office, &email).await;
        make(chrome, "別の人の鍵").await;
        chrome.says("Please sign in with your passkey first").await;
        chrome.go("/cases").await;
        chrome.says("Staff need a second factor here").await;
        chrome.is_accessible().await;
        press(chrome, SHOW).await;
        chrome.client.wait().for_element(Locator::Css("nav a[href='/cases']")).await.unwrap();
        chrome.go("/cases").await;
        is_at(chrome, "/cases").await;
    })
    .await;
}
