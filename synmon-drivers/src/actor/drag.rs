//! Dragging one element onto another.

use serde_json::json;
use synmon_core::{
    browser::{Attempt, BrowserError, NotReady},
    step::{Button, Selector},
};

use super::{
    Failure, Input, PointerEvent, Tab,
    act::Done,
    ask::{Where, ask},
    candidates,
    ready::{Purpose, readied},
};
use crate::page::{self, Readiness, Target};

/// How far the pointer goes before pages take it for a drag.
const THRESHOLD: i64 = 8;
/// In how many steps it then goes where it should.
const WAY: i64 = 8;
/// How long it rests there: libraries that look by a timer do it about 20 times a second.
const REST_MS: u64 = 60;

/// Sees that there is something to drop onto, before the element itself is looked at.
pub(super) async fn goal(
    tab: &mut impl Tab,
    onto: &Selector,
) -> Result<Option<Attempt>, BrowserError> {
    Ok(readied(tab, onto, Purpose::DROP).await?.err())
}

/// Carries what is at `from` onto the other element: with steps between, as libraries expect them
/// that tell a drag from a click by its way.
pub(super) async fn carry(
    tab: &mut impl Tab,
    from: &Target,
    onto: &Selector,
) -> Result<Done, Failure> {
    let (x, y) = (from.x, from.y);
    let (button, count) = (Button::Left, 1);
    let lift = vec![
        PointerEvent::Move { x, y },
        PointerEvent::Down { button, count },
        PointerEvent::Move { x: x + THRESHOLD, y },
    ];
    tab.input(Input::Pointer(lift)).await?;
    // What is dragged may be in front of the goal now: it is not hit-tested again.
    let goal = ask(tab, Where::Here, &page::AIM, json!([candidates(onto)])).await;
    let Ok(Readiness::Ready(goal)) = goal else {
        let drop = vec![PointerEvent::Move { x, y }, PointerEvent::Up { button, count }];
        tab.input(Input::Pointer(drop)).await?;
        return goal.map(|_| Done::NotYet(NotReady::Missing));
    };
    // Some look where the pointer is only now and then, and move what it is over.
    for step in 1..WAY {
        let between = |from: i64, to: i64| from + (to - from) * step / WAY;
        let way = vec![PointerEvent::Move { x: between(x, goal.x), y: between(y, goal.y) }];
        tab.input(Input::Pointer(way)).await?;
    }
    let there = vec![PointerEvent::Move { x: goal.x, y: goal.y }; 2];
    tab.input(Input::Pointer(there)).await?;
    rest(tab).await?;
    let drop =
        vec![PointerEvent::Move { x: goal.x, y: goal.y }, PointerEvent::Up { button, count }];
    tab.input(Input::Pointer(drop)).await.map(|()| Done::Yes)
}

/// Lets the page catch up. If it leaves instead, there is nothing to wait for.
async fn rest(tab: &mut impl Tab) -> Result<(), Failure> {
    match tab.run(&page::REST, json!([REST_MS])).await {
        Err(Failure::Left | Failure::Script(_) | Failure::NoFrame) | Ok(_) => Ok(()),
        Err(failure) => Err(failure),
    }
}
