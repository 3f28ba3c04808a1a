//! Another reading of the rules, to hold the module against: it scans the minutes one by one, and
//! shares no code with what it judges.

use chrono::{DateTime, Datelike, NaiveDate, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// A minute of real time, and what the clocks show in it.
#[derive(Clone, Copy)]
pub(super) struct Minute {
    utc: DateTime<Utc>,
    shown: Shown,
}

/// A minute of the wall clock, by its day since 1970 and its minute of the day.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Shown(i64, i64);

impl Shown {
    fn next(self) -> Self {
        if self.1 == 1439 { Self(self.0 + 1, 0) } else { Self(self.0, self.1 + 1) }
    }
}

/// A line for the oracle: numbers, lists, ranges and steps.
pub(super) struct Reading {
    /// By the minute of the day.
    times: Vec<bool>,
    /// By the day, from `first_day` on.
    days: Vec<bool>,
    first_day: i64,
    follows_clock: bool,
}

/// Every minute of `days` days, with what the clocks show.
pub(super) fn minutes(timezone: Tz, start: DateTime<Utc>, days: i64) -> Vec<Minute> {
    let mut minutes = Vec::new();
    let mut offset = 0;
    for n in 0..days * 24 * 60 {
        let utc = start + TimeDelta::minutes(n);
        // To save time: since 2000, clocks have changed at whole quarters of an hour, or, in
        // St John's and in Gaza, one minute later.
        if n % 15 < 2 {
            offset = timezone.offset_from_utc_datetime(&utc.naive_utc()).fix().local_minus_utc();
            assert_eq!(offset % 60, 0);
        }
        let local = utc.timestamp().div_euclid(60) + i64::from(offset) / 60;
        minutes.push(Minute { utc, shown: Shown(local.div_euclid(1440), local.rem_euclid(1440)) });
    }
    minutes
}

impl Reading {
    pub(super) fn new(line: &str, start: DateTime<Utc>, days: i64) -> Self {
        let texts: Vec<&str> = line.split(' ').collect();
        let limits = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)];
        let mut fields: [Vec<bool>; 5] = std::array::from_fn(|i| expand(texts[i], limits[i]));
        fields[4][0] |= fields[4][7];
        let both = texts[2].starts_with('*') || texts[4].starts_with('*');
        let first_day = start.timestamp().div_euclid(86_400) - 2;
        let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).expect("a date");
        let days = (0..days + 5)
            .map(|n| epoch + TimeDelta::days(first_day + n))
            .map(|date| {
                let day = fields[2][date.day() as usize];
                let weekday = fields[4][date.weekday().num_days_from_sunday() as usize];
                let matches = if both { day && weekday } else { day || weekday };
                matches && fields[3][date.month() as usize]
            })
            .collect();
        let times = (0..1440).map(|m| fields[1][m / 60] && fields[0][m % 60]).collect();
        let follows_clock = texts[0].starts_with('*') || texts[1].starts_with('*');
        Self { times, days, first_day, follows_clock }
    }

    fn matches(&self, Shown(day, time): Shown) -> bool {
        let index = |n: i64| usize::try_from(n).expect("in the scan");
        self.times[index(time)] && self.days[index(day - self.first_day)]
    }

    /// The firings, by rule 7.
    ///
    /// A line that follows the clock fires in each minute that matches. Another one fires when the
    /// clocks reach, for the first time, a matching minute or one beyond it.
    pub(super) fn firings(&self, minutes: &[Minute]) -> Vec<DateTime<Utc>> {
        let mut firings = Vec::new();
        let mut unreached = minutes[0].shown;
        for &Minute { utc, shown } in minutes {
            let mut fires = self.follows_clock && self.matches(shown);
            while unreached <= shown {
                fires |= !self.follows_clock && self.matches(unreached);
                unreached = unreached.next();
            }
            if fires {
                firings.push(utc);
            }
        }
        firings
    }
}

fn expand(text: &str, (min, max): (usize, usize)) -> Vec<bool> {
    let mut values = vec![false; max + 1];
    for item in text.split(',') {
        let (range, step) = item.split_once('/').unwrap_or((item, "1"));
        let (low, high) = match range.split_once('-') {
            _ if range == "*" => (min, max),
            Some((low, high)) => (number(low), number(high)),
            None => (number(range), number(range)),
        };
        (low..=high).step_by(number(step)).for_each(|value| values[value] = true);
    }
    values
}

fn number(text: &str) -> usize {
    text.parse().expect("a number")
}
