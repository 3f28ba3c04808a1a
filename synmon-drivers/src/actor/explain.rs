//! What a failed step's page was like.

use serde_json::json;
use synmon_core::{
    browser::{BrowserError, CandidateMatches, Explanation},
    step::Selector,
};

use super::{
    Failure, Tab,
    ask::{Where, ask},
    candidates,
};
use crate::page::{self, Explained};

/// What each candidate of a selector finds in the frame where steps act, and the html around it.
pub(crate) async fn explain(
    tab: &mut impl Tab,
    selector: &Selector,
) -> Result<Explanation, BrowserError> {
    let args = json!([candidates(selector)]);
    let explained: Explained = match ask(tab, Where::Here, &page::EXPLAIN, args).await {
        Err(Failure::NoFrame) => return Ok(Explanation::default()),
        answer => answer?,
    };
    let written = selector.candidates().iter().map(ToString::to_string);
    let candidates = written
        .zip(explained.candidates)
        .map(|(selector, found)| CandidateMatches {
            selector,
            matches: found.matches,
            visible: found.visible,
            invalid: found.invalid,
        })
        .collect();
    Ok(Explanation { candidates, html: explained.html })
}
