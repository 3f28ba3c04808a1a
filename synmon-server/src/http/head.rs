//! The head of a request: what must hold of it before anybody acts on it.
//!
//! Where two readers may find different ends of a request, an attacker can hide a second one in it
//! (RFC 9112, sections 2.2, 5.1 and 6.3). So nothing is guessed: what can be read in two ways is
//! refused.

use poem::http::{Method, StatusCode, Uri};

/// The largest head that is read.
pub(super) const MAX_HEAD_BYTES: usize = 32 * 1024;
/// How many header lines there may be.
const MAX_HEADERS: usize = 100;
/// The longest address.
const MAX_TARGET_BYTES: usize = 8 * 1024;

/// How the body after a head is told from what follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// By its length, which may be zero.
    Length(u64),
    /// In chunks.
    Chunked,
}

/// Why a request was not even looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It is not HTTP/1.1, or it can be read in two ways.
    Malformed(&'static str),
    /// Its address is too long.
    TargetTooLong,
    /// All of it is too long.
    HeadTooLarge,
    /// It did not come to its end.
    TooSlow,
}

impl Refusal {
    /// What it is answered with.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::TargetTooLong => StatusCode::URI_TOO_LONG,
            Self::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
        }
    }

    /// The same in words.
    pub(crate) fn detail(self) -> String {
        match self {
            Self::Malformed(why) => why.to_owned(),
            Self::TargetTooLong => format!("an address has {MAX_TARGET_BYTES} bytes at most"),
            Self::HeadTooLarge => format!(
                "a request has {MAX_HEADERS} header lines and {MAX_HEAD_BYTES} bytes of them at most"
            ),
            Self::TooSlow => "the request came too slowly".to_owned(),
        }
    }
}

/// Where a head ends in `bytes`, whose first `seen` were looked at before.
pub(super) fn end(bytes: &[u8], seen: usize) -> Result<Option<usize>, Refusal> {
    for (index, _) in bytes.iter().enumerate().skip(seen).filter(|(_, byte)| **byte == b'\n') {
        let line = &bytes[..index];
        if !line.ends_with(b"\r") {
            return Err(Refusal::Malformed("lines end with CR LF"));
        }
        if line.ends_with(b"\r\n\r") && index < MAX_HEAD_BYTES {
            return Ok(Some(index + 1));
        }
    }
    if bytes.len() <= MAX_HEAD_BYTES {
        return Ok(None);
    }
    let target_ends = bytes.iter().take(MAX_TARGET_BYTES).any(|byte| *byte == b'\n');
    Err(if target_ends { Refusal::HeadTooLarge } else { Refusal::TargetTooLong })
}

/// Checks a whole head.
pub(super) fn check(head: &[u8]) -> Result<Framing, Refusal> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(head) {
        Ok(httparse::Status::Complete(_)) => {}
        Err(httparse::Error::TooManyHeaders) => return Err(Refusal::HeadTooLarge),
        Ok(httparse::Status::Partial) | Err(_) => {
            return Err(Refusal::Malformed("this is not HTTP/1.1"));
        }
    }
    let target = request.path.unwrap_or_default();
    if target.len() > MAX_TARGET_BYTES {
        return Err(Refusal::TargetTooLong);
    }
    let method = request.method.unwrap_or_default();
    if Uri::try_from(target).is_err() || Method::from_bytes(method.as_bytes()).is_err() {
        return Err(Refusal::Malformed("the address or the method is none"));
    }
    let is_1_1 = request.version == Some(1);
    let hosts = values(request.headers, "host").count();
    if hosts > 1 || (is_1_1 && hosts == 0) {
        return Err(Refusal::Malformed("there must be one Host"));
    }
    framing(request.headers, is_1_1)
}

fn framing(headers: &[httparse::Header<'_>], is_1_1: bool) -> Result<Framing, Refusal> {
    let mut lengths = values(headers, "content-length");
    let mut codings = values(headers, "transfer-encoding");
    let (length, coding) = (lengths.next(), codings.next());
    if lengths.next().is_some() || codings.next().is_some() {
        return Err(Refusal::Malformed("the length of the body is said twice"));
    }
    match (length, coding) {
        (None, None) => Ok(Framing::Length(0)),
        (Some(_), Some(_)) => Err(Refusal::Malformed("the length of the body is said twice")),
        (None, Some(coding)) if is_1_1 && coding.eq_ignore_ascii_case(b"chunked") => {
            Ok(Framing::Chunked)
        }
        (None, Some(_)) => Err(Refusal::Malformed("the only transfer coding is chunked")),
        (Some(length), None) => std::str::from_utf8(length)
            .ok()
            .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|text| text.parse().ok())
            // More than hyper counts to.
            .filter(|length| i64::try_from(*length).is_ok())
            .map(Framing::Length)
            .ok_or(Refusal::Malformed("the length of the body is no number")),
    }
}

fn values<'a>(
    headers: &'a [httparse::Header<'a>],
    name: &'static str,
) -> impl Iterator<Item = &'a [u8]> {
    headers
        .iter()
        .filter(move |header| header.name.eq_ignore_ascii_case(name))
        .map(|header| header.value.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(lines: &str) -> Result<Framing, u16> {
        let head = format!("{lines}\r\n\r\n");
        check(head.as_bytes()).map_err(|refusal| refusal.status().as_u16())
    }

    #[test]
    fn what_has_one_meaning_is_let_through() {
        for (lines, framing) in [
            ("GET / HTTP/1.1\r\nhost: x", Framing::Length(0)),
            ("GET / HTTP/1.0", Framing::Length(0)),
            ("QUERY /a?b HTTP/1.1\r\nHost: x\r\nContent-Length: 12", Framing::Length(12)),
            ("POST / HTTP/1.1\r\nhost: x\r\nTransfer-Encoding:  Chunked ", Framing::Chunked),
            ("CONNECT a.test:1 HTTP/1.1\r\nhost: a.test:1", Framing::Length(0)),
            ("OPTIONS * HTTP/1.1\r\nhost: x", Framing::Length(0)),
        ] {
            assert_eq!(checked(lines), Ok(framing), "{lines}");
        }
    }

    #[test]
    fn what_has_two_meanings_is_refused() {
        for lines in [
            "GET / HTTP/1.1",
            "GET / HTTP/1.1\r\nhost: x\r\nhost: x",
            "GET / HTTP/1.0\r\nhost: x\r\nhost: y",
            "GET  / HTTP/1.1\r\nhost: x",
            "GET / HTTP/1.1\r\nhost : x",
            "GET / HTTP/1.1\r\nhost: x\r\n folded: y",
            "GET / HTTP/1.1\r\nhost: x\r\na\0b: c",
            "GET / HTTP/1.1\r\nhost: x\r\na: b\0c",
            "GET / HTTP/2.0\r\nhost: x",
            "PRI * HTTP/2.0",
            "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 1",
            "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1, 1",
            "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: +1",
            "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0x1",
            "POST / HTTP/1.1\r\nhost: x\r\ncontent-length:",
            "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 18446744073709551615",
            "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked",
            "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ncontent-length: 1",
            "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: xchunked",
            "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip, chunked",
            "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked, identity",
            "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ntransfer-encoding: x",
            "POST / HTTP/1.0\r\ntransfer-encoding: chunked",
        ] {
            assert_eq!(checked(lines), Err(400), "{lines}");
        }
    }

    #[test]
    fn heads_are_bounded() {
        let long = format!("GET /{} HTTP/1.1\r\nhost: x", "a".repeat(MAX_TARGET_BYTES));
        assert_eq!(checked(&long), Err(414));
        let many = format!("GET / HTTP/1.1\r\nhost: x{}", "\r\na: b".repeat(MAX_HEADERS));
        assert_eq!(checked(&many), Err(431));
        let whole = format!("GET / HTTP/1.1\r\na: {}\r\n\r\n", "a".repeat(MAX_HEAD_BYTES));
        assert_eq!(end(whole.as_bytes(), 0), Err(Refusal::HeadTooLarge));
        let endless = "a".repeat(MAX_HEAD_BYTES + 1);
        assert_eq!(end(endless.as_bytes(), 0), Err(Refusal::TargetTooLong));
        let endless = format!("GET / HTTP/1.1\r\na: {endless}");
        assert_eq!(end(endless.as_bytes(), 0), Err(Refusal::HeadTooLarge));
    }

    #[test]
    fn the_end_is_found_however_the_bytes_come() {
        let head = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";
        let whole = [head.as_slice(), b"rest"].concat();
        for seen in 0..head.len() {
            assert_eq!(end(&head[..seen], 0), Ok(None));
            assert_eq!(end(&whole, seen), Ok(Some(head.len())), "{seen}");
        }
        for bare in ["GET / HTTP/1.1\nhost: x\r\n\r\n", "GET / HTTP/1.1\r\nhost: x\n\n"] {
            assert!(matches!(end(bare.as_bytes(), 0), Err(Refusal::Malformed(_))), "{bare}");
        }
    }
}
