//! A text as it is, and with its escapes undone.

use zeroize::Zeroizing;

/// How many layers of escapes are undone: a text in JSON in an address in html.
const LAYERS: usize = 3;
/// A text with more views than this is not one that anybody wrote.
const MAX_VIEWS: usize = 60;

/// The bytes of a text in small letters, with some of its escapes undone, and where in the text
/// each of them is.
pub(super) struct View {
    bytes: Zeroizing<Vec<u8>>,
    /// None where each byte is where it was.
    sources: Option<Vec<(usize, usize)>>,
}

/// What an escape stands for, and how long it is.
type Escape = (Meant, usize);

/// The bytes of a sign.
struct Meant {
    bytes: [u8; 4],
    length: usize,
}

/// Reads the escape that bytes begin with, if they begin with one.
type Way = fn(&[u8]) -> Option<Escape>;

/// The ways to undo escapes. In addresses a plus is a space or not.
const WAYS: [Way; 5] = [percent, percent_or_plus, legacy, entity, backslash];

/// The longest escape.
pub(super) const MAX_ESCAPE: usize = 14;
/// What escapes begin with.
pub(super) const SIGNS: &[u8] = b"%+&\\";

/// The text as it is, and with its escapes undone.
pub(super) fn views(text: &str) -> Vec<View> {
    let bytes = Zeroizing::new(text.as_bytes().to_ascii_lowercase());
    let mut views = vec![View { bytes, sources: None }];
    let mut layer = 0..1;
    for _ in 0..LAYERS {
        let next = views.len();
        for at in layer {
            for way in WAYS {
                let Some(view) = views[at].undone(way) else { continue };
                let is_new = views.iter().all(|known| known.bytes != view.bytes);
                if is_new && views.len() < MAX_VIEWS {
                    views.push(view);
                }
            }
        }
        layer = next..views.len();
    }
    views
}

impl View {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Which part of the text these bytes are.
    pub(super) fn source(&self, start: usize, end: usize) -> (usize, usize) {
        match &self.sources {
            None => (start, end),
            Some(sources) => {
                let last = sources.get(end.saturating_sub(1));
                let first = sources.get(start).map_or(0, |source| source.0);
                (first, last.map_or(first, |source| source.1))
            }
        }
    }

    /// The view with escapes of a kind undone; none if there are none.
    fn undone(&self, way: Way) -> Option<Self> {
        let is_escape =
            |at: &usize| SIGNS.contains(&self.bytes[*at]) && way(&self.bytes[*at..]).is_some();
        let first = (0..self.bytes.len()).find(is_escape)?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.bytes.len()));
        let mut sources = Vec::with_capacity(self.bytes.len());
        let mut at = 0;
        while at < self.bytes.len() {
            let escape = if at < first { None } else { way(&self.bytes[at..]) };
            let (meant, length) = escape.unwrap_or_else(|| (Meant::byte(self.bytes[at]), 1));
            let source = self.source(at, at + length);
            for byte in &meant.bytes[..meant.length] {
                bytes.push(byte.to_ascii_lowercase());
                sources.push(source);
            }
            at += length;
        }
        Some(Self { bytes, sources: Some(sources) })
    }
}

impl Meant {
    fn byte(byte: u8) -> Self {
        Self { bytes: [byte, 0, 0, 0], length: 1 }
    }
}

/// `%2F`
fn percent(bytes: &[u8]) -> Option<Escape> {
    let digits = bytes.strip_prefix(b"%")?.get(..2)?;
    Some((Meant::byte(u8::try_from(hex(digits)?).ok()?), 3))
}

fn percent_or_plus(bytes: &[u8]) -> Option<Escape> {
    if bytes.first() == Some(&b'+') {
        return Some((Meant::byte(b' '), 1));
    }
    percent(bytes)
}

/// `%E4`, `%u20AC`: as JavaScript's `escape` writes them (ECMA-262, B.2.1.1).
fn legacy(bytes: &[u8]) -> Option<Escape> {
    if let Some(digits) = bytes.strip_prefix(b"%u").and_then(|rest| rest.get(..4)) {
        let units = [hex(digits).and_then(|unit| u16::try_from(unit).ok())?];
        if let Some(Ok(meant)) = char::decode_utf16(units).next() {
            return Some((utf8(meant), 6));
        }
        // Half of a pair.
        let low = bytes.get(6..)?.strip_prefix(b"%u")?.get(..4)?;
        let pair = [units[0], u16::try_from(hex(low)?).ok()?];
        return Some((utf8(char::decode_utf16(pair).next()?.ok()?), 12));
    }
    let digits = bytes.strip_prefix(b"%")?.get(..2)?;
    Some((utf8(char::from(u8::try_from(hex(digits)?).ok()?)), 3))
}

/// `&amp;`, `&#38;`, `&#x26;`
fn entity(bytes: &[u8]) -> Option<Escape> {
    let body = bytes.strip_prefix(b"&")?;
    let end = body.iter().take(12).position(|b| *b == b';')?;
    let name = &body[..end];
    let meant = match name {
        b"amp" => '&',
        b"lt" => '<',
        b"gt" => '>',
        b"quot" => '"',
        b"apos" => '\'',
        b"nbsp" => ' ',
        _ => {
            let number = name.strip_prefix(b"#")?;
            let code = match number.strip_prefix(b"x") {
                Some(digits) => hex(digits)?,
                None => std::str::from_utf8(number).ok()?.parse().ok()?,
            };
            char::from_u32(code)?
        }
    };
    Some((utf8(meant), end + 2))
}

/// `\"`, `\n`, `\u00e4`, `\xe4`, `\u{e4}`
fn backslash(bytes: &[u8]) -> Option<Escape> {
    let body = bytes.strip_prefix(b"\\")?;
    let (meant, length) = match *body.first()? {
        b'n' => ('\n', 2),
        b't' => ('\t', 2),
        b'r' => ('\r', 2),
        b'b' => ('\u{8}', 2),
        b'f' => ('\u{c}', 2),
        b'x' => (char::from_u32(hex(body.get(1..3)?)?)?, 4),
        b'u' if body.get(1) == Some(&b'{') => {
            let end = body.iter().take(10).position(|b| *b == b'}')?;
            (char::from_u32(hex(body.get(2..end)?)?)?, end + 2)
        }
        b'u' => {
            let first = hex(body.get(1..5)?)?;
            if let Some(meant) = char::from_u32(first) {
                (meant, 6)
            } else {
                // Half of a pair.
                let second = hex(body.get(5..)?.strip_prefix(b"\\u")?.get(..4)?)?;
                let low = second.checked_sub(0xDC00).filter(|low| *low < 0x400)?;
                let high = first.checked_sub(0xD800).filter(|high| *high < 0x400)?;
                (char::from_u32(0x1_0000 + (high << 10) + low)?, 12)
            }
        }
        sign if sign.is_ascii_punctuation() => (char::from(sign), 2),
        _ => return None,
    };
    Some((utf8(meant), length))
}

fn hex(digits: &[u8]) -> Option<u32> {
    let fits = (1..=6).contains(&digits.len()) && digits.iter().all(u8::is_ascii_hexdigit);
    std::str::from_utf8(digits)
        .ok()
        .filter(|_| fits)
        .and_then(|digits| u32::from_str_radix(digits, 16).ok())
}

fn utf8(c: char) -> Meant {
    let mut bytes = [0; 4];
    let length = c.encode_utf8(&mut bytes).len();
    Meant { bytes, length }
}
