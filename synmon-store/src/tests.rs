//! What only shows from within: every statement on both databases, the two schemas side by side,
//! and rows that nobody could have stored.

use sqlx::{Executor as _, SqlSafeStr as _, SqlStr};
use synmon_core::{
    run::RunStatus,
    store::{FlowStore as _, RunStore as _, WorkerId},
};
use synmon_testkit::{
    factory::{a_due_flow, a_flow, a_letter, a_queued_run, an_owner, noon},
    postgres::Postgres,
};
use trait_gen::trait_gen;

use crate::{PgStore, SqliteStore, dialect::Dialect, sql};

async fn sqlite() -> (SqliteStore, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("synmon.db")).await.unwrap();
    (store, folder)
}

/// None where PostgreSQL is not there, which has been said by then.
async fn postgres() -> Option<PgStore> {
    let url = Postgres::shared()?.empty_database();
    Some(PgStore::connect(&url).await.unwrap())
}

/// What the tests of this module do to a store, whichever it is.
trait Examined {
    /// Prepares every statement.
    async fn prepare_all(&self);
    /// The names that a statement of a [`Catalogue`] finds, sorted.
    async fn named(&self, statement: &'static str) -> Vec<String>;
    /// Changes rows behind the store's back.
    async fn tamper(&self, statement: &'static str);
}

/// What there is, in each database's own words.
trait Catalogue {
    /// Each column of each table, as `table.column`, `!` behind those that are never null.
    const COLUMNS: &'static str;
    /// Each index, with the table that it is on.
    const INDEXES: &'static str;
}

impl Catalogue for SqliteStore {
    const COLUMNS: &'static str = "SELECT m.name || '.' || c.name || \
        CASE WHEN c.\"notnull\" = 1 OR c.pk > 0 THEN '!' ELSE '' END \
        FROM sqlite_master m, pragma_table_info(m.name) c \
        WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
        AND m.name NOT LIKE '\\_sqlx%' ESCAPE '\\'";
    const INDEXES: &'static str = "SELECT tbl_name || '.' || name FROM sqlite_master \
        WHERE type = 'index' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
}

impl Catalogue for PgStore {
    const COLUMNS: &'static str = "SELECT table_name || '.' || column_name || \
        CASE WHEN is_nullable = 'NO' THEN '!' ELSE '' END FROM information_schema.columns \
        WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%'";
    const INDEXES: &'static str = "SELECT tablename || '.' || indexname FROM pg_indexes \
        WHERE schemaname = 'public' AND tablename NOT LIKE '\\_sqlx%' \
        AND indexname NOT LIKE '%\\_pkey' AND indexname NOT LIKE '%\\_key' \
       ";
}

#[trait_gen(Pool -> PgStore, SqliteStore)]
impl Examined for Pool {
    async fn prepare_all(&self) {
        let dialect = [
            ("CLAIM_RUN", Pool::CLAIM_RUN),
            ("CLAIM_NOTICES", Pool::CLAIM_NOTICES),
            ("WAKE", Pool::WAKE),
        ];
        let mut connection = self.pool().acquire().await.unwrap();
        for (name, statement) in sql::ALL.iter().copied().chain(dialect) {
            let prepared = connection.prepare(SqlStr::from_static(statement)).await;
            if let Err(error) = prepared {
                panic!("{name}: {error}");
            }
        }
    }

    async fn named(&self, statement: &'static str) -> Vec<String> {
        let mut names: Vec<String> =
            sqlx::query_scalar(statement).fetch_all(self.pool()).await.unwrap();
        // Here, because the databases do not agree on the order of texts.
        names.sort();
        names
    }

    async fn tamper(&self, statement: &'static str) {
        sqlx::query(statement.into_sql_str()).execute(self.pool()).await.unwrap();
    }
}

#[tokio::test]
async fn every_statement_is_understood_by_both_databases() {
    assert!(sql::ALL.len() > 60);
    sqlite().await.0.prepare_all().await;
    if let Some(store) = postgres().await {
        store.prepare_all().await;
    }
}

#[tokio::test]
async fn both_schemas_have_the_same_tables_columns_and_indexes() {
    let (sqlite, _folder) = sqlite().await;
    let columns = sqlite.named(SqliteStore::COLUMNS).await;
    assert!(columns.contains(&"runs.fencing!".to_owned()), "{columns:?}");
    let Some(postgres) = postgres().await else {
        return;
    };
    assert_eq!(columns, postgres.named(PgStore::COLUMNS).await);
    let indexes = sqlite.named(SqliteStore::INDEXES).await;
    assert_eq!(indexes, postgres.named(PgStore::INDEXES).await);
}

/// One flow that can't be read keeps no other from running.
async fn a_bad_flow_is_passed_over(store: &(impl Examined + synmon_core::store::FlowStore)) {
    let bad = a_due_flow(an_owner(), noon());
    store.insert_flow(&bad).await.unwrap();
    store.tamper("UPDATE flows SET timezone = 'Atlantis/Capital'").await;
    let good = a_due_flow(an_owner(), noon());
    store.insert_flow(&good).await.unwrap();
    let due = store.due_flows(noon(), 10).await.unwrap();
    assert_eq!(due.iter().map(|due| due.flow.id).collect::<Vec<_>>(), [good.id]);
    assert!(store.flow(bad.owner, bad.id).await.is_err());
}

/// One notice that can't be read keeps no other from its receiver.
async fn a_bad_notice_is_passed_over(store: &(impl Examined + synmon_core::store::NoticeStore)) {
    store.insert_notice(&a_letter(noon())).await.unwrap();
    store.tamper("UPDATE notices SET body = '{}'").await;
    let good = a_letter(noon());
    store.insert_notice(&good).await.unwrap();
    let claimed = store.claim_notices(noon(), noon(), 10).await.unwrap();
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].notice, good);
}

#[tokio::test]
async fn what_can_not_be_read_keeps_nothing_else_from_its_way() {
    let (sqlite, _folder) = sqlite().await;
    a_bad_flow_is_passed_over(&sqlite).await;
    a_bad_notice_is_passed_over(&sqlite).await;
    if let Some(postgres) = postgres().await {
        a_bad_flow_is_passed_over(&postgres).await;
        a_bad_notice_is_passed_over(&postgres).await;
    }
}

#[tokio::test]
async fn an_sqlite_file_that_is_opened_again_has_kept_everything() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ä %20?x #.db");
    let flow = a_flow(an_owner());
    let queued = a_queued_run(&flow, noon());
    {
        let store = SqliteStore::open(&file).await.unwrap();
        store.insert_flow(&flow).await.unwrap();
        store.insert_run(&queued).await.unwrap();
        store.close().await;
    }
    let store = SqliteStore::open(&file).await.unwrap();
    store.ping().await.unwrap();
    let claim = store.claim_run(WorkerId::random(), noon(), noon()).await;
    let claim = claim.unwrap().unwrap();
    assert_eq!((claim.run.id, claim.run.status), (queued.run.id, RunStatus::Running));
}

#[tokio::test]
async fn a_database_out_of_reach_is_told_apart_from_one_that_fails() {
    let (store, _folder) = sqlite().await;
    store.close().await;
    let error = store.queue_depth().await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
    if let Some(store) = postgres().await {
        store.tamper("DROP TABLE runs CASCADE").await;
        let error = store.queue_depth().await.unwrap_err();
        assert!(!error.is_retryable() && !error.is_conflict(), "{error}");
    }
}
