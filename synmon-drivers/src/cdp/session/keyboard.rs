//! The keys of a US keyboard, as Chromium wants them.

use serde_json::{Value, json};

/// A key as it goes over the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stroke {
    key: String,
    code: String,
    virtual_key: u32,
    /// What it types; empty if it types nothing.
    text: String,
    /// The side of a key that there is twice: 1 is the left one.
    location: u8,
    /// Its bit among the modifiers, if it is one.
    modifier: u8,
}

const ALT: u8 = 1;
const CONTROL: u8 = 2;
const META: u8 = 4;
const SHIFT: u8 = 8;

/// The keys without a character, by the code points that stand for them in W3C `WebDriver`:
/// key, code, virtual key.
const NAMED: [(char, &str, &str, u32); 40] = [
    ('\u{E001}', "Cancel", "Abort", 3),
    ('\u{E002}', "Help", "Help", 47),
    ('\u{E003}', "Backspace", "Backspace", 8),
    ('\u{E004}', "Tab", "Tab", 9),
    ('\u{E005}', "Clear", "Clear", 12),
    ('\u{E006}', "Enter", "Enter", 13),
    ('\u{E007}', "Enter", "NumpadEnter", 13),
    ('\u{E008}', "Shift", "ShiftLeft", 16),
    ('\u{E009}', "Control", "ControlLeft", 17),
    ('\u{E00A}', "Alt", "AltLeft", 18),
    ('\u{E00B}', "Pause", "Pause", 19),
    ('\u{E00C}', "Escape", "Escape", 27),
    ('\u{E00D}', " ", "Space", 32),
    ('\u{E00E}', "PageUp", "PageUp", 33),
    ('\u{E00F}', "PageDown", "PageDown", 34),
    ('\u{E010}', "End", "End", 35),
    ('\u{E011}', "Home", "Home", 36),
    ('\u{E012}', "ArrowLeft", "ArrowLeft", 37),
    ('\u{E013}', "ArrowUp", "ArrowUp", 38),
    ('\u{E014}', "ArrowRight", "ArrowRight", 39),
    ('\u{E015}', "ArrowDown", "ArrowDown", 40),
    ('\u{E016}', "Insert", "Insert", 45),
    ('\u{E017}', "Delete", "Delete", 46),
    ('\u{E018}', ";", "Semicolon", 186),
    ('\u{E019}', "=", "Equal", 187),
    ('\u{E031}', "F1", "F1", 112),
    ('\u{E032}', "F2", "F2", 113),
    ('\u{E033}', "F3", "F3", 114),
    ('\u{E034}', "F4", "F4", 115),
    ('\u{E035}', "F5", "F5", 116),
    ('\u{E036}', "F6", "F6", 117),
    ('\u{E037}', "F7", "F7", 118),
    ('\u{E038}', "F8", "F8", 119),
    ('\u{E039}', "F9", "F9", 120),
    ('\u{E03A}', "F10", "F10", 121),
    ('\u{E03B}', "F11", "F11", 122),
    ('\u{E03C}', "F12", "F12", 123),
    ('\u{E03D}', "Meta", "MetaLeft", 91),
    ('\u{E040}', "ZenkakuHankaku", "Backquote", 192),
    (' ', " ", "Space", 32),
];

/// The keys of characters that are neither letters nor digits: without Shift, with Shift.
const SIGNS: [(char, char, &str, u32); 21] = [
    ('1', '!', "Digit1", 49),
    ('2', '@', "Digit2", 50),
    ('3', '#', "Digit3", 51),
    ('4', '$', "Digit4", 52),
    ('5', '%', "Digit5", 53),
    ('6', '^', "Digit6", 54),
    ('7', '&', "Digit7", 55),
    ('8', '*', "Digit8", 56),
    ('9', '(', "Digit9", 57),
    ('0', ')', "Digit0", 48),
    (';', ':', "Semicolon", 186),
    ('=', '+', "Equal", 187),
    (',', '<', "Comma", 188),
    ('-', '_', "Minus", 189),
    ('.', '>', "Period", 190),
    ('/', '?', "Slash", 191),
    ('`', '~', "Backquote", 192),
    ('[', '{', "BracketLeft", 219),
    ('\\', '|', "Backslash", 220),
    (']', '}', "BracketRight", 221),
    ('\'', '"', "Quote", 222),
];

/// The key for a character, or for the code point of a key.
pub(super) fn stroke(key: char, shift: bool) -> Stroke {
    if let Some((_, name, code, virtual_key)) = NAMED.iter().find(|(point, ..)| *point == key) {
        let modifier = match *name {
            "Alt" => ALT,
            "Control" => CONTROL,
            "Meta" => META,
            "Shift" => SHIFT,
            _ => 0,
        };
        let text = match *name {
            "Enter" => "\r",
            " " => " ",
            _ => "",
        };
        return Stroke {
            key: (*name).to_owned(),
            code: (*code).to_owned(),
            virtual_key: *virtual_key,
            text: text.to_owned(),
            location: u8::from(modifier != 0),
            modifier,
        };
    }
    let plain = |key: char, code: String, virtual_key| Stroke {
        key: key.to_string(),
        code,
        virtual_key,
        text: key.to_string(),
        location: 0,
        modifier: 0,
    };
    if key.is_ascii_alphabetic() {
        let upper = key.to_ascii_uppercase();
        return plain(if shift { upper } else { key }, format!("Key{upper}"), u32::from(upper));
    }
    for (low, high, code, virtual_key) in SIGNS {
        if key == low || key == high {
            return plain(if shift { high } else { key }, code.to_owned(), virtual_key);
        }
    }
    // No key of this keyboard has it: it is typed all the same, as by a keyboard that has it.
    plain(key, String::new(), 0)
}

impl Stroke {
    /// The event of it going down while these modifiers are held.
    pub(super) fn down(&self, modifiers: u8) -> Value {
        // With one of these a key does something rather than to type.
        let types = !self.text.is_empty() && modifiers & (ALT | CONTROL | META) == 0;
        let text = if types { self.text.as_str() } else { "" };
        json!({
            "type": if types { "keyDown" } else { "rawKeyDown" },
            "modifiers": modifiers | self.modifier,
            "key": self.key,
            "code": self.code,
            "windowsVirtualKeyCode": self.virtual_key,
            "nativeVirtualKeyCode": self.virtual_key,
            "text": text,
            "unmodifiedText": text,
            "location": self.location,
        })
    }

    /// The event of it coming up.
    pub(super) fn up(&self, modifiers: u8) -> Value {
        json!({
            "type": "keyUp",
            "modifiers": modifiers & !self.modifier,
            "key": self.key,
            "code": self.code,
            "windowsVirtualKeyCode": self.virtual_key,
            "nativeVirtualKeyCode": self.virtual_key,
            "location": self.location,
        })
    }

    /// Its bit among the modifiers, if it is one.
    pub(super) fn modifier(&self) -> u8 {
        self.modifier
    }
}

/// Whether Shift is among the modifiers.
pub(super) fn has_shift(modifiers: u8) -> bool {
    modifiers & SHIFT != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_on_the_keys_where_a_us_keyboard_has_them() {
        for (key, code, virtual_key) in
            [('a', "KeyA", 65), ('Z', "KeyZ", 90), ('!', "Digit1", 49), ('?', "Slash", 191)]
        {
            let stroke = stroke(key, false);
            assert_eq!((stroke.code.as_str(), stroke.virtual_key), (code, virtual_key));
            assert_eq!(stroke.down(0)["text"], key.to_string());
        }
        assert_eq!(stroke('1', true).down(SHIFT)["text"], "!");
    }

    #[test]
    fn a_key_with_control_types_nothing() {
        let control = stroke('\u{E009}', false);
        assert_eq!(control.down(0)["modifiers"], CONTROL);
        assert_eq!(control.up(CONTROL)["modifiers"], 0);
        let event = stroke('a', false).down(CONTROL);
        assert_eq!((&event["type"], &event["text"]), (&json!("rawKeyDown"), &json!("")));
    }
}
