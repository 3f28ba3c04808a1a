//! Opening a database and bringing its schema up to date.

use std::{path::Path, str::FromStr, time::Duration};

use sqlx::{
    PgPool, SqlitePool, Transaction,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use synmon_core::store::StoreError;
use trait_gen::trait_gen;

use crate::{dialect::Dialect, error::store_error, sql};

static SQLITE: Migrator = sqlx::migrate!("../migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../migrations/postgres");

const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// A store in an SQLite file: the embedded default.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    pool: SqlitePool,
}

/// A store in a PostgreSQL database.
#[derive(Clone, Debug)]
pub struct PgStore {
    pool: PgPool,
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
    /// Its schema can't be brought up to date, or is newer than this program.
    #[error("the database's schema does not fit this version of synmon: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}

impl SqliteStore {
    /// Opens (or makes) a file and migrates it.
    pub async fn open(file: &Path) -> Result<Self, ConnectError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            // With WAL this loses nothing when a process dies, and never corrupts the file.
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(BUSY_TIMEOUT);
        let pool = SqlitePoolOptions::new()
            .max_connections(8)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_with(options)
            .await
            .map_err(ConnectError::Open)?;
        SQLITE.run(&pool).await?;
        Ok(Self { pool })
    }
}

impl PgStore {
    /// Connects to the database of a `postgres://` url and migrates it.
    pub async fn connect(url: &str) -> Result<Self, ConnectError> {
        let options = PgConnectOptions::from_str(url)
            .map_err(ConnectError::Url)?
            .application_name("synmon")
            .options([
                ("statement_timeout", "15s"),
                ("lock_timeout", "10s"),
                ("idle_in_transaction_session_timeout", "30s"),
            ]);
        let pool = PgPoolOptions::new()
            .max_connections(16)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_with(options)
            .await
            .map_err(ConnectError::Open)?;
        POSTGRES.run(&pool).await?;
        Ok(Self { pool })
    }
}

#[trait_gen(Pool -> PgStore, SqliteStore)]
impl Pool {
    pub(crate) fn pool(&self) -> &sqlx::Pool<<Pool as Dialect>::Db> {
        &self.pool
    }

    /// Begins a transaction that writes: the only way in which one is begun.
    pub(crate) async fn write(
        &self,
    ) -> Result<Transaction<'static, <Pool as Dialect>::Db>, StoreError> {
        self.pool.begin_with(Pool::BEGIN_WRITE).await.map_err(store_error("transaction"))
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query(sql::PING)
            .execute(&self.pool)
            .await
            .map(|_| ())
            .map_err(store_error("connection"))
    }

    /// Closes all connections, after what is under way.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}
