//! Runs: the queue, the leases, the logs.

use std::{fmt, time::Duration};

use async_trait::async_trait;

use super::{Page, PageRequest, StoreError};
use crate::{
    FlowId, OwnerId, RunId, Timestamp,
    flow::FlowSnapshot,
    notice::{Notice, RunNotice},
    run::{QueuedRun, Run, RunError, RunStatus, StepLog},
};

/// Runs and their step logs.
///
/// A worker holds a [`Lease`] on a run while it works on it. Every write proves the lease by its
/// fencing number: a write under a lease that was lost is a [`StoreError::Conflict`] and changes
/// nothing.
#[async_trait]
pub trait RunStore: Send + Sync {
    /// Queues a run that its owner asked for. [`StoreError::Conflict`] if its flow is gone.
    async fn insert_run(&self, run: &QueuedRun) -> Result<(), StoreError>;

    /// Takes the run that is next, if one is queued, and marks it as running. Owners take turns:
    /// whoever was served longest ago comes first; an owner's own runs are served in their order.
    async fn claim_run(
        &self,
        worker: WorkerId,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<ClaimedRun>, StoreError>;

    /// Prolongs a lease.
    async fn renew(&self, lease: &Lease, until: Timestamp) -> Result<Renewal, StoreError>;

    /// Begins another attempt of a run whose browser broke; the logs of the attempts before are
    /// kept.
    async fn begin_attempt(&self, lease: &Lease, attempt: u32) -> Result<(), StoreError>;

    /// Stores the log of a step as soon as it has ended.
    async fn record_step(
        &self,
        lease: &Lease,
        attempt: u32,
        log: &StepLog,
    ) -> Result<(), StoreError>;

    /// Ends a run: its verdict, the logs of the steps that were not tried, what its flow's site is
    /// now held to be, and the notice that [`crate::alert`] calls for, all or nothing.
    async fn finish(&self, lease: &Lease, report: &RunReport) -> Result<(), StoreError>;

    /// Gives a run back to the queue, untried: the attempt does not count.
    async fn release(&self, lease: &Lease) -> Result<(), StoreError>;

    /// Deals with running runs whose lease is over at `now`: each is queued again as the next
    /// attempt, or, if that was its `max_losses`th loss, ends as `errored` (`worker_lost`), pauses
    /// its flow and tells the owner so.
    async fn recover_lost(
        &self,
        now: Timestamp,
        max_losses: u32,
    ) -> Result<Vec<RecoveredRun>, StoreError>;

    /// A run of this owner.
    async fn run(&self, owner: OwnerId, id: RunId) -> Result<Option<Run>, StoreError>;

    /// The logs of the steps of a run's present attempt, by number.
    async fn step_logs(&self, run: RunId) -> Result<Vec<StepLog>, StoreError>;

    /// The runs of an owner, newest first.
    async fn list_runs(
        &self,
        owner: OwnerId,
        filter: &RunFilter,
        page: PageRequest<RunId>,
    ) -> Result<Page<Run, RunId>, StoreError>;

    /// Cancels a queued run, or asks the worker of a running one to stop.
    async fn request_cancel(
        &self,
        owner: OwnerId,
        id: RunId,
        now: Timestamp,
    ) -> Result<Option<CancelOutcome>, StoreError>;

    /// How many runs wait for a worker.
    async fn queue_depth(&self) -> Result<u64, StoreError>;
}

/// Which worker holds a lease: random, made anew at each start of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkerId(uuid::Uuid);

impl WorkerId {
    /// A worker that nobody has heard of yet.
    #[must_use]
    pub fn random() -> Self {
        Self(uuid::Uuid::new_v4())
    }

    /// The bare UUID, for stores.
    #[must_use]
    pub fn uuid(self) -> uuid::Uuid {
        self.0
    }
}

impl fmt::Display for WorkerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The right to work on a run, until a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The run.
    pub run: RunId,
    /// Counts the leases that the run has had; only the newest one's holder may write.
    pub fencing: i64,
}

/// A run that a worker has taken.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimedRun {
    /// The right to work on it.
    pub lease: Lease,
    /// The run.
    pub run: Run,
    /// What is to be done.
    pub snapshot: FlowSnapshot,
}

/// What the holder of a lease learns when it prolongs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Renewal {
    /// Whether the owner wants the run to stop.
    pub cancel_requested: bool,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub struct RunReport {
    /// The attempt that decided.
    pub attempt: u32,
    /// `passed`, `failed`, `errored` or `cancelled`.
    pub status: RunStatus,
    /// Why it did not pass.
    pub error: Option<RunError>,
    /// When it ended.
    pub finished_at: Timestamp,
    /// How long it took.
    pub duration: Duration,
    /// Which browser it was, if one was started.
    pub browser_version: Option<String>,
    /// The logs of the steps that were not tried.
    pub untried: Vec<StepLog>,
    /// The flow's policy as it was when the run was queued.
    pub alert_policy: crate::flow::AlertPolicy,
    /// What is told if the policy says so; its `alert` is filled in by then.
    pub notice: RunNotice,
}

impl RunReport {
    /// The notice that this verdict calls for, given what the flow's site was held to be.
    #[must_use]
    pub fn notice_after(&self, owner: OwnerId, before: crate::alert::SiteHealth) -> Option<Notice> {
        let alert = crate::alert::alert(self.alert_policy, before, self.status)?;
        Some(Notice {
            id: crate::NoticeId::new(self.finished_at),
            owner: Some(owner),
            created_at: self.finished_at,
            body: crate::notice::NoticeBody::Run(RunNotice { alert, ..self.notice.clone() }),
        })
    }
}

/// A run whose worker was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecoveredRun {
    /// The run.
    pub run: RunId,
    /// Whether it is queued again, or has ended for good.
    pub queued_again: bool,
}

/// Which runs are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// Only those of this flow.
    pub flow: Option<FlowId>,
    /// Only those with this status.
    pub status: Option<RunStatus>,
    /// Only those queued at or after this.
    pub from: Option<Timestamp>,
    /// Only those queued before this.
    pub to: Option<Timestamp>,
}

/// What came of the wish to cancel a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelOutcome {
    /// It was queued and is cancelled now.
    Cancelled,
    /// It is running; its worker will stop it.
    Requested,
    /// It had ended before.
    HasEnded,
}
