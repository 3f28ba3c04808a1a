//! Versions of things, as `ETag` and `If-Match` carry them (RFC 9110, sections 8.8.3 and 13.1.1).

/// The tag of a version. It is of what a client can set: what synmon notes of a thing by itself, such
/// as its last run, does not change it.
pub(super) fn tag_of(version: i64) -> String {
    format!("\"{version}\"")
}

/// The versions that an `If-Match` names; none if any will do. What is no tag of ours, a weak one
/// included, matches nothing.
pub(super) fn versions_in(if_match: Option<&str>) -> Option<Vec<i64>> {
    let list = if_match?.trim();
    if list == "*" {
        return None;
    }
    let version = |tag: &str| {
        let version = tag.trim().strip_prefix('"')?.strip_suffix('"')?.parse().ok()?;
        // One form has each, and no other is taken for it.
        (tag.trim() == tag_of(version)).then_some(version)
    };
    Some(list.split(',').filter_map(version).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_leads_back_to_its_version() {
        assert_eq!(versions_in(None), None);
        assert_eq!(versions_in(Some(" * ")), None);
        assert_eq!(versions_in(Some(&tag_of(7))), Some(vec![7]));
        assert_eq!(versions_in(Some("\"1\", \"x\" ,\"20\"")), Some(vec![1, 20]));
        for nothing in
            ["", "7", "W/\"7\"", "\"07\"", "\"+7\"", "\"7", "\"99999999999999999999\"", "\"*\""]
        {
            assert_eq!(versions_in(Some(nothing)), Some(Vec::new()), "{nothing}");
        }
    }
}
