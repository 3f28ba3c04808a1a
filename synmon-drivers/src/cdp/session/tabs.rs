//! Tabs that the page opens.

use std::sync::Arc;

use serde_json::json;
use tokio::sync::mpsc;

use super::{Shared, limits::PREPARE, set_up, setup, state::OpenTab};
use crate::cdp::{
    MAX_TABS,
    connection::{CallError, Line, Sent, SessionId},
    pool::NewTab,
};

/// Takes in the tabs that the page opens; none of them shows anything before it is prepared.
pub(crate) async fn welcome(
    line: Line,
    shared: Arc<Shared>,
    mut coming: mpsc::UnboundedReceiver<NewTab>,
) {
    while let Some(NewTab { id, hold }) = coming.recv().await {
        if shared.state().tabs.len() >= MAX_TABS {
            // Should it fail, the tab is closed with the session.
            line.tell(None, "Target.closeTarget", json!({ "targetId": id }));
            continue;
        }
        match attach(&line, &shared, &id).await {
            // All that it was told goes before what lets it go on. It answers only after that.
            Ok(_) => drop(hold),
            Err(error) => tracing::debug!(%error, "a tab went before it could be prepared"),
        }
    }
}

/// Attaches to a tab and prepares it, as far as the browser itself does that; the page's own
/// answers are returned.
pub(crate) async fn attach(line: &Line, shared: &Shared, id: &str) -> Result<Vec<Sent>, CallError> {
    let params = json!({ "targetId": id, "flatten": true });
    let attached = line.call(None, "Target.attachToTarget", params, PREPARE).await?;
    let session = SessionId::from(attached["sessionId"].as_str().unwrap_or_default());
    let wishes = shared.change(|state| {
        state.attached(session.clone(), id);
        state.tabs.push(OpenTab { id: id.to_owned(), session: session.clone() });
        state.wishes.clone()
    });
    let page = set_up(line, &session, wishes);
    setup::pass_on_frames(line, &session).answer(PREPARE).await?;
    Ok(page)
}
