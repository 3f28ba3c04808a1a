//! A database that goes away, hangs, fills up or stands by: each call ends, with an error that says
//! so, and what comes back is used again.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use sqlx::{Connection as _, PgConnection};
use synmon_core::{
    engine::Signals,
    store::{FlowFilter, FlowStore as _, NoticeStore as _, PageRequest, RunStore as _, StoreError},
};
use synmon_store::PgStore;
use synmon_testkit::{
    factory::{a_flow, a_letter, a_queued_run, an_owner, noon},
    postgres::Postgres,
    proxy::{Network, Proxy},
};
use tokio::{
    task::JoinSet,
    time::{interval, timeout},
};

/// No call of a store lasts longer, whatever the database does.
const CALL_LIMIT: Duration = Duration::from_secs(20);
/// Waiting ends with this, if with nothing else.
const PATIENCE: Duration = Duration::from_mins(1);
/// How many connections a store has, and more than that.
const CONNECTIONS: i64 = 16;
const MANY: usize = 24;

/// All that is done over and over in these tests: with a transaction and without one.
async fn use_it(store: &PgStore) -> Result<(), StoreError> {
    let flow = a_flow(an_owner());
    store.insert_flow(&flow).await?;
    store.insert_run(&a_queued_run(&flow, noon())).await?;
    let page = PageRequest { limit: 10, after: None };
    let listed = store.list_flows(flow.owner, &FlowFilter::default(), page).await?;
    assert_eq!(listed.items.len(), 1);
    Ok(())
}

async fn all_connections_work(store: &PgStore) -> Result<(), StoreError> {
    join_all((0..MANY).map(|_| use_it(store))).await.into_iter().collect()
}

/// Tries until it works again.
async fn comes_back(store: &PgStore) {
    let back = async {
        let mut ticks = interval(Duration::from_millis(100));
        while let Err(error) = all_connections_work(store).await {
            assert!(error.is_retryable(), "{error}");
            ticks.tick().await;
        }
    };
    timeout(PATIENCE, back).await.expect("the store works again");
}

/// None of its connections is stuck somewhere: it has as many in use at a time as it may.
async fn uses_all_its_connections(url: &str, store: &PgStore) {
    let mut holder = PgConnection::connect(url).await.unwrap();
    let mut held = holder.begin().await.unwrap();
    sqlx::query("LOCK TABLE flows IN ACCESS EXCLUSIVE MODE").execute(&mut *held).await.unwrap();
    let inserts = join_all((0..MANY).map(|_| async {
        // Those that were given up with their callers are replaced within seconds.
        loop {
            let _ = store.insert_flow(&a_flow(an_owner())).await;
        }
    }));
    // Not the holder: a transaction sees one and the same activity from its first look on.
    let mut watcher = PgConnection::connect(url).await.unwrap();
    let most = AtomicI64::new(0);
    let all_wait = async {
        let mut ticks = interval(Duration::from_millis(20));
        loop {
            ticks.tick().await;
            let waiting: i64 = sqlx::query_scalar(
                "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
                 AND datname = current_database() AND query LIKE 'INSERT INTO flows%'",
            )
            .fetch_one(&mut watcher)
            .await
            .unwrap();
            most.fetch_max(waiting, Ordering::Relaxed);
            if waiting == CONNECTIONS {
                break;
            }
        }
        held.rollback().await.unwrap();
    };
    let in_use = async {
        tokio::select! { _ = inserts => {}, () = all_wait => {} }
    };
    let in_use = timeout(PATIENCE, in_use).await;
    assert!(in_use.is_ok(), "at most {most:?} connections are in use of {store:?}");
}

/// Many that use a store without a pause, until they are told to stop.
struct Load {
    users: JoinSet<()>,
    used: Arc<AtomicUsize>,
    failed: Arc<AtomicUsize>,
}

impl Load {
    fn on(store: &PgStore) -> Self {
        let (used, failed) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let mut users = JoinSet::new();
        for _ in 0..MANY {
            let (store, used, failed) = (store.clone(), Arc::clone(&used), Arc::clone(&failed));
            users.spawn(async move {
                loop {
                    // Three calls, the first of which that fails ends it.
                    let call = timeout(CALL_LIMIT, use_it(&store)).await;
                    match call.expect("a call ends within its limit") {
                        Ok(()) => used.fetch_add(1, Ordering::Relaxed),
                        Err(error) => {
                            assert!(error.is_retryable(), "{error}");
                            failed.fetch_add(1, Ordering::Relaxed)
                        }
                    };
                }
            });
        }
        Self { users, used, failed }
    }

    /// Waits until so many more have succeeded, and so many more failed.
    async fn goes_on(&mut self, successes: usize, failures: usize) {
        let used = self.used.load(Ordering::Relaxed) + successes;
        let failed = self.failed.load(Ordering::Relaxed) + failures;
        let goes_on = async {
            let mut ticks = interval(Duration::from_millis(20));
            loop {
                ticks.tick().await;
                if let Some(ended) = self.users.try_join_next() {
                    ended.unwrap();
                }
                if self.used.load(Ordering::Relaxed) >= used
                    && self.failed.load(Ordering::Relaxed) >= failed
                {
                    break;
                }
            }
        };
        timeout(PATIENCE, goes_on).await.expect("the load goes on");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_hang_are_replaced_while_others_can_be_had() {
    let Some(server) = Postgres::shared() else { return };
    let url = server.empty_database();
    let proxy = Proxy::before(&url).await;
    let store = PgStore::connect(&proxy.through(&url)).await.unwrap();
    let mut load = Load::on(&store);
    load.goes_on(100, 0).await;
    // Each connection hangs wherever it is: in a statement, on its way back, idle.
    proxy.becomes_for_present_connections(Network::BlackHole);
    load.goes_on(100, 1).await;
    load.users.shutdown().await;
    comes_back(&store).await;
    uses_all_its_connections(&url, &store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_black_hole_calls_end_and_after_it_they_work() {
    let Some(server) = Postgres::shared() else { return };
    let url = server.empty_database();
    let proxy = Proxy::before(&url).await;
    let store = PgStore::connect(&proxy.through(&url)).await.unwrap();
    let mut load = Load::on(&store);
    load.goes_on(100, 0).await;
    proxy.becomes(Network::BlackHole);
    // Each of them twice over, so that nothing gets stuck in the pool either.
    load.goes_on(0, 2 * MANY).await;
    proxy.becomes(Network::Whole);
    load.goes_on(100, 0).await;
    load.users.shutdown().await;
    comes_back(&store).await;
    uses_all_its_connections(&url, &store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_cut_and_refused_are_made_anew() {
    let Some(server) = Postgres::shared() else { return };
    let url = server.empty_database();
    let proxy = Proxy::before(&url).await;
    let store = PgStore::connect(&proxy.through(&url)).await.unwrap();
    let mut load = Load::on(&store);
    for _ in 0..3 {
        load.goes_on(50, 0).await;
        proxy.becomes(Network::Cut);
        load.goes_on(0, MANY).await;
        proxy.becomes(Network::Whole);
    }
    load.goes_on(50, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backends_that_are_terminated_at_random_break_nothing() {
    let Some(server) = Postgres::shared() else { return };
    let url = server.empty_database();
    let store = PgStore::connect(&url).await.unwrap();
    let mut killer = PgConnection::connect(&url).await.unwrap();
    let mut load = Load::on(&store);
    for _ in 0..60 {
        load.goes_on(2, 0).await;
        sqlx::query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid() \
             ORDER BY random() LIMIT 3",
        )
        .execute(&mut killer)
        .await
        .unwrap();
    }
    load.goes_on(50, 0).await;
}

/// Runs after each other what the server does: it listens, and when that ends, again.
async fn hears_of_a_notice(url: &str, there: &PgStore, signals: &Signals) {
    let here = Box::pin(PgStore::connect(url)).await.unwrap();
    let tell = async {
        let mut again = interval(Duration::from_millis(50));
        loop {
            here.insert_notice(&a_letter(noon())).await.unwrap();
            tokio::select! {
                () = signals.notices().notified() => break,
                _ = again.tick() => {}
            }
        }
    };
    let listen = async {
        loop {
            let _ = Box::pin(there.forward_wakeups(signals)).await;
        }
    };
    let heard = async {
        tokio::select! { () = tell => {}, () = listen => {} }
    };
    timeout(PATIENCE, heard).await.expect("the notice is heard of");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_that_hangs_is_found_out_and_another_one_listens() {
    let Some(server) = Postgres::shared() else { return };
    let url = server.empty_database();
    let proxy = Proxy::before(&url).await;
    let store = PgStore::connect(&proxy.through(&url)).await.unwrap();
    let signals = Signals::default();
    let heard = async {
        let teller = PgStore::connect(&url).await.unwrap();
        loop {
            teller.insert_notice(&a_letter(noon())).await.unwrap();
            let notified = signals.notices().notified();
            if timeout(Duration::from_millis(50), notified).await.is_ok() {
                break;
            }
        }
        proxy.becomes_for_present_connections(Network::BlackHole);
    };
    let listening = async {
        let end = async { tokio::join!(store.forward_wakeups(&signals), heard).0 };
        let end = timeout(PATIENCE, end).await.expect("the end of the listener");
        assert!(end.unwrap_err().is_retryable());
    };
    listening.await;
    hears_of_a_notice(&url, &store, &signals).await;
    // A connection that is ended is made anew without a word.
    proxy.becomes_for_present_connections(Network::Cut);
    hears_of_a_notice(&url, &store, &signals).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_all_connections_are_in_use_callers_are_told_and_a_sibling_works() {
    let Some(server) = Postgres::shared() else { return };
    let url = server.empty_database();
    let store = PgStore::connect(&url).await.unwrap();
    let reserved = store.sibling(2);
    let mut holder = PgConnection::connect(&url).await.unwrap();
    let mut held = holder.begin().await.unwrap();
    sqlx::query("LOCK TABLE flows IN ACCESS EXCLUSIVE MODE").execute(&mut *held).await.unwrap();
    let load =
        join_all((0..2 * MANY).map(|_| async { store.insert_flow(&a_flow(an_owner())).await }));
    let beside = async {
        for _ in 0..20 {
            reserved.queue_depth().await.unwrap();
        }
    };
    let (answers, ()) = timeout(CALL_LIMIT, async { tokio::join!(load, beside) }).await.unwrap();
    assert!(answers.iter().all(|answer| answer.as_ref().is_err_and(StoreError::is_retryable)));
    let told = answers.iter().filter_map(|answer| answer.as_ref().err()).map(ToString::to_string);
    assert!(told.into_iter().any(|error| error.contains("pool timed out")));
    held.rollback().await.unwrap();
    comes_back(&store).await;
}

#[tokio::test]
async fn a_server_that_only_reads_is_out_of_reach_for_writes() {
    let Some(server) = Postgres::shared() else { return };
    let url = server.empty_database();
    let store = PgStore::connect(&url).await.unwrap();
    let flow = a_flow(an_owner());
    store.insert_flow(&flow).await.unwrap();
    let name = url.rsplit('/').next().unwrap();
    let alter = format!("ALTER DATABASE {name} SET default_transaction_read_only = on");
    server.execute_on(&url, &alter);
    // What a standby server is to those that connect to it.
    let standby = store.sibling(4);
    standby.queue_depth().await.unwrap();
    let errors = [
        standby.insert_flow(&a_flow(an_owner())).await.unwrap_err(),
        standby.insert_run(&a_queued_run(&flow, noon())).await.unwrap_err(),
        standby.delete_flow(flow.owner, flow.id).await.unwrap_err(),
    ];
    assert!(errors.iter().all(StoreError::is_retryable), "{errors:?}");
}
