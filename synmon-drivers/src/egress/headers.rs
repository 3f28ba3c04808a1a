//! Headers that are for the next hop alone (RFC 9110, 7.6.1).

use http::{HeaderMap, HeaderName, header};

/// Those that are so without being named by `Connection`.
const HOP_BY_HOP: [HeaderName; 8] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::UPGRADE,
];

/// The protocol that the connection is to change to, if it is.
pub(super) fn upgrade(headers: &HeaderMap) -> Option<http::HeaderValue> {
    let wanted = headers.get(header::UPGRADE)?;
    named(headers).any(|name| name.eq_ignore_ascii_case("upgrade")).then(|| wanted.clone())
}

/// Takes away what is not for the other side. The framing of the body (`Transfer-Encoding`) is
/// hyper's, which writes its own.
pub(super) fn strip(headers: &mut HeaderMap) {
    let listed: Vec<HeaderName> = named(headers).filter_map(|name| name.parse().ok()).collect();
    for name in listed {
        // Without it nobody would know where the body ends.
        if name != header::CONTENT_LENGTH && name != header::HOST {
            headers.remove(name);
        }
    }
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
    headers.remove(header::TRANSFER_ENCODING);
}

/// What `Connection` names.
fn named(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers
        .get_all(header::CONNECTION)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(given: &[(&'static str, &'static str)]) -> HeaderMap {
        given.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn what_is_for_one_hop_stays_there() {
        let mut given = headers(&[
            ("connection", "close, X-Secret"),
            ("x-secret", "1"),
            ("proxy-authorization", "Basic x"),
            ("proxy-connection", "keep-alive"),
            ("transfer-encoding", "chunked"),
            ("te", "trailers"),
            ("cookie", "a=b"),
        ]);
        strip(&mut given);
        assert_eq!(given, headers(&[("cookie", "a=b")]));
    }

    #[test]
    fn an_upgrade_is_one_only_if_both_headers_say_so() {
        let wanted = |given| upgrade(&headers(given)).is_some();
        assert!(wanted(&[("connection", "keep-alive, Upgrade"), ("upgrade", "websocket")]));
        assert!(!wanted(&[("connection", "keep-alive"), ("upgrade", "websocket")]));
        assert!(!wanted(&[("connection", "upgrade")]));
    }

    #[test]
    fn what_connection_must_not_take_away_stays() {
        let mut given = headers(&[("connection", "content-length, host"), ("content-length", "3")]);
        strip(&mut given);
        assert_eq!(given, headers(&[("content-length", "3")]));
    }
}
