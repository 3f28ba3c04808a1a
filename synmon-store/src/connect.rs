//! Opening a database.

use std::{path::Path, str::FromStr, sync::Arc, time::Duration};

use sqlx::{
    Postgres, Sqlite,
    migrate::Migrator,
    postgres::PgConnectOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use synmon_core::{Timestamp, store::StoreError};
use trait_gen::trait_gen;

use crate::{
    dialect::Dialect,
    error::store_error,
    file_lock::{FileLock, LockError},
    guard::{Guarded, Transaction},
    migrations::{self, MigrationError},
    sql,
    stamp::Stamp,
};

/// What PostgreSQL shows of us in `pg_stat_activity`. The version tells processes apart during an
/// upgrade: a migration may end the connections of those that can't go on.
pub(crate) const APPLICATION_NAME: &str = concat!("synmon/", env!("CARGO_PKG_VERSION"));

const PG_CONNECTIONS: u32 = 16;
const SQLITE_CONNECTIONS: u32 = 8;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// A store in an SQLite file: the embedded default. One process has it at a time.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    connections: Guarded<Sqlite>,
    lock: Arc<FileLock>,
}

/// A store in a PostgreSQL database.
#[derive(Clone, Debug)]
pub struct PgStore {
    connections: Guarded<Postgres>,
}

/// Why a database can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The address of the database is none.
    #[error("the database url is not valid: {0}")]
    Url(#[source] sqlx::Error),
    /// The database can't be reached or opened.
    #[error("the database can't be opened: {0}")]
    Open(#[source] sqlx::Error),
    /// Another process has the file, or the lock beside it can't be made.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Its schema can't be brought up to date, or is not one that this program knows.
    #[error(transparent)]
    Migration(#[from] MigrationError),
}

impl SqliteStore {
    /// Opens (or makes) a file and migrates it. The file is this store's alone until all clones of
    /// the store are dropped, or it is closed, or the process ends.
    pub async fn open(file: &Path) -> Result<Self, ConnectError> {
        Self::open_with(file, &migrations::SQLITE).await
    }

    pub(crate) async fn open_with(file: &Path, migrator: &Migrator) -> Result<Self, ConnectError> {
        let lock = Arc::new(FileLock::beside(file)?);
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            // With WAL this loses nothing when a process dies, and never corrupts the file.
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(BUSY_TIMEOUT);
        let store = Self { connections: Guarded::lazy(SQLITE_CONNECTIONS, options), lock };
        Box::pin(store.migrate(migrator)).await?;
        Ok(store)
    }

    /// Closes all connections, after what is under way, and leaves the file to others.
    pub async fn close(&self) {
        self.connections.pool().close().await;
        self.lock.release();
    }
}

impl PgStore {
    /// Connects to the database of a `postgres://` url and migrates it.
    pub async fn connect(url: &str) -> Result<Self, ConnectError> {
        Self::connect_with(url, &migrations::POSTGRES).await
    }

    pub(crate) async fn connect_with(url: &str, migrator: &Migrator) -> Result<Self, ConnectError> {
        let options = PgConnectOptions::from_str(url)
            .map_err(ConnectError::Url)?
            .application_name(APPLICATION_NAME)
            .options([
                // Shorter than what we wait for an answer, so that the server says why.
                ("statement_timeout", "10s"),
                ("lock_timeout", "5s"),
                // What a process that is gone has locked is free again after this.
                ("idle_in_transaction_session_timeout", "15s"),
                ("tcp_user_timeout", "15s"),
            ]);
        let store = Self { connections: Guarded::lazy(PG_CONNECTIONS, options) };
        Box::pin(store.migrate(migrator)).await?;
        Ok(store)
    }

    /// The time by the database's own clock, which all processes that share it go by.
    pub async fn now(&self) -> Result<Timestamp, StoreError> {
        let now: Stamp = sqlx::query_scalar("SELECT clock_timestamp()")
            .fetch_one(self.pool())
            .await
            .map_err(store_error("clock"))?;
        Ok(now.0)
    }

    /// The same database over connections of its own, opened when they are needed: what must go on
    /// when all connections of this store are in use.
    #[must_use]
    pub fn sibling(&self, max_connections: u32) -> Self {
        Self { connections: self.connections.sibling(max_connections) }
    }

    /// Closes all connections, after what is under way.
    pub async fn close(&self) {
        self.connections.pool().close().await;
    }
}

#[trait_gen(Pool -> PgStore, SqliteStore)]
impl Pool {
    /// The connections, for a single statement.
    pub(crate) fn pool(&self) -> &Guarded<<Pool as Dialect>::Db> {
        &self.connections
    }

    /// Begins a transaction that writes: the only way in which one is begun.
    pub(crate) async fn write(
        &self,
    ) -> Result<Transaction<'static, <Pool as Dialect>::Db>, StoreError> {
        self.connections.begin(Pool::BEGIN_WRITE).await.map_err(store_error("transaction"))
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query(sql::PING)
            .execute(self.pool())
            .await
            .map(|_| ())
            .map_err(store_error("connection"))
    }
}
