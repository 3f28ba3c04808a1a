//! Runs: the queue, the leases, the verdicts.

use std::{collections::HashMap, num::NonZeroU32, sync::PoisonError};

use async_trait::async_trait;
use synmon_core::{
    ChannelId, NoticeId, OwnerId, RunId, Timestamp,
    alert::AlertDecision,
    channel::ChannelStatus,
    notice::{Notice, NoticeBody},
    run::{ErrorCode, QueuedRun, Run, RunAttempt, RunError, RunStatus, Screenshot, StepLog},
    store::{
        CancelOutcome, ClaimedRun, Lease, Page, PageRequest, RecoveredRun, Renewal, RunFilter,
        RunReport, RunStore, StoreError, WorkerId,
    },
};

use super::{MemoryStore, NoticeState, RunEntry, State, conflict, up_to};

#[async_trait]
impl RunStore for MemoryStore {
    async fn insert_run(&self, run: &QueuedRun) -> Result<(), StoreError> {
        let mut state = self.open()?;
        if !state.flows.contains_key(&run.run.flow) || state.runs.contains_key(&run.run.id) {
            return conflict("run");
        }
        state.put_run(run.run.clone(), Some(run.snapshot.clone()));
        state.tell(run.run.owner, None);
        Ok(())
    }

    async fn claim_run(
        &self,
        _worker: WorkerId,
        owner_limit: NonZeroU32,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<ClaimedRun>, StoreError> {
        let mut state = self.open()?;
        let State { runs, turns, .. } = &mut *state;
        let mut running: HashMap<OwnerId, u32> = HashMap::new();
        for entry in runs.values().filter(|entry| entry.run.status == RunStatus::Running) {
            *running.entry(entry.run.owner).or_default() += 1;
        }
        let next = runs
            .values_mut()
            .filter(|entry| entry.run.status == RunStatus::Queued)
            .filter(|entry| running.get(&entry.run.owner).is_none_or(|n| *n < owner_limit.get()))
            .min_by_key(|entry| {
                let run = &entry.run;
                (turns.get(&run.owner).copied(), run.queued_at, run.id)
            });
        let Some(entry) = next else { return Ok(None) };
        entry.run.status = RunStatus::Running;
        entry.run.started_at = Some(now.max(entry.run.queued_at));
        entry.fencing += 1;
        entry.lease_until = Some(until);
        turns.insert(entry.run.owner, now);
        let lease = Lease { run: entry.run.id, fencing: entry.fencing };
        let snapshot = entry.snapshot.clone().unwrap();
        Ok(Some(ClaimedRun { lease, run: entry.run.clone(), snapshot }))
    }

    async fn renew(&self, lease: &Lease, until: Timestamp) -> Result<Renewal, StoreError> {
        let mut state = self.open()?;
        let entry = state.held(lease)?;
        entry.lease_until = Some(until);
        let renewal = Renewal { cancel_requested: entry.cancel_requested };
        *self.renewals.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.renewed.notify_all();
        Ok(renewal)
    }

    async fn begin_attempt(
        &self,
        lease: &Lease,
        ended: &RunAttempt,
        untried: &[StepLog],
    ) -> Result<(), StoreError> {
        let mut state = self.open()?;
        state.held(lease)?.run.attempt = ended.attempt + 1;
        for log in untried {
            state.put_log(lease.run, ended.attempt, log);
        }
        state.put_attempt(lease.run, ended);
        Ok(())
    }

    async fn record_step(
        &self,
        lease: &Lease,
        attempt: u32,
        log: &StepLog,
    ) -> Result<Option<u64>, StoreError> {
        let mut state = self.open()?;
        state.held(lease)?;
        if !state.put_log(lease.run, attempt, log) || log.stored_bytes() == 0 {
            return Ok(None);
        }
        state.count_stored(lease, log.stored_bytes()).map(Some)
    }

    async fn finish(&self, lease: &Lease, report: &RunReport) -> Result<(), StoreError> {
        let mut state = self.open()?;
        let entry = state.held(lease)?;
        entry.end(report.status, report.error.clone(), report.finished_at);
        entry.run.attempt = report.attempt;
        entry.run.duration = Some(report.duration);
        entry.run.browser_version.clone_from(&report.browser_version);
        let (owner, flow) = (entry.run.owner, entry.run.flow);
        for log in &report.untried {
            state.put_log(lease.run, report.attempt, log);
        }
        if let Some(also) = &report.also_tried {
            state.put_attempt(lease.run, also);
        }
        let watched = state.flows[&flow].watched;
        let channels = state.channels_in_use(owner, &state.flows[&flow].flow.channels);
        let told_lately = state.told_lately(owner, report.finished_at.before(report.cap.window));
        let outcome = report.outcome(owner, &watched, &channels, told_lately);
        state.flows.get_mut(&flow).unwrap().watched = outcome.state;
        state.runs.get_mut(&lease.run).unwrap().decision = Some(outcome.decision);
        for notice in outcome.notices {
            state.put_notice_held(notice, outcome.held_until);
        }
        Ok(())
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        let mut state = self.open()?;
        let entry = state.held(lease)?;
        entry.queue_again();
        let attempt = entry.run.attempt;
        state.logs.retain(|(run, tried, _), _| (*run, *tried) != (lease.run, attempt));
        Ok(())
    }

    async fn recover_lost(
        &self,
        now: Timestamp,
        max_losses: u32,
    ) -> Result<Vec<RecoveredRun>, StoreError> {
        let mut state = self.open()?;
        let lost: Vec<RunId> = state
            .runs
            .values()
            .filter(|entry| entry.run.status == RunStatus::Running)
            .filter(|entry| entry.lease_until.is_some_and(|until| until < now))
            .map(|entry| entry.run.id)
            .collect();
        let recover = |run| RecoveredRun { run, queued_again: state.recover(run, now, max_losses) };
        Ok(lost.into_iter().map(recover).collect())
    }

    async fn run(&self, owner: OwnerId, id: RunId) -> Result<Option<Run>, StoreError> {
        let state = self.open()?;
        let entry = state.runs.get(&id).filter(|entry| entry.run.owner == owner);
        Ok(entry.map(|entry| entry.run.clone()))
    }

    async fn step_logs_from(&self, run: RunId, first: u32) -> Result<Vec<StepLog>, StoreError> {
        let state = self.open()?;
        let Some(entry) = state.runs.get(&run) else {
            return Ok(Vec::new());
        };
        let attempt = entry.run.attempt;
        let logs = state.logs.range((run, attempt, first)..=(run, attempt, u32::MAX));
        Ok(logs.map(|(_, log)| log.clone()).collect())
    }

    async fn last_good_picture(
        &self,
        run: &Run,
        step: &StepLog,
    ) -> Result<Option<RunId>, StoreError> {
        let state = self.open()?;
        let has_picture = |good: &Run| {
            let log = state.logs.get(&(good.id, good.attempt, step.number));
            log.is_some_and(|log| {
                log.is_same_step(step) && matches!(log.screenshot, Screenshot::Captured(_))
            })
        };
        let before = state.runs.range(..run.id).rev().map(|(_, entry)| &entry.run);
        let mut passed = before
            .filter(|good| good.flow == run.flow && good.status == RunStatus::Passed)
            .take(50);
        Ok(passed.find(|good| has_picture(good)).map(|good| good.id))
    }

    async fn attempts(&self, run: RunId) -> Result<Vec<(RunAttempt, Vec<StepLog>)>, StoreError> {
        let state = self.open()?;
        let Some(entry) = state.runs.get(&run) else {
            return Ok(Vec::new());
        };
        let others = state
            .attempts
            .range((run, 0)..=(run, u32::MAX))
            .filter(|((_, attempt), _)| *attempt != entry.run.attempt);
        let with_logs = others.map(|((_, number), attempt)| {
            let logs = state.logs.range((run, *number, 0)..=(run, *number, u32::MAX));
            (attempt.clone(), logs.map(|(_, log)| log.clone()).collect())
        });
        Ok(with_logs.collect())
    }

    async fn alert_decision(&self, run: RunId) -> Result<Option<AlertDecision>, StoreError> {
        Ok(self.open()?.runs.get(&run).and_then(|entry| entry.decision.clone()))
    }

    async fn list_runs(
        &self,
        owner: OwnerId,
        filter: &RunFilter,
        page: PageRequest<RunId>,
    ) -> Result<Page<Run, RunId>, StoreError> {
        let state = self.open()?;
        let found = state
            .runs
            .values()
            .rev()
            .map(|entry| &entry.run)
            .filter(|run| run.owner == owner)
            .filter(|run| filter.flow.is_none_or(|flow| run.flow == flow))
            .filter(|run| filter.status.is_none_or(|status| run.status == status))
            .filter(|run| filter.from.is_none_or(|from| run.queued_at >= from))
            .filter(|run| filter.to.is_none_or(|to| run.queued_at < to))
            .filter(|run| page.after.is_none_or(|after| run.id < after))
            .take(up_to(page.limit).saturating_add(1))
            .cloned()
            .collect();
        Ok(Page::from_one_more(found, page.limit, |run: &Run| run.id))
    }

    async fn request_cancel(
        &self,
        owner: OwnerId,
        id: RunId,
        now: Timestamp,
    ) -> Result<Option<CancelOutcome>, StoreError> {
        let mut state = self.open()?;
        let entry = state.runs.get_mut(&id).filter(|entry| entry.run.owner == owner);
        let Some(entry) = entry else { return Ok(None) };
        let outcome = match entry.run.status {
            RunStatus::Queued => {
                let message = "the run was cancelled before it started".to_owned();
                let error = RunError { code: ErrorCode::Cancelled, message, step: None };
                entry.end(RunStatus::Cancelled, Some(error), now);
                CancelOutcome::Cancelled
            }
            RunStatus::Running => {
                entry.cancel_requested = true;
                CancelOutcome::Requested
            }
            _ => return Ok(Some(CancelOutcome::HasEnded)),
        };
        state.tell(owner, None);
        Ok(Some(outcome))
    }

    async fn queue_depth(&self) -> Result<u64, StoreError> {
        let state = self.open()?;
        let queued = state.runs.values().filter(|entry| entry.run.status == RunStatus::Queued);
        Ok(queued.map(|_| 1).sum())
    }
}

impl RunEntry {
    fn end(&mut self, status: RunStatus, error: Option<RunError>, now: Timestamp) {
        self.run.status = status;
        self.run.error = error;
        self.run.finished_at = Some(now);
        self.snapshot = None;
        self.lease_until = None;
    }

    fn queue_again(&mut self) {
        self.run.status = RunStatus::Queued;
        self.run.started_at = None;
        self.fencing += 1;
        self.lease_until = None;
    }
}

impl State {
    /// The run of a lease that still holds.
    pub(super) fn held(&mut self, lease: &Lease) -> Result<&mut RunEntry, StoreError> {
        self.runs
            .get_mut(&lease.run)
            .filter(|entry| entry.fencing == lease.fencing)
            .filter(|entry| entry.run.status == RunStatus::Running)
            .ok_or(StoreError::Conflict { entity: "lease" })
    }

    fn put_attempt(&mut self, run: RunId, ended: &RunAttempt) {
        self.attempts.entry((run, ended.attempt)).or_insert_with(|| ended.clone());
    }

    fn channels_in_use(&self, owner: OwnerId, chosen: &[ChannelId]) -> Vec<ChannelId> {
        let in_use = |id: &ChannelId| {
            self.channels.get(id).is_some_and(|channel| {
                channel.owner == owner && channel.status == ChannelStatus::Active
            })
        };
        chosen.iter().copied().filter(in_use).collect()
    }

    /// How many verdicts an owner was told one by one since then.
    fn told_lately(&self, owner: OwnerId, since: Timestamp) -> u32 {
        let told: std::collections::BTreeSet<RunId> = self
            .notices
            .values()
            .filter(|entry| !matches!(entry.state, NoticeState::Held | NoticeState::Digested))
            .map(|entry| &entry.notice)
            .filter(|notice| notice.owner == Some(owner) && notice.created_at > since)
            .filter_map(|notice| notice.body.run())
            .collect();
        u32::try_from(told.len()).unwrap()
    }

    /// Whether it was new.
    fn put_log(&mut self, run: RunId, attempt: u32, log: &StepLog) -> bool {
        let place = (run, attempt, log.number);
        let is_new = !self.logs.contains_key(&place);
        if is_new {
            self.logs.insert(place, log.clone());
        }
        is_new
    }

    /// Whether the run is queued again.
    fn recover(&mut self, run: RunId, now: Timestamp, max_losses: u32) -> bool {
        let entry = self.runs.get_mut(&run).unwrap();
        entry.losses += 1;
        if entry.cancel_requested {
            entry.fencing += 1;
            let message = "the run was cancelled".to_owned();
            let error = RunError { code: ErrorCode::Cancelled, message, step: None };
            entry.end(RunStatus::Cancelled, Some(error), now);
            return false;
        }
        if entry.losses < max_losses {
            let attempt = entry.run.attempt;
            entry.queue_again();
            entry.run.attempt += 1;
            let message = "the worker that had the run was lost".to_owned();
            let lost = RunAttempt {
                attempt,
                status: RunStatus::Errored,
                error: Some(RunError { code: ErrorCode::WorkerLost, message, step: None }),
                finished_at: now,
                browser_version: None,
            };
            self.put_attempt(run, &lost);
            return true;
        }
        let reason = format!("the worker that had the run was lost {} times", entry.losses);
        let error = RunError { code: ErrorCode::WorkerLost, message: reason.clone(), step: None };
        entry.fencing += 1;
        entry.end(RunStatus::Errored, Some(error), now);
        let run = entry.run.clone();
        let stored = self.flows.get_mut(&run.flow).unwrap();
        stored.flow.active = false;
        stored.flow.next_run_at = None;
        stored.flow.version += 1;
        self.put_notice(Notice {
            id: NoticeId::new(now),
            owner: Some(run.owner),
            channel: None,
            created_at: now,
            body: NoticeBody::FlowPaused {
                flow: run.flow,
                flow_name: run.flow_name,
                run: run.id,
                reason,
            },
        });
        false
    }
}
