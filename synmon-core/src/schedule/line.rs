//! The text of a line: white space, length, nicknames and the number of fields.

use croner::parser::{CronParser, Seconds, Year};

use super::calendar::Calendar;
use super::error::{ScheduleError, shown};
use super::field::Field;
use super::item::FieldText;

/// The longest text that is read (rule 1 of `docs/cron.md`).
pub const MAX_CHARACTERS: usize = 128;

const NICKNAMES: [(&str, &str); 7] = [
    ("@hourly", "0 * * * *"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@weekly", "0 0 * * 0"),
    ("@monthly", "0 0 1 * *"),
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
];

/// A line whose text is good; what it means is the [`Calendar`]'s business.
#[derive(Debug)]
pub(super) struct Line {
    text: String,
    fields: [FieldText; 5],
}

impl Line {
    /// Checks the text of a line.
    pub(super) fn read(raw: &str) -> Result<Self, ScheduleError> {
        // Never more than the limit is looked at: a text of megabytes must not cost time.
        if raw.chars().nth(MAX_CHARACTERS).is_some() {
            return Err(ScheduleError::TooLong);
        }
        let plain = |c: char| c.is_ascii_graphic() || c.is_ascii_whitespace();
        if let Some(bad) = raw.chars().find(|c| !plain(*c)) {
            let code = u32::from(bad);
            let shown = format!("`{}` (U+{code:04X})", bad.escape_debug());
            return Err(ScheduleError::Character { shown });
        }
        let tokens: Vec<&str> = raw.split_ascii_whitespace().collect();
        let fields = match tokens.as_slice() {
            [] => return Err(ScheduleError::Empty),
            [word, rest @ ..] if word.starts_with('@') => read_nickname(word, rest)?,
            tokens => read_fields(tokens)?,
        };
        Ok(Self { text: tokens.join(" "), fields })
    }

    /// The line with its white space folded.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// What the line means.
    pub(super) fn calendar(&self) -> Result<Calendar, ScheduleError> {
        let plain = self.fields.each_ref().map(|field| field.plain.as_str()).join(" ");
        let parser =
            CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser
            .parse(&plain)
            .map_err(|error| ScheduleError::Unreadable { reason: shown(&error.to_string()) })?;
        Ok(Calendar::new(&cron.pattern, &self.fields))
    }
}

fn read_nickname(word: &str, rest: &[&str]) -> Result<[FieldText; 5], ScheduleError> {
    let known = NICKNAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
    match (known, rest) {
        (Some((_, fields)), []) => {
            read_fields(&fields.split_ascii_whitespace().collect::<Vec<_>>())
        }
        (Some(_), _) => Err(nickname(word, "it must stand alone, without further fields")),
        (None, _) if word.eq_ignore_ascii_case("@every") => {
            Err(nickname(word, "write a step, such as */5 * * * *"))
        }
        (None, _) => Err(nickname(
            word,
            "write five fields, or one of @hourly, @daily, @midnight, @weekly, @monthly, \
             @yearly, @annually",
        )),
    }
}

fn nickname(word: &str, remedy: &'static str) -> ScheduleError {
    ScheduleError::Nickname { token: shown(word), remedy }
}

fn read_fields(tokens: &[&str]) -> Result<[FieldText; 5], ScheduleError> {
    let &[minute, hour, day_of_month, month, day_of_week] = tokens else {
        return Err(wrong_count(tokens));
    };
    Ok([
        FieldText::read(Field::Minute, minute)?,
        FieldText::read(Field::Hour, hour)?,
        FieldText::read(Field::DayOfMonth, day_of_month)?,
        FieldText::read(Field::Month, month)?,
        FieldText::read(Field::DayOfWeek, day_of_week)?,
    ])
}

/// Six fields are five with seconds in front or with a year behind: what hinders the rest from
/// reading is to be dropped, the seconds if in doubt.
fn wrong_count(tokens: &[&str]) -> ScheduleError {
    let surplus = match tokens {
        [five @ .., year] if reads_only_as(five, &tokens[1..]) => {
            format!("the last field, `{}`", shown(year))
        }
        [seconds, five @ ..] if five.len() == 5 => format!("the first field, `{}`", shown(seconds)),
        [seconds, five @ .., year] if five.len() == 5 => {
            format!("the first field, `{}`, and the last, `{}`", shown(seconds), shown(year))
        }
        _ => {
            return ScheduleError::FieldCount { found: tokens.len() };
        }
    };
    ScheduleError::SecondsOrYears { surplus }
}

/// Whether the front five fields read as a line and the back five do not.
fn reads_only_as(front: &[&str], back: &[&str]) -> bool {
    // The count comes first, or else the two functions would call each other for ever.
    front.len() == 5 && read_fields(front).is_ok() && read_fields(back).is_err()
}
