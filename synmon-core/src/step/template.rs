//! Places in a text that are filled in when a run gets there, such as `{{ var.NAME }}`.

use std::str::FromStr as _;

use zeroize::Zeroize as _;

use crate::{flow::choice, nearest, secret::SecretName};

/// How long the name of a variable may be.
pub const MAX_VARIABLE_NAME_CHARS: usize = 64;
/// What stands in for a value while nothing is known of it: as a text, a number, a part of an
/// address and an HTTP status it is equally good.
const SAMPLE: &str = "100";
/// The same for what an address begins with.
const SAMPLE_ADDRESS: &str = "https://100.invalid";
/// What stands for `{{` itself.
const ESCAPED: [&str; 2] = ["\"{{\"", "'{{'"];

/// Whether a name can be that of a variable: letters, digits and `_`, not a digit first.
#[must_use]
pub fn is_variable_name(name: &str) -> bool {
    name.len() <= MAX_VARIABLE_NAME_CHARS
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// What a place is filled in with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Placeholder {
    /// `{{ var.NAME }}`: a variable of the flow's settings, or what a step has extracted.
    Variable(String),
    /// `{{ secret.NAME }}`: a secret of the owner.
    Secret(SecretName),
    /// `{{ totp NAME }}`: the code that an authenticator shows, whose key is that secret.
    Totp(SecretName),
    /// The time.
    Now(Moment),
    /// Something of chance.
    Random(Chance),
}

choice! {
    /// A form of the time.
    #[derive(PartialOrd, Ord)]
    Moment {
        /// As in RFC 3339, in UTC.
        Full = "now",
        /// Seconds since 1970.
        Unix = "now.unix",
        /// The date in UTC.
        Date = "now.date",
        /// The time of day in UTC.
        Time = "now.time",
    }
}

choice! {
    /// Something of chance, the same in all steps of an attempt.
    #[derive(PartialOrd, Ord)]
    Chance {
        /// An e-mail address that nobody has.
        Email = "random.email",
        /// A UUID.
        Uuid = "random.uuid",
        /// A number of nine digits.
        Number = "random.number",
        /// A word of twelve small letters.
        Text = "random.text",
    }
}

impl Placeholder {
    /// Whether its value must not be read by anybody.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        matches!(self, Self::Secret(_) | Self::Totp(_))
    }

    /// As it is written.
    #[must_use]
    pub fn written(&self) -> String {
        let inner = match self {
            Self::Variable(name) => format!("var.{name}"),
            Self::Secret(name) => format!("secret.{name}"),
            Self::Totp(name) => format!("totp {name}"),
            Self::Now(moment) => moment.to_string(),
            Self::Random(chance) => chance.to_string(),
        };
        format!("{{{{ {inner} }}}}")
    }
}

/// What stands between two pairs of braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// A place that is filled in.
    Place(Placeholder),
    /// The sign for two braces.
    Braces,
    /// Looks like a place, but nothing is known by that name; in words for its author.
    Unknown(String),
    /// Braces of the text's own, such as those of another template language.
    Foreign,
}

impl Reading {
    /// Whether something stands there that nobody must read.
    pub(crate) fn is_secret(&self) -> bool {
        matches!(self, Self::Place(place) if place.is_secret())
    }
}

/// The places of a text, and what looks like some, in order.
pub(crate) fn readings(text: &str) -> Vec<Reading> {
    let mut found = Vec::new();
    replace(text, |reading| {
        found.push(reading);
        None
    });
    found
}

/// The text with each place filled in. What is no place stays as it is written.
///
/// # Errors
/// What is said of the first place that can't be.
pub(crate) fn filled(
    text: &str,
    mut value: impl FnMut(&Placeholder) -> Result<String, String>,
) -> Result<String, String> {
    let mut failed = None;
    let filled = replace(text, |reading| match reading {
        Reading::Place(place) => match value(&place) {
            Ok(value) => Some(value),
            Err(why) => {
                failed.get_or_insert(why);
                None
            }
        },
        Reading::Braces => Some("{{".to_owned()),
        Reading::Unknown(_) | Reading::Foreign => None,
    });
    failed.map_or(Ok(filled), Err)
}

/// The text with something in each place that nearly every field accepts.
pub(super) fn sampled(text: &str) -> String {
    let sample = |reading| matches!(reading, Reading::Place(_)).then(|| SAMPLE.to_owned());
    replace(text, sample)
}

/// The same of an address, which a place may also begin, or be all of.
pub(super) fn sampled_address(text: &str) -> String {
    let mut samples = text.starts_with("{{").then_some(SAMPLE_ADDRESS).into_iter();
    let sample = |reading| {
        let sample = || samples.next().unwrap_or(SAMPLE).to_owned();
        matches!(reading, Reading::Place(_)).then(sample)
    };
    replace(text, sample)
}

/// Whether nobody knows an address's host before its places are filled in.
pub(super) fn leaves_the_host_open(address: &str) -> bool {
    let before_path = match address.split_once("://") {
        Some((scheme, rest)) => scheme.len() + rest.find(['/', '?', '#']).unwrap_or(rest.len()) + 3,
        None => address.len(),
    };
    readings(&address[..before_path]).iter().any(|reading| matches!(reading, Reading::Place(_)))
}

fn replace(text: &str, mut value: impl FnMut(Reading) -> Option<String>) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        let (before, from) = rest.split_at(start);
        push(&mut result, before);
        let escape = ESCAPED.into_iter().find(|sign| {
            from[2..]
                .trim_start()
                .strip_prefix(sign)
                .is_some_and(|rest| rest.trim_start().starts_with("}}"))
        });
        let reading = match (escape, from.find("}}")) {
            (Some(_), Some(end)) => Some((Reading::Braces, end + 2)),
            (None, Some(end)) => Some((read(from[2..end].trim()), end + 2)),
            (_, None) => None,
        };
        let Some((reading, length)) = reading.filter(|(reading, _)| *reading != Reading::Foreign)
        else {
            push(&mut result, "{{");
            rest = &from[2..];
            continue;
        };
        match value(reading) {
            Some(mut value) => {
                push(&mut result, &value);
                value.zeroize();
            }
            None => push(&mut result, &from[..length]),
        }
        rest = &from[length..];
    }
    push(&mut result, rest);
    result
}

/// Adds to a text that may hold a secret: where it grows out of its memory, that is wiped.
fn push(text: &mut String, piece: &str) {
    if text.capacity() - text.len() < piece.len() {
        let mut grown = String::with_capacity(2 * (text.len() + piece.len()));
        grown.push_str(text);
        text.zeroize();
        *text = grown;
    }
    text.push_str(piece);
}

fn read(inner: &str) -> Reading {
    if !is_plain(inner) {
        return Reading::Foreign;
    }
    let words: Vec<&str> = inner.split_whitespace().collect();
    let place = match words[..] {
        ["totp", name] => name.parse().ok().map(Placeholder::Totp),
        [word] => match word.split_once('.') {
            Some(("var", name)) => {
                is_variable_name(name).then(|| Placeholder::Variable(name.to_owned()))
            }
            Some(("secret", name)) => name.parse().ok().map(Placeholder::Secret),
            Some(("random", _)) => Chance::from_str(word).ok().map(Placeholder::Random),
            _ => Moment::from_str(word).ok().map(Placeholder::Now),
        },
        _ => None,
    };
    place.map_or_else(|| Reading::Unknown(unknown(inner)), Reading::Place)
}

/// Whether it consists of names alone, as every place does.
fn is_plain(inner: &str) -> bool {
    inner.split_whitespace().count() <= 2
        && inner.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && inner.chars().all(|c| c.is_ascii_alphanumeric() || "_. ".contains(c))
}

fn unknown(inner: &str) -> String {
    let shown: String = inner.chars().take(MAX_VARIABLE_NAME_CHARS).collect();
    let moments = Moment::ALL.iter().map(|moment| moment.as_str());
    let chances = Chance::ALL.iter().map(|chance| chance.as_str());
    let names: Vec<&str> = moments.chain(chances).collect();
    let kinds = ["var.", "secret.", "totp "];
    let near = nearest::of(inner, &names).map(str::to_owned).or_else(|| {
        let end = inner.find(['.', ' '])?;
        let (kind, name) = inner.split_at(end + 1);
        let kind = nearest::of(kind, &kinds)?;
        is_variable_name(name).then(|| format!("{kind}{name}"))
    });
    match near {
        Some(near) => {
            format!("nothing is known as {{{{ {shown} }}}}; did you mean {{{{ {near} }}}}?")
        }
        None => format!(
            "nothing is known as {{{{ {shown} }}}}: there are var.NAME, secret.NAME, totp NAME, \
             {}; to write the braces themselves, write {{{{ \"{{{{\" }}}}",
            names.join(", ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        let places = readings(text).into_iter();
        places
            .filter_map(|reading| match reading {
                Reading::Place(place) => Some(place.written()),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn places_are_found_and_filled_in_and_other_braces_stay() {
        let text = "{{ other }} {{var.a}}/{{  var.b }} {{ var.9 }} {{#if x}} {{ var.a";
        assert_eq!(names(text), ["{{ var.a }}", "{{ var.b }}"]);
        let value = |place: &Placeholder| match place {
            Placeholder::Variable(name) if name == "a" => Ok("{{ var.b }}".to_owned()),
            _ => Ok("2".to_owned()),
        };
        assert_eq!(
            filled(text, value).unwrap(),
            "{{ other }} {{ var.b }}/2 {{ var.9 }} {{#if x}} {{ var.a"
        );
        assert_eq!(filled(text, |_| Err("no".to_owned())), Err("no".to_owned()));
        assert_eq!(sampled("/{{ var.a }}/x"), "/100/x");
    }

    #[test]
    fn of_an_address_any_part_may_be_a_place() {
        for (text, sample, open) in [
            ("{{ var.link }}", "https://100.invalid", true),
            ("{{ var.base }}/a/{{ var.id }}", "https://100.invalid/a/100", true),
            ("http://{{ var.host }}/a", "http://100/a", true),
            ("http://x.test:{{ var.port }}?a", "http://x.test:100?a", true),
            ("http://x.test/{{ var.id }}", "http://x.test/100", false),
            ("http://x.test?at={{ now }}", "http://x.test?at=100", false),
            ("http:/\\x.test", "http:/\\x.test", false),
        ] {
            assert_eq!(sampled_address(text), sample);
            assert_eq!(leaves_the_host_open(text), open, "{text}");
        }
    }

    #[test]
    fn every_kind_of_place_is_known_as_it_is_written() {
        for text in [
            "{{ var.a_1 }}",
            "{{ secret.PASSWORD }}",
            "{{ totp KEY }}",
            "{{ now }}",
            "{{ now.unix }}",
            "{{ now.date }}",
            "{{ now.time }}",
            "{{ random.email }}",
            "{{ random.uuid }}",
            "{{ random.number }}",
            "{{ random.text }}",
        ] {
            assert_eq!(names(text), [text]);
            assert_eq!(names(&text.replace(' ', "  ")), [text]);
        }
    }

    #[test]
    fn what_looks_like_a_place_and_is_none_is_told_with_what_was_meant() {
        for (text, meant) in [
            ("{{ random.emial }}", "random.email"),
            ("{{ secrets.KEY }}", "secret.KEY"),
            ("{{ tot KEY }}", "totp KEY"),
            ("{{ now.dat }}", "now.date"),
            ("{{ vars.x }}", "var.x"),
            ("{{ undefined }}", "secret.NAME"),
            ("{{ secret.9 }}", "secret.NAME"),
            ("{{ totp }}", "totp NAME"),
        ] {
            let all = readings(text);
            let [Reading::Unknown(why)] = &all[..] else { panic!("{text}: {all:?}") };
            assert!(why.contains(meant), "{why}");
        }
        for text in ["{{#each x}}", "{{ a | b }}", "{{ 'x' }}", "{{}}", "{{ a b c }}", "{{"] {
            assert_eq!(readings(text), []);
        }
    }

    #[test]
    fn braces_can_be_written() {
        for text in ["{{ \"{{\" }} now }}", "{{'{{'}} now }}"] {
            assert_eq!(filled(text, |_| Ok("no".to_owned())).unwrap(), "{{ now }}");
        }
    }
}
