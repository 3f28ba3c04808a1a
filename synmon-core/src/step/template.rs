//! Places in a text that are filled in when a run gets there: `{{ var.NAME }}`.

use std::collections::BTreeMap;

/// The longest name of a variable.
const MAX_NAME: usize = 64;
/// What stands in for a value while nothing is known of it: as a text, a number, a part of an
/// address and an HTTP status it is equally good.
const SAMPLE: &str = "100";

/// The values of a run's variables.
pub type Variables = BTreeMap<String, String>;

/// Whether a name can be that of a variable: letters, digits and `_`, not a digit first.
#[must_use]
pub fn is_variable_name(name: &str) -> bool {
    name.len() <= MAX_NAME
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The variables that a text names, in order.
pub(super) fn names(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    replace(text, |name| {
        names.push(name);
        None
    });
    names
}

/// The text with each variable's value in its place; a variable that has none stays as it is
/// written, and its name is the error.
pub(super) fn filled(text: &str, variables: &Variables) -> Result<String, String> {
    let mut missing = None;
    let filled = replace(text, |name| {
        let value = variables.get(name).cloned();
        if value.is_none() {
            missing.get_or_insert_with(|| name.to_owned());
        }
        value
    });
    missing.map_or(Ok(filled), Err)
}

/// The text with something in each variable's place that nearly every field accepts.
pub(super) fn sampled(text: &str) -> String {
    replace(text, |_| Some(SAMPLE.to_owned()))
}

fn replace<'a>(text: &'a str, mut value: impl FnMut(&'a str) -> Option<String>) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        let (before, from) = rest.split_at(start);
        result.push_str(before);
        let place = from.find("}}").map(|end| &from[..end + 2]);
        let name = place.and_then(|place| {
            place[2..place.len() - 2].trim().strip_prefix("var.").filter(|n| is_variable_name(n))
        });
        let (Some(place), Some(name)) = (place, name) else {
            // Braces of the text's own, such as those of another template language.
            result.push_str("{{");
            rest = &from[2..];
            continue;
        };
        match value(name) {
            Some(value) => result.push_str(&value),
            None => result.push_str(place),
        }
        rest = &from[place.len()..];
    }
    result.push_str(rest);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_found_and_filled_in_and_other_braces_stay() {
        let text = "{{ other }} {{var.a}}/{{  var.b }} {{ var.9 }} {{ var.a";
        assert_eq!(names(text), ["a", "b"]);
        let values = Variables::from([
            ("a".to_owned(), "{{ var.b }}".to_owned()),
            ("b".to_owned(), "2".to_owned()),
        ]);
        assert_eq!(
            filled(text, &values).unwrap(),
            "{{ other }} {{ var.b }}/2 {{ var.9 }} {{ var.a"
        );
        assert_eq!(filled(text, &Variables::new()), Err("a".to_owned()));
        assert_eq!(sampled("/{{ var.a }}/x"), "/100/x");
    }
}
