//! The server: listening, working, stopping.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use poem::EndpointExt as _;
use synmon_core::Clock;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};
use url::Url;

use crate::{
    browsers::prove,
    config::{Config, Roles},
    demo,
    http::{self, Bound},
    telemetry,
    timekeeper::Timekeeper,
    web, wiring,
};

/// Where links lead to of a process that listens nowhere and was not told a public url: to a server
/// with the default settings.
const DEFAULT_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// Until then runs are found by looking each second.
const LISTEN_AGAIN: Duration = Duration::from_secs(5);
const PRUNE_PERIOD: Duration = Duration::from_hours(1);
const UPKEEP_PERIOD: Duration = Duration::from_secs(15);

/// A server that listens already, so that its addresses are known, but answers nothing yet.
pub struct Server {
    parts: wiring::Parts,
    roles: Roles,
    http: Option<Bound>,
    demo: Option<Bound>,
    public_url: Url,
    web: web::Settings,
    max_connections: usize,
}

impl Server {
    /// Opens the database, the sockets and everything else that can be wrong with the settings.
    pub async fn build(config: &Config) -> anyhow::Result<Self> {
        // Two crypto providers in the graph would panic at the first TLS connection; one is chosen
        // here. An error means that it was chosen before, by whoever embeds us.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        // What is counted before there is a recorder is lost.
        telemetry::metrics();
        let http = config.listen.map(Bound::to).transpose()?;
        let demo = config.demo_listen.map(Bound::to).transpose()?;
        let address = http.as_ref().map_or(DEFAULT_ADDRESS, Bound::address);
        let public_url = match &config.public_url {
            Some(url) => url.clone(),
            None => Url::parse(&format!("http://{address}/"))?,
        };
        let demo_address = demo.as_ref().map(Bound::address);
        let parts = wiring::assemble(config, &public_url, demo_address).await?;
        let web = web::Settings {
            // Whoever comes by TLS comes by TLS only, from then on.
            tls_only: public_url.scheme() == "https",
            cors_origins: config.cors_origins.clone(),
            metrics_token: config.metrics_token.clone(),
        };
        let max_connections = http::limit(config.max_connections);
        Ok(Self { parts, roles: config.roles, http, demo, public_url, web, max_connections })
    }

    /// Where it listens, if it does.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.http.as_ref().map(Bound::address)
    }

    /// Where the demo site listens, if there is one.
    #[must_use]
    pub fn demo_address(&self) -> Option<SocketAddr> {
        self.demo.as_ref().map(Bound::address)
    }

    /// Serves and works until `stop` is cancelled, and then ends what is under way.
    pub async fn run_until_stopped(self, stop: CancellationToken) -> anyhow::Result<()> {
        let Self { parts, roles, http, demo, public_url, web, max_connections } = self;
        for reason in parts.readiness.reasons().await {
            warn!("Not everything is ready: {reason}");
        }
        for warning in &parts.readiness.warnings {
            warn!("{warning}");
        }
        if roles.api {
            info!("synmon is at {public_url}, its API's documentation at {public_url}docs");
        }
        let (accounts, limits) = (Arc::clone(&parts.api.accounts), Arc::clone(&parts.api.limits));
        let audit = parts.api.audit.clone();
        let clock = Arc::clone(&parts.api.clock);
        let (readiness, runs) = (Arc::clone(&parts.readiness), parts.api.runs.clone());
        let serve_http = async {
            let Some(http) = http else { return };
            let clock = Arc::clone(&clock);
            let app = if roles.api {
                web::app(parts.api, parts.readiness, web)
            } else {
                web::health_only(parts.readiness, web)
            };
            http.serve(app, max_connections, clock, &stop).await;
        };
        let serve_demo = async {
            let Some(demo) = demo else { return };
            info!("The demo site is at http://{}/", demo.address());
            let site = demo::routes().map_to_response().boxed();
            demo.serve(site, max_connections, Arc::clone(&clock), &stop).await;
        };
        let prune = repeat(&*clock, &stop, PRUNE_PERIOD, async || {
            if let Err(error) = accounts.prune().await {
                warn!("Old log-ins can't be removed yet: {error}");
            }
            if let Err(error) = limits.prune().await {
                warn!("Rates that nobody uses up can't be removed yet: {error}");
            }
            if let Err(error) = audit.prune().await {
                warn!("The audit log can't be shortened yet: {error}");
            }
        });
        // Where nobody asks for the metrics, what they are made of would pile up.
        let upkeep = repeat(&*clock, &stop, UPKEEP_PERIOD, async || {
            telemetry::metrics().run_upkeep();
        });
        let listen = repeat(&*clock, &stop, LISTEN_AGAIN, async || {
            tokio::select! {
                () = stop.cancelled() => {}
                heard = readiness.database.forward_wakeups(runs.signals()) => {
                    if let Err(error) = heard {
                        warn!("Wake-ups of other processes are not heard for a while: {error}");
                    }
                }
            }
        });
        let keep_time = repeat(&*clock, &stop, Timekeeper::PERIOD, async || {
            if let Err(error) = parts.timekeeper.ask().await {
                debug!("The database does not say what time it is: {error}");
            }
        });
        let prove = async {
            let Some(guarded) = parts.guarded.filter(|_| roles.engine.runs) else { return };
            tokio::select! {
                () = stop.cancelled() => {}
                () = prove(&guarded, &*clock) => {}
            }
        };
        let work = parts.engine.run(stop.clone());
        tokio::join!(serve_http, serve_demo, work, prune, upkeep, listen, keep_time, prove);
        info!("synmon has stopped");
        Ok(())
    }
}

/// Does something now, and again and again until `stop` is cancelled.
async fn repeat(
    clock: &dyn Clock,
    stop: &CancellationToken,
    period: Duration,
    work: impl AsyncFn(),
) {
    while !stop.is_cancelled() {
        work().await;
        tokio::select! {
            () = stop.cancelled() => {}
            () = clock.sleep(period) => {}
        }
    }
}
