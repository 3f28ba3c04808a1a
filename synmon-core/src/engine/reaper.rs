//! Browser sessions that nobody closed.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::{FutureExt as _, future::join_all};
use metrics::{counter, gauge};
use tracing::{error, info, warn};

use super::{POLL, Parts, Ticking, browsing::START_TIMEOUT};
use crate::{
    flow::MAX_RUN_TIMEOUT,
    store::{ForgottenSession, SessionsDue, StoreError},
    within,
};

const REAPER_PERIOD: Duration = Duration::from_secs(30);
/// How many sessions are ended in one tick, side by side.
const BATCH: u32 = 10;
/// How long a run that has ended has to close its sessions itself.
const CLOSE_GRACE: Duration = Duration::from_mins(1);
/// How much longer than its start and its run at most a session is left alone.
const AGE_GRACE: Duration = Duration::from_mins(10);
/// How long one try may take.
const END_LIMIT: Duration = Duration::from_secs(20);
const MAX_TRIES: u32 = 3;
/// Between two tries. Three of them outlast a machine that is being restarted.
const TRY_PAUSE: Duration = Duration::from_mins(5);
/// How long a session that was asked for may still come to be: a Selenium Grid keeps a request in
/// its queue for five minutes.
const MAY_STILL_COME: Duration = Duration::from_mins(10);
/// How long sessions that were given up are remembered.
const KEEP_LEAKED: Duration = Duration::from_hours(7 * 24);

/// Ends browser sessions on shared machines whose run has no more use for them: the process that
/// asked for them may be gone.
pub struct Reaper {
    parts: Arc<Parts>,
}

/// What a try to end a session has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Try {
    Ended,
    /// It is not there (yet).
    MayStillCome,
    PutOff,
    GivenUp,
}

impl Reaper {
    pub(super) fn new(parts: Arc<Parts>) -> Self {
        Self { parts }
    }

    /// Ends what is due, and returns how long there will be no more of it.
    pub async fn tick(&self) -> Result<Duration, StoreError> {
        let Parts { store, clock, browser, .. } = &*self.parts;
        if !browser.is_shared() {
            // Nor could it end what others have asked another machine for.
            return Ok(REAPER_PERIOD);
        }
        let now = clock.now();
        let due = SessionsDue {
            now,
            ended_before: now.before(CLOSE_GRACE),
            entered_before: now.before(START_TIMEOUT + MAX_RUN_TIMEOUT + AGE_GRACE),
            until: now + TRY_PAUSE,
            limit: BATCH,
        };
        let forgotten = store.take_forgotten_sessions(&due).await?;
        let more = forgotten.len() >= BATCH as usize;
        // Side by side: one that hangs must not keep the others.
        let tried = join_all(forgotten.iter().map(|session| self.end(session))).await;
        for (session, tried) in forgotten.iter().zip(tried) {
            match tried {
                Try::Ended => store.strike_out_session(&session.tag).await?,
                Try::MayStillCome => store.expect_session(&session.tag).await?,
                Try::PutOff => {}
                Try::GivenUp => store.give_session_up(&session.tag).await?,
            }
        }
        let leaked = store.leaked_sessions(now.before(KEEP_LEAKED)).await?;
        gauge!("synmon_browser_sessions_leaked")
            .set(f64::from(u32::try_from(leaked).unwrap_or(u32::MAX)));
        Ok(if more { POLL } else { REAPER_PERIOD })
    }

    async fn end(&self, session: &ForgottenSession) -> Try {
        let Parts { clock, browser, .. } = &*self.parts;
        let ForgottenSession { tag, id, entered_at, tries } = session;
        let ending = browser.end_forgotten(tag, id.as_deref());
        let ended = AssertUnwindSafe(within(&**clock, END_LIMIT, ending)).catch_unwind().await;
        let why = match ended {
            Ok(Some(Ok(()))) => {
                if id.is_none() && clock.now().before(MAY_STILL_COME) < *entered_at {
                    return Try::MayStillCome;
                }
                info!("The forgotten browser session {tag} is ended");
                counter!("synmon_browser_sessions_reaped_total").increment(1);
                return Try::Ended;
            }
            Ok(Some(Err(error))) => error.to_string(),
            Ok(None) => format!("it took longer than {END_LIMIT:?}"),
            Err(_panic) => "ending it panicked".to_owned(),
        };
        if *tries < MAX_TRIES {
            warn!("The forgotten browser session {tag} can't be ended yet: {why}");
            return Try::PutOff;
        }
        let id = id.as_deref().unwrap_or("unknown");
        error!("The browser session {tag} (id {id}) is given up, and may go on for ever: {why}");
        Try::GivenUp
    }
}

#[async_trait]
impl Ticking for Reaper {
    const NAME: &'static str = "reaper";

    async fn tick_once(&self) -> Result<Duration, StoreError> {
        self.tick().await
    }
}
