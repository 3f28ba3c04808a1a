//! Time zones: their names, and the way from the wall clock to instants and back.

use chrono::{
    DateTime, MappedLocalTime, NaiveDateTime, Offset, TimeDelta, TimeZone, Timelike, Utc,
};
use chrono_tz::{TZ_VARIANTS, Tz};

use super::error::{ScheduleError, shown};

/// Longer than any zone is away from UTC (Manila was at -15:56), and than any clock change.
const FARTHEST: TimeDelta = TimeDelta::hours(26);

/// When a wall-clock time happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Happens {
    Once(DateTime<Utc>),
    /// The clock goes back over it.
    Twice(DateTime<Utc>, DateTime<Utc>),
    /// The clock leaps over it; this is the first instant after the leap.
    Never(DateTime<Utc>),
}

/// A change of the offset to UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shift {
    /// The first instant of the new offset.
    pub(super) at: DateTime<Utc>,
    /// What the clocks would have shown without the change.
    pub(super) from: NaiveDateTime,
    /// What they show.
    pub(super) to: NaiveDateTime,
}

/// Reads an IANA name (rule 6 of `docs/cron.md`).
pub(super) fn parse(name: &str) -> Result<Tz, ScheduleError> {
    if let Ok(timezone) = name.parse() {
        return Ok(timezone);
    }
    let trimmed = name.trim();
    if is_fixed_offset(trimmed) {
        return Err(ScheduleError::FixedOffset { name: shown(name) });
    }
    let meant = TZ_VARIANTS.iter().find(|tz| tz.name().eq_ignore_ascii_case(trimmed));
    let remedy = match meant {
        Some(timezone) => timezone.name(),
        None => "an IANA name, such as Europe/Berlin, or UTC",
    };
    Err(ScheduleError::UnknownTimezone { name: shown(name), remedy: remedy.to_owned() })
}

/// What the clocks of the zone show at an instant.
pub(super) fn local(timezone: Tz, t: DateTime<Utc>) -> NaiveDateTime {
    t.naive_utc() + offset(timezone, t)
}

/// When the clocks of the zone show a time.
pub(super) fn happens(timezone: Tz, local_time: NaiveDateTime) -> Happens {
    match timezone.from_local_datetime(&local_time) {
        MappedLocalTime::Single(t) => Happens::Once(t.to_utc()),
        MappedLocalTime::Ambiguous(a, b) => Happens::Twice(a.to_utc(), b.to_utc()),
        MappedLocalTime::None => {
            let about = local_time.and_utc();
            let reached = |t| local(timezone, t) > local_time;
            Happens::Never(first_instant(about - FARTHEST, about + FARTHEST, reached))
        }
    }
}

/// The first instant at which the clocks show a time or, having leapt, a later one.
pub(super) fn first_reached(timezone: Tz, local_time: NaiveDateTime) -> DateTime<Utc> {
    match happens(timezone, local_time) {
        Happens::Once(t) | Happens::Twice(t, _) | Happens::Never(t) => t,
    }
}

/// Whether no clock changes from just before `start`, the beginning of a day, to just before `end`,
/// that of the next.
pub(super) fn is_plain_day(timezone: Tz, start: DateTime<Utc>, end: DateTime<Utc>) -> bool {
    // Looking at the ends is enough: no two changes of a zone were ever less than six days apart
    // (Boa Vista, October 2000). The length tells of a leap at `end` itself, over the last minutes
    // of the day.
    let second = TimeDelta::seconds(1);
    end - start == TimeDelta::days(1)
        && offset(timezone, start - second) == offset(timezone, end - second)
}

/// The first change of offset in `(after, until]`, where at most one change is to be expected.
pub(super) fn shift_between(
    timezone: Tz,
    after: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Option<Shift> {
    let before = offset(timezone, after);
    if offset(timezone, until) == before {
        return None;
    }
    let at = first_instant(after, until, |t| offset(timezone, t) != before);
    Some(Shift { at, from: at.naive_utc() + before, to: local(timezone, at) })
}

/// Every change of offset in the `days` after an instant.
pub(super) fn shifts(timezone: Tz, after: DateTime<Utc>, days: i32) -> impl Iterator<Item = Shift> {
    let day = move |n: i32| after + TimeDelta::days(i64::from(n));
    (0..days).filter_map(move |n| shift_between(timezone, day(n), day(n + 1)))
}

fn offset(timezone: Tz, t: DateTime<Utc>) -> TimeDelta {
    let offset = timezone.offset_from_utc_datetime(&t.naive_utc()).fix();
    TimeDelta::seconds(i64::from(offset.local_minus_utc()))
}

/// The first whole second in `(after, until]` for which `holds`, which must hold from then on.
fn first_instant(
    after: DateTime<Utc>,
    until: DateTime<Utc>,
    holds: impl Fn(DateTime<Utc>) -> bool,
) -> DateTime<Utc> {
    let after = after.with_nanosecond(0).unwrap_or(after);
    let (mut low, mut high) = (0, (until - after).num_seconds());
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if holds(after + TimeDelta::seconds(middle)) {
            high = middle;
        } else {
            low = middle;
        }
    }
    after + TimeDelta::seconds(high)
}

/// `+02:00`, `-0500`, `UTC+2`, `GMT-03:30` and the like.
fn is_fixed_offset(name: &str) -> bool {
    let name = name.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let digits = name.strip_prefix(['+', '-']).unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit() || b == b':')
}
