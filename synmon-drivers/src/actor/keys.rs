//! What the mouse and the keyboard do.

use synmon_core::{keys::Key, step::Button};

use super::{Input, KeyEvent, PointerEvent};

/// The key that ends a line: the one of the main block, which `WebDriver` calls Return.
const ENTER: char = '\u{E006}';
/// What the core calls Enter is the one of the number block in `WebDriver`.
const NUMPAD_ENTER: char = '\u{E007}';
const TAB: char = '\u{E004}';
/// Moves the caret after what a field holds.
pub(super) const END: char = '\u{E010}';
/// Removes what is marked.
pub(super) const DELETE: char = '\u{E017}';

/// A pointer that goes to a point and presses a button so many times.
pub(super) fn pointer(x: i64, y: i64, button: Button, presses: u8) -> Input {
    let press = |count| [PointerEvent::Down { button, count }, PointerEvent::Up { button, count }];
    let way = [PointerEvent::Move { x, y }].into_iter();
    Input::Pointer(way.chain((1..=presses).flat_map(press)).collect())
}

/// Keys that go down one after the other and come up in the opposite order.
pub(super) fn chord(keys: &[Key]) -> Input {
    let chars: Vec<char> = keys.iter().map(|key| main_block(key.code_point())).collect();
    let down = chars.iter().map(|key| KeyEvent::Down(*key));
    let up = chars.iter().rev().map(|key| KeyEvent::Up(*key));
    Input::Keys(down.chain(up).collect())
}

/// Characters as a person types them, each key down and up.
pub(crate) fn strokes(chars: impl Iterator<Item = char>) -> Vec<KeyEvent> {
    chars.flat_map(|key| [KeyEvent::Down(key), KeyEvent::Up(key)]).collect()
}

/// The keys that a text needs; `None` if it holds a character that would be taken for a key.
pub(crate) fn typed(text: &str) -> Option<Vec<char>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chord_is_let_go_in_the_opposite_order() {
        let keys = synmon_core::keys::parse("Control+a").unwrap();
        let (control, a) = ('\u{E009}', 'a');
        assert_eq!(
            chord(&keys),
            Input::Keys(vec![
                KeyEvent::Down(control),
                KeyEvent::Down(a),
                KeyEvent::Up(a),
                KeyEvent::Up(control),
            ])
        );
    }

    #[test]
    fn a_text_with_key_codes_in_it_is_not_typed() {
        assert_eq!(typed("a\u{E007}"), None);
        assert_eq!(typed("a\r\nb"), Some(vec!['a', ENTER, 'b']));
    }
}
