//! Keys by name: what `press` accepts.

use std::fmt;

/// One key of a chord.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(char);

/// Why a chord can't be pressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownKey(String);

/// The keys that have names, as the W3C UI Events specification calls them, with the code points
/// that stand for them in W3C WebDriver, section 17.4.2 ("Keyboard Actions").
const NAMED: [(&str, char); 44] = [
    ("Enter", '\u{E007}'),
    ("Tab", '\u{E004}'),
    ("Escape", '\u{E00C}'),
    ("Backspace", '\u{E003}'),
    ("Delete", '\u{E017}'),
    ("Insert", '\u{E016}'),
    ("Space", ' '),
    ("ArrowUp", '\u{E013}'),
    ("ArrowDown", '\u{E015}'),
    ("ArrowLeft", '\u{E012}'),
    ("ArrowRight", '\u{E014}'),
    ("Home", '\u{E011}'),
    ("End", '\u{E010}'),
    ("PageUp", '\u{E00E}'),
    ("PageDown", '\u{E00F}'),
    ("Shift", '\u{E008}'),
    ("Control", '\u{E009}'),
    ("Ctrl", '\u{E009}'),
    ("Alt", '\u{E00A}'),
    ("Meta", '\u{E03D}'),
    ("Command", '\u{E03D}'),
    ("F1", '\u{E031}'),
    ("F2", '\u{E032}'),
    ("F3", '\u{E033}'),
    ("F4", '\u{E034}'),
    ("F5", '\u{E035}'),
    ("F6", '\u{E036}'),
    ("F7", '\u{E037}'),
    ("F8", '\u{E038}'),
    ("F9", '\u{E039}'),
    ("F10", '\u{E03A}'),
    ("F11", '\u{E03B}'),
    ("F12", '\u{E03C}'),
    ("Up", '\u{E013}'),
    ("Down", '\u{E015}'),
    ("Left", '\u{E012}'),
    ("Right", '\u{E014}'),
    ("Return", '\u{E006}'),
    ("Esc", '\u{E00C}'),
    ("Pause", '\u{E00B}'),
    ("Clear", '\u{E005}'),
    ("Help", '\u{E002}'),
    ("Cancel", '\u{E001}'),
    ("Plus", '+'),
];

/// Reads a chord such as `Enter`, `a` or `Control+Shift+A`: names joined by `+`, in the order in
/// which they go down. At most four keys.
pub fn parse(chord: &str) -> Result<Vec<Key>, UnknownKey> {
    let names: Vec<&str> =
        chord.split('+').map(|name| if name == " " { name } else { name.trim() }).collect();
    if names.len() > 4 {
        return Err(UnknownKey(chord.to_owned()));
    }
    names.into_iter().map(key).collect()
}

impl Key {
    /// The code point that stands for the key in W3C WebDriver.
    #[must_use]
    pub fn code_point(self) -> char {
        self.0
    }
}

/// Whether a chord pastes what is in the clipboard, in any browser: `Control+V` and its like, and
/// `Shift+Insert`.
#[must_use]
pub fn pastes(chord: &[Key]) -> bool {
    const SHIFT: char = '\u{E008}';
    const INSERT: char = '\u{E016}';
    let holds = |wanted: &[char]| chord.iter().any(|key| wanted.contains(&key.0));
    let letter = holds(&['v', 'V']) && holds(&['\u{E009}', '\u{E03D}']);
    letter || (holds(&[INSERT]) && holds(&[SHIFT]))
}

fn key(name: &str) -> Result<Key, UnknownKey> {
    let mut chars = name.chars();
    if let (Some(only), None) = (chars.next(), chars.next())
        && !only.is_control()
        && !('\u{E000}'..='\u{F8FF}').contains(&only)
    {
        return Ok(Key(only));
    }
    NAMED
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, code_point)| Key(*code_point))
        .ok_or_else(|| UnknownKey(name.chars().take(40).collect()))
}

impl fmt::Display for UnknownKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "“{}” is not a key: write one character, or a name such as Enter, Tab, Escape, \
             ArrowDown or F5; chords are joined by +, such as Control+A (at most four keys)",
            self.0.escape_debug()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{parse, pastes};

    fn code_points(chord: &str) -> Vec<char> {
        parse(chord).unwrap().into_iter().map(super::Key::code_point).collect()
    }

    #[test]
    fn names_characters_and_chords_are_read() {
        assert_eq!(code_points("Enter"), ['\u{E007}']);
        assert_eq!(code_points("control+a"), ['\u{E009}', 'a']);
        assert_eq!(code_points("é"), ['é']);
        assert_eq!(code_points("Control+Plus"), ['\u{E009}', '+']);
    }

    #[test]
    fn chords_that_paste_are_known() {
        for chord in ["Control+V", "ctrl+v", "Control+Shift+V", "Command+v", "Shift+Insert"] {
            assert!(pastes(&parse(chord).unwrap()), "{chord}");
        }
        for chord in ["v", "Shift+V", "Control+C", "Control+Insert", "Insert", "Alt+v"] {
            assert!(!pastes(&parse(chord).unwrap()), "{chord}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused_by_name() {
        for chord in ["", "Entr", "Control+", "a+b+c+d+e", "\u{E007}", "ab"] {
            assert!(parse(chord).is_err(), "{chord:?}");
        }
    }
}
