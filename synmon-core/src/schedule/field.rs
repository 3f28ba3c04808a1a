//! The five fields of a line: their names and the values they take.

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// One of the five fields (rule 2 of `docs/cron.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Minute,
    Hour,
    DayOfMonth,
    Month,
    DayOfWeek,
}

impl Field {
    /// All of them, in the order of the line.
    pub(super) const ALL: [Self; 5] =
        [Self::Minute, Self::Hour, Self::DayOfMonth, Self::Month, Self::DayOfWeek];

    /// The field's name in messages.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::DayOfMonth => "day-of-month",
            Self::Month => "month",
            Self::DayOfWeek => "day-of-week",
        }
    }

    pub(super) const fn min(self) -> u32 {
        match self {
            Self::Minute | Self::Hour | Self::DayOfWeek => 0,
            Self::DayOfMonth | Self::Month => 1,
        }
    }

    /// The largest value that may be written.
    pub(super) const fn max(self) -> u32 {
        match self {
            Self::DayOfWeek => 7,
            _ => self.last(),
        }
    }

    /// The largest value that means something of its own: Sunday is 0, and 7 only by courtesy.
    pub(super) const fn last(self) -> u32 {
        match self {
            Self::Minute => 59,
            Self::Hour => 23,
            Self::DayOfMonth => 31,
            Self::Month => 12,
            Self::DayOfWeek => 6,
        }
    }

    /// How many values there are.
    pub(super) const fn count(self) -> u32 {
        self.last() - self.min() + 1
    }

    /// Every value of the field, as a bit set.
    pub(super) const fn full(self) -> u64 {
        ((1 << self.count()) - 1) << self.min()
    }

    /// The names that may stand for the values, from the smallest value up.
    pub(super) const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Month => &MONTHS,
            Self::DayOfWeek => &WEEKDAYS,
            _ => &[],
        }
    }

    /// The value that a name stands for, in any case.
    pub(super) fn value_of(self, name: &str) -> Option<u32> {
        (self.min()..).zip(self.names()).find(|(_, n)| n.eq_ignore_ascii_case(name)).map(|(v, _)| v)
    }

    /// A value as its author would write it.
    pub(super) fn written(self, value: u32, by_name: bool) -> String {
        let index = usize::try_from(value - self.min()).unwrap_or_default();
        match self.names().get(index) {
            Some(name) if by_name => (*name).to_owned(),
            _ => value.to_string(),
        }
    }
}
