//! What the shop's handlers share: its templates and its switches.

use poem::error::InternalServerError;
use poem::web::Html;
use poem::{IntoResponse, Response};
use std::sync::atomic::{AtomicBool, Ordering};
use tera::{Context, Tera};
use tracing::error;

/// Takes templates in by their file names; the `.html` turns the escaping of values on.
macro_rules! templates {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("../../../templates/demo/", $name)))),+]
    };
}

/// One shop: its pages, and what is wrong with it.
pub(super) struct Site {
    templates: Tera,
    pub(super) switches: Switches,
}

impl Site {
    /// A healthy shop.
    pub(super) fn new() -> Self {
        let mut templates = Tera::new();
        let parsed = templates.add_raw_templates(templates![
            "layout.html",
            "home.html",
            "product.html",
            "contact.html",
            "thanks.html",
            "slow.html",
            "not-found.html",
            "down.html",
            "control.html",
        ]);
        // Tests render every page, so this can't be released; if it were, the shop would answer
        // 500, which is no reason to keep the server that it is a demo of from starting.
        if let Err(why) = parsed {
            error!("The demo shop's pages can't be shown: {why}");
        }
        Self { templates, switches: Switches::default() }
    }

    /// The named page, filled in.
    pub(super) fn page(&self, name: &str, values: &Context) -> poem::Result<Response> {
        let html = self.templates.render(name, values).map_err(InternalServerError)?;
        Ok(Html(html).into_response())
    }
}

/// What is wrong with the shop at the moment: nothing, to begin with.
#[derive(Default)]
pub(super) struct Switches {
    broken: AtomicBool,
    down: AtomicBool,
}

// Relaxed: each switch stands for itself, no other memory is published through it.
impl Switches {
    pub(super) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }

    pub(super) fn is_down(&self) -> bool {
        self.down.load(Ordering::Relaxed)
    }

    /// The contact form loses its second field.
    pub(super) fn break_form(&self) {
        self.broken.store(true, Ordering::Relaxed);
    }

    /// Every page answers 503.
    pub(super) fn take_down(&self) {
        self.down.store(true, Ordering::Relaxed);
    }

    /// All is well again.
    pub(super) fn fix(&self) {
        self.broken.store(false, Ordering::Relaxed);
        self.down.store(false, Ordering::Relaxed);
    }
}
