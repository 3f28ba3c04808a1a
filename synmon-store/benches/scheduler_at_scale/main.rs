//! The scheduler and the queue over a large PostgreSQL database.
//!
//! `cargo bench -p synmon-store --bench scheduler_at_scale [-- postgres://…]`, where the url is that
//! of an empty database. Without one, a throw-away server is started; that one is faster than any
//! that keeps data, because it never waits for the disk.
#![expect(clippy::unwrap_used, reason = "what does not hold ends the benchmark")]

mod seed;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use seed::{DUE, FLOWS, OLD_RUNS, Seeder};
use synmon_core::{
    Clock as _, SystemClock, Timestamp,
    engine::{DEFAULT_OWNER_CONCURRENCY, Engine},
    run::RunStatus,
    store::{ClaimedRun, RunStore as _, WorkerId},
    verdict::Verdict,
};
use synmon_store::PgStore;
use synmon_testkit::{
    FakeBrowser, MemoryArtifacts, RecordingNotifier, StaticResolver, factory::a_report,
    postgres::Postgres,
};

const MINUTE: i64 = 60_000_000;
const LEASE: Duration = Duration::from_mins(10);

#[tokio::main]
async fn main() {
    let given = std::env::args().find(|argument| argument.starts_with("postgres"));
    let Some(url) = given.or_else(|| Some(Postgres::shared()?.empty_database())) else { return };
    let store = PgStore::connect(&url).await.unwrap();
    let mut seeder = Seeder::connect(&url).await;
    let flows = seeder.count("SELECT COUNT(*) FROM flows").await;
    assert!([0, FLOWS].contains(&flows), "the database has other flows: give an empty one");
    println!("PostgreSQL {}", seeder.version().await);
    if flows == 0 {
        seeder.fill(&store, now()).await;
    }
    println!("{FLOWS} active flows, {OLD_RUNS} old runs");

    idle_ticks(&store).await;
    for owners in [1, 100, DUE] {
        println!("\n{DUE} flows of {owners} owners are due at one instant");
        one_scheduler(&store, &mut seeder, owners).await;
        claims(&store, 1, 1_000).await;
        claims(&store, 8, 250).await;
        drain(&store, owners).await;
    }
    println!("\n{DUE} flows are due at one instant, and two schedulers are there");
    two_schedulers(&store, &url, &mut seeder).await;
}

fn now() -> Timestamp {
    SystemClock::default().now()
}

fn engine(store: &PgStore) -> Engine {
    Engine::builder()
        .store(Arc::new(store.clone()))
        .browser(Arc::new(FakeBrowser::new()))
        .notifier(Arc::new(RecordingNotifier::new()))
        .artifacts(Arc::new(MemoryArtifacts::new()))
        .egress(StaticResolver::new().policy())
        .build()
        .unwrap()
}

/// What it costs that there are many flows, none of them due.
async fn idle_ticks(store: &PgStore) {
    let scheduler = engine(store).scheduler();
    let mut times = Vec::new();
    for _ in 0..1_000 {
        let start = Instant::now();
        assert_eq!(scheduler.tick().await.unwrap().planned, 0);
        times.push(start.elapsed());
    }
    show("a tick when nothing is due", &mut times);
}

/// Ticks as an engine does, from before the slot until all are queued.
async fn follow(store: PgStore, due: Timestamp) -> (u32, Vec<Duration>) {
    let scheduler = engine(&store).scheduler();
    let (mut planned, mut ticks) = (0, Vec::new());
    loop {
        let start = Instant::now();
        let tick = scheduler.tick().await.unwrap();
        planned += tick.planned;
        if now() >= due {
            ticks.push(start.elapsed());
            if tick.planned == 0 && store.queue_depth().await.unwrap() >= DUE.unsigned_abs() {
                return (planned, ticks);
            }
        }
        SystemClock::default().sleep(tick.wait).await;
    }
}

async fn next_slot(seeder: &mut Seeder, owners: i64) -> Timestamp {
    let now = now() + Duration::from_secs(5);
    let due = Timestamp::from_micros((now.micros() / MINUTE + 1) * MINUTE);
    seeder.herd(owners, due).await;
    due
}

/// From the slot until the last run was queued; the runs themselves say when that was.
async fn queued_within(seeder: &mut Seeder) -> Duration {
    let distinct = "SELECT COUNT(DISTINCT flow_id) FROM runs WHERE status = 'queued'";
    assert_eq!(seeder.count(distinct).await, DUE);
    let runs = "SELECT COUNT(*) FROM runs WHERE scheduled_for IS NOT NULL";
    assert_eq!(seeder.count(runs).await, DUE, "each slot has one run");
    let late = "SELECT (EXTRACT(EPOCH FROM MAX(queued_at - scheduled_for)) * 1000000)::BIGINT \
        FROM runs WHERE status = 'queued'";
    Duration::from_micros(seeder.count(late).await.unsigned_abs())
}

async fn one_scheduler(store: &PgStore, seeder: &mut Seeder, owners: i64) {
    let due = next_slot(seeder, owners).await;
    let (planned, mut ticks) = follow(store.clone(), due).await;
    assert_eq!(i64::from(planned), DUE);
    // The time of a run is that of the tick's beginning: the last tick's length comes on top.
    ticks.retain(|tick| *tick > Duration::from_millis(1));
    let last = ticks.last().copied().unwrap_or_default();
    println!("  all queued {:.2?} after their slot", queued_within(seeder).await + last);
    show("  a tick with a full batch", &mut ticks);
}

async fn two_schedulers(store: &PgStore, url: &str, seeder: &mut Seeder) {
    let due = next_slot(seeder, 100).await;
    let other = PgStore::connect(url).await.unwrap();
    let one = tokio::spawn(follow(store.clone(), due));
    let two = tokio::spawn(follow(other, due));
    let ((first, mut ticks), (second, more)) = (one.await.unwrap(), two.await.unwrap());
    assert_eq!(i64::from(first + second), DUE);
    ticks.extend(more);
    let longest = ticks.iter().max().copied().unwrap_or_default();
    println!("  all queued {:.2?} after their slot", queued_within(seeder).await + longest);
    println!("  each slot once: {first} by the one, {second} by the other");
    show("  a tick", &mut ticks);
}

/// Claims by some workers at a time, each this many.
async fn claims(store: &PgStore, workers: usize, each: usize) {
    let tasks: Vec<_> =
        (0..workers).map(|_| tokio::spawn(claim_some(store.clone(), each))).collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.unwrap());
    }
    show(&format!("  a claim, {workers} at a time"), &mut times);
}

async fn claim_some(store: PgStore, count: usize) -> Vec<Duration> {
    let mut times = Vec::new();
    for _ in 0..count {
        let start = Instant::now();
        // None while all owners are at their limit.
        let Some(claim) = claim(&store).await else { continue };
        times.push(start.elapsed());
        end(&store, &claim).await;
    }
    times
}

async fn claim(store: &PgStore) -> Option<ClaimedRun> {
    let now = now();
    let limit = DEFAULT_OWNER_CONCURRENCY;
    store.claim_run(WorkerId::random(), limit, now, now + LEASE).await.unwrap()
}

async fn end(store: &PgStore, claim: &ClaimedRun) {
    let verdict = Verdict { status: RunStatus::Passed, error: None };
    store.finish(&claim.lease, &a_report(claim, verdict, now())).await.unwrap();
}

/// Claims and ends what is left, by one worker who has no browser to wait for.
async fn drain(store: &PgStore, owners: i64) {
    let (start, mut late, mut places) = (Instant::now(), Vec::new(), Vec::new());
    while let Some(claim) = claim(store).await {
        late.push(now().since(claim.run.scheduled_for.unwrap()));
        places.push((claim.run.queued_at, claim.run.id));
        end(store, &claim).await;
    }
    let each = start.elapsed() / u32::try_from(late.len()).unwrap();
    println!("  the {} that are left are claimed and ended in {each:.2?} each", late.len());
    if owners == 1 {
        assert!(places.is_sorted(), "the runs of one owner come in their order");
        println!("  in the order in which they were queued");
    }
    show("  begun after the slot", &mut late);
}

fn show(what: &str, times: &mut [Duration]) {
    times.sort();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    println!("{what}: median {:.2?}, p99 {:.2?}, longest {:.2?}", at(50), at(99), at(100));
}
