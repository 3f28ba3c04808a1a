//! Dates at the ends of the calendar (CK15 of `docs/faults.md`).

use chrono::{DateTime, TimeDelta, Utc};

use super::{at, schedule};

#[test]
fn years_far_away_are_answered() {
    for zone in ["UTC", "America/New_York", "Pacific/Kiritimati", "Africa/Monrovia", "Asia/Manila"]
    {
        for line in ["* * * * *", "30 2 * * *", "0 0 29 2 */7", "0 0 1 1 *"] {
            let schedule = schedule(line, zone);
            for text in ["1844-12-30T00:00:00Z", "1970-01-01T00:00:00Z", "1972-01-06T23:00:00Z"] {
                assert!(schedule.next_after(at(text)).is_some_and(|t| t > at(text)));
            }
            for text in ["2038-01-19T03:14:07Z", "2099-12-31T23:59:59Z", "9900-01-01T00:00:00Z"] {
                assert!(schedule.next_after(at(text)).is_some_and(|t| t > at(text)));
            }
            let ends = [DateTime::<Utc>::MIN_UTC, DateTime::UNIX_EPOCH, DateTime::<Utc>::MAX_UTC];
            for end in ends {
                let _ = schedule.next_after(end);
                let _ = schedule.upcoming(end, 3);
                let _ = schedule.warnings(end);
                let _ = schedule.missed(end, end);
            }
        }
    }
}

#[test]
fn the_last_firing_is_in_the_year_9999() {
    let schedule = schedule("0 0 * * *", "UTC");
    let last = at("9999-12-31T00:00:00Z");
    assert_eq!(schedule.next_after(last - TimeDelta::seconds(1)), Some(last));
    assert_eq!(schedule.next_after(last), None);
    assert_eq!(schedule.next_after(DateTime::<Utc>::MAX_UTC), None);
    assert_eq!(schedule.upcoming(at("9999-12-29T12:00:00Z"), 10).len(), 2);
}

#[test]
fn an_endless_outage_is_counted_to_the_last_year() {
    let schedule = schedule("0 0 1 1 *", "America/New_York");
    let first = at("9990-01-01T05:00:00Z");
    let missed = schedule.missed(first, DateTime::<Utc>::MAX_UTC);
    assert_eq!((missed.count, missed.latest), (10, at("9999-01-01T05:00:00Z")));
}

#[test]
fn offsets_with_seconds_are_followed() {
    // Monrovia was 44 min 30 s behind UTC until 7 January 1972.
    let schedule = schedule("0 12 * * *", "Africa/Monrovia");
    assert_eq!(schedule.next_after(at("1971-06-01T00:00:00Z")), Some(at("1971-06-01T12:44:30Z")));
    let minutes = super::schedule("* * * * *", "Africa/Monrovia");
    let firings = minutes.upcoming(at("1972-01-07T00:43:45Z"), 2);
    assert_eq!(firings, ["1972-01-07T00:45:00Z", "1972-01-07T00:46:00Z"].map(at));
}
