//! What only shows from within: every statement on both databases, the two schemas side by side,
//! and rows that nobody could have stored.

use std::{num::NonZeroU32, time::Duration};

use sqlx::{Executor as _, SqlSafeStr as _, SqlStr};
use synmon_core::{
    alert::{AlertPolicy, AlertSettings},
    flow::Flow,
    notice::NoticeBody,
    run::{ErrorCode, Run, RunError, RunStatus},
    store::{
        AlertCap, ChannelStore, DeliveryState, FlowStore, NoticeStore, PageRequest, RunReport,
        RunStore, WorkerId,
    },
    verdict::Verdict,
};
use synmon_testkit::{
    factory::{
        a_due_flow, a_failure_notice, a_flow, a_letter, a_queued_run, a_report, a_webhook,
        an_owner, noon,
    },
    postgres::Postgres,
};
use trait_gen::trait_gen;

use crate::{PgStore, SqliteStore, dialect::Dialect, pruning, sql};

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
    /// Every statement with its name.
    fn statements() -> Vec<(&'static str, &'static str)>;
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
    fn statements() -> Vec<(&'static str, &'static str)> {
        let dialect = [
            ("DUE_FLOWS", Pool::DUE_FLOWS),
            ("ADVANCE_FLOWS", Pool::ADVANCE_FLOWS),
            ("FLOWS_WITH_OPEN_RUNS", Pool::FLOWS_WITH_OPEN_RUNS),
            ("INSERT_RUNS", Pool::INSERT_RUNS),
            ("INSERT_SNAPSHOTS", Pool::INSERT_SNAPSHOTS),
            ("JOIN_QUEUE", Pool::JOIN_QUEUE),
            ("TAKE_ALL", Pool::TAKE_ALL),
            ("CLAIM_RUN", Pool::CLAIM_RUN),
            ("REMOVE_RUNS", Pool::REMOVE_RUNS),
            ("MARK_PICTURES_REMOVED", Pool::MARK_PICTURES_REMOVED),
            ("FORGET_PICTURES", Pool::FORGET_PICTURES),
            ("REMOVE_NOTICES", Pool::REMOVE_NOTICES),
            ("ADD_ALL_TRASH", Pool::ADD_ALL_TRASH),
            ("TAKE_TRASH", Pool::TAKE_TRASH),
            ("CLAIM_NOTICES", Pool::CLAIM_NOTICES),
            ("TAKE_FORGOTTEN_SESSIONS", Pool::TAKE_FORGOTTEN_SESSIONS),
            ("WAKE", Pool::WAKE),
            ("LOCK_TEXT", Pool::LOCK_TEXT),
        ];
        let choose_owner = Pool::CHOOSE_OWNER.iter().map(|statement| ("CHOOSE_OWNER", *statement));
        let pruning = pruning::ALL.iter().copied();
        sql::ALL.iter().copied().chain(pruning).chain(dialect).chain(choose_owner).collect()
    }

    async fn prepare_all(&self) {
        let mut connection = self.pool().pool().acquire().await.unwrap();
        for (name, statement) in Self::statements() {
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

/// A connection that has prepared `SELECT *` fails for good once a migration has added a column.
#[test]
fn no_statement_reads_columns_that_it_does_not_name() {
    for (name, statement) in SqliteStore::statements().into_iter().chain(PgStore::statements()) {
        let rest = statement.replace("COUNT(*)", "");
        assert!(!rest.contains('*'), "{name} says `*`: {statement}");
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

/// Flows that can't be read keep no other from running, however many they are.
async fn bad_flows_are_passed_over(store: &(impl Examined + FlowStore)) {
    let bad = a_due_flow(an_owner(), noon());
    store.insert_flow(&bad).await.unwrap();
    for _ in 0..6 {
        store.insert_flow(&a_due_flow(an_owner(), noon())).await.unwrap();
    }
    store.tamper("UPDATE flows SET timezone = 'Atlantis/Capital'").await;
    let good = a_due_flow(an_owner(), noon());
    store.insert_flow(&good).await.unwrap();
    let later = a_due_flow(an_owner(), noon() + std::time::Duration::from_secs(1));
    store.insert_flow(&later).await.unwrap();
    for (limit, found) in
        [(1, vec![good.id]), (2, vec![good.id, later.id]), (10, vec![good.id, later.id])]
    {
        let due = store.due_flows(later.next_run_at.unwrap(), limit).await.unwrap();
        assert_eq!(due.iter().map(|due| due.flow.id).collect::<Vec<_>>(), found);
    }
    assert!(store.flow(bad.owner, bad.id).await.is_err());
}

/// An older version of synmon queues runs and knows nothing of who waits.
async fn a_forgotten_owner_is_served(store: &(impl Examined + synmon_core::store::Store)) {
    for tampering in ["DELETE FROM owner_turns", "UPDATE owner_turns SET waiting_since = NULL"] {
        let flow = a_flow(an_owner());
        store.insert_flow(&flow).await.unwrap();
        let queued = a_queued_run(&flow, noon());
        store.insert_run(&queued).await.unwrap();
        store.tamper(tampering).await;
        let claim = || store.claim_run(WorkerId::random(), NonZeroU32::MIN, noon(), noon());
        assert_eq!(claim().await.unwrap(), None);
        store.recover_lost(noon(), 3).await.unwrap();
        assert_eq!(claim().await.unwrap().unwrap().run.id, queued.run.id);
    }
}

#[tokio::test]
async fn owners_whom_an_older_version_forgets_are_served_all_the_same() {
    let (sqlite, _folder) = sqlite().await;
    a_forgotten_owner_is_served(&sqlite).await;
    if let Some(postgres) = postgres().await {
        a_forgotten_owner_is_served(&postgres).await;
    }
}

/// One notice that can't be read keeps no other from its receiver.
async fn a_bad_notice_is_passed_over(store: &(impl Examined + NoticeStore)) {
    store.insert_notice(&a_letter(noon())).await.unwrap();
    store.tamper("UPDATE notices SET body = '{}'").await;
    let good = a_letter(noon());
    store.insert_notice(&good).await.unwrap();
    let claimed = store.claim_notices(noon(), noon(), 10).await.unwrap();
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].notice, good);
}

/// Runs of one owner that fail and are held for a digest.
async fn failures_that_are_held(store: &(impl FlowStore + RunStore), count: u32) -> Vec<Run> {
    let flow = a_flow(an_owner());
    store.insert_flow(&flow).await.unwrap();
    let mut runs = Vec::new();
    for _ in 0..count {
        store.insert_run(&a_queued_run(&flow, noon())).await.unwrap();
        let limit = NonZeroU32::MIN;
        let claim = store.claim_run(WorkerId::random(), limit, noon(), noon()).await;
        let claim = claim.unwrap().unwrap();
        let cap = AlertCap { count: 0, ..AlertCap::default() };
        let code = ErrorCode::ElementNotFound;
        let error = RunError { code, message: "because".to_owned(), step: Some(1) };
        let verdict = Verdict { status: RunStatus::Failed, error: Some(error) };
        let report = RunReport { cap, ..a_report(&claim, verdict, noon()) };
        store.finish(&claim.lease, &report).await.unwrap();
        runs.push(claim.run);
    }
    runs
}

/// One held notice that can't be read keeps neither the others of its digest nor those of other
/// owners.
async fn a_bad_held_notice_is_passed_over(
    store: &(impl Examined + FlowStore + RunStore + NoticeStore + ChannelStore),
) {
    let bad = failures_that_are_held(store, 1).await;
    store.tamper("UPDATE notices SET body = '{}' WHERE status = 'held'").await;
    let good = failures_that_are_held(store, 2).await;
    let one_owner =
        "UPDATE notices SET owner_id = (SELECT owner_id FROM flows ORDER BY id LIMIT 1)";
    store.tamper(one_owner).await;
    let soon = noon() + Duration::from_hours(1);
    assert_eq!(store.release_held(soon).await.unwrap(), 3);
    let claimed = store.claim_notices(soon, soon, 10).await.unwrap();
    let digests: Vec<_> = claimed
        .iter()
        .filter_map(|claimed| match &claimed.notice.body {
            NoticeBody::Digest(digest) => Some(digest),
            _ => None,
        })
        .collect();
    assert_eq!(digests.len(), 1, "{claimed:?}");
    let told: Vec<_> = digests[0].entries.iter().map(|entry| entry.run).collect();
    assert_eq!(told, good.iter().map(|run| run.id).collect::<Vec<_>>());
    let record = store.deliveries_of_run(bad[0].owner, bad[0].id).await.unwrap().remove(0);
    assert_eq!(record.state, DeliveryState::Failed);
    assert!(record.last_error.unwrap().contains("can't be read"));
    assert_eq!(store.release_held(soon).await.unwrap(), 0);
}

#[tokio::test]
async fn what_can_not_be_read_keeps_no_digest_from_its_way() {
    let (sqlite, _folder) = sqlite().await;
    a_bad_held_notice_is_passed_over(&sqlite).await;
    if let Some(postgres) = postgres().await {
        a_bad_held_notice_is_passed_over(&postgres).await;
    }
}

/// A process of the release before knows neither channels nor how alerts are set, and may write
/// while others know them already.
async fn rows_of_the_release_before_are_read(
    store: &(impl Examined + FlowStore + RunStore + NoticeStore + ChannelStore),
) {
    let channel = a_webhook(an_owner());
    store.insert_channel(&channel, None, 9).await.unwrap();
    let alerts = AlertSettings { after: 3, ..AlertSettings::default() };
    let flow = Flow { alerts, ..a_flow(channel.owner) };
    store.insert_flow(&flow).await.unwrap();
    let notice = a_failure_notice(channel.owner, Some(channel.id), noon());
    store.insert_notice(&notice).await.unwrap();
    let read = async || store.flow(flow.owner, flow.id).await.unwrap().unwrap().flow.alerts;
    store.tamper("UPDATE flows SET alert_policy = 'on_change'").await;
    let on_change = AlertSettings { policy: AlertPolicy::OnChange, ..flow.alerts.clone() };
    assert_eq!(read().await, on_change);
    store.tamper("UPDATE flows SET alerts = NULL").await;
    let policy = AlertPolicy::OnChange;
    assert_eq!(read().await, AlertSettings { policy, ..AlertSettings::default() });
    store.tamper("UPDATE notices SET event = NULL, run_id = NULL").await;
    let page = PageRequest { limit: 9, after: None };
    let listed = store.deliveries(channel.owner, channel.id, page).await.unwrap().items;
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].id, listed[0].run), (notice.id, None));
    // Its own claims count as claims.
    let until = noon() + Duration::from_mins(1);
    store.tamper("UPDATE notices SET attempts = attempts + 1").await;
    let claimed = store.claim_notices(noon(), until, 9).await.unwrap();
    assert_eq!((claimed[0].claim, claimed[0].attempt), (2, 1));
    assert_eq!(claimed[0].notice, notice);
}

#[tokio::test]
async fn what_a_process_of_the_release_before_writes_is_read() {
    let (sqlite, _folder) = sqlite().await;
    rows_of_the_release_before_are_read(&sqlite).await;
    if let Some(postgres) = postgres().await {
        rows_of_the_release_before_are_read(&postgres).await;
    }
}

#[tokio::test]
async fn what_can_not_be_read_keeps_nothing_else_from_its_way() {
    let (sqlite, _folder) = sqlite().await;
    bad_flows_are_passed_over(&sqlite).await;
    a_bad_notice_is_passed_over(&sqlite).await;
    if let Some(postgres) = postgres().await {
        bad_flows_are_passed_over(&postgres).await;
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
    let claim = store.claim_run(WorkerId::random(), NonZeroU32::MIN, noon(), noon()).await;
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
