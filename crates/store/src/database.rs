//! Connections: how both engines are opened so that what was acknowledged is not lost, and how the schema gets there.

use std::sync::Arc;
use std::time::Duration;

use migrations::Migrator;
use sea_orm::sea_query::Expr;
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ActiveValue::Set, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend,
    EntityTrait, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::entity::demonstration;
use crate::error::{Result, StoreError};
use crate::reader::Reader;

#[derive(Clone, Debug)]
pub struct Settings {
    /// `sqlite://path?mode=rwc` or `postgres://…`
    pub url: String,
    /// PostgreSQL: connections at most. SQLite: connections that read; one writes.
    pub max_connections: u32,
}

/// The database. Clones share the same connections.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) writer: DatabaseConnection,
    pub(crate) reader: Arc<Reader>,
    pub(crate) outbox_filled: Arc<Notify>,
}

/// How far a demonstration has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demonstration {
    /// It is being made, or was left half-made.
    Begun,
    Finished,
}

/// How long a caller waits for a connection before it is told to come again.
const ACQUIRE_SECONDS: u64 = 10;
/// How long SQLite waits for the lock of another process.
const BUSY_MILLISECONDS: u64 = 5_000;
/// A connection that nobody used for so long may have been cut; it is tried before it is handed out.
const IDLE_SECONDS: u64 = 30;
/// Prepared statements kept per connection; beyond all that the store has.
const STATEMENTS: usize = 512;
/// Any number, the same for every process of ours: who holds it may migrate.
const MIGRATION_LOCK: i64 = 0x686f_6a6f_6b69_6e00;

impl Store {
    /// # Errors
    /// When the database cannot be reached, or is not set up to keep what it acknowledges.
    pub async fn connect(settings: &Settings) -> Result<Self> {
        let (writer, reader) = if settings.url.starts_with("sqlite:") {
            if settings.url.contains(":memory:") {
                return Err(StoreError::fault("a database in memory is another one for each connection; name a file"));
            }
            // The writer comes first: it makes the file and sets its journal mode.
            let writer = Database::connect(sqlite_options(&settings.url, 1, false)).await?;
            (writer, Database::connect(sqlite_options(&settings.url, settings.max_connections, true)).await?)
        } else {
            let pool = Database::connect(postgres_options(settings)).await?;
            refuse_forgetful(&pool).await?;
            (pool.clone(), pool)
        };
        Ok(Self { writer, reader: Arc::new(Reader::pool(reader)), outbox_filled: Arc::new(Notify::new()) })
    }

    /// For questions outside a transaction.
    #[must_use]
    pub fn read(&self) -> &Reader {
        &self.reader
    }

    /// # Errors
    /// When the database does not answer.
    pub async fn ping(&self) -> Result<()> {
        Ok(self.writer.ping().await?)
    }

    /// Returns when a transaction of this process has put something into the outbox, at once when that happened since
    /// the last call. For one worker; other processes are noticed by looking now and then.
    pub async fn outbox_filled(&self) {
        self.outbox_filled.notified().await;
    }

    /// Closes all connections after what runs on them has ended.
    ///
    /// # Errors
    /// When closing fails.
    pub async fn close(self) -> Result<()> {
        if let Some(reader) = self.reader.as_pool() {
            reader.close_by_ref().await?;
        }
        Ok(self.writer.close().await?)
    }

    /// Brings the schema up to date. Of several processes that start at once, one does it and the others wait.
    ///
    /// # Errors
    /// When a migration fails (nothing has changed then), or the schema is of a newer release than this binary.
    pub async fn migrate(&self) -> Result<()> {
        let transaction = begin(&self.writer).await?;
        if transaction.get_database_backend() == DbBackend::Postgres {
            let lock = Statement::from_sql_and_values(
                DbBackend::Postgres,
                "SELECT pg_advisory_xact_lock($1)",
                [MIGRATION_LOCK.into()],
            );
            transaction.execute_raw(lock).await?;
        }
        Migrator::up(&transaction, None).await?;
        Ok(transaction.commit().await?)
    }

    /// Whether a demonstration was made here, and to its end.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn demonstration(&self) -> Result<Option<Demonstration>> {
        let row = demonstration::Entity::find().one(&self.writer).await?;
        Ok(row.map(|row| if row.finished { Demonstration::Finished } else { Demonstration::Begun }))
    }

    /// Marks an empty database: a demonstration is being made here.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin_demonstration(&self, id: Uuid) -> Result<()> {
        let row = demonstration::ActiveModel { id: Set(id), finished: Set(false) };
        demonstration::Entity::insert(row).exec_without_returning(&self.writer).await?;
        Ok(())
    }

    /// # Errors
    /// When the database fails.
    pub async fn finish_demonstration(&self) -> Result<()> {
        demonstration::Entity::update_many()
            .col_expr(demonstration::Column::Finished, Expr::value(true))
            .exec(&self.writer)
            .await?;
        Ok(())
    }

    /// Empties a database in which a demonstration was begun and not finished; any other is left as it is.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] for any other database.
    pub async fn clear_begun_demonstration(&self) -> Result<()> {
        if self.demonstration().await? != Some(Demonstration::Begun) {
            return Err(StoreError::Conflict);
        }
        let transaction = begin(&self.writer).await?;
        let backend = transaction.get_database_backend();
        // What refers to others was made after them.
        let (names, rest) = match backend {
            DbBackend::Sqlite => (
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY rowid DESC",
                "",
            ),
            _ => (
                "SELECT CAST(tablename AS text) FROM pg_tables WHERE schemaname = current_schema()",
                "DROP FUNCTION append_only() CASCADE",
            ),
        };
        let cascade = if rest.is_empty() { "" } else { " CASCADE" };
        for row in transaction.query_all_raw(Statement::from_string(backend, names)).await? {
            let name: String = row.try_get_by_index(0)?;
            transaction.execute_unprepared(&format!("DROP TABLE \"{name}\"{cascade}")).await?;
        }
        if !rest.is_empty() {
            transaction.execute_unprepared(rest).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// The names of migrations that this binary has and the database does not.
    ///
    /// # Errors
    /// When the database does not answer, or is of a newer release than this binary.
    pub async fn pending_migrations(&self) -> Result<Vec<String>> {
        let pending = Migrator::get_pending_migrations_read_only(&self.writer).await?;
        Ok(pending.iter().map(|migration| migration.name().to_owned()).collect())
    }
}

/// A transaction that may write from its first statement on.
pub(crate) async fn begin(connection: &DatabaseConnection) -> std::result::Result<DatabaseTransaction, sea_orm::DbErr> {
    let mode = match connection.get_database_backend() {
        DbBackend::Sqlite => Some(SqliteTransactionMode::Immediate),
        _ => None,
    };
    connection.begin_with_options(TransactionOptions { sqlite_transaction_mode: mode, ..Default::default() }).await
}

fn options(url: &str, max_connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(max_connections.max(1))
        .acquire_timeout(Duration::from_secs(ACQUIRE_SECONDS))
        .test_before_acquire_if_idle_for(Duration::from_secs(IDLE_SECONDS))
        // Statements carry no values, but cost a line each; the log has the requests.
        .sqlx_logging(false)
        .record_stmt_in_spans(false);
    options
}

fn sqlite_options(url: &str, max_connections: u32, read_only: bool) -> ConnectOptions {
    let mut options = options(url, max_connections);
    // A connection to a file is never cut, and opening one anew is not free.
    options.idle_timeout(None).max_lifetime(None).test_before_acquire(false);
    options.map_sqlx_sqlite_opts(move |sqlite| {
        sqlite
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_millis(BUSY_MILLISECONDS))
            .statement_cache_capacity(STATEMENTS)
            .pragma("query_only", if read_only { "ON" } else { "OFF" })
    });
    options
}

fn postgres_options(settings: &Settings) -> ConnectOptions {
    let mut options = options(&settings.url, settings.max_connections);
    options.map_sqlx_postgres_opts(|postgres| {
        // Compiling a statement, or planning it anew for each value, takes longer than any of ours runs: their texts
        // are such that one plan serves all values.
        let postgres = postgres.options([("jit", "off"), ("plan_cache_mode", "force_generic_plan")]);
        postgres.statement_cache_capacity(STATEMENTS).application_name("hojokin")
    });
    options
}

/// Acknowledged means kept: a server that may forget is refused.
async fn refuse_forgetful(pool: &DatabaseConnection) -> Result<()> {
    for setting in ["fsync", "synchronous_commit"] {
        let question = Statement::from_string(DbBackend::Postgres, format!("SHOW {setting}"));
        let answer = pool.query_one_raw(question).await?;
        let answer = answer.map(|row| row.try_get_by_index::<String>(0)).transpose()?.unwrap_or_default();
        if answer == "off" {
            return Err(StoreError::Fault(format!(
                "PostgreSQL runs with {setting} = off and may lose what it has acknowledged; set it to on"
            )));
        }
    }
    Ok(())
}
