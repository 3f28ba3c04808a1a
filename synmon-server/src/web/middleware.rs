//! What happens around every request.

use std::sync::Arc;

use poem::{
    Endpoint, IntoResponse as _, Request, Response,
    error::MethodNotAllowedError,
    http::{Method, StatusCode, header},
};
use tracing::{Level, event};

use crate::{api::ApiError, http::Refusal};

/// Refuses what no address takes.
pub(super) async fn refuse<E: Endpoint>(next: Arc<E>, request: Request) -> poem::Result<Response> {
    if let Some(refusal) = request.extensions().get::<Refusal>() {
        return Err(ApiError::new(refusal.status(), refusal.detail()).into());
    }
    // The one would show a request's headers to whoever can make a browser ask, the other is for
    // proxies.
    if matches!(*request.method(), Method::TRACE | Method::CONNECT) {
        return Err(MethodNotAllowedError.into());
    }
    // What is packed may be a thousand times larger once it is unpacked.
    let codings = request.headers().get_all(header::CONTENT_ENCODING);
    if codings.iter().any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        let detail = "send the body as it is: no Content-Encoding is taken";
        return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail).into());
    }
    Ok(next.call(request).await?.into_response())
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
