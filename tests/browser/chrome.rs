//! A Chromium of one's own, driven by WebDriver, closed also when the test fails.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::panic::AssertUnwindSafe;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use base64::Engine as _;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use futures_util::FutureExt as _;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use testkit::TestOffice;
use testkit::office::PASSWORD;

use acceptance::site::Served;

/// Where `cargo xtask setup` puts it, unless `AXE_CORE` says otherwise.
const AXE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/tools/node_modules/axe-core/axe.min.js");

/// WCAG 2.2 at level AA, with all that it builds on.
const RULES: [&str; 5] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

pub struct Chrome {
    pub client: Client,
    base: String,
}

struct Driver(Child);

impl Drop for Driver {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// How the browser is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    pub scripts: bool,
    pub width: u32,
    /// Of the browser, which is the language of the pages until another one is chosen.
    pub language: &'static str,
    pub dark: bool,
}

pub const DESK: Setting = Setting { scripts: true, width: 1200, language: "en-US", dark: false };
pub const PHONE: Setting = Setting { width: 390, ..DESK };

/// A command of Chromium's own protocol.
#[derive(Debug)]
struct Devtools(&'static str, Value);

impl WebDriverCompatibleCommand for Devtools {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(json!({ "cmd": self.0, "params": self.1 }).to_string()))
    }
}

/// A port for a driver. It listens on the same one for both versions of IP, so that a port which the system gives out for
/// one of them may be taken on the other by any connection of the tests; these lie below those that it gives out.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let candidates = std::iter::repeat_with(|| 21_000 + NEXT.fetch_add(1, Ordering::Relaxed) % 10_000);
    let is_free =
        |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok() && TcpListener::bind(("::1", *port)).is_ok();
    candidates.take(10_000).find(is_free).expect("a free port")
}

/// Gives the test a browser that looks at the site, and takes it away afterwards.
pub async fn browse(served: &Served, setting: Setting, test: impl AsyncFnOnce(&Chrome)) {
    let port = free_port();
    let mut child = Command::new("chromedriver")
        .arg(format!("--port={port}"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("chromedriver; `cargo xtask setup` installs it");
    let mut said = Vec::new();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let _driver = Driver(child);
    let started =
        lines.by_ref().inspect(|line| said.push(line.clone())).any(|line| line.contains("started successfully"));
    assert!(started, "chromedriver has ended: {said:#?}");

    let mut arguments =
        vec!["--headless=new".to_owned(), "--no-sandbox".to_owned(), "--disable-dev-shm-usage".to_owned()];
    arguments.push(format!("--lang={}", setting.language));
    arguments.push(format!("--accept-lang={}", setting.language));
    if setting.dark {
        arguments.push("--force-dark-mode".to_owned());
    }
    let options = json!({ "args": arguments, "binary": "/usr/bin/chromium" });
    let Value::Object(capabilities) = json!({ "goog:chromeOptions": options }) else { unreachable!() };
    let client = ClientBuilder::new(HttpConnector::new())
        .capabilities(capabilities)
        .connect(&format!("http://127.0.0.1:{port}"))
        .await
        .expect("a Chromium");
    let chrome = Chrome { client: client.clone(), base: served.origin.clone() };
    chrome.set(setting).await;
    let outcome = AssertUnwindSafe(test(&chrome)).catch_unwind().await;
    client.close().await.ok();
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

impl Chrome {
    pub async fn devtools(&self, command: &'static str, parameters: Value) -> Value {
        self.client.issue_cmd(Devtools(command, parameters)).await.unwrap()
    }

    async fn set(&self, setting: Setting) {
        let size = json!({ "width": setting.width, "height": 844, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
        let scheme = json!({ "name": "prefers-color-scheme", "value": if setting.dark { "dark" } else { "light" } });
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": [scheme] })).await;
        if !setting.scripts {
            self.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": true })).await;
        }
    }

    /// Another screen, other colors, another language from the next page on.
    pub async fn change(&self, setting: Setting) {
        self.set(setting).await;
        let language = json!({ "name": "language", "value": setting.language.split('-').next(), "url": self.base });
        self.devtools("Network.setCookie", language).await;
    }

    /// The upper part of the page, as WebP.
    pub async fn picture(&self, height: u32) -> Vec<u8> {
        let width = self.ask("return window.innerWidth", Vec::new()).await;
        let clip = json!({ "x": 0, "y": 0, "width": width, "height": height, "scale": 1 });
        let wanted = json!({ "format": "webp", "quality": 60, "clip": clip });
        let taken = self.client.issue_cmd(Devtools("Page.captureScreenshot", wanted)).await.unwrap();
        base64::engine::general_purpose::STANDARD.decode(taken["data"].as_str().unwrap()).unwrap()
    }

    /// Whether the browser reaches anything at all.
    pub async fn connect(&self, is_connected: bool) {
        let network = json!({
            "offline": !is_connected, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1,
        });
        self.devtools("Network.enable", json!({})).await;
        self.devtools("Network.emulateNetworkConditions", network).await;
    }

    pub async fn go(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.base)).await.unwrap();
    }

    /// Path and query of the page.
    pub async fn here(&self) -> String {
        let url = self.client.current_url().await.unwrap();
        url.as_str().strip_prefix(&*self.base).unwrap().to_owned()
    }

    pub async fn ask(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.client.execute(script, arguments).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    pub async fn text(&self) -> String {
        self.client.find(Locator::Css("body")).await.unwrap().text().await.unwrap()
    }

    #[track_caller]
    pub fn says(&self, words: &str) -> impl Future<Output = ()> {
        let place = std::panic::Location::caller();
        async move {
            let found =
                self.client.wait().for_element(Locator::XPath(&format!("//body[contains(., \"{words}\")]"))).await;
            assert!(found.is_ok(), "{place}: `{words}` is not in {}: {}", self.here().await, self.text().await);
        }
    }

    /// Nothing sticks out to the side, and axe finds nothing.
    #[track_caller]
    pub fn is_accessible(&self) -> impl Future<Output = ()> {
        let place = std::panic::Location::caller();
        async move {
            let here = self.here().await;
            let wide = self.ask("return document.documentElement.scrollWidth - window.innerWidth", Vec::new()).await;
            assert!(wide.as_i64().unwrap() <= 0, "{place}: {here} is {wide} px too wide");
            assert_eq!(self.findings().await, json!([]), "{place}: {here}");
        }
    }

    /// What axe finds on the page.
    pub async fn findings(&self) -> Value {
        let path = std::env::var("AXE_CORE").unwrap_or_else(|_| AXE.to_owned());
        let axe = std::fs::read_to_string(path).expect("axe-core; `cargo xtask setup` installs it");
        self.ask(&axe, Vec::new()).await;
        let run = "const [rules, done] = arguments; axe.run(document, { runOnly: rules }).then((all) => \
                   done(all.violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => n.html + ' ' + \
                   n.failureSummary).join(' | ')}`)))";
        self.client.execute_async(run, vec![json!(RULES)]).await.unwrap()
    }

    pub async fn sign_in(&self, office: &TestOffice, email: &str) {
        let account = office.viewer(email).await.person.id;
        office.service.set_password(account, PASSWORD).await.unwrap();
        self.client.delete_all_cookies().await.unwrap();
        self.go("/sign-in").await;
        for (id, text) in [("email", email), ("password", PASSWORD)] {
            self.client.find(Locator::Id(id)).await.unwrap().send_keys(text).await.unwrap();
        }
        self.client.find(Locator::Css("main button")).await.unwrap().click().await.unwrap();
        self.client.wait().for_element(Locator::Css("form[action='/sign-out']")).await.unwrap();
    }
}
