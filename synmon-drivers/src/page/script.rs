//! The scripts that run in the page.

/// A script: a JavaScript function of one parameter, the list of its arguments. It returns JSON,
/// or a promise of JSON, and never null.
#[derive(Debug)]
pub(crate) struct Script {
    /// The function's source, with the tools that it needs.
    pub(crate) source: &'static str,
    /// Whether it returns a promise.
    pub(crate) is_async: bool,
}

macro_rules! script {
    ($(#[$doc:meta])* $name:ident = $($file:literal),+) => {
        script!(@ $(#[$doc])* $name, "function", false, $($file),+);
    };
    ($(#[$doc:meta])* async $name:ident = $($file:literal),+) => {
        script!(@ $(#[$doc])* $name, "async function", true, $($file),+);
    };
    (@ $(#[$doc:meta])* $name:ident, $function:literal, $is_async:literal, $($file:literal),+) => {
        $(#[$doc])*
        pub(crate) static $name: Script = Script {
            source: concat!(
                $function, "(args) {\n'use strict';\n",
                include_str!("tools.js"), $(include_str!($file),)+
                "\n}",
            ),
            is_async: $is_async,
        };
    };
}

script!(
    /// What the tab shows.
    PAGE = "page.js"
);
script!(
    /// What a selector finds.
    OBSERVE = "text.js", "find.js", "observe.js"
);
script!(
    /// Whether an element can be acted upon.
    async READY = "text.js", "find.js", "hit.js", "watch.js", "ready.js"
);
script!(
    /// Where an element is that something is carried onto.
    AIM = "text.js", "find.js", "hit.js", "aim.js"
);
script!(
    /// Waits for the page's handlers after an input.
    async SETTLE = "settle.js"
);
script!(
    /// Lets the page catch up with a drag.
    async REST = "rest.js"
);
script!(
    /// Sets a field's value.
    SET = "set.js"
);
script!(
    /// Chooses an option.
    SELECT = "select.js"
);
script!(
    /// Marks what a field holds.
    MARK = "mark.js"
);
script!(
    /// Whether the box that was pressed is ticked.
    TICKED = "ticked.js"
);
script!(
    /// The middle of the viewport.
    MIDDLE = "middle.js"
);
script!(
    /// What each candidate of a selector finds, and the html around it.
    EXPLAIN = "text.js", "find.js", "explain.js"
);
script!(
    /// Paints over what a picture must not show.
    MASK = "text.js", "find.js", "masks.js", "conceal.js", "mask.js"
);
script!(
    /// Whether that is still as it was.
    WHOLE = "masks.js", "whole.js"
);
script!(
    /// Uncovers it again.
    UNMASK = "masks.js", "unmask.js"
);
script!(
    /// Where an element is in its document.
    BOX = "text.js", "find.js", "box.js"
);
script!(
    /// The element that shows a frame.
    FRAME = "text.js", "find.js", "frame.js"
);
script!(
    /// The element that a picture is to show.
    ELEMENT = "text.js", "find.js", "element.js"
);
script!(
    /// Something by which a driver finds a point of a frame.
    ANCHOR = "anchor.js"
);
script!(
    /// How large the page is.
    SIZE = "size.js"
);
