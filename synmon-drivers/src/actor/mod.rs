//! What all engines do alike: they look at elements and act on them through the few things that a
//! protocol can do, which are a [`Tab`].

mod act;
mod ask;
mod drag;
mod explain;
mod field;
mod keys;
mod look;
mod picture;
mod ready;
mod tab;
mod typing;

pub(crate) use act::{act, press, scroll};
pub(crate) use ask::{Where, ask};
pub(crate) use explain::explain;
pub(crate) use keys::{strokes, typed};
pub(crate) use look::{observe, page, shown};
pub(crate) use picture::{locate, mask, mask_args, page_size, unmask};
pub(crate) use tab::{Failure, Input, KeyEvent, PointerEvent, Tab, broken, keeps_leaving};

use serde_json::{Value, json};
use synmon_core::step::Selector;

/// Why a tab does not go back from its first page.
pub(crate) const NOTHING_BEFORE: &str = "there is no page to go back to";

/// A selector as scripts take it: its candidates, each by its strategy and its text.
pub(crate) fn candidates(selector: &Selector) -> Value {
    let pairs = selector.candidates().iter().map(|one| json!([one.strategy.as_str(), one.text]));
    pairs.collect()
}
