//! The forms that a secret may have in a text.

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, Encoding, HEXLOWER};
use zeroize::Zeroizing;

/// The shortest line of a longer secret that is looked for by itself.
const MIN_LINE_CHARS: usize = 8;
/// Anything shorter is found in every text.
const MIN_BYTES: usize = 4;

/// What kind of form it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The text itself, or its bytes in hexadecimal.
    Plain,
    /// The part of a text in base64 that depends on the secret alone.
    Base64,
}

/// The forms of a secret. Escapes of any kind are undone in views; pictures show only these.
pub(super) fn forms(value: &str) -> Vec<(Form, Zeroizing<Vec<u8>>)> {
    let mut forms = Vec::new();
    let mut plain = |text: &str| {
        if text.len() >= MIN_BYTES {
            forms.push((Form::Plain, Zeroizing::new(text.as_bytes().to_vec())));
        }
    };
    plain(value);
    plain(value.trim());
    // Pages show white space as one space.
    let folded = Zeroizing::new(value.split_whitespace().collect::<Vec<_>>().join(" "));
    plain(&folded);
    value
        .lines()
        .map(str::trim)
        .filter(|line| line.chars().count() >= MIN_LINE_CHARS)
        .for_each(&mut plain);
    // As `encodeURIComponent` gives it, which is what many scripts put into base64.
    let encoded = Zeroizing::new(encoded(value));
    forms.push((Form::Plain, Zeroizing::new(encoded.as_bytes().to_vec())));
    // Styles change letters of other scripts as well.
    for changed in [value.to_lowercase(), value.to_uppercase()].map(Zeroizing::new) {
        forms.push((Form::Plain, Zeroizing::new(changed.as_bytes().to_vec())));
    }
    for text in [value, &encoded] {
        let hex = HEXLOWER.encode(text.as_bytes());
        forms.push((Form::Plain, Zeroizing::new(hex.into_bytes())));
    }
    // Tokens are JSON in base64.
    for text in [value, &encoded, &in_json(value), &in_html(value)] {
        for way in [BASE64_NOPAD, BASE64URL_NOPAD] {
            forms.extend(
                (0..3).filter_map(|before| Some((Form::Base64, core(text, before, &way)?))),
            );
        }
    }
    forms
}

/// What is the same of a text in base64, whatever stands around it, if `before` bytes more than a
/// multiple of three stand before it.
fn core(text: &str, before: usize, way: &Encoding) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(vec![0; before]);
    bytes.extend_from_slice(text.as_bytes());
    let all = Zeroizing::new(way.encode(&bytes).into_bytes());
    // A letter holds six bits: those that bits of a neighbour are in are left out.
    let start = before + usize::from(before > 0);
    let end = bytes.len() * 8 / 6;
    let core = all.get(start..end)?;
    (core.len() >= MIN_BYTES).then(|| Zeroizing::new(core.to_vec()))
}

/// As `JSON.stringify` gives it.
fn in_json(text: &str) -> Zeroizing<String> {
    let mut quoted = Zeroizing::new(serde_json::Value::from(text).to_string());
    quoted.pop();
    if !quoted.is_empty() {
        quoted.remove(0);
    }
    quoted
}

/// As text stands in html.
fn in_html(text: &str) -> Zeroizing<String> {
    let mut escaped = Zeroizing::new(String::with_capacity(text.len()));
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            for half in [byte >> 4, byte & 15] {
                encoded.push(char::from_digit(half.into(), 16).unwrap_or('0').to_ascii_uppercase());
            }
        }
        encoded
    })
}
