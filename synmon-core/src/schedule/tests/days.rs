//! Rule 3: day of month and day of week.

use super::{at, local_firings, schedule};

fn firings_in_2025(line: &str) -> usize {
    let all = schedule(line, "UTC").upcoming(at("2024-12-31T23:59:59Z"), 400);
    all.into_iter().filter(|t| *t < at("2026-01-01T00:00:00Z")).count()
}

#[test]
fn two_restricted_day_fields_are_alternatives() {
    assert_eq!(firings_in_2025("0 0 1,15 * 1"), 72);
    assert_eq!(firings_in_2025("0 0 1-31 * 1"), 365);
    assert_eq!(firings_in_2025("0 0 1 * 0-6"), 365);
}

#[test]
fn a_field_that_begins_with_a_star_narrows_the_other() {
    assert_eq!(firings_in_2025("0 0 */2 * 1"), 27);
    assert_eq!(firings_in_2025("0 0 * * 1"), 52);
    assert_eq!(firings_in_2025("0 0 1,15 * *"), 24);
    // The star must come first: behind a value it does not count.
    assert_eq!(firings_in_2025("0 0 *,2 * 1"), 52);
    assert_eq!(firings_in_2025("0 0 2,* * 1"), 365);
    // Mondays and Wednesdays, and so on, that are the 13th.
    assert_eq!(firings_in_2025("0 0 13 * */2"), firings_in_2025("0 0 13 * *") - 3 - 1);
}

#[test]
fn the_29th_of_february_comes_in_leap_years() {
    assert_eq!(
        local_firings("0 0 29 2 *", "UTC", "2025-01-01T00:00:00Z", 2),
        ["2028-02-29T00:00:00+00:00", "2032-02-29T00:00:00+00:00"]
    );
    // 2100 is no leap year.
    assert_eq!(
        local_firings("0 0 29 2 *", "UTC", "2097-01-01T00:00:00Z", 1),
        ["2104-02-29T00:00:00+00:00"]
    );
    // On a Sunday only; and here, with two restricted fields, on every Monday of the month too.
    assert_eq!(
        local_firings("0 0 29 2 */7", "UTC", "2025-01-01T00:00:00Z", 2),
        ["2032-02-29T00:00:00+00:00", "2060-02-29T00:00:00+00:00"]
    );
    assert_eq!(
        local_firings("0 0 29 2 1", "UTC", "2026-06-01T00:00:00Z", 1),
        ["2027-02-01T00:00:00+00:00"]
    );
}

#[test]
fn the_29th_of_february_on_a_weekday_is_found_over_the_turn_of_a_century() {
    // 2088 and 2128: the longest wait there is.
    assert_eq!(
        local_firings("0 0 29 2 */7", "UTC", "2088-03-01T00:00:00Z", 1),
        ["2128-02-29T00:00:00+00:00"]
    );
}

#[test]
fn a_firing_is_strictly_later_than_the_instant_asked() {
    let line = schedule("30 2 * * *", "UTC");
    let due = at("2025-05-05T02:30:00Z");
    assert_eq!(line.next_after(at("2025-05-05T02:29:59.999999999Z")), Some(due));
    assert_eq!(line.next_after(due), Some(at("2025-05-06T02:30:00Z")));
    assert_eq!(
        line.next_after(at("2025-05-05T02:30:00.000000001Z")),
        Some(at("2025-05-06T02:30:00Z"))
    );
}
