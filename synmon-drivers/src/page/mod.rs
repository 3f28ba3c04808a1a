//! What happens in the page: our scripts, and what they answer. Every engine runs the same ones.

mod answer;
mod script;

pub(crate) use answer::{
    Anchor, Changed, Element, Explained, Found, Located, Masked, Middle, Readiness, Settled, Shown,
    Size, Strayed, Target, Writing,
};
pub(crate) use script::{
    AIM, ANCHOR, BOX, ELEMENT, EXPLAIN, FRAME, MARK, MASK, MIDDLE, OBSERVE, PAGE, READY, REST,
    SELECT, SET, SETTLE, SIZE, Script, TICKED, UNMASK, WHOLE,
};

/// What is said of a page's process where no more is known.
pub(crate) const ENDED: &str = "its process has ended";
