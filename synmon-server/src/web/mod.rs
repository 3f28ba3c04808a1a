//! Everything that is served over HTTP, put together.

mod allow;
mod cors;
mod docs;
mod headers;
mod health;
mod middleware;
mod pages;

pub(crate) use health::{Database, Readiness};

use std::sync::Arc;

use poem::{
    EndpointExt as _, Response, Route,
    endpoint::BoxEndpoint,
    middleware::{CatchPanic, RequestId},
};
use secrecy::SecretString;

use allow::Allowed;
use cors::Cors;
use headers::SecurityHeaders;
use health::MetricsKey;

use crate::api::{self, ApiError, ApiParts, BASE_PATH};

/// What the operator decides about what is served.
#[derive(Clone, Default)]
pub(crate) struct Settings {
    /// Whether browsers are to come by TLS alone, from their first visit on.
    pub(crate) tls_only: bool,
    /// Whose pages may call the API from a browser, besides our own.
    pub(crate) cors_origins: Vec<String>,
    /// What has to be known to read the metrics; none is nothing.
    pub(crate) metrics_token: Option<SecretString>,
}

/// The whole server as one endpoint.
pub(crate) fn app(
    parts: ApiParts,
    readiness: Arc<Readiness>,
    settings: Settings,
) -> BoxEndpoint<'static, Response> {
    let document = api::openapi_document();
    let allowed = Arc::new(Allowed::of(&document));
    let routes = health_routes()
        .nest(BASE_PATH, api::routes(parts))
        .at("/api/openapi.json", docs::document(document.clone()))
        .at("/docs", docs::page(&document))
        .nest("/", pages::routes());
    around(routes, allowed, readiness, settings)
}

/// What a process without the API answers.
pub(crate) fn health_only(
    readiness: Arc<Readiness>,
    settings: Settings,
) -> BoxEndpoint<'static, Response> {
    around(health_routes(), Arc::new(Allowed::of("")), readiness, settings)
}

fn health_routes() -> Route {
    Route::new()
        .at("/healthz", poem::get(health::alive))
        .at("/readyz", poem::get(health::ready))
        .at("/metrics", poem::get(health::scrape))
}

fn around(
    routes: Route,
    allowed: Arc<Allowed>,
    readiness: Arc<Readiness>,
    settings: Settings,
) -> BoxEndpoint<'static, Response> {
    let Settings { tls_only, cors_origins, metrics_token } = settings;
    let cors = Arc::new(Cors::new(cors_origins));
    let security = SecurityHeaders { tls_only };
    routes
        .data(readiness)
        .data(MetricsKey(metrics_token))
        .around(middleware::refuse)
        .with(CatchPanic::new().with_handler(panicked))
        .catch_all_error(api::render)
        .around(move |next, request| {
            let allowed = Arc::clone(&allowed);
            async move { allowed.add(next, request).await }
        })
        .around(move |next, request| {
            let cors = Arc::clone(&cors);
            async move { cors.answer(next, request).await }
        })
        .around(move |next, request| security.add(next, request))
        .around(middleware::observe)
        .with(RequestId::default())
        .map_to_response()
        .boxed()
}

fn panicked(_panic: Box<dyn std::any::Any + Send + 'static>) -> Response {
    use poem::error::ResponseError as _;
    tracing::error!("A request handler panicked");
    let detail = "something in synmon went wrong; it is logged";
    ApiError::new(poem::http::StatusCode::INTERNAL_SERVER_ERROR, detail).as_response()
}
