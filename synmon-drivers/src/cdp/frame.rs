//! The tab as it was last drawn. It is to be had even when the page hangs or a dialog is open,
//! because the browser's own process has it.

use std::time::Duration;

use serde_json::json;
use tokio::{sync::oneshot, time::timeout};

use super::connection::{Line, SessionId};

/// Has the tab send what it shows; `shown` gets the first frame of it, in base64.
pub(super) async fn last(
    line: &Line,
    session: &SessionId,
    shown: oneshot::Receiver<String>,
    limit: Duration,
) -> Option<String> {
    let params = json!({ "format": "png", "everyNthFrame": 1 });
    let cast = async {
        line.call(Some(session), "Page.startScreencast", params, limit).await.ok()?;
        shown.await.ok()
    };
    let frame = timeout(limit, cast).await.ok().flatten();
    // It would send on until it is told to stop; a browser that is gone needs no telling.
    line.tell(Some(session), "Page.stopScreencast", json!({}));
    frame
}
