//! "Did you mean …?"

/// The name that is most like `text`, if one is like it at all.
#[must_use]
pub fn of<'a>(text: &str, names: &[&'a str]) -> Option<&'a str> {
    // Nobody mistypes a name into something much longer; it also bounds the work.
    let text: Vec<char> = text.chars().take(64).collect();
    names
        .iter()
        .map(|name| (distance(&text, name), *name))
        .filter(|(distance, name)| *distance <= name.len().div_ceil(3))
        .min()
        .map(|(_, name)| name)
}

/// The Levenshtein distance, over one row of the table.
fn distance(text: &[char], name: &str) -> usize {
    let mut row: Vec<usize> = (0..=text.len()).collect();
    for (i, b) in name.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, a) in text.iter().enumerate() {
            let substituted = diagonal + usize::from(*a != b);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[text.len()]
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn a_slip_of_the_finger_is_recognised_and_nonsense_is_not() {
        let names = ["click", "tapping", "double_click"];
        assert_eq!(of("clik", &names), Some("click"));
        assert_eq!(of("taping", &names), Some("tapping"));
        assert_eq!(of("doubleclick", &names), Some("double_click"));
        assert_eq!(of("launch_rocket", &names), None);
        assert_eq!(of(&"x".repeat(100_000), &names), None);
    }
}
