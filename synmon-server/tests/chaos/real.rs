//! A few runs in real Chromiums, whose worker is killed on the way.

use std::time::Duration;

use synmon_drivers::LocalChromium;
use synmon_testkit::{processes_of, until_within};
use uuid::Uuid;

use crate::{
    audit,
    check::{self, Evidence},
    clients::Desk,
    history::{Policy, Watch},
    owner::Owner,
    rng::Rng,
    trial::calm_down,
    world::{Browsers, Time, World},
};

const LIMIT: Duration = Duration::from_mins(2);
/// How long a browser may outlive its worker (PD1).
const BROWSER_LIMIT: Duration = Duration::from_secs(30);

/// Two runs at once, one in each of two workers; the one that takes longer loses its worker. Both
/// pass in the end, and no browser is left.
pub(crate) async fn a_killed_worker() {
    if !has_chromium() {
        return;
    }
    let Some(world) = World::start(Time::Right, Browsers::Real).await else { return };
    audit::install(&world.database).await;
    let owner = Owner::register(&world, 0, Rng::new(0)).await;
    let well = owner.make_flow(Watch::Well, Policy::EveryFailure).await.unwrap();
    let slow = owner.make_flow(Watch::Slow, Policy::EveryFailure).await.unwrap();
    for flow in [&well, &slow] {
        assert!(owner.set_active(flow, false).await);
    }
    let long = owner.start(&slow).await.unwrap();
    let short = owner.start(&well).await.unwrap();
    let holder = until_within(LIMIT, "a run that has begun", async || {
        let first: Option<String> =
            sqlx::query_scalar("SELECT writer FROM audit.events WHERE run = $1 AND kind = 'log'")
                .bind(long)
                .fetch_optional(&world.database)
                .await
                .unwrap();
        first
    })
    .await;
    let index: usize = holder[1..].split('_').next().unwrap().parse().unwrap();
    {
        let mut replica = world.replicas[index].lock().await;
        replica.kill().await;
        replica.start().await;
    }
    for run in [long, short] {
        assert_eq!(verdict(&world, run).await, "passed");
    }
    let desks = [Desk::empty(owner)];
    let quiet = calm_down(&world, &desks).await;
    let evidence = Evidence::gather(&world, &desks, quiet, vec![]).await;
    let breaches = check::all(&evidence);
    assert!(breaches.is_empty(), "{breaches:?}");
    until_within(BROWSER_LIMIT, "the end of all browsers", async || {
        processes_of(world.folder()).is_empty().then_some(())
    })
    .await;
}

async fn verdict(world: &World, run: Uuid) -> String {
    until_within(LIMIT, "a verdict", async || {
        sqlx::query_scalar("SELECT status FROM runs WHERE id = $1 AND finished_at IS NOT NULL")
            .bind(run)
            .fetch_optional(&world.database)
            .await
            .unwrap()
    })
    .await
}

fn has_chromium() -> bool {
    let Err(missing) = LocalChromium::new(std::env::temp_dir()).discover() else { return true };
    #[expect(clippy::disallowed_methods, reason = "a test asks where it runs")]
    let in_ci = std::env::var_os("CI").is_some();
    assert!(!in_ci, "{missing}");
    eprintln!("SKIPPED: {missing}");
    false
}
