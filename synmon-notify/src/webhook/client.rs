//! One request to one receiver, at the addresses that were checked.

use std::{error::Error, fmt::Write as _, net::SocketAddr, sync::Arc, time::Duration};

use reqwest::{
    Client,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect, retry,
};
use rustls::{
    ClientConfig,
    crypto::{CryptoProvider, aws_lc_rs},
};
use rustls_platform_verifier::BuilderVerifierExt as _;
use synmon_core::BoxError;

use super::errors::{GiveUpCause, RetryCause, WebhookError};

const USER_AGENT: &str = concat!("synmon/", env!("CARGO_PKG_VERSION"));

/// TLS as the machine trusts it. Reading the machine's certificates takes a while: it is done once.
pub(super) fn tls() -> Result<ClientConfig, BoxError> {
    let provider = CryptoProvider::get_default()
        .map_or_else(|| Arc::new(aws_lc_rs::default_provider()), Arc::clone);
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Makes a client that can't connect to other addresses than these.
///
/// Each webhook has a client of its own. A client that is shared knows only the name when it
/// connects, neither the port, which the operator's rules are about, too, nor what was checked;
/// and one owner's webhook would go over a connection that another's has opened.
pub(super) fn pinned(
    addresses: Vec<SocketAddr>,
    tls: ClientConfig,
    connect_timeout: Duration,
) -> reqwest::Result<Client> {
    Client::builder()
        .dns_resolver(Pinned(addresses))
        .tls_backend_preconfigured(tls)
        .connect_timeout(connect_timeout)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .no_proxy()
        .referer(false)
        .http1_only()
        .pool_max_idle_per_host(0)
        .user_agent(USER_AGENT)
        .build()
}

/// What went wrong on the way.
pub(super) fn sorted(error: reqwest::Error) -> WebhookError {
    // The url may be a secret.
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        // Writing to a string can't fail.
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    if error.is_builder() {
        GiveUpCause::Url(text).into()
    } else {
        RetryCause::Transport(text).into()
    }
}

/// Answers for any name with the addresses that were checked: so the dialled address is one of
/// them, whatever a name service says by now.
struct Pinned(Vec<SocketAddr>);

impl Resolve for Pinned {
    fn resolve(&self, _: Name) -> Resolving {
        let addresses: Addrs = Box::new(self.0.clone().into_iter());
        Box::pin(std::future::ready(Ok(addresses)))
    }
}
