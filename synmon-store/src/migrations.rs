//! Bringing a schema up to date, or saying why that can't be. `migrations/README.md` has the rules
//! for those who write migrations.

use std::{pin::pin, time::Duration};

use sqlx::{
    AssertSqlSafe, Connection as _, Executor as _, FromRow,
    error::DatabaseError,
    migrate::{Migrate as _, MigrateError, Migration, Migrator},
};
use tokio::time::{interval, timeout};
use tracing::{info, warn};
use trait_gen::trait_gen;

use crate::{ConnectError, PgStore, SqliteStore, dialect::Dialect};

pub(crate) static SQLITE: Migrator = sqlx::migrate!("../migrations/sqlite");
pub(crate) static POSTGRES: Migrator = sqlx::migrate!("../migrations/postgres");

/// This program, as it calls itself to the operator.
const PROGRAM: &str = env!("CARGO_PKG_VERSION");

/// How often a migration is tried that does not get its locks, a second apart.
const TRIES: usize = 60;
const RETRY_PERIOD: Duration = Duration::from_secs(1);
/// How often it is said that another process is waited for.
const STILL_WAITING: Duration = Duration::from_secs(10);
const CLOSE_LIMIT: Duration = Duration::from_secs(2);

/// Why a schema can't be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// A newer synmon has been here.
    #[error(
        "the database is newer than this program: its schema is {schema}, made by {made_by}, but \
         this is synmon {PROGRAM}, which knows no schema after {known}. Start the newer synmon; \
         to go back to this one, restore the backup from before the upgrade"
    )]
    Newer {
        /// The newest migration in the database, such as `0002 (channels)`.
        schema: String,
        /// The synmon that made it.
        made_by: String,
        /// The newest migration that this program knows.
        known: String,
    },
    /// A migration is not the one that was applied.
    #[error(
        "migration {migration} was applied to the database with another text than this synmon \
         {PROGRAM} has: one of the two is no release. Start the synmon that made the schema \
         ({made_by}), or restore a backup"
    )]
    Edited {
        /// The migration.
        migration: String,
        /// The synmon that applied it.
        made_by: String,
    },
    /// A migration failed, and left no trace.
    #[error(
        "migration {migration} of synmon {PROGRAM} failed and was rolled back: {cause}. The \
         database is as it was; once the cause is removed, start again"
    )]
    Failed {
        /// The migration.
        migration: String,
        /// What the database says.
        #[source]
        cause: MigrateError,
    },
    /// What migrations there were can't be found out.
    #[error("the database can't be asked for its schema: {0}")]
    Unknown(#[source] sqlx::Error),
    /// The right to migrate can't be had.
    #[error("the database can't be locked for its migration: {0}")]
    Lock(#[source] MigrateError),
}

/// A migration that the database remembers.
#[derive(FromRow)]
struct Applied {
    version: i64,
    description: String,
    checksum: Vec<u8>,
    synmon_version: Option<String>,
}

impl Applied {
    fn name(&self) -> String {
        named(self.version, &self.description)
    }

    fn made_by(&self) -> String {
        match &self.synmon_version {
            Some(version) => format!("synmon {version}"),
            None => "a synmon that did not sign it".to_owned(),
        }
    }
}

fn named(version: i64, description: &str) -> String {
    format!("{version:04} ({description})")
}

/// What is still to be applied to a database that remembers these.
fn pending<'m>(
    applied: &[Applied],
    migrator: &'m Migrator,
) -> Result<Vec<&'m Migration>, MigrationError> {
    let known = |version| migrator.iter().find(|migration| migration.version == version);
    if let Some(newer) = applied.iter().rev().find(|applied| known(applied.version).is_none()) {
        let newest = migrator.iter().last();
        return Err(MigrationError::Newer {
            schema: newer.name(),
            made_by: newer.made_by(),
            known: newest.map(|m| named(m.version, &m.description)).unwrap_or_default(),
        });
    }
    for applied in applied {
        if known(applied.version).is_some_and(|known| known.checksum != applied.checksum) {
            let (migration, made_by) = (applied.name(), applied.made_by());
            return Err(MigrationError::Edited { migration, made_by });
        }
    }
    let is_applied = |version| applied.iter().any(|applied| applied.version == version);
    Ok(migrator.iter().filter(|migration| !is_applied(migration.version)).collect())
}

#[trait_gen(Pool -> PgStore, SqliteStore)]
impl Pool {
    /// Applies what is missing, each migration in a transaction of its own. Of several processes
    /// one does, and the others wait for it.
    pub(crate) async fn migrate(&self, migrator: &Migrator) -> Result<(), ConnectError> {
        let connection = self.pool().pool().acquire().await.map_err(ConnectError::Open)?;
        // Not for the pool any more: its settings are those of migrations.
        let mut connection = connection.detach();
        for setting in Pool::BEFORE_MIGRATIONS {
            // Not every version of the server has each of them, and none must have them.
            if let Err(error) = connection.execute(*setting).await {
                warn!("The database does not know `{setting}`: {error}");
            }
        }
        let migrated = Self::migrate_over(&mut connection, migrator).await;
        // With the connection goes the lock.
        let _ = timeout(CLOSE_LIMIT, connection.close()).await;
        migrated.map_err(ConnectError::from)
    }

    async fn migrate_over(
        connection: &mut <<Pool as Dialect>::Db as sqlx::Database>::Connection,
        migrator: &Migrator,
    ) -> Result<(), MigrationError> {
        let table = &*migrator.table_name;
        {
            let mut lock = pin!(connection.lock());
            let mut still_waiting = interval(STILL_WAITING);
            still_waiting.tick().await;
            loop {
                tokio::select! {
                    locked = &mut lock => break locked.map_err(MigrationError::Lock)?,
                    _ = still_waiting.tick() => {
                        info!("Waiting for another process that migrates the database");
                    }
                }
            }
        }
        for setting in Pool::FOR_MIGRATIONS {
            connection.execute(*setting).await.map_err(MigrationError::Unknown)?;
        }
        connection.ensure_migrations_table(table).await.map_err(MigrationError::Lock)?;
        let unknown = MigrationError::Unknown;
        let signed: i64 = sqlx::query_scalar(Pool::MIGRATIONS_ARE_SIGNED)
            .fetch_one(&mut *connection)
            .await
            .map_err(unknown)?;
        if signed == 0 {
            // Beside what `sqlx` has in there, which never minds another column.
            let add = format!("ALTER TABLE {table} ADD COLUMN synmon_version TEXT");
            connection.execute(AssertSqlSafe(add)).await.map_err(unknown)?;
        }
        let list = format!(
            "SELECT version, description, checksum, synmon_version FROM {table} ORDER BY version"
        );
        let applied: Vec<Applied> = sqlx::query_as(AssertSqlSafe(list))
            .fetch_all(&mut *connection)
            .await
            .map_err(unknown)?;
        for migration in pending(&applied, migrator)? {
            let name = named(migration.version, &migration.description);
            info!("Migrating the database to {name}");
            let mut again = interval(RETRY_PERIOD);
            let mut tries = 0;
            loop {
                again.tick().await;
                tries += 1;
                match connection.apply(table, migration).await {
                    Ok(_) => break,
                    Err(cause) if tries < TRIES && is_in_the_way(&cause) => {
                        warn!("Migration {name} waits for others to let go of their locks");
                    }
                    Err(cause) => {
                        return Err(MigrationError::Failed { migration: name, cause });
                    }
                }
            }
            let sign = format!("UPDATE {table} SET synmon_version = $1 WHERE version = $2");
            sqlx::query(AssertSqlSafe(sign))
                .bind(PROGRAM)
                .bind(migration.version)
                .execute(&mut *connection)
                .await
                .map_err(unknown)?;
        }
        connection.unlock().await.map_err(MigrationError::Lock)
    }
}

/// Whether a migration failed because others held locks that it needs (PostgreSQL's lock time-out
/// and deadlocks): its own transaction is rolled back, and the others get on.
fn is_in_the_way(error: &MigrateError) -> bool {
    let (MigrateError::ExecuteMigration(cause, _) | MigrateError::Execute(cause)) = error else {
        return false;
    };
    let code = cause.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| ["55P03", "40P01"].contains(&&*code))
}
