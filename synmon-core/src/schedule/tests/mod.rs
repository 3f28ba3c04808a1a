//! Every rule of `docs/cron.md`, held against the module.

mod brute_force;
mod croner_agrees;
mod days;
mod describe;
mod dst;
mod far_out;
mod minimum;
mod missed;
mod oracle;
mod properties;
mod refusals;
mod text;
mod warnings;

use chrono::{DateTime, Utc};

use super::{Schedule, ScheduleError};

/// A schedule that must be good.
fn schedule(line: &str, timezone: &str) -> Schedule {
    Schedule::parse(line, timezone).unwrap_or_else(|error| panic!("{line:?}: {error}"))
}

/// The refusal of a line that must be bad.
fn refusal(line: &str) -> ScheduleError {
    Schedule::parse(line, "UTC").expect_err(line)
}

/// An instant from RFC 3339 text.
fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).expect(text).to_utc()
}

/// The next firings, as the clocks of the zone show them, with the offset.
fn local_firings(line: &str, timezone: &str, from: &str, count: usize) -> Vec<String> {
    let schedule = schedule(line, timezone);
    let firings = schedule.upcoming(at(from), count).into_iter();
    firings.map(|t| t.with_timezone(&schedule.timezone()).to_rfc3339()).collect()
}
