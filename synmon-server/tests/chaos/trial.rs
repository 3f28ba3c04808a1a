//! A trial: the world, its owners, what goes wrong, the quiet after it, and what is found then.

use std::{fmt::Write as _, time::Duration};

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use tokio::time::Instant;

use crate::{
    audit,
    check::{self, Breach, Evidence},
    clients::{self, Desk},
    history::now,
    nemesis,
    owner::{Made, Owner, RUN_TIMEOUT},
    plan::Plan,
    rng::Rng,
    world::{Browsers, Time, World, pause},
};

/// How many owners there are.
const OWNERS: usize = 3;
/// After the last fault every run must have ended within this and its own time (I2).
const END_GRACE: Duration = Duration::from_secs(30);
/// A dispatcher that was killed keeps its notices for a minute; a receiver that was down gets the
/// second repeat after half a minute.
const NOTICE_GRACE: Duration = Duration::from_secs(100);
/// No session is left so long after all is quiet (I6).
const SESSION_GRACE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(250);

/// How much longer a run may take in all: tries on another browser, and until its session is there.
const START_GRACE: Duration = Duration::from_secs(20);

/// How quiet it became.
#[derive(Clone, Debug)]
pub(crate) struct Quiet {
    /// When all flows had been stopped: no slot after it is anybody's.
    pub(crate) stopping: DateTime<Utc>,
    /// What was still there when it should not have been.
    pub(crate) left: Vec<(&'static str, String)>,
}

/// Carries a plan out from the first process to the last question, and says what was found. It
/// prints what happened.
pub(crate) async fn hold(plan: Plan, time: Time) {
    let Some(world) = World::start(time, Browsers::Fake).await else { return };
    let (report, breaches) = watched(&world, &plan).await;
    println!("{report}");
    if !breaches.is_empty() {
        let seed = plan.seed;
        let folder = world.keep_files();
        let list: String = breaches.iter().fold(String::new(), |mut list, breach| {
            let _ = writeln!(list, "  {breach}");
            list
        });
        let count = breaches.len();
        panic!(
            "seed {seed} broke {count} times, history and logs are in {}:\n{list}",
            folder.display()
        );
    }
}

async fn watched(world: &World, plan: &Plan) -> (String, Vec<Breach>) {
    audit::install(&world.database).await;
    let mut rng = Rng::new(plan.seed);
    let mut desks = Vec::new();
    for index in 0..OWNERS {
        let owner = Owner::register(world, index, rng.fork()).await;
        desks.push(Desk::of(owner).await);
    }
    let ((), faults) =
        tokio::join!(clients::work(&desks, plan.duration), nemesis::work(world, plan));
    nemesis::heal(world).await;
    let quiet = calm_down(world, &desks).await;
    let evidence = Evidence::gather(world, &desks, quiet, faults).await;
    let breaches = check::all(&evidence);
    (check::report(plan, &evidence, &breaches), breaches)
}

/// Stops all flows once every due slot has been seen to, and waits until nothing is going on.
pub(crate) async fn calm_down(world: &World, desks: &[Desk<'_>]) -> Quiet {
    let began = Instant::now();
    let mut left = Vec::new();
    let overdue =
        "SELECT COUNT(*) FROM flows WHERE active AND next_run_at < now() - interval '2 s'";
    let limit = RUN_TIMEOUT + START_GRACE + END_GRACE;
    await_none(world, overdue, began + limit, "I1", "flows that are overdue", &mut left).await;
    let stopping = now();
    join_all(desks.iter().map(async |desk| {
        // Asked of the API: nobody knows for certain which ones there are.
        for flow in desk.owner.all("/flows").await {
            if flow["active"] == true {
                let id = flow["id"].as_str().and_then(|id| id.parse().ok());
                desk.owner.set_active(&Made { id: id.unwrap() }, false).await;
            }
        }
    }))
    .await;
    let open = "SELECT COUNT(*) FROM runs WHERE status IN ('queued', 'running')";
    await_none(world, open, began + limit, "I2", "runs without an end", &mut left).await;
    let leases = "SELECT COUNT(*) FROM runs WHERE lease_until IS NOT NULL OR worker_id IS NOT NULL";
    await_none(world, leases, began + limit, "I6", "leases", &mut left).await;
    let pending = "SELECT COUNT(*) FROM notices WHERE settled_at IS NULL";
    let limit = began + NOTICE_GRACE;
    await_none(world, pending, limit, "I6", "notices in the outbox", &mut left).await;
    let quiet = Instant::now();
    while world.grid.open_sessions() > 0 && quiet.elapsed() < SESSION_GRACE {
        pause(LOOK).await;
    }
    if world.grid.open_sessions() > 0 {
        left.push(("I6", format!("{} sessions of the grid are open", world.grid.open_sessions())));
    }
    Quiet { stopping, left }
}

/// Waits until a question is answered with none; notes what is left if that takes too long.
async fn await_none(
    world: &World,
    question: &'static str,
    until: Instant,
    invariant: &'static str,
    what: &str,
    left: &mut Vec<(&'static str, String)>,
) {
    loop {
        let count: i64 = sqlx::query_scalar(question).fetch_one(&world.database).await.unwrap();
        if count == 0 {
            return;
        }
        if Instant::now() > until {
            left.push((invariant, format!("{count} {what}")));
            return;
        }
        pause(LOOK).await;
    }
}
