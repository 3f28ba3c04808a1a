//! What each tab, and each frame with a process of its own, is told before it shows anything.

use serde_json::{Value, json};

use super::events::WORLD;
use crate::cdp::{
    connection::{Line, Sent, SessionId},
    given,
};

/// What stands in for view transitions where our browsers have none.
const TRANSITIONS: &str = include_str!("../../page/transitions.js");

/// Prepares a tab. None of the commands depends on the answer to another one.
pub(crate) fn tab(
    line: &Line,
    session: &SessionId,
    wishes: Vec<(&'static str, Value)>,
) -> Vec<Sent> {
    let mut commands = both();
    commands.extend([
        // Of several pages only one can have the focus of the desktop; each behaves as if it had it.
        ("Emulation.setFocusEmulationEnabled", json!({ "enabled": true })),
        // A dialog that asks for a file would wait for a person.
        ("Page.setInterceptFileChooserDialog", json!({ "enabled": true, "cancel": true })),
    ]);
    commands
        .into_iter()
        .chain(wishes)
        .map(|(method, params)| line.send(Some(session), method, params))
        .collect()
}

/// Prepares a frame that waits for that, and lets it go on.
pub(super) fn frame(line: &Line, session: &SessionId, wishes: Vec<(&'static str, Value)>) {
    for (method, params) in both().into_iter().chain(wishes) {
        line.tell(Some(session), method, params);
    }
    drop(pass_on_frames(line, session));
    line.tell(Some(session), "Runtime.runIfWaitingForDebugger", json!({}));
}

fn both() -> Vec<(&'static str, Value)> {
    vec![
        ("Inspector.enable", json!({})),
        ("Page.enable", json!({})),
        (
            "Page.addScriptToEvaluateOnNewDocument",
            json!({ "source": "", "worldName": WORLD, "runImmediately": true }),
        ),
        (
            "Page.addScriptToEvaluateOnNewDocument",
            json!({ "source": TRANSITIONS, "runImmediately": true }),
        ),
        ("Runtime.enable", json!({})),
        ("Network.enable", given("Network.enable")),
        ("Log.enable", json!({})),
    ]
}

/// Has the frames of a tab, or of a frame, that get processes of their own wait until they are
/// prepared. The browser itself answers this, after it has passed on all that was asked before.
pub(super) fn pass_on_frames(line: &Line, session: &SessionId) -> Sent {
    let params = json!({
        "autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true,
        "filter": [{ "type": "iframe" }],
    });
    line.send(Some(session), "Target.setAutoAttach", params)
}
