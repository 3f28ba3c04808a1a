//! Asking a running process how it is, so that a container's health check needs no other program.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use anyhow::Context as _;
use url::Url;

use crate::config::{Config, Program};

/// Readiness looks for three seconds at most.
const PATIENCE: Duration = Duration::from_secs(4);
/// The longest answer that is shown.
const MAX_ANSWER: usize = 2_000;

/// What to ask.
#[derive(Debug, clap::Args)]
pub struct HealthCheck {
    /// The address to ask; by default /healthz where `SYNMON_LISTEN` says that it listens.
    url: Option<Url>,
}

impl HealthCheck {
    /// Asks, and fails with the answer unless that is a success.
    pub async fn ask(self, program: Program) -> anyhow::Result<()> {
        let url = match self.url {
            Some(url) => url,
            None => own_address(Config::listen_from_env(program)?)?,
        };
        // What comes of this address alone, whatever the environment says of proxies.
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .build()?;
        let mut answer = client
            .get(url)
            .send()
            .await
            .map_err(reqwest::Error::without_url)
            .context("no answer")?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let mut body = Vec::new();
        while let Ok(Some(chunk)) = answer.chunk().await {
            body.extend_from_slice(&chunk);
            if body.len() >= MAX_ANSWER {
                body.truncate(MAX_ANSWER);
                break;
            }
        }
        anyhow::bail!("{status}: {}", String::from_utf8_lossy(&body).escape_debug())
    }
}

/// Where the process that listens here is asked whether it lives.
fn own_address(listen: Option<SocketAddr>) -> anyhow::Result<Url> {
    let mut listen =
        listen.context("this process listens nowhere: set SYNMON_LISTEN, or say what to ask")?;
    // "Everywhere" is no address to connect to.
    if listen.ip().is_unspecified() {
        listen.set_ip(match listen.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    Ok(Url::parse(&format!("http://{listen}/healthz"))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_listens_everywhere_is_asked_at_loopback() {
        let asked = |listen: &str| own_address(Some(listen.parse().unwrap())).unwrap().to_string();
        assert_eq!(asked("0.0.0.0:8080"), "http://127.0.0.1:8080/healthz");
        assert_eq!(asked("[::]:8080"), "http://[::1]:8080/healthz");
        assert_eq!(asked("10.1.2.3:80"), "http://10.1.2.3/healthz");
        assert!(own_address(None).unwrap_err().to_string().contains("SYNMON_LISTEN"));
    }
}
