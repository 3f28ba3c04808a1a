//! The egress guard: the one way by which browsers reach the network.
//!
//! A forward proxy of our own. For each request it asks the policy, which resolves the name and
//! judges the addresses, and it dials just what was judged: a name whose addresses change meanwhile
//! leads nowhere else. Browsers are told to send everything through it, loopback included, and to
//! resolve nothing themselves; a proof at their first start shows that they do.
//!
//! A request that the policy refuses is answered with 403 and the reason. One that can't be carried
//! out gets no answer, as it would without us; the reason is kept in [`memory`], so that a run says
//! what it would say without a proxy.

mod browser;
mod dial;
mod distant;
mod exchange;
mod headers;
mod limits;
mod memory;
mod proof;
mod proxy;
mod session;
mod told;
mod tunnel;
mod upstream;
mod witness;

pub use browser::GuardedBrowser;
pub use distant::DistantGuard;
pub use proxy::EgressGuard;
