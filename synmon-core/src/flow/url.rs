//! Addresses that a browser of ours may open.

use std::fmt;

use url::Url;

/// The longest address that is accepted, in characters.
pub const MAX_URL_CHARS: usize = 2_048;

/// An address with the scheme http or https and a host, parsed once, by the rules that browsers
/// use too (WHATWG URL).
///
/// Whether its host may be reached is another question: see [`crate::egress`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowUrl(Url);

/// Why an address is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlowUrlError {
    /// It is longer than any address need be.
    #[error("is {0} characters long; at most {MAX_URL_CHARS} are allowed")]
    TooLong(usize),
    /// It does not parse.
    #[error("is not an address ({0}): write it in full, such as https://example.com/")]
    NotAnAddress(url::ParseError),
    /// It parses, but is not of the web.
    #[error("has the scheme {0}: only http and https are opened")]
    Scheme(String),
    /// It names no host.
    #[error("names no host")]
    NoHost,
    /// It carries a user name or password, which would show in logs and mails.
    #[error("carries a user name or password: leave it out")]
    Credentials,
}

impl FlowUrl {
    /// Parses and checks an address. The scheme decides, not the host: `view-source:http://x` has
    /// no host and would be opened all the same.
    pub fn parse(text: &str) -> Result<Self, FlowUrlError> {
        let length = text.chars().count();
        if length > MAX_URL_CHARS {
            return Err(FlowUrlError::TooLong(length));
        }
        let url = Url::parse(text).map_err(FlowUrlError::NotAnAddress)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(FlowUrlError::Scheme(url.scheme().chars().take(40).collect()));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(FlowUrlError::NoHost);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(FlowUrlError::Credentials);
        }
        // Escapes may have made it longer than it was typed; what is stored must be readable.
        let length = url.as_str().chars().count();
        if length > MAX_URL_CHARS {
            return Err(FlowUrlError::TooLong(length));
        }
        Ok(Self(url))
    }

    /// The address.
    #[must_use]
    pub fn as_url(&self) -> &Url {
        &self.0
    }

    /// The address.
    #[must_use]
    pub fn into_url(self) -> Url {
        self.0
    }

    /// The address as text, as the parser has normalised it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for FlowUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
