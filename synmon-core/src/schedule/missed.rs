//! How many firings were missed (rule 9 of `docs/cron.md`).

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::calendar::{Calendar, LAST_YEAR};
use super::{search, zone};

/// The firings of a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missed {
    /// How many there are, both ends included.
    pub count: u64,
    /// The latest of them. If there is none, because "now" lies before the first one was due, it
    /// is that first one.
    pub latest: DateTime<Utc>,
}

impl Missed {
    /// How many firings one catch-up run leaves over, to be recorded as skipped.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.count.saturating_sub(1)
    }
}

/// Counts the firings in `[first_due, now]`.
///
/// A day without a clock change is counted as a whole: two years of a per-minute line are a
/// million steps otherwise. Days with one, and those at both ends, are walked through.
pub(super) fn missed(
    calendar: &Calendar,
    timezone: Tz,
    first_due: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Missed {
    let mut missed = Missed { count: 0, latest: first_due };
    if now < first_due {
        return missed;
    }
    missed.count = 1;
    let tally = Tally { calendar, timezone, now };
    let Some((mut date, mut start)) = tally.day_after(first_due) else {
        return missed;
    };
    tally.walk(&mut missed, first_due, start);
    while start <= now && date.year() <= LAST_YEAR {
        let Some(next) = date.succ_opt() else { break };
        let end = tally.start_of(next);
        if end <= now && zone::is_plain_day(timezone, start, end) {
            tally.count_day(&mut missed, date, start);
        } else {
            tally.walk(&mut missed, start - TimeDelta::nanoseconds(1), end);
        }
        (date, start) = (next, end);
    }
    missed
}

struct Tally<'a> {
    calendar: &'a Calendar,
    timezone: Tz,
    now: DateTime<Utc>,
}

impl Tally<'_> {
    /// A day begins when the clocks first show its midnight, or leap over it.
    fn start_of(&self, date: NaiveDate) -> DateTime<Utc> {
        zone::first_reached(self.timezone, date.and_time(NaiveTime::MIN))
    }

    /// The first day to begin later than `t`. That is not always tomorrow: where the clocks go
    /// back over midnight, tomorrow has begun before, and today comes again.
    fn day_after(&self, t: DateTime<Utc>) -> Option<(NaiveDate, DateTime<Utc>)> {
        let t = search::within_the_calendar(t)?;
        let tomorrow = zone::local(self.timezone, t).date().succ_opt()?;
        tomorrow.iter_days().map(|date| (date, self.start_of(date))).find(|(_, start)| *start > t)
    }

    fn count_day(&self, missed: &mut Missed, date: NaiveDate, start: DateTime<Utc>) {
        if self.calendar.matches_day(date) {
            missed.count += self.calendar.firings_a_day();
            missed.latest = start + self.calendar.last_of_day();
        }
    }

    /// Counts the firings later than `after`, before `end` and up to now.
    fn walk(&self, missed: &mut Missed, after: DateTime<Utc>, end: DateTime<Utc>) {
        let next = |t| {
            search::next_after(self.calendar, self.timezone, t)
                .filter(|&t| t < end && t <= self.now)
        };
        for t in std::iter::successors(next(after), |&t| next(t)) {
            missed.count += 1;
            missed.latest = t;
        }
    }
}
