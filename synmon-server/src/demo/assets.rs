//! The shop's few files. There is no folder to read: all of them are compiled in.

use poem::error::NotFoundError;
use poem::http::header;
use poem::web::Path;
use poem::{IntoResponse, Response, handler};

#[handler]
pub(super) fn asset(Path(name): Path<String>) -> poem::Result<Response> {
    let (content_type, body) = match name.as_str() {
        "shop.css" => {
            ("text/css; charset=utf-8", include_str!("../../../templates/demo/assets/shop.css"))
        }
        "shop.js" => (
            "text/javascript; charset=utf-8",
            include_str!("../../../templates/demo/assets/shop.js"),
        ),
        "teapot.svg" => {
            ("image/svg+xml", include_str!("../../../templates/demo/assets/teapot.svg"))
        }
        _ => return Err(NotFoundError.into()),
    };
    Ok(body.with_header(header::CONTENT_TYPE, content_type).into_response())
}
