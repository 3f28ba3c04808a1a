//! Runs: the queue, the leases, the logs.

use std::{fmt, num::NonZeroU32, time::Duration};

use async_trait::async_trait;

use super::{Page, PageRequest, StoreError};
use crate::{
    ChannelId, FlowId, NoticeId, OwnerId, RunId, Timestamp,
    alert::{AlertDecision, AlertSettings, AlertState, decide},
    flow::FlowSnapshot,
    notice::{Notice, NoticeBody, RunNotice},
    run::{QueuedRun, Run, RunAttempt, RunError, RunStatus, StepLog},
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
    /// An owner of whom `owner_limit` runs are going on is passed over, however many workers ask.
    async fn claim_run(
        &self,
        worker: WorkerId,
        owner_limit: NonZeroU32,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<ClaimedRun>, StoreError>;

    /// Prolongs a lease.
    async fn renew(&self, lease: &Lease, until: Timestamp) -> Result<Renewal, StoreError>;

    /// Keeps what came of one attempt of a run, with the logs of the steps that it did not try, and
    /// begins the attempt after it.
    async fn begin_attempt(
        &self,
        lease: &Lease,
        ended: &RunAttempt,
        untried: &[StepLog],
    ) -> Result<(), StoreError>;

    /// Stores the log of a step as soon as it has ended, and counts its picture. If there is one,
    /// returns how much the runs of the owner keep now ([`StorageStore`](super::StorageStore)).
    async fn record_step(
        &self,
        lease: &Lease,
        attempt: u32,
        log: &StepLog,
    ) -> Result<Option<u64>, StoreError>;

    /// Ends a run: its verdict, the logs of the steps that were not tried, what is now known of its
    /// flow's site, and the notices that [`RunReport::outcome`] calls for, all or nothing.
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
    async fn step_logs(&self, run: RunId) -> Result<Vec<StepLog>, StoreError> {
        self.step_logs_from(run, 0).await
    }

    /// The same, of the steps from this number on.
    async fn step_logs_from(&self, run: RunId, first: u32) -> Result<Vec<StepLog>, StoreError>;

    /// The attempts of a run that came before others, with their logs, by number.
    async fn attempts(&self, run: RunId) -> Result<Vec<(RunAttempt, Vec<StepLog>)>, StoreError>;

    /// Where the page of a step was last seen as it should be: the newest passed run of the same
    /// flow before this one that has a picture of the same step ([`StepLog::is_same_step`]), under
    /// the step's number. Only some dozens of passed runs are looked at.
    async fn last_good_picture(
        &self,
        run: &Run,
        step: &StepLog,
    ) -> Result<Option<RunId>, StoreError>;

    /// Whether the verdict on a run was told, and why, once that is decided.
    async fn alert_decision(&self, run: RunId) -> Result<Option<AlertDecision>, StoreError>;

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
    /// An attempt after the one that decided, which found nothing out.
    pub also_tried: Option<RunAttempt>,
    /// What its owner wants to be told, as it was when the run was queued.
    pub alerts: AlertSettings,
    /// How much its owner is told at a time.
    pub cap: AlertCap,
    /// When the run began.
    pub began_at: Timestamp,
    /// What is told if the settings say so; its `alert` is filled in by then.
    pub notice: RunNotice,
}

/// How many verdicts an owner is told one by one; what comes beyond waits for a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlertCap {
    /// How many.
    pub count: u32,
    /// In how long.
    pub window: Duration,
    /// How long those beyond wait for others.
    pub hold: Duration,
}

impl Default for AlertCap {
    /// Ten in ten minutes; a digest a minute later.
    fn default() -> Self {
        Self { count: 10, window: Duration::from_mins(10), hold: Duration::from_mins(1) }
    }
}

/// What follows from a verdict.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Whether it is told, and why.
    pub decision: AlertDecision,
    /// What is known of the flow's site now.
    pub state: AlertState,
    /// One notice for each receiver.
    pub notices: Vec<Notice>,
    /// Until when the notices wait for a digest; none if they go out at once.
    pub held_until: Option<Timestamp>,
}

impl RunReport {
    /// What follows from the verdict: `before` is what was known of the site, `channels` are those
    /// of the flow that are in use, `told_lately` is how many verdicts the owner was told one by one
    /// within the window of the cap.
    #[must_use]
    pub fn outcome(
        &self,
        owner: OwnerId,
        before: &AlertState,
        channels: &[ChannelId],
        told_lately: u32,
    ) -> Outcome {
        let times = (self.began_at, self.finished_at);
        let (mut decision, state) = decide(&self.alerts, before, self.status, times);
        let Some(alert) = decision.alert else {
            return Outcome { decision, state, notices: Vec::new(), held_until: None };
        };
        decision.held = told_lately >= self.cap.count;
        let body = NoticeBody::Run(RunNotice {
            alert,
            failures_in_row: decision.failures_in_row,
            failing_since: decision.failing_since.or(before.failing_since),
            ..self.notice.clone()
        });
        let own_address: &[Option<ChannelId>] = &[None];
        let chosen: Vec<_> = channels.iter().copied().map(Some).collect();
        let receivers = if chosen.is_empty() { own_address } else { &chosen };
        let notices = receivers.iter().map(|channel| Notice {
            id: NoticeId::new(self.finished_at),
            owner: Some(owner),
            channel: *channel,
            created_at: self.finished_at,
            body: body.clone(),
        });
        Outcome {
            notices: notices.collect(),
            held_until: decision.held.then(|| self.finished_at + self.cap.hold),
            decision,
            state,
        }
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
