//! Selectors that find an element by its place alone.

use super::{Warning, WarningCode};
use crate::step::{Candidate, Step, Strategy};

/// How many levels of a page a path may go down by counting before that is what it lives by.
const MANY_LEVELS: usize = 3;

/// A warning for the first field of a step that counts its way through the page.
pub(super) fn positional(step: &Step) -> Option<Warning> {
    let written = step.written();
    let listed = |name: &str, list: &Option<Vec<String>>| -> Vec<(String, String)> {
        let texts = list.iter().flatten().enumerate();
        texts.map(|(index, text)| (format!("{name}[{index}]"), text.clone())).collect()
    };
    let xpath = written.selector_xpath.clone().map(|text| ("selector_xpath".to_owned(), text));
    let (field, _) = xpath
        .into_iter()
        .chain(listed("selectors", &written.selectors))
        .chain(listed("target", &written.target))
        .find(|(_, text)| counts_its_way(text))?;
    let message = "it finds the element by its place on the page alone: name what stays the same \
                   when the layout changes, such as an id, a label or a text";
    Some(Warning::of_step(step, WarningCode::PositionalXpath, &field, message))
}

fn counts_its_way(text: &str) -> bool {
    let Ok(Candidate { strategy: Strategy::Xpath, text }) = Candidate::parse(text) else {
        return false;
    };
    let path = Path::of(&text);
    let absolute = text.starts_with('/') && !text.starts_with("//");
    path.levels >= MANY_LEVELS && (absolute || path.positions > 0)
}

/// How an XPath leads through a page.
#[derive(Debug, Default, PartialEq, Eq)]
struct Path {
    /// How often it goes one level down.
    levels: usize,
    /// How often it chooses by counting.
    positions: usize,
}

impl Path {
    /// Reads as much of an XPath as this takes; quotes and brackets come in pairs by now.
    fn of(text: &str) -> Self {
        let mut path = Self::default();
        let (mut quote, mut predicates) = (None, Vec::new());
        let mut before = None;
        for (place, c) in text.char_indices() {
            match (quote, c) {
                (Some(mark), _) if c == mark => quote = None,
                (None, '\'' | '"') => quote = Some(c),
                (None, '[') => predicates.push(place + 1),
                (None, ']') => {
                    let inside = predicates.pop().map_or("", |start| &text[start..place]);
                    path.positions += usize::from(is_position(inside));
                }
                // `//` goes down as far as need be, and `/@href` nowhere.
                (None, '/') if predicates.is_empty() => {
                    let next = text[place + 1..].chars().next();
                    let one_level = before != Some('/') && !matches!(next, Some('/' | '@') | None);
                    path.levels += usize::from(one_level);
                }
                _ => {}
            }
            before = Some(c);
        }
        path
    }
}

fn is_position(predicate: &str) -> bool {
    let predicate = predicate.trim();
    let counts = !predicate.is_empty() && predicate.chars().all(|c| c.is_ascii_digit());
    counts || predicate.starts_with("position()") || predicate.starts_with("last()")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_counts_is_told_from_one_that_names() {
        for text in [
            "//*[@id=\"homepage\"]/footer/div/div[1]/div/div[2]/div/a",
            "//*[@id='f']/form/div[2]/span[1]/input",
            "/html/body/div/main/a",
            "(//main)/div/p[last()]/a",
            "xpath=//main/section/div[position() = 2]/a",
        ] {
            assert!(counts_its_way(text), "{text}");
        }
        for text in [
            "//button[@id='send']",
            "(//button)[2]",
            "//form[@name='login']/div/label/input",
            "//a[contains(@href, '/a/b/c[1]')]",
            "//ul/li[2]",
            "//a[text()='/html/body/div[1]/a']",
            "//div[a/b/c/d[1]]",
            "css=main > div:nth-child(2)",
            "text=Send",
        ] {
            assert!(!counts_its_way(text), "{text}");
        }
    }
}
