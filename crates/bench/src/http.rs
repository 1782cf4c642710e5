//! Just enough HTTP/1.1 to keep a server busy: one connection, one request at a time, bodies with a known length. It
//! shares the machine with what it measures, so it does nothing else.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::Outcome;

/// A connection that is kept alive, for one person.
pub struct Connection {
    stream: TcpStream,
    head: String,
    received: Vec<u8>,
}

/// An answer is larger than this only when something is wrong.
const LARGEST_ANSWER: usize = 8 * 1024 * 1024;

impl Connection {
    pub async fn open(address: SocketAddr, token: &str) -> Outcome<Self> {
        Self::sending(address, format!("Host: {address}\r\nAuthorization: Bearer {token}\r\n")).await
    }

    /// That of a browser, with the cookie of a session where somebody is signed in.
    pub async fn of_browser(address: SocketAddr, session: Option<&str>) -> Outcome<Self> {
        let cookie = session.map(|session| format!("Cookie: session={session}\r\n")).unwrap_or_default();
        let head = format!("Host: {address}\r\nAccept: text/html\r\nAccept-Language: ja\r\n{cookie}");
        Self::sending(address, head).await
    }

    async fn sending(address: SocketAddr, head: String) -> Outcome<Self> {
        let stream =
            TcpStream::connect(address).await.map_err(|error| format!("no connection to the server: {error}"))?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        Ok(Self { stream, head, received: Vec::with_capacity(64 * 1024) })
    }

    /// Status and body.
    pub async fn get(&mut self, path: &str) -> Outcome<(u16, String)> {
        let request = format!("GET {path} HTTP/1.1\r\n{}\r\n", self.head);
        self.exchange(request.as_bytes()).await
    }

    /// The answer to a query; anything but a plain success is an error.
    pub async fn graphql(&mut self, query: &str, variables: &Value) -> Outcome<String> {
        let body = serde_json::json!({ "query": query, "variables": variables }).to_string();
        let request = format!(
            "POST /graphql HTTP/1.1\r\n{}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.head,
            body.len()
        );
        let (status, answer) = self.exchange(request.as_bytes()).await?;
        if status == 200 && !answer.contains("\"errors\":") {
            Ok(answer)
        } else {
            Err(format!("the server answered {status}: {}", shortened(&answer)))
        }
    }

    async fn exchange(&mut self, request: &[u8]) -> Outcome<(u16, String)> {
        let broken = |error: std::io::Error| format!("the connection broke: {error}");
        self.stream.write_all(request).await.map_err(broken)?;
        self.received.clear();
        let mut wanted = None;
        loop {
            if self.stream.read_buf(&mut self.received).await.map_err(broken)? == 0 {
                return Err("the server closed the connection".to_owned());
            }
            if wanted.is_none() {
                wanted = head_of(&self.received)?;
            }
            if let Some(Head { status, body, length }) = wanted
                && let Some(bytes) = self.received.get(body..body + length)
            {
                return Ok((status, String::from_utf8_lossy(bytes).into_owned()));
            }
            if self.received.len() > LARGEST_ANSWER {
                return Err("the answer is too long".to_owned());
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    /// Where the body begins.
    body: usize,
    length: usize,
}

/// None until all of it is here.
fn head_of(received: &[u8]) -> Outcome<Option<Head>> {
    let Some(end) = received.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let text = String::from_utf8_lossy(received.get(..end).unwrap_or_default());
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).ok_or("this is not HTTP")?;
    let length = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .ok_or("the answer does not say how long it is")?;
    Ok(Some(Head { status, body: end + 4, length }))
}

pub fn shortened(text: &str) -> String {
    text.chars().take(600).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_when_all_of_it_is_there() {
        assert_eq!(head_of(b"HTTP/1.1 200 OK\r\nContent-Le"), Ok(None));
        let whole = b"HTTP/1.1 200 OK\r\nA: b\r\ncontent-length: 2\r\n\r\n{}";
        assert_eq!(head_of(whole), Ok(Some(Head { status: 200, body: 44, length: 2 })));
        assert!(head_of(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
