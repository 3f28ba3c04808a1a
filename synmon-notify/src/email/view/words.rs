//! Times in words.

use std::time::Duration;

use synmon_core::Timestamp;

/// An instant: `20 July 2025, 08:26:40 UTC`.
pub(super) fn instant(at: Timestamp) -> String {
    at.datetime().format("%-d %B %Y, %H:%M:%S UTC").to_string()
}

/// A span of time by its two largest units: `2 hours 5 minutes`.
pub(super) fn span(span: Duration) -> String {
    const UNITS: [(&str, u64); 4] =
        [("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)];
    let mut rest = span.as_secs();
    let mut words = Vec::new();
    for (unit, size) in UNITS {
        let count = rest / size;
        rest %= size;
        match count {
            // What is smaller than the second unit does not matter any more.
            0 if words.is_empty() => continue,
            0 => {}
            1 => words.push(format!("1 {unit}")),
            _ => words.push(format!("{count} {unit}s")),
        }
        if words.len() == 2 || count == 0 {
            break;
        }
    }
    if words.is_empty() { "less than a second".to_owned() } else { words.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_told_by_its_two_largest_units() {
        for (seconds, expected) in [
            (0, "less than a second"),
            (1, "1 second"),
            (59, "59 seconds"),
            (60, "1 minute"),
            (61, "1 minute 1 second"),
            (3_599, "59 minutes 59 seconds"),
            (3_600, "1 hour"),
            (3_605, "1 hour"),
            (7_500, "2 hours 5 minutes"),
            (86_400, "1 day"),
            (86_400 + 3_599, "1 day"),
            (90_000_000, "1041 days 16 hours"),
        ] {
            assert_eq!(span(Duration::from_secs(seconds)), expected, "{seconds}");
        }
        assert_eq!(span(Duration::from_millis(999)), "less than a second");
    }

    #[test]
    fn an_instant_is_told_in_utc() {
        let at = Timestamp::from_micros(1_753_000_000_000_001);
        assert_eq!(instant(at), "20 July 2025, 08:26:40 UTC");
    }
}
