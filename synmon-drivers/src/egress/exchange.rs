//! What a browser asks of us, one request after the other.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, Uri, Version, header, uri::PathAndQuery};
use http_body_util::{Either, Full};
use hyper::{Request, Response, body::Incoming, upgrade::OnUpgrade};
use hyper_util::rt::TokioIo;
use tokio::sync::{Mutex, OwnedSemaphorePermit};
use url::Url;

use super::{
    dial::Shared, headers, memory::Trouble, told::PROXY_STATUS, tunnel::tunnel, upstream::Upstream,
};
use crate::guard_page;

/// A site's body, or a text of ours.
pub(super) type Body = Either<Incoming, Full<Bytes>>;

/// The request can't be carried out: the connection is closed without an answer, for there is none.
#[derive(Debug, thiserror::Error)]
#[error("no answer came")]
pub(super) struct NoAnswer;

/// One connection of a browser.
pub(super) struct Client {
    shared: Arc<Shared>,
    place: Arc<OwnedSemaphorePermit>,
    /// What the last request went over.
    upstream: Mutex<Option<Upstream>>,
}

impl Client {
    pub(super) fn new(shared: Arc<Shared>, place: OwnedSemaphorePermit) -> Self {
        Self { shared, place: Arc::new(place), upstream: Mutex::default() }
    }

    /// Carries out a request.
    pub(super) async fn answer(
        &self,
        request: Request<Incoming>,
    ) -> Result<Response<Body>, NoAnswer> {
        if request.method() == Method::CONNECT {
            return Ok(self.connect(request).await);
        }
        match absolute(request.uri()) {
            Some(url) => match guard_page::asked(&url) {
                Some(word) => Ok(self.own_page(word)),
                None => self.forward(&url, request).await,
            },
            None => Ok(said(
                StatusCode::BAD_REQUEST,
                "this is synmon's egress guard, a proxy for browsers: it takes CONNECT, and \
                 requests for http:// addresses",
            )),
        }
    }

    /// The page by which browsers elsewhere prove that they come to a guard.
    fn own_page(&self, word: &str) -> Response<Body> {
        let page = guard_page::html(word, self.shared.begun.elapsed());
        let mut response = said(StatusCode::OK, &page);
        let html = HeaderValue::from_static("text/html; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, html);
        response
    }

    /// Opens a tunnel.
    async fn connect(&self, request: Request<Incoming>) -> Response<Body> {
        let Some(url) = authority(request.uri()) else {
            return said(StatusCode::BAD_REQUEST, "CONNECT needs a host and a port");
        };
        let reached = match self.shared.checked(&url).await {
            Ok(addresses) => self.shared.dial(&addresses).await,
            Err(trouble) => Err(trouble),
        };
        let stream = match reached {
            Ok(stream) => stream,
            Err(trouble) => {
                self.shared.memory.troubled(&url, &trouble);
                return told(&trouble);
            }
        };
        if let Ok(address) = stream.peer_addr() {
            self.shared.memory.reached(&url, address);
        }
        let (shared, place) = (Arc::clone(&self.shared), Arc::clone(&self.place));
        tokio::spawn(async move {
            // A browser that has gone meanwhile gets no tunnel.
            if let Ok(browser) = hyper::upgrade::on(request).await {
                tunnel(TokioIo::new(browser), stream, shared, place).await;
            }
        });
        Response::new(Either::Right(Full::default()))
    }

    /// Passes a request on, and the answer back.
    async fn forward(
        &self,
        url: &Url,
        mut request: Request<Incoming>,
    ) -> Result<Response<Body>, NoAnswer> {
        let judged = match self.shared.checked(url).await {
            Ok(addresses) => addresses,
            Err(trouble) => return self.without_answer(url, &trouble),
        };
        let mut last = self.upstream.lock().await;
        let mut upstream = last.take();
        if let Some(known) = &mut upstream
            && !known.serves(url, &judged).await
        {
            upstream = None;
        }
        let upgrade = headers::upgrade(request.headers());
        let browser = upgrade.is_some().then(|| hyper::upgrade::on(&mut request));
        let request = readdressed(url, request, upgrade);
        let (answer, upstream) = match upstream {
            Some(mut known) => match known.send(request).await {
                Ok(answer) => (answer, known),
                // The site has closed the connection meanwhile, as it may between two requests.
                Err((Some(request), _)) => self.send_anew(url, &judged, request).await?,
                Err((None, _)) => return Err(NoAnswer),
            },
            None => match self.shared.dial(&judged).await {
                Ok(stream) => self.send_over(url, stream, request).await?,
                Err(trouble) => return self.without_answer(url, &trouble),
            },
        };
        self.shared.memory.reached(url, upstream.address());
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            return self.switched(answer, browser);
        }
        *last = Some(upstream);
        Ok(returned(answer, None))
    }

    async fn send_anew(
        &self,
        url: &Url,
        judged: &[std::net::SocketAddr],
        request: Request<Incoming>,
    ) -> Result<(Response<Incoming>, Upstream), NoAnswer> {
        match self.shared.dial(judged).await {
            Ok(stream) => self.send_over(url, stream, request).await,
            Err(trouble) => {
                self.shared.memory.troubled(url, &trouble);
                Err(NoAnswer)
            }
        }
    }

    async fn send_over(
        &self,
        url: &Url,
        stream: tokio::net::TcpStream,
        request: Request<Incoming>,
    ) -> Result<(Response<Incoming>, Upstream), NoAnswer> {
        let mut upstream = Upstream::open(url, stream, &self.shared).await.map_err(|_| NoAnswer)?;
        match upstream.send(request).await {
            Ok(answer) => Ok((answer, upstream)),
            Err((_, error)) => {
                tracing::debug!(%error, host = url.host_str(), "a site did not answer");
                Err(NoAnswer)
            }
        }
    }

    /// A refusal is told. What can't be reached is no page of the site's, not even one that says
    /// so: the connection just closes.
    fn without_answer(&self, url: &Url, trouble: &Trouble) -> Result<Response<Body>, NoAnswer> {
        self.shared.memory.troubled(url, trouble);
        match trouble {
            Trouble::Blocked(_) => Ok(told(trouble)),
            Trouble::Failed { .. } => Err(NoAnswer),
        }
    }

    /// The connection becomes another protocol's.
    fn switched(
        &self,
        mut answer: Response<Incoming>,
        browser: Option<OnUpgrade>,
    ) -> Result<Response<Body>, NoAnswer> {
        // Nobody has asked for that.
        let browser = browser.ok_or(NoAnswer)?;
        let site = hyper::upgrade::on(&mut answer);
        let upgrade = headers::upgrade(answer.headers());
        let (shared, place) = (Arc::clone(&self.shared), Arc::clone(&self.place));
        tokio::spawn(async move {
            if let (Ok(browser), Ok(site)) = tokio::join!(browser, site) {
                tunnel(TokioIo::new(browser), TokioIo::new(site), shared, place).await;
            }
        });
        Ok(returned(answer, upgrade))
    }
}

/// The address in the form that proxies are asked in; only `http` is asked so.
fn absolute(uri: &Uri) -> Option<Url> {
    if uri.scheme_str() != Some("http") {
        return None;
    }
    Url::parse(&uri.to_string()).ok().filter(|url| url.scheme() == "http" && url.has_host())
}

/// The address that CONNECT names. The scheme says nothing about what goes through the tunnel.
fn authority(uri: &Uri) -> Option<Url> {
    let authority = uri.authority()?;
    authority.port()?;
    Url::parse(&format!("https://{authority}/")).ok()
}

/// A request as the site gets it: for the host that was judged, in whatever way that was written.
fn readdressed(
    url: &Url,
    mut request: Request<Incoming>,
    upgrade: Option<HeaderValue>,
) -> Request<Incoming> {
    let path = request.uri().path_and_query().cloned();
    *request.uri_mut() = Uri::from(path.unwrap_or_else(|| PathAndQuery::from_static("/")));
    *request.version_mut() = Version::HTTP_11;
    let headers = request.headers_mut();
    headers::strip(headers);
    let host = match (url.host_str().unwrap_or_default(), url.port()) {
        (host, Some(port)) => format!("{host}:{port}"),
        (host, None) => host.to_owned(),
    };
    if let Ok(host) = HeaderValue::from_str(&host) {
        headers.insert(header::HOST, host);
    }
    restore(headers, upgrade);
    request
}

/// An answer as the browser gets it.
fn returned(mut answer: Response<Incoming>, upgrade: Option<HeaderValue>) -> Response<Body> {
    *answer.version_mut() = Version::HTTP_11;
    headers::strip(answer.headers_mut());
    restore(answer.headers_mut(), upgrade);
    answer.map(Either::Left)
}

fn restore(headers: &mut http::HeaderMap, upgrade: Option<HeaderValue>) {
    if let Some(protocol) = upgrade {
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, protocol);
    }
}

/// That there is no answer, and why.
fn told(trouble: &Trouble) -> Response<Body> {
    let mut response = said(trouble.status(), &trouble.to_string());
    response.headers_mut().insert(PROXY_STATUS, trouble.proxy_status());
    response
}

/// A text of ours.
fn said(status: StatusCode, text: &str) -> Response<Body> {
    let mut response = Response::new(Either::Right(Full::from(format!("{text}\n"))));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, plain);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
