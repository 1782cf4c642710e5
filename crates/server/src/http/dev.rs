//! Helpers for development: mails, a console, one-click sign-in. Not mounted in production.

use std::path::Path;
use std::sync::Arc;

use poem::http::header::{CONTENT_SECURITY_POLICY, HeaderValue};
use poem::{Request, Response, Route};
use portal::dev::{CONSOLE_SCRIPT, MailEntry, Person, STYLE};
use serde::Deserialize;

use super::input::{Accepts, read};
use super::reply::{Problem, Reply, html};
use super::session::{must_be_own_page, welcome};
use super::{Site, at};
use crate::demonstration;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; \
                      frame-ancestors 'none'; form-action 'self'";

pub fn routes(site: &Arc<Site>) -> Route {
    Route::new()
        .at("/mail", poem::get(at(site, mails)))
        .at("/mail/:file", poem::get(at(site, mail)))
        .at("/graphiql", poem::get(at(site, console)))
        .at("/sign-in", poem::get(at(site, people)).post(at(site, sign_in)))
        .at("/style.css", poem::get(at(site, style)))
        .at("/console.js", poem::get(at(site, script)))
}

fn shown(text: String) -> Response {
    let mut response = html(text);
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

async fn style(_: Arc<Site>, _: Request) -> Reply {
    Ok(Response::builder().content_type("text/css; charset=utf-8").body(STYLE))
}

async fn script(_: Arc<Site>, _: Request) -> Reply {
    Ok(Response::builder().content_type("text/javascript; charset=utf-8").body(CONSOLE_SCRIPT))
}

async fn console(_: Arc<Site>, _: Request) -> Reply {
    Ok(shown(portal::dev::console()))
}

/// Newest first: the names of the files are in order of time.
async fn mails(site: Arc<Site>, _: Request) -> Reply {
    const MOST: usize = 200;
    let Some(data) = &site.development else { return Err(Problem::not_found()) };
    let mut files = Vec::new();
    if let Ok(mut folder) = tokio::fs::read_dir(data.join("mail")).await {
        while let Ok(Some(entry)) = folder.next_entry().await {
            files.extend(entry.file_name().into_string().ok().filter(|name| is_mail(name)));
        }
    }
    files.sort_by(|a, b| b.cmp(a));
    let mut entries = Vec::new();
    for file in files.into_iter().take(MOST) {
        entries.extend(read_mail(data, &file).await.map(|(entry, _)| entry));
    }
    Ok(shown(portal::dev::mail_list(&entries)))
}

async fn mail(site: Arc<Site>, request: Request) -> Reply {
    let Some(data) = &site.development else { return Err(Problem::not_found()) };
    let file = request.raw_path_param("file").filter(|name| is_mail(name)).ok_or_else(Problem::not_found)?;
    let (entry, text) = read_mail(data, file).await.ok_or_else(Problem::not_found)?;
    Ok(shown(portal::dev::mail_view(&entry, &text)))
}

fn is_mail(name: &str) -> bool {
    name.strip_suffix(".eml")
        .is_some_and(|stem| !stem.is_empty() && stem.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
}

async fn read_mail(data: &Path, file: &str) -> Option<(MailEntry, String)> {
    let bytes = tokio::fs::read(data.join("mail").join(file)).await.ok()?;
    let mail = eml::parse(&bytes);
    let entry = MailEntry {
        file: file.to_owned(),
        to: mail.header("to"),
        subject: mail.header("subject"),
        date: mail.header("date"),
    };
    Some((entry, mail.text))
}

async fn people(site: Arc<Site>, _: Request) -> Reply {
    let Some(data) = &site.development else { return Err(Problem::not_found()) };
    let person =
        |account: demonstration::Account| Person { email: account.email, name: account.name, label: account.label };
    let people: Vec<_> = demonstration::accounts(data).into_iter().map(person).collect();
    Ok(shown(portal::dev::sign_in(&people)))
}

#[derive(Deserialize)]
struct Chosen {
    email: String,
}

async fn sign_in(site: Arc<Site>, request: Request) -> Reply {
    must_be_own_page(&site.policy, &request)?;
    let (request, Chosen { email }) = read(request, Accepts::JsonOrForm).await?;
    let session = site.service.demo_sign_in(&email).await?;
    Ok(welcome(&site, &request, &session))
}

/// Just enough of the mail format to read back what we wrote ourselves.
mod eml {
    use std::collections::BTreeMap;

    pub struct Mail {
        headers: BTreeMap<String, String>,
        pub text: String,
    }

    impl Mail {
        pub fn header(&self, name: &str) -> String {
            self.headers.get(name).cloned().unwrap_or_default()
        }
    }

    pub fn parse(bytes: &[u8]) -> Mail {
        let whole = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
        let (head, body) = whole.split_once("\n\n").unwrap_or((&whole, ""));
        let unfolded = head.replace("\n ", " ").replace("\n\t", " ");
        let headers: BTreeMap<String, String> = unfolded
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), decoded_words(value.trim())))
            .collect();
        let text = match headers.get("content-transfer-encoding").map(|how| how.to_ascii_lowercase()).as_deref() {
            Some("base64") => lossy(base64(body)),
            Some("quoted-printable") => lossy(quoted_printable(&body.replace("=\n", ""), false)),
            _ => body.to_owned(),
        };
        Mail { headers, text: text.replace("\r\n", "\n") }
    }

    fn lossy(bytes: Vec<u8>) -> String {
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// `=?utf-8?b?…?=`; white space between two of them is dropped.
    fn decoded_words(text: &str) -> String {
        let mut shown = String::new();
        let mut after_word = false;
        for word in text.split(' ') {
            let encoded = word.strip_prefix("=?").and_then(|word| word.strip_suffix("?="));
            let parts: Vec<&str> = encoded.map(|encoded| encoded.splitn(3, '?').collect()).unwrap_or_default();
            let decoded = match parts.as_slice() {
                [_, "b" | "B", data] => Some(lossy(base64(data))),
                [_, "q" | "Q", data] => Some(lossy(quoted_printable(data, true))),
                _ => None,
            };
            let joined = after_word && decoded.is_some();
            if !shown.is_empty() && !joined {
                shown.push(' ');
            }
            after_word = decoded.is_some();
            shown.push_str(decoded.as_deref().unwrap_or(word));
        }
        shown
    }

    fn base64(text: &str) -> Vec<u8> {
        let value = |byte: u8| match byte {
            b'A'..=b'Z' => Some(byte - b'A'),
            b'a'..=b'z' => Some(byte - b'a' + 26),
            b'0'..=b'9' => Some(byte - b'0' + 52),
            b'+' => Some(62),
            b'/' => Some(63),
            _ => None,
        };
        let (mut bytes, mut buffer, mut bits) = (Vec::new(), 0_u32, 0);
        for digit in text.bytes().filter_map(value) {
            buffer = (buffer << 6) | u32::from(digit);
            bits += 6;
            if bits >= 8 {
                bits -= 8;
                bytes.extend(u8::try_from((buffer >> bits) & 0xff));
            }
        }
        bytes
    }

    fn quoted_printable(text: &str, in_header: bool) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut rest = text.bytes();
        while let Some(byte) = rest.next() {
            match byte {
                b'=' => {
                    let digits: Vec<u8> = rest.by_ref().take(2).collect();
                    let parsed = std::str::from_utf8(&digits).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok());
                    bytes.extend(parsed);
                }
                b'_' if in_header => bytes.push(b' '),
                _ => bytes.push(byte),
            }
        }
        bytes
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn reads_back_encoded_mails() {
            let mail = parse(
                b"Subject: =?utf-8?b?5Y+X?= =?utf-8?b?5LuY?= x\r\nTo: a@example.jp\r\n\
                  Content-Transfer-Encoding: base64\r\n\r\n5pys\r\n5paH\r\n",
            );
            assert_eq!((mail.header("subject").as_str(), mail.text.as_str()), ("受付 x", "本文"));
            let mail = parse(b"Content-Transfer-Encoding: quoted-printable\n\na=E6=9C=AC=\nb\n");
            assert_eq!(mail.text, "a本b\n");
        }
    }
}
