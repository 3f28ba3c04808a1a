//! Where flows may go, and the guard that keeps them to it.

use std::net::{Ipv4Addr, SocketAddr};

use synmon_core::egress::EgressAllowList;
use url::Url;

use super::{BrowserSource, ConfigError, LogFormat, environment, error, log_format, parsed, text};

const ALLOW: &str = "SYNMON_EGRESS_ALLOW";
const PROXY: &str = "SYNMON_EGRESS_PROXY";
const LISTEN: &str = "SYNMON_EGRESS_LISTEN";
/// Where proxies listen, by custom.
const PORT: u16 = 3128;

/// The settings of a guard that runs beside browsers elsewhere.
#[derive(Clone, Debug)]
pub struct EgressProxyConfig {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where it leads to besides public addresses.
    pub allow: EgressAllowList,
    /// How log lines look.
    pub log_format: LogFormat,
    /// Which log lines are written, as for `RUST_LOG`.
    pub log_filter: Option<String>,
}

impl EgressProxyConfig {
    /// Reads the environment of the process.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_lookup(environment)
    }

    /// Reads settings from anywhere. An empty value counts as unset.
    pub fn from_lookup(
        lookup: impl Fn(&'static str) -> Result<Option<String>, &'static str>,
    ) -> Result<Self, ConfigError> {
        let text = |name| text(&lookup, name);
        let listen = parsed(text, LISTEN, "an address and port such as 127.0.0.1:3128")?;
        Ok(Self {
            listen: listen.unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, PORT))),
            allow: allow(text)?,
            log_format: log_format(text)?,
            log_filter: text("RUST_LOG")?,
        })
    }
}

/// Where flows may go besides public addresses.
pub(super) fn allow(
    text: impl Fn(&'static str) -> Result<Option<String>, ConfigError>,
) -> Result<EgressAllowList, ConfigError> {
    match text(ALLOW)? {
        None => Ok(EgressAllowList::default()),
        Some(list) => list.parse().map_err(|why| error(ALLOW, why)),
    }
}

/// The guard that browsers elsewhere go through.
pub(super) fn proxy(
    text: impl Fn(&'static str) -> Result<Option<String>, ConfigError>,
    browser: &BrowserSource,
) -> Result<Option<String>, ConfigError> {
    let Some(given) = text(PROXY)? else { return Ok(None) };
    if matches!(browser, BrowserSource::Local { .. }) {
        let why = "is for browsers elsewhere: those of this machine go through a guard in this \
                   process. Unset it, or set SYNMON_WEBDRIVER_URL or SYNMON_CDP_URL";
        return Err(error(PROXY, why));
    }
    let url = Url::parse(&given).ok().filter(|url| {
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        bare && url.scheme() == "http" && url.username().is_empty() && url.password().is_none()
    });
    let place = url.as_ref().and_then(|url| Some((url.host_str()?, url.port_or_known_default()?)));
    match place {
        Some((host, port)) => Ok(Some(format!("http://{host}:{port}"))),
        None => Err(error(PROXY, "must be an address such as http://egress.internal:3128")),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::config::tests::config;

    #[test]
    fn browsers_elsewhere_are_told_of_the_guard_and_those_here_have_their_own() {
        let proxy = |text| (PROXY, text);
        let grid = ("SYNMON_WEBDRIVER_URL", "http://grid:4444");
        let chrome = ("SYNMON_CDP_URL", "ws://chrome:9222/devtools/browser/x");
        for place in [grid, chrome] {
            let told = config(&[place, proxy("http://egress:3128/")]).unwrap().egress_proxy;
            assert_eq!(told.as_deref(), Some("http://egress:3128"));
        }
        let told = config(&[grid, proxy("http://egress")]).unwrap().egress_proxy;
        assert_eq!(told.as_deref(), Some("http://egress:80"));
        assert_eq!(config(&[grid]).unwrap().egress_proxy, None);
        let message = config(&[proxy("http://egress:3128")]).unwrap_err().to_string();
        assert!(message.contains("is for browsers elsewhere"), "{message}");
        for wrong in ["canary", "https://canary:1", "http://u:canary@x:1", "http://x:1/canary"] {
            let message = config(&[grid, proxy(wrong)]).unwrap_err().to_string();
            assert!(message.starts_with(PROXY) && !message.contains("canary"), "{message}");
        }
    }

    #[test]
    fn a_guard_of_its_own_listens_on_loopback_unless_it_is_told_otherwise() {
        let read = |settings: &[(&'static str, &str)]| {
            let map: HashMap<_, _> = settings.iter().map(|(k, v)| (*k, (*v).to_owned())).collect();
            EgressProxyConfig::from_lookup(|name| Ok(map.get(name).cloned()))
        };
        let plain = read(&[]).unwrap();
        assert_eq!(plain.listen.to_string(), "127.0.0.1:3128");
        assert_eq!(plain.allow, EgressAllowList::default());
        let open = read(&[(LISTEN, "0.0.0.0:1"), (ALLOW, "shop:8081")]).unwrap();
        assert_eq!(open.listen.to_string(), "0.0.0.0:1");
        assert_eq!(open.allow, "shop:8081".parse().unwrap());
        for wrong in [(LISTEN, "canary"), (ALLOW, "a b"), ("SYNMON_LOG_FORMAT", "canary")] {
            assert!(read(&[wrong]).unwrap_err().to_string().starts_with(wrong.0));
        }
    }
}
