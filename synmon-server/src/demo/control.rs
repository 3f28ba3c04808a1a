//! The switches under `/_demo`: what breaks the shop, and what mends it.

use poem::web::{Data, Redirect};
use poem::{Response, handler};
use std::sync::Arc;
use tera::context;

use super::site::Site;

#[handler]
pub(super) fn status(Data(site): Data<&Arc<Site>>) -> poem::Result<Response> {
    let (broken, down) = (site.switches.is_broken(), site.switches.is_down());
    let state = match (down, broken) {
        (true, _) => "down",
        (false, true) => "broken",
        (false, false) => "healthy",
    };
    site.page("control.html", &context! { state => state, broken => &broken, down => &down })
}

#[handler]
pub(super) fn break_form(Data(site): Data<&Arc<Site>>) -> Redirect {
    site.switches.break_form();
    Redirect::see_other("/_demo")
}

#[handler]
pub(super) fn take_down(Data(site): Data<&Arc<Site>>) -> Redirect {
    site.switches.take_down();
    Redirect::see_other("/_demo")
}

#[handler]
pub(super) fn fix(Data(site): Data<&Arc<Site>>) -> Redirect {
    site.switches.fix();
    Redirect::see_other("/_demo")
}
