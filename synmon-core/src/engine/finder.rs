//! Which of a selector's candidates count at a time.

use std::{borrow::Cow, time::Duration};

use crate::step::{FrameTarget, Selector};

/// How long only the first way to find an element counts: a page that is merely slow must not
/// look as if it had changed.
const GRACE: Duration = Duration::from_secs(1);

/// Which of a selector's candidates count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finder {
    /// The first.
    First,
    /// All of them, in order.
    Any,
}

impl Finder {
    /// What counts after so long a time of a step that may take `limit`.
    pub(super) fn after(waited: Duration, limit: Duration, strict: bool) -> Self {
        if strict || waited < GRACE.min(limit / 2) { Self::First } else { Self::Any }
    }

    pub(super) fn pick_frame(self, target: &FrameTarget) -> Cow<'_, FrameTarget> {
        match target {
            FrameTarget::Element(selector) => {
                Cow::Owned(FrameTarget::Element(self.pick(selector).into_owned()))
            }
            FrameTarget::Main | FrameTarget::Parent => Cow::Borrowed(target),
        }
    }

    pub(super) fn pick(self, selector: &Selector) -> Cow<'_, Selector> {
        match self {
            Self::First if selector.has_alternatives() => Cow::Owned(selector.primary()),
            _ => Cow::Borrowed(selector),
        }
    }
}
