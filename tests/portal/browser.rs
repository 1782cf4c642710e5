//! A browser without scripts: cookies, links, forms that are filled in and sent as a person would.

use std::collections::BTreeMap;
use std::sync::Mutex;

use acceptance::site::Served;
use reqwest::header::{ACCEPT, COOKIE, HeaderMap, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::multipart::{Form as Multipart, Part};
use reqwest::{Method, StatusCode};
use testkit::TestOffice;
use testkit::office::{BASE_URL, PASSWORD};

/// Bytes that a page may have over the wire, with its style; the studio, in which definitions are written, more.
const LARGEST_PAGE: usize = 50 * 1024;
const LARGEST_STUDIO: usize = 300 * 1024;

pub struct Browser {
    base: String,
    http: reqwest::Client,
    cookies: Mutex<BTreeMap<String, String>>,
    pub language: &'static str,
}

/// A page, checked: nothing of the inside is in it, and it is under a strict policy.
#[derive(Clone, Debug)]
pub struct Page {
    pub path: String,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub html: String,
}

/// A form of a page with the values that it has.
#[derive(Clone, Debug)]
pub struct Form {
    pub action: String,
    pub fields: Vec<(String, String)>,
}

impl Form {
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(field, _)| field != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn get(&self, name: &str) -> &str {
        self.fields.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }
}

impl Browser {
    pub fn new(served: &Served) -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { base: format!("http://{}", served.address), http, cookies: Mutex::default(), language: "en" }
    }

    /// Somebody with an account that has a password, signed in by the page.
    pub async fn signed_in(served: &Served, office: &TestOffice, email: &str) -> Self {
        let account = office.viewer(email).await.person.id;
        office.service.set_password(account, PASSWORD).await.unwrap();
        let browser = Self::new(served);
        let form = browser.get("/sign-in").await.form("/sign-in").set("email", email).set("password", PASSWORD);
        let page = browser.submit(&form).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.html);
        browser
    }

    /// Goes on with another server in the place of the one before.
    pub fn moved_to(mut self, served: &Served) -> Self {
        self.base = format!("http://{}", served.address);
        self
    }

    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap().get(name).cloned()
    }

    pub fn forget(&self, name: &str) {
        self.cookies.lock().unwrap().remove(name);
    }

    pub async fn get(&self, path: &str) -> Page {
        let request = self.http.get(format!("{}{path}", self.base));
        self.follow(path, request).await
    }

    pub async fn get_once(&self, path: &str) -> Page {
        self.send(path, self.http.get(format!("{}{path}", self.base))).await
    }

    /// As it is, without following where it leads.
    pub async fn send(&self, path: &str, request: reqwest::RequestBuilder) -> Page {
        let cookies =
            self.cookies.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
        let mut request = request.header(ACCEPT, "text/html").header("accept-language", self.language);
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        for cookie in headers.get_all(SET_COOKIE) {
            let text = cookie.to_str().unwrap();
            assert!(text.contains("HttpOnly") && text.contains("SameSite=Lax") && text.contains("Secure"), "{text}");
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            match value {
                "" => self.cookies.lock().unwrap().remove(name),
                value => self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned()),
            };
        }
        let html = response.text().await.unwrap();
        let page = Page { path: path.to_owned(), status, headers, html };
        page.check();
        page
    }

    async fn follow(&self, path: &str, request: reqwest::RequestBuilder) -> Page {
        let mut page = self.send(path, request).await;
        while page.status == StatusCode::SEE_OTHER {
            let next = page.headers[LOCATION].to_str().unwrap().to_owned();
            page = self.send(&next, self.http.get(format!("{}{next}", self.base))).await;
        }
        page
    }

    pub fn post(&self, form: &Form) -> reqwest::RequestBuilder {
        let request = self.http.request(Method::POST, format!("{}{}", self.base, form.action));
        request.header(ORIGIN, BASE_URL).form(&form.fields)
    }

    pub async fn submit(&self, form: &Form) -> Page {
        self.follow(&form.action, self.post(form)).await
    }

    /// A form that only asks, with what is typed in its address.
    pub async fn look_up(&self, form: &Form) -> Page {
        self.send(&form.action, self.http.get(format!("{}{}", self.base, form.action)).query(&form.fields)).await
    }

    /// What a form answers with, as it is.
    pub async fn bytes(&self, form: &Form) -> Vec<u8> {
        let cookies =
            self.cookies.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
        let request = self.post(form).header(ACCEPT, "text/html").header(COOKIE, cookies.join("; "));
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        response.bytes().await.unwrap().to_vec()
    }

    pub async fn upload(&self, form: &Form, name: &str, bytes: Vec<u8>) -> Page {
        let mut parts = Multipart::new();
        for (name, value) in form.fields.iter().filter(|(name, _)| name != "file") {
            parts = parts.text(name.clone(), value.clone());
        }
        let parts = parts.part("file", Part::bytes(bytes).file_name(name.to_owned()));
        let request = self.http.post(format!("{}{}", self.base, form.action)).header(ORIGIN, BASE_URL).multipart(parts);
        self.follow(&form.action, request).await
    }
}

impl Page {
    fn check(&self) {
        if !self.html.starts_with("<!doctype html>") {
            return;
        }
        let policy = self.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("unsafe") && policy.contains("script-src 'nonce-"), "{policy}");
        for name in ["x-content-type-options", "strict-transport-security", "referrer-policy", "x-request-id"] {
            assert!(self.headers.contains_key(name), "{name} is missing");
        }
        assert_eq!(self.headers["cache-control"], "no-store");
        let largest = if self.path.contains("/edit") { LARGEST_STUDIO } else { LARGEST_PAGE };
        assert!(self.html.len() + 10_000 <= largest, "{}: {} bytes", self.path, self.html.len());
        for foreign in ["src=\"http", "href=\"http", " style=", " onclick=", "sqlx", "panicked"] {
            assert!(!self.html.contains(foreign), "`{foreign}` in {}", self.path);
        }
    }

    /// The text without tags, for looking at words.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut inside = false;
        for c in self.html.chars() {
            match c {
                '<' => inside = true,
                '>' => inside = false,
                c if !inside => text.push(c),
                _ => {}
            }
        }
        unescaped(&text).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[track_caller]
    pub fn says(&self, words: &str) -> &Self {
        assert!(self.text().contains(words), "`{words}` is not in {} ({}): {}", self.path, self.status, self.text());
        self
    }

    #[track_caller]
    pub fn silent(&self, words: &str) -> &Self {
        assert!(!self.text().contains(words), "`{words}` is in {}: {}", self.path, self.text());
        self
    }

    /// The first link with these words.
    #[track_caller]
    pub fn link(&self, words: &str) -> String {
        let links = self.html.split("<a ").skip(1);
        let found = links
            .filter_map(|rest| rest.split_once('>'))
            .find(|(_, rest)| unescaped(rest.split("</a>").next().unwrap_or_default()).contains(words));
        let (tag, _) = found.unwrap_or_else(|| panic!("no link `{words}` in {}: {}", self.path, self.text()));
        attribute(tag, "href").unwrap()
    }

    /// The last form with this action; of several, the one that sends on what is typed.
    #[track_caller]
    pub fn form(&self, action: &str) -> Form {
        let forms = self.forms();
        let found =
            forms.into_iter().rfind(|form| form.action == action || form.action.starts_with(&format!("{action}?")));
        found.unwrap_or_else(|| panic!("no form to {action} in {}: {}", self.path, self.html))
    }

    pub fn forms(&self) -> Vec<Form> {
        let bodies = self.html.split("<form ").skip(1).map(|rest| rest.split("</form>").next().unwrap_or_default());
        bodies
            .map(|body| {
                let action = attribute(body.split('>').next().unwrap_or_default(), "action").unwrap_or_default();
                Form { action, fields: fields(body) }
            })
            .collect()
    }
}

/// What a browser would send: without buttons, unchecked boxes and files.
fn fields(form: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for part in form.split('<') {
        let tag = part.split('>').next().unwrap_or_default();
        let Some(name) = attribute(tag, "name") else { continue };
        if tag.starts_with("input") {
            let kind = attribute(tag, "type").unwrap_or_default();
            let unchecked = matches!(kind.as_str(), "radio" | "checkbox") && !tag.ends_with(" checked");
            if kind != "file" && !unchecked {
                found.push((name, attribute(tag, "value").unwrap_or_default()));
            }
        } else if tag.starts_with("textarea") {
            let text = part.split_once('>').map_or("", |(_, text)| text);
            found.push((name, unescaped(text.strip_prefix('\n').unwrap_or(text))));
        } else if tag.starts_with("select") {
            let options = form.split(&format!("<{tag}>")).nth(1).and_then(|rest| rest.split("</select>").next());
            let options: Vec<&str> = options.unwrap_or_default().split("<option ").skip(1).collect();
            let chosen = options.iter().find(|option| option.split('>').next().unwrap().ends_with(" selected"));
            let chosen = chosen.or(options.first()).and_then(|option| attribute(option.split('>').next()?, "value"));
            found.push((name, chosen.unwrap_or_default()));
        }
    }
    found
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!("{name}=\""))?;
    Some(unescaped(rest.split('"').next()?))
}

fn unescaped(text: &str) -> String {
    let named = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#34;", "\""),
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ];
    named.iter().fold(text.to_owned(), |text, (name, c)| text.replace(name, c))
}
