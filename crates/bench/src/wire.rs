//! Listens between the server and PostgreSQL, and writes down every statement that goes by, with its values.
//!
//! What is counted and replayed is what was really sent, so it cannot drift from the code. Nothing is changed on the
//! way; the connection must not be encrypted.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::{TcpListener, TcpStream};

use crate::Outcome;

/// Something the server asked of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Plain text: `BEGIN`, `COMMIT`.
    Simple(String),
    Prepared {
        text: String,
        values: Vec<Parameter>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The type's number in PostgreSQL's catalogue.
    pub oid: u32,
    /// In PostgreSQL's binary form; none for NULL.
    pub bytes: Option<Vec<u8>>,
}

#[derive(Clone, Debug, Default)]
pub struct Recording {
    pub asked: Vec<Asked>,
    /// How often the server waited for the database with something asked.
    pub round_trips: usize,
    /// How often it only made sure that a connection answers: the pool does when it takes one back.
    pub probes: usize,
    /// Statements that had to be prepared first.
    pub prepared: usize,
}

/// The recording listener.
#[derive(Clone)]
pub struct Tap {
    pub address: SocketAddr,
    tape: Arc<Mutex<Option<Recording>>>,
}

impl Tap {
    pub async fn between(postgres: String) -> Outcome<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let tap = Self { address, tape: Arc::default() };
        let taping = tap.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(&postgres).await else { return };
                tokio::spawn(taping.clone().pass(client, server));
            }
        });
        Ok(tap)
    }

    pub fn start(&self) {
        *self.tape() = Some(Recording::default());
    }

    pub fn stop(&self) -> Recording {
        self.tape().take().unwrap_or_default()
    }

    fn tape(&self) -> MutexGuard<'_, Option<Recording>> {
        self.tape.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn pass(self, client: TcpStream, server: TcpStream) {
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        let (from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        tokio::spawn(async move {
            let _ = tokio::io::copy(&mut from_server, &mut to_client).await;
        });
        let mut reader = Frames { input: from_client, is_first: true };
        let mut ear = Ear::default();
        while let Ok((kind, frame)) = reader.next().await {
            if to_server.write_all(&frame).await.is_err() {
                return;
            }
            let body = frame.get(5..).unwrap_or_default();
            // What cannot be read is not written down; the count of statements shows it.
            let _ = self.hear(kind, body, &mut ear);
        }
    }

    fn hear(&self, kind: u8, body: &[u8], ear: &mut Ear) -> Option<()> {
        let mut body = Bytes(body);
        let mut tape = self.tape();
        let tape = tape.as_mut();
        match kind {
            b'P' => {
                let (name, text) = (body.text()?, body.text()?);
                let types = (0..body.short()?).map(|_| body.long()).collect::<Option<Vec<u32>>>()?;
                ear.statements.insert(name, (text, types));
                ear.is_asking = true;
                if let Some(tape) = tape {
                    tape.prepared += 1;
                }
            }
            b'B' => {
                let (_portal, name) = (body.text()?, body.text()?);
                for _ in 0..body.short()? {
                    body.short()?;
                }
                let count = body.short()?;
                let values = (0..count).map(|_| body.value()).collect::<Option<Vec<_>>>()?;
                let (text, types) = ear.statements.get(&name)?.clone();
                let values = types.into_iter().zip(values).map(|(oid, bytes)| Parameter { oid, bytes }).collect();
                ear.bound = Some(Asked::Prepared { text, values });
            }
            b'E' => {
                ear.is_asking = true;
                if let Some((tape, bound)) = tape.zip(ear.bound.take()) {
                    tape.asked.push(bound);
                }
            }
            b'Q' => {
                if let Some(tape) = tape {
                    tape.asked.push(Asked::Simple(body.text()?));
                    tape.round_trips += 1;
                }
            }
            b'S' | b'H' => {
                let is_asking = std::mem::take(&mut ear.is_asking);
                if let Some(tape) = tape {
                    *(if is_asking { &mut tape.round_trips } else { &mut tape.probes }) += 1;
                }
            }
            _ => {}
        }
        Some(())
    }
}

/// What is known of one connection.
#[derive(Default)]
struct Ear {
    /// Text and types by name.
    statements: HashMap<String, (String, Vec<u32>)>,
    bound: Option<Asked>,
    /// Since the last time that it waited.
    is_asking: bool,
}

/// The client's messages, one by one; the first has no kind.
struct Frames {
    input: OwnedReadHalf,
    is_first: bool,
}

impl Frames {
    async fn next(&mut self) -> std::io::Result<(u8, Vec<u8>)> {
        let mut frame = Vec::new();
        let kind = if std::mem::take(&mut self.is_first) { 0 } else { self.input.read_u8().await? };
        if kind != 0 {
            frame.push(kind);
        }
        let length = self.input.read_u32().await?;
        frame.extend(length.to_be_bytes());
        let rest = u64::from(length.saturating_sub(4));
        (&mut self.input).take(rest).read_to_end(&mut frame).await?;
        Ok((kind, frame))
    }
}

struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn short(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_be_bytes)
    }

    fn long(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_be_bytes)
    }

    /// Up to the zero.
    fn text(&mut self) -> Option<String> {
        let end = self.0.iter().position(|byte| *byte == 0)?;
        let text = String::from_utf8_lossy(self.take(end)?).into_owned();
        self.take(1)?;
        Some(text)
    }

    /// −1 stands for NULL.
    fn value(&mut self) -> Option<Option<Vec<u8>>> {
        match self.long()? {
            u32::MAX => Some(None),
            length => Some(Some(self.take(usize::try_from(length).ok()?)?.to_vec())),
        }
    }
}

impl Parameter {
    /// As PostgreSQL writes it, with the name of its type.
    pub fn shown(&self) -> Outcome<(Option<String>, &'static str)> {
        let name = match self.oid {
            16 => "boolean",
            17 => "bytea",
            20 => "bigint",
            21 => "smallint",
            23 => "integer",
            25 | 1043 => "text",
            1082 => "date",
            1184 => "timestamptz",
            2950 => "uuid",
            oid => return Err(format!("a statement has a value of type {oid}, which the replay does not know")),
        };
        let Some(bytes) = &self.bytes else { return Ok((None, name)) };
        Ok((written(name, bytes), name))
    }
}

fn written(name: &str, bytes: &[u8]) -> Option<String> {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let number = || match bytes.len() {
        2 => bytes.try_into().ok().map(i16::from_be_bytes).map(i64::from),
        4 => bytes.try_into().ok().map(i32::from_be_bytes).map(i64::from),
        _ => bytes.try_into().ok().map(i64::from_be_bytes),
    };
    let epoch = || chrono::NaiveDate::from_ymd_opt(2000, 1, 1)?.and_hms_opt(0, 0, 0);
    Some(match name {
        "boolean" => (bytes != [0]).to_string(),
        "bytea" => format!("\\x{}", hex(bytes)),
        "text" => String::from_utf8(bytes.to_vec()).ok()?,
        "uuid" => uuid::Uuid::from_slice(bytes).ok()?.to_string(),
        "date" => (epoch()? + chrono::TimeDelta::days(number()?)).date().to_string(),
        "timestamptz" => format!("{}+00", epoch()? + chrono::TimeDelta::microseconds(number()?)),
        _ => number()?.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(oid: u32, bytes: &[u8]) -> Option<String> {
        Parameter { oid, bytes: Some(bytes.to_vec()) }.shown().unwrap().0
    }

    #[test]
    fn values_are_written_as_postgres_does() {
        assert_eq!(shown(20, &(-7i64).to_be_bytes()).as_deref(), Some("-7"));
        assert_eq!(shown(23, &7i32.to_be_bytes()).as_deref(), Some("7"));
        assert_eq!(shown(17, &[1, 255]).as_deref(), Some("\\x01ff"));
        assert_eq!(shown(1082, &366i32.to_be_bytes()).as_deref(), Some("2001-01-01"));
        assert_eq!(shown(1184, &1_500_000i64.to_be_bytes()).as_deref(), Some("2000-01-01 00:00:01.500+00"));
        assert_eq!(Parameter { oid: 25, bytes: None }.shown(), Ok((None, "text")));
        assert!(Parameter { oid: 1, bytes: None }.shown().is_err());
    }

    #[tokio::test]
    async fn a_statement_is_heard_with_its_values() {
        let tap = Tap::between("127.0.0.1:1".to_owned()).await.unwrap();
        tap.start();
        let mut ear = Ear::default();
        let mut hear = |kind, body: &[u8]| tap.hear(kind, body, &mut ear);
        hear(b'P', b"s\0SELECT $1\0\0\x01\0\0\0\x17").unwrap();
        hear(b'B', b"\0s\0\0\x01\0\x01\0\x01\0\0\0\x04\0\0\0\x07\0\0").unwrap();
        hear(b'E', b"\0\0\0\0\0").unwrap();
        hear(b'S', b"").unwrap();
        hear(b'S', b"").unwrap();
        hear(b'Q', b"COMMIT\0").unwrap();
        let heard = tap.stop();
        assert_eq!((heard.round_trips, heard.probes, heard.prepared), (2, 1, 1));
        let values = vec![Parameter { oid: 23, bytes: Some(vec![0, 0, 0, 7]) }];
        let first = Asked::Prepared { text: "SELECT $1".to_owned(), values };
        assert_eq!(heard.asked, [first, Asked::Simple("COMMIT".to_owned())]);
    }
}
