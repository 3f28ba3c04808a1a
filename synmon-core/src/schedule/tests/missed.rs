//! Rule 9: missed firings.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use std::time::Instant;

use super::{at, schedule};
use crate::schedule::{Missed, Schedule};

fn walked(schedule: &Schedule, first_due: DateTime<Utc>, now: DateTime<Utc>) -> Missed {
    let mut missed = Missed { count: 0, latest: first_due };
    let mut next = Some(first_due);
    while let Some(t) = next.filter(|t| *t <= now) {
        missed = Missed { count: missed.count + 1, latest: t };
        next = schedule.next_after(t);
    }
    missed
}

#[test]
fn both_ends_are_counted() {
    let hourly = schedule("0 * * * *", "UTC");
    let first = at("2025-01-01T00:00:00Z");
    assert_eq!(hourly.missed(first, first), Missed { count: 1, latest: first });
    let end = at("2025-01-01T05:00:00Z");
    assert_eq!(hourly.missed(first, end), Missed { count: 6, latest: end });
    assert_eq!(hourly.missed(first, end + TimeDelta::minutes(59)).latest, end);
    assert_eq!(hourly.missed(first, end).skipped(), 5);
}

#[test]
fn a_clock_that_jumped_back_has_missed_nothing() {
    let hourly = schedule("0 * * * *", "UTC");
    let first = at("2025-01-01T00:00:00Z");
    let missed = hourly.missed(first, first - TimeDelta::hours(1));
    assert_eq!((missed, missed.skipped()), (Missed { count: 0, latest: first }, 0));
}

#[test]
fn two_years_of_every_minute_are_counted_at_once() {
    let zone = "America/New_York";
    let schedule = schedule("* * * * *", zone);
    let (first, now) = (at("2024-01-01T00:00:00Z"), at("2026-01-01T00:00:30Z"));
    let start = Instant::now();
    let missed = schedule.missed(first, now);
    let took = start.elapsed();
    assert_eq!(missed.count, 731 * 1440 + 1);
    assert_eq!(missed.latest, at("2026-01-01T00:00:00Z"));
    // Under 50 ms as released; this build is not optimised, and shares the machine.
    assert!(took.as_millis() < 500, "{took:?}");
}

/// Years, zones and lines where days begin and end oddly.
#[test]
fn a_count_over_every_change_agrees_with_a_walk() {
    let years = [
        ("America/St_Johns", "2006-01-01T00:00:00Z"),
        ("America/Nuuk", "2025-01-01T00:00:00Z"),
        ("America/Santiago", "2025-01-01T00:00:00Z"),
        ("America/Havana", "2025-01-01T00:00:00Z"),
        ("America/Scoresbysund", "2024-01-01T00:00:00Z"),
        ("Antarctica/Troll", "2025-01-01T00:00:00Z"),
        ("Africa/Cairo", "2025-01-01T00:00:00Z"),
        ("Atlantic/Azores", "2025-01-01T00:00:00Z"),
        ("Australia/Lord_Howe", "2025-01-01T00:00:00Z"),
        ("Pacific/Apia", "2011-06-01T00:00:00Z"),
        ("Africa/Monrovia", "1971-06-01T00:00:00Z"),
    ];
    for (zone, from) in years {
        for line in ["*/15 * * * *", "30 23 * * *", "0,30 0-3,22,23 * * *", "0 0 */2 * 6,0"] {
            let schedule = schedule(line, zone);
            let first = schedule.next_after(at(from)).expect("a firing");
            let now = at(from) + TimeDelta::days(400);
            assert_eq!(schedule.missed(first, now), walked(&schedule, first, now), "{line} {zone}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_count_agrees_with_a_walk(
        line in prop::sample::select(vec![
            "*/10 * * * *", "0 * * * *", "30 1,2,3 * * *", "0 0 * * *", "45 23 * * 0",
            "*/30 0-2,22,23 * * *", "0 0 1 * *", "0,20 23,0 */3 * 0,6", "59 23 31 12 *",
        ]),
        zone in prop::sample::select(vec![
            "UTC", "Europe/Berlin", "America/St_Johns", "America/Nuuk", "Asia/Beirut",
            "Africa/Casablanca", "Pacific/Apia", "Australia/Lord_Howe", "Antarctica/Troll",
        ]),
        start in at("2000-01-01T00:00:00Z").timestamp()..at("2030-01-01T00:00:00Z").timestamp(),
        seconds in 0i64..86_400 * 60,
        nanoseconds in 0i64..1_000_000_000,
    ) {
        let schedule = schedule(line, zone);
        let start = DateTime::from_timestamp(start, 0).expect("in range");
        let first = schedule.next_after(start).expect("a firing");
        let now = first + TimeDelta::seconds(seconds) + TimeDelta::nanoseconds(nanoseconds);
        prop_assert_eq!(schedule.missed(first, now), walked(&schedule, first, now));
    }
}
