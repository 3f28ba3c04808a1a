//! Rule 11: what may surprise.

use super::{at, schedule};
use crate::schedule::ScheduleWarning;

const FROM: &str = "2025-01-15T00:00:00Z";

fn warnings(line: &str, zone: &str) -> Vec<ScheduleWarning> {
    schedule(line, zone).warnings(at(FROM))
}

fn codes(line: &str, zone: &str) -> Vec<&'static str> {
    warnings(line, zone).into_iter().map(|warning| warning.code).collect()
}

fn message(line: &str, zone: &str, code: &str) -> String {
    let found = warnings(line, zone).into_iter().find(|warning| warning.code == code);
    found.expect(code).message
}

#[test]
fn an_ordinary_line_has_no_warnings() {
    for zone in ["UTC", "America/New_York", "Europe/Berlin"] {
        for line in ["*/5 * * * *", "0 * * * *", "0 9 * * 1-5", "0 12 1,15 * *", "* * * * *"] {
            assert_eq!(codes(line, zone), [""; 0], "{line} in {zone}");
        }
    }
}

#[test]
fn the_rule_of_the_two_day_fields_is_told() {
    let code = "day_of_month_or_day_of_week";
    assert_eq!(codes("0 0 1,15 * 1", "UTC"), [code]);
    assert!(message("0 0 1,15 * 1", "UTC", code).contains("either of them: on 1 and 15 of the"));
    assert_eq!(codes("0 0 13 * */7", "UTC"), [code]);
    assert!(
        message("0 0 13 * */7", "UTC", code)
            .contains("match both: 13 of the month, if that is a Sunday")
    );
    assert_eq!(codes("0 0 * * 1", "UTC"), [""; 0]);
    assert_eq!(codes("0 0 1 * *", "UTC"), [""; 0]);
}

#[test]
fn a_step_that_does_not_come_out_even_is_told() {
    let message = message("*/7 * * * *", "UTC", "uneven_step");
    assert!(
        message.contains("step of 7 in the minute field") && message.contains("from 56 back to 0")
    );
    for line in ["0 */5 * * *", "0 0 */2 * *", "0 0 1 */5 *", "0 0 * * */2", "0-59/7 * * * *"] {
        assert_eq!(codes(line, "UTC"), ["uneven_step"], "{line}");
    }
    for line in ["*/15 * * * *", "0 */6 * * *", "0 0 */31 * *", "0 0 * * */7", "1-50/7 * * * *"] {
        assert_eq!(codes(line, "UTC"), [""; 0], "{line}");
    }
}

#[test]
fn a_firing_in_a_gap_is_told() {
    assert_eq!(codes("30 2 * * *", "America/New_York"), ["dst_gap"]);
    assert_eq!(
        message("30 2 * * *", "America/New_York", "dst_gap"),
        "On 2025-03-09 the clocks of America/New_York go forward from 02:00 to 03:00: \
         the firing of 02:30 comes at 03:00."
    );
    assert!(message("30 */2 * * *", "America/New_York", "dst_gap").contains("02:30 does not come"));
    // On Mondays no clock changes.
    assert_eq!(codes("30 2 * * 1", "America/New_York"), [""; 0]);
    assert_eq!(codes("30 2 * * *", "UTC"), [""; 0]);
}

#[test]
fn a_firing_in_a_repeated_hour_is_told() {
    assert_eq!(codes("30 1 * * *", "America/New_York"), ["dst_fold"]);
    assert_eq!(
        message("30 1 * * *", "America/New_York", "dst_fold"),
        "On 2025-11-02 the clocks of America/New_York go back from 02:00 to 01:00: \
         01:30 comes twice, and fires the first time only."
    );
    let twice = message("*/30 1 * * *", "America/New_York", "dst_fold");
    assert!(twice.ends_with("01:00 comes twice, and fires both times."), "{twice}");
    assert_eq!(codes("0 0-23 * * *", "America/New_York"), ["dst_gap", "dst_fold"]);
}

#[test]
fn a_change_that_a_line_shows_no_trace_of_is_not_told() {
    // Half an hour to and fro does not show in every half hour, but it does in every hour.
    assert_eq!(codes("*/30 * * * *", "Australia/Lord_Howe"), [""; 0]);
    assert_eq!(codes("0 * * * *", "Australia/Lord_Howe"), ["dst_gap"]);
}

#[test]
fn only_the_next_year_counts() {
    let line = schedule("30 2 29 3 *", "Europe/Berlin");
    assert_eq!(line.warnings(at("2026-01-01T00:00:00Z")).len(), 1);
    assert_eq!(line.warnings(at("2026-04-01T00:00:00Z")).len(), 0);
}

#[test]
fn the_inverted_sign_of_a_zone_is_told() {
    assert_eq!(codes("0 0 * * *", "Etc/GMT+5"), ["inverted_timezone"]);
    assert!(message("0 0 * * *", "Etc/GMT+5", "inverted_timezone").contains("5 h behind UTC"));
    assert!(message("0 0 * * *", "Etc/GMT-14", "inverted_timezone").contains("14 h ahead of UTC"));
    for zone in ["Etc/GMT", "Etc/GMT0", "Etc/GMT+0", "Etc/GMT-0", "GMT"] {
        assert_eq!(codes("0 0 * * *", zone), [""; 0], "{zone}");
    }
}
