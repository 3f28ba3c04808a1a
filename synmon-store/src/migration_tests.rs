//! Migrations that meet others, are cut off, or are not ours.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use futures_util::future::join_all;
use sqlx::{
    AssertSqlSafe, Connection as _, PgConnection, PgPool, SqliteConnection,
    migrate::{Migration, MigrationType, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions},
};
use synmon_core::store::FlowStore as _;
use synmon_testkit::{
    factory::{a_flow, an_owner},
    postgres::Postgres,
};
use tokio::time::{interval, timeout};

use crate::{
    ConnectError, LockError, MigrationError, PgStore, SqliteStore, connect::APPLICATION_NAME,
    migrations,
};

/// Waiting ends with this, if with nothing else.
const PATIENCE: Duration = Duration::from_secs(30);
const PROGRAM: &str = env!("CARGO_PKG_VERSION");

/// What comes after a release, and never in one.
const NEXT: i64 = 9_000;

/// Our migrations, and one more.
fn and_then(migrator: &Migrator, script: &str) -> Migrator {
    let script = AssertSqlSafe(script.to_owned());
    let sql = sqlx::SqlSafeStr::into_sql_str(script);
    let next = Migration::new(NEXT, "next".into(), MigrationType::Simple, sql, false);
    Migrator::with_migrations(migrator.iter().cloned().chain([next]).collect())
}

/// Looks again and again until it is so.
async fn until(what: &str, mut look: impl AsyncFnMut() -> bool) {
    let seen = async {
        let mut ticks = interval(Duration::from_millis(20));
        while !look().await {
            ticks.tick().await;
        }
    };
    timeout(PATIENCE, seen).await.unwrap_or_else(|_| panic!("waited for {what}"));
}

async fn postgres(url: &str) -> PgConnection {
    PgConnection::connect(url).await.unwrap()
}

async fn sqlite(file: &Path) -> SqliteConnection {
    let options =
        sqlx::sqlite::SqliteConnectOptions::new().filename(file).busy_timeout(Duration::ZERO);
    SqliteConnection::connect_with(&options).await.unwrap()
}

const APPLIED: &str = "SELECT COUNT(*) FROM _sqlx_migrations";
const UNSIGNED: &str = "SELECT COUNT(*) FROM _sqlx_migrations WHERE synmon_version IS NULL";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_that_start_at_once_one_migrates() {
    let Some(server) = Postgres::shared() else { return };
    let url = server.empty_database();
    let stores = join_all((0..5).map(|_| {
        let url = url.clone();
        tokio::spawn(async move { PgStore::connect(&url).await })
    }))
    .await;
    for store in stores {
        store.unwrap().unwrap().insert_flow(&a_flow(an_owner())).await.unwrap();
    }
    let mut db = postgres(&url).await;
    let applied: i64 = sqlx::query_scalar(APPLIED).fetch_one(&mut db).await.unwrap();
    assert_eq!(usize::try_from(applied).unwrap(), migrations::POSTGRES.iter().count());
    let unsigned: i64 = sqlx::query_scalar(UNSIGNED).fetch_one(&mut db).await.unwrap();
    assert_eq!(unsigned, 0);
}

fn names_both(error: &ConnectError) {
    let ConnectError::Migration(MigrationError::Newer { .. }) = error else {
        panic!("{error}");
    };
    let newest = migrations::SQLITE.iter().last().unwrap();
    let known = format!("{:04} ({})", newest.version, newest.description);
    let said = error.to_string();
    for part in ["9999 (from the future)", "synmon 9.9.9", &format!("synmon {PROGRAM}"), &known] {
        assert!(said.contains(part), "`{part}` is not in: {said}");
    }
    assert!(said.contains("Start the newer synmon"), "{said}");
}

const FROM_THE_FUTURE: &str = "INSERT INTO _sqlx_migrations (version, description, success, \
    checksum, execution_time, synmon_version) \
    SELECT 9999, 'from the future', success, checksum, 1, '9.9.9' FROM _sqlx_migrations \
    WHERE version = 1";
const EDITED: &str = "UPDATE _sqlx_migrations SET checksum = (SELECT m.checksum \
    FROM _sqlx_migrations m WHERE m.version = 9999), synmon_version = NULL WHERE version = 1";

fn tells_of_the_edit(error: &ConnectError) {
    let ConnectError::Migration(MigrationError::Edited { .. }) = error else {
        panic!("{error}");
    };
    let said = error.to_string();
    assert!(said.contains("0001 (first)") && said.contains(PROGRAM), "{said}");
}

#[tokio::test]
async fn an_sqlite_file_that_is_newer_or_of_another_making_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("synmon.db");
    SqliteStore::open(&file).await.unwrap().close().await;
    let mut db = sqlite(&file).await;
    sqlx::query(FROM_THE_FUTURE).execute(&mut db).await.unwrap();
    names_both(&SqliteStore::open(&file).await.unwrap_err());
    sqlx::query("UPDATE _sqlx_migrations SET checksum = X'00' WHERE version = 9999")
        .execute(&mut db)
        .await
        .unwrap();
    sqlx::query(EDITED).execute(&mut db).await.unwrap();
    sqlx::query("DELETE FROM _sqlx_migrations WHERE version = 9999")
        .execute(&mut db)
        .await
        .unwrap();
    tells_of_the_edit(&SqliteStore::open(&file).await.unwrap_err());
}

#[tokio::test]
async fn a_postgresql_database_that_is_newer_or_of_another_making_is_refused() {
    let Some(server) = Postgres::shared() else { return };
    let url = server.empty_database();
    PgStore::connect(&url).await.unwrap().close().await;
    let mut db = postgres(&url).await;
    sqlx::query(FROM_THE_FUTURE).execute(&mut db).await.unwrap();
    names_both(&PgStore::connect(&url).await.unwrap_err());
    sqlx::query("UPDATE _sqlx_migrations SET checksum = '\\x00' WHERE version = 9999")
        .execute(&mut db)
        .await
        .unwrap();
    sqlx::query(EDITED).execute(&mut db).await.unwrap();
    sqlx::query("DELETE FROM _sqlx_migrations WHERE version = 9999")
        .execute(&mut db)
        .await
        .unwrap();
    tells_of_the_edit(&PgStore::connect(&url).await.unwrap_err());
}

/// A process that opens the database of this address, and never gets to the end of its migration.
fn killed_in_the_middle(address: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "migration_tests::never_ends", "--ignored"])
        .env("SYNMON_TEST_DATABASE", address)
        .stdout(Stdio::null());
    command
}

#[tokio::test]
#[ignore = "it is started by another test"]
async fn never_ends() {
    #[expect(clippy::disallowed_methods, reason = "said by the test that started this process")]
    let Ok(address) = std::env::var("SYNMON_TEST_DATABASE") else { return };
    if address.starts_with("postgres://") {
        let script = "CREATE TABLE half (id INT); SELECT pg_sleep(600)";
        PgStore::connect_with(&address, &and_then(&migrations::POSTGRES, script)).await.unwrap();
    } else {
        let script = "CREATE TABLE half (id INT); WITH RECURSIVE n(i) AS \
            (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n";
        let migrator = and_then(&migrations::SQLITE, script);
        SqliteStore::open_with(Path::new(&address), &migrator).await.unwrap();
    }
}

#[tokio::test]
async fn a_migration_of_postgresql_that_is_killed_leaves_nothing_behind() {
    let Some(server) = Postgres::shared() else { return };
    let url = server.empty_database();
    let mut child = killed_in_the_middle(&url).spawn().unwrap();
    let mut db = postgres(&url).await;
    until("the middle of the migration", async || {
        let sleeping: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' \
             AND datname = current_database()",
        )
        .fetch_one(&mut db)
        .await
        .unwrap();
        sleeping == 1
    })
    .await;
    child.kill().unwrap();
    child.wait().unwrap();
    // Nobody needs to clean up: the server lets go of what the dead process held.
    let script = "CREATE TABLE half (id INT)";
    let migrator = and_then(&migrations::POSTGRES, script);
    let store = timeout(PATIENCE, PgStore::connect_with(&url, &migrator)).await;
    store.expect("the lock of the dead is free").unwrap();
}

#[tokio::test]
async fn a_migration_of_sqlite_that_is_killed_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("synmon.db");
    SqliteStore::open(&file).await.unwrap().close().await;
    let mut child = killed_in_the_middle(file.to_str().unwrap()).spawn().unwrap();
    let mut db = sqlite(&file).await;
    until("the middle of the migration", async || {
        let begun = sqlx::query("BEGIN IMMEDIATE").execute(&mut db).await;
        if begun.is_ok() {
            sqlx::query("ROLLBACK").execute(&mut db).await.unwrap();
        }
        begun.is_err()
    })
    .await;
    child.kill().unwrap();
    child.wait().unwrap();
    let migrator = and_then(&migrations::SQLITE, "CREATE TABLE half (id INT)");
    SqliteStore::open_with(&file, &migrator).await.unwrap();
    let checked: String =
        sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut db).await.unwrap();
    assert_eq!(checked, "ok");
}

#[tokio::test]
async fn a_migration_that_fails_leaves_nothing_behind_and_says_why() {
    let script = "CREATE TABLE half (id INT); INSERT INTO nowhere VALUES (1)";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("synmon.db");
    let error = SqliteStore::open_with(&file, &and_then(&migrations::SQLITE, script)).await;
    let said = error.unwrap_err().to_string();
    assert!(said.contains("9000 (next)") && said.contains("nowhere"), "{said}");
    SqliteStore::open_with(&file, &and_then(&migrations::SQLITE, "CREATE TABLE half (id INT)"))
        .await
        .unwrap();

    let Some(server) = Postgres::shared() else { return };
    let url = server.empty_database();
    let error = PgStore::connect_with(&url, &and_then(&migrations::POSTGRES, script)).await;
    let said = error.unwrap_err().to_string();
    assert!(said.contains("9000 (next)") && said.contains("nowhere"), "{said}");
    PgStore::connect_with(&url, &and_then(&migrations::POSTGRES, "CREATE TABLE half (id INT)"))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_migration_that_waits_for_a_lock_lets_others_pass() {
    let Some(server) = Postgres::shared() else { return };
    let url = server.empty_database();
    let store = PgStore::connect(&url).await.unwrap();
    let mut holder = postgres(&url).await;
    let mut held = holder.begin().await.unwrap();
    sqlx::query("LOCK TABLE flows IN ACCESS SHARE MODE").execute(&mut *held).await.unwrap();
    let migrator = and_then(&migrations::POSTGRES, "ALTER TABLE flows ADD COLUMN more INT");
    let migrating = tokio::spawn({
        let url = url.clone();
        async move { PgStore::connect_with(&url, &migrator).await.map(|_| ()) }
    });
    let mut watcher = postgres(&url).await;
    until("the migration to stand in line", async || {
        let waiting: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
             AND query LIKE 'ALTER TABLE flows%' AND datname = current_database()",
        )
        .fetch_one(&mut watcher)
        .await
        .unwrap();
        waiting == 1
    })
    .await;
    // It stands before this one in the line, but not for long.
    store.insert_flow(&a_flow(an_owner())).await.unwrap();
    assert!(!migrating.is_finished());
    held.rollback().await.unwrap();
    timeout(PATIENCE, migrating).await.unwrap().unwrap().unwrap();
}

/// The end of a migration that adds columns to what the first release has prepared.
const END_OLD_CONNECTIONS: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
    WHERE datname = current_database() AND usename = current_user \
    AND application_name = 'synmon' AND pid <> pg_backend_pid()";

/// A pool as the first release has it: with its name, and with `SELECT *` prepared.
async fn an_old_pool(url: &str) -> PgPool {
    let options: PgConnectOptions = url.parse().unwrap();
    let pool = PgPoolOptions::new()
        .max_connections(4)
        .connect_with(options.application_name("synmon"))
        .await
        .unwrap();
    join_all((0..20).map(|_| sqlx::query(OLD_STATEMENT).fetch_all(&pool))).await;
    pool
}

const OLD_STATEMENT: &str = "SELECT * FROM flows WHERE active";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_of_the_first_release_goes_on_after_a_migration() {
    let Some(server) = Postgres::shared() else { return };
    let add = "ALTER TABLE flows ADD COLUMN more INT";
    for (script, stays_broken) in
        [(add.to_owned(), true), (format!("{add}; {END_OLD_CONNECTIONS}"), false)]
    {
        let url = server.empty_database();
        let store = PgStore::connect(&url).await.unwrap();
        let old = an_old_pool(&url).await;
        // In use throughout.
        let using = tokio::spawn({
            let old = old.clone();
            async move {
                let mut errors = Vec::new();
                while !old.is_closed() {
                    if let Err(error) = sqlx::query(OLD_STATEMENT).fetch_all(&old).await {
                        errors.push(error);
                    }
                }
                errors
            }
        });
        let migrator = and_then(&migrations::POSTGRES, &script);
        PgStore::connect_with(&url, &migrator).await.unwrap();
        // Those of this version are untouched.
        store.insert_flow(&a_flow(an_owner())).await.unwrap();
        let after = join_all((0..20).map(|_| sqlx::query(OLD_STATEMENT).fetch_all(&old))).await;
        let broken = after.iter().any(Result::is_err);
        assert_eq!(broken, stays_broken, "{after:?}");
        old.close().await;
        for error in using.await.unwrap() {
            let error = crate::error::store_error("flow")(error);
            assert!(stays_broken || error.is_retryable(), "{error}");
        }
    }
    assert_ne!(APPLICATION_NAME, "synmon");
}

#[tokio::test]
async fn an_sqlite_file_is_one_stores_own() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("synmon.db");
    let first = SqliteStore::open(&file).await.unwrap();
    let link = folder.path().join("link.db");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    for path in [&file, &link] {
        let error = SqliteStore::open(path).await.unwrap_err();
        assert!(matches!(error, ConnectError::Lock(LockError::InUse(_))), "{error}");
        let said = error.to_string();
        assert!(said.contains(path.to_str().unwrap()) && said.contains("PostgreSQL"), "{said}");
    }
    let second = first.clone();
    drop(first);
    SqliteStore::open(&file).await.unwrap_err();
    second.ping().await.unwrap();
    drop(second);
    SqliteStore::open(&file).await.unwrap().close().await;
    let nowhere = folder.path().join("nowhere/synmon.db");
    let error = SqliteStore::open(&nowhere).await.unwrap_err();
    assert!(error.to_string().contains("nowhere/synmon.db.lock"), "{error}");
}
