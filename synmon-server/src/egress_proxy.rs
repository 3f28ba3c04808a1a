//! The egress guard as a program of its own, beside browsers elsewhere.

use std::sync::Arc;

use synmon_core::egress::EgressPolicy;
use synmon_drivers::SystemResolver;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::{browsers::guard, config::EgressProxyConfig};

/// Leads browsers to where flows may go, until `stop` is cancelled.
pub async fn run(config: EgressProxyConfig, stop: CancellationToken) -> anyhow::Result<()> {
    let egress = EgressPolicy::new(config.allow, Arc::new(SystemResolver));
    let guard = guard(&egress, config.listen)?;
    info!("The egress guard is at {}", guard.url());
    stop.cancelled().await;
    Ok(())
}
