//! Rule 5: the operator's minimum interval.

use std::time::Duration;

use super::at;
use crate::schedule::{DEFAULT_MINIMUM_INTERVAL, Schedule, ScheduleError};

fn with_minimum(line: &str, seconds: u64) -> Result<Schedule, ScheduleError> {
    let now = at("2025-03-08T12:00:30Z");
    let minimum = Duration::from_secs(seconds);
    Schedule::parse_with_minimum(line, "America/New_York", minimum, now)
}

#[test]
fn every_line_keeps_the_usual_minimum() {
    for line in ["* * * * *", "0-59 * * * *", "59 23 * * *", "0,59 * * * *"] {
        let minimum = DEFAULT_MINIMUM_INTERVAL.as_secs();
        assert!(with_minimum(line, minimum).is_ok(), "{line}");
    }
}

#[test]
fn firings_closer_together_than_the_minimum_are_refused() {
    for line in ["*/4 * * * *", "0,1 3 * * *", "0 0,6,12,18,19 * * *", "59,0 * * * *"] {
        let minimum = if line.contains("18") { 7200 } else { 300 };
        let error = with_minimum(line, minimum).expect_err(line);
        assert_eq!(error.field(), "scheduling");
        assert!(matches!(error, ScheduleError::TooOften { .. }), "{line}: {error}");
    }
    let error = with_minimum("* * * * *", 300).expect_err("too often");
    assert_eq!(
        error.to_string(),
        "the schedule fires 60 seconds apart, the minimum here is 300 seconds: make it fire less often"
    );
}

#[test]
fn two_firings_late_in_a_dense_day_are_found() {
    assert!(with_minimum("0,10,20,30,40,50,55 7 * * *", 600).is_err());
    assert!(with_minimum("0 0,23 * * 1,2", 7200).is_err());
    assert!(with_minimum("0,10,20,30,40,50 * * * *", 600).is_ok());
}

#[test]
fn an_hour_shortened_by_dst_is_no_reason_to_refuse() {
    // On 9 March 02:30 comes at 03:00, ten minutes before 03:10.
    assert!(with_minimum("30 2 * * *", 3600).is_ok());
    assert!(with_minimum("10,30 1,2,3 * * *", 1200).is_ok());
}

#[test]
fn a_rare_line_is_far_from_any_minimum() {
    assert!(with_minimum("0 0 29 2 *", 86_400 * 365).is_ok());
    assert!(with_minimum("0 0 29 2 *", 86_400 * 365 * 5).is_err());
    assert!(with_minimum("0 0 29 2 *", u64::MAX).is_err());
}

#[test]
fn other_faults_come_first() {
    assert_eq!(with_minimum("0 0 31 2 *", 300), Err(ScheduleError::NeverFires));
}
