//! Ports of this machine that no page may reach, whatever else is allowed.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Loopback ports that belong to the machinery: those of drivers, of debuggers, of the egress guard
/// itself. An operator may allow loopback for a site there; these stay closed.
#[derive(Clone, Debug, Default)]
pub struct ClosedPorts(Arc<Mutex<HashMap<u16, usize>>>);

/// A port that is closed as long as this lives.
#[derive(Debug)]
pub struct ClosedPort {
    ports: ClosedPorts,
    port: u16,
}

impl ClosedPorts {
    /// Closes a port.
    #[must_use]
    pub fn close(&self, port: u16) -> ClosedPort {
        *self.ports().entry(port).or_default() += 1;
        ClosedPort { ports: self.clone(), port }
    }

    /// Whether nothing is to be sent there.
    #[must_use]
    pub fn hold(&self, address: SocketAddr) -> bool {
        is_loopback(address.ip()) && self.ports().contains_key(&address.port())
    }

    fn ports(&self) -> MutexGuard<'_, HashMap<u16, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ClosedPort {
    fn drop(&mut self) {
        let mut ports = self.ports.ports();
        if let Some(count) = ports.get_mut(&self.port) {
            *count -= 1;
            if *count == 0 {
                ports.remove(&self.port);
            }
        }
    }
}

/// Whether it leads back to this machine. Nothing listens at the unspecified address, but Linux
/// connects it to loopback.
fn is_loopback(ip: IpAddr) -> bool {
    let ip = ip.to_canonical();
    ip.is_loopback() || ip.is_unspecified()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_closed_on_loopback_for_as_long_as_anybody_wants_it() {
        let ports = ClosedPorts::default();
        let hold = |text: &str| ports.hold(text.parse().unwrap());
        let (first, second) = (ports.close(81), ports.close(81));
        for address in ["127.0.0.1:81", "127.9.9.9:81", "[::1]:81", "0.0.0.0:81", "[::]:81"] {
            assert!(hold(address), "{address}");
        }
        assert!(hold("[::ffff:127.0.0.1]:81"));
        assert!(!hold("127.0.0.1:82") && !hold("10.0.0.1:81"));
        drop(first);
        assert!(hold("127.0.0.1:81"));
        drop(second);
        assert!(!hold("127.0.0.1:81"));
    }
}
