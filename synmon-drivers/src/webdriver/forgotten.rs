//! Sessions of an endpoint that whoever began them has left behind.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::Value;
use tokio::time::timeout;

use super::{config::Remote, driver::limits, wire::Wire};

/// How long an endpoint may take to end a session, and to say which ones it has: a Grid answers
/// late while it starts browsers, and not before one that is slow to go has gone. Both together must
/// fit into the one try that the engine gives.
const LIMIT: Duration = Duration::from_secs(9);

/// Ends a session by its id and, should its beginner never have learnt that, all that carry its
/// tag. An endpoint that does not tell which sessions it has can only be asked by the id.
pub(super) async fn end(
    config: &Remote,
    wire: &Wire,
    tag: &str,
    id: Option<&str>,
) -> Result<(), String> {
    let delete = async |id: &str| {
        let (wire, address) = (wire.clone(), config.address(&format!("session/{id}")));
        // Seen through by a task of its own, see `Driver::delete`.
        let ending = tokio::spawn(async move { wire.delete(&address, limits::END).await });
        match timeout(LIMIT, ending).await {
            Ok(ended) => ended.unwrap_or_else(|error| Err(error.to_string())),
            Err(_) => Err(format!("it has not ended within {} s", LIMIT.as_secs())),
        }
    };
    let known = async {
        match id {
            Some(id) => delete(id).await,
            None => Ok(()),
        }
    };
    let status = config.address("status");
    // The one that is known need not wait until an endpoint that is busy has counted the others.
    let (known, status) = tokio::join!(known, wire.get(&status, LIMIT));
    let others = tagged(&status?, tag).into_iter().filter(|found| Some(&**found) != id);
    let others = join_all(others.map(async |other| delete(&other).await)).await;
    others.into_iter().fold(known, Result::and)
}

/// The ids of the sessions that a Selenium Grid shows with this tag.
fn tagged(status: &Value, tag: &str) -> Vec<String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    list(&status["value"]["nodes"])
        .iter()
        .flat_map(|node| list(&node["slots"]))
        .map(|slot| slot["session"].clone())
        .filter(|session| {
            ["capabilities", "stereotype"].iter().any(|part| session[*part]["se:name"] == tag)
        })
        .filter_map(|session| session["sessionId"].as_str().map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_sessions_with_the_tag_are_meant() {
        let session = |id: &str, tag: &str| json!({ "session": { "sessionId": id, "capabilities": { "se:name": tag } } });
        let status = json!({ "value": { "ready": true, "nodes": [
            { "slots": [session("a", "mine"), { "session": null }] },
            { "slots": [session("b", "another's"), session("c", "mine")] },
        ] } });
        assert_eq!(tagged(&status, "mine"), ["a", "c"]);
        assert!(tagged(&json!({ "value": { "ready": true } }), "mine").is_empty());
    }
}
