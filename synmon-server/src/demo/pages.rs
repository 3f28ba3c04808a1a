//! The pages that a customer sees.

use poem::error::NotFoundError;
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Body, IntoResponse, Response, handler};
use std::sync::Arc;
use tera::context;
use url::form_urlencoded;

use super::catalogue::{TEAPOTS, teapot};
use super::site::Site;

/// More than the contact form needs, less than would hurt.
const MAX_MESSAGE: usize = 16 * 1024;

/// The seed's first step looks for the link below `homepage`, so that is what this page is called.
#[handler]
pub(super) fn home(Data(site): Data<&Arc<Site>>) -> poem::Result<Response> {
    site.page("home.html", &context! { page => "homepage", teapots => &TEAPOTS })
}

#[handler]
pub(super) fn product(
    Data(site): Data<&Arc<Site>>,
    Path(number): Path<String>,
) -> poem::Result<Response> {
    let found = number.parse().ok().and_then(teapot).ok_or(NotFoundError)?;
    site.page("product.html", &context! { page => "productpage", teapot => found })
}

#[handler]
pub(super) fn contact(Data(site): Data<&Arc<Site>>) -> poem::Result<Response> {
    let broken = site.switches.is_broken();
    site.page("contact.html", &context! { page => "contactpage", broken => &broken })
}

/// Thanks for the message and forgets it. A broken form sends less, so only the name is read.
#[handler]
pub(super) async fn send(Data(site): Data<&Arc<Site>>, body: Body) -> poem::Result<Response> {
    let sent = body.into_bytes_limit(MAX_MESSAGE).await?;
    let name = form_urlencoded::parse(&sent)
        .find_map(|(key, value)| (key == "name").then_some(value))
        .unwrap_or_default();
    site.page("thanks.html", &context! { page => "thankspage", name => name.trim() })
}

#[handler]
pub(super) fn slow(Data(site): Data<&Arc<Site>>) -> poem::Result<Response> {
    site.page("slow.html", &context! { page => "slowpage" })
}

pub(super) fn not_found(site: &Site) -> poem::Result<Response> {
    let page = site.page("not-found.html", &context! { page => "notfoundpage" })?;
    Ok(page.with_status(StatusCode::NOT_FOUND).into_response())
}

pub(super) fn down(site: &Site) -> poem::Result<Response> {
    let page = site.page("down.html", &context! {})?;
    Ok(page.with_status(StatusCode::SERVICE_UNAVAILABLE).into_response())
}
