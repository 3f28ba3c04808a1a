//! What a guard tells of trouble, and another process of ours hears, in the words of RFC 9209.

use http::{HeaderName, HeaderValue, StatusCode};

use super::memory::Trouble;

/// The header that says why a proxy has no answer.
pub(super) const PROXY_STATUS: HeaderName = HeaderName::from_static("proxy-status");
/// How guards name themselves in it.
const NAME: &str = "synmon";
/// The error of a place that must not be reached.
const BLOCKED: &str = "destination_ip_prohibited";
/// Chromium's codes for places that could not be reached, and the errors that say the same.
const FAILURES: [(&str, &str); 6] = [
    ("net::ERR_NAME_NOT_RESOLVED", "dns_error"),
    ("net::ERR_CONNECTION_REFUSED", "connection_refused"),
    ("net::ERR_CONNECTION_RESET", "connection_terminated"),
    ("net::ERR_CONNECTION_TIMED_OUT", "connection_timeout"),
    ("net::ERR_ADDRESS_UNREACHABLE", "destination_ip_unroutable"),
    ("net::ERR_CONNECTION_FAILED", "destination_unavailable"),
];

impl Trouble {
    /// The status of the answer.
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Blocked(_) => StatusCode::FORBIDDEN,
            Self::Failed { .. } if self.error() == "connection_timeout" => {
                StatusCode::GATEWAY_TIMEOUT
            }
            Self::Failed { .. } => StatusCode::BAD_GATEWAY,
        }
    }

    /// The header's value.
    pub(super) fn proxy_status(&self) -> HeaderValue {
        let value = format!("{NAME}; error={}", self.error());
        // These are words of ours, which headers can hold.
        HeaderValue::try_from(value).unwrap_or_else(|_| HeaderValue::from_static(NAME))
    }

    /// The trouble that a guard tells of by this header, and by `why` in words.
    pub(super) fn heard(header: &HeaderValue, why: String) -> Option<Self> {
        let mut parts = header.to_str().ok()?.split(';').map(str::trim);
        let mut told = (parts.next()? == NAME).then_some(parts)?;
        let error = told.find_map(|part| part.strip_prefix("error="))?;
        if error == BLOCKED {
            return Some(Self::Blocked(why));
        }
        let (code, _) = FAILURES.into_iter().find(|(_, said)| *said == error)?;
        Some(Self::Failed { code, why })
    }

    fn error(&self) -> &'static str {
        match self {
            Self::Blocked(_) => BLOCKED,
            Self::Failed { code, .. } => FAILURES
                .into_iter()
                .find(|(known, _)| known == code)
                .map_or("destination_unavailable", |(_, error)| error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_heard() {
        let failed = FAILURES.map(|(code, _)| Trouble::Failed { code, why: "why".to_owned() });
        for trouble in failed.into_iter().chain([Trouble::Blocked("why".to_owned())]) {
            let heard = Trouble::heard(&trouble.proxy_status(), "why".to_owned());
            assert_eq!(heard.as_ref(), Some(&trouble));
        }
        for other in ["synmon", "squid; error=dns_error", "synmon; error=tls_alert_received", ""] {
            let header = HeaderValue::from_static(other);
            assert_eq!(Trouble::heard(&header, String::new()), None, "{other}");
        }
    }

    #[test]
    fn what_could_not_be_reached_is_no_refusal() {
        let status = |code| Trouble::Failed { code, why: String::new() }.status().as_u16();
        assert_eq!(status("net::ERR_CONNECTION_TIMED_OUT"), 504);
        assert_eq!(status("net::ERR_NAME_NOT_RESOLVED"), 502);
        assert_eq!(Trouble::Blocked(String::new()).status().as_u16(), 403);
    }
}
