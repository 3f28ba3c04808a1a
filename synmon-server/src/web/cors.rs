//! Calls from the pages of others: none, unless the operator names whose.

use std::sync::Arc;

use poem::{
    Endpoint, IntoResponse as _, Request, Response,
    error::ResponseError as _,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
};

use crate::api::{ApiError, BASE_PATH};

/// Whose pages may call the API. They are compared byte by byte, and no cookie ever counts.
pub(super) struct Cors {
    origins: Vec<String>,
}

impl Cors {
    pub(super) fn new(origins: Vec<String>) -> Self {
        Self { origins }
    }

    /// Answers the questions of browsers, and tells them whose page may read an answer.
    pub(super) async fn answer<E: Endpoint>(
        &self,
        next: Arc<E>,
        request: Request,
    ) -> poem::Result<Response> {
        if self.origins.is_empty() || !request.uri().path().starts_with(BASE_PATH) {
            return Ok(next.call(request).await?.into_response());
        }
        let origin = self.allowed(request.headers());
        let asks = *request.method() == Method::OPTIONS
            && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        let mut response = match (&origin, asks) {
            (_, false) => next.call(request).await?.into_response(),
            (Some(_), true) => preflight(),
            (None, true) => {
                let detail = "pages from there may not call this server";
                ApiError::new(StatusCode::FORBIDDEN, detail).as_response()
            }
        };
        let headers = response.headers_mut();
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
        if let Some(origin) = origin {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            let readable = HeaderValue::from_static("ETag, Location, Retry-After");
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, readable);
        }
        Ok(response)
    }

    fn allowed(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let (origin, None) = (origins.next()?, origins.next()) else { return None };
        let known = self.origins.iter().any(|known| known.as_bytes() == origin.as_bytes());
        known.then(|| origin.clone())
    }
}

fn preflight() -> Response {
    Response::builder()
        .status(StatusCode::NO_CONTENT)
        .header(header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, POST, PUT, PATCH, DELETE")
        .header(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "authorization, content-type, idempotency-key, if-match",
        )
        .header(header::ACCESS_CONTROL_MAX_AGE, "600")
        .finish()
}
