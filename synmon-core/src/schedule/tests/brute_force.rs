//! Rule 8: a year of DST in 25 zones, held against a scan of the minutes.

use chrono::{DateTime, TimeDelta, Utc};

use super::oracle::{Reading, minutes};
use super::{at, schedule};

const DAYS: i64 = 370;

/// Zones with the day on which their year starts: each year holds a change of the clocks.
const FIRST_ZONES: [(&str, &str); 12] = [
    ("America/New_York", "2024-12-30T00:00:00Z"),
    ("Europe/Berlin", "2025-12-30T00:00:00Z"),
    ("Europe/London", "2024-12-30T00:00:00Z"),
    ("Europe/Dublin", "2024-12-30T00:00:00Z"),
    ("Australia/Lord_Howe", "2024-12-30T00:00:00Z"),
    ("Australia/Adelaide", "2024-12-30T00:00:00Z"),
    ("Antarctica/Troll", "2024-12-30T00:00:00Z"),
    ("America/Santiago", "2024-12-30T00:00:00Z"),
    ("America/Asuncion", "2023-12-30T00:00:00Z"),
    ("America/Havana", "2024-12-30T00:00:00Z"),
    ("America/Nuuk", "2024-12-30T00:00:00Z"),
    ("America/St_Johns", "2005-12-30T00:00:00Z"),
];

const OTHER_ZONES: [(&str, &str); 13] = [
    ("America/Sao_Paulo", "2017-12-30T00:00:00Z"),
    ("America/Caracas", "2015-12-30T00:00:00Z"),
    ("Asia/Beirut", "2024-12-30T00:00:00Z"),
    ("Asia/Gaza", "2024-12-30T00:00:00Z"),
    ("Asia/Tehran", "2020-12-30T00:00:00Z"),
    ("Asia/Pyongyang", "2017-12-30T00:00:00Z"),
    ("Africa/Cairo", "2024-12-30T00:00:00Z"),
    ("Africa/Casablanca", "2024-12-30T00:00:00Z"),
    ("Atlantic/Azores", "2024-12-30T00:00:00Z"),
    ("Pacific/Auckland", "2024-12-30T00:00:00Z"),
    ("Pacific/Chatham", "2024-12-30T00:00:00Z"),
    ("Pacific/Apia", "2011-06-30T00:00:00Z"),
    ("UTC", "2024-12-30T00:00:00Z"),
];

const LINES: [&str; 14] = [
    "*/5 * * * *",
    "30 2 * * *",
    "0 0 * * *",
    "30 23 * * 6",
    "30 1 1-7 * 0",
    "0,15,45 0-3 * * *",
    "59 23 30,31 12 *",
    "10-50/20 0,2,23 */2 * 0,6",
    "0 * * * *",
    "*/30 * * * *",
    "*/7 1,2 * * *",
    "30 */2 * * *",
    "* 0 1,15 * 0",
    "*/20 23 * 3,4,9-11 */2",
];

// Each test takes half of the zones, so that the halves run beside each other.

#[test]
fn every_firing_of_a_year_in_the_first_zones_agrees_with_a_scan_of_the_minutes() {
    for (zone, start) in FIRST_ZONES {
        assert_year(zone, start);
    }
}

#[test]
fn every_firing_of_a_year_in_the_other_zones_agrees_with_a_scan_of_the_minutes() {
    for (zone, start) in OTHER_ZONES {
        assert_year(zone, start);
    }
}

#[test]
fn every_minute_of_the_week_of_a_change_agrees_with_a_scan() {
    let weeks = [
        ("Europe/Berlin", "2026-03-26T00:00:00Z"),
        ("Europe/Berlin", "2026-10-22T00:00:00Z"),
        ("Australia/Lord_Howe", "2025-04-03T00:00:00Z"),
        ("Antarctica/Troll", "2025-10-23T00:00:00Z"),
        ("America/Santiago", "2025-04-03T00:00:00Z"),
        ("America/St_Johns", "2006-10-27T00:00:00Z"),
        ("Pacific/Apia", "2011-12-27T00:00:00Z"),
    ];
    for (zone, start) in weeks {
        let start = at(start);
        let scan = minutes(zone.parse().expect(zone), start, 7);
        for line in ["* * * * *", "0-59 0-23 * * *", "*/2 1 * * *", "1-59/2 0-2,23 * * *"] {
            let expected = Reading::new(line, start, 7).firings(&scan);
            assert_firings(line, zone, start, 7, &expected);
        }
    }
}

fn assert_year(zone: &str, start: &str) {
    let start = at(start);
    let scan = minutes(zone.parse().expect(zone), start, DAYS);
    for line in LINES {
        let expected = Reading::new(line, start, DAYS).firings(&scan);
        // More than 100,000 successive calls.
        assert!(line != "*/5 * * * *" || expected.len() > 100_000);
        assert_firings(line, zone, start, DAYS, &expected);
    }
}

/// Walks to the end of the scan, with each call strictly later than the one before.
fn assert_firings(
    line: &str,
    zone: &str,
    start: DateTime<Utc>,
    days: i64,
    expected: &[DateTime<Utc>],
) {
    let schedule = schedule(line, zone);
    let mut t = start - TimeDelta::nanoseconds(1);
    for &due in expected {
        let next = schedule.next_after(t).expect("a firing");
        assert!(next > t, "{line} in {zone} went back to {next} after {t}");
        assert_eq!(next, due, "{line} in {zone} after {t}");
        t = next;
    }
    let next = schedule.next_after(t).expect("a firing");
    assert!(next >= start + TimeDelta::days(days), "{line} in {zone}: {next} is one too many");
}
