//! Where a flow may go: which addresses are public, and what the operator allowed besides.

mod closed_ports;

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
    sync::Arc,
};

use async_trait::async_trait;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use url::{Host, Url};

pub use closed_ports::{ClosedPort, ClosedPorts};

/// Turns names into addresses.
#[async_trait]
pub trait Resolver: Send + Sync {
    /// All addresses of a host name.
    async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, ResolveError>;

    /// Whether the address is one of this machine's own: what is sent there does not leave it, and
    /// comes to what it lets nobody outside reach, however public the address is.
    fn is_own(&self, _address: IpAddr) -> bool {
        false
    }
}

/// Why a name has no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// There is no such name.
    #[error("the name does not exist")]
    NotFound,
    /// The name service did not answer.
    #[error("the name service did not answer: {0}")]
    Unavailable(String),
}

/// What the operator lets flows reach besides public addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EgressAllowList {
    hosts: Vec<HostRule>,
    networks: Vec<IpNet>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct HostRule {
    host: String,
    port: Option<u16>,
}

/// An entry of the list that is neither a host nor a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "“{0}” is neither a host name, nor host:port, nor an address, nor a network such as 10.0.0.0/8"
)]
pub struct EgressAllowListError(String);

impl EgressAllowList {
    /// Also allows one port of one host.
    #[must_use]
    pub fn and_host(mut self, host: &str, port: u16) -> Self {
        self.hosts.push(HostRule { host: canonical(host), port: Some(port) });
        self
    }

    fn allows_host(&self, host: &str, port: Option<u16>) -> bool {
        self.hosts
            .iter()
            .any(|rule| rule.host == host && rule.port.is_none_or(|only| port == Some(only)))
    }

    fn allows_address(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&address))
    }
}

impl FromStr for EgressAllowList {
    type Err = EgressAllowListError;

    /// Reads hosts, `host:port`, addresses and networks, separated by commas.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut list = Self::default();
        for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            if let Ok(network) = item.parse::<IpNet>() {
                list.networks.push(network);
            } else if let Ok(address) = item.trim_matches(['[', ']']).parse::<IpAddr>() {
                list.networks.push(IpNet::from(address));
            } else {
                list.hosts.push(host_rule(item)?);
            }
        }
        Ok(list)
    }
}

fn host_rule(item: &str) -> Result<HostRule, EgressAllowListError> {
    let error = || EgressAllowListError(item.chars().take(80).collect());
    let url = Url::parse(&format!("http://{item}/")).map_err(|_| error())?;
    let bare = url.path() == "/" && url.query().is_none() && url.username().is_empty();
    let host = url.host_str().filter(|_| bare && !item.contains('/')).ok_or_else(error)?;
    let port = item.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
    Ok(HostRule { host: canonical(host), port })
}

/// The rule about where flows may go.
#[derive(Clone)]
pub struct EgressPolicy {
    allowed: EgressAllowList,
    resolver: Arc<dyn Resolver>,
    closed: ClosedPorts,
}

/// Why an address is not opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EgressError {
    /// The scheme is not one that is opened.
    #[error("the scheme {0} is not opened: only http and https are")]
    Scheme(String),
    /// The host is, or resolves to, an address that flows must not reach.
    #[error(
        "{host} is at {address}, a {kind} address; the operator can allow it by \
         SYNMON_EGRESS_ALLOW"
    )]
    Forbidden {
        /// The host in the address.
        host: String,
        /// What it resolves to.
        address: IpAddr,
        /// Which kind of address that is.
        kind: &'static str,
    },
    /// It leads to the machinery, which the operator can't allow.
    #[error("{0} belongs to synmon itself, which no page may reach")]
    Machinery(SocketAddr),
    /// The name does not resolve.
    #[error("{host}: {why}")]
    Unresolved {
        /// The host in the address.
        host: String,
        /// What the name service said.
        why: ResolveError,
    },
}

impl EgressPolicy {
    /// A policy with what the operator allowed.
    #[must_use]
    pub fn new(allowed: EgressAllowList, resolver: Arc<dyn Resolver>) -> Self {
        Self { allowed, resolver, closed: ClosedPorts::default() }
    }

    /// The same policy, with the same closed ports, asking somebody else for names.
    #[must_use]
    pub fn asking(&self, resolver: Arc<dyn Resolver>) -> Self {
        Self { resolver, ..self.clone() }
    }

    /// The ports that are opened in no case, by whoever has this policy or a copy of it.
    #[must_use]
    pub fn closed_ports(&self) -> &ClosedPorts {
        &self.closed
    }

    /// Whether a flow may open this address now. Every address that the host has must be allowed.
    pub async fn check(&self, url: &Url) -> Result<(), EgressError> {
        let target = Target::of(url)?;
        match target.literal {
            // The addresses of a name that is allowed are looked at when they are dialled.
            None if self.allows(&target) => Ok(()),
            _ => self.opened(&target).await.map(|_| ()),
        }
    }

    /// Where to connect to for this address, for those who dial themselves: exactly what was
    /// checked, so that a name whose addresses change meanwhile leads nowhere else.
    pub async fn resolve_checked(&self, url: &Url) -> Result<Vec<SocketAddr>, EgressError> {
        self.opened(&Target::of(url)?).await
    }

    /// Where the target is, if nothing there is forbidden or closed.
    async fn opened(&self, target: &Target) -> Result<Vec<SocketAddr>, EgressError> {
        let addresses = if self.allows(target) {
            self.addresses(target).await?
        } else {
            self.checked(target).await?
        };
        let port = target.port;
        let opened: Vec<_> =
            addresses.into_iter().map(|address| SocketAddr::new(address, port)).collect();
        match opened.iter().find(|address| self.closed.hold(**address)) {
            Some(closed) => Err(EgressError::Machinery(*closed)),
            None => Ok(opened),
        }
    }

    /// Whether the operator allowed the host by its name.
    fn allows(&self, target: &Target) -> bool {
        self.allowed.allows_host(&target.host, Some(target.port))
    }

    async fn checked(&self, target: &Target) -> Result<Vec<IpAddr>, EgressError> {
        let addresses = self.addresses(target).await?;
        addresses.iter().try_for_each(|address| self.check_address(&target.host, *address))?;
        Ok(addresses)
    }

    /// All addresses of the host, at least one.
    async fn addresses(&self, target: &Target) -> Result<Vec<IpAddr>, EgressError> {
        let host = target.host.as_str();
        if let Some(address) = target.literal {
            return Ok(vec![address]);
        }
        // RFC 6761, section 6.3: these names are loopback, whatever a name service says. One
        // allowed loopback address stands for both families.
        if host == "localhost" || host.ends_with(".localhost") {
            let loopback = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
            let allowed = loopback.map(|address| self.allowed.allows_address(address));
            return Ok(match allowed {
                [true, false] => vec![loopback[0]],
                [false, true] => vec![loopback[1]],
                _ => loopback.to_vec(),
            });
        }
        let unresolved = |why| EgressError::Unresolved { host: host.to_owned(), why };
        let addresses = self.resolver.resolve(host).await.map_err(unresolved)?;
        if addresses.is_empty() { Err(unresolved(ResolveError::NotFound)) } else { Ok(addresses) }
    }

    fn check_address(&self, host: &str, address: IpAddr) -> Result<(), EgressError> {
        if self.allowed.allows_address(address) {
            return Ok(());
        }
        // An IPv4 address in IPv6 clothes is judged, and allowed, as what it is.
        let inner = embedded_v4(address);
        if inner.is_some_and(|inner| self.allowed.allows_address(inner)) {
            return Ok(());
        }
        let own = |address| self.resolver.is_own(address).then_some(OWN);
        let kind = |address| forbidden_kind(address).or_else(|| own(address));
        match kind(address).or_else(|| inner.and_then(kind)) {
            Some(kind) => Err(EgressError::Forbidden { host: host.to_owned(), address, kind }),
            None => Ok(()),
        }
    }
}

/// What an address leads to.
struct Target {
    host: String,
    /// The address, if the host is one.
    literal: Option<IpAddr>,
    port: u16,
}

impl Target {
    fn of(url: &Url) -> Result<Self, EgressError> {
        let refused = || EgressError::Scheme(url.scheme().to_owned());
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refused());
        }
        let (host, literal) = match url.host().ok_or_else(refused)? {
            Host::Domain(name) => (canonical(name), None),
            Host::Ipv4(address) => (address.to_string(), Some(IpAddr::V4(address))),
            Host::Ipv6(address) => (address.to_string(), Some(IpAddr::V6(address))),
        };
        let port = url.port_or_known_default().ok_or_else(refused)?;
        Ok(Self { host, literal, port })
    }
}

/// Lower case and without the root's dot: `LOCALHOST.` is `localhost`.
fn canonical(host: &str) -> String {
    host.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase()
}

/// The kind of an address that is public, and this machine's.
const OWN: &str = "this-machine";

/// The special-purpose registries of IANA (RFC 6890 and its updates), as far as they are not
/// globally reachable, and what tunnels to them.
const FORBIDDEN_V4: [(&str, &str); 17] = [
    ("0.0.0.0/8", "this-network"),
    ("10.0.0.0/8", "private"),
    ("100.64.0.0/10", "carrier-grade NAT"),
    ("127.0.0.0/8", "loopback"),
    // The host that Azure gives its machines: it looks public, and is theirs alone.
    ("168.63.129.16/32", "metadata"),
    ("169.254.0.0/16", "link-local"),
    ("172.16.0.0/12", "private"),
    ("192.0.0.0/24", "protocol-assignment"),
    ("192.0.2.0/24", "documentation"),
    ("192.88.99.0/24", "6to4-relay"),
    ("192.168.0.0/16", "private"),
    ("198.18.0.0/15", "benchmarking"),
    ("198.51.100.0/24", "documentation"),
    ("203.0.113.0/24", "documentation"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved"),
    ("255.255.255.255/32", "broadcast"),
];
/// Of IPv6 (RFC 4291, section 2.4) only what is in [`GLOBAL_V6`] can be public.
const FORBIDDEN_V6: [(&str, &str); 13] = [
    ("::/128", "unspecified"),
    ("::1/128", "loopback"),
    ("64:ff9b:1::/48", "local-translation"),
    ("100::/64", "discard-only"),
    ("2001::/23", "protocol-assignment"),
    ("2001:db8::/32", "documentation"),
    ("2002::/16", "6to4"),
    ("3fff::/20", "documentation"),
    ("5f00::/16", "segment-routing"),
    ("fc00::/7", "unique-local"),
    ("fe80::/10", "link-local"),
    ("fec0::/10", "site-local"),
    ("ff00::/8", "multicast"),
];
/// What IANA gives out as global unicast addresses.
const GLOBAL_V6: &str = "2000::/3";

fn forbidden_kind(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => FORBIDDEN_V4
            .iter()
            .find(|(net, _)| net.parse().is_ok_and(|net: Ipv4Net| net.contains(&address)))
            .map(|(_, kind)| *kind),
        IpAddr::V6(v6) => {
            let holds = |net: &str| net.parse().is_ok_and(|net: Ipv6Net| net.contains(&v6));
            let special = FORBIDDEN_V6.iter().find(|(net, _)| holds(net)).map(|(_, kind)| *kind);
            // One that stands for an IPv4 address is judged as that.
            let is_global = holds(GLOBAL_V6) || embedded_v4(address).is_some();
            special.or((!is_global).then_some("unallocated"))
        }
    }
}

/// The IPv4 address that an IPv6 address leads to: mapped (RFC 4291), compatible (deprecated),
/// NAT64 (RFC 6052) and 6to4 (RFC 3056).
fn embedded_v4(address: IpAddr) -> Option<IpAddr> {
    let IpAddr::V6(address) = address else {
        return None;
    };
    let s = address.segments();
    let tail = || Ipv4Addr::from(u32::from(s[6]) << 16 | u32::from(s[7]));
    let inner = match s {
        [0, 0, 0, 0, 0, 0 | 0xffff, _, _] | [0x0064, 0xff9b, 0, 0, 0, 0, _, _] => tail(),
        [0x2002, high, low, ..] => Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)),
        _ => return None,
    };
    Some(IpAddr::V4(inner))
}

#[cfg(test)]
mod tests {
    use synmon_testkit::addresses::{LOOPBACK, NOT_PUBLIC};

    use super::*;

    struct Names(Vec<(&'static str, Vec<&'static str>)>);

    #[async_trait]
    impl Resolver for Names {
        async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, ResolveError> {
            self.0
                .iter()
                .find(|(name, _)| *name == host)
                .map(|(_, addresses)| addresses.iter().map(|a| a.parse().unwrap()).collect())
                .ok_or(ResolveError::NotFound)
        }

        fn is_own(&self, address: IpAddr) -> bool {
            address == IpAddr::from([93, 184, 216, 35])
        }
    }

    fn policy(allowed: &str) -> EgressPolicy {
        let names = Names(vec![
            ("public.example", vec!["93.184.216.34"]),
            ("intranet.example", vec!["10.1.2.3"]),
            ("mixed.example", vec!["93.184.216.34", "127.0.0.1"]),
            ("own.example", vec!["93.184.216.34", "93.184.216.35"]),
        ]);
        EgressPolicy::new(allowed.parse().unwrap(), Arc::new(names))
    }

    async fn check(allowed: &str, url: &str) -> Result<(), EgressError> {
        policy(allowed).check(&Url::parse(url).unwrap()).await
    }

    #[tokio::test]
    async fn public_addresses_are_open() {
        for url in ["http://public.example/", "https://8.8.8.8/", "https://[2606:4700::1111]/"] {
            assert_eq!(check("", url).await, Ok(()), "{url}");
        }
    }

    #[tokio::test]
    async fn every_spelling_of_a_forbidden_address_is_refused() {
        let others = ["①②⑦.0.0.1", "intranet.example", "mixed.example"];
        for host in LOOPBACK.into_iter().chain(NOT_PUBLIC).chain(others) {
            let answer = check("", &format!("http://{host}/")).await;
            assert!(matches!(answer, Err(EgressError::Forbidden { .. })), "{host}: {answer:?}");
        }
    }

    #[tokio::test]
    async fn the_operator_can_allow_hosts_ports_and_networks() {
        assert_eq!(check("127.0.0.0/8", "http://127.0.0.9:81/").await, Ok(()));
        assert_eq!(check("127.0.0.1", "http://localhost:81/").await, Ok(()));
        assert_eq!(check("::1", "http://localhost:81/").await, Ok(()));
        assert_eq!(check("10.0.0.0/8, localhost", "http://localhost/").await, Ok(()));
        assert_eq!(check("Intranet.Example", "http://intranet.example/").await, Ok(()));
        assert_eq!(check("127.0.0.1:81", "http://127.0.0.1:81/").await, Ok(()));
        assert!(check("127.0.0.1:81", "http://127.0.0.1:82/").await.is_err());
        assert!(check("127.0.0.1", "http://127.0.0.2/").await.is_err());
        assert!(check("10.0.0.0/8", "http://mixed.example/").await.is_err());
    }

    #[tokio::test]
    async fn this_machines_own_addresses_are_not_public() {
        for host in ["own.example", "93.184.216.35", "[::ffff:93.184.216.35]"] {
            let url = format!("http://{host}:8080/");
            let answer = check("", &url).await;
            let why = answer.unwrap_err().to_string();
            assert!(why.contains("93.184.216.35, a this-machine address"), "{why}");
            assert_eq!(check("93.184.216.35", &url).await, Ok(()), "{host}");
        }
        assert_eq!(check("own.example:81", "http://own.example:81/").await, Ok(()));
        assert!(check("own.example:81", "http://own.example:82/").await.is_err());
    }

    #[tokio::test]
    async fn a_closed_port_is_opened_for_nobody() {
        let policy = policy("127.0.0.0/8, localhost, own.example");
        let copy = policy.clone().asking(Arc::new(Names(vec![("x.example", vec!["127.0.0.1"])])));
        let closed = policy.closed_ports().close(81);
        for (policy, host) in [
            (&policy, "127.0.0.1"),
            (&policy, "localhost"),
            (&copy, "127.9.9.9"),
            (&copy, "x.example"),
        ] {
            let (here, beside) = (format!("http://{host}:81/"), format!("http://{host}:82/"));
            let at = |url: &str| Url::parse(url).unwrap();
            let answer = policy.resolve_checked(&at(&here)).await;
            assert!(matches!(answer, Err(EgressError::Machinery(_))), "{host}: {answer:?}");
            assert!(policy.resolve_checked(&at(&beside)).await.is_ok(), "{host}");
        }
        drop(closed);
        assert!(policy.resolve_checked(&Url::parse("http://127.0.0.1:81/").unwrap()).await.is_ok());
    }

    #[tokio::test]
    async fn a_name_that_does_not_resolve_is_told_apart_from_a_forbidden_one() {
        let answer = check("", "http://nowhere.example/").await;
        assert!(matches!(answer, Err(EgressError::Unresolved { .. })), "{answer:?}");
    }

    #[tokio::test]
    async fn who_dials_gets_the_checked_addresses_and_no_other() {
        for (allowed, url, expected) in [
            ("", "http://public.example/", Some("93.184.216.34:80")),
            ("", "https://Public.Example./", Some("93.184.216.34:443")),
            ("", "https://8.8.8.8:81/", Some("8.8.8.8:81")),
            ("", "https://[2606:4700::1111]/", Some("[2606:4700::1111]:443")),
            ("", "http://intranet.example/", None),
            ("", "http://mixed.example/", None),
            ("", "http://localhost/", None),
            ("", "http://nowhere.example/", None),
            ("", "ftp://public.example/", None),
            ("10.0.0.0/8", "http://intranet.example/", Some("10.1.2.3:80")),
            ("intranet.example:81", "http://intranet.example:81/", Some("10.1.2.3:81")),
            ("intranet.example:81", "http://intranet.example:82/", None),
            ("nowhere.example", "http://nowhere.example/", None),
            ("127.0.0.1", "http://localhost:81/", Some("127.0.0.1:81")),
            ("::1", "http://a.localhost:81/", Some("[::1]:81")),
            ("localhost", "http://localhost/", Some("127.0.0.1:80 [::1]:80")),
            ("127.0.0.0/8, ::1", "http://localhost/", Some("127.0.0.1:80 [::1]:80")),
        ] {
            let url = Url::parse(url).unwrap();
            let found = policy(allowed).resolve_checked(&url).await.ok().map(|found| {
                let texts: Vec<_> = found.iter().map(ToString::to_string).collect();
                texts.join(" ")
            });
            assert_eq!(found.as_deref(), expected, "{allowed} {url}");
        }
    }

    #[test]
    fn nonsense_in_the_list_is_refused() {
        for text in ["10.0.0.0/40", "http://x/", "a b", "user@host", "x/y"] {
            assert!(text.parse::<EgressAllowList>().is_err(), "{text}");
        }
    }
}
