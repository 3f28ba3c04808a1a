//! The operator's minimum interval (rule 5 of `docs/cron.md`).

use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

use super::error::ScheduleError;
use super::{Schedule, zone};

const DAY: u64 = 86_400;

/// The fewest firings looked at, for lines that fire once in years.
const FEWEST_FIRINGS: usize = 5;

/// Beyond this, further firings of a rare line tell nothing new.
const HORIZON: TimeDelta = TimeDelta::days(400);

/// Refuses a line whose next firings come closer together than `minimum`.
pub(super) fn check(
    schedule: &Schedule,
    minimum: Duration,
    now: DateTime<Utc>,
) -> Result<(), ScheduleError> {
    // Crontab lines fire on whole minutes, so that the usual minimum refuses none of them.
    if minimum <= Duration::from_mins(1) {
        return Ok(());
    }
    let firings = firings_to_judge(schedule, minimum, now);
    let too_close = firings.windows(2).find_map(|pair| {
        let (first, second) = (*pair.first()?, *pair.last()?);
        let interval = (second - first).to_std().ok()?;
        (interval < minimum && !astride_a_shift(schedule, first, second)).then_some(interval)
    });
    match too_close {
        Some(interval) => Err(ScheduleError::TooOften { interval, minimum }),
        None => Ok(()),
    }
}

/// As many as a day can hold, and the step into the next: fewer could miss the two of a day that
/// are too close together.
fn firings_to_judge(
    schedule: &Schedule,
    minimum: Duration,
    now: DateTime<Utc>,
) -> Vec<DateTime<Utc>> {
    let a_day = usize::try_from(DAY.div_ceil(minimum.as_secs())).unwrap_or_default() + 2;
    std::iter::successors(schedule.next_after(now), |&t| schedule.next_after(t))
        .enumerate()
        .take_while(|&(n, t)| n < FEWEST_FIRINGS || (n < a_day && t - now < HORIZON))
        .map(|(_, t)| t)
        .collect()
}

/// A firing that a DST gap moves comes close to the next one. That is no reason to refuse the line
/// in one week of the year and to take it in the others.
fn astride_a_shift(schedule: &Schedule, first: DateTime<Utc>, second: DateTime<Utc>) -> bool {
    let before = first - TimeDelta::seconds(1);
    zone::shift_between(schedule.timezone, before, second).is_some()
}
