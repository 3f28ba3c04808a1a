//! `Retry-After` (RFC 9110, section 10.2.3): how long a receiver asks to be left alone.

use std::time::{Duration, UNIX_EPOCH};

use reqwest::header::{HeaderMap, RETRY_AFTER};
use synmon_core::Timestamp;

/// The longest time that is believed.
const MOST: Duration = Duration::from_hours(24);

/// What the receiver asks for; nothing if it asks for nothing that makes sense.
pub(super) fn of(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    seconds(text).or_else(|| until(text, now)).map(|span| span.min(MOST))
}

fn seconds(text: &str) -> Option<Duration> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // More than a number can hold is long.
    digits.then(|| text.parse().map_or(MOST, Duration::from_secs))
}

/// The time until a date; none at all if it has passed.
fn until(date: &str, now: Timestamp) -> Option<Duration> {
    let date = httpdate::parse_http_date(date).ok()?;
    let micros = date.duration_since(UNIX_EPOCH).ok()?.as_micros();
    let date = Timestamp::from_micros(i64::try_from(micros).ok()?);
    Some(date.since(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 20 July 2025, 08:26:40 UTC.
    const NOW: i64 = 1_753_000_000_000_000;

    #[test]
    fn seconds_and_dates_count_and_all_else_does_not() {
        for (text, expected) in [
            ("3600", Some(3_600)),
            ("0", Some(0)),
            (" 7 ", Some(7)),
            ("86401", Some(86_400)),
            ("99999999999999999999999999", Some(86_400)),
            ("Sun, 20 Jul 2025 08:27:40 GMT", Some(60)),
            ("Sunday, 20-Jul-25 08:27:40 GMT", Some(60)),
            ("Sun Jul 20 08:27:40 2025", Some(60)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(86_400)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("", None),
            ("soon", None),
            ("-1", None),
            ("+1", None),
            ("1.5", None),
            ("1e3", None),
            ("٣", None),
            ("Sun, 20 Jul 2025 08:27:40 +0200", None),
            ("Fri, 31 Dec 99999 23:59:59 GMT", None),
            ("2025-07-20T08:27:40Z", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            let found = of(&headers, Timestamp::from_micros(NOW));
            assert_eq!(found, expected.map(Duration::from_secs), "{text}");
        }
        assert_eq!(of(&HeaderMap::new(), Timestamp::from_micros(NOW)), None);
    }
}
