//! Databases of earlier releases, brought up to date with all that is in them.
//!
//! `releases/NNNN_*.sql` is what the store of the release whose newest migration was NNNN wrote,
//! through its own methods, dumped row by row. It is never edited: a release gets its files once.

use std::{collections::HashMap, path::Path, sync::Arc, time::Duration};

use sqlx::{PgPool, SqlitePool, migrate::Migrator};
use synmon_core::{
    OwnerId, Timestamp,
    alert::AlertPolicy,
    artifact::ArtifactPrefix,
    flow::{BrowserKind, DialogPolicy, Flow},
    notice::NoticeBody,
    run::{ErrorCode, Evidence, Run, RunStatus, Screenshot, StepStatus},
    store::{
        Access, ClaimedRun, DueFlow, FlowFilter, PageRequest, Rotation, RunFilter, Settlement,
        SlotPlan, TokenHash, WorkerId,
    },
    verdict::Verdict,
};
use synmon_store::{PgStore, SqliteStore};
use synmon_testkit::{
    conformance::store::Subject,
    factory::{a_pair, a_place, a_report, a_slot_run, noon},
    postgres::Postgres,
};

static SQLITE: Migrator = sqlx::migrate!("../migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../migrations/postgres");

/// The newest migration of the release that the files are of.
const RELEASE: i64 = 1;
const SQLITE_DATA: &str = include_str!("releases/0001_sqlite.sql");
const POSTGRES_DATA: &str = include_str!("releases/0001_postgres.sql");

/// What the schema is made of, in the database's own words.
const SQLITE_SCHEMA: &str = "SELECT COALESCE(sql, name) FROM sqlite_master \
    WHERE name NOT LIKE '\\_sqlx%' ESCAPE '\\' ORDER BY type, name";
const POSTGRES_SCHEMA: &str = "SELECT table_name || '.' || column_name || ' ' || data_type || ' ' \
    || is_nullable || ' ' || COALESCE(column_default, '') FROM information_schema.columns \
    WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%' \
    UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' \
    AND tablename NOT LIKE '\\_sqlx%' \
    UNION ALL SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) \
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace \
    AND conrelid::regclass::text NOT LIKE '\\_sqlx%' ORDER BY 1";

fn later(seconds: u64) -> Timestamp {
    noon() + Duration::from_secs(seconds)
}

async fn sqlite_pool(file: &Path) -> SqlitePool {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file).create_if_missing(true);
    SqlitePool::connect_with(options).await.unwrap()
}

/// A database as the release left it.
async fn sqlite_of_the_release(file: &Path) {
    let pool = sqlite_pool(file).await;
    SQLITE.run_to(RELEASE, &pool).await.unwrap();
    sqlx::raw_sql(SQLITE_DATA).execute(&pool).await.unwrap();
    pool.close().await;
}

async fn postgres_of_the_release(url: &str) {
    let pool = PgPool::connect(url).await.unwrap();
    POSTGRES.run_to(RELEASE, &pool).await.unwrap();
    sqlx::raw_sql(POSTGRES_DATA).execute(&pool).await.unwrap();
    pool.close().await;
}

#[tokio::test]
async fn an_sqlite_file_of_an_earlier_release_is_all_there_and_works() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("synmon.db");
    sqlite_of_the_release(&file).await;
    let store: Subject = Arc::new(SqliteStore::open(&file).await.unwrap());
    is_all_there(&store).await;
    works(&store).await;
}

#[tokio::test]
async fn a_postgresql_database_of_an_earlier_release_is_all_there_and_works() {
    let Some(server) = Postgres::shared() else { return };
    let url = server.empty_database();
    postgres_of_the_release(&url).await;
    let store: Subject = Arc::new(PgStore::connect(&url).await.unwrap());
    is_all_there(&store).await;
    works(&store).await;
}

#[tokio::test]
async fn an_upgraded_sqlite_file_has_the_schema_of_a_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old.db"), folder.path().join("new.db"));
    sqlite_of_the_release(&old).await;
    let mut schemas: Vec<Vec<String>> = Vec::new();
    for file in [old, new] {
        SqliteStore::open(&file).await.unwrap().close().await;
        let pool = sqlite_pool(&file).await;
        schemas.push(sqlx::query_scalar(SQLITE_SCHEMA).fetch_all(&pool).await.unwrap());
    }
    assert!(schemas[1].len() > 20, "{schemas:?}");
    assert_eq!(schemas[0], schemas[1]);
}

#[tokio::test]
async fn an_upgraded_postgresql_database_has_the_schema_of_a_new_one() {
    let Some(server) = Postgres::shared() else { return };
    let (old, new) = (server.empty_database(), server.empty_database());
    postgres_of_the_release(&old).await;
    let mut schemas: Vec<Vec<String>> = Vec::new();
    for url in [old, new] {
        PgStore::connect(&url).await.unwrap().close().await;
        let pool = PgPool::connect(&url).await.unwrap();
        schemas.push(sqlx::query_scalar(POSTGRES_SCHEMA).fetch_all(&pool).await.unwrap());
    }
    assert!(schemas[1].len() > 100, "{schemas:?}");
    assert_eq!(schemas[0], schemas[1]);
}

#[test]
fn both_databases_have_the_same_migrations() {
    let of = |migrator: &Migrator| -> Vec<(i64, String)> {
        migrator.iter().map(|m| (m.version, m.description.to_string())).collect()
    };
    let migrations = of(&SQLITE);
    assert_eq!(migrations, of(&POSTGRES));
    let numbers: Vec<i64> = migrations.iter().map(|(number, _)| *number).collect();
    let expected: Vec<i64> = (1..).take(numbers.len()).collect();
    assert_eq!(numbers, expected, "one after the other, without a gap");
    for migration in SQLITE.iter().chain(POSTGRES.iter()) {
        assert!(!migration.no_tx, "{} must be one transaction", migration.description);
    }
}

async fn owner(store: &Subject) -> OwnerId {
    store.account_by_email("ada@site.example").await.unwrap().unwrap().id
}

async fn flows(store: &Subject) -> HashMap<String, Flow> {
    let page = PageRequest { limit: 100, after: None };
    let listed = store.list_flows(owner(store).await, &FlowFilter::default(), page).await.unwrap();
    listed.items.into_iter().map(|l| (l.flow.name.to_string(), l.flow)).collect()
}

async fn runs(store: &Subject) -> Vec<Run> {
    let page = PageRequest { limit: 100, after: None };
    store.list_runs(owner(store).await, &RunFilter::default(), page).await.unwrap().items
}

async fn run_of(store: &Subject, status: RunStatus) -> Run {
    let mut runs = runs(store).await;
    runs.retain(|run| run.status == status);
    assert_eq!(runs.len(), 1, "{status}: {runs:?}");
    runs.remove(0)
}

/// What was stored is read as it was meant.
async fn is_all_there(store: &Subject) {
    let ada = store.account_by_email("ADA@site.example").await.unwrap().unwrap();
    assert_eq!((ada.name.as_str(), ada.confirmed_at), ("Ada Lovelace", Some(later(1))));
    let bob = store.account_by_email("bob@site.example").await.unwrap().unwrap();
    assert_eq!((bob.name.as_str(), bob.confirmed_at), ("Bob", None));

    let flows = flows(store).await;
    assert_eq!(flows.len(), 5, "{flows:?}");
    let shop = &flows["Shop ÜBER alles"];
    assert_eq!(shop.url.as_str(), "http://site.example/");
    assert_eq!(
        (shop.schedule.line(), shop.schedule.timezone_name()),
        ("*/5 8-17 * * mon-fri", "Europe/Chisinau")
    );
    assert_eq!((shop.browser, shop.dialogs), (BrowserKind::Firefox, DialogPolicy::Accept));
    assert_eq!(shop.alerts.policy, AlertPolicy::OnChange);
    assert_eq!(shop.spread_limit, Duration::from_secs(30));
    assert_eq!(shop.run_timeout, Duration::from_millis(61_500));
    assert_eq!((shop.active, shop.next_run_at), (true, Some(later(3_600))));
    let steps: Vec<synmon_core::step::RawStep> = shop.steps.iter().map(Into::into).collect();
    assert_eq!(steps.len(), 4);
    assert_eq!(steps[0].selector_xpath.as_deref(), Some("//a[text()='it''s \"here\"']"));
    assert_eq!(steps[1].content.as_deref(), Some("päss 'word'\n"));
    assert_eq!((steps[1].timeout_ms, steps[1].name.as_deref()), (Some(2_500), Some("log in")));
    assert!(shop.settings.written().is_default());
    let paused = &flows["paused and renamed"];
    assert_eq!((paused.active, paused.next_run_at, paused.version), (false, None, 2));
    assert!(flows["empty"].steps.is_empty());

    let all = runs(store).await;
    assert_eq!(all.len(), 7, "{all:?}");
    let failed = run_of(store, RunStatus::Failed).await;
    let error = failed.error.clone().unwrap();
    assert_eq!((error.code, error.step), (ErrorCode::ElementNotFound, Some(1)));
    assert_eq!(error.message, "because of «that»");
    assert_eq!(failed.duration, Some(Duration::from_micros(2_000_001)));
    assert_eq!(failed.browser_version.as_deref(), Some("fake 1.0"));
    let logs = store.step_logs(failed.id).await.unwrap();
    assert_eq!(logs.len(), 2, "{logs:?}");
    assert_eq!(logs[0].title.as_deref(), Some("Títle"));
    assert_eq!(logs[0].dialogs, ["sure?"]);
    assert_eq!(logs[0].evidence, Evidence::default());
    assert_eq!(logs[0].timing.picture, Duration::from_micros(7));
    let Screenshot::Captured(key) = &logs[0].screenshot else { panic!("{logs:?}") };
    assert!(key.as_str().ends_with("/1/0.png"), "{key:?}");
    let error = logs[1].error.as_ref().unwrap();
    assert_eq!((error.expected.as_deref(), error.found.as_deref()), (Some("one"), Some("none")));
    let why = "the browser was gone".to_owned();
    assert_eq!(logs[1].screenshot, Screenshot::Unavailable { why });
    for status in [RunStatus::Passed, RunStatus::Errored, RunStatus::Cancelled] {
        let run = run_of(store, status).await;
        assert_eq!(run.error.is_none(), status == RunStatus::Passed, "{run:?}");
        let logs = store.step_logs(run.id).await.unwrap();
        assert_eq!(logs[1].status, StepStatus::Skipped, "{logs:?}");
    }
    let skipped = run_of(store, RunStatus::Skipped).await;
    assert_eq!((skipped.missed_count, skipped.scheduled_for), (Some(3), Some(noon())));
    assert_eq!(store.queue_depth().await.unwrap(), 1);
    assert_eq!(trash(store, later(3_000)).await.len(), 1);
}

/// The folders that are to be removed, each taken for a while.
async fn trash(store: &Subject, now: Timestamp) -> Vec<ArtifactPrefix> {
    store.take_trash(now, now + Duration::from_mins(1), 10).await.unwrap()
}

async fn claim(store: &Subject, now: Timestamp) -> ClaimedRun {
    let until = now + Duration::from_secs(20);
    store
        .claim_run(WorkerId::random(), std::num::NonZeroU32::MAX, now, until)
        .await
        .unwrap()
        .unwrap()
}

/// What was begun goes on.
async fn works(store: &Subject) {
    // The queued run is carried out, with the steps of its day.
    let queued = run_of(store, RunStatus::Queued).await;
    let claimed = claim(store, later(1_000)).await;
    assert_eq!(claimed.run.id, queued.id);
    assert_eq!(claimed.snapshot.steps.len(), 4);
    let verdict = Verdict { status: RunStatus::Passed, error: None };
    store.finish(&claimed.lease, &a_report(&claimed, verdict, later(1_001))).await.unwrap();
    assert_eq!(run_of(store, RunStatus::Running).await.scheduled_for, Some(later(200)));

    // The one whose worker is gone is taken over, its logs are there.
    let lost = run_of(store, RunStatus::Running).await;
    assert_eq!(store.step_logs(lost.id).await.unwrap().len(), 1);
    let recovered = store.recover_lost(later(1_000), 3).await.unwrap();
    assert_eq!(recovered.iter().map(|run| run.run).collect::<Vec<_>>(), [lost.id]);
    let again = claim(store, later(1_002)).await;
    assert_eq!((again.run.id, again.run.attempt), (lost.id, 2));
    assert_eq!(again.snapshot.steps.len(), 1);

    // The notice that was pending is delivered, and what was settled stays settled.
    let notices = store.claim_notices(later(1_000), later(1_060), 10).await.unwrap();
    assert_eq!(notices.len(), 1, "{notices:?}");
    let NoticeBody::Run(notice) = &notices[0].notice.body else { panic!("{notices:?}") };
    assert_eq!(notice.flow_name, "every");
    assert_eq!(notice.failure.as_ref().unwrap().selector_xpath.as_deref(), Some("//a"));
    store.settle(&notices[0], &Settlement::Done { at: later(1_001) }).await.unwrap();
    assert_eq!(store.claim_notices(later(9_000), later(9_060), 10).await.unwrap(), []);

    // The flows that are due are planned.
    assert_eq!(store.next_due().await.unwrap(), Some(later(3_600)));
    let due = store.due_flows(later(3_600), 10).await.unwrap();
    assert_eq!(due.len(), 2);
    let plans: Vec<SlotPlan> = due.iter().map(plan).collect();
    assert_eq!(
        store.commit_slots(&plans, later(3_600), std::num::NonZeroU32::MAX).await.unwrap().len(),
        2
    );

    // Whoever was logged in still is, whoever had a letter can use its link.
    let (spent, next) = (TokenHash([11; 32]), a_pair(12));
    let rotation = store.rotate(spent, next, &a_place(), Duration::ZERO, later(60)).await.unwrap();
    let Rotation::Rotated { account, session } = rotation else { panic!("{rotation:?}") };
    assert_eq!(account, owner(store).await);
    let access = Access { id: next.access, session, account };
    assert!(store.use_access(&access, later(60)).await.unwrap());
    let ended = store
        .rotate(TokenHash([20; 32]), next, &a_place(), Duration::ZERO, later(60))
        .await
        .unwrap();
    assert_eq!(ended, Rotation::Unknown);
    assert!(store.confirm(TokenHash([3; 32]), later(60)).await.unwrap().is_some());
    let reset = store.reset_password(TokenHash([2; 32]), "$argon2id$b", later(60)).await.unwrap();
    assert!(reset.is_some());

    // And what is changed is changed.
    let paused = flows(store).await.remove("paused and renamed").unwrap();
    store.update_flow(&paused, false).await.unwrap();
    for prefix in trash(store, later(6_000)).await {
        store.forget_trash(&prefix).await.unwrap();
    }
    assert!(store.delete_account(account).await.unwrap());
    assert_eq!(
        store
            .list_runs(account, &RunFilter::default(), PageRequest { limit: 1, after: None })
            .await
            .unwrap()
            .items,
        []
    );
}

fn plan(due: &DueFlow) -> SlotPlan {
    let run = a_slot_run(&due.flow, due.due, due.due);
    SlotPlan { flow: due.flow.id, due: due.due, next: None, run, skip: None, missed: None }
}
