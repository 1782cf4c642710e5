//! The service: what every use case shares.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use program::Program;
use program::definition::Municipality;
use store::Store;
use vocabulary::{Clock, Ids, Instant};

use crate::Result;
use crate::keys::Keyring;
use crate::provider::Provider;

/// Where bytes live. Two real ones exist: a directory, and an object store.
pub trait FileStore: Send + Sync + 'static {
    /// Durable when it returns. Putting the same key again changes nothing.
    fn put<'a>(
        &'a self,
        key: &'a str,
        bytes: &'a [u8],
    ) -> Pin<Box<dyn Future<Output = std::io::Result<()>> + Send + 'a>>;
    fn get<'a>(&'a self, key: &'a str) -> Pin<Box<dyn Future<Output = std::io::Result<Vec<u8>>> + Send + 'a>>;
}

/// How this installation is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where people reach it, for links in mails, without a slash at the end.
    pub base_url: String,
    /// The sender of mails.
    pub mail_from: String,
    /// Off in development and demo: a production server refuses shortcuts.
    pub production: bool,
    /// How long a sign-in counts as fresh: money asks for one that is no older.
    pub fresh_minutes: u32,
    /// Whoever works for an office may do nothing of that before a second factor is set up.
    pub staff_second_factor: bool,
}

/// As NIST and OWASP ask for transactions of value (step-up authentication).
pub const FRESH_MINUTES: u32 = 10;

/// What a service is made of.
pub struct Deps {
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    pub files: Arc<dyn FileStore>,
    /// None for commands that open no secret.
    pub keys: Keyring,
    /// Whom people may also sign in by.
    pub providers: Vec<Provider>,
    pub settings: Settings,
}

/// Every use case is a method. Cheap to clone.
#[derive(Clone)]
pub struct Service {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    pub files: Arc<dyn FileStore>,
    pub keys: Keyring,
    pub providers: Vec<Provider>,
    pub settings: Settings,
    /// Published definitions never change, so what was compiled once stays right.
    pub programs: Mutex<HashMap<String, (Arc<Program>, i32)>>,
    /// With the revision that it is.
    pub municipalities: Mutex<HashMap<String, (Arc<Municipality>, i64)>>,
    /// Hashing a password takes memory and a processor: few at a time.
    pub hashing: tokio::sync::Semaphore,
}

/// Passwords that are hashed at the same time.
const HASHED_AT_ONCE: usize = 2;

impl Service {
    #[must_use]
    pub fn new(deps: Deps) -> Self {
        Self {
            inner: Arc::new(Inner {
                store: deps.store,
                clock: deps.clock,
                ids: deps.ids,
                files: deps.files,
                keys: deps.keys,
                providers: deps.providers,
                settings: deps.settings,
                programs: Mutex::default(),
                municipalities: Mutex::default(),
                hashing: tokio::sync::Semaphore::new(HASHED_AT_ONCE),
            }),
        }
    }

    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// The present, as everything here sees it.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.inner.clock.now()
    }

    /// # Errors
    /// `Unavailable` when the database does not answer.
    pub async fn ping(&self) -> Result<()> {
        Ok(self.inner.store.ping().await?)
    }

    pub(crate) fn store(&self) -> &Store {
        &self.inner.store
    }

    pub(crate) fn reader(&self) -> &store::Reader {
        self.inner.store.read()
    }
}
