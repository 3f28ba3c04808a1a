//! Texts that are cut to size.

/// At most so many characters of a text. That there was more is shown: whoever looks for secrets takes
/// what stands before an ellipsis for what one may begin with, whatever is written behind it.
pub(crate) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use synmon_core::secret::{Redactor, SecretValue};

    use super::*;

    #[test]
    fn a_text_is_cut_only_where_it_is_too_long() {
        for (text, short) in [("", ""), ("äöü", "äöü"), ("äöüß", "äö…")] {
            assert_eq!(cut(text, 3), short);
        }
    }

    #[test]
    fn no_secret_shows_that_was_cut_in_two() {
        let mut redactor = Redactor::default();
        redactor.add("TOKEN", &SecretValue::new("hunter2-and-more".to_owned()));
        let url = format!("http://x.test/?q={}hunter2-and-more", "x".repeat(2_000));
        let mut told = format!("{}: net::ERR_CONNECTION_REFUSED", cut(&url, 2_025));
        redactor.redact(&mut told);
        assert!(!told.contains("hunter"), "{told}");
    }
}
