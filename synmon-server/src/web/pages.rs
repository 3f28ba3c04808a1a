//! The pages that letters link to, and what they load.

use poem::{
    Endpoint, EndpointExt as _, Request, Response, Route, endpoint::make_sync, http::header,
};

const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";

macro_rules! web {
    ($name:literal) => {
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../templates/web/",
            $name
        ))
    };
}
pub(super) fn routes() -> impl poem::Endpoint {
    poem::Route::new()
}
