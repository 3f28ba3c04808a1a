//! The paths that every site has.

use std::{fmt::Write as _, time::Duration};

use super::{Answer, Request};

/// `ada:lovelace`
const CREDENTIALS: &str = "Basic YWRhOmxvdmVsYWNl";

/// A GIF of one pixel.
const PIXEL: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,\0\0\0\0\
    \x01\0\x01\0\0\x02\x01D\0;";

/// How long `/slow/MS/PATH` takes, and what is asked for in truth.
pub(super) fn delay(request: Request) -> (Duration, Request) {
    let Some((millis, path)) =
        request.target.strip_prefix("/slow/").and_then(|rest| rest.split_once('/'))
    else {
        return (Duration::ZERO, request);
    };
    let wait = Duration::from_millis(millis.parse().unwrap());
    let target = format!("/{path}");
    (wait, Request { target, ..request })
}

/// What every site answers.
pub(super) fn answer(request: &Request) -> Answer {
    let path = request.path();
    match path.trim_start_matches('/').split_once('/') {
        Some(("status", code)) => {
            Answer::html("<title>status</title><h1>A page</h1>").status(code.parse().unwrap())
        }
        Some(("empty", code)) => Answer::html("").status(code.parse().unwrap()),
        Some(("to", place)) => Answer::redirect(302, &format!("/{place}")),
        Some(("gate", _)) => Answer::html("<title>gate</title><h1>Open</h1>"),
        _ => whole(path, request),
    }
}

fn whole(path: &str, request: &Request) -> Answer {
    match path {
        "/loop" => Answer::redirect(302, "/loop"),
        "/download" => Answer::new("application/octet-stream", "data")
            .header("content-disposition", "attachment; filename=\"file.bin\""),
        "/cookie" => Answer::html(format!("<output id=got>{}</output>", request.header("cookie")))
            .header("set-cookie", "seen=yes"),
        "/echo" => {
            let mut page = "<title>echo</title>".to_owned();
            for (name, value) in &request.headers {
                let _ = write!(page, "<p id='{name}'>{value}</p>");
            }
            Answer::html(page)
        }
        "/private" if request.header("authorization") == CREDENTIALS => {
            Answer::html("<title>private</title>")
        }
        "/private" => Answer::html("<title>who are you?</title>")
            .status(401)
            .header("www-authenticate", "Basic realm=\"private\""),
        // A browser may ask for it by itself: that must be no failed request of the page's.
        "/favicon.ico" => Answer::html("").status(204),
        "/pixel" => Answer::new("image/gif", PIXEL),
        _ => Answer::html("<title>no page</title><h1>Not found</h1>").status(404),
    }
}
