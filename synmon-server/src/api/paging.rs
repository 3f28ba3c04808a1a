//! Pages of lists.

use std::str::FromStr;

use synmon_core::store::PageRequest;

use super::problem::ApiError;

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 100;

/// Checks what a client wants of a list. A cursor is the id of the last item that it has seen: it
/// opens nothing that the list itself would not show.
pub(crate) fn page_request<Id: FromStr>(
    limit: Option<&str>,
    cursor: Option<&str>,
) -> Result<PageRequest<Id>, ApiError> {
    let limit = match limit {
        None => DEFAULT_LIMIT,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=MAX_LIMIT).contains(limit))
            .ok_or_else(|| ApiError::field("limit", format!("must be from 1 to {MAX_LIMIT}")))?,
    };
    let after = match cursor {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| {
            ApiError::field("cursor", "is none of ours: pass a next_cursor on as it is")
        })?),
    };
    Ok(PageRequest { limit, after })
}
