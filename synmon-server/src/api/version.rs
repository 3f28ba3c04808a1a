//! Versions of things, as `ETag` and `If-Match` carry them (RFC 9110, sections 8.8.3 and 13.1.1).

use poem::{
    FromRequest, Request, RequestBody,
    http::{HeaderMap, HeaderValue, header},
};

/// The tag of a version. It is of what a client can set: what synmon notes of a thing by itself, such
/// as its last run, does not change it.
pub(super) fn tag_of(version: i64) -> String {
    format!("\"{version}\"")
}

/// The versions that `If-Match` names; none if any will do. What is no tag of ours, a weak one
/// included, matches nothing.
pub(super) struct IfMatch(pub(super) Option<Vec<i64>>);

impl<'a> FromRequest<'a> for IfMatch {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Ok(Self(versions_in(request.headers())))
    }
}

/// Of the bytes, and of all lines as if they were one (RFC 9110, section 5.3): what can't be read is
/// a condition that is not met, never one that was not made.
fn versions_in(headers: &HeaderMap) -> Option<Vec<i64>> {
    let lines = headers.get_all(header::IF_MATCH).iter().map(HeaderValue::as_bytes);
    let lines: Vec<_> = lines.collect();
    let list = lines.join(&b',');
    if lines.is_empty() || list.trim_ascii() == b"*" {
        return None;
    }
    let version = |tag: &[u8]| {
        let tag = std::str::from_utf8(tag.trim_ascii()).ok()?;
        let version = tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok()?;
        // One form has each, and no other is taken for it.
        (tag == tag_of(version)).then_some(version)
    };
    Some(list.split(|byte| *byte == b',').filter_map(version).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(lines: &[&str]) -> Option<Vec<i64>> {
        let line = |text: &&str| HeaderValue::from_bytes(text.as_bytes()).unwrap();
        versions_in(&lines.iter().map(|text| (header::IF_MATCH, line(text))).collect())
    }

    #[test]
    fn a_tag_leads_back_to_its_version() {
        assert_eq!(versions(&[]), None);
        assert_eq!(versions(&[" * "]), None);
        assert_eq!(versions(&[&tag_of(7)]), Some(vec![7]));
        assert_eq!(versions(&["\"1\", \"x\" ,\"20\""]), Some(vec![1, 20]));
        assert_eq!(versions(&["\"1\"", "\"20\""]), Some(vec![1, 20]));
        assert_eq!(versions(&["\"\u{e4}\", \"1\""]), Some(vec![1]));
        for nothing in [
            "",
            "7",
            "W/\"7\"",
            "\"07\"",
            "\"+7\"",
            "\"7",
            "\"99999999999999999999\"",
            "\"*\"",
            "\u{e4}",
            "*\u{a0}",
        ] {
            assert_eq!(versions(&[nothing]), Some(Vec::new()), "{nothing}");
            assert_eq!(versions(&[nothing, "*"]), Some(Vec::new()), "{nothing}");
        }
    }
}
