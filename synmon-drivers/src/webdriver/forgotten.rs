//! Sessions of an endpoint that whoever began them has left behind.

use std::time::Duration;

use serde_json::Value;

use super::{config::Remote, wire::Wire};

/// How long an endpoint may take to end a session, and to say which ones it has.
const LIMIT: Duration = Duration::from_secs(5);

/// Ends a session by its id and, should its beginner never have learnt that, all that carry its
/// tag. An endpoint that does not tell which sessions it has can only be asked by the id.
pub(super) async fn end(
    config: &Remote,
    wire: &Wire,
    tag: &str,
    id: Option<&str>,
) -> Result<(), String> {
    let mut ids: Vec<String> = id.map(str::to_owned).into_iter().collect();
    let status = wire.get(&config.address("status"), LIMIT).await?;
    for found in tagged(&status, tag) {
        if !ids.contains(&found) {
            ids.push(found);
        }
    }
    for id in ids {
        wire.delete(&config.address(&format!("session/{id}")), LIMIT).await?;
    }
    Ok(())
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
