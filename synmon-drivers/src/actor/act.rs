//! Acting on elements as a person does.

use std::time::Instant;

use serde_json::json;
use synmon_core::{
    browser::{Attempt, BrowserError, Deed, NotReady},
    keys::Key,
    step::{Button, Click, Distance, Gesture, Selector},
};

use super::{
    Failure, Input, Tab,
    ask::{Where, ask},
    drag, field, keys,
    ready::{Purpose, readied},
    typing,
};
use crate::page::{self, Middle, Settled, Strayed, Target};

/// What came of giving input.
pub(super) enum Done {
    /// It was given.
    Yes,
    /// It could not be given, but later it may.
    NotYet(NotReady),
    /// It can't be given at all.
    Never(String),
}

/// Tries once to act on an element.
pub(crate) async fn act(
    tab: &mut impl Tab,
    selector: &Selector,
    gesture: &Gesture,
) -> Result<Attempt, BrowserError> {
    if let Gesture::Type { text, .. } = gesture
        && keys::typed(text).is_none()
    {
        let why = "the text holds a private-use character, which stands for a key";
        return Ok(Attempt::Refused(why.to_owned()));
    }
    if let Gesture::Drag { onto } = gesture
        && let Some(lacking) = drag::goal(tab, onto).await?
    {
        return Ok(lacking);
    }
    let target = match readied(tab, selector, Purpose::gesture(gesture)).await? {
        Ok(target) => target,
        Err(attempt) => return Ok(attempt),
    };
    let candidate = target.candidate;
    if target.done {
        return Ok(Attempt::Done(Deed { candidate, ..Deed::default() }));
    }
    if let Gesture::Type { text, replace } = gesture {
        return typing::write(tab, selector, target, text, *replace).await;
    }
    let done = perform(tab, &target, gesture).await;
    let attempt = finished(tab, candidate, done, Given::Other).await?.attempt();
    if let (Gesture::Check(wanted), Attempt::Done(_)) = (gesture, &attempt)
        && !field::is_ticked(tab, *wanted).await?
    {
        return Ok(Attempt::NotReady(NotReady::Unchanged));
    }
    Ok(attempt)
}

/// Turns the wheel over the middle of the page.
pub(crate) async fn scroll(
    tab: &mut impl Tab,
    distance: Distance,
) -> Result<Attempt, BrowserError> {
    let middle: Result<Middle, _> = ask(tab, Where::Here, &page::MIDDLE, json!([])).await;
    let middle = match middle {
        Err(Failure::NoFrame) => return Ok(Attempt::NotReady(NotReady::NoSuchPlace)),
        middle => middle?,
    };
    let done = input(tab, Input::Wheel { x: middle.x, y: middle.y, distance }).await;
    Ok(finished(tab, 0, done, Given::Other).await?.attempt())
}

/// Presses keys together, in an element or where the focus is.
pub(crate) async fn press(
    tab: &mut impl Tab,
    selector: Option<&Selector>,
    keys: &[Key],
) -> Result<Attempt, BrowserError> {
    let mut candidate = 0;
    if let Some(selector) = selector {
        match readied(tab, selector, Purpose::FOCUS).await? {
            Ok(target) => candidate = target.candidate,
            Err(attempt) => return Ok(attempt),
        }
    }
    let done = input(tab, keys::chord(keys)).await;
    Ok(finished(tab, candidate, done, Given::Other).await?.attempt())
}

/// Gives an element that is ready the input that a gesture is made of.
pub(super) async fn perform(
    tab: &mut impl Tab,
    target: &Target,
    gesture: &Gesture,
) -> Result<Done, Failure> {
    let &Target { x, y, .. } = target;
    match gesture {
        Gesture::Click(Click { button, count, .. }) => {
            input(tab, keys::pointer(x, y, *button, *count)).await
        }
        Gesture::Check(_) => input(tab, keys::pointer(x, y, Button::Left, 1)).await,
        Gesture::Hover(_) => input(tab, keys::pointer(x, y, Button::Left, 0)).await,
        Gesture::Scroll(Some(distance)) if *distance != (Distance { x: 0, y: 0 }) => {
            input(tab, Input::Wheel { x, y, distance: *distance }).await
        }
        // It is in view already.
        Gesture::Scroll(_) => Ok(Done::Yes),
        Gesture::Drag { onto } => drag::carry(tab, target, onto).await,
        Gesture::Type { text, replace } => field::write(tab, target, text, *replace).await,
        Gesture::Clear => field::empty(tab, target).await,
        Gesture::Select(option) => field::choose(tab, option).await,
    }
}

async fn input(tab: &mut impl Tab, input: Input) -> Result<Done, Failure> {
    tab.input(input).await.map(|()| Done::Yes)
}

/// What an input was, as far as it tells how long a page may take to react.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Given {
    /// Text without an Enter.
    Text,
    /// What may lead anywhere.
    Other,
}

/// How an input has ended.
pub(super) enum End {
    Attempt(Attempt),
    /// Keys were kept from what would have got them instead.
    Strayed(Strayed),
}

impl End {
    /// What is to be said of input that is not given piece by piece.
    fn attempt(self) -> Attempt {
        match self {
            Self::Attempt(attempt) => attempt,
            Self::Strayed(Strayed { to, .. }) => Attempt::NotReady(NotReady::Unfocused { to }),
        }
    }
}

/// After an input: lets the page react, and waits for the page that it may have gone to.
pub(super) async fn finished(
    tab: &mut impl Tab,
    candidate: usize,
    done: Result<Done, Failure>,
    given: Given,
) -> Result<End, BrowserError> {
    match done {
        // A frame may go with its last input.
        Ok(Done::Yes) | Err(Failure::NoFrame) => {}
        Ok(Done::NotYet(lacking)) | Err(Failure::NotYet(lacking)) => {
            return Ok(End::Attempt(Attempt::NotReady(lacking)));
        }
        Ok(Done::Never(why)) => return Ok(End::Attempt(Attempt::Refused(why))),
        // It went away between the look and the act.
        Err(Failure::Stale) => return Ok(End::Attempt(Attempt::NotReady(NotReady::Missing))),
        Err(failure) => return Err(failure.into()),
    }
    let since = Instant::now();
    let reaction: Result<Settled, _> =
        ask(tab, Where::Here, &page::SETTLE, json!([given == Given::Text])).await;
    match reaction {
        Ok(Settled { missed: Some(by), .. }) => {
            return Ok(End::Attempt(Attempt::NotReady(NotReady::Covered { by })));
        }
        Ok(Settled { strayed: Some(strayed), .. }) => return Ok(End::Strayed(strayed)),
        Ok(settled) if settled.hidden => tab.bring_to_front().await,
        Ok(_) | Err(Failure::Left | Failure::Script(_) | Failure::NoFrame) => {}
        Err(failure) => return Err(failure.into()),
    }
    tab.settled().await?;
    Ok(End::Attempt(Attempt::Done(Deed { candidate, settle: since.elapsed() })))
}
