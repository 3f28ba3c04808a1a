//! Carries a plan out.

use std::{sync::Mutex, time::Duration};

use futures_util::future::join_all;
use synmon_testkit::{postgres::Postgres, until_within};
use tokio::time::Instant;

use crate::{
    plan::{Fault, Plan, REPLICAS},
    world::{
        World,
        grid::Mood,
        pause,
        proxy::{Line, Proxy},
    },
};

/// How often it is looked whether a replica has ended by itself.
const LOOK: Duration = Duration::from_millis(500);
const HEAL_LIMIT: Duration = Duration::from_mins(1);

/// Makes everything go wrong that the plan says, and waits until the last of it is over.
pub(crate) async fn work(world: &World, plan: &Plan) -> Vec<String> {
    let started = Instant::now();
    let done = Mutex::new(Vec::new());
    let faults = plan.faults.iter().map(async |&(at, fault)| {
        tokio::time::sleep_until(started + at).await;
        let began = started.elapsed();
        let what = carry_out(world, fault).await;
        let line = format!("{:>6.1} s to {:>5.1} s  {what}", secs(began), secs(started.elapsed()));
        done.lock().unwrap().push((began, line));
    });
    let all = async {
        join_all(faults).await;
        tokio::time::sleep_until(started + plan.duration).await;
    };
    tokio::select! {
        () = all => {}
        () = look_after(world) => {}
    }
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(began, _)| *began);
    done.into_iter().map(|(_, line)| line).collect()
}

/// Takes away all that still disturbs, and waits until every replica answers.
pub(crate) async fn heal(world: &World) {
    world.grid.set(Mood::Works);
    world.grid.lose_deletes(0);
    world.mail.set_down(false);
    world.mail.drop_letters(0);
    world.hook.set_down(false);
    for proxy in &world.proxies {
        proxy.set(Line::Passes);
        proxy.cut_commits(0);
    }
    for replica in &world.replicas {
        let mut replica = replica.lock().await;
        replica.thaw();
        replica.look_after().await;
    }
    let web = reqwest::Client::builder().no_proxy().timeout(HEAL_LIMIT).build().unwrap();
    for address in &world.addresses {
        until_within(HEAL_LIMIT, &format!("a healthy replica at {address}"), async || {
            let answer = web.get(format!("{address}/readyz")).send().await.ok()?;
            answer.status().is_success().then_some(())
        })
        .await;
    }
}

async fn look_after(world: &World) {
    loop {
        pause(LOOK).await;
        for replica in &world.replicas {
            // Whoever has it is about to do something to it.
            if let Ok(mut replica) = replica.try_lock() {
                replica.look_after().await;
            }
        }
    }
}

async fn carry_out(world: &World, fault: Fault) -> String {
    let mut what = fault.to_string();
    let of = |one: Option<usize>| {
        let some = world.proxies.iter().enumerate();
        some.filter(move |(index, _)| one.is_none_or(|one| one == *index)).map(|(_, proxy)| proxy)
    };
    let for_a_while = async |one: Option<usize>, line: Line, time: Duration| {
        of(one).for_each(|proxy| proxy.set(line));
        pause(time).await;
        of(one).for_each(|proxy| proxy.set(Line::Passes));
    };
    match fault {
        Fault::Kill(_) | Fault::Freeze(..) | Fault::Terminate(_) => {
            what = disturb(world, fault).await.unwrap_or_else(|| format!("(no) {what}"));
        }
        Fault::PgRestart => database(world, Postgres::restart).await,
        Fault::PgCrash => database(world, Postgres::crash).await,
        Fault::PgTerminate(count) => {
            let ended = end_connections(world, count).await;
            what = format!("end {ended} connections of the database");
        }
        Fault::BlackHole(one, time) => for_a_while(one, Line::Swallows, time).await,
        Fault::Latency(one, time) => {
            for_a_while(one, Line::Delays(Duration::from_millis(300)), time).await;
        }
        Fault::Reset(one) => of(one).for_each(Proxy::reset),
        Fault::CutAfterCommit(one, count) => world.proxies[one].cut_commits(count),
        Fault::GridErrors(time) => mood(world, Mood::Refuses, time).await,
        Fault::GridHang(time) => mood(world, Mood::Hangs, time).await,
        Fault::GridLate(time) => mood(world, Mood::Dawdles(time), time).await,
        Fault::GridLostDeletes(count) => world.grid.lose_deletes(count),
        Fault::GridKill(count) => {
            let ended = world.grid.kill_sessions(usize::try_from(count).unwrap());
            what = format!("{ended} sessions end by themselves");
        }
        Fault::SinkDown(time) => {
            world.mail.set_down(true);
            world.hook.set_down(true);
            pause(time).await;
            world.mail.set_down(false);
            world.hook.set_down(false);
        }
        Fault::SinkDrop(count) => world.mail.drop_letters(count),
        Fault::SiteDown(time) => world.sites.down_for(time).await,
        Fault::ClockJump(one, offset) => world.clocks.set(one, offset),
    }
    what
}

/// Does it to the replica, or to another if that one is being disturbed already.
async fn disturb(world: &World, fault: Fault) -> Option<String> {
    let (Fault::Kill(wanted) | Fault::Freeze(wanted, _) | Fault::Terminate(wanted)) = fault else {
        return None;
    };
    let mut free = (0..REPLICAS)
        .map(|step| (wanted + step) % REPLICAS)
        .filter_map(|index| world.replicas[index].try_lock().ok());
    let mut replica = free.next()?;
    let index = replica.index;
    match fault {
        Fault::Freeze(_, time) => {
            replica.freeze();
            pause(time).await;
            replica.thaw();
            Some(Fault::Freeze(index, time).to_string())
        }
        Fault::Terminate(_) => {
            replica.terminate().await;
            replica.start().await;
            Some(Fault::Terminate(index).to_string())
        }
        _ => {
            replica.kill().await;
            replica.start().await;
            Some(Fault::Kill(index).to_string())
        }
    }
}

async fn mood(world: &World, mood: Mood, time: Duration) {
    world.grid.set(mood);
    pause(time).await;
    world.grid.set(Mood::Works);
}

/// What is done to the database takes the thread of whoever does it.
async fn database(world: &World, order: fn(&Postgres)) {
    let postgres = std::sync::Arc::clone(&world.postgres);
    tokio::task::spawn_blocking(move || order(&postgres)).await.unwrap();
}

/// Ends connections of replicas, and says how many.
async fn end_connections(world: &World, count: u64) -> i64 {
    let statement = "SELECT COUNT(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity \
        WHERE usename LIKE 'r%\\_%' ORDER BY md5(pid::text) LIMIT $1) AS chosen";
    let ended = sqlx::query_scalar(statement).bind(count.cast_signed()).fetch_one(&world.database);
    // The database may be away itself.
    ended.await.unwrap_or(0)
}

fn secs(time: Duration) -> f64 {
    time.as_secs_f64()
}
