//! Carrying out one step: attempts until it holds or its time is up.

use std::time::Duration;

use super::{
    Parts,
    wait::{Failure, Limit},
};
use crate::{
    browser::{Attempt, BrowserError, NotReady, Observation, Session},
    egress::EgressError,
    keys,
    run::{ErrorCode, StepError, StepTiming},
    step::{Action, Expected, Selector},
    within,
};

/// How much of a page's text goes into an error.
const MAX_FOUND_CHARS: usize = 500;
/// How long a name may take to resolve.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(10);

/// What is to be done.
#[derive(Clone, Copy)]
pub(super) enum Task<'a> {
    Open(&'a url::Url),
    Step(&'a Action),
}

impl Task<'_> {
    /// Whether it opens an address.
    pub(super) fn opens(self) -> bool {
        matches!(self, Self::Open(_) | Self::Step(Action::Navigate { .. }))
    }
}

/// What one attempt has come to.
enum Tried {
    Done,
    NotYet(StepError),
    Never(StepError),
}

/// Tries until it works or the limit is over. The timing tells waiting from acting.
pub(super) async fn perform(
    parts: &Parts,
    session: &mut dyn Session,
    task: Task<'_>,
    limit: Limit<'_>,
) -> (Result<(), Failure>, StepTiming) {
    let started = parts.clock.monotonic();
    let mut last_attempt = started;
    let mut attempt = 0;
    let result = loop {
        last_attempt = parts.clock.monotonic().max(last_attempt);
        let reason = match limit.call(try_once(session, task)).await {
            Ok(Tried::Done) => break Ok(()),
            Ok(Tried::Never(error)) => break Err(Failure::Page(error)),
            Ok(Tried::NotYet(error)) => error,
            Err(failure) => break Err(failure),
        };
        match limit.pause(attempt).await {
            Ok(true) => attempt += 1,
            Ok(false) => {
                break Err(Failure::Page(waited(
                    reason,
                    parts.clock.monotonic().saturating_sub(started),
                )));
            }
            Err(stopped) => break Err(stopped),
        }
    };
    let act = parts.clock.monotonic().saturating_sub(last_attempt);
    let wait = last_attempt.saturating_sub(started);
    (result, StepTiming { wait, act, picture: Duration::ZERO })
}

/// Refuses addresses that a flow must not open. A name that does not resolve is left to the
/// browser, whose word on it counts.
pub(super) async fn check_egress(parts: &Parts, url: &url::Url) -> Result<(), StepError> {
    match within(&*parts.clock, RESOLVE_TIMEOUT, parts.egress.check(url)).await {
        Some(Ok(()) | Err(EgressError::Unresolved { .. })) => Ok(()),
        Some(Err(error)) => Err(StepError::new(ErrorCode::BlockedAddress, error.to_string())),
        // Not left to the browser: a name service that is slow on purpose must not open the gate.
        None => {
            let host = url.host_str().unwrap_or_default();
            let message = format!("{host} did not resolve within {RESOLVE_TIMEOUT:?}");
            Err(StepError::new(ErrorCode::Dns, message))
        }
    }
}

async fn try_once(session: &mut dyn Session, task: Task<'_>) -> Result<Tried, BrowserError> {
    let action = match task {
        Task::Open(url) => return session.open(url).await.map(|()| Tried::Done),
        Task::Step(action) => action,
    };
    match action {
        Action::Navigate { url } => session.open(url).await.map(|()| Tried::Done),
        Action::Back => session.back().await.map(|()| Tried::Done),
        Action::Reload => session.reload().await.map(|()| Tried::Done),
        Action::Act { selector, gesture } => {
            Ok(acted(session.act(selector, gesture).await?, Some(selector)))
        }
        Action::Press { selector, keys } => {
            // The chord was checked when the step was parsed.
            let keys =
                keys::parse(keys).map_err(|error| BrowserError::Unexpected(error.to_string()))?;
            Ok(acted(session.press(selector.as_ref(), &keys).await?, selector.as_ref()))
        }
        Action::WaitVisible { selector } => Ok(match session.observe(selector).await? {
            Some(seen) if seen.visible => Tried::Done,
            Some(_) => Tried::NotYet(not_ready(&NotReady::Hidden, Some(selector))),
            None => Tried::NotYet(not_ready(&NotReady::Missing, Some(selector))),
        }),
        Action::WaitHidden { selector } => Ok(match session.observe(selector).await? {
            Some(seen) if seen.visible => Tried::NotYet(StepError::new(
                ErrorCode::Timeout,
                format!("the element {selector} is still visible"),
            )),
            _ => Tried::Done,
        }),
        Action::AssertUrl { expected } => {
            Ok(compare("the address", expected, &session.page().await?.url))
        }
        Action::AssertTitle { expected } => {
            Ok(compare("the title", expected, &session.page().await?.title))
        }
        Action::AssertVisible { selector } => {
            Ok(visibility(session.observe(selector).await?, true))
        }
        Action::AssertHidden { selector } => {
            Ok(visibility(session.observe(selector).await?, false))
        }
        Action::AssertText { selector, expected } => Ok(match session.observe(selector).await? {
            Some(seen) => compare("the text", expected, &seen.text),
            None => Tried::NotYet(not_ready(&NotReady::Missing, Some(selector))),
        }),
        Action::AssertValue { selector, expected } => Ok(match session.observe(selector).await? {
            Some(Observation { value: Some(value), .. }) => compare("the value", expected, &value),
            Some(_) => Tried::NotYet(StepError::new(
                ErrorCode::AssertionFailed,
                format!("the element {selector} is not a form field and has no value"),
            )),
            None => Tried::NotYet(not_ready(&NotReady::Missing, Some(selector))),
        }),
    }
}

/// Says in an error how long it was waited for something better.
fn waited(error: StepError, time: Duration) -> StepError {
    let seconds = time.as_secs_f64();
    StepError { message: format!("{} (waited {seconds:.1} s)", error.message), ..error }
}

fn acted(attempt: Attempt, selector: Option<&Selector>) -> Tried {
    match attempt {
        Attempt::Done => Tried::Done,
        Attempt::NotReady(why) => Tried::NotYet(not_ready(&why, selector)),
        Attempt::Refused(why) => {
            Tried::Never(StepError::new(ErrorCode::ElementNotInteractable, why))
        }
    }
}

fn not_ready(why: &NotReady, selector: Option<&Selector>) -> StepError {
    let code = match why {
        NotReady::Missing => ErrorCode::ElementNotFound,
        _ => ErrorCode::ElementNotInteractable,
    };
    let of = selector.map(|selector| format!(": {selector}")).unwrap_or_default();
    StepError::new(code, format!("{why}{of}"))
}

fn visibility(seen: Option<Observation>, expected: bool) -> Tried {
    let found = match &seen {
        Some(seen) if seen.visible => "a visible element",
        Some(_) => "an element that is not visible",
        None => "no element",
    };
    if seen.is_some_and(|seen| seen.visible) == expected {
        return Tried::Done;
    }
    let expected = if expected { "a visible element" } else { "no visible element" };
    Tried::NotYet(StepError {
        code: ErrorCode::AssertionFailed,
        message: format!("expected {expected}, found {found}"),
        expected: Some(expected.to_owned()),
        found: Some(found.to_owned()),
    })
}

fn compare(what: &str, expected: &Expected, found: &str) -> Tried {
    if expected.holds(found) {
        return Tried::Done;
    }
    let found: String = found.chars().take(MAX_FOUND_CHARS).collect();
    Tried::NotYet(StepError {
        code: ErrorCode::AssertionFailed,
        message: format!("{what} should be {expected}, but is “{found}”"),
        expected: Some(expected.text.clone()),
        found: Some(found),
    })
}
