//! Input as W3C `WebDriver`'s actions.

use serde_json::{Value, json};
use synmon_core::keys::Key;

/// The key that ends a line: the one of the main block, which `WebDriver` calls Return.
const ENTER: char = '\u{E006}';
/// What the core calls Enter is the one of the number block in `WebDriver`.
const NUMPAD_ENTER: char = '\u{E007}';
const TAB: char = '\u{E004}';
/// Moves the caret after what a field holds.
pub(super) const END: char = '\u{E010}';
/// Removes what is marked.
pub(super) const DELETE: char = '\u{E017}';

/// A pointer that goes to a point and presses its main button so many times.
pub(super) fn pointer(x: i64, y: i64, presses: usize) -> Value {
    let mut actions = vec![json!({
        "type": "pointerMove", "duration": 0, "origin": "viewport", "x": x, "y": y,
    })];
    for _ in 0..presses {
        actions.push(json!({ "type": "pointerDown", "button": 0 }));
        actions.push(json!({ "type": "pointerUp", "button": 0 }));
    }
    json!({ "actions": [{
        "type": "pointer", "id": "mouse", "parameters": { "pointerType": "mouse" },
        "actions": actions,
    }] })
}

/// Keys that go down one after the other and come up in the opposite order.
pub(super) fn chord(keys: &[Key]) -> Value {
    let chars: Vec<char> = keys.iter().map(|key| main_block(key.code_point())).collect();
    let down = chars.iter().map(|key| stroke("keyDown", *key));
    let up = chars.iter().rev().map(|key| stroke("keyUp", *key));
    keyboard(&down.chain(up).collect::<Vec<_>>())
}

/// Characters as a person types them, each key down and up.
pub(super) fn strokes(chars: impl Iterator<Item = char>) -> Value {
    let strokes = chars.flat_map(|key| [stroke("keyDown", key), stroke("keyUp", key)]);
    keyboard(&strokes.collect::<Vec<_>>())
}

/// The keys that a text needs; `None` if it holds a character that would be taken for a key.
pub(super) fn typed(text: &str) -> Option<Vec<char>> {
    text.replace("\r\n", "\n")
        .chars()
        .map(|c| match c {
            '\n' | '\r' => Some(ENTER),
            '\t' => Some(TAB),
            '\u{E000}'..='\u{F8FF}' => None,
            other => Some(other),
        })
        .collect()
}

fn main_block(key: char) -> char {
    if key == NUMPAD_ENTER { ENTER } else { key }
}

fn stroke(kind: &str, key: char) -> Value {
    json!({ "type": kind, "value": key.to_string() })
}

fn keyboard(actions: &[Value]) -> Value {
    json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": actions }] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chord_is_let_go_in_the_opposite_order() {
        let keys = synmon_core::keys::parse("Control+a").unwrap();
        let actions = chord(&keys);
        let values: Vec<_> = actions["actions"][0]["actions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|a| (a["type"].as_str().unwrap(), a["value"].as_str().unwrap()))
            .collect();
        assert_eq!(
            values,
            [("keyDown", "\u{E009}"), ("keyDown", "a"), ("keyUp", "a"), ("keyUp", "\u{E009}")]
        );
    }

    #[test]
    fn a_text_with_key_codes_in_it_is_not_typed() {
        assert_eq!(typed("a\u{E007}"), None);
        assert_eq!(typed("a\r\nb"), Some(vec!['a', ENTER, 'b']));
    }
}
