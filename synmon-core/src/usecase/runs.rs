//! What owners do with runs.

use std::sync::Arc;

use super::{Meter, UseCaseError};
use crate::{
    Clock, FlowId, OwnerId, RunId,
    alert::AlertDecision,
    engine::Signals,
    flow::FlowSnapshot,
    invalid::Invalid,
    run::{QueuedRun, Run, RunAttempt, StepLog, StepStatus},
    store::{
        CancelOutcome, FlowStore, Metered, Page, PageRequest, RunFilter, RunStore, StoreError,
    },
};

/// For how many failed steps of a run an earlier picture is looked up.
const MAX_COMPARED: usize = 5;

/// The runs of owners.
#[derive(Clone)]
pub struct Runs {
    flow_store: Arc<dyn FlowStore>,
    run_store: Arc<dyn RunStore>,
    clock: Arc<dyn Clock>,
    signals: Arc<Signals>,
    meter: Option<Meter>,
}

impl Runs {
    /// Over a store; `signals` wakes the workers of this process.
    #[must_use]
    pub fn new(
        flow_store: Arc<dyn FlowStore>,
        run_store: Arc<dyn RunStore>,
        clock: Arc<dyn Clock>,
        signals: Arc<Signals>,
    ) -> Self {
        Self { flow_store, run_store, clock, signals, meter: None }
    }

    /// The same, within the quotas of owners.
    #[must_use]
    pub fn metered(self, meter: Meter) -> Self {
        Self { meter: Some(meter), ..self }
    }

    /// Queues a run of a flow, active or not; an idle worker takes it at once.
    pub async fn start(&self, owner: OwnerId, flow: FlowId) -> Result<Run, UseCaseError> {
        self.start_as(owner, flow, None).await
    }

    /// The same with an id, unless there is one with this id already: then that one is it.
    pub async fn start_as(
        &self,
        owner: OwnerId,
        flow: FlowId,
        id: Option<RunId>,
    ) -> Result<Run, UseCaseError> {
        const GONE: UseCaseError = UseCaseError::NotFound("flow");
        if let Some(id) = id
            && let Some(made) = self.run_store.run(owner, id).await?
        {
            return Ok(made);
        }
        let flow = self.flow_store.flow(owner, flow).await?.ok_or(GONE)?.flow;
        if flow.steps.is_empty() {
            return Err(Invalid::field("steps", "the flow has no steps: PUT them first").into());
        }
        if let Some(meter) = &self.meter {
            meter.take(owner, Metered::Runs).await?;
        }
        let snapshot = FlowSnapshot::from(&flow);
        let mut run = Run::queued(owner, flow.id, &snapshot, None, self.clock.now());
        run.id = id.unwrap_or(run.id);
        let queued = QueuedRun { run, snapshot };
        match self.run_store.insert_run(&queued).await {
            Ok(()) => {}
            Err(StoreError::Conflict { .. }) => return Err(GONE),
            Err(error) => return Err(error.into()),
        }
        self.signals.run_queued();
        Ok(queued.run)
    }

    /// One run, with the logs of its steps so far.
    pub async fn get(
        &self,
        owner: OwnerId,
        id: RunId,
    ) -> Result<(Run, Vec<StepLog>), UseCaseError> {
        let run = self.get_only(owner, id).await?;
        let logs = self.logs_from(&run, 0).await?;
        Ok((run, logs))
    }

    /// One run, without its logs.
    pub async fn get_only(&self, owner: OwnerId, id: RunId) -> Result<Run, UseCaseError> {
        self.run_store.run(owner, id).await?.ok_or(UseCaseError::NotFound("run"))
    }

    /// The logs so far of the steps of a run's present attempt, from this number on.
    pub async fn logs_from(&self, run: &Run, first: u32) -> Result<Vec<StepLog>, UseCaseError> {
        Ok(self.run_store.step_logs_from(run.id, first).await?)
    }

    /// The attempts of one run that did not decide it, with their logs.
    pub async fn other_attempts(
        &self,
        run: &Run,
    ) -> Result<Vec<(RunAttempt, Vec<StepLog>)>, UseCaseError> {
        Ok(self.run_store.attempts(run.id).await?)
    }

    /// Where the pages of steps that have failed were last seen as they should be: numbers of steps,
    /// and the runs that have the pictures. Of many such steps only the first few are looked up.
    pub async fn last_good_pictures(
        &self,
        run: &Run,
        logs: &[StepLog],
    ) -> Result<Vec<(u32, RunId)>, UseCaseError> {
        let failed = logs.iter().filter(|log| log.status == StepStatus::Failed);
        let mut found = Vec::new();
        for log in failed.take(MAX_COMPARED) {
            let good = self.run_store.last_good_picture(run, log).await?;
            found.extend(good.map(|good| (log.number, good)));
        }
        Ok(found)
    }

    /// Whether the verdict on a run was told, and why; none while that is open, and for what was
    /// never run.
    pub async fn alert_decision(
        &self,
        owner: OwnerId,
        id: RunId,
    ) -> Result<(Run, Option<AlertDecision>), UseCaseError> {
        let run = self.get_only(owner, id).await?;
        let decision = self.run_store.alert_decision(id).await?;
        Ok((run, decision))
    }

    /// A page of an owner's runs.
    pub async fn list(
        &self,
        owner: OwnerId,
        filter: &RunFilter,
        page: PageRequest<RunId>,
    ) -> Result<Page<Run, RunId>, UseCaseError> {
        Ok(self.run_store.list_runs(owner, filter, page).await?)
    }

    /// Stops a run. One that is queued ends at once, a running one after the call to the browser
    /// that is under way.
    pub async fn cancel(&self, owner: OwnerId, id: RunId) -> Result<(), UseCaseError> {
        match self.run_store.request_cancel(owner, id, self.clock.now()).await? {
            None => Err(UseCaseError::NotFound("run")),
            Some(CancelOutcome::HasEnded) => {
                Err(UseCaseError::Conflict("the run has ended already".to_owned()))
            }
            Some(CancelOutcome::Cancelled | CancelOutcome::Requested) => {
                self.signals.cancel_requested();
                self.signals.progressed();
                Ok(())
            }
        }
    }

    /// What tells that a run of this process has come further.
    #[must_use]
    pub fn signals(&self) -> &Signals {
        &self.signals
    }
}
