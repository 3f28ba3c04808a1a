//! Everything that is served over HTTP, put together.

mod allow;
mod docs;
mod health;
mod middleware;
mod pages;

pub(crate) use health::{Database, Readiness};

use std::sync::Arc;

use poem::{
    Endpoint, EndpointExt as _, Route,
    middleware::{CatchPanic, RequestId},
};

use allow::Allowed;

use crate::api::{self, ApiError, ApiParts, BASE_PATH};

/// The whole server as one endpoint.
pub(crate) fn app(parts: ApiParts, readiness: Arc<Readiness>) -> impl Endpoint + use<> {
    let document = api::openapi_document();
    let allowed = Arc::new(Allowed::of(&document));
    let routes = health_routes()
        .nest(BASE_PATH, api::routes(parts))
        .at("/api/openapi.json", docs::document(document.clone()))
        .at("/docs", docs::page(&document))
        .nest("/", pages::routes());
    around(routes, allowed, readiness)
}

/// What a process without the API answers.
pub(crate) fn health_only(readiness: Arc<Readiness>) -> impl Endpoint + use<> {
    around(health_routes(), Arc::new(Allowed::of("")), readiness)
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
) -> impl Endpoint + use<> {
    routes
        .data(readiness)
        .with(CatchPanic::new().with_handler(panicked))
        .catch_all_error(api::render)
        .around(move |next, request| {
            let allowed = Arc::clone(&allowed);
            async move { allowed.add(next, request).await }
        })
        .around(middleware::security_headers)
        .around(middleware::observe)
        .with(RequestId::default())
}

fn panicked(_panic: Box<dyn std::any::Any + Send + 'static>) -> poem::Response {
    use poem::error::ResponseError as _;
    tracing::error!("A request handler panicked");
    let detail = "something in synmon went wrong; it is logged";
    ApiError::new(poem::http::StatusCode::INTERNAL_SERVER_ERROR, detail).as_response()
}
