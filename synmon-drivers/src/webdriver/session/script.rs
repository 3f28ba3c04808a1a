//! The scripts that run in the page.

use std::sync::{Arc, LazyLock};

/// A script, with the tools that all of them share.
#[derive(Clone, Debug)]
pub(super) struct Script {
    pub(super) source: Arc<str>,
    /// The command that runs it; an asynchronous one gets a callback as its last argument.
    pub(super) path: &'static str,
}

macro_rules! script {
    ($(#[$doc:meta])* $name:ident, $file:literal, $path:literal) => {
        $(#[$doc])*
        pub(super) static $name: LazyLock<Script> = LazyLock::new(|| Script {
            source: concat!(include_str!("../page/tools.js"), include_str!(concat!("../page/", $file)))
                .into(),
            path: $path,
        });
    };
}

script!(
    /// What the tab shows.
    PAGE, "page.js", "execute/sync"
);
script!(
    /// What a selector finds.
    OBSERVE, "observe.js", "execute/sync"
);
script!(
    /// Whether an element can be acted upon.
    READY, "ready.js", "execute/async"
);
script!(
    /// Waits for the page's handlers after an input.
    SETTLE, "settle.js", "execute/async"
);
script!(
    /// Sets a field's value.
    SET, "set.js", "execute/sync"
);
script!(
    /// Chooses an option.
    SELECT, "select.js", "execute/sync"
);
script!(
    /// Marks what a field holds.
    MARK, "mark.js", "execute/sync"
);
