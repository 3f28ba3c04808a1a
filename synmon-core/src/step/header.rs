//! Headers and cookies as steps and settings write them.

use std::str::FromStr;

/// A header that is sent with each request: `Name: value`. An empty value sends it no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// Headers that say how long the message is, where it goes, or who really asks, and so would let
/// a flow meddle with the connection rather than with the site.
const REFUSED_HEADERS: [&str; 9] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

impl FromStr for Header {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text
            .split_once(':')
            .ok_or_else(|| "must be a name and a value, such as X-Probe: 1".to_owned())?;
        Self::new(name, value)
    }
}

impl Header {
    /// A header, if it may be set (RFC 9110, sections 5.1 and 5.5).
    ///
    /// # Errors
    /// Why not.
    pub fn new(name: &str, value: &str) -> Result<Self, String> {
        let (name, value) = (name.trim(), value.trim());
        let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if name.is_empty() || name.len() > 256 || !name.chars().all(token) {
            return Err("a header's name consists of letters, digits and -".to_owned());
        }
        let lower = name.to_ascii_lowercase();
        if REFUSED_HEADERS.contains(&lower.as_str())
            || lower.starts_with("proxy-")
            || lower.starts_with("sec-")
        {
            return Err(format!("the browser alone sets the header {name}"));
        }
        if value.len() > 8_192 || !value.chars().all(|c| c == '\t' || (' '..='~').contains(&c)) {
            return Err("a header's value consists of printable ASCII characters".to_owned());
        }
        Ok(Self { name: name.to_owned(), value: value.to_owned() })
    }
}

/// How long a cookie may be, its attributes included.
pub const MAX_COOKIE_BYTES: usize = 4_096;

/// A cookie, written as a server would set it (RFC 6265, section 4.1): `name=value; Path=/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookie {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// The domain that gets it; the page's own host where it does not say.
    pub domain: Option<String>,
    /// Below which path it is sent.
    pub path: String,
    /// Whether it is sent over https alone.
    pub secure: bool,
    /// Whether scripts can't read it.
    pub http_only: bool,
    /// `Strict`, `Lax` or `None`.
    pub same_site: Option<String>,
}

impl FromStr for Cookie {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.len() > MAX_COOKIE_BYTES || text.chars().any(char::is_control) {
            return Err(format!(
                "a cookie has {MAX_COOKIE_BYTES} characters at most, and no control character"
            ));
        }
        let mut parts = text.split(';').map(str::trim);
        let (name, value) = parts
            .next()
            .and_then(|pair| pair.split_once('='))
            .map(|(name, value)| (name.trim(), value.trim()))
            .filter(|(name, _)| !name.is_empty() && !name.contains([' ', ',', '"']))
            .ok_or_else(|| "must be written as name=value; Path=/; Secure".to_owned())?;
        let mut cookie = Self {
            name: name.to_owned(),
            value: value.to_owned(),
            domain: None,
            path: "/".to_owned(),
            secure: false,
            http_only: false,
            same_site: None,
        };
        for part in parts.filter(|part| !part.is_empty()) {
            let (attribute, value) = part.split_once('=').unwrap_or((part, ""));
            match attribute.trim().to_ascii_lowercase().as_str() {
                "domain" => cookie.domain = Some(value.trim().trim_start_matches('.').to_owned()),
                "path" if value.starts_with('/') => value.clone_into(&mut cookie.path),
                "secure" => cookie.secure = true,
                "httponly" => cookie.http_only = true,
                "samesite" => {
                    let known = ["Strict", "Lax", "None"];
                    let site = known.into_iter().find(|k| k.eq_ignore_ascii_case(value.trim()));
                    cookie.same_site =
                        Some(site.ok_or("SameSite must be Strict, Lax or None")?.to_owned());
                }
                _ => {
                    return Err(format!(
                        "{attribute} is not known here: write Domain, Path, Secure, HttpOnly or \
                         SameSite"
                    ));
                }
            }
        }
        Ok(cookie)
    }
}
