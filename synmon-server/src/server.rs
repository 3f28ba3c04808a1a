//! The server: listening, working, stopping.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use poem::{
    EndpointExt as _,
    listener::{Acceptor as _, Listener as _, TcpAcceptor, TcpListener},
};
use synmon_core::Clock;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};
use url::Url;

use crate::{
    config::{Config, Roles},
    demo, telemetry,
    timekeeper::Timekeeper,
    web, wiring,
};

/// Where links lead to of a process that listens nowhere and was not told a public url: to a server
/// with the default settings.
const DEFAULT_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// How long answers that are under way may take once the server is told to stop.
const HTTP_GRACE: Duration = Duration::from_secs(5);
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
}

/// A socket that is bound.
struct Bound {
    acceptor: TcpAcceptor,
    address: SocketAddr,
}

impl Server {
    /// Opens the database, the sockets and everything else that can be wrong with the settings.
    pub async fn build(config: &Config) -> anyhow::Result<Self> {
        // Two crypto providers in the graph would panic at the first TLS connection; one is chosen
        // here. An error means that it was chosen before, by whoever embeds us.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        // What is counted before there is a recorder is lost.
        telemetry::metrics();
        let http = bind(config.listen).await?;
        let demo = bind(config.demo_listen).await?;
        let address = http.as_ref().map_or(DEFAULT_ADDRESS, |http| http.address);
        let public_url = match &config.public_url {
            Some(url) => url.clone(),
            None => Url::parse(&format!("http://{address}/"))?,
        };
        let demo_address = demo.as_ref().map(|demo| demo.address);
        let parts = wiring::assemble(config, &public_url, demo_address).await?;
        Ok(Self { parts, roles: config.roles, http, demo, public_url })
    }

    /// Where it listens, if it does.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.http.as_ref().map(|http| http.address)
    }

    /// Where the demo site listens, if there is one.
    #[must_use]
    pub fn demo_address(&self) -> Option<SocketAddr> {
        self.demo.as_ref().map(|demo| demo.address)
    }

    /// Serves and works until `stop` is cancelled, and then ends what is under way.
    pub async fn run_until_stopped(self, stop: CancellationToken) -> anyhow::Result<()> {
        let Self { parts, roles, http, demo, public_url } = self;
        for reason in parts.readiness.reasons().await {
            warn!("Not everything is ready: {reason}");
        }
        if roles.api {
            info!("synmon is at {public_url}, its API's documentation at {public_url}docs");
        }
        let accounts = Arc::clone(&parts.api.accounts);
        let clock = Arc::clone(&parts.api.clock);
        let (readiness, runs) = (Arc::clone(&parts.readiness), parts.api.runs.clone());
        let serve_http = async {
            match http {
                Some(http) if roles.api => {
                    serve(http, web::app(parts.api, parts.readiness), stop.clone()).await
                }
                Some(http) => serve(http, web::health_only(parts.readiness), stop.clone()).await,
                None => Ok(()),
            }
        };
        let serve_demo = async {
            let Some(demo) = demo else { return Ok(()) };
            info!("The demo site is at http://{}/", demo.address);
            serve(demo, demo::routes(), stop.clone()).await
        };
        let prune = repeat(&*clock, &stop, PRUNE_PERIOD, async || {
            if let Err(error) = accounts.prune().await {
                warn!("Old log-ins can't be removed yet: {error}");
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
        let work = parts.engine.run(stop.clone());
        let (http, demo, (), (), (), (), ()) =
            tokio::join!(serve_http, serve_demo, work, prune, upkeep, listen, keep_time);
        info!("synmon has stopped");
        http.and(demo)
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

async fn bind(address: Option<SocketAddr>) -> anyhow::Result<Option<Bound>> {
    let Some(address) = address else {
        return Ok(None);
    };
    let acceptor = TcpListener::bind(address)
        .into_acceptor()
        .await
        .with_context(|| format!("can't listen at {address}: is another server there?"))?;
    let address = acceptor
        .local_addr()
        .into_iter()
        .find_map(|local| local.as_socket_addr().copied())
        .unwrap_or(address);
    Ok(Some(Bound { acceptor, address }))
}

async fn serve(
    socket: Bound,
    app: impl poem::Endpoint + 'static,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let stopped = stop.clone();
    // A server that can't listen any more takes the rest down with it, in order.
    let served = poem::Server::new_with_acceptor(socket.acceptor)
        .run_with_graceful_shutdown(
            app.map_to_response(),
            async move { stopped.cancelled().await },
            Some(HTTP_GRACE),
        )
        .await;
    stop.cancel();
    served.with_context(|| format!("the server at {} failed", socket.address))
}
