//! The outside of a service under test: files in memory, and mail that is only written down.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

use service::{Delivery, FileStore, MailTransport, Outgoing, Sending};

/// Files by their key. Can be taken away, like a disk.
#[derive(Debug, Default)]
pub struct MemoryFiles {
    files: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl MemoryFiles {
    /// Keys in order.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    #[must_use]
    pub fn bytes(&self, key: &str) -> Option<Vec<u8>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }
}

impl MemoryFiles {
    /// As somebody with the disk in hand could.
    pub fn replace(&self, key: &str, bytes: &[u8]) {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned(), bytes.to_vec());
    }
}

impl FileStore for MemoryFiles {
    fn put<'a>(&'a self, key: &'a str, bytes: &'a [u8]) -> Pin<Box<dyn Future<Output = io::Result<()>> + Send + 'a>> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.entry(key.to_owned()).or_insert_with(|| bytes.to_vec());
        Box::pin(async { Ok(()) })
    }

    fn get<'a>(&'a self, key: &'a str) -> Pin<Box<dyn Future<Output = io::Result<Vec<u8>>> + Send + 'a>> {
        let found = self.bytes(key).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound));
        Box::pin(async { found })
    }
}

/// A mail as it would have been sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub to: String,
    pub message_id: String,
    pub subject: String,
    pub text: String,
}

/// Accepts everything and keeps it.
#[derive(Debug, Default)]
pub struct RecordingMail {
    sent: Mutex<Vec<Sent>>,
}

impl RecordingMail {
    /// What was sent since the last call, in order.
    pub fn take(&self) -> Vec<Sent> {
        std::mem::take(&mut *self.sent.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl MailTransport for RecordingMail {
    /// Head, an empty line, text.
    fn compose(&self, mail: &Outgoing) -> Result<Vec<u8>, Delivery> {
        Ok(format!("Message-ID: {}\nSubject: {}\n\n{}", mail.message_id, mail.subject, mail.text).into_bytes())
    }

    fn send<'a>(&'a self, _from: &'a str, to: &'a str, bytes: &'a [u8]) -> Sending<'a> {
        let message = String::from_utf8_lossy(bytes).into_owned();
        let (head, text) = message.split_once("\n\n").unwrap_or((&message, ""));
        let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned();
        let sent = Sent {
            to: to.to_owned(),
            message_id: header("Message-ID: "),
            subject: header("Subject: "),
            text: text.to_owned(),
        };
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).push(sent);
        Box::pin(async { Ok(()) })
    }
}
