//! Names with addresses that the test gives them.

use std::{collections::HashMap, net::IpAddr, sync::Arc};

use async_trait::async_trait;
use synmon_core::egress::{EgressPolicy, ResolveError, Resolver};

/// Knows the names that it was told, and no other.
#[derive(Clone, Debug, Default)]
pub struct StaticResolver {
    names: HashMap<String, Vec<IpAddr>>,
    silent: Vec<String>,
}

impl StaticResolver {
    /// Knows no name.
    pub fn new() -> Self {
        Self::default()
    }

    /// Also knows this name.
    #[must_use]
    pub fn name(mut self, host: &str, addresses: &[&str]) -> Self {
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        self.names.insert(host.to_owned(), addresses);
        self
    }

    /// Never answers for this name.
    #[must_use]
    pub fn silent(mut self, host: &str) -> Self {
        self.silent.push(host.to_owned());
        self
    }

    /// A policy that allows public addresses only, over these names.
    #[must_use]
    pub fn policy(self) -> EgressPolicy {
        self.policy_allowing("")
    }

    /// As [`StaticResolver::policy`], with what an operator allows besides.
    #[must_use]
    pub fn policy_allowing(self, allowed: &str) -> EgressPolicy {
        EgressPolicy::new(allowed.parse().unwrap(), Arc::new(self))
    }
}

#[async_trait]
impl Resolver for StaticResolver {
    async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, ResolveError> {
        if self.silent.iter().any(|name| name == host) {
            std::future::pending::<()>().await;
        }
        self.names.get(host).cloned().ok_or(ResolveError::NotFound)
    }
}
