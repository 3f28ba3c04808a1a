//! What came of the latest attempts to reach places.
//!
//! Browsers tell little of what a proxy answered them. Those who drive them ask here instead.

use std::{
    collections::HashMap,
    fmt,
    net::SocketAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use url::Url;

use super::limits::MAX_REMEMBERED;

/// Why nothing came from a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It must not be reached.
    Blocked(String),
    /// It could not be reached; what Chromium would have said without a proxy.
    Failed {
        /// Its code, such as `net::ERR_NAME_NOT_RESOLVED`.
        code: &'static str,
        /// The same in words.
        why: String,
    },
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blocked(why) | Self::Failed { why, .. } => f.write_str(why),
        }
    }
}

/// A host and a port.
type Place = (String, u16);

/// The latest attempts, as far as they matter: a place that was reached is in no trouble any more.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    troubles: HashMap<Place, (Trouble, Instant)>,
    latest: Option<Instant>,
    /// Where connections have led to.
    dialed: HashMap<Place, SocketAddr>,
}

impl Memory {
    /// A place was reached, at this address.
    pub(super) fn reached(&self, url: &Url, address: SocketAddr) {
        let Some(place) = place(url) else { return };
        let mut memory = self.memory();
        memory.troubles.remove(&place);
        if memory.dialed.len() >= MAX_REMEMBERED {
            memory.dialed.clear();
        }
        memory.dialed.insert(place, address);
    }

    /// A place was not reached.
    pub(super) fn troubled(&self, url: &Url, trouble: &Trouble) {
        let Some(place) = place(url) else { return };
        let mut memory = self.memory();
        let now = Instant::now();
        if memory.troubles.len() >= MAX_REMEMBERED && !memory.troubles.contains_key(&place) {
            let oldest = memory.troubles.iter().min_by_key(|(_, (_, at))| *at);
            let oldest = oldest.map(|(place, _)| place.clone());
            oldest.map(|place| memory.troubles.remove(&place));
        }
        memory.troubles.insert(place, (trouble.clone(), now));
        memory.latest = Some(now);
    }

    /// Why nothing comes from the place of this address, if that was found out since then.
    pub(super) fn trouble(&self, url: &Url, since: Instant) -> Option<Trouble> {
        let memory = self.memory();
        let (trouble, at) = memory.troubles.get(&place(url)?)?;
        (*at >= since).then(|| trouble.clone())
    }

    /// Whether there was any trouble since then.
    pub(super) fn any_since(&self, since: Instant) -> bool {
        self.memory().latest.is_some_and(|latest| latest >= since)
    }

    /// Where the latest connection to the place of this address has led to.
    pub(super) fn address(&self, url: &Url) -> Option<SocketAddr> {
        self.memory().dialed.get(&place(url)?).copied()
    }

    fn memory(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn place(url: &Url) -> Option<Place> {
    // `ws` and `wss` are those of `http` and `https`.
    Some((url.host_str()?.to_owned(), url.port_or_known_default()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn blocked() -> Trouble {
        Trouble::Blocked("it is private".to_owned())
    }

    #[test]
    fn trouble_is_remembered_by_host_and_port_until_the_place_is_reached() {
        let memory = Memory::default();
        let begun = Instant::now();
        assert!(!memory.any_since(begun));
        memory.troubled(&url("https://x.test/a"), &blocked());
        assert!(memory.any_since(begun));
        for (asked, known) in [
            ("https://x.test/b", true),
            ("wss://x.test/", true),
            ("http://x.test/", false),
            ("https://y.test/", false),
        ] {
            assert_eq!(memory.trouble(&url(asked), begun).is_some(), known, "{asked}");
        }
        let address = "192.0.2.1:443".parse().unwrap();
        memory.reached(&url("https://x.test/"), address);
        assert_eq!(memory.trouble(&url("https://x.test/a"), begun), None);
        assert_eq!(memory.address(&url("https://x.test/a")), Some(address));
    }

    #[test]
    fn what_was_found_out_before_is_no_answer() {
        let memory = Memory::default();
        memory.troubled(&url("http://x.test/"), &blocked());
        let later = Instant::now() + std::time::Duration::from_secs(1);
        assert_eq!(memory.trouble(&url("http://x.test/"), later), None);
        assert!(!memory.any_since(later));
    }

    #[test]
    fn the_oldest_is_forgotten_when_there_is_too_much() {
        let memory = Memory::default();
        let begun = Instant::now();
        for number in 0..=MAX_REMEMBERED {
            memory.troubled(&url(&format!("http://x{number}.test/")), &blocked());
        }
        assert_eq!(memory.trouble(&url("http://x0.test/"), begun), None);
        assert!(memory.trouble(&url("http://x1.test/"), begun).is_some());
        assert_eq!(memory.memory().troubles.len(), MAX_REMEMBERED);
    }
}
