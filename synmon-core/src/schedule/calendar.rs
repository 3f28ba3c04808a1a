//! What a line means on the wall clock, before any time zone: sets of values and a search in them.

use chrono::{Datelike, NaiveDate, NaiveDateTime, TimeDelta, Timelike};
use croner::{CronComponent, CronPattern};

use super::field::Field;
use super::item::FieldText;

/// The last year that is searched: RFC 3339, in which the API speaks, ends there.
pub(super) const LAST_YEAR: i32 = 9999;

/// The longest the months ever are, January first.
const MONTH_LENGTHS: [u32; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// How the two day fields go together (rule 3 of `docs/cron.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DayRule {
    /// One of the fields begins with `*`: a day must match both.
    Both,
    /// Neither does: a day that matches one of them is enough.
    Either,
}

/// The values of one field.
#[derive(Clone, Copy, Debug)]
pub(super) struct Values {
    pub(super) set: u64,
    pub(super) uneven_step: Option<u32>,
}

/// A line's meaning.
#[derive(Clone, Copy, Debug)]
pub(super) struct Calendar {
    pub(super) minutes: Values,
    pub(super) hours: Values,
    pub(super) days: Values,
    pub(super) months: Values,
    pub(super) weekdays: Values,
    pub(super) day_rule: DayRule,
    /// Whether the minute or hour field begins with `*`, so that DST neither adds nor removes
    /// firings (rule 7 of `docs/cron.md`).
    pub(super) follows_clock: bool,
}

impl Calendar {
    /// Takes the values from croner's parser and the stars from the text: croner knows of a star
    /// only where it stands alone.
    pub(super) fn new(pattern: &CronPattern, text: &[FieldText; 5]) -> Self {
        let [minute, hour, day, month, weekday] = text;
        let starred_day = day.star || weekday.star;
        Self {
            minutes: Values::new(&pattern.minutes, minute),
            hours: Values::new(&pattern.hours, hour),
            days: Values::new(&pattern.days, day),
            months: Values::new(&pattern.months, month),
            weekdays: Values::new(&pattern.days_of_week, weekday),
            day_rule: if starred_day { DayRule::Both } else { DayRule::Either },
            follows_clock: minute.star || hour.star,
        }
    }

    /// Whether there is any day on which the line fires (rule 5 of `docs/cron.md`).
    ///
    /// Weekdays need no look: in the 400 years after which the calendar repeats, every date, 29
    /// February too, falls on each of them.
    pub(super) fn ever_fires(&self) -> bool {
        let month_has_day = |(month, &length): (u32, &u32)| {
            self.months.contains(month) && self.days.first_from(1).is_some_and(|d| d <= length)
        };
        self.day_rule == DayRule::Either || (1..).zip(&MONTH_LENGTHS).any(month_has_day)
    }

    /// Whether the line fires on the date at all.
    pub(super) fn matches_day(&self, date: NaiveDate) -> bool {
        let day = self.days.contains(date.day());
        let weekday = self.weekdays.contains(date.weekday().num_days_from_sunday());
        let either_way = match self.day_rule {
            DayRule::Both => day && weekday,
            DayRule::Either => day || weekday,
        };
        either_way && self.months.contains(date.month())
    }

    /// How often the line fires on a matching day of 24 hours.
    pub(super) fn firings_a_day(&self) -> u64 {
        u64::from(self.minutes.set.count_ones() * self.hours.set.count_ones())
    }

    /// How long after midnight the last firing of such a day comes.
    pub(super) fn last_of_day(&self) -> TimeDelta {
        let last = |values: Values| i64::from(values.set.checked_ilog2().unwrap_or_default());
        TimeDelta::minutes(last(self.hours) * 60 + last(self.minutes))
    }

    /// The first matching minute at or after `from`.
    pub(super) fn first_from(&self, from: NaiveDateTime) -> Option<NaiveDateTime> {
        let from = whole_minute_from(from)?;
        if self.matches_day(from.date())
            && let Some((hour, minute)) = self.time_from(from.hour(), from.minute())
        {
            return from.date().and_hms_opt(hour, minute, 0);
        }
        let day = self.first_day_from(from.date().succ_opt()?)?;
        let (hour, minute) = self.time_from(0, 0)?;
        day.and_hms_opt(hour, minute, 0)
    }

    /// The first matching minute after the one that `after` lies in.
    pub(super) fn first_after(&self, after: NaiveDateTime) -> Option<NaiveDateTime> {
        let minute = after.with_second(0)?.with_nanosecond(0)?;
        self.first_from(minute.checked_add_signed(TimeDelta::minutes(1))?)
    }

    fn time_from(&self, hour: u32, minute: u32) -> Option<(u32, u32)> {
        if self.hours.contains(hour)
            && let Some(minute) = self.minutes.first_from(minute)
        {
            return Some((hour, minute));
        }
        Some((self.hours.first_from(hour + 1)?, self.minutes.first_from(0)?))
    }

    /// Goes month by month and then day by day: the rarest of lines, 29 February on one weekday,
    /// is found within 40 years, some 1,200 steps.
    fn first_day_from(&self, from: NaiveDate) -> Option<NaiveDate> {
        let mut date = from;
        while date.year() <= LAST_YEAR {
            if self.matches_day(date) {
                return Some(date);
            }
            date = if self.months.contains(date.month()) {
                date.succ_opt()?
            } else {
                let (year, month) = match self.months.first_from(date.month()) {
                    Some(month) => (date.year(), month),
                    None => (date.year() + 1, self.months.first_from(1)?),
                };
                NaiveDate::from_ymd_opt(year, month, 1)?
            };
        }
        None
    }
}

impl Values {
    fn new(component: &CronComponent, text: &FieldText) -> Self {
        let set = component.values().into_iter().fold(0, |set, value| set | 1 << value);
        Self { set, uneven_step: text.uneven_step }
    }

    pub(super) const fn contains(self, value: u32) -> bool {
        self.set >> value & 1 == 1
    }

    pub(super) fn is_full(self, field: Field) -> bool {
        self.set == field.full()
    }

    /// The smallest value that is at least `from`, which is less than 64.
    pub(super) fn first_from(self, from: u32) -> Option<u32> {
        let rest = self.set >> from << from;
        (rest != 0).then(|| rest.trailing_zeros())
    }

    pub(super) fn iter(self) -> impl Iterator<Item = u32> {
        (0..u64::BITS).filter(move |&value| self.contains(value))
    }
}

/// The time itself, or the next whole minute.
fn whole_minute_from(t: NaiveDateTime) -> Option<NaiveDateTime> {
    let minute = t.with_second(0)?.with_nanosecond(0)?;
    if minute == t { Some(t) } else { minute.checked_add_signed(TimeDelta::minutes(1)) }
}
