//! Secrets are found in whatever shape a page writes them.

use data_encoding::{BASE64, BASE64URL, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use proptest::prelude::*;

use super::*;

const LABEL: &str = "{{ secret.KEY }}";

fn redactor(value: &str) -> Redactor {
    let mut redactor = Redactor::default();
    redactor.add(LABEL, &SecretValue::new(value.to_owned()));
    redactor
}

fn redacted(value: &str, text: &str) -> String {
    let mut text = text.to_owned();
    redactor(value).redact(&mut text);
    text
}

/// What finds these.
fn planted(needles: &[String]) -> Automaton {
    let mut automaton = Automaton::new();
    for (at, needle) in needles.iter().enumerate() {
        automaton.plant(needle.as_bytes(), at, Form::Plain);
    }
    automaton.link();
    automaton
}

/// As a form is sent.
fn form(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Every byte that is no letter or digit, in small letters.
fn percent_encoded(text: &str) -> String {
    let byte = |b: u8| match b {
        b if b.is_ascii_alphanumeric() => char::from(b).to_string(),
        b => format!("%{b:02x}"),
    };
    text.bytes().map(byte).collect()
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

fn entities(text: &str) -> String {
    text.chars().map(|c| format!("&#x{:X};", u32::from(c))).collect::<Vec<_>>().concat()
}

fn json(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap();
    quoted[1..quoted.len() - 1].to_owned()
}

/// With every sign as JSON may write it.
fn units(text: &str) -> String {
    text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect::<Vec<_>>().concat()
}

/// As JavaScript's `escape` writes it.
fn escaped(text: &str) -> String {
    let unit = |unit: u16| match u8::try_from(unit) {
        Ok(byte) if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        Ok(byte) => format!("%{byte:02X}"),
        Err(_) => format!("%u{unit:04X}"),
    };
    text.encode_utf16().map(unit).collect()
}

/// A text in base64, after and before others.
fn base64(text: &str, before: &str, after: &str) -> [String; 3] {
    let all = format!("{before}{text}{after}");
    let bytes = all.as_bytes();
    [BASE64.encode(bytes), BASE64URL.encode(bytes), BASE64URL_NOPAD.encode(bytes)]
}

fn written(value: &str) -> Vec<String> {
    let mut forms = vec![
        value.to_owned(),
        value.to_uppercase(),
        form(value),
        percent_encoded(value),
        percent_encoded(value).to_uppercase(),
        percent_encoded(&percent_encoded(value)),
        escaped(value),
        html(value),
        entities(value),
        json(value),
        units(value),
        json(&json(value)),
        html(&json(value)),
        form(&json(value)),
        json(&form(value)),
        HEXLOWER.encode(value.as_bytes()),
        HEXUPPER.encode(value.as_bytes()),
    ];
    for before in ["", "a", "ab"] {
        for after in ["", "y", "yz"] {
            for text in [value, &json(value), &html(value).replace("&#39;", "'")] {
                for coded in base64(text, before, after) {
                    forms.push(form(&coded));
                    forms.push(coded);
                }
            }
        }
    }
    forms
}

/// What a person types, odd signs included.
fn any_secret() -> impl Strategy<Value = String> {
    let signs = "[a-zA-Z0-9 &<>\"'+%/\\\\=?#_ä€🦀-]{4,24}";
    proptest::string::string_regex(signs)
        .unwrap()
        .prop_map(|text| text.trim().to_owned())
        .prop_filter("long enough", |text| text.chars().count() >= 4)
}

proptest! {
    #[test]
    fn a_secret_is_found_in_every_form(value in any_secret()) {
        let redactor = redactor(&value);
        // `{{ secret.KEY }}` holds what nearly nobody would choose as a secret.
        prop_assume!(!LABEL.to_lowercase().contains(&value.to_lowercase()));
        // Capital letters of other scripts are not taken for small ones.
        for form in written(&value) {
            if form == value.to_uppercase() && !value.is_ascii() {
                continue;
            }
            let mut text = format!("before: {form}; after");
            redactor.redact(&mut text);
            prop_assert!(text.contains(LABEL), "{form} in {text}");
            prop_assert!(!text.contains(&form), "{form} in {text}");
            prop_assert!(text.starts_with("before: ") && text.ends_with("; after"), "{text}");
        }
    }

    #[test]
    fn what_holds_no_secret_stays_as_it_is(text in "[a-m ,.%&;+\\\\]{0,80}") {
        let mut same = text.clone();
        redactor("ZZ-9-zq-8-xv").redact(&mut same);
        prop_assert_eq!(same, text);
    }

    /// However needles overlap, they are found as by somebody who tries each of them everywhere.
    #[test]
    fn needles_that_overlap_are_all_found(
        needles in proptest::collection::vec("[ab]{1,6}", 1..6),
        text in "[ab|]{0,60}",
    ) {
        let automaton = planted(&needles);
        let is_cut = |at: usize| text[at..].starts_with('|');
        let mut hits = Vec::new();
        automaton.look(text.as_bytes(), is_cut, |hit| hits.push(hit));
        for hit in &hits {
            prop_assert_eq!(&text[hit.end - hit.length..hit.end], &needles[hit.label][..hit.length]);
        }
        let mut found: Vec<_> = hits.iter().map(|hit| (hit.end, hit.length)).collect();
        let mut expected = Vec::new();
        for end in 0..=text.len() {
            let whole = needles.iter().filter(|needle| text[..end].ends_with(&***needle));
            expected.extend(whole.map(|needle| (end, needle.len())));
            if is_cut(end) {
                let is_begun = |length: &usize| needles.iter().any(|needle| needle.starts_with(&text[end - length..end]));
                expected.push((end, (0..=end).rev().find(is_begun).unwrap_or(0)));
            }
        }
        for all in [&mut found, &mut expected] {
            all.sort_unstable();
            all.dedup();
        }
        prop_assert_eq!(found, expected);
    }

    /// The same where the tree is not deep enough for them. Up to a cut, more may be found.
    #[test]
    fn long_needles_that_overlap_are_found(
        needles in proptest::collection::vec("[ab]{1,12}", 1..6),
        text in "[ab|]{0,60}",
    ) {
        let long = |text: &str| {
            text.replace('a', &"a".repeat(20)).replace('b', &format!("{}b", "a".repeat(14)))
        };
        let needles: Vec<_> = needles.iter().map(|needle| long(needle)).collect();
        let text = long(&text);
        let automaton = planted(&needles);
        let is_cut = |at: usize| text[at..].starts_with('|') || at == text.len();
        // How far what was found at a place goes.
        let mut ends = vec![0; text.len() + 1];
        automaton.look(text.as_bytes(), is_cut, |hit| {
            let start = hit.end - hit.length;
            ends[start] = hit.end.max(ends[start]);
            assert!(is_cut(hit.end) || needles.iter().any(|needle| text[start..hit.end] == **needle));
        });
        for start in 0..text.len() {
            let rest = &text[start..];
            let whole = needles.iter().filter(|needle| rest.starts_with(&***needle));
            prop_assert!(whole.map(String::len).all(|length| ends[start] >= start + length));
        }
        for cut in (0..=text.len()).filter(|at| is_cut(*at)) {
            let is_begun = |start: &usize| {
                needles.iter().any(|needle| needle.starts_with(&text[*start..cut]))
            };
            let begun = (0..cut).find(is_begun).unwrap_or(cut);
            prop_assert!((0..=begun).any(|start| ends[start] >= cut), "{begun}..{cut} of {text}");
        }
    }

    /// However long a secret is, and wherever it was cut off.
    #[test]
    fn all_that_is_left_of_a_long_secret_goes(
        value in "[a-zA-Z0-9&<\"]{60,400}",
        form in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
        sign in prop_oneof![Just(""), Just("\u{2026} and so on"), Just("” was said")],
    ) {
        let forms = written(&value);
        let form = form.get(&forms);
        let start = &form[..form.floor_char_boundary(cut.index(form.len()))];
        let mut text = format!("before: {start}{sign}");
        redactor(&value).redact(&mut text);
        let left = text.strip_prefix("before: ").unwrap().replace(LABEL, "").replace(sign, "");
        prop_assert!(left.len() <= 24, "{left} of {start}");
    }

    #[test]
    fn no_text_is_too_odd(value in any_secret(), text in any::<String>(), cut in 0_usize..40) {
        let redactor = redactor(&value);
        let start: String = value.chars().take(cut).collect();
        for mut text in [text.clone(), format!("{text}{value}"), format!("{text}%{start}…&#{start}")] {
            redactor.redact(&mut text);
        }
    }
}

#[test]
fn a_beginning_that_was_cut_off_goes_too() {
    for (text, expected) in [
        ("the password hunter", "the password {{ secret.KEY }}"),
        ("said “hunt” once", "said “{{ secret.KEY }}” once"),
        ("value=\"hunter…\"", "value=\"{{ secret.KEY }}…\""),
        ("a hun", "a hun"),
        ("hunting", "hunting"),
        ("?q=%68unte", "?q={{ secret.KEY }}"),
        ("?q=%68unte%", "?q={{ secret.KEY }}%"),
        ("<p>hunter&#3", "<p>{{ secret.KEY }}&#3"),
        ("hunter\\u00…", "{{ secret.KEY }}\\u00…"),
    ] {
        assert_eq!(redacted("hunter2", text), expected);
    }
}

#[test]
fn what_stands_around_in_base64_tells_nothing() {
    let token = BASE64.encode(b"ann:hunter2:x");
    let text = redacted("hunter2", &format!("Authorization: Basic {token}"));
    assert_eq!(text, format!("Authorization: Basic YW5uO{LABEL}6eA=="), "{token}");
}

#[test]
fn several_secrets_keep_their_names_and_the_longer_one_goes_first() {
    let mut redactor = Redactor::default();
    for (label, value) in [("{A}", "hunter"), ("{B}", "hunter2-and-more"), ("{C}", "other one")] {
        redactor.add(label, &SecretValue::new(value.to_owned()));
    }
    let mut text = "hunter2-and-more, hunter3, other+one, hunter".to_owned();
    redactor.redact(&mut text);
    assert_eq!(text, "{B}, {A}3, {C}, {A}");
}

#[test]
fn the_lines_of_a_key_are_found_one_by_one() {
    let key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----\n";
    let text = redacted(key, "<p>MIIEvQIBADANBgkq</p><p>hkiG9w0BAQEFAASC</p>");
    assert_eq!(text, format!("<p>{LABEL}</p><p>{LABEL}</p>"));
    let folded = redacted("two  words", "said: two words");
    assert_eq!(folded, format!("said: {LABEL}"));
}

/// Each letter is a sign that the text was cut there, or nearly the secret: looked at one by one,
/// that would take hours.
#[test]
fn the_longest_secret_in_the_worst_text_is_found() {
    let secret = format!("{}!", "x7".repeat(2_040));
    let text = format!("{}{}{secret}", "\u{2026}".repeat(100_000), "x7x7".repeat(50_000));
    assert!(redacted(&secret, &text).ends_with(LABEL));
}

/// An owner may have a hundred of them, and ten runs at a time.
#[test]
fn the_longest_secrets_take_little_memory() {
    let mut redactor = Redactor::default();
    for (label, sign) in [("{A}", '"'), ("{B}", '<'), ("{C}", 'x')] {
        let end = format!("{sign}{label}\n");
        let line = |number: u32| format!("{number:04}{end}");
        let lines = (0..).map(line).scan(0, |all, line| {
            *all += line.len();
            (*all <= MAX_SECRET_BYTES).then_some(line)
        });
        redactor.add(label, &SecretValue::new(lines.collect()));
        let signs = (0_u32..).flat_map(|n| [sign, char::from_u32(33 + n * n % 90).unwrap()]);
        let long = signs.take(MAX_SECRET_BYTES).collect();
        redactor.add(label, &SecretValue::new(long));
    }
    redactor.prepare();
    let size = redactor.ready.as_ref().unwrap().size();
    assert!(size < 6 * 150_000, "{size}");
}

#[test]
fn what_is_known_already_makes_nothing_anew() {
    let mut redactor = redactor("hunter2");
    redactor.prepare();
    let add = |redactor: &mut Redactor, value: &str| {
        redactor.add(LABEL, &SecretValue::new(value.to_owned()));
    };
    add(&mut redactor, "hunter2");
    assert!(redactor.later().is_none());
    add(&mut redactor, "another");
    let before = Arc::clone(redactor.later().unwrap());
    for value in ["hunter2", "another"] {
        add(&mut redactor, value);
    }
    assert!(Arc::ptr_eq(&before, redactor.later().unwrap()));
    let mut text = "hunter2, another".to_owned();
    redactor.redact(&mut text);
    assert_eq!(text, format!("{LABEL}, {LABEL}"));
}

#[test]
fn a_redactor_shows_no_secret_and_without_secrets_does_nothing() {
    let shown = format!("{:?}", redactor("hunter2"));
    assert!(!shown.contains("hunter2"), "{shown}");
    let mut text = "hunter2".to_owned();
    Redactor::default().redact(&mut text);
    assert_eq!(text, "hunter2");
}
