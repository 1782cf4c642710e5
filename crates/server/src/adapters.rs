//! The outside, behind the traits that the service asks for: the clock, randomness, mail, files.

mod oidc;

use std::future::Future;
use std::io::{Error, ErrorKind, Result, Write as _};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use chrono::{TimeDelta, Utc};
use lettre::address::Envelope;
use lettre::message::header::ContentType;
use lettre::transport::smtp::PoolConfig;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use service::{Delivery, FileStore, MailTransport, Outgoing, Sending};
use uuid::{ContextV7, Timestamp, Uuid};
use vocabulary::{Clock, Ids, Instant, to_microseconds};

pub use oidc::{OidcClient, OidcProvider};

/// The clock of this machine.
#[derive(Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        to_microseconds(Utc::now())
    }
}

/// The demonstration's clock: moved by hand through months, then running on from there.
#[derive(Debug)]
pub struct MovingClock(Mutex<Hands>);

#[derive(Clone, Copy, Debug)]
enum Hands {
    Standing(Instant),
    /// Running, this far from the clock of this machine.
    Ahead(TimeDelta),
}

impl MovingClock {
    #[must_use]
    pub fn standing_at(instant: Instant) -> Self {
        Self(Mutex::new(Hands::Standing(to_microseconds(instant))))
    }

    #[must_use]
    pub const fn ahead(of_this_machine: TimeDelta) -> Self {
        Self(Mutex::new(Hands::Ahead(of_this_machine)))
    }

    /// Moves a standing clock; never back.
    pub fn advance_to(&self, instant: Instant) {
        let mut hands = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Hands::Standing(now) = *hands {
            *hands = Hands::Standing(to_microseconds(instant).max(now));
        }
    }

    /// Lets it run from where it stands. How far it is ahead of the clock of this machine.
    pub fn run(&self) -> TimeDelta {
        let ahead = self.now() - SystemClock.now();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Hands::Ahead(ahead);
        ahead
    }
}

impl Clock for MovingClock {
    fn now(&self) -> Instant {
        match *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Hands::Standing(now) => now,
            Hands::Ahead(ahead) => to_microseconds(SystemClock.now() + ahead),
        }
    }
}

/// Time-ordered identifiers, and secrets from the operating system.
#[derive(Debug, Default)]
pub struct RandomIds {
    /// Keeps identifiers of the same millisecond in order.
    context: Mutex<ContextV7>,
}

impl Ids for RandomIds {
    fn next(&self) -> Uuid {
        let context = self.context.lock().unwrap_or_else(PoisonError::into_inner);
        Uuid::new_v7(Timestamp::now(&*context))
    }

    fn secret(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        if let Err(error) = getrandom::fill(&mut bytes) {
            // A guessable secret is worse than no process: without randomness nothing here is safe.
            tracing::error!(%error, "the operating system gives no randomness");
            std::process::abort();
        }
        bytes
    }
}

/// The bytes of a mail: the same each time for the same mail.
fn composed(mail: &Outgoing) -> std::result::Result<Vec<u8>, Delivery> {
    let wrong = |what: &str, error: &dyn std::fmt::Display| Delivery::Permanent(format!("{what}: {error}"));
    let message = Message::builder()
        .from(mail.from.parse().map_err(|error| wrong("sender", &error))?)
        .to(mail.to.parse().map_err(|error| wrong("recipient", &error))?)
        .subject(&mail.subject)
        .date(SystemTime::from(mail.date))
        .message_id(Some(mail.message_id.clone()))
        .header(ContentType::TEXT_PLAIN)
        .body(mail.text.clone());
    message.map(|message| message.formatted()).map_err(|error| wrong("message", &error))
}

/// Mail by SMTP.
pub struct SmtpMail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

const SMTP_TIMEOUT: Duration = Duration::from_secs(30);

impl SmtpMail {
    /// # Errors
    /// When the address of the server cannot be understood.
    pub fn new(url: &str) -> std::result::Result<Self, String> {
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|error| error.to_string())?;
        let pool = PoolConfig::new().max_size(4).idle_timeout(Duration::from_secs(30));
        Ok(Self { transport: builder.timeout(Some(SMTP_TIMEOUT)).pool_config(pool).build() })
    }

    /// # Errors
    /// When the server does not answer.
    pub async fn check(&self) -> std::result::Result<bool, String> {
        self.transport.test_connection().await.map_err(|error| error.to_string())
    }

    async fn hand_over(&self, from: &str, to: &str, bytes: &[u8]) -> std::result::Result<(), Delivery> {
        let permanent = |error: lettre::address::AddressError| Delivery::Permanent(error.to_string());
        let (from, to) = (from.parse().map_err(permanent)?, to.parse().map_err(permanent)?);
        let envelope = Envelope::new(Some(from), vec![to]).map_err(|error| Delivery::Permanent(error.to_string()))?;
        match self.transport.send_raw(&envelope, bytes).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() => Err(Delivery::Permanent(error.to_string())),
            Err(error) => Err(Delivery::Transient(error.to_string())),
        }
    }
}

impl MailTransport for SmtpMail {
    fn compose(&self, mail: &Outgoing) -> std::result::Result<Vec<u8>, Delivery> {
        composed(mail)
    }

    fn send<'a>(&'a self, from: &'a str, to: &'a str, bytes: &'a [u8]) -> Sending<'a> {
        Box::pin(self.hand_over(from, to, bytes))
    }
}

/// Mails as `.eml` files in a folder, for development: one file a mail, however often it is sent.
pub struct MailFolder {
    folder: PathBuf,
}

impl MailFolder {
    #[must_use]
    pub const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }
}

/// The part of `Message-ID` before the host, as far as it can be a file's name.
fn file_name(bytes: &[u8]) -> String {
    let head = String::from_utf8_lossy(bytes.get(..bytes.len().min(4_096)).unwrap_or_default());
    let id = head.lines().find_map(|line| line.strip_prefix("Message-ID:"));
    let id = id.and_then(|id| id.trim().trim_start_matches('<').split('@').next()).unwrap_or_default();
    let safe: String = id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(80).collect();
    let name = if safe.is_empty() { vocabulary::digest(bytes) } else { safe };
    format!("{name}.eml")
}

impl MailTransport for MailFolder {
    fn compose(&self, mail: &Outgoing) -> std::result::Result<Vec<u8>, Delivery> {
        composed(mail)
    }

    fn send<'a>(&'a self, _from: &'a str, _to: &'a str, bytes: &'a [u8]) -> Sending<'a> {
        let path = self.folder.join(file_name(bytes));
        let bytes = bytes.to_vec();
        Box::pin(async move {
            let written = off_thread(move || write_durably(&path, &bytes)).await;
            written.map_err(|error| Delivery::Transient(error.to_string()))
        })
    }
}

/// Uploaded files in a folder, under the names that the service gives them.
pub struct FileFolder {
    folder: PathBuf,
}

impl FileFolder {
    #[must_use]
    pub const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    fn path(&self, key: &str) -> Result<PathBuf> {
        let plain = |part: &str| {
            let known = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
            !part.is_empty() && !part.starts_with('.') && part.bytes().all(known)
        };
        if !key.split('/').all(plain) {
            return Err(Error::new(ErrorKind::InvalidInput, "this is no key of a file"));
        }
        // Digests are spread over folders, so that none becomes too large to look into.
        let is_digest = key.len() == 64 && key.bytes().all(|b| b.is_ascii_hexdigit());
        let shelf = key.get(..2).filter(|_| is_digest).unwrap_or_default();
        Ok(self.folder.join(shelf).join(key))
    }
}

type Stored<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

impl FileStore for FileFolder {
    fn put<'a>(&'a self, key: &'a str, bytes: &'a [u8]) -> Stored<'a, ()> {
        let path = self.path(key);
        let bytes = bytes.to_vec();
        Box::pin(async move {
            let path = path?;
            off_thread(move || if path.is_file() { Ok(()) } else { write_durably(&path, &bytes) }).await
        })
    }

    fn get<'a>(&'a self, key: &'a str) -> Stored<'a, Vec<u8>> {
        let path = self.path(key);
        Box::pin(async move {
            let path = path?;
            off_thread(move || std::fs::read(path)).await
        })
    }
}

async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(Error::other(error.to_string())))
}

/// All of it is there under its name, or nothing: a file beside it is written, synced and renamed.
pub fn write_durably(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let unique = Uuid::now_v7().simple();
    let temporary = folder.join(format!(".{name}.{unique}.tmp"));
    let written = std::fs::File::create_new(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)?;
        std::fs::File::open(folder)?.sync_all()
    });
    if written.is_err() {
        // What is left of a failed write is of no use; that it cannot be removed either changes nothing.
        std::fs::remove_file(&temporary).ok();
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail() -> Outgoing {
        Outgoing {
            message_id: "<0197-abc@hojokin.example.jp>".to_owned(),
            from: "no-reply@hojokin.example.jp".to_owned(),
            to: "sato@example.jp".to_owned(),
            subject: "受付\r\nBcc: evil@example.com".to_owned(),
            text: "本文\n".to_owned(),
            date: vocabulary::start_of_day(vocabulary::parse_day("2026-04-01").unwrap()),
        }
    }

    #[test]
    fn a_mail_has_the_same_bytes_each_time_and_no_smuggled_header() {
        let bytes = composed(&mail()).unwrap();
        assert_eq!(bytes, composed(&mail()).unwrap());
        let text = String::from_utf8(bytes.clone()).unwrap();
        assert!(!text.lines().any(|line| line.starts_with("Bcc")), "{text}");
        assert_eq!(file_name(&bytes), "0197-abc.eml");
    }

    #[tokio::test]
    async fn files_are_written_once_and_stay_in_their_folder() {
        let folder = tempfile::tempdir().unwrap();
        let files = FileFolder::new(folder.path().join("files"));
        files.put("ab/cdef", b"one").await.unwrap();
        files.put("ab/cdef", b"two").await.unwrap();
        assert_eq!(files.get("ab/cdef").await.unwrap(), b"one");
        for key in ["../x", "a//b", "", "/etc/passwd", "a/./b", "a\\..\\b"] {
            assert!(files.put(key, b"x").await.is_err(), "{key}");
        }
        assert_eq!(folder.path().join("files/ab").read_dir().unwrap().count(), 1);
    }

    #[test]
    fn the_moving_clock_stands_moves_and_runs() {
        let first = vocabulary::start_of_day(vocabulary::parse_day("2026-04-01").unwrap());
        let clock = MovingClock::standing_at(first);
        clock.advance_to(first + TimeDelta::days(3));
        clock.advance_to(first);
        assert_eq!(clock.now(), first + TimeDelta::days(3));
        let ahead = clock.run();
        let later = MovingClock::ahead(ahead).now();
        assert!(later >= first + TimeDelta::days(3) && later < first + TimeDelta::days(4));
    }

    #[test]
    fn ids_are_in_order() {
        let ids = RandomIds::default();
        let made: Vec<_> = (0..1_000).map(|_| ids.next()).collect();
        assert!(made.is_sorted());
        assert_ne!(ids.secret(), ids.secret());
    }
}
