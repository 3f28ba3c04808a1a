//! A clock that shows what another one shows.

use std::{sync::Arc, time::Duration};

use synmon_core::{Clock, ReferenceClock};
use synmon_testkit::{ManualClock, factory::noon};

use crate::world::{later, secs};

fn clocks() -> (Arc<ManualClock>, ReferenceClock) {
    let local = ManualClock::at(noon());
    let clock = ReferenceClock::new(local.clone());
    (local, clock)
}

/// The reference shows noon and this many seconds now; the way there and back took `took`.
fn look(clock: &ReferenceClock, shown: u64, took: Duration) -> f64 {
    let answered = clock.monotonic();
    clock.adopt(later(shown).before(took / 2), answered.saturating_sub(took), answered)
}

#[test]
fn it_shows_the_local_time_until_it_knows_better() {
    let (local, clock) = clocks();
    assert_eq!(clock.now(), noon());
    local.pass(secs(5));
    assert_eq!(clock.now(), later(5));
}

#[test]
fn it_takes_over_what_the_reference_shows() {
    let (local, clock) = clocks();
    look(&clock, 600, secs(2));
    assert_eq!(clock.now(), later(600));
    local.pass(secs(7));
    assert_eq!(clock.now(), later(607));
}

#[test]
fn nobody_who_sets_the_local_wall_clock_moves_it() {
    let (local, clock) = clocks();
    look(&clock, 600, secs(0));
    for wall in [later(1_000_000), noon().before(secs(1_000_000))] {
        local.set_wall(wall);
        assert_eq!(clock.now(), later(600));
    }
    local.pass(secs(9));
    assert_eq!(clock.now(), later(609));
}

#[test]
fn a_difference_that_the_way_explains_does_not_make_it_tremble() {
    let (_local, clock) = clocks();
    look(&clock, 600, secs(0));
    for shown in [601, 599] {
        look(&clock, shown, secs(2));
        assert_eq!(clock.now(), later(600));
    }
    let short = Duration::from_millis(500);
    look(&clock, 602, short);
    assert_eq!(clock.now(), later(602), "this one is no longer explained");
    look(&clock, 590, short);
    assert_eq!(clock.now(), later(590), "it may have been set back, too");
}

#[test]
fn an_answer_that_was_long_on_its_way_says_nothing() {
    let (_local, clock) = clocks();
    look(&clock, 600, secs(0));
    look(&clock, 900, secs(60));
    assert_eq!(clock.now(), later(600));
}

#[test]
fn it_says_how_far_the_machine_is_off_and_in_which_direction() {
    let (_local, clock) = clocks();
    let behind = look(&clock, 600, secs(2));
    assert!((behind + 600.0).abs() < 1e-6, "{behind}");
    let (local, clock) = clocks();
    local.set_wall(later(900));
    let ahead = look(&clock, 600, secs(2));
    assert!((ahead - 300.0).abs() < 1e-6, "{ahead}");
}

#[tokio::test]
async fn it_sleeps_as_long_as_the_local_one() {
    let (local, clock) = clocks();
    look(&clock, 600, secs(0));
    let begun = clock.now();
    local.drive(clock.sleep(secs(30))).await;
    assert_eq!(clock.now(), begun + secs(30));
}
