//! Flows and their schedule.

use std::{collections::HashSet, num::NonZeroU32};

use async_trait::async_trait;

use super::{Page, PageRequest, StoreError};
use crate::{
    FlowId, OwnerId, Timestamp,
    flow::Flow,
    run::{QueuedRun, Run, RunError},
};

/// Flows.
#[async_trait]
pub trait FlowStore: Send + Sync {
    /// Adds a flow, however many its owner has.
    async fn insert_flow(&self, flow: &Flow) -> Result<(), StoreError> {
        self.insert_flow_within(flow, u32::MAX).await.map(|_| ())
    }

    /// Adds a flow, unless its owner has `most` already; whether it was added. However many are
    /// added at once, there are no more.
    async fn insert_flow_within(&self, flow: &Flow, most: u32) -> Result<bool, StoreError>;

    /// A flow of this owner.
    async fn flow(&self, owner: OwnerId, id: FlowId) -> Result<Option<ListedFlow>, StoreError>;

    /// The flows of an owner, newest first.
    async fn list_flows(
        &self,
        owner: OwnerId,
        filter: &FlowFilter,
        page: PageRequest<FlowId>,
    ) -> Result<Page<ListedFlow, FlowId>, StoreError>;

    /// Replaces a flow and counts its version up. [`StoreError::Conflict`] if the stored version
    /// is not `flow.version` any more, or the flow is gone.
    ///
    /// `next_run_at` is written only if `reschedule` is set: otherwise the scheduler may have
    /// moved it meanwhile, and its word stands.
    async fn update_flow(&self, flow: &Flow, reschedule: bool) -> Result<(), StoreError>;

    /// Deletes a flow with its runs and puts its files into the trash. Whether there was one.
    async fn delete_flow(&self, owner: OwnerId, id: FlowId) -> Result<bool, StoreError>;

    /// Active flows that are due at `now`, the longest overdue first. One that can't be read takes
    /// nobody's place; one that another scheduler is dealing with at this moment may be left out.
    async fn due_flows(&self, now: Timestamp, limit: u32) -> Result<Vec<DueFlow>, StoreError>;

    /// Carries out plans, in one transaction, and returns the flows whose plans held. A plan does
    /// not hold if its flow's due time is not the expected one any more: another scheduler was
    /// faster, or the owner changed the flow. Nor need it hold while somebody else is changing the
    /// flow; then the flow stays due.
    ///
    /// The run of a slot is queued; if another run of the flow is queued or running, it is stored
    /// as `skipped` (`overlap`) instead; so it is (`quota`) if its owner has had `runs_per_hour`
    /// runs within the hour. A slot that has a run already gets no second one.
    async fn commit_slots(
        &self,
        plans: &[SlotPlan],
        now: Timestamp,
        runs_per_hour: NonZeroU32,
    ) -> Result<HashSet<FlowId>, StoreError>;

    /// When the next flow is due.
    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError>;
}

/// A flow, and the run of it that was made last.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedFlow {
    /// The flow.
    pub flow: Flow,
    /// Its newest run, skipped ones included.
    pub last_run: Option<Run>,
}

/// Which flows are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlowFilter {
    /// Only those that are active, or those that are not.
    pub active: Option<bool>,
    /// Only those whose name or address holds this text, whatever the case of its letters.
    pub text: Option<String>,
}

/// A flow that is due.
#[derive(Clone, Debug, PartialEq)]
pub struct DueFlow {
    /// The flow.
    pub flow: Flow,
    /// Since when.
    pub due: Timestamp,
}

/// What becomes of a flow that is due.
#[derive(Clone, Debug, PartialEq)]
pub struct SlotPlan {
    /// The flow.
    pub flow: FlowId,
    /// The due time for which this was planned.
    pub due: Timestamp,
    /// When it is due next; none if never again.
    pub next: Option<Timestamp>,
    /// The run of the latest slot that has come.
    pub run: QueuedRun,
    /// Why that slot is not run, if it is not: then its run is stored as `skipped`.
    pub skip: Option<RunError>,
    /// The slots before it that were missed, as one skipped run.
    pub missed: Option<Run>,
}
