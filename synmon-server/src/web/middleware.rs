//! What happens around every request.

use std::sync::Arc;

use poem::{
    Endpoint, IntoResponse as _, Request, Response,
    http::{HeaderName, HeaderValue, header},
};
use tracing::{Level, event};

/// For what is not a page: nothing may be loaded, nothing may frame it.
const API_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'";

/// Sets the headers that keep browsers from doing more with an answer than they should.
pub(super) async fn security_headers<E: Endpoint>(
    next: Arc<E>,
    request: Request,
) -> poem::Result<Response> {
    let mut response = next.call(request).await?.into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, API_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    // The framework's event streams say `no-cache`, which would let them be stored.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Logs and counts each answer. The query is left out: it may hold a token.
pub(super) async fn observe<E: Endpoint>(next: Arc<E>, request: Request) -> poem::Result<Response> {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let started = std::time::Instant::now();
    let response = next.call(request).await?.into_response();
    let (status, took) = (response.status().as_u16(), started.elapsed());
    metrics::counter!("synmon_http_requests_total", "status" => status.to_string()).increment(1);
    metrics::histogram!("synmon_http_request_duration_seconds").record(took);
    let millis = took.as_millis();
    let path: String = path.chars().take(200).collect();
    if status >= 500 {
        event!(Level::WARN, %method, path, status, millis, "{method} {path} {status}");
    } else {
        event!(Level::DEBUG, %method, path, status, millis, "{method} {path} {status}");
    }
    Ok(response)
}
