//! Headers that keep browsers from doing more with an answer than they should: on every answer,
//! errors too.

use std::sync::Arc;

use poem::{
    Endpoint, IntoResponse as _, Request, Response,
    http::{HeaderMap, HeaderValue, header},
};

use crate::api::BASE_PATH;

/// Two years.
const TLS_ONLY: &str = "max-age=63072000; includeSubDomains";

/// Sets them.
#[derive(Clone, Copy)]
pub(super) struct SecurityHeaders {
    /// Whether to say that the server is to be reached by TLS alone.
    pub(super) tls_only: bool,
}

/// What is answered, for a browser that got hold of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// For programs.
    Data,
    /// A page, or what it is made of.
    Page,
    /// What a watched site looked like: made by somebody else.
    Artifact,
}

type Headers = &'static [(&'static str, &'static str)];

/// What holds for all.
const ALWAYS: Headers = &[
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
];
const DATA: Headers = &[
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
    ("cache-control", "no-store"),
];
/// The policy of a page is its own.
const PAGE: Headers = &[
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
    ("cache-control", "no-store"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("permissions-policy", "geolocation=(), camera=(), microphone=(), payment=(), usb=()"),
];
const ARTIFACT: Headers = &[
    ("content-security-policy", "default-src 'none'; sandbox"),
    ("cache-control", "private, no-store"),
    ("x-frame-options", "DENY"),
];

impl SecurityHeaders {
    pub(super) async fn add<E: Endpoint>(
        self,
        next: Arc<E>,
        request: Request,
    ) -> poem::Result<Response> {
        let path = request.uri().path().to_owned();
        let mut response = next.call(request).await?.into_response();
        let kind = kind(&path, &response);
        let headers = response.headers_mut();
        // The framework's event streams say `no-cache`, which would let them be stored.
        headers.remove(header::CACHE_CONTROL);
        let particular = match kind {
            Kind::Data => DATA,
            Kind::Page => PAGE,
            Kind::Artifact => ARTIFACT,
        };
        set(headers, ALWAYS);
        set(headers, particular);
        if self.tls_only {
            set(headers, &[("strict-transport-security", TLS_ONLY)]);
        }
        Ok(response)
    }
}

/// Where nobody was more particular.
fn set(headers: &mut HeaderMap, wanted: Headers) {
    for (name, value) in wanted {
        headers.entry(*name).or_insert(HeaderValue::from_static(value));
    }
}

fn kind(path: &str, response: &Response) -> Kind {
    let media_type = response.content_type().unwrap_or_default();
    if path.starts_with(BASE_PATH) {
        let is_archive = path.ends_with("/har") && response.status().is_success();
        let is_artifact = media_type.starts_with("image/") || is_archive;
        return if is_artifact { Kind::Artifact } else { Kind::Data };
    }
    let is_page = media_type.starts_with("text/html")
        || (path.starts_with("/static/") && response.status().is_success());
    if is_page { Kind::Page } else { Kind::Data }
}
