//! Sets of values in English words.

use super::calendar::Values;
use super::field::Field;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// The shape of a set of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Every value of the field.
    Full,
    /// One value.
    One(u32),
    /// Three or more values in a row, from the first to the last.
    Run(u32, u32),
    /// Three or more values at one distance: the distance, the first and the last.
    Stepped(u32, u32, u32),
    /// Anything else.
    List,
}

impl Shape {
    pub(super) fn of(values: Values, field: Field) -> Self {
        let all: Vec<u32> = values.iter().collect();
        match *all.as_slice() {
            _ if values.is_full(field) => Self::Full,
            [one] => Self::One(one),
            [first, second, _, ..] => {
                let step = second - first;
                let even = all.windows(2).all(|pair| pair[1] - pair[0] == step);
                match (even, step, all.last()) {
                    (true, 1, Some(&end)) => Self::Run(first, end),
                    (true, _, Some(&end)) => Self::Stepped(step, first, end),
                    _ => Self::List,
                }
            }
            _ => Self::List,
        }
    }

    /// The step from the field's first value that also leads from its last value on to the first:
    /// `*/15`, and `0,30` too.
    pub(super) fn even_step(values: Values, field: Field) -> Option<u32> {
        let count = values.set.count_ones();
        let step = field.count().checked_div(count)?;
        let even = (field.min()..=field.last()).step_by(usize::try_from(step).ok()?.max(1));
        let set = even.fold(0, |set, value| set | 1 << value);
        (count > 1 && set == values.set).then_some(step)
    }
}

/// `1, 5 and 10 through 20`: values in a row are drawn together.
pub(super) fn listed(values: Values, word: impl Fn(u32) -> String) -> String {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for value in values.iter() {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == value => *last = value,
            _ => runs.push((value, value)),
        }
    }
    let words = runs.into_iter().flat_map(|(first, last)| match last - first {
        0 => vec![word(first)],
        1 => vec![word(first), word(last)],
        _ => vec![format!("{} through {}", word(first), word(last))],
    });
    joined(&words.collect::<Vec<_>>())
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn joined(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [front @ .., last] => format!("{} and {last}", front.join(", ")),
    }
}

/// `1st`, `2nd`, `3rd`, `4th`, `11th`, `21st`.
pub(super) fn ordinal(number: u32) -> String {
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

pub(super) fn month(number: u32) -> String {
    named(&MONTHS, number.saturating_sub(1))
}

pub(super) fn weekday(number: u32) -> String {
    named(&WEEKDAYS, number)
}

pub(super) fn clock(hour: u32, minute: u32) -> String {
    format!("{hour:02}:{minute:02}")
}

fn named(names: &[&str], index: u32) -> String {
    usize::try_from(index).ok().and_then(|i| names.get(i)).copied().unwrap_or_default().to_owned()
}
