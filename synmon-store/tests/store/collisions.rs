//! Transactions that are in each other's way on PostgreSQL: their callers do not hear of it.

use std::time::Duration;

use futures_util::future::join_all;
use sqlx::{Connection as _, PgConnection};
use synmon_core::store::{
    AccountStore as _, FlowStore as _, Rotation, SessionStore as _, TokenHash,
};
use synmon_store::PgStore;
use synmon_testkit::{
    factory::{a_flow, a_letter, a_pair, a_place, a_registration, a_session, noon},
    postgres::Postgres,
};
use tokio::time::{interval, timeout};

/// Waiting ends with this, if with nothing else.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_deleted_in_spite_of_a_deadlock() {
    let Some(server) = Postgres::shared() else { return };
    let url = server.empty_database();
    // Long enough for the other one to step in the way, and shorter than any lock time-out.
    let name = url.rsplit('/').next().unwrap();
    server.execute_on(&url, &format!("ALTER DATABASE {name} SET deadlock_timeout = '3s'"));
    let store = PgStore::connect(&url).await.unwrap();
    let account = a_registration("ada@site.example");
    store.register(&account, &a_letter(noon())).await.unwrap();
    store.insert_flow(&a_flow(account.id)).await.unwrap();

    let mut other = PgConnection::connect(&url).await.unwrap();
    let mut watcher = PgConnection::connect(&url).await.unwrap();
    // It is the deletion that finds the deadlock, and ends.
    sqlx::query("SET deadlock_timeout = '1h'").execute(&mut other).await.unwrap();
    let mut tx = other.begin().await.unwrap();
    sqlx::query("UPDATE accounts SET name = name").execute(&mut *tx).await.unwrap();
    let collide = async {
        let mut ticks = interval(Duration::from_millis(10));
        loop {
            ticks.tick().await;
            let waiting: i64 = sqlx::query_scalar(
                "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
                 AND query LIKE 'DELETE FROM accounts%' AND datname = current_database()",
            )
            .fetch_one(&mut watcher)
            .await
            .unwrap();
            if waiting == 1 {
                break;
            }
        }
        sqlx::query("UPDATE flows SET name = name").execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
    };
    let both = async { tokio::join!(store.delete_account(account.id), collide) };
    let (deleted, ()) = timeout(PATIENCE, both).await.unwrap();
    assert!(deleted.unwrap());
    assert_eq!(store.account(account.id).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log_ins_are_refreshed_while_their_account_is_deleted() {
    let Some(server) = Postgres::shared() else { return };
    let store = PgStore::connect(&server.empty_database()).await.unwrap();
    for round in 0..40 {
        let account = a_registration(&format!("{round}@site.example"));
        store.register(&account, &a_letter(noon())).await.unwrap();
        let seeds: Vec<u8> = (0..8).collect();
        for seed in &seeds {
            let mut session = a_session(*seed, account.id, noon());
            session.refresh = TokenHash([*seed + 100; 32]);
            store.insert_session(&session).await.unwrap();
        }
        let place = a_place();
        let rotations = join_all(seeds.iter().map(|seed| {
            let spent = TokenHash([*seed + 100; 32]);
            store.rotate(spent, a_pair(*seed + 200), &place, Duration::ZERO, noon())
        }));
        let (rotated, deleted) = tokio::join!(rotations, store.delete_account(account.id));
        assert!(deleted.unwrap());
        for rotation in rotated {
            assert!(!matches!(rotation.unwrap(), Rotation::Reused { .. }));
        }
    }
}
