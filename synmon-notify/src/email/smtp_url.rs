//! The url of an SMTP server, as lettre reads it.

use lettre::transport::smtp::{
    authentication::Credentials,
    client::{Tls, TlsParameters},
    extension::ClientId,
};
use secrecy::{ExposeSecret, SecretString};
use tracing::warn;
use url::{Host, Url};

/// A url names no SMTP server. It does not repeat the url, which holds a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SmtpUrlError {
    /// It is no url.
    #[error("the url of the mail server can't be read: {0}")]
    Url(#[from] url::ParseError),
    /// It is one of something else.
    #[error("the url of the mail server must begin with smtp:// or smtps://")]
    Scheme,
    /// It names no host.
    #[error("the url of the mail server names no host")]
    Host,
    /// It asks for an unknown kind of encryption.
    #[error("in the url of the mail server, tls= is `required`, or for smtp:// `opportunistic`")]
    Tls,
    /// Its user name or password is not percent-encoded UTF-8.
    #[error("the user name or password in the url of the mail server is not UTF-8")]
    NotUtf8,
    /// There is a password without a user or a user without a password.
    #[error("the url of the mail server needs both a user name and a password, or neither")]
    HalfCredentials,
    /// TLS can't be set up.
    #[error("TLS can't be set up: {0}")]
    TlsSetup(#[source] lettre::transport::smtp::Error),
}

/// How an SMTP server is reached.
pub(super) struct SmtpServer {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: Tls,
    pub(super) hello: ClientId,
    pub(super) credentials: Option<Credentials>,
}

impl SmtpServer {
    pub(super) fn of_url(url: &SecretString) -> Result<Self, SmtpUrlError> {
        let url = Url::parse(url.expose_secret())?;
        let host = host(&url)?;
        let (tls, port) = tls(&url, &host)?;
        let credentials = credentials(&url)?;
        if credentials.is_some() && matches!(tls, Tls::None) && !is_loopback(&host) {
            warn!(
                smtp.host = %host,
                "The password of the mail server is sent without encryption: add ?tls=required to its url"
            );
        }
        let hello = match url.path().trim_matches('/') {
            "" => ClientId::default(),
            name => ClientId::Domain(name.to_owned()),
        };
        Ok(Self { host, port: url.port().unwrap_or(port), tls, hello, credentials })
    }
}

/// The host, without the brackets that an IPv6 address has in a url.
fn host(url: &Url) -> Result<String, SmtpUrlError> {
    match url.host().ok_or(SmtpUrlError::Host)? {
        Host::Domain("") => Err(SmtpUrlError::Host),
        Host::Domain(name) => Ok(name.to_owned()),
        Host::Ipv4(address) => Ok(address.to_string()),
        Host::Ipv6(address) => Ok(address.to_string()),
    }
}

/// The encryption, and the port that is usual with it.
fn tls(url: &Url, host: &str) -> Result<(Tls, u16), SmtpUrlError> {
    let parameters = || TlsParameters::new(host.to_owned()).map_err(SmtpUrlError::TlsSetup);
    let asked = url.query_pairs().find(|(key, _)| key == "tls").map(|(_, value)| value);
    match (url.scheme(), asked.as_deref()) {
        ("smtp", None) => Ok((Tls::None, 25)),
        ("smtp", Some("required")) => Ok((Tls::Required(parameters()?), 587)),
        ("smtp", Some("opportunistic")) => Ok((Tls::Opportunistic(parameters()?), 587)),
        ("smtps", None | Some("required")) => Ok((Tls::Wrapper(parameters()?), 465)),
        ("smtp" | "smtps", Some(_)) => Err(SmtpUrlError::Tls),
        _ => Err(SmtpUrlError::Scheme),
    }
}

fn credentials(url: &Url) -> Result<Option<Credentials>, SmtpUrlError> {
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) | (_, None) => Err(SmtpUrlError::HalfCredentials),
        (user, Some(password)) => {
            Ok(Some(Credentials::new(percent_decoded(user)?, percent_decoded(password)?)))
        }
    }
}

/// Percent-decoding (RFC 3986, section 2.1). A `%` that begins no pair of digits stands for itself.
fn percent_decoded(text: &str) -> Result<String, SmtpUrlError> {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).and_then(|&byte| char::from(byte).to_digit(16));
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let pair = digit(at + 1).zip(digit(at + 2)).filter(|_| byte == b'%');
        let value = pair.and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        decoded.push(value.unwrap_or(byte));
        at += if value.is_some() { 3 } else { 1 };
    }
    String::from_utf8(decoded).map_err(|_| SmtpUrlError::NotUtf8)
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(url: &str) -> Result<SmtpServer, SmtpUrlError> {
        SmtpServer::of_url(&url.to_owned().into())
    }

    #[test]
    fn the_url_says_where_and_how() {
        for (url, host, port, encryption) in [
            ("smtp://mail.example", "mail.example", 25, "none"),
            ("smtp://u:p@mail.example:2525", "mail.example", 2525, "none"),
            ("smtp://u:p@mail.example?tls=required", "mail.example", 587, "required"),
            ("smtp://mail.example:26?tls=opportunistic", "mail.example", 26, "opportunistic"),
            ("smtps://u:p@mail.example", "mail.example", 465, "wrapper"),
            ("smtp://[::1]:2525/me.example", "::1", 2525, "none"),
        ] {
            let server = server(url).expect(url);
            let found = match server.tls {
                Tls::None => "none",
                Tls::Opportunistic(_) => "opportunistic",
                Tls::Required(_) => "required",
                Tls::Wrapper(_) => "wrapper",
            };
            assert_eq!((server.host.as_str(), server.port, found), (host, port, encryption));
            assert_eq!(server.credentials.is_some(), url.contains("u:p"), "{url}");
        }
    }

    #[test]
    fn user_name_and_password_are_percent_encoded() {
        let found =
            server("smtp://a%40b.example:p%2F%3A%25%C3%BC100%@localhost").expect("a server");
        let expected = Credentials::new("a@b.example".to_owned(), "p/:%ü100%".to_owned());
        assert!(found.credentials == Some(expected));
    }

    #[test]
    fn what_can_not_be_meant_is_refused_without_its_password() {
        for url in [
            "",
            "mail.example:25",
            "http://u:hunter2@mail.example",
            "smtp:///x",
            "smtp://u:hunter2@mail.example?tls=yes",
            "smtps://u:hunter2@mail.example?tls=opportunistic",
            "smtp://hunter2@mail.example",
            "smtp://:hunter2@mail.example",
            "smtp://u:hunter2%ff@mail.example",
            "smtp://u:hunter2@mail.example:99999",
        ] {
            let error = server(url).err().expect(url);
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
    }
}
