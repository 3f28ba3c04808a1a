//! Taking secrets out of texts.
//!
//! Pages show back what they were given, and not always as it was: in addresses, in html, in JSON,
//! in base64. So a text is looked at as it is and with its escapes undone, in any mix of them, and
//! in each of these views for each form that a secret may have.

mod automaton;
mod needles;
mod sums;
mod views;

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use super::{MAX_SECRET_BYTES, SecretValue};
use automaton::{Automaton, Hit};
use needles::{Form, forms};
use views::{MAX_ESCAPE, SIGNS, View, views};

/// The shortest beginning of a secret that is taken out where the rest was cut off.
const MIN_PREFIX: usize = 4;
/// What stands where a text was cut.
const CUTS: [&[u8]; 2] = ["…".as_bytes(), "”".as_bytes()];
/// Longer forms are not looked for in pictures, which have no room for them.
const MAX_PICTURED_BYTES: usize = 3 * MAX_SECRET_BYTES;
/// How many values may be looked for beside those that were made ready together.
const MAX_LATER: usize = 16;

/// Takes secrets out of texts, and writes what they are called in their place. Capital and small
/// letters are taken for the same: host names and styles change them.
#[derive(Clone, Default)]
pub struct Redactor {
    /// What is written in the place of each secret.
    labels: Vec<String>,
    values: Vec<Arc<Known>>,
    /// What finds the first of the values.
    ready: Option<Arc<Automaton>>,
    /// How many those are.
    ready_for: usize,
    /// What finds the others, once they are looked for: few, so that it is soon made.
    later: OnceLock<Arc<Automaton>>,
}

/// A value that is taken out.
struct Known {
    value: SecretValue,
    label: usize,
}

/// A part of a text that is to go.
#[derive(Clone, Copy, Debug)]
struct Finding {
    start: usize,
    end: usize,
    label: usize,
}

impl Redactor {
    /// Takes a value out of all texts from now on; `label` is written in its place.
    pub fn add(&mut self, label: &str, value: &SecretValue) {
        let place = self.labels.iter().position(|known| known == label).unwrap_or_else(|| {
            self.labels.push(label.to_owned());
            self.labels.len() - 1
        });
        if !self.values.iter().any(|known| known.value == *value) {
            self.values.push(Arc::new(Known { value: value.clone(), label: place }));
            self.later.take();
        }
    }

    /// Whether there is nothing to take out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Whether there is much to [`prepare`](Self::prepare).
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.values.len() > self.ready_for + MAX_LATER
    }

    /// Makes ready to look for all that is known: with many long secrets that takes a moment.
    pub fn prepare(&mut self) {
        self.ready = Some(Arc::new(automaton(&self.values)));
        self.ready_for = self.values.len();
        self.later.take();
    }

    /// Takes all secrets out of a text.
    pub fn redact(&self, text: &mut String) {
        if self.is_empty() || text.is_empty() {
            return;
        }
        let mut findings = Vec::new();
        for view in views(text) {
            self.look(&view, &mut findings);
        }
        if findings.is_empty() {
            return;
        }
        for finding in &mut findings {
            finding.start = text.floor_char_boundary(finding.start);
            finding.end = text.ceil_char_boundary(finding.end);
        }
        *text = self.without(text, findings);
    }

    fn look(&self, view: &View, findings: &mut Vec<Finding>) {
        let bytes = view.bytes();
        let is_end = |at: usize| {
            at == bytes.len()
                || bytes.get(at..).is_some_and(|rest| CUTS.iter().any(|cut| rest.starts_with(cut)))
        };
        // What is left of an escape that was torn is no part of what it stood behind.
        let is_torn = |at: usize| {
            bytes.get(at).is_some_and(|sign| SIGNS.contains(sign))
                && (at + 1..=at + MAX_ESCAPE).any(is_end)
        };
        let is_cut = |at: usize| is_end(at) || is_torn(at);
        for automaton in self.ready.iter().chain(self.later()) {
            automaton.look(bytes, is_cut, |hit| {
                if hit.length >= MIN_PREFIX {
                    findings.push(Self::finding(view, hit));
                }
            });
        }
    }

    fn later(&self) -> Option<&Arc<Automaton>> {
        let values = self.values.get(self.ready_for..).filter(|values| !values.is_empty())?;
        Some(self.later.get_or_init(|| Arc::new(automaton(values))))
    }

    /// The letters beside what was found in base64 hold a few of the secret's bits, too.
    fn finding(view: &View, hit: Hit) -> Finding {
        let (bytes, at, end) = (view.bytes(), hit.end - hit.length, hit.end);
        let is_digit = |at: usize| {
            let digit = |b: &u8| b.is_ascii_alphanumeric() || b"+/-_".contains(b);
            hit.form == Form::Base64 && bytes.get(at).is_some_and(digit)
        };
        let from = if at > 0 && is_digit(at - 1) { at - 1 } else { at };
        let to = if is_digit(end) { end + 1 } else { end };
        let (start, end) = view.source(from, to);
        Finding { start, end, label: hit.label }
    }

    fn without(&self, text: &str, mut findings: Vec<Finding>) -> String {
        // The longest of those that begin together gives its name.
        findings.sort_by_key(|finding| (finding.start, usize::MAX - finding.end));
        let mut result = String::with_capacity(text.len());
        let mut done = 0;
        for Finding { start, end, label } in findings {
            if start >= done {
                result.push_str(&text[done..start]);
                result.push_str(&self.labels[label]);
            }
            done = done.max(end);
        }
        result.push_str(&text[done..]);
        result
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Redactor").field(&self.labels).finish()
    }
}

/// What finds these in all their forms.
fn automaton(values: &[Arc<Known>]) -> Automaton {
    let mut automaton = Automaton::new();
    for known in values {
        for (form, mut bytes) in forms(known.value.expose()) {
            bytes.make_ascii_lowercase();
            if !bytes.is_empty() {
                automaton.plant(&bytes, known.label, form);
            }
        }
    }
    automaton.link();
    automaton
}

/// The forms in which pages may show a secret, in small letters.
pub(crate) fn shown_forms(value: &SecretValue) -> Vec<SecretValue> {
    let mut shown: Vec<SecretValue> = Vec::new();
    for (_, mut bytes) in forms(value.expose()) {
        bytes.make_ascii_lowercase();
        let form = SecretValue::new(String::from_utf8_lossy(&bytes).into_owned());
        if (1..=MAX_PICTURED_BYTES).contains(&bytes.len()) && !shown.contains(&form) {
            shown.push(form);
        }
    }
    shown
}

#[cfg(test)]
mod tests;
