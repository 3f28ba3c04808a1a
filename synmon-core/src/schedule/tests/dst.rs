//! Rule 7: what happens when the clocks change, by examples.

use super::{at, local_firings, schedule};

#[test]
fn a_fixed_time_in_the_gap_fires_at_its_end() {
    assert_eq!(
        local_firings("30 2 * * *", "America/New_York", "2025-03-08T12:00:00Z", 2),
        ["2025-03-09T03:00:00-04:00", "2025-03-10T02:30:00-04:00"]
    );
    assert_eq!(
        local_firings("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2),
        ["2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"]
    );
}

#[test]
fn a_fixed_time_in_the_repeated_hour_fires_once() {
    assert_eq!(
        local_firings("30 1 * * *", "America/New_York", "2025-11-01T12:00:00Z", 2),
        ["2025-11-02T01:30:00-04:00", "2025-11-03T01:30:00-05:00"]
    );
    assert_eq!(
        local_firings("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2),
        ["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"]
    );
    // Asked in the middle of the second pass.
    assert_eq!(
        local_firings("30 1 * * *", "America/New_York", "2025-11-02T06:15:00Z", 1),
        ["2025-11-03T01:30:00-05:00"]
    );
}

#[test]
fn several_fixed_times_in_one_gap_fire_once_together() {
    assert_eq!(
        local_firings("0,15,30 2,3 * * *", "America/New_York", "2025-03-09T05:00:00Z", 3),
        ["2025-03-09T03:00:00-04:00", "2025-03-09T03:15:00-04:00", "2025-03-09T03:30:00-04:00"]
    );
}

#[test]
fn a_list_of_minutes_and_hours_is_a_fixed_time_too() {
    // croner takes a list for an interval, and drops this day's firings.
    assert_eq!(
        local_firings("0,30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2),
        ["2026-03-29T03:00:00+02:00", "2026-03-30T02:00:00+02:00"]
    );
}

#[test]
fn a_line_with_a_star_follows_the_clock() {
    // Every half hour of real time, through the gap and through both passes.
    let line = schedule("*/30 * * * *", "Europe/Berlin");
    for from in ["2026-03-28T22:00:00Z", "2026-10-24T22:00:00Z"] {
        let firings = line.upcoming(at(from), 20);
        assert!(firings.windows(2).all(|pair| (pair[1] - pair[0]).num_minutes() == 30));
    }
    assert_eq!(
        local_firings("30 * * * *", "America/New_York", "2025-11-02T04:45:00Z", 3),
        ["2025-11-02T01:30:00-04:00", "2025-11-02T01:30:00-05:00", "2025-11-02T02:30:00-05:00"]
    );
    // What the gap swallows does not come.
    assert_eq!(
        local_firings("*/30 2 * * *", "America/New_York", "2025-03-08T12:00:00Z", 1),
        ["2025-03-10T02:00:00-04:00"]
    );
    assert_eq!(
        local_firings("30 */2 * * *", "America/New_York", "2025-03-09T05:00:00Z", 2),
        ["2025-03-09T00:30:00-05:00", "2025-03-09T04:30:00-04:00"]
    );
}

#[test]
fn a_shift_of_half_an_hour_obeys_the_rule() {
    assert_eq!(
        local_firings("15 2 * * *", "Australia/Lord_Howe", "2025-10-04T00:00:00Z", 2),
        ["2025-10-05T02:30:00+11:00", "2025-10-06T02:15:00+11:00"]
    );
    assert_eq!(
        local_firings("45 1 * * *", "Australia/Lord_Howe", "2025-04-05T00:00:00Z", 2),
        ["2025-04-06T01:45:00+11:00", "2025-04-07T01:45:00+10:30"]
    );
    assert_eq!(
        local_firings("*/15 * * * *", "Australia/Lord_Howe", "2025-04-05T14:35:00Z", 4),
        [
            "2025-04-06T01:45:00+11:00",
            "2025-04-06T01:30:00+10:30",
            "2025-04-06T01:45:00+10:30",
            "2025-04-06T02:00:00+10:30"
        ]
    );
}

#[test]
fn a_missing_midnight_fires_at_the_first_instant_of_the_day() {
    let cases = [
        ("America/Santiago", "2025-09-06T12:00:00Z", "2025-09-07T01:00:00-03:00"),
        ("Asia/Beirut", "2025-03-29T12:00:00Z", "2025-03-30T01:00:00+03:00"),
        ("Africa/Cairo", "2025-04-24T12:00:00Z", "2025-04-25T01:00:00+03:00"),
        ("America/Havana", "2025-03-08T12:00:00Z", "2025-03-09T01:00:00-04:00"),
    ];
    for (zone, from, fires) in cases {
        assert_eq!(local_firings("@daily", zone, from, 1), [fires], "{zone}");
    }
}

#[test]
fn a_gap_over_midnight_moves_the_firing_to_the_next_day() {
    // Nuuk leaps from Saturday 23:00 to Sunday 00:00. On Saturdays only, and nevertheless.
    assert_eq!(
        local_firings("30 23 * * 6", "America/Nuuk", "2025-03-29T12:00:00Z", 2),
        ["2025-03-30T00:00:00-01:00", "2025-04-05T23:30:00-01:00"]
    );
}

#[test]
fn a_day_left_out_is_a_gap() {
    // Apia went from 29 to 31 December 2011.
    assert_eq!(
        local_firings("0 12 30 12 *", "Pacific/Apia", "2011-12-29T00:00:00Z", 2),
        ["2011-12-31T00:00:00+14:00", "2012-12-30T12:00:00+14:00"]
    );
    assert_eq!(
        local_firings("0 */12 * * *", "Pacific/Apia", "2011-12-29T12:00:00Z", 3),
        ["2011-12-29T12:00:00-10:00", "2011-12-31T00:00:00+14:00", "2011-12-31T12:00:00+14:00"]
    );
}

#[test]
fn a_shift_of_two_hours_obeys_the_rule() {
    assert_eq!(
        local_firings("30 1,2 * * *", "Antarctica/Troll", "2025-03-29T12:00:00Z", 2),
        ["2025-03-30T03:00:00+02:00", "2025-03-31T01:30:00+02:00"]
    );
    assert_eq!(
        local_firings("0 * * * *", "Antarctica/Troll", "2025-10-25T22:30:00Z", 5),
        [
            "2025-10-26T01:00:00+02:00",
            "2025-10-26T02:00:00+02:00",
            "2025-10-26T01:00:00+00:00",
            "2025-10-26T02:00:00+00:00",
            "2025-10-26T03:00:00+00:00"
        ]
    );
}
