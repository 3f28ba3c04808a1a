//! The next firing, across changes of the clock (rules 7 and 8 of `docs/cron.md`).

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::calendar::{Calendar, LAST_YEAR};
use super::zone::{self, Happens};

/// The first firing strictly later than `t`.
pub(super) fn next_after(
    calendar: &Calendar,
    timezone: Tz,
    t: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let t = within_the_calendar(t)?;
    if calendar.follows_clock {
        next_of_the_clock(calendar, timezone, t)
    } else {
        next_fixed(calendar, timezone, t)
    }
}

/// A fixed time fires when the clocks first reach it, or leap over it.
///
/// That instant never goes back as the time grows, so that whatever lies before what the clocks
/// show now has been and gone: the search only looks forward.
fn next_fixed(calendar: &Calendar, timezone: Tz, t: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let mut shown = zone::local(timezone, t);
    loop {
        shown = calendar.first_after(shown)?;
        let fires = zone::first_reached(timezone, shown);
        // In the second pass of a repeated hour the times of the first one turn up again.
        if fires > t {
            return Some(fires);
        }
    }
}

/// A line that follows the clock fires at every instant whose wall-clock time matches.
fn next_of_the_clock(calendar: &Calendar, timezone: Tz, t: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let shown = zone::local(timezone, t);
    let ahead = first_shown(calendar, timezone, calendar.first_after(shown), t);
    // In the first pass of a repeated hour, the times before now come again in the second.
    let Happens::Twice(_, second) = zone::happens(timezone, shown) else {
        return ahead;
    };
    let Some(turn) = zone::shift_between(timezone, t, second) else {
        return ahead;
    };
    let just_before = turn.at - TimeDelta::seconds(1);
    let again = first_shown(calendar, timezone, calendar.first_from(turn.to), just_before);
    ahead.into_iter().chain(again).min()
}

/// The first instant later than `t` at which the clocks show `candidate`, or else a later match.
fn first_shown(
    calendar: &Calendar,
    timezone: Tz,
    mut candidate: Option<NaiveDateTime>,
    t: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    loop {
        let shown = candidate?;
        let fires = match zone::happens(timezone, shown) {
            Happens::Once(fires) => fires,
            Happens::Twice(first, second) => {
                if first > t {
                    first
                } else {
                    second
                }
            }
            Happens::Never(end) => {
                // The rest of the gap need not be tried minute by minute: Apia's lasted a day.
                candidate = calendar.first_from(zone::local(timezone, end));
                continue;
            }
        };
        if fires > t {
            return Some(fires);
        }
        candidate = calendar.first_after(shown);
    }
}

/// Keeps instants where adding an offset to them cannot overflow: none after the last year, and
/// the first year's start for all before.
pub(super) fn within_the_calendar(t: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let midnight = |year| Some(NaiveDate::from_ymd_opt(year, 1, 1)?.and_time(NaiveTime::MIN));
    let first = midnight(1)?.and_utc();
    let end = midnight(LAST_YEAR + 1)?.and_utc() + TimeDelta::days(1);
    (t < end).then(|| t.max(first))
}
