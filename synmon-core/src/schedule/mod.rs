//! Crontab schedules: what a line means, and when it fires.
//!
//! The rules are those of `docs/cron.md`. `croner` reads the fields once their text is known to be
//! good; the search is ours, because croner's differs from Debian's cron in four places:
//! only a field of a single value counts as a fixed time there (so `0,30 2 * * *` loses its firings
//! in a DST gap), `*/2` restricts a day field, a gap that crosses midnight or lasts a day drops
//! the firing, and a line that never fires costs a search up to the year 5000.
//!
//! **Invariant:** nothing here asks the system clock; every "now" is an argument.

mod calendar;
mod describe;
mod error;
mod field;
mod item;
mod line;
mod minimum;
mod missed;
mod search;
mod warning;
mod words;
mod zone;

#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use std::time::Duration;

pub use error::ScheduleError;
pub use line::MAX_CHARACTERS;
pub use missed::Missed;
pub use warning::ScheduleWarning;

use calendar::Calendar;
use line::Line;

/// Checks the name of an IANA time zone.
///
/// # Errors
/// Why it is none, and what may be meant.
pub fn check_timezone(name: &str) -> Result<(), ScheduleError> {
    zone::parse(name).map(drop)
}

/// The minimum interval where the operator has set no other (rule 5 of `docs/cron.md`).
pub const DEFAULT_MINIMUM_INTERVAL: Duration = Duration::from_mins(1);

/// A crontab line that is known to be good, with the time zone it is read in.
///
/// Two schedules are equal if their text and their time zone are.
#[derive(Clone, Debug)]
pub struct Schedule {
    line: String,
    timezone: Tz,
    calendar: Calendar,
}

impl Schedule {
    /// Reads a crontab line and the IANA name of a time zone (rules 1 to 6 of `docs/cron.md`).
    ///
    /// The answer depends on the two texts only, and comes in well under a millisecond.
    ///
    /// # Errors
    ///
    /// Every refusal names the offending token and, where there is one, the remedy.
    pub fn parse(line: &str, timezone: &str) -> Result<Self, ScheduleError> {
        let line = Line::read(line)?;
        let calendar = line.calendar()?;
        if !calendar.ever_fires() {
            return Err(ScheduleError::NeverFires);
        }
        let timezone = zone::parse(timezone)?;
        Ok(Self { line: line.into_text(), timezone, calendar })
    }

    /// Reads a line as [`Schedule::parse`] does, and refuses it if its firings after `now` come
    /// closer together than `minimum_interval` (rule 5 of `docs/cron.md`).
    pub fn parse_with_minimum(
        line: &str,
        timezone: &str,
        minimum_interval: Duration,
        now: DateTime<Utc>,
    ) -> Result<Self, ScheduleError> {
        let schedule = Self::parse(line, timezone)?;
        minimum::check(&schedule, minimum_interval, now)?;
        Ok(schedule)
    }

    /// The line as it was written, with white space folded to single blanks.
    #[must_use]
    pub fn line(&self) -> &str {
        &self.line
    }

    /// The time zone the line is read in.
    #[must_use]
    pub fn timezone(&self) -> Tz {
        self.timezone
    }

    /// The IANA name of the time zone.
    #[must_use]
    pub fn timezone_name(&self) -> &'static str {
        self.timezone.name()
    }

    /// The first firing strictly later than `t`, across DST changes as Debian's cron has it
    /// (rules 7 and 8 of `docs/cron.md`).
    ///
    /// `None` after the last firing of the year 9999, where four-digit years end. Instants before
    /// the year 1 count as its start.
    #[must_use]
    pub fn next_after(&self, t: DateTime<Utc>) -> Option<DateTime<Utc>> {
        search::next_after(&self.calendar, self.timezone, t)
    }

    /// The first `count` firings strictly later than `from`.
    #[must_use]
    pub fn upcoming(&self, from: DateTime<Utc>, count: usize) -> Vec<DateTime<Utc>> {
        std::iter::successors(self.next_after(from), |&t| self.next_after(t)).take(count).collect()
    }

    /// Counts the firings from `first_due`, itself a firing, up to and including `now`
    /// (rule 9 of `docs/cron.md`): what a walk with [`Schedule::next_after`] would count, without
    /// the walk.
    #[must_use]
    pub fn missed(&self, first_due: DateTime<Utc>, now: DateTime<Utc>) -> Missed {
        missed::missed(&self.calendar, self.timezone, first_due, now)
    }

    /// The line in plain English, such as `At 02:30 on Monday through Friday`.
    #[must_use]
    pub fn describe(&self) -> String {
        describe::describe(&self.calendar)
    }

    /// What may surprise the author of the line; DST changes are looked for in the year after
    /// `from` (rule 11 of `docs/cron.md`).
    #[must_use]
    pub fn warnings(&self, from: DateTime<Utc>) -> Vec<ScheduleWarning> {
        warning::warnings(&self.calendar, self.timezone, from)
    }
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Self) -> bool {
        (&self.line, self.timezone) == (&other.line, other.timezone)
    }
}

impl Eq for Schedule {}
