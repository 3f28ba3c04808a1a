//! Pages of lists.

use std::{fmt::Display, str::FromStr};

use sha2::{Digest as _, Sha256};
use synmon_core::{OwnerId, store::PageRequest};

use super::problem::ApiError;

pub(super) const DEFAULT_LIMIT: u32 = 50;
pub(super) const MAX_LIMIT: u32 = 100;

/// What to pass on for the page after an item. It opens nothing that the list itself would not
/// show; but it is its owner's alone, and one that was made up or changed is no good.
pub(crate) fn cursor_after(owner: OwnerId, after: impl Display) -> String {
    let digest = Sha256::digest(format!("cursor of {owner} after {after}"));
    let seal = digest[..8].iter().fold(0, |seal: u64, byte| seal << 8 | u64::from(*byte));
    format!("{after}.{seal:016x}")
}

/// Checks what a client wants of a list.
pub(crate) fn page_request<Id: FromStr + Display>(
    owner: OwnerId,
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
        Some(text) => {
            let id = text.split_once('.').and_then(|(id, _)| id.parse().ok());
            let id = id.filter(|id: &Id| cursor_after(owner, id) == text);
            Some(id.ok_or_else(|| {
                ApiError::field("cursor", "is none of ours: pass a next_cursor on as it is")
            })?)
        }
    };
    Ok(PageRequest { limit, after })
}
