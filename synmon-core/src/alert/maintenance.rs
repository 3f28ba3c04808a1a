//! Times at which a site is worked on.

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, TimeZone as _, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::{Timestamp, invalid::Invalid, schedule::Schedule};

/// How many windows a flow may have.
pub const MAX_WINDOWS: usize = 20;
/// The longest window that comes again and again.
pub const MAX_REPEATING: Duration = Duration::from_hours(7 * 24);
/// The longest window that comes once.
const MAX_ONCE: Duration = Duration::from_hours(366 * 24);

/// A time at which a site is worked on. Its first moment belongs to it, its last one does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MaintenanceWindow {
    /// One time.
    Once {
        /// Its beginning.
        from: Timestamp,
        /// Its end.
        to: Timestamp,
    },
    /// Again and again.
    Repeating {
        /// When it begins.
        schedule: Schedule,
        /// How long it lasts.
        length: Duration,
    },
}

/// A window as users write it and stores keep it: `starts_at` and `ends_at`, or `scheduling` and
/// `minutes`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawWindow {
    /// When it begins: RFC 3339, or a local time such as `2026-12-24T22:00` in `timezone`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<String>,
    /// When it ends, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<String>,
    /// When it begins, again and again: a crontab line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduling: Option<String>,
    /// How long it lasts then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<i64>,
    /// The IANA time zone of the local times or of the crontab line; `UTC` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
}

impl MaintenanceWindow {
    /// When the window that `at` lies in ends, if it lies in one.
    #[must_use]
    pub fn end_if_within(&self, at: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Once { from, to } => (*from <= at && at < *to).then_some(*to),
            Self::Repeating { schedule, length } => {
                let first = schedule.next_after(at.before(*length).datetime())?;
                // It may overlap itself: the latest beginning counts.
                (Timestamp::from(first) <= at).then(|| {
                    let latest = schedule.missed(first, at.datetime()).latest;
                    Timestamp::from(latest) + *length
                })
            }
        }
    }
}

/// Checks windows; what is wrong is named as a field of `maintenance`.
pub fn parse_windows(raw: &[RawWindow]) -> Result<Vec<MaintenanceWindow>, Invalid> {
    if raw.len() > MAX_WINDOWS {
        let message = format_args!("there may be {MAX_WINDOWS} windows at most");
        return Err(Invalid::field("maintenance", message));
    }
    let parsed = raw.iter().enumerate().map(|(index, raw)| {
        parse_window(raw).map_err(|invalid| invalid.under(&format!("maintenance[{index}]")))
    });
    let parsed: Vec<_> = parsed.collect();
    Invalid::all(parsed.iter().map(|window| window.as_ref().map(|_| ()).map_err(Clone::clone)))?;
    parsed.into_iter().collect()
}

fn parse_window(raw: &RawWindow) -> Result<MaintenanceWindow, Invalid> {
    let zone = raw.timezone.as_deref().unwrap_or("UTC");
    match (&raw.starts_at, &raw.ends_at, &raw.scheduling, raw.minutes) {
        (Some(from), Some(to), None, None) => {
            let timezone = timezone(zone)?;
            let from = instant("starts_at", from, timezone)?;
            let to = instant("ends_at", to, timezone)?;
            if to <= from {
                return Err(Invalid::field("ends_at", "must be after starts_at"));
            }
            if to.since(from) > MAX_ONCE {
                return Err(Invalid::field("ends_at", "must be within a year of starts_at"));
            }
            Ok(MaintenanceWindow::Once { from, to })
        }
        (None, None, Some(line), Some(minutes)) => {
            let schedule = Schedule::parse(line, zone)
                .map_err(|error| Invalid::field(error.field(), error))?;
            let length = u64::try_from(minutes)
                .ok()
                .map(|minutes| Duration::from_secs(minutes.saturating_mul(60)))
                .filter(|length| !length.is_zero() && *length <= MAX_REPEATING)
                .ok_or_else(|| {
                    let most = MAX_REPEATING.as_secs() / 60;
                    Invalid::field("minutes", format_args!("must be from 1 to {most}"))
                })?;
            Ok(MaintenanceWindow::Repeating { schedule, length })
        }
        _ => Err(Invalid::field(
            if raw.scheduling.is_some() || raw.minutes.is_some() { "minutes" } else { "starts_at" },
            "a window has either starts_at and ends_at, or scheduling and minutes",
        )),
    }
}

fn timezone(name: &str) -> Result<Tz, Invalid> {
    // The one parser of time zones, whose refusals say what is meant.
    Schedule::parse("0 0 * * *", name)
        .map(|schedule| schedule.timezone())
        .map_err(|error| Invalid::field("timezone", error))
}

fn instant(field: &str, text: &str, timezone: Tz) -> Result<Timestamp, Invalid> {
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Ok(instant.to_utc().into());
    }
    let formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"];
    let local = formats.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    let Some(local) = local else {
        let message = "must be a time such as 2026-12-24T22:00:00Z, or a local one such as \
                       2026-12-24T22:00 with a timezone";
        return Err(Invalid::field(field, message));
    };
    // Where the clocks are set back a time comes twice: the longer window is meant.
    let places = timezone.from_local_datetime(&local);
    let place = if field == "starts_at" { places.earliest() } else { places.latest() };
    place.map(|place| place.with_timezone(&Utc).into()).ok_or_else(|| {
        let message = "does not exist: the clocks are set forward over it";
        Invalid::field(field, message)
    })
}

impl From<&MaintenanceWindow> for RawWindow {
    fn from(window: &MaintenanceWindow) -> Self {
        match window {
            MaintenanceWindow::Once { from, to } => Self {
                starts_at: Some(from.to_string()),
                ends_at: Some(to.to_string()),
                ..Self::default()
            },
            MaintenanceWindow::Repeating { schedule, length } => Self {
                scheduling: Some(schedule.line().to_owned()),
                minutes: i64::try_from(length.as_secs() / 60).ok(),
                timezone: Some(schedule.timezone_name().to_owned()),
                ..Self::default()
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        DateTime::parse_from_rfc3339(text).unwrap().to_utc().into()
    }

    fn once(from: &str, to: &str, timezone: Option<&str>) -> RawWindow {
        RawWindow {
            starts_at: Some(from.to_owned()),
            ends_at: Some(to.to_owned()),
            timezone: timezone.map(str::to_owned),
            ..RawWindow::default()
        }
    }

    fn repeating(line: &str, minutes: i64, timezone: &str) -> RawWindow {
        RawWindow {
            scheduling: Some(line.to_owned()),
            minutes: Some(minutes),
            timezone: Some(timezone.to_owned()),
            ..RawWindow::default()
        }
    }

    fn window(raw: RawWindow) -> MaintenanceWindow {
        parse_windows(&[raw]).unwrap().remove(0)
    }

    #[test]
    fn a_window_begins_and_ends_to_the_moment() {
        let night = window(once("2026-12-24T22:00", "2026-12-25T01:00", Some("Europe/Berlin")));
        for (moment, end) in [
            ("2026-12-24T20:59:59.999999Z", None),
            ("2026-12-24T21:00:00Z", Some("2026-12-25T00:00:00Z")),
            ("2026-12-24T23:59:59.999999Z", Some("2026-12-25T00:00:00Z")),
            ("2026-12-25T00:00:00Z", None),
        ] {
            assert_eq!(night.end_if_within(at(moment)), end.map(at), "{moment}");
        }
        let sundays = window(repeating("0 2 * * 0", 90, "Europe/Berlin"));
        for (moment, end) in [
            ("2026-01-04T00:59:59Z", None),
            ("2026-01-04T01:00:00Z", Some("2026-01-04T02:30:00Z")),
            ("2026-01-04T02:29:59Z", Some("2026-01-04T02:30:00Z")),
            ("2026-01-04T02:30:00Z", None),
            // In summer Berlin is two hours ahead.
            ("2026-07-05T00:00:00Z", Some("2026-07-05T01:30:00Z")),
            ("2026-07-06T00:30:00Z", None),
        ] {
            assert_eq!(sundays.end_if_within(at(moment)), end.map(at), "{moment}");
        }
    }

    #[test]
    fn windows_that_overlap_themselves_go_on() {
        let always = window(repeating("*/10 * * * *", 15, "UTC"));
        let end = always.end_if_within(at("2026-01-05T12:12:00Z"));
        assert_eq!(end, Some(at("2026-01-05T12:25:00Z")));
    }

    #[test]
    fn what_is_no_window_is_refused_by_the_name_of_its_field() {
        for (raw, field) in [
            (RawWindow::default(), "starts_at"),
            (once("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", None), "ends_at"),
            (once("2026-01-01T00:00:00Z", "2030-01-01T00:00:00Z", None), "ends_at"),
            (once("yesterday", "2026-01-01T00:00:00Z", None), "starts_at"),
            (once("2026-01-01T00:00", "2026-01-01T01:00", Some("Mars/Phobos")), "timezone"),
            // On this night Berlin's clocks go from two to three.
            (once("2026-03-29T02:30", "2026-03-29T05:00", Some("Europe/Berlin")), "starts_at"),
            (repeating("0 2 * * *", 0, "UTC"), "minutes"),
            (repeating("0 2 * * *", -5, "UTC"), "minutes"),
            (repeating("0 2 * * *", 100_000, "UTC"), "minutes"),
            (repeating("0 25 * * *", 5, "UTC"), "scheduling"),
            (repeating("0 2 * * *", 5, "Mars/Phobos"), "timezone"),
            (
                RawWindow {
                    minutes: Some(5),
                    ..once("2026-01-01T00:00", "2026-01-02T00:00", None)
                },
                "minutes",
            ),
        ] {
            let invalid = parse_windows(std::slice::from_ref(&raw)).unwrap_err();
            let expected = format!("maintenance[0].{field}");
            assert_eq!(invalid.errors()[0].field, expected, "{raw:?}: {invalid}");
        }
        let many = vec![repeating("0 2 * * *", 5, "UTC"); MAX_WINDOWS + 1];
        assert_eq!(parse_windows(&many).unwrap_err().errors()[0].field, "maintenance");
    }

    #[test]
    fn a_window_comes_back_as_stored() {
        for raw in [
            once("2026-12-24T22:00", "2026-12-25T01:00", Some("Europe/Berlin")),
            repeating("0 2 * * 0", 90, "Europe/Berlin"),
        ] {
            let window = window(raw);
            let json = serde_json::to_string(&RawWindow::from(&window)).unwrap();
            let stored: RawWindow = serde_json::from_str(&json).unwrap();
            assert_eq!(parse_windows(&[stored]).unwrap(), [window]);
        }
    }
}
