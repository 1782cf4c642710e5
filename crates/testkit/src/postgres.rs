//! A database for one test, on each engine that `hojokin` runs on.
//!
//! Hides where the PostgreSQL server comes from: `TEST_DATABASE_URL`, which `cargo xtask test` sets, else a throwaway
//! server that is started once per test process and ends with it.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::OnceLock;
use std::{env, fmt, process};

use tempfile::TempDir;

use crate::throwaway::{Purpose, ThrowawayPostgres, create_database};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

impl Backend {
    pub const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];
}

impl fmt::Display for Backend {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        })
    }
}

/// Empty and used by nobody else. A SQLite file goes with this value; a PostgreSQL database goes with its server.
#[derive(Debug)]
pub struct TestDatabase {
    pub backend: Backend,
    pub url: String,
    _folder: Option<TempDir>,
}

impl TestDatabase {
    /// # Panics
    /// When no database can be had: the test cannot say anything then.
    #[must_use]
    pub fn new(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => Self::sqlite(),
            Backend::Postgres => Self::postgres(),
        }
    }

    /// # Panics
    /// When no temporary folder can be made.
    #[must_use]
    pub fn sqlite() -> Self {
        let folder = TempDir::with_prefix("hojokin-sqlite-").expect("a temporary folder");
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("test.sqlite").display());
        Self { backend: Backend::Sqlite, url, _folder: Some(folder) }
    }

    /// # Panics
    /// When no PostgreSQL can be had; the message says how to get one.
    #[must_use]
    pub fn postgres() -> Self {
        let url = create_database(server_url(), &fresh_name()).unwrap_or_else(|error| panic!("{error}"));
        Self { backend: Backend::Postgres, url, _folder: None }
    }
}

/// Runs a test on every engine in turn; what the test prints before it fails names the engine.
///
/// # Panics
/// When a database cannot be had.
pub async fn each_database(test: impl AsyncFn(&TestDatabase)) {
    for backend in Backend::ALL {
        println!("on {backend}:");
        test(&TestDatabase::new(backend)).await;
    }
}

/// The address of the shared server's maintenance database.
fn server_url() -> &'static str {
    static GIVEN: OnceLock<Option<String>> = OnceLock::new();
    static STARTED: OnceLock<ThrowawayPostgres> = OnceLock::new();
    let given = GIVEN.get_or_init(|| env::var("TEST_DATABASE_URL").ok().filter(|url| !url.is_empty()));
    given.as_deref().unwrap_or_else(|| {
        STARTED.get_or_init(|| ThrowawayPostgres::start(Purpose::Tests).unwrap_or_else(|error| panic!("{error}"))).url()
    })
}

/// Unlike any name of another test, process or run: the server may be one that stays.
fn fresh_name() -> String {
    format!("test_{}_{:016x}", process::id(), RandomState::new().build_hasher().finish())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Mutex;
    use std::thread;

    use super::*;

    #[test]
    fn many_databases_can_be_created_at_once() {
        let urls: Vec<String> = thread::scope(|scope| {
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(|| TestDatabase::postgres().url)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(urls.iter().collect::<HashSet<_>>().len(), 16);
    }

    #[tokio::test]
    async fn a_test_meets_every_engine_once() {
        let met = Mutex::new(Vec::new());
        each_database(async |database| {
            let scheme = database.url.split_once("://").unwrap().0.to_owned();
            met.lock().unwrap().push((database.backend, scheme));
        })
        .await;
        let expected = [(Backend::Sqlite, "sqlite".to_owned()), (Backend::Postgres, "postgres".to_owned())];
        assert_eq!(met.into_inner().unwrap(), expected);
    }

    #[test]
    fn a_sqlite_database_leaves_nothing_behind() {
        let database = TestDatabase::sqlite();
        let path = database.url.strip_prefix("sqlite://").unwrap().split('?').next().unwrap().to_owned();
        std::fs::write(&path, b"").unwrap();
        drop(database);
        assert!(!std::path::Path::new(&path).exists());
    }
}
