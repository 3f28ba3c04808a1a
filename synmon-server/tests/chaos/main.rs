//! The chaos test: three processes of the product over one PostgreSQL, owners who use them, and a
//! nemesis that kills, freezes and cuts; then a checker that looks whether anything was lost, doubled,
//! wrongly blamed or not told. CONTRIBUTING says how to run and read it.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "in a test what does not hold panics")]

mod audit;
mod check;
mod clients;
mod history;
mod mutations;
mod nemesis;
mod owner;
mod plan;
mod real;
mod rng;
mod trial;
mod world;

use std::time::Duration;

use plan::Plan;
use world::Time;

/// How long things go wrong: a minute holds a slot of every flow.
const SHORT: Duration = Duration::from_mins(1);

/// The clocks of the replicas, unless it is asked for right ones.
fn clocks() -> Time {
    if setting("SYNMON_CHAOS_CLOCKS").as_deref() == Some("right") {
        Time::Right
    } else {
        Time::Wrong
    }
}

/// What `scripts/chaos` wants.
#[expect(clippy::disallowed_methods, reason = "it is the test that is set up, not the product")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn number(name: &str) -> u64 {
    let text = setting(name).unwrap_or_else(|| panic!("{name} is not set: use scripts/chaos"));
    text.parse().unwrap_or_else(|_| panic!("{name} must be a whole number"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_under_the_first_seed() {
    trial::hold(Plan::new(1, SHORT, clocks()), clocks()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_under_the_second_seed() {
    trial::hold(Plan::new(2, SHORT, clocks()), clocks()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_in_a_real_chromium_survives_its_worker_and_leaves_no_browser() {
    real::a_killed_worker().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "scripts/chaos starts it"]
async fn the_seed_that_was_asked_for() {
    let minutes = Duration::from_mins(number("SYNMON_CHAOS_MINUTES"));
    trial::hold(Plan::new(number("SYNMON_CHAOS_SEED"), minutes, clocks()), clocks()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "scripts/chaos starts it"]
async fn the_checker_sees_that_fencing_is_off() {
    mutations::fencing().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "scripts/chaos starts it"]
async fn the_checker_sees_that_the_slot_index_is_gone() {
    mutations::slot_index().await;
}
