//! Carrying out one step: attempts until it holds or its time is up.

use std::time::Duration;

use super::{
    Parts,
    condition::{self, Purpose},
    finder::Finder,
    matching,
    observed::Observed,
    wait::{Failure, Limit},
};
use crate::{
    browser::{Adjustment, Attempt, BrowserError, Deed, NotReady, Session, Travel},
    egress::EgressError,
    keys,
    run::{ErrorCode, StepError, StepTiming},
    step::{Action, Pattern, Selector, Source},
    within,
};

/// How long a name may take to resolve.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest value that a variable may get, in characters.
const MAX_VARIABLE_CHARS: usize = 5_000;

/// What is to be done.
#[derive(Clone, Copy)]
pub(super) enum Task<'a> {
    Open(&'a url::Url),
    Step(&'a Action),
}

impl<'a> Task<'a> {
    /// The address that it opens.
    pub(super) fn address(self) -> Option<&'a url::Url> {
        match self {
            Self::Open(url) | Self::Step(Action::Navigate { url }) => Some(url),
            Self::Step(_) => None,
        }
    }

    /// The element that it is about.
    pub(super) fn selector(self) -> Option<&'a Selector> {
        match self {
            Self::Open(_) => None,
            Self::Step(action) => action.selector(),
        }
    }
}

/// What a step has brought.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) deed: Deed,
    /// What `extract` keeps.
    pub(super) extracted: Option<String>,
}

impl Outcome {
    pub(super) fn by(candidate: usize) -> Self {
        Self { deed: Deed { candidate, ..Deed::default() }, extracted: None }
    }
}

/// What one attempt has come to.
pub(super) enum Tried {
    Done(Outcome),
    NotYet(StepError),
    Never(StepError),
}

/// Tries until it works or the limit is over. The timing tells waiting from acting.
pub(super) async fn perform(
    parts: &Parts,
    session: &mut dyn Session,
    task: Task<'_>,
    limit: Limit<'_>,
    strict: bool,
    observed: &mut Observed,
) -> (Result<Outcome, Failure>, StepTiming) {
    let started = parts.clock.monotonic();
    let time = limit.left();
    let mut last_attempt = started;
    let mut attempt = 0;
    let result = loop {
        last_attempt = parts.clock.monotonic().max(last_attempt);
        let finder = Finder::after(last_attempt.saturating_sub(started), time, strict);
        let trying = try_once(session, task, finder, limit, observed);
        let reason = match limit.call(trying).await {
            Ok(Tried::Done(outcome)) => break Ok(outcome),
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

async fn try_once(
    session: &mut dyn Session,
    task: Task<'_>,
    finder: Finder,
    limit: Limit<'_>,
    observed: &mut Observed,
) -> Result<Tried, BrowserError> {
    let action = match task {
        Task::Open(url) => return done(session.open(url).await),
        Task::Step(action) => action,
    };
    match action {
        Action::Navigate { url } => done(session.open(url).await),
        Action::Back => done(session.travel(Travel::Back).await),
        Action::Forward => done(session.travel(Travel::Forward).await),
        Action::Reload => done(session.travel(Travel::Reload).await),
        Action::Act { selector, gesture } => {
            let picked = finder.pick(selector);
            Ok(acted(session.act(&picked, gesture).await?, Some(&picked)))
        }
        Action::Scroll { distance } => Ok(acted(session.scroll(*distance).await?, None)),
        Action::Press { selector, keys } => {
            // The chord was checked when the step was parsed.
            let keys =
                keys::parse(keys).map_err(|error| BrowserError::Unexpected(error.to_string()))?;
            let picked = selector.as_ref().map(|selector| finder.pick(selector));
            Ok(acted(session.press(picked.as_deref(), &keys).await?, picked.as_deref()))
        }
        Action::Wait(condition) => {
            condition::check(session, condition, Purpose::Wait, finder, observed).await
        }
        Action::Assert(condition) => {
            condition::check(session, condition, Purpose::Assert, finder, observed).await
        }
        Action::WaitTime(time) if limit.left() < *time => {
            let message = format!("the step has less time than the {time:?} that it is to wait");
            Ok(Tried::Never(StepError::new(ErrorCode::Timeout, message)))
        }
        Action::WaitTime(time) => {
            limit.idle(*time).await;
            Ok(Tried::Done(Outcome::default()))
        }
        Action::SwitchFrame(target) => {
            Ok(acted(session.switch_frame(&finder.pick_frame(target)).await?, action.selector()))
        }
        Action::SwitchTab(target) => Ok(acted(session.switch_tab(target).await?, None)),
        Action::CloseTab => Ok(acted(session.close_tab().await?, None)),
        Action::Dialog(answer) => done(session.adjust(&Adjustment::Dialogs(answer.clone())).await),
        Action::SetCookie(cookie) => {
            done(session.adjust(&Adjustment::Cookie(cookie.clone())).await)
        }
        Action::SetHeader(header) => {
            done(session.adjust(&Adjustment::Header(header.clone())).await)
        }
        Action::SetViewport(viewport) => {
            done(session.adjust(&Adjustment::Viewport(*viewport)).await)
        }
        Action::Extract { source, pattern, .. } => {
            extract(session, source, pattern.as_ref(), finder).await
        }
        Action::Screenshot { selector: Some(selector), .. } => {
            let picked = finder.pick(selector);
            Ok(match session.observe(&picked, None).await? {
                Some(seen) if seen.visible => Tried::Done(Outcome::by(seen.candidate)),
                Some(_) => Tried::NotYet(not_ready(&NotReady::Hidden, Some(&picked))),
                None => Tried::NotYet(not_ready(&NotReady::Missing, Some(&picked))),
            })
        }
        Action::Screenshot { selector: None, .. } => Ok(Tried::Done(Outcome::default())),
        // The flow's steps stand in its place when a run begins.
        Action::UseFlow(_) => {
            Err(BrowserError::Unexpected("a flow was not put in its place".to_owned()))
        }
    }
}

async fn extract(
    session: &mut dyn Session,
    source: &Source,
    pattern: Option<&Pattern>,
    finder: Finder,
) -> Result<Tried, BrowserError> {
    let (value, candidate) = match source {
        Source::Url => (Some(session.page().await?.url), 0),
        Source::Title => (Some(session.page().await?.title), 0),
        Source::Text(selector) | Source::Value(selector) | Source::Attribute(selector, _) => {
            let name = match source {
                Source::Attribute(_, name) => Some(name.as_str()),
                _ => None,
            };
            let picked = finder.pick(selector);
            let Some(seen) = session.observe(&picked, name).await? else {
                return Ok(Tried::NotYet(not_ready(&NotReady::Missing, Some(&picked))));
            };
            let value = match source {
                Source::Value(_) => seen.value,
                Source::Attribute(..) => seen.attribute,
                _ => Some(seen.text.trim().to_owned()),
            };
            (value, seen.candidate)
        }
    };
    let failed =
        |message: String| Ok(Tried::NotYet(StepError::new(ErrorCode::AssertionFailed, message)));
    let Some(value) = value else {
        return failed("the element has nothing of that kind".to_owned());
    };
    let part = match pattern {
        None => Some(value.clone()),
        Some(pattern) => matching::part(pattern, &value).await,
    };
    match part {
        None => failed(format!("nothing in “{value:.200}” matches the pattern")),
        Some(part) if part.chars().count() > MAX_VARIABLE_CHARS => {
            failed(format!("it has more than {MAX_VARIABLE_CHARS} characters"))
        }
        Some(part) => Ok(Tried::Done(Outcome { extracted: Some(part), ..Outcome::by(candidate) })),
    }
}

/// Says in an error how long it was waited for something better.
fn waited(error: StepError, time: Duration) -> StepError {
    let seconds = time.as_secs_f64();
    StepError { message: format!("{} (waited {seconds:.1} s)", error.message), ..error }
}

fn done(result: Result<(), BrowserError>) -> Result<Tried, BrowserError> {
    result.map(|()| Tried::Done(Outcome::default()))
}

fn acted(attempt: Attempt, selector: Option<&Selector>) -> Tried {
    match attempt {
        Attempt::Done(deed) => Tried::Done(Outcome { deed, extracted: None }),
        Attempt::NotReady(why) => Tried::NotYet(not_ready(&why, selector)),
        Attempt::Refused(why) => {
            Tried::Never(StepError::new(ErrorCode::ElementNotInteractable, why))
        }
    }
}

pub(super) fn not_ready(why: &NotReady, selector: Option<&Selector>) -> StepError {
    let code = match why {
        NotReady::Missing | NotReady::NoSuchPlace => ErrorCode::ElementNotFound,
        _ => ErrorCode::ElementNotInteractable,
    };
    let of = selector.map(|selector| format!(": {selector}")).unwrap_or_default();
    StepError::new(code, format!("{why}{of}"))
}
