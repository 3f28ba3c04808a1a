//! Does the checker see anything? The database is made to let through what the product relies on it to
//! refuse, and the checker must say so. Each time it is held without the mutation first: then it must
//! find nothing.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use synmon_testkit::until_within;
use uuid::Uuid;

use crate::{
    audit,
    check::{Breach, Evidence},
    clients::Desk,
    history::{Policy, Watch, now},
    owner::Owner,
    rng::Rng,
    trial::calm_down,
    world::{Browsers, Time, World, pause},
};

/// Workers keep their old fencing number, so that the writes of one that has lost its run pass.
const FENCING_OFF: &str = r"
CREATE FUNCTION audit.keep_fencing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    NEW.fencing := OLD.fencing;
    RETURN NEW;
END $$;
CREATE TRIGGER mutation BEFORE UPDATE ON runs FOR EACH ROW EXECUTE FUNCTION audit.keep_fencing();
";
/// A slot may have any number of runs.
const SLOT_INDEX_OFF: &str = "DROP INDEX runs_one_per_slot";

const LIMIT: Duration = Duration::from_secs(90);
/// How far ahead a slot that comes up again must be, and how late in its minute it may be.
const AHEAD: TimeDelta = TimeDelta::seconds(4);
const LATEST: TimeDelta = TimeDelta::seconds(56);

/// Without fencing, I3 must break.
pub(crate) async fn fencing() {
    let Some(sound) = stale_worker(None).await else { return };
    assert!(sound.is_empty(), "with fencing: {sound:?}");
    let broken = stale_worker(Some(FENCING_OFF)).await.unwrap();
    must_have_found(&broken, "I3", "with fencing off");
}

/// Without the unique index of slots, I1 must break.
pub(crate) async fn slot_index() {
    let Some(sound) = slot_again(None).await else { return };
    assert!(sound.is_empty(), "with the index: {sound:?}");
    let broken = slot_again(Some(SLOT_INDEX_OFF)).await.unwrap();
    must_have_found(&broken, "I1", "without the slots' unique index");
}

fn must_have_found(breaches: &[Breach], invariant: &str, when: &str) {
    let found: Vec<&Breach> =
        breaches.iter().filter(|breach| breach.invariant == invariant).collect();
    assert!(!found.is_empty(), "FAIL: {when} {invariant} holds; found: {breaches:?}");
    println!("PASS: {when} the checker fails, as it must: {} breaches of {invariant}", found.len());
    found.iter().take(5).for_each(|breach| println!("  {breach}"));
}

async fn world_with(time: Time, mutation: Option<&'static str>) -> Option<World> {
    let world = World::start(time, Browsers::Fake).await?;
    audit::install(&world.database).await;
    if let Some(mutation) = mutation {
        sqlx::raw_sql(mutation).execute(&world.database).await.unwrap();
    }
    Some(world)
}

/// A worker is suspended in the middle of a run, with its clock, until another one has the run and is
/// in the middle of it; then it goes on, and knows of nothing.
async fn stale_worker(mutation: Option<&'static str>) -> Option<Vec<Breach>> {
    let world = world_with(Time::Suspendable, mutation).await?;
    if !world.clocks.can_be_set() {
        return None;
    }
    let owner = Owner::register(&world, 0, Rng::new(0)).await;
    let flow = owner.make_long_flow(50, 300).await;
    let run = owner.start(&flow).await.unwrap();
    let first = in_the_middle(&world, run, None).await;
    let index: usize = first[1..].split('_').next().unwrap().parse().unwrap();
    let frozen = now();
    world.replicas[index].lock().await.freeze();
    let second = in_the_middle(&world, run, Some(&first)).await;
    world.clocks.set(index, (frozen - now()).num_seconds());
    world.replicas[index].lock().await.thaw();
    println!("{first} was suspended for {}, {second} has its run", now() - frozen);
    end_of(&world, run).await;
    // What the stale worker has begun by then, it gets the time to write.
    pause(Duration::from_secs(10)).await;
    Some(found(&world, Desk::empty(owner)).await)
}

/// A slot that has its run comes up again, because its flow is stopped, spread further, and begun.
async fn slot_again(mutation: Option<&'static str>) -> Option<Vec<Breach>> {
    let world = world_with(Time::Right, mutation).await?;
    let owner = Owner::register(&world, 0, Rng::new(0)).await;
    let flow = owner.make_flow(Watch::Well, Policy::EveryFailure).await.unwrap();
    let (seconds, due) = until_within(LIMIT * 2, "a slot that can come up again", async || {
        let slot: Option<DateTime<Utc>> =
            sqlx::query_scalar("SELECT MAX(scheduled_for) FROM runs WHERE finished_at IS NOT NULL")
                .fetch_one(&world.database)
                .await
                .unwrap();
        spread_into(flow.id, slot?)
    })
    .await;
    assert!(owner.set_active(&flow, false).await);
    assert_eq!(owner.spread(&flow, seconds).await.status, Some(200));
    assert!(owner.set_active(&flow, true).await);
    println!("the slot comes up again at {due}");
    until_within(LIMIT, "the time of the slot", async || {
        (now() > due + TimeDelta::seconds(3)).then_some(())
    })
    .await;
    Some(found(&world, Desk::empty(owner)).await)
}

/// A spread that moves this slot into the future, and the time that it is due then. How far a flow is
/// moved is said in the documentation of `Flow::spread`.
fn spread_into(flow: Uuid, slot: DateTime<Utc>) -> Option<(u64, DateTime<Utc>)> {
    let chance = u64::try_from(flow.as_u128() & u128::from(u64::MAX)).unwrap();
    (1..=300).find_map(|seconds| {
        let offset = TimeDelta::seconds(i64::try_from(chance % (seconds + 1)).unwrap());
        let due = slot + offset;
        (due > now() + AHEAD && offset < LATEST).then_some((seconds, due))
    })
}

/// Waits until a worker other than `not` has the run and has carried out some of it; says which.
async fn in_the_middle(world: &World, run: Uuid, not: Option<&str>) -> String {
    let statement = "SELECT writer FROM audit.events WHERE run = $1 AND kind = 'log' \
        AND writer IS DISTINCT FROM $2 GROUP BY writer HAVING COUNT(*) >= 3";
    until_within(LIMIT, "a worker in the middle of a run", async || {
        sqlx::query_scalar(statement)
            .bind(run)
            .bind(not)
            .fetch_optional(&world.database)
            .await
            .unwrap()
    })
    .await
}

async fn end_of(world: &World, run: Uuid) {
    let statement = "SELECT 1 FROM runs WHERE id = $1 AND finished_at IS NOT NULL";
    until_within(LIMIT, "the end of the run", async || {
        let ended: Option<i32> =
            sqlx::query_scalar(statement).bind(run).fetch_optional(&world.database).await.unwrap();
        ended
    })
    .await;
}

async fn found(world: &World, desk: Desk<'_>) -> Vec<Breach> {
    let desks = [desk];
    let quiet = calm_down(world, &desks).await;
    let evidence = Evidence::gather(world, &desks, quiet, vec![]).await;
    crate::check::of_runs(&evidence)
}
