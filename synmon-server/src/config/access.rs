//! Settings of who may come in, and how often.

use std::time::Duration;

use synmon_core::store::Rate;

use super::{ConfigError, error, parsed};
use crate::{
    accounts::{Limited, Rates},
    visit::TrustedProxies,
};

pub(super) const KEEP_AUDIT: Duration = Duration::from_hours(24 * 365);

const RATE_LIMITS: &str = "SYNMON_RATE_LIMITS";
const MOST: u32 = 1_000_000;

pub(super) fn trusted_proxies(
    text: impl Fn(&'static str) -> Result<Option<String>, ConfigError>,
) -> Result<TrustedProxies, ConfigError> {
    const NAME: &str = "SYNMON_TRUSTED_PROXIES";
    let list = text(NAME)?.unwrap_or_default();
    list.parse().map_err(|problem| error(NAME, problem))
}

pub(super) fn refresh_grace(
    text: impl Fn(&'static str) -> Result<Option<String>, ConfigError>,
) -> Result<Duration, ConfigError> {
    const NAME: &str = "SYNMON_REFRESH_GRACE_SECONDS";
    const WANTED: &str = "a whole number of seconds, 0 to 30";
    let seconds: u64 = parsed(text, NAME, WANTED)?.unwrap_or_default();
    if seconds > 30 {
        return Err(error(NAME, format_args!("must be {WANTED}")));
    }
    Ok(Duration::from_secs(seconds))
}

/// The usual rates, changed by a comma-separated list of `off` (for all), `NAME=off` and
/// `NAME=COUNT/UNIT[:BURST]`.
pub(super) fn rates(
    text: impl Fn(&'static str) -> Result<Option<String>, ConfigError>,
) -> Result<Rates, ConfigError> {
    let mut rates = Rates::default();
    let list = text(RATE_LIMITS)?.unwrap_or_default();
    for part in list.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        if part == "off" {
            for what in Limited::ALL {
                rates.set(what, None);
            }
            continue;
        }
        let (what, rate) = changed(part).ok_or_else(|| error(RATE_LIMITS, wanted()))?;
        rates.set(what, rate);
    }
    Ok(rates)
}

fn changed(part: &str) -> Option<(Limited, Option<Rate>)> {
    let (name, rate) = part.split_once('=')?;
    let what = Limited::ALL.into_iter().find(|what| what.as_str() == name.trim())?;
    match rate.trim() {
        "off" => Some((what, None)),
        rate => self::rate(rate).map(|rate| (what, Some(rate))),
    }
}

/// `3/min:10`: ten at once, and then three a minute. Without the last number as many at once as
/// there are in a unit.
fn rate(text: &str) -> Option<Rate> {
    let (count, unit) = text.split_once('/')?;
    let (unit, burst) = unit.split_once(':').unwrap_or((unit, count));
    let number = |text: &str| text.parse().ok().filter(|number| (1..=MOST).contains(number));
    let unit = match unit {
        "s" => Duration::from_secs(1),
        "min" => Duration::from_mins(1),
        "h" => Duration::from_hours(1),
        _ => return None,
    };
    Some(Rate { period: unit / number(count)?, burst: number(burst)? })
}

fn wanted() -> String {
    let names = Limited::ALL.map(Limited::as_str).join(", ");
    format!(
        "must be off, or a list such as log_in=3/min:10,register=off (of {names}; per s, min or h; \
         behind the colon how many at once)"
    )
}

#[cfg(test)]
mod tests {
    use super::{super::tests::config, *};

    #[test]
    fn rates_are_changed_one_by_one() {
        let rates = |list| config(&[("SYNMON_RATE_LIMITS", list)]).unwrap().rates;
        assert_eq!(rates(""), Rates::default());
        let second = Duration::from_secs(1);
        let changed = rates("log_in = 6/min:20, register=2/s, api=off");
        assert_eq!(changed.get(Limited::LogIn), Some(Rate { period: 10 * second, burst: 20 }));
        assert_eq!(changed.get(Limited::Register), Some(Rate { period: second / 2, burst: 2 }));
        assert_eq!(changed.get(Limited::Api), None);
        assert_eq!(changed.get(Limited::Mails), Some(Limited::Mails.usual()));
        let some = rates("off, mails=1/h");
        for what in Limited::ALL {
            let expected = Rate { period: 3_600 * second, burst: 1 };
            assert_eq!(some.get(what), (what == Limited::Mails).then_some(expected), "{what:?}");
        }
    }

    #[test]
    fn a_rate_that_is_none_is_refused() {
        for list in
            ["log_in", "log_in=", "log_in=3", "log_in=3/day", "log_in=0/s", "log_in=1/s:0", "x=1/s"]
        {
            assert!(config(&[("SYNMON_RATE_LIMITS", list)]).is_err(), "{list}");
        }
    }

    #[test]
    fn a_reuse_has_no_grace_unless_it_is_given_some() {
        let grace = |text| config(&[("SYNMON_REFRESH_GRACE_SECONDS", text)]);
        assert_eq!(grace("").unwrap().refresh_grace, Duration::ZERO);
        assert_eq!(grace("20").unwrap().refresh_grace, Duration::from_secs(20));
        assert!(grace("31").is_err() && grace("x").is_err());
    }

    #[test]
    fn proxies_are_trusted_if_they_are_named() {
        let trusted = |list| config(&[("SYNMON_TRUSTED_PROXIES", list)]);
        assert_eq!(trusted("").unwrap().trusted_proxies, TrustedProxies::default());
        let expected = "10.0.0.0/8,::1".parse().unwrap();
        assert_eq!(trusted("10.0.0.0/8,::1").unwrap().trusted_proxies, expected);
        assert!(trusted("proxy.example").is_err());
    }
}
