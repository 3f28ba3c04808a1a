//! The page that an egress guard gives of itself: a browser that sees it has come to one.
//!
//! Its address is on loopback. A browser that goes past its proxy, be it for loopback alone, finds
//! its own machine there.

use std::{net::Ipv4Addr, time::Duration};

#[cfg(feature = "egress")]
use url::{Host, Url};

/// An address that guards answer for themselves, whatever the operator allows.
const HOST: Ipv4Addr = Ipv4Addr::new(127, 83, 89, 78);
/// The beginning of the page's title. What the asker has made up follows, and for how many
/// milliseconds the guard has been there.
const TITLE: &str = "synmon egress guard";
/// How browsers say that their proxy can't be reached.
const OUT_OF_REACH: [&str; 3] =
    ["ERR_PROXY_CONNECTION_FAILED", "proxyConnectFailure", "proxyResolveFailure"];

/// The page's address for somebody who knows it again by this word.
pub(crate) fn address(word: &str) -> String {
    format!("http://{HOST}/{word}")
}

/// The word that the page at this address is to say, if it is one.
#[cfg(feature = "egress")]
pub(crate) fn asked(url: &Url) -> Option<&str> {
    let word = url.path().strip_prefix('/')?;
    let plain = word.len() <= 64 && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let here = url.host() == Some(Host::Ipv4(HOST)) && url.port().is_none();
    (here && plain && url.scheme() == "http").then_some(word)
}

/// The page of a guard that has been there for so long.
#[cfg(feature = "egress")]
pub(crate) fn html(word: &str, up: Duration) -> String {
    format!("<!doctype html><title>{TITLE} {word} {}</title>", up.as_millis())
}

/// For how long the guard has been there whose page, or its title, this is; `None` if it is
/// something else.
pub(crate) fn up(text: &str, word: &str) -> Option<Duration> {
    let (_, rest) = text.split_once(&format!("{TITLE} {word} "))?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().ok().map(Duration::from_millis)
}

/// A word that nobody foresees.
#[cfg(any(feature = "cdp", feature = "webdriver"))]
pub(crate) fn word() -> Result<String, String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| error.to_string())?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

/// Whether a browser's reason for not loading a page is that the guard can't be reached.
pub(crate) fn is_out_of_reach(reason: &str) -> bool {
    OUT_OF_REACH.iter().any(|sign| reason.contains(sign))
}

/// Why no run gets a browser whose guard can't be reached.
pub(crate) const NO_ANSWER: &str =
    "the egress guard, which all browsers go through, does not answer";

/// Why no run gets a browser that shows something else instead of the page.
#[cfg(any(feature = "cdp", feature = "webdriver"))]
pub(crate) fn not_seen(shown: &str) -> String {
    format!(
        "the browser does not come to the egress guard ({shown}): a page could reach addresses \
         that are not public. SYNMON_EGRESS_PROXY must name a `synmon egress-proxy`, and the \
         browser must obey it"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(feature = "egress")]
    fn the_page_says_the_word_that_it_was_asked_for() {
        let url = |text: &str| Url::parse(text).unwrap();
        let at = url(&address("abc123"));
        assert_eq!(asked(&at), Some("abc123"));
        let page = html("abc123", Duration::from_millis(1_500));
        assert_eq!(up(&page, "abc123"), Some(Duration::from_millis(1_500)));
        assert_eq!(up(&page, "abc12"), None);
        assert_eq!(up("<title>127.83.89.78/abc123</title>", "abc123"), None);
        for other in [
            "http://127.0.0.1/abc123",
            "https://127.83.89.78/abc123",
            "http://127.83.89.78:81/abc123",
            "http://127.83.89.78/%3Cb%3E",
        ] {
            assert_eq!(asked(&url(other)), None, "{other}");
        }
    }
}
