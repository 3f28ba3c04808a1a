//! What holds for every text and every instant.

use chrono::{DateTime, Utc};
use chrono_tz::TZ_VARIANTS;
use proptest::prelude::*;
use std::time::Duration;

use super::oracle::{Reading, minutes};
use crate::schedule::{Schedule, ScheduleError};

/// One field of a good line: one to three items, `*` in front at times.
fn field(min: u32, max: u32) -> impl Strategy<Value = String> {
    let item = (min..=max, min..=max, 1..=max, 0..5u8).prop_map(move |(a, b, step, kind)| {
        let (low, high) = (a.min(b), a.max(b));
        match kind {
            0 => "*".to_owned(),
            1 => format!("*/{step}"),
            2 => format!("{low}-{high}"),
            3 => format!("{low}-{high}/{step}"),
            _ => a.to_string(),
        }
    });
    prop::collection::vec(item, 1..4).prop_map(|items| items.join(","))
}

fn line() -> impl Strategy<Value = String> {
    (field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 7)).prop_map(
        |(minute, hour, day, month, weekday)| format!("{minute} {hour} {day} {month} {weekday}"),
    )
}

fn zone() -> impl Strategy<Value = &'static str> {
    (0..TZ_VARIANTS.len()).prop_map(|index| TZ_VARIANTS[index].name())
}

fn instant() -> impl Strategy<Value = DateTime<Utc>> {
    // From the year 1 to the year 9999, with nanoseconds.
    (-62_135_596_800i64..253_402_300_800, 0..1_000_000_000u32)
        .prop_map(|(s, n)| DateTime::from_timestamp(s, n).expect("in range"))
}

/// A text of whatever, or a good line with a few characters changed.
fn text() -> impl Strategy<Value = String> {
    let alphabet: Vec<char> =
        "0123456789*/,-? #LWH~$@+.abcdefghijmnoprstuvy\t\n\0٣é\u{a0}".chars().collect();
    let salad = prop::collection::vec(prop::sample::select(alphabet.clone()), 0..140)
        .prop_map(String::from_iter);
    let changed = (
        line(),
        prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(alphabet)), 0..4),
    )
        .prop_map(|(line, changes)| {
            let mut characters: Vec<char> = line.chars().collect();
            for (index, character) in changes {
                let index = index.index(characters.len());
                characters[index] = character;
            }
            String::from_iter(characters)
        });
    prop_oneof![any::<String>(), salad, changed]
}

/// A line from [`line`], which can be refused for one reason only.
fn good(line: &str, zone: &str) -> Option<Schedule> {
    match Schedule::parse(line, zone) {
        Ok(schedule) => Some(schedule),
        Err(ScheduleError::NeverFires) => None,
        Err(error) => panic!("{line} in {zone}: {error}"),
    }
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(3000))]

    #[test]
    fn no_text_makes_it_panic(text in text(), zone in prop_oneof![text(), zone().prop_map(str::to_owned)]) {
        match Schedule::parse(&text, &zone) {
            Ok(schedule) => {
                let now = DateTime::UNIX_EPOCH;
                prop_assert!(schedule.next_after(now).is_some());
                prop_assert!(!schedule.describe().is_empty());
                let _ = schedule.warnings(now);
                prop_assert_eq!(Schedule::parse(schedule.line(), &zone), Ok(schedule));
            }
            Err(error) => {
                prop_assert!(!matches!(error, ScheduleError::Unreadable { .. }), "{}", error);
                let message = error.to_string();
                prop_assert!(message.chars().count() < 250, "{}", message);
                prop_assert!(!message.contains(char::is_control), "{}", message);
                prop_assert!(["scheduling", "timezone"].contains(&error.field()));
            }
        }
    }
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn a_good_line_never_goes_back(line in line(), zone in zone(), start in instant()) {
        let Some(schedule) = good(&line, zone) else { return Ok(()) };
        let mut t = start;
        for next in schedule.upcoming(start, 20) {
            prop_assert!(next > t, "{} in {}: {} after {}", line, zone, next, t);
            t = next;
        }
        let minimum = Duration::from_hours(1);
        let _ = Schedule::parse_with_minimum(&line, zone, minimum, start);
    }

    /// There is no firing between an instant and the next firing after it.
    #[test]
    fn the_next_firing_is_the_same_until_it_comes(
        line in line(), zone in zone(), start in instant(), part in 0.0..1.0f64,
    ) {
        let Some(schedule) = good(&line, zone) else { return Ok(()) };
        let Some(next) = schedule.next_after(start) else { return Ok(()) };
        let between = start + (next - start).checked_div(1000).expect("not zero") * thousandth(part);
        prop_assert_eq!(schedule.next_after(between), Some(next), "{} in {}", line, zone);
    }
}

proptest! {
    #![proptest_config(config(60))]

    #[test]
    fn any_line_agrees_with_a_scan_of_the_minutes(
        line in line(), zone in zone(), month in 0..12 * 26i64,
    ) {
        let Some(schedule) = good(&line, zone) else { return Ok(()) };
        let start = super::at("2000-01-01T00:00:00Z") + chrono::TimeDelta::days(month * 30);
        let scan = minutes(schedule.timezone(), start, 35);
        let expected = Reading::new(&line, start, 35).firings(&scan);
        let before = start - chrono::TimeDelta::nanoseconds(1);
        prop_assert_eq!(schedule.upcoming(before, expected.len()), expected, "{} in {}", line, zone);
    }
}

/// A part of a whole, in thousandths.
fn thousandth(part: f64) -> i32 {
    (0..1000).take_while(|n| f64::from(*n) / 1000.0 < part).count().try_into().unwrap_or_default()
}
