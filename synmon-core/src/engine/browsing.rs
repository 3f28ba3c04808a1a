//! Browsers of runs: asked for, and let go.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures_util::FutureExt as _;
use tracing::warn;

use super::{
    Parts,
    retry::persist,
    stop::{StopReason, Stopper},
    wait::{Failure, Limit},
};
use crate::{
    browser::{BrowserError, DialogAnswer, Session, SessionRequest},
    flow::{BrowserSettings, DialogPolicy},
    keys,
    run::ErrorCode,
    step::Action,
    store::{ClaimedRun, SessionEntry},
    within,
};

/// How long it may take until a browser is there.
pub(super) const START_TIMEOUT: Duration = Duration::from_mins(1);
const CLOSE_TIMEOUT: Duration = Duration::from_secs(20);

/// A session of a run.
pub(super) struct OpenSession {
    pub(super) session: Box<dyn Session>,
    /// What it is entered by in the ledger, if it is.
    tag: Option<String>,
}

/// Why there is no session.
pub(super) enum NoSession {
    Stopped(StopReason),
    Broken { code: ErrorCode, message: String },
}

fn pastes(action: &Action) -> bool {
    matches!(action, Action::Press { keys: chord, .. }
        if keys::parse(chord).is_ok_and(|chord| keys::pastes(&chord)))
}

/// Starts a browser for a run. One that would outlive this process is entered in the ledger first;
/// what is asked for in vain stays there, because it may still come to be.
pub(super) async fn open(
    parts: &Parts,
    claim: &ClaimedRun,
    stopper: &Stopper,
    mut settings: BrowserSettings,
) -> Result<OpenSession, NoSession> {
    let host = claim.snapshot.url.as_url().host_str();
    for cookie in &mut settings.cookies {
        cookie.domain = cookie.domain.take().or_else(|| host.map(str::to_owned));
    }
    let request = SessionRequest {
        run: claim.run.id,
        tag: format!("synmon-{}", uuid::Uuid::new_v4().simple()),
        browser: claim.snapshot.browser,
        dialogs: match claim.snapshot.dialogs {
            DialogPolicy::Accept => DialogAnswer::Accept(None),
            DialogPolicy::Dismiss | DialogPolicy::Fail => DialogAnswer::Dismiss,
        },
        settings,
        pastes: claim.snapshot.steps.iter().any(|step| pastes(&step.action)),
    };
    let tag = parts.browser.is_shared().then(|| request.tag.clone());
    if let Some(tag) = &tag {
        enter(parts, claim, tag).await?;
    }
    let limit = Limit::new(parts, stopper, START_TIMEOUT);
    let start = limit.call(parts.browser.start(&request));
    let session = match AssertUnwindSafe(start).catch_unwind().await {
        Ok(Ok(session)) => session,
        Err(_panic) => {
            let message = "synmon panicked while it started a browser".to_owned();
            return Err(NoSession::Broken { code: ErrorCode::Internal, message });
        }
        Ok(Err(Failure::Stopped(reason))) => return Err(NoSession::Stopped(reason)),
        Ok(Err(failure)) => {
            let message = match &failure {
                Failure::Browser(error) => error.to_string(),
                _ => format!("no browser was ready within {START_TIMEOUT:?}"),
            };
            let code = match failure {
                Failure::Browser(BrowserError::Unsupported(_)) => ErrorCode::Unsupported,
                _ => ErrorCode::BrowserUnavailable,
            };
            return Err(NoSession::Broken { code, message });
        }
    };
    if let (Some(tag), Some(id)) = (&tag, session.id()) {
        let named = persist(parts, "a browser's name", || parts.store.name_session(tag, id)).await;
        if let Err(error) = named {
            // It is found by its tag, too.
            warn!(run.id = %claim.run.id, "The ledger does not know what the session {tag} is called: {error}");
        }
    }
    Ok(OpenSession { session, tag })
}

async fn enter(parts: &Parts, claim: &ClaimedRun, tag: &str) -> Result<(), NoSession> {
    let (tag, entered_at) = (tag.to_owned(), parts.clock.now());
    let entry = SessionEntry { tag, lease: claim.lease, entered_at };
    persist(parts, "a browser session", || parts.store.enter_session(&entry)).await.map_err(
        |error| {
            // Without the entry, nobody would end it if this process died.
            warn!(run.id = %claim.run.id, "No browser is asked for: {error}");
            let message = "the browser's session could not be entered in the ledger".to_owned();
            NoSession::Broken { code: ErrorCode::Internal, message }
        },
    )
}

/// Ends a browser. What goes wrong there changes no verdict, but is not lost.
pub(super) async fn close(parts: &Parts, claim: &ClaimedRun, open: Option<OpenSession>) {
    let Some(OpenSession { session, tag }) = open else { return };
    let id = claim.run.id;
    let closed = AssertUnwindSafe(within(&*parts.clock, CLOSE_TIMEOUT, session.close()));
    let why = match closed.catch_unwind().await {
        Ok(Some(Ok(()))) => {
            if let Some(tag) = tag {
                strike_out(parts, &tag).await;
            }
            return;
        }
        Ok(Some(Err(error))) => error.to_string(),
        Ok(None) => format!("it took longer than {CLOSE_TIMEOUT:?}"),
        Err(_panic) => "closing it panicked".to_owned(),
    };
    warn!(run.id = %id, "The browser of run {id} did not close cleanly: {why}");
}

async fn strike_out(parts: &Parts, tag: &str) {
    let struck =
        persist(parts, "the end of a browser session", || parts.store.strike_out_session(tag));
    if let Err(error) = struck.await {
        warn!("The session {tag} stays in the ledger, although it is closed: {error}");
    }
}
