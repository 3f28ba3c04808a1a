//! From an address to a connection: judged, then dialed, and nothing in between.

use std::{io, net::SocketAddr, sync::Arc, time::Instant};

use synmon_core::egress::{EgressError, EgressPolicy};
use tokio::{net::TcpStream, sync::watch, time::timeout};
use url::Url;

use super::{
    limits::{CONNECT_LAST, CONNECT_NEXT, MAX_ADDRESSES, RESOLVE},
    memory::{Memory, Trouble},
};

/// What all connections share.
pub(super) struct Shared {
    pub(super) policy: EgressPolicy,
    pub(super) memory: Arc<Memory>,
    /// Where the guard itself listens.
    pub(super) own: SocketAddr,
    /// When it began to.
    pub(super) begun: Instant,
    /// Its other end is the guard's: it closes when the guard ends.
    pub(super) alive: watch::Receiver<()>,
}

impl Shared {
    /// The addresses that may be dialed for this one: just those that the policy has judged.
    pub(super) async fn checked(&self, url: &Url) -> Result<Vec<SocketAddr>, Trouble> {
        let unresolved = |why: String| Trouble::Failed { code: "net::ERR_NAME_NOT_RESOLVED", why };
        let addresses = match timeout(RESOLVE, self.policy.resolve_checked(url)).await {
            Ok(Ok(addresses)) => addresses,
            Ok(Err(error @ EgressError::Unresolved { .. })) => {
                return Err(unresolved(error.to_string()));
            }
            Ok(Err(error)) => return Err(Trouble::Blocked(error.to_string())),
            Err(_) => {
                let host = url.host_str().unwrap_or_default();
                return Err(unresolved(format!("{host} did not resolve within {RESOLVE:?}")));
            }
        };
        match addresses.iter().find(|address| self.is_ours(**address)) {
            Some(address) => Err(blocked_as_ours(*address)),
            None => Ok(addresses),
        }
    }

    /// Connects to one of these addresses, each tried in turn.
    pub(super) async fn dial(&self, addresses: &[SocketAddr]) -> Result<TcpStream, Trouble> {
        let mut failed = no_address();
        let most = addresses.len().min(MAX_ADDRESSES);
        for (tried, address) in addresses.iter().take(most).enumerate() {
            let limit = if tried + 1 == most { CONNECT_LAST } else { CONNECT_NEXT };
            match timeout(limit, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return self.not_ourselves(stream),
                Ok(Err(error)) => failed = connecting(*address, &error),
                Err(_) => {
                    let why = format!("{address} did not answer within {limit:?}");
                    failed = Trouble::Failed { code: "net::ERR_CONNECTION_TIMED_OUT", why };
                }
            }
        }
        Err(failed)
    }

    /// Whether this leads to the guard: it may listen elsewhere than on loopback.
    fn is_ours(&self, address: SocketAddr) -> bool {
        address == self.own
    }

    /// A guard that listens for other machines has more addresses than it knows of.
    fn not_ourselves(&self, stream: TcpStream) -> Result<TcpStream, Trouble> {
        let (here, there) = match (stream.local_addr(), stream.peer_addr()) {
            (Ok(here), Ok(there)) => (here, there),
            (Err(error), _) | (_, Err(error)) => return Err(connecting(self.own, &error)),
        };
        if there.port() == self.own.port() && there.ip() == here.ip() {
            return Err(blocked_as_ours(there));
        }
        // Without it, small requests wait for one another.
        stream.set_nodelay(true).map_err(|error| connecting(there, &error))?;
        Ok(stream)
    }
}

fn blocked_as_ours(address: SocketAddr) -> Trouble {
    Trouble::Blocked(EgressError::Machinery(address).to_string())
}

fn no_address() -> Trouble {
    let why = "the name has no address".to_owned();
    Trouble::Failed { code: "net::ERR_NAME_NOT_RESOLVED", why }
}

/// A failed connection in Chromium's words.
fn connecting(address: SocketAddr, error: &io::Error) -> Trouble {
    let code = match error.kind() {
        io::ErrorKind::ConnectionRefused => "net::ERR_CONNECTION_REFUSED",
        io::ErrorKind::ConnectionReset => "net::ERR_CONNECTION_RESET",
        io::ErrorKind::TimedOut => "net::ERR_CONNECTION_TIMED_OUT",
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            "net::ERR_ADDRESS_UNREACHABLE"
        }
        _ => "net::ERR_CONNECTION_FAILED",
    };
    Trouble::Failed { code, why: format!("{address}: {error}") }
}
