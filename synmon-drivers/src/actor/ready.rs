//! Whether an element is ready for what is to be done to it.

use serde_json::{Value, json};
use synmon_core::{
    browser::{Attempt, BrowserError, NotReady},
    step::{Distance, Gesture, Point, Selector},
};

use super::{
    Failure, Tab,
    ask::{Where, ask},
    candidates,
};
use crate::page::{self, Readiness, Target};

/// What is to be done to an element, as the script has to know it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Purpose<'a> {
    kind: &'static str,
    /// The option to choose.
    wanted: &'a str,
    /// Where in the element.
    position: Option<Point>,
}

impl<'a> Purpose<'a> {
    /// Getting the focus, for keys.
    pub(super) const FOCUS: Self = Self::of("focus");
    /// Being written into.
    pub(super) const TYPING: Self = Self::of("type");
    /// Being what something is dropped onto.
    pub(super) const DROP: Self = Self::of("drop");

    const fn of(kind: &'static str) -> Self {
        Self { kind, wanted: "", position: None }
    }

    /// What a gesture needs.
    pub(super) fn gesture(gesture: &'a Gesture) -> Self {
        match gesture {
            Gesture::Click(click) => Self { position: click.position, ..Self::of("click") },
            Gesture::Hover(position) => Self { position: *position, ..Self::of("hover") },
            Gesture::Drag { .. } => Self::of("drag"),
            Gesture::Type { .. } => Self::TYPING,
            Gesture::Clear => Self::of("clear"),
            Gesture::Select(option) => Self { wanted: option, ..Self::of("select") },
            Gesture::Check(true) => Self::of("check"),
            Gesture::Check(false) => Self::of("uncheck"),
            Gesture::Scroll(None | Some(Distance { x: 0, y: 0 })) => Self::of("scroll"),
            Gesture::Scroll(Some(_)) => Self::of("wheel"),
        }
    }

    fn args(self, selector: &Selector) -> Value {
        let position = self.position.map(|point| json!({ "x": point.x, "y": point.y }));
        json!([candidates(selector), self.kind, self.wanted, position])
    }
}

/// Sees for one attempt whether an element is ready; says what it lacks otherwise.
pub(super) async fn readied(
    tab: &mut impl Tab,
    selector: &Selector,
    purpose: Purpose<'_>,
) -> Result<Result<Target, Attempt>, BrowserError> {
    let args = purpose.args(selector);
    let mut answer = ask(tab, Where::Here, &page::READY, args.clone()).await;
    if matches!(answer, Ok(Readiness::Behind)) {
        tab.bring_to_front().await;
        answer = ask(tab, Where::Here, &page::READY, args).await;
    }
    if matches!(answer, Err(Failure::NoFrame)) {
        return Ok(Err(Attempt::NotReady(NotReady::NoSuchPlace)));
    }
    judged(answer?)
}

/// An answer in the core's terms.
pub(super) fn judged(answer: Readiness) -> Result<Result<Target, Attempt>, BrowserError> {
    let lacking = match answer {
        Readiness::Ready(target) => return Ok(Ok(target)),
        Readiness::Missing => NotReady::Missing,
        Readiness::Hidden => NotReady::Hidden,
        Readiness::Moving => NotReady::Moving,
        Readiness::Disabled => NotReady::Disabled,
        Readiness::ReadOnly => NotReady::ReadOnly,
        Readiness::Unfocused { to } => NotReady::Unfocused { to },
        Readiness::Inert { by } => NotReady::Inert { by },
        Readiness::Covered { by } => NotReady::Covered { by },
        Readiness::OutOfView | Readiness::Behind => NotReady::OutOfView,
        Readiness::NoSuchOption => NotReady::NoSuchOption,
        Readiness::Refused { why } => return Ok(Err(Attempt::Refused(why))),
        Readiness::Invalid { why } => return Err(BrowserError::SelectorInvalid(why)),
    };
    Ok(Err(Attempt::NotReady(lacking)))
}
