//! What may surprise the author of a line (rule 11 of `docs/cron.md`).

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::calendar::{Calendar, DayRule, Values};
use super::field::Field;
use super::words::{listed, weekday};
use super::zone::{self, Shift};

/// How far DST changes are looked for.
const YEAR_IN_DAYS: i32 = 366;

/// Something that the line does and that its author may not expect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleWarning {
    /// One of `day_of_month_or_day_of_week`, `uneven_step`, `dst_gap`, `dst_fold` and
    /// `inverted_timezone`.
    pub code: &'static str,
    /// What happens, in words.
    pub message: String,
}

/// The warnings for a line; DST changes count if they come in the year after `from`.
pub(super) fn warnings(
    calendar: &Calendar,
    timezone: Tz,
    from: DateTime<Utc>,
) -> Vec<ScheduleWarning> {
    let mut warnings: Vec<_> = day_rule(calendar).into_iter().collect();
    warnings.extend(uneven_steps(calendar));
    let Some(from) = super::search::within_the_calendar(from) else {
        return warnings;
    };
    let shifts: Vec<Shift> = zone::shifts(timezone, from, YEAR_IN_DAYS).collect();
    warnings.extend(shifts.iter().find_map(|shift| gap(calendar, timezone, shift)));
    warnings.extend(shifts.iter().find_map(|shift| fold(calendar, timezone, shift)));
    warnings.extend(inverted(timezone));
    warnings
}

fn day_rule(calendar: &Calendar) -> Option<ScheduleWarning> {
    let days_full = calendar.days.is_full(Field::DayOfMonth);
    let weekdays_full = calendar.weekdays.is_full(Field::DayOfWeek);
    let days = listed(calendar.days, |day| day.to_string());
    let weekdays = listed(calendar.weekdays, weekday);
    let message = match calendar.day_rule {
        DayRule::Either => format!(
            "Day of month and day of week are both given, so the line fires on days that match \
             either of them: on {days} of the month, and on every {weekdays}."
        ),
        DayRule::Both if !days_full && !weekdays_full => format!(
            "A day field begins with *, so the line fires only on days that match both: {days} of \
             the month, if that is a {}.",
            weekdays.replace(" and ", " or ")
        ),
        DayRule::Both => return None,
    };
    Some(ScheduleWarning { code: "day_of_month_or_day_of_week", message })
}

fn uneven_steps(calendar: &Calendar) -> impl Iterator<Item = ScheduleWarning> {
    let fields = [
        (Field::Minute, calendar.minutes, "hour"),
        (Field::Hour, calendar.hours, "day"),
        (Field::DayOfMonth, calendar.days, "month"),
        (Field::Month, calendar.months, "year"),
        (Field::DayOfWeek, calendar.weekdays, "week"),
    ];
    fields.into_iter().filter_map(|(field, values, starts_with)| {
        let step = values.uneven_step?;
        let min = field.min();
        let last = min + (field.last() - min) / step * step;
        let message = format!(
            "The step of {step} in the {} field starts afresh with every {starts_with}: from {} \
             back to {} it is shorter.",
            field.label(),
            value_words(field, last),
            value_words(field, min),
        );
        Some(ScheduleWarning { code: "uneven_step", message })
    })
}

fn value_words(field: Field, value: u32) -> String {
    match field {
        Field::Month => super::words::month(value),
        Field::DayOfWeek => weekday(value),
        _ => value.to_string(),
    }
}

fn gap(calendar: &Calendar, timezone: Tz, shift: &Shift) -> Option<ScheduleWarning> {
    let time = affected(calendar, shift, shift.from, shift.to)?;
    let outcome = if calendar.follows_clock {
        format!("{} does not come, and nothing fires instead of it", clock(time))
    } else {
        format!("the firing of {} comes at {}", clock(time), clock(shift.to))
    };
    let message = format!(
        "On {} the clocks of {timezone} go forward from {} to {}: {outcome}.",
        shift.from.date(),
        clock(shift.from),
        clock(shift.to),
    );
    Some(ScheduleWarning { code: "dst_gap", message })
}

fn fold(calendar: &Calendar, timezone: Tz, shift: &Shift) -> Option<ScheduleWarning> {
    let time = affected(calendar, shift, shift.to, shift.from)?;
    let outcome = if calendar.follows_clock { "fires both times" } else { "fires the first time" };
    let message = format!(
        "On {} the clocks of {timezone} go back from {} to {}: {} comes twice, and {outcome}{}.",
        shift.from.date(),
        clock(shift.from),
        clock(shift.to),
        clock(time),
        if calendar.follows_clock { "" } else { " only" },
    );
    Some(ScheduleWarning { code: "dst_fold", message })
}

/// The first time of the line that lies between the two, unless the change does not show in it.
fn affected(
    calendar: &Calendar,
    shift: &Shift,
    start: NaiveDateTime,
    end: NaiveDateTime,
) -> Option<NaiveDateTime> {
    let time = calendar.first_from(start).filter(|&time| time < end)?;
    // `*/5 * * * *` goes on every five minutes, whatever the clocks do.
    let goes_on = calendar.follows_clock
        && calendar.hours.is_full(Field::Hour)
        && looks_the_same(calendar.minutes, shift.to - shift.from);
    (!goes_on).then_some(time)
}

/// Whether minutes past the hour stay the same set if the clock is put forward or back.
fn looks_the_same(minutes: Values, shift: TimeDelta) -> bool {
    let by = shift.num_minutes().rem_euclid(60);
    let turned = minutes.iter().fold(0, |set, m| set | 1 << ((i64::from(m) + by) % 60));
    shift.num_seconds() % 60 == 0 && turned == minutes.set
}

fn inverted(timezone: Tz) -> Option<ScheduleWarning> {
    let name = timezone.name();
    let offset = name.strip_prefix("Etc/GMT")?;
    let hours = offset.get(1..).filter(|hours| *hours != "0")?;
    let side = match offset.chars().next()? {
        '+' => "behind",
        '-' => "ahead of",
        _ => return None,
    };
    let message = format!("{name} is {hours} h {side} UTC: the sign of these names is inverted.");
    Some(ScheduleWarning { code: "inverted_timezone", message })
}

fn clock(time: NaiveDateTime) -> String {
    time.format("%H:%M").to_string()
}
