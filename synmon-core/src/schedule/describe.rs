//! A line in plain English (rule 11 of `docs/cron.md`).
//!
//! The words are made from the sets of values and not from the text, so that two lines that mean
//! the same read the same, and `0,30` reads as well as `*/30`.

use super::calendar::{Calendar, DayRule, Values};
use super::field::Field;
use super::words::{Shape, clock, joined, listed, month, ordinal, weekday};

/// The most times of day that are spelt out.
const LISTED_TIMES: usize = 6;

/// The line in words.
pub(super) fn describe(calendar: &Calendar) -> String {
    let time = time_words(calendar);
    let day = day_words(calendar);
    let months = match Shape::of(calendar.months, Field::Month) {
        Shape::Full => None,
        _ => Some(listed(calendar.months, month)),
    };
    match (day, months) {
        (Day::Every, None) if goes_on_all_day(calendar) => time,
        (Day::Every, None) => format!("{time} every day"),
        (Day::Every, Some(months)) => format!("{time} every day in {months}"),
        (Day::Date(day), Some(month)) if calendar.months.set.is_power_of_two() => {
            format!("{time} on {day} {month}{}", leap_years(calendar))
        }
        (Day::Date(day), None) => format!("{time} on day {day} of the month"),
        (Day::Date(day), Some(months)) => format!("{time} on day {day} of the month in {months}"),
        (Day::Some(days), None) => format!("{time} {days}"),
        (Day::Some(days), Some(months)) => format!("{time} {days} in {months}"),
    }
}

enum Day {
    Every,
    /// One day of the month, whatever the weekday.
    Date(u32),
    Some(String),
}

fn day_words(calendar: &Calendar) -> Day {
    let weekdays = || listed(calendar.weekdays, weekday);
    let days = Shape::of(calendar.days, Field::DayOfMonth);
    let any_weekday = calendar.weekdays.is_full(Field::DayOfWeek);
    match (calendar.day_rule, days, any_weekday) {
        (DayRule::Both, Shape::Full, true)
        | (DayRule::Either, Shape::Full, _)
        | (DayRule::Either, _, true) => Day::Every,
        (DayRule::Both, Shape::Full, false) => Day::Some(format!("on {}", weekdays())),
        (DayRule::Both, Shape::One(day), true) => Day::Date(day),
        (DayRule::Both, _, true) => Day::Some(month_days(calendar)),
        (DayRule::Both, _, false) => {
            let days = month_days(calendar);
            Day::Some(format!(
                "{days}, but only if that is a {}",
                weekdays().replace(" and ", " or ")
            ))
        }
        (DayRule::Either, _, false) => {
            Day::Some(format!("{} and also on every {}", month_days(calendar), weekdays()))
        }
    }
}

fn month_days(calendar: &Calendar) -> String {
    match Shape::of(calendar.days, Field::DayOfMonth) {
        Shape::One(day) => format!("on day {day} of the month"),
        Shape::Stepped(step, first, last) => {
            format!("on every {} day of the month from {first} through {last}", ordinal(step))
        }
        _ => format!("on days {} of the month", listed(calendar.days, |day| day.to_string())),
    }
}

fn leap_years(calendar: &Calendar) -> &'static str {
    let leap_day = calendar.days.first_from(1) == Some(29) && calendar.months.contains(2);
    if leap_day { " of leap years" } else { "" }
}

/// Whether the time in words says by itself that it holds for all the day.
fn goes_on_all_day(calendar: &Calendar) -> bool {
    let even_hours = Shape::even_step(calendar.hours, Field::Hour);
    let on_the_hour = Shape::of(calendar.minutes, Field::Minute) == Shape::One(0);
    calendar.hours.is_full(Field::Hour) || (even_hours.is_some_and(is_often) && on_the_hour)
}

/// Twice a day is better told by its two times.
fn is_often(hours: u32) -> bool {
    hours < 12
}

fn time_words(calendar: &Calendar) -> String {
    let minutes = Shape::of(calendar.minutes, Field::Minute);
    let hours = Shape::of(calendar.hours, Field::Hour);
    let even_hours = Shape::even_step(calendar.hours, Field::Hour).filter(|&step| is_often(step));
    match (minutes, hours, even_hours) {
        (Shape::Full, Shape::Full, _) => "Every minute".to_owned(),
        (Shape::One(0), Shape::Full, _) => "Every hour".to_owned(),
        (Shape::One(1), Shape::Full, _) => "At 1 minute past every hour".to_owned(),
        (Shape::One(minute), Shape::Full, _) => format!("At {minute} minutes past every hour"),
        (Shape::One(minute), Shape::Run(first, last), _) => {
            format!("Every hour from {} through {}", clock(first, minute), clock(last, minute))
        }
        (Shape::One(0), _, Some(step)) => format!("Every {step} hours"),
        _ => times_of_day(calendar)
            .or_else(|| minutes_in_a_row(calendar))
            .unwrap_or_else(|| minutes_and_hours(calendar)),
    }
}

/// `Every 5 minutes`, all day or from one time to another.
fn minutes_in_a_row(calendar: &Calendar) -> Option<String> {
    let step = match Shape::even_step(calendar.minutes, Field::Minute)? {
        1 => "Every minute".to_owned(),
        step => format!("Every {step} minutes"),
    };
    let (first, last) = match Shape::of(calendar.hours, Field::Hour) {
        Shape::Full => return Some(step),
        Shape::One(hour) => (hour, hour),
        Shape::Run(first, last) => (first, last),
        Shape::Stepped(..) | Shape::List => return None,
    };
    let last_minute = calendar.minutes.set.checked_ilog2()?;
    Some(format!("{step} from {} through {}", clock(first, 0), clock(last, last_minute)))
}

fn minutes_and_hours(calendar: &Calendar) -> String {
    let minutes = values_words(calendar.minutes, Field::Minute);
    format!("At {minutes} past {}", values_words(calendar.hours, Field::Hour))
}

fn times_of_day(calendar: &Calendar) -> Option<String> {
    let few = usize::try_from(calendar.firings_a_day()).ok()? <= LISTED_TIMES;
    let times = calendar
        .hours
        .iter()
        .flat_map(|hour| calendar.minutes.iter().map(move |minute| clock(hour, minute)));
    few.then(|| format!("At {}", joined(&times.collect::<Vec<_>>())))
}

fn values_words(values: Values, field: Field) -> String {
    let unit = field.label();
    match Shape::of(values, field) {
        Shape::Full => format!("every {unit}"),
        Shape::Run(first, last) => format!("every {unit} from {first} through {last}"),
        Shape::Stepped(step, first, last) => {
            format!("every {} {unit} from {first} through {last}", ordinal(step))
        }
        Shape::One(value) => format!("{unit} {value}"),
        Shape::List => format!("{unit}s {}", listed(values, |value| value.to_string())),
    }
}
