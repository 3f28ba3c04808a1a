//! The pages that letters link to, and what they load.

use poem::{
    Endpoint, EndpointExt as _, IntoEndpoint, Response, Route, RouteMethod, endpoint::make_sync,
    get, http::header, middleware::SetHeader,
};

/// Nothing inline, nothing from elsewhere; pictures are fetched with a token and shown as blobs.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' blob:; connect-src 'self'; font-src 'self'; form-action 'self'; \
    base-uri 'none'; object-src 'none'; frame-ancestors 'none'";

macro_rules! web {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../templates/web/", $name))
    };
}

/// All pages. They are the same for everybody: what they show, they ask the API for.
pub(super) fn routes() -> Route {
    Route::new()
        .at("/", page(web!("index.html")).with(among_ourselves()))
        .at("/confirm", page(web!("confirm.html")))
        .at("/confirm-channel", page(web!("confirm-channel.html")))
        .at("/reset-password", page(web!("reset-password.html")))
        .at("/runs/:id", page(web!("run.html")).with(among_ourselves()))
        .at("/static/app.css", file("text/css; charset=utf-8", web!("static/app.css")))
        .at("/static/favicon.svg", file("image/svg+xml", web!("static/favicon.svg")))
        .at("/static/api.js", script(web!("static/api.js")))
        .at("/static/confirm.js", script(web!("static/confirm.js")))
        .at("/static/confirm-channel.js", script(web!("static/confirm-channel.js")))
        .at("/static/dom.js", script(web!("static/dom.js")))
        .at("/static/index.js", script(web!("static/index.js")))
        .at("/static/reset-password.js", script(web!("static/reset-password.js")))
        .at("/static/run.js", script(web!("static/run.js")))
        .at("/static/session.js", script(web!("static/session.js")))
        .at("/static/step.js", script(web!("static/step.js")))
}

/// Where they were linked from, our own pages may know. Of the others the address holds a token.
fn among_ourselves() -> SetHeader {
    SetHeader::new().overriding(header::REFERRER_POLICY, "same-origin")
}

fn page(text: &'static str) -> RouteMethod {
    get(make_sync(move |_| {
        Response::builder()
            .header(header::CONTENT_TYPE, "text/html; charset=utf-8")
            .header(header::CONTENT_SECURITY_POLICY, PAGE_POLICY)
            .body(text)
    }))
}

fn script(text: &'static str) -> impl IntoEndpoint<Endpoint = impl Endpoint + 'static> {
    file("text/javascript; charset=utf-8", text)
}

fn file(
    media_type: &'static str,
    text: &'static str,
) -> impl IntoEndpoint<Endpoint = impl Endpoint + 'static> {
    get(make_sync(move |_| Response::builder().header(header::CONTENT_TYPE, media_type).body(text)))
}
