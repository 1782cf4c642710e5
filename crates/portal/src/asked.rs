//! What a browser asks for, as the server hands it in: read within bounds, its sender identified, nothing else believed.

use poem::http::header::{ACCEPT, COOKIE, HeaderName, USER_AGENT};
use poem::http::{HeaderMap, Method};
use service::{Device, Viewer};
use vocabulary::{Locale, digest};

/// Who asks.
pub struct Visitor {
    pub viewer: Option<Viewer>,
    /// The address of the client, for limits on guessing.
    pub client: Option<String>,
    /// The first of our languages that the browser accepts.
    pub accepted: Option<Locale>,
    /// Whether the browser says that one of our own pages sends this.
    pub is_own_page: bool,
    /// Pages come by TLS, so cookies may ask for it.
    pub secure: bool,
    /// Shown to the visitor when something goes wrong, and found in the log.
    pub request_id: String,
    /// Unforeseeable, fresh for each request: nonces and keys are computed from it.
    pub secret: String,
}

/// A file that came with a form, whole and within the limit.
pub struct SentFile {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// One request.
pub struct Asked {
    pub method: Method,
    pub path: String,
    pub headers: HeaderMap,
    pub query: Vec<(String, String)>,
    /// What a form sent, in its order.
    pub fields: Vec<(String, String)>,
    pub file: Option<SentFile>,
    pub visitor: Visitor,
}

impl Asked {
    /// A field of the form; the first of that name.
    pub(crate) fn field(&self, name: &str) -> &str {
        value_of(&self.fields, name)
    }

    pub(crate) fn parameter(&self, name: &str) -> &str {
        value_of(&self.query, name)
    }

    /// The parts of the path, without empty ones.
    pub(crate) fn segments(&self) -> Vec<&str> {
        self.path.split('/').filter(|part| !part.is_empty()).collect()
    }

    /// Where the visitor is, with the parameters: for coming back after signing in.
    pub(crate) fn here(&self) -> String {
        if self.query.is_empty() {
            return self.path.clone();
        }
        let pairs: Vec<String> =
            self.query.iter().map(|(name, value)| format!("{}={}", in_url(name), in_url(value))).collect();
        format!("{}?{}", self.path, pairs.join("&"))
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        let cookies = self.headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(found, _)| *found == name).map(|(_, value)| value)
    }

    /// A browser that shows pages, not a program.
    #[must_use]
    pub fn wants_page(&self) -> bool {
        self.header(ACCEPT).contains("text/html")
    }

    /// Whence the visitor comes.
    pub(crate) fn device(&self) -> Device<'_> {
        let agent = Some(self.header(USER_AGENT)).filter(|agent| !agent.is_empty());
        Device { address: self.visitor.client.as_deref(), agent }
    }

    fn header(&self, name: HeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// A value that differs for each request and purpose, and that nobody foresees.
    pub(crate) fn fresh(&self, purpose: &str) -> String {
        digest(format!("{purpose}\n{}", self.visitor.secret).as_bytes())
    }
}

pub(crate) fn value_of<'a>(pairs: &'a [(String, String)], name: &str) -> &'a str {
    pairs.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
}

/// Text as it may stand in a query.
pub(crate) fn in_url(text: &str) -> String {
    use std::fmt::Write as _;
    let mut whole = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'~' | b'/') {
            whole.push(char::from(byte));
        } else {
            let _ = write!(whole, "%{byte:02X}");
        }
    }
    whole
}

/// A path of this site, or the start page for anything else: nobody is sent away by a link that somebody else made.
pub(crate) fn own_path(text: &str) -> &str {
    let own = text.starts_with('/')
        && !text.starts_with("//")
        && !text.contains('\\')
        && !text.chars().any(|c| c.is_control() || !c.is_ascii());
    if own { text } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_site() {
        assert_eq!(own_path("/applications/1?page=2"), "/applications/1?page=2");
        for foreign in
            ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\r\nb", ""]
        {
            assert_eq!(own_path(foreign), "/", "{foreign}");
        }
    }
}
