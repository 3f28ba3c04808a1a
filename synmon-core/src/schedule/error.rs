//! Why a schedule was refused.

use std::time::Duration;

use super::line::MAX_CHARACTERS;

/// The longest piece of user text that a message repeats.
const SHOWN_CHARACTERS: usize = 40;

/// Why a crontab line or a time zone was refused (rules 4 to 6 of `docs/cron.md`).
///
/// The message is for the author of the line: it names the token and, where there is one, the
/// remedy. User text in it is escaped and cut.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScheduleError {
    /// There is nothing but white space.
    #[error("the schedule is empty: write five fields, such as */5 * * * *")]
    Empty,
    /// The text is longer than any sensible line.
    #[error("the schedule is longer than {MAX_CHARACTERS} characters: shorten its lists")]
    TooLong,
    /// A character that no crontab line holds.
    #[error("{shown} is not allowed in a schedule: write plain ASCII letters, digits and signs")]
    Character {
        /// The character, escaped.
        shown: String,
    },
    /// Six or seven fields.
    #[error("seconds and years are not supported: drop {surplus}")]
    SecondsOrYears {
        /// The fields to drop, in words.
        surplus: String,
    },
    /// Another number of fields than five.
    #[error(
        "a schedule has five fields (minute, hour, day of month, month, day of week), \
         this one has {found}"
    )]
    FieldCount {
        /// How many there are.
        found: usize,
    },
    /// A word with `@` in front that stands for no schedule.
    #[error("`{token}` is not supported: {remedy}")]
    Nickname {
        /// The word.
        token: String,
        /// What to write instead.
        remedy: &'static str,
    },
    /// An item of a field that does not read.
    #[error("`{token}` in the {field} field {problem}")]
    Item {
        /// The field's name.
        field: &'static str,
        /// The item.
        token: String,
        /// What is wrong with it, and the remedy.
        problem: String,
    },
    /// The parser refused a line that passed our own check. Seen by nobody so far; an answer
    /// nevertheless, for a later version of the parser may be stricter.
    #[error("the line cannot be read: {reason}")]
    Unreadable {
        /// The parser's words.
        reason: String,
    },
    /// None of the months has any of the days.
    #[error("the schedule never fires: none of its months has such a day; change the day or month")]
    NeverFires,
    /// Two firings are closer together than the operator allows.
    #[error(
        "the schedule fires {} apart, the minimum here is {}: make it fire less often",
        seconds(*interval), seconds(*minimum)
    )]
    TooOften {
        /// The time between the two firings.
        interval: Duration,
        /// The time that must lie between them.
        minimum: Duration,
    },
    /// A time zone that the database does not know.
    #[error("`{name}` is not a time zone: write {remedy}")]
    UnknownTimezone {
        /// The name.
        name: String,
        /// What to write instead.
        remedy: String,
    },
    /// An offset in the place of a time zone.
    #[error("`{name}` is a fixed offset: write an IANA time zone, such as Europe/Berlin, or UTC")]
    FixedOffset {
        /// The offset.
        name: String,
    },
}

impl ScheduleError {
    /// The input field to blame: `scheduling` or `timezone`.
    #[must_use]
    pub fn field(&self) -> &'static str {
        match self {
            Self::UnknownTimezone { .. } | Self::FixedOffset { .. } => "timezone",
            _ => "scheduling",
        }
    }
}

/// User text that is fit to be repeated in a message: no control characters, and not long.
pub(super) fn shown(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars() {
        // Quotation marks are harmless here, and easier to read without a backslash.
        match character {
            '\'' | '"' | '\\' => shown.push(character),
            _ => shown.extend(character.escape_debug()),
        }
        if shown.chars().count() > SHOWN_CHARACTERS {
            let mut cut: String = shown.chars().take(SHOWN_CHARACTERS - 1).collect();
            cut.push('…');
            return cut;
        }
    }
    shown
}

fn seconds(duration: Duration) -> String {
    match duration.as_secs() {
        1 => "1 second".to_owned(),
        n => format!("{n} seconds"),
    }
}
