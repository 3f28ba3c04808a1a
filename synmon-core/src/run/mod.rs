//! One execution of a flow, and what is kept of it.

mod code;
mod evidence;
mod log;

pub use code::{ErrorCode, Fault};
pub use evidence::{Evidence, Healed, PictureFacts};
pub use log::{
    REMOVED_BY_AGE, REMOVED_FOR_ROOM, Screenshot, StepError, StepLog, StepStatus, StepTiming,
};

use std::time::Duration;

use crate::{
    FlowId, OwnerId, RunId, Timestamp,
    flow::{BrowserKind, FlowSnapshot, choice},
};

choice! {
    /// What made a run.
    Trigger {
        /// Its flow's schedule.
        Schedule = "schedule",
        /// Its owner, by an instant run.
        Manual = "manual",
    }
}

choice! {
    /// How far a run has come, and how it ended.
    RunStatus {
        /// It waits for a worker.
        Queued = "queued",
        /// A worker has it.
        Running = "running",
        /// Every step was proved to work.
        Passed = "passed",
        /// A step did not work: the site's doing.
        Failed = "failed",
        /// It could not be carried out: our doing.
        Errored = "errored",
        /// Its owner stopped it.
        Cancelled = "cancelled",
        /// Its slot was not run; the error's code says why.
        Skipped = "skipped",
    }
}

impl RunStatus {
    /// Whether nothing will change any more.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

/// Why a run did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunError {
    /// The kind of failure.
    pub code: ErrorCode,
    /// What happened, in words.
    pub message: String,
    /// The number of the step that it happened in, if it happened in one.
    pub step: Option<u32>,
}

/// One execution of a flow.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// Whom it belongs to.
    pub owner: OwnerId,
    /// The flow.
    pub flow: FlowId,
    /// What the flow was called when the run was queued.
    pub flow_name: String,
    /// What made it.
    pub trigger: Trigger,
    /// How far it has come.
    pub status: RunStatus,
    /// Which try this is, from 1 on: a run that broke through no fault of the site is tried again.
    pub attempt: u32,
    /// The slot that it is for; none for an instant run.
    pub scheduled_for: Option<Timestamp>,
    /// When it was queued.
    pub queued_at: Timestamp,
    /// When a worker began with it.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// How long it took, by a clock that nobody sets.
    pub duration: Option<Duration>,
    /// The browser that it runs in.
    pub browser: BrowserKind,
    /// Which browser it really was, with its version, once that is known.
    pub browser_version: Option<String>,
    /// Why it did not pass; never empty when it ended in any other way.
    pub error: Option<RunError>,
    /// How many slots a `skipped` run stands for.
    pub missed_count: Option<u64>,
}

/// One try of a run, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunAttempt {
    /// Which try it was, from 1 on.
    pub attempt: u32,
    /// `failed` or `errored`: after a success none follows.
    pub status: RunStatus,
    /// Why.
    pub error: Option<RunError>,
    /// When it ended.
    pub finished_at: Timestamp,
    /// Which browser it was, if one was started.
    pub browser_version: Option<String>,
}

/// A run that is to be queued, with the flow as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct QueuedRun {
    /// The run.
    pub run: Run,
    /// What it will do.
    pub snapshot: FlowSnapshot,
}

impl Run {
    /// A run of `snapshot` that waits for a worker.
    #[must_use]
    pub fn queued(
        owner: OwnerId,
        flow: FlowId,
        snapshot: &FlowSnapshot,
        scheduled_for: Option<Timestamp>,
        now: Timestamp,
    ) -> Self {
        Self {
            id: RunId::new(now),
            owner,
            flow,
            flow_name: snapshot.name.clone(),
            trigger: if scheduled_for.is_some() { Trigger::Schedule } else { Trigger::Manual },
            status: RunStatus::Queued,
            attempt: 1,
            scheduled_for,
            queued_at: now,
            started_at: None,
            finished_at: None,
            duration: None,
            browser: snapshot.browser,
            browser_version: None,
            error: None,
            missed_count: None,
        }
    }

    /// The same run as one whose slot is not run.
    #[must_use]
    pub fn skipped(mut self, error: RunError, now: Timestamp) -> Self {
        self.status = RunStatus::Skipped;
        self.error = Some(error);
        self.finished_at = Some(now);
        self
    }
}
