//! "Tiny Teapots", a small shop to try synmon on, in the page shape that the seed's example
//! flow walks: its four steps work unchanged on a flow whose `url` is the shop's home page.
//!
//! The shop is slow on purpose (a banner, a form and a page that take their time), and
//! `/_demo` has switches that break it, so that a failing run can be watched too.
//! It listens on nothing: the caller serves [`routes`] on a loopback listener of its own.

mod assets;
mod catalogue;
mod control;
mod pages;
mod site;
#[cfg(test)]
mod tests;

use poem::endpoint::BoxEndpoint;
use poem::error::NotFoundError;
use poem::http::header;
use poem::middleware::{AddData, SetHeader};
use poem::{Endpoint, EndpointExt, IntoResponse, Request, Response, Route, get, post};
use std::sync::Arc;

use self::site::Site;

const CONTENT_SECURITY_POLICY: &str =
    "default-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The shop, whole and healthy. Each call makes a site with switches of its own.
pub(crate) fn routes() -> BoxEndpoint<'static> {
    let site = Arc::new(Site::new());
    let gate = Arc::clone(&site);
    Route::new()
        .at("/", get(pages::home))
        .at("/product/:number", get(pages::product))
        .at("/contact", get(pages::contact).post(pages::send))
        .at("/slow", get(pages::slow))
        .at("/assets/:name", get(assets::asset))
        .at("/_demo", get(control::status))
        .at("/_demo/break", post(control::break_form))
        .at("/_demo/down", post(control::take_down))
        .at("/_demo/fix", post(control::fix))
        .with(AddData::new(site))
        .around(move |shop, request| answer(Arc::clone(&gate), shop, request))
        .with(
            SetHeader::new()
                .overriding(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY)
                .overriding(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
                // A switch shows at once: nobody keeps an older page.
                .overriding(header::CACHE_CONTROL, "no-store"),
        )
        .boxed()
}

/// Answers 503 while the shop is down, and with a page of the shop's own where there is none.
async fn answer<E: Endpoint>(
    site: Arc<Site>,
    shop: Arc<E>,
    request: Request,
) -> poem::Result<Response> {
    let path = request.uri().path();
    let always_up = path.starts_with("/_demo") || path.starts_with("/assets/");
    if site.switches.is_down() && !always_up {
        return pages::down(&site);
    }
    match shop.call(request).await {
        Ok(response) => Ok(response.into_response()),
        Err(error) if error.is::<NotFoundError>() => pages::not_found(&site),
        Err(error) => Err(error),
    }
}
