//! One field of a line: its items are checked here, strictly and with the remedy in the message.
//!
//! croner would accept more (`L`, `W`, `#`, `?`, empty items) and name less, so it only ever sees
//! the plain numbers that this file writes.

use super::error::{ScheduleError, shown};
use super::field::Field;

/// The longest list of values that a remedy spells out.
const REMEDY_VALUES: u32 = 12;

/// A field whose text is good.
#[derive(Debug)]
pub(super) struct FieldText {
    /// The field in numbers only, for croner.
    pub(super) plain: String,
    /// Whether the field begins with `*`, on which both the day rule and the DST rule hang.
    pub(super) star: bool,
    /// The step that does not divide the field's range, if there is one.
    pub(super) uneven_step: Option<u32>,
}

/// A bound of a range, or a value on its own.
struct Value {
    number: u32,
    by_name: bool,
}

struct Item {
    low: u32,
    high: u32,
    step: Option<u32>,
}

impl FieldText {
    /// Checks the text of one field.
    pub(super) fn read(field: Field, text: &str) -> Result<Self, ScheduleError> {
        if text.split(',').any(str::is_empty) {
            return Err(empty_item(field, text));
        }
        let items =
            text.split(',').map(|item| read_item(field, item)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            plain: items.iter().map(Item::plain).collect::<Vec<_>>().join(","),
            star: text.starts_with('*'),
            uneven_step: items.iter().find_map(|item| item.uneven_step(field)),
        })
    }
}

impl Item {
    /// The item in numbers only. A star is written out, for croner refuses one in a list.
    fn plain(&self) -> String {
        let Self { low, high, .. } = self;
        match self.step {
            Some(step) => format!("{low}-{high}/{step}"),
            None if low == high => low.to_string(),
            None => format!("{low}-{high}"),
        }
    }

    /// The step, if it runs through the whole field and comes out askew at its end.
    fn uneven_step(&self, field: Field) -> Option<u32> {
        let step = self.step.filter(|&step| step > 1)?;
        let whole = self.low == field.min() && self.high >= field.last();
        let fires_twice = field.min() + step <= field.last();
        // Months differ in length, so that no step of days is even.
        let askew = field == Field::DayOfMonth || !field.count().is_multiple_of(step);
        (whole && fires_twice && askew).then_some(step)
    }
}

fn read_item(field: Field, item: &str) -> Result<Item, ScheduleError> {
    if let Some(sign) = item.chars().find(|c| "?#~$".contains(*c)) {
        return Err(unsupported(field, item, sign));
    }
    let (base, step) = match item.split_once('/') {
        Some((base, step)) => (base, Some(step)),
        None => (item, None),
    };
    if base == "*" {
        let step = step.map(|step| read_step(field, item, step)).transpose()?;
        return Ok(Item { low: field.min(), high: field.max(), step });
    }
    if let Some((low, high)) = base.split_once('-') {
        return read_range(field, item, (low, high), step);
    }
    if base.is_empty() {
        return Err(problem(
            field,
            item,
            format!("has a step without a range: write *{}", shown(item)),
        ));
    }
    let value = read_value(field, item, base)?;
    let Some(step) = step else {
        return Ok(Item { low: value.number, high: value.number, step: None });
    };
    let step = read_step(field, item, step)?;
    let high = field.last().max(value.number);
    let remedy = format!("has a step on a single value: write {}-{high}/{step}", value.number);
    Err(problem(field, item, remedy))
}

fn read_range(
    field: Field,
    item: &str,
    (low, high): (&str, &str),
    step: Option<&str>,
) -> Result<Item, ScheduleError> {
    if low.is_empty() || high.is_empty() || high.contains('-') {
        let (min, max) = (field.min(), field.last());
        let remedy = format!("is not a range: write both ends, such as {min}-{max}");
        return Err(problem(field, item, remedy));
    }
    let low = read_value(field, item, low)?;
    let high = read_value(field, item, high)?;
    let step = step.map(|step| read_step(field, item, step)).transpose()?;
    if low.number > high.number {
        return Err(wraps_around(field, item, &low, &high, step));
    }
    Ok(Item { low: low.number, high: high.number, step })
}

fn read_value(field: Field, item: &str, text: &str) -> Result<Value, ScheduleError> {
    if let Some(number) = field.value_of(text) {
        return Ok(Value { number, by_name: true });
    }
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(not_a_value(field, item, text));
    }
    let (min, max) = (field.min(), field.max());
    // A number too long for the type is out of range as well.
    match text.parse() {
        Ok(number) if (min..=max).contains(&number) => Ok(Value { number, by_name: false }),
        _ => Err(problem(field, item, format!("is out of range: write {min} to {max}"))),
    }
}

fn read_step(field: Field, item: &str, text: &str) -> Result<u32, ScheduleError> {
    let max = field.max();
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match text.parse() {
        Ok(step) if digits && (1..=max).contains(&step) => Ok(step),
        _ if digits => {
            Err(problem(field, item, format!("has a step out of range: write 1 to {max}")))
        }
        _ => Err(problem(field, item, "has no number as its step: write */N".to_owned())),
    }
}

fn empty_item(field: Field, text: &str) -> ScheduleError {
    let items: Vec<&str> = text.split(',').filter(|item| !item.is_empty()).collect();
    let remedy = if items.is_empty() { "*".to_owned() } else { shown(&items.join(",")) };
    problem(field, text, format!("has an empty item: write {remedy}"))
}

fn wraps_around(
    field: Field,
    item: &str,
    low: &Value,
    high: &Value,
    step: Option<u32>,
) -> ScheduleError {
    let by_name = low.by_name || high.by_name;
    // A range that begins at the other Sunday need not be split.
    let start = if low.number > field.last() { field.min() } else { low.number };
    let span = (high.number + field.count() - start) % field.count();
    let remedy = match step {
        Some(step) if step > 1 && span / step < REMEDY_VALUES => (0..=span / step)
            .map(|k| field.min() + (start - field.min() + k * step) % field.count())
            .map(|value| field.written(value, by_name))
            .collect::<Vec<_>>()
            .join(","),
        Some(step) if step > 1 => "two ranges, one to each side of the turn".to_owned(),
        _ if start == field.min() => written_range(field, start, high.number, by_name),
        _ => format!(
            "{},{}",
            written_range(field, start, field.last(), by_name),
            written_range(field, field.min(), high.number, by_name)
        ),
    };
    problem(field, item, format!("wraps around: write {remedy}"))
}

fn written_range(field: Field, low: u32, high: u32, by_name: bool) -> String {
    let first = field.written(low, by_name);
    if low == high { first } else { format!("{first}-{}", field.written(high, by_name)) }
}

fn not_a_value(field: Field, item: &str, text: &str) -> ScheduleError {
    let lower = text.to_ascii_lowercase();
    let elsewhere = Field::ALL.into_iter().find(|f| f.value_of(&lower).is_some());
    if let Some(other) = elsewhere {
        let remedy = format!("is a name of the {} field: write it there", other.label());
        return problem(field, item, remedy);
    }
    if let Some(name) = field.names().iter().find(|name| lower.starts_with(**name)) {
        return problem(field, item, format!("is not a short name: write {name}"));
    }
    match lower.as_bytes() {
        [.., b'l'] | [b'l', ..] => unsupported(field, item, 'L'),
        [.., b'w'] => unsupported(field, item, 'W'),
        [b'h', ..] => unsupported(field, item, 'H'),
        _ => {
            let (min, max) = (field.min(), field.max());
            let names = match field.names() {
                [first, .., last] => format!(", or {first} to {last}"),
                _ => String::new(),
            };
            problem(field, item, format!("is not a value: write {min} to {max}{names}"))
        }
    }
}

fn unsupported(field: Field, item: &str, sign: char) -> ScheduleError {
    let remedy = match sign {
        '?' => "write *",
        'H' | '~' => "write a number, and let spread_seconds spread the load",
        'L' => "write the days, such as 28",
        _ => "write plain numbers, lists, ranges and steps",
    };
    problem(field, item, format!("uses {sign}, which is not supported: {remedy}"))
}

fn problem(field: Field, item: &str, problem: String) -> ScheduleError {
    ScheduleError::Item { field: field.label(), token: shown(item), problem }
}
