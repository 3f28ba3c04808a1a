//! E-mail addresses.

/// An address that a letter can be sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailAddress(String);

/// Why an address is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// It has not the form of an address.
    #[error("is not an e-mail address such as name@example.com")]
    Form,
    /// It is longer than any mail service takes (RFC 5321, section 4.5.3.1).
    #[error("is too long for an e-mail address")]
    TooLong,
}

impl EmailAddress {
    /// Checks an address: a dot-atom (RFC 5322), `@`, and a host name. Quoted local parts,
    /// comments and address literals are refused: nobody has one, and parsers differ on them.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        if text.len() > 254 {
            return Err(EmailError::TooLong);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(EmailError::Form)?;
        if local.len() > 64 {
            return Err(EmailError::TooLong);
        }
        let dot_atom = local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atext));
        let host = domain.split('.').all(is_label)
            && url::Host::parse(domain).is_ok_and(|host| matches!(host, url::Host::Domain(_)));
        if dot_atom && host { Ok(Self(text.to_owned())) } else { Err(EmailError::Form) }
    }

    /// The address as it was typed.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

/// RFC 5322, section 3.2.3, with the letters of RFC 6531.
fn is_atext(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || "!#$%&'*+-/=?^_`{|}~".contains(c)
        || (!c.is_ascii() && c.is_alphanumeric())
}

fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= 63
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.chars().all(|c| c == '-' || c.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::EmailAddress;

    #[test]
    fn addresses_that_people_have_are_accepted() {
        for text in ["a@x.test", " a.b+c@sub.example.com ", "o'neil@example.com", "user@localhost"]
        {
            assert!(EmailAddress::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_is_none_or_could_break_a_header_is_refused() {
        let long = format!("{}@example.com", "a".repeat(65));
        for text in [
            "",
            "a",
            "@x.test",
            "a@",
            "a b@x.test",
            "a@x..test",
            "a@-x.test",
            ".a@x.test",
            "a\r\nBcc: b@x.test",
            "\"a b\"@x.test",
            "a@[127.0.0.1]",
            "a@127.0.0.1",
            "<a@x.test>",
            "a@x.test\0",
            "a,b@x.test",
            &long,
        ] {
            assert!(EmailAddress::parse(text).is_err(), "{text:?}");
        }
    }
}
