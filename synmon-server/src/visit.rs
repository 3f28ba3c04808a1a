//! One request: where it came from, and what was found out about who asks.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
    str::FromStr,
    sync::{Arc, OnceLock},
};

use ipnet::IpNet;
use poem::{
    Request,
    http::{HeaderMap, header},
};
use synmon_core::{OwnerId, store::SeenFrom};
use uuid::Uuid;

use crate::{accounts::Caller, api::Operation};

/// More is not kept of what a client calls itself.
const MAX_USER_AGENT_CHARS: usize = 200;
/// More proxies in a row are not asked for.
const MAX_HOPS: usize = 20;

/// The reverse proxies whose word is taken for where a request came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

/// A list that names something else than addresses and networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a comma-separated list of addresses or networks such as 10.0.0.0/8")]
pub struct NoNetwork;

impl FromStr for TrustedProxies {
    type Err = NoNetwork;

    fn from_str(list: &str) -> Result<Self, NoNetwork> {
        let parts = list.split(',').map(str::trim).filter(|part| !part.is_empty());
        let network = |part: &str| {
            let network = part.parse().or_else(|_| part.parse::<IpAddr>().map(IpNet::from));
            network.map_err(|_| NoNetwork)
        };
        parts.map(network).collect::<Result<_, _>>().map(Self)
    }
}

impl TrustedProxies {
    fn trust(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Where a request comes from that `peer` has sent: each trusted proxy says who sent it there,
    /// so the last one that is not trusted is it. What that one says of others is worth nothing.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let values = headers.get_all("x-forwarded-for").iter().rev();
        // Of the bytes: one that is no text takes nothing from what is written beside it.
        let hops = values.flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b','));
        for hop in hops.take(MAX_HOPS) {
            if !self.trust(client) {
                break;
            }
            let Some(before) = address_of(hop) else { break };
            client = before;
        }
        client
    }
}

/// The address of a hop, which some proxies write with a port.
fn address_of(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?.trim();
    let address = hop.parse().ok().or_else(|| {
        let with_port = hop.parse::<std::net::SocketAddr>().ok().map(|it| it.ip());
        with_port.or_else(|| hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok())
    })?;
    Some(IpAddr::to_canonical(&address))
}

/// One request.
#[derive(Debug)]
pub struct Visit {
    /// Where it came from.
    pub address: IpAddr,
    /// What the client calls itself.
    pub user_agent: String,
    pub(crate) operation: Option<Arc<Operation>>,
    caller: OnceLock<Caller>,
    account: OnceLock<OwnerId>,
    email: OnceLock<Masked>,
    fields: OnceLock<Vec<String>>,
    admitted: OnceLock<Caller>,
    to_make: OnceLock<Uuid>,
    answered_before: OnceLock<()>,
}

impl Visit {
    pub(crate) fn of(
        request: &Request,
        proxies: &TrustedProxies,
        operation: Option<Arc<Operation>>,
    ) -> Self {
        let peer = request.remote_addr().as_socket_addr().map(std::net::SocketAddr::ip);
        let peer = peer.unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED));
        let agent = request.headers().get(header::USER_AGENT).and_then(|it| it.to_str().ok());
        let agent = agent.unwrap_or_default().chars().filter(|c| !c.is_control());
        Self {
            address: proxies.client(peer, request.headers()),
            user_agent: agent.take(MAX_USER_AGENT_CHARS).collect(),
            operation,
            caller: OnceLock::new(),
            account: OnceLock::new(),
            email: OnceLock::new(),
            fields: OnceLock::new(),
            admitted: OnceLock::new(),
            to_make: OnceLock::new(),
            answered_before: OnceLock::new(),
        }
    }

    /// Where it came from, to be kept.
    #[must_use]
    pub fn seen(&self) -> SeenFrom {
        SeenFrom { address: self.address, user_agent: self.user_agent.clone() }
    }

    /// It has proved to be of somebody.
    pub(crate) fn is_by(&self, caller: Caller) {
        self.is_about(caller.owner);
        // There is one guard at each operation.
        let _ = self.caller.set(caller);
    }

    /// It concerns an account, whoever asks.
    pub(crate) fn is_about(&self, account: OwnerId) {
        // The first one stays.
        let _ = self.account.set(account);
    }

    /// It names an e-mail address.
    pub(crate) fn names(&self, email: &str) {
        // The first one stays.
        let _ = self.email.set(Masked::of(email));
    }

    /// Its body has these fields.
    pub(crate) fn has_fields(&self, fields: Vec<String>) {
        // There is one body.
        let _ = self.fields.set(fields);
    }

    /// Its caller may do what he asks for: he was let in before it came to its operation.
    pub(crate) fn is_admitted(&self, caller: Caller) {
        let _ = self.admitted.set(caller);
    }

    /// What it makes is to have this id; it may be there already, because an earlier try has made it.
    pub(crate) fn is_to_make(&self, thing: Uuid) {
        let _ = self.to_make.set(thing);
    }

    /// It is the repetition of one that was answered: nothing is done.
    pub(crate) fn was_answered_before(&self) {
        let _ = self.answered_before.set(());
    }

    pub(crate) fn admitted(&self) -> Option<Caller> {
        self.admitted.get().copied()
    }

    pub(crate) fn to_make(&self) -> Option<Uuid> {
        self.to_make.get().copied()
    }

    pub(crate) fn is_repeated(&self) -> bool {
        self.answered_before.get().is_some()
    }

    pub(crate) fn caller(&self) -> Option<Caller> {
        self.caller.get().copied()
    }

    pub(crate) fn account(&self) -> Option<OwnerId> {
        self.account.get().copied()
    }

    pub(crate) fn email(&self) -> Option<&Masked> {
        self.email.get()
    }

    pub(crate) fn fields(&self) -> &[String] {
        self.fields.get().map_or(&[], Vec::as_slice)
    }
}

/// The network that counts as one client: of IPv6, whoever has an address has 2^64 of them.
#[must_use]
pub fn network_of(address: IpAddr) -> Vec<u8> {
    match address.to_canonical() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets()[..8].to_vec(),
    }
}

/// An e-mail address as logs may have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Masked(String);

impl Masked {
    /// The first letter and the domain are left.
    #[must_use]
    pub fn of(email: &str) -> Self {
        let shown = |text: &str, most: usize| -> String {
            text.chars().filter(|c| !c.is_control()).take(most).collect()
        };
        Self(match email.trim().rsplit_once('@') {
            Some((local, domain)) => format!("{}…@{}", shown(local, 1), shown(domain, 100)),
            None => "…".to_owned(),
        })
    }
}

impl fmt::Display for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;

    use super::*;

    fn client(trusted: &str, peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let proxies: TrustedProxies = trusted.parse().unwrap();
        proxies.client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn the_last_hop_that_is_not_trusted_is_the_client() {
        let ours = "10.0.0.0/8, 127.0.0.1,2001:db8::/32";
        for (peer, forwarded, expected) in [
            ("192.0.2.1", vec!["198.51.100.7"], "192.0.2.1"),
            ("127.0.0.1", vec!["198.51.100.7"], "198.51.100.7"),
            ("127.0.0.1", vec![], "127.0.0.1"),
            ("127.0.0.1", vec!["1.2.3.4, 198.51.100.7"], "198.51.100.7"),
            ("127.0.0.1", vec!["198.51.100.7, 10.1.2.3"], "198.51.100.7"),
            ("127.0.0.1", vec!["1.1.1.1", "198.51.100.7", "10.1.2.3 ,10.9.9.9"], "198.51.100.7"),
            ("127.0.0.1", vec!["10.1.2.3"], "10.1.2.3"),
            ("::ffff:10.0.0.1", vec!["::ffff:198.51.100.7"], "198.51.100.7"),
            ("2001:db8::1", vec!["2001:dead::5"], "2001:dead::5"),
            ("127.0.0.1", vec!["198.51.100.7:4711"], "198.51.100.7"),
            ("127.0.0.1", vec!["[2001:dead::5]:4711"], "2001:dead::5"),
            ("127.0.0.1", vec!["[2001:dead::5]"], "2001:dead::5"),
            ("127.0.0.1", vec!["198.51.100.7, unknown"], "127.0.0.1"),
            ("127.0.0.1", vec!["198.51.100.7, unknown, 10.1.2.3"], "10.1.2.3"),
            ("127.0.0.1", vec![""], "127.0.0.1"),
            ("127.0.0.1", vec!["\u{e4}, 198.51.100.7"], "198.51.100.7"),
            ("127.0.0.1", vec!["1.1.1.1", "\u{e4},198.51.100.7, 10.1.2.3"], "198.51.100.7"),
            ("127.0.0.1", vec!["198.51.100.7, \u{e4}"], "127.0.0.1"),
        ] {
            assert_eq!(client(ours, peer, &forwarded), expected, "{peer} {forwarded:?}");
        }
        assert_eq!(client("", "127.0.0.1", &["198.51.100.7"]), "127.0.0.1");
    }

    #[test]
    fn a_list_of_proxies_has_addresses_and_networks() {
        for good in ["", "10.0.0.0/8", "::1", "10.0.0.1 , fd00::/8,"] {
            assert!(good.parse::<TrustedProxies>().is_ok(), "{good}");
        }
        for bad in ["localhost", "10.0.0.0/33", "*", "10.0.0.1;::1"] {
            assert!(bad.parse::<TrustedProxies>().is_err(), "{bad}");
        }
    }

    #[test]
    fn one_network_of_ipv6_is_one_client() {
        let network = |address: &str| network_of(address.parse().unwrap());
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff::9"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
    }

    #[test]
    fn a_masked_address_shows_its_first_letter_and_its_domain() {
        for (email, shown) in [
            ("ann@example.test", "a…@example.test"),
            (" Ünï@site.example ", "Ü…@site.example"),
            ("@x", "…@x"),
            ("a password", "…"),
            ("a@b\r\nx", "a…@bx"),
        ] {
            assert_eq!(Masked::of(email).to_string(), shown);
        }
    }
}
