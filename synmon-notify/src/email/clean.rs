//! Text of others, made fit for a mail: whatever a site or a user wrote may be hostile.

/// The longest name of a person, in characters.
pub(super) const NAME: usize = 80;
/// The longest title, name of a flow or of a step.
pub(super) const TITLE: usize = 200;
/// The longest url or selector.
pub(super) const ADDRESS: usize = 1_000;
/// The longest name that a stranger gets to see.
const LABEL: usize = 40;
/// The longest piece of text of several lines.
pub(super) const BLOCK: usize = 2_000;
/// The longest subject. RFC 5322 allows more, but nobody reads it.
pub(super) const SUBJECT: usize = 150;

/// The most lines that a block keeps.
const LINES: usize = 40;

/// One line of at most `most` characters, without white space at its ends or repeated within.
pub(super) fn line(text: &str, most: usize) -> String {
    let mut line = String::new();
    let mut gap = false;
    let mut count = 0;
    for c in Visible::new(text) {
        if c.is_whitespace() {
            gap = !line.is_empty();
            continue;
        }
        if count + usize::from(gap) >= most {
            line.push('…');
            return line;
        }
        if std::mem::take(&mut gap) {
            line.push(' ');
            count += 1;
        }
        line.push(c);
        count += 1;
    }
    line
}

/// A short line in which no mail program finds an address to make a link of, and no quote ends. It
/// is for text that goes to people who have not asked for it.
pub(super) fn label(text: &str) -> String {
    line(&text.replace(leads_elsewhere, " "), LABEL)
}

/// Whether a character is a part of addresses, in whatever form (UTS 46 maps them to one).
fn leads_elsewhere(c: char) -> bool {
    matches!(
        c,
        '.' | ':' | '/' | '\\' | '@' | '"' | '<' | '>' | '\u{2024}'
            ..='\u{2026}'
                | '\u{2044}'
                | '\u{2215}'
                | '\u{3002}'
                | '\u{fe52}'
                | '\u{fe55}'
                | '\u{fe6b}'
                | '\u{ff0e}'
                | '\u{ff0f}'
                | '\u{ff1a}'
                | '\u{ff20}'
                | '\u{ff61}'
    )
}

/// Lines of together at most `most` characters; `(nothing)` if there is nothing to see.
pub(super) fn block(text: &str, most: usize) -> String {
    let mut block = String::new();
    let mut lines = 1;
    for (count, c) in Visible::new(text).enumerate() {
        lines += usize::from(c == '\n');
        if count >= most || lines > LINES {
            block.push('…');
            break;
        }
        block.push(c);
    }
    match block.trim() {
        "" => "(nothing)".to_owned(),
        _ => block.trim_end().trim_start_matches('\n').to_owned(),
    }
}

/// What is left of a text: no escape sequences, no control characters, no marks that change the
/// direction of text; the ways to end a line are one.
struct Visible<'a> {
    chars: std::iter::Peekable<std::str::Chars<'a>>,
}

impl<'a> Visible<'a> {
    fn new(text: &'a str) -> Self {
        Self { chars: text.chars().peekable() }
    }

    /// Skips the rest of a terminal's control sequence (ECMA-48, 5.4), if one follows.
    fn skip_sequence(&mut self) {
        if self.chars.next_if_eq(&'[').is_some() {
            while self.chars.next_if(|c| matches!(c, ' '..='?')).is_some() {}
            self.chars.next_if(|c| matches!(c, '@'..='~'));
        }
    }
}

impl Iterator for Visible<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        loop {
            match self.chars.next()? {
                '\u{1b}' => self.skip_sequence(),
                '\r' => {
                    self.chars.next_if_eq(&'\n');
                    return Some('\n');
                }
                '\n' | '\u{0b}' | '\u{0c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                    return Some('\n');
                }
                '\t' => return Some(' '),
                c if c.is_control() || is_mark(c) => {}
                c => return Some(c),
            }
        }
    }
}

/// Whether a character changes the direction of text, or marks the order of bytes.
fn is_mark(c: char) -> bool {
    matches!(
        c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line() {
        for (text, expected) in [
            ("Log in", "Log in"),
            (" Log\r\nBcc: eve@example.com\r\n\r\nhi ", "Log Bcc: eve@example.com hi"),
            ("a\tb\u{2028}c\u{85}d\u{0}e\u{7f}", "a b c de"),
            ("\u{202e}gnp.exe\u{2066}", "gnp.exe"),
            ("\u{1b}[31;1mred\u{1b}[0m \u{1b}bell\u{7}", "red bell"),
            ("\r\n", ""),
            ("🙂 ünïcode 日本", "🙂 ünïcode 日本"),
        ] {
            assert_eq!(line(text, TITLE), expected, "{text:?}");
        }
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(line("日本語", 3), "日本語");
        assert_eq!(line("日本語です", 3), "日本語…");
        assert_eq!(line("ab cd", 2), "ab…");
        assert_eq!(line("ab cd", 3), "ab…");
        assert_eq!(line(&"x".repeat(1_000_000), 200).chars().count(), 201);
        assert_eq!(block(&"y\n".repeat(1_000_000), 2_000).lines().count(), LINES);
        assert_eq!(block(&"z".repeat(1_000_000), 2_000).chars().count(), 2_001);
    }

    #[test]
    fn a_label_holds_no_address() {
        for (text, expected) in [
            ("Ops", "Ops"),
            ("Büro (Nachtdienst), 24h", "Büro (Nachtdienst), 24h"),
            ("अनुवाद", "अनुवाद"),
            ("win at https://evil.example/x?y", "win at https evil example x?y"),
            ("evil。example eve＠evil．example", "evil example eve evil example"),
            ("\" you won. \u{202e}<b>\r\nBcc: e@f.gh", "you won b Bcc e f gh"),
            ("...", ""),
        ] {
            assert_eq!(label(text), expected, "{text:?}");
        }
        assert_eq!(label(&"x".repeat(1_000)), format!("{}…", "x".repeat(LABEL)));
    }

    #[test]
    fn a_block_keeps_its_lines_and_nothing_that_ends_them_otherwise() {
        assert_eq!(block("a\r\n.\r\nb\rc\u{0b}d\n", BLOCK), "a\n.\nb\nc\nd");
        assert_eq!(block(" \r\n\t", BLOCK), "(nothing)");
        assert_eq!(block("  indented", BLOCK), "  indented");
    }
}
