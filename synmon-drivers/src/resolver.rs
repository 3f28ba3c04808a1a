//! Names as the machine resolves them.

use std::{
    collections::{BTreeSet, HashMap},
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use synmon_core::egress::{ResolveError, Resolver};
use tokio::{net::lookup_host, time::timeout};

/// How long the name service may take.
const LIMIT: Duration = Duration::from_secs(5);

/// Asks the machine's own name service.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

#[async_trait]
impl Resolver for SystemResolver {
    async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, ResolveError> {
        if let Some(answer) = reserved(host) {
            return answer;
        }
        match timeout(LIMIT, lookup_host((host, 0))).await {
            Ok(Ok(found)) => {
                let addresses: BTreeSet<IpAddr> = found.map(|address| address.ip()).collect();
                Ok(addresses.into_iter().collect())
            }
            Ok(Err(error)) => Err(sorted(&error)),
            Err(_) => Err(ResolveError::Unavailable(format!(
                "no answer within {} seconds",
                LIMIT.as_secs()
            ))),
        }
    }

    fn is_own(&self, address: IpAddr) -> bool {
        can_be_listened_at(address) && (!can_be_listened_at(NOBODYS) || leads_back(address))
    }
}

/// An address that no machine has (RFC 5737).
const NOBODYS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

/// Whether there can be a socket at the address: as a rule only at those of the machine. Nothing is
/// sent by that.
fn can_be_listened_at(address: IpAddr) -> bool {
    UdpSocket::bind((address, 0)).is_ok()
}

/// Whether the machine would send from the very address that it sends to: that tells where sockets can
/// be anywhere (`ip_nonlocal_bind`). Nothing is sent by this, either.
fn leads_back(address: IpAddr) -> bool {
    let any: IpAddr = match address {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let from = UdpSocket::bind((any, 0)).and_then(|socket| {
        socket.connect((address, 9))?;
        socket.local_addr()
    });
    from.is_ok_and(|from| from.ip() == address)
}

/// How long an answer is used again, and how many are kept.
const KEPT_FOR: Duration = Duration::from_secs(10);
const MAX_KEPT: usize = 1_024;

/// Uses answers of another resolver again for some seconds: a page asks for a hundred things of the
/// same host. Only addresses are kept, never that there are none.
pub struct CachingResolver {
    resolver: Arc<dyn Resolver>,
    known: Mutex<HashMap<String, (Vec<IpAddr>, Instant)>>,
}

impl CachingResolver {
    /// Knows nothing yet.
    #[must_use]
    pub fn new(resolver: Arc<dyn Resolver>) -> Self {
        Self { resolver, known: Mutex::default() }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, (Vec<IpAddr>, Instant)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Resolver for CachingResolver {
    async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, ResolveError> {
        if let Some((addresses, at)) = self.known().get(host)
            && at.elapsed() < KEPT_FOR
        {
            return Ok(addresses.clone());
        }
        let addresses = self.resolver.resolve(host).await?;
        let mut known = self.known();
        if known.len() >= MAX_KEPT {
            known.retain(|_, (_, at)| at.elapsed() < KEPT_FOR);
        }
        if known.len() < MAX_KEPT && !addresses.is_empty() {
            known.insert(host.to_owned(), (addresses.clone(), Instant::now()));
        }
        Ok(addresses)
    }

    fn is_own(&self, address: IpAddr) -> bool {
        self.resolver.is_own(address)
    }
}

/// Names that RFC 6761 gives a meaning of their own: no name service is asked for them.
fn reserved(host: &str) -> Option<Result<Vec<IpAddr>, ResolveError>> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let top = host.rsplit('.').next().unwrap_or_default();
    match top {
        "localhost" => {
            Some(Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)]))
        }
        "invalid" => Some(Err(ResolveError::NotFound)),
        _ => None,
    }
}

/// `getaddrinfo` has errors of its own, which the standard library passes on as text: what says
/// that it may work later is ours to retry, all else is a name without an address.
fn sorted(error: &io::Error) -> ResolveError {
    let text = error.to_string();
    let later = ["try again", "temporary failure", "system error", "memory"];
    if error.raw_os_error().is_some() || later.iter().any(|sign| contains(&text, sign)) {
        ResolveError::Unavailable(text)
    } else {
        ResolveError::NotFound
    }
}

fn contains(text: &str, sign: &str) -> bool {
    text.to_ascii_lowercase().contains(sign)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn the_machines_own_addresses_are_known() {
        let caching = CachingResolver::new(Arc::new(SystemResolver));
        for (address, own) in
            [("127.0.0.1", true), ("127.0.0.2", true), ("192.0.2.1", false), ("192.0.2.9", false)]
        {
            let address: IpAddr = address.parse().unwrap();
            assert_eq!(SystemResolver.is_own(address), own, "{address}");
            assert_eq!(caching.is_own(address), own, "{address}");
        }
        let loopback: IpAddr = Ipv4Addr::LOCALHOST.into();
        assert!(leads_back(loopback));
    }

    #[tokio::test]
    async fn reserved_names_are_answered_without_asking_anyone() {
        for host in ["localhost", "LOCALHOST.", "a.localhost"] {
            let found = SystemResolver.resolve(host).await.unwrap();
            assert!(found.iter().all(IpAddr::is_loopback), "{host}: {found:?}");
        }
        for host in ["invalid", "nowhere.invalid", "Nowhere.INVALID."] {
            assert_eq!(SystemResolver.resolve(host).await, Err(ResolveError::NotFound), "{host}");
        }
    }

    /// Knows one name, and counts how often it is asked.
    #[derive(Default)]
    struct Counting(AtomicUsize);

    #[async_trait]
    impl Resolver for Counting {
        async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, ResolveError> {
            self.0.fetch_add(1, Ordering::Relaxed);
            if host == "x.test" {
                Ok(vec![Ipv4Addr::LOCALHOST.into()])
            } else {
                Err(ResolveError::NotFound)
            }
        }
    }

    #[tokio::test]
    async fn an_answer_is_used_again_and_the_lack_of_one_is_not() {
        let asked = Arc::new(Counting::default());
        let resolver = CachingResolver::new(Arc::clone(&asked) as _);
        for _ in 0..3 {
            assert!(resolver.resolve("x.test").await.is_ok());
        }
        assert_eq!(asked.0.load(Ordering::Relaxed), 1);
        for _ in 0..2 {
            assert_eq!(resolver.resolve("y.test").await, Err(ResolveError::NotFound));
        }
        assert_eq!(asked.0.load(Ordering::Relaxed), 3);
    }

    #[tokio::test]
    async fn addresses_resolve_to_themselves() {
        let found = SystemResolver.resolve("127.0.0.2").await.unwrap();
        assert_eq!(found, [IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2))]);
    }

    #[test]
    fn a_name_service_that_is_away_is_told_apart_from_a_name_that_does_not_exist() {
        let away = io::Error::other("failed to lookup address information: Try again");
        assert!(matches!(sorted(&away), ResolveError::Unavailable(_)));
        let unknown =
            io::Error::other("failed to lookup address information: Name or service not known");
        assert_eq!(sorted(&unknown), ResolveError::NotFound);
    }
}
