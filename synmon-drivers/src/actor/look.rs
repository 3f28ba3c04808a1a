//! What is seen of elements and of the page.

use serde_json::json;
use synmon_core::{
    browser::{BrowserError, Observation, PageState},
    step::Selector,
};

use super::{
    Failure, Tab,
    ask::{Where, ask},
    candidates,
};
use crate::page::{self, Found, Shown};

/// What a selector finds in the frame where steps act.
pub(crate) async fn observe(
    tab: &mut impl Tab,
    selector: &Selector,
    attribute: Option<&str>,
) -> Result<Option<Observation>, BrowserError> {
    let args = json!([candidates(selector), attribute]);
    let found = match ask(tab, Where::Here, &page::OBSERVE, args).await {
        // Nothing is found in a frame that is not there.
        Err(Failure::NoFrame) => return Ok(None),
        found => found?,
    };
    match found {
        Found::Invalid { why } => Err(BrowserError::SelectorInvalid(why)),
        Found::Missing => Ok(None),
        Found::Here { candidate, matches, visible, text, value, checked, attribute } => {
            Ok(Some(Observation { candidate, matches, visible, text, value, checked, attribute }))
        }
    }
}

/// What the tab shows, in the core's terms.
pub(crate) async fn page(tab: &mut impl Tab) -> Result<PageState, BrowserError> {
    let shown = shown(tab).await?;
    let url = if shown.is_error() {
        // The page itself only knows that it is an error page.
        tab.address().await.unwrap_or_else(|| shown.url.clone())
    } else {
        shown.url.clone()
    };
    Ok(PageState {
        http_status: shown.http_status(),
        error_page: shown.net_error().is_some(),
        net_error: shown.net_error(),
        blocked: None,
        url,
        title: shown.title,
        document: shown.document,
        timing: shown.timing,
        vitals: shown.vitals,
    })
}

/// What the tab shows, once the dialogs are closed that are in the way.
pub(crate) async fn shown(tab: &mut impl Tab) -> Result<Shown, BrowserError> {
    Ok(ask(tab, Where::Outermost, &page::PAGE, json!([])).await?)
}
