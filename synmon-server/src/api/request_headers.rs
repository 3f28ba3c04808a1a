//! Headers that change what a request means, as the document has them: in words, and in
//! `x-request-headers`. As parameters they would belong to what makes a request valid, which they
//! don't: whoever generates requests from the document would be told that his tags are stale.

use serde_json::{Value, json};

/// The header that holds a change to a version.
pub(super) const IF_MATCH: &str = "If-Match";
/// The header that makes a request one with its repetitions.
pub(super) const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

const IF_MATCH_MEANS: &str = "`If-Match`: the `ETag` that you know. If there is another one by now, \
    nothing is changed (412).";
const IDEMPOTENCY_KEY_MEANS: &str = "`Idempotency-Key`: 1 to 255 visible ASCII characters of your \
    own, such as a UUID. For a day, a request that is repeated with the same key makes nothing more \
    and gets the same answer; with the same key and another body it is 422, while the first one is \
    still under way 409.";

/// The operations that make something, once for each `Idempotency-Key`. The answer to a new API key
/// is not kept, so these are not among them.
const KEYED: [&str; 3] = ["create_flow", "start_run", "create_channel"];

/// The operations that change something only as it is known, if they are told to.
const CONDITIONAL: [&str; 2] = ["change_flow", "set_steps"];

/// Whether an operation knows `Idempotency-Key`.
pub(super) fn is_keyed(operation: &str) -> bool {
    KEYED.contains(&operation)
}

/// Says what headers an operation knows besides.
pub(super) fn describe(operation: &mut Value) {
    let id = operation["operationId"].as_str().unwrap_or_default();
    let all = [
        (CONDITIONAL.contains(&id), IF_MATCH, IF_MATCH_MEANS),
        (is_keyed(id), IDEMPOTENCY_KEY, IDEMPOTENCY_KEY_MEANS),
    ];
    let known = all.into_iter().filter(|(knows, ..)| *knows).map(|(_, name, means)| (name, means));
    for (name, means) in known {
        let said = operation["description"].as_str().unwrap_or_default();
        let gap = if said.is_empty() { "" } else { "\n\n" };
        operation["description"] = json!(format!("{said}{gap}{means}"));
        if operation["x-request-headers"].is_null() {
            operation["x-request-headers"] = json!({});
        }
        operation["x-request-headers"][name] = json!({ "required": false });
    }
}

/// Whether the document says that an operation knows a header.
pub(super) fn knows(operation: &Value, header: &str) -> bool {
    !operation["x-request-headers"][header].is_null()
}
