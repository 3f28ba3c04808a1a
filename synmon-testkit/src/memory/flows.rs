//! Flows and their schedule.

use std::{collections::HashSet, num::NonZeroU32};

use async_trait::async_trait;
use synmon_core::{
    FlowId, OwnerId, Timestamp,
    alert::AlertState,
    artifact::ArtifactPrefix,
    flow::Flow,
    run::{ErrorCode, QueuedRun, Run, RunError},
    store::{
        DueFlow, FlowFilter, FlowStore, ListedFlow, Made, Metered, Page, PageRequest, SlotPlan,
        StoreError,
    },
};

use super::{FlowEntry, MemoryStore, RunEntry, State, conflict, up_to};

#[async_trait]
impl FlowStore for MemoryStore {
    async fn insert_flow_within(&self, flow: &Flow, most: u32) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        let others = state.flows.values().filter(|entry| entry.flow.owner == flow.owner).count();
        if others >= up_to(most) {
            return Ok(false);
        }
        if state.flows.contains_key(&flow.id) {
            return conflict("flow");
        }
        let entry = FlowEntry { flow: flow.clone(), watched: AlertState::default() };
        state.flows.insert(flow.id, entry);
        state.tell(flow.owner, Some(Made::new("flow", flow.id.uuid())));
        Ok(true)
    }

    async fn flow(&self, owner: OwnerId, id: FlowId) -> Result<Option<ListedFlow>, StoreError> {
        let state = self.open()?;
        let entry = state.flows.get(&id).filter(|entry| entry.flow.owner == owner);
        Ok(entry.map(|entry| state.listed(&entry.flow)))
    }

    async fn list_flows(
        &self,
        owner: OwnerId,
        filter: &FlowFilter,
        page: PageRequest<FlowId>,
    ) -> Result<Page<ListedFlow, FlowId>, StoreError> {
        let state = self.open()?;
        let wanted = filter.text.as_deref().map(folded);
        let found = state
            .flows
            .values()
            .rev()
            .map(|entry| &entry.flow)
            .filter(|flow| flow.owner == owner)
            .filter(|flow| filter.active.is_none_or(|active| flow.active == active))
            .filter(|flow| {
                let text = folded(&format!("{}\n{}", flow.name, flow.url));
                wanted.as_deref().is_none_or(|wanted| text.contains(wanted))
            })
            .filter(|flow| page.after.is_none_or(|after| flow.id < after))
            .take(up_to(page.limit).saturating_add(1))
            .map(|flow| state.listed(flow))
            .collect();
        Ok(Page::from_one_more(found, page.limit, |listed| listed.flow.id))
    }

    async fn update_flow(&self, flow: &Flow, reschedule: bool) -> Result<(), StoreError> {
        let mut state = self.open()?;
        let stored = state.flows.get_mut(&flow.id);
        let Some(entry) = stored.filter(|entry| entry.flow.version == flow.version) else {
            return conflict("flow");
        };
        let before = &entry.flow;
        entry.flow = Flow {
            version: flow.version + 1,
            next_run_at: if reschedule { flow.next_run_at } else { before.next_run_at },
            owner: before.owner,
            created_at: before.created_at,
            ..flow.clone()
        };
        state.tell(flow.owner, None);
        Ok(())
    }

    async fn delete_flow(&self, owner: OwnerId, id: FlowId) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        if state.flows.get(&id).is_none_or(|entry| entry.flow.owner != owner) {
            return Ok(false);
        }
        state.drop_flow(id);
        state.throw_away(&ArtifactPrefix::flow(owner, id));
        state.tell(owner, None);
        Ok(true)
    }

    async fn due_flows(&self, now: Timestamp, limit: u32) -> Result<Vec<DueFlow>, StoreError> {
        let state = self.open()?;
        let mut due: Vec<DueFlow> = state
            .flows
            .values()
            .filter(|entry| entry.flow.active)
            .filter_map(|entry| Some((entry, entry.flow.next_run_at?)))
            .filter(|(_, due)| *due <= now)
            .map(|(entry, due)| DueFlow { flow: entry.flow.clone(), due })
            .collect();
        due.sort_by_key(|due| (due.due, due.flow.id));
        due.truncate(up_to(limit));
        Ok(due)
    }

    async fn commit_slots(
        &self,
        plans: &[SlotPlan],
        now: Timestamp,
        runs_per_hour: NonZeroU32,
    ) -> Result<HashSet<FlowId>, StoreError> {
        let mut state = self.open()?;
        let held = plans.iter().filter(|plan| state.commit_slot(plan, now, runs_per_hour));
        Ok(held.map(|plan| plan.flow).collect())
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let state = self.open()?;
        let active = state.flows.values().filter(|entry| entry.flow.active);
        Ok(active.filter_map(|entry| entry.flow.next_run_at).min())
    }
}

impl State {
    fn listed(&self, flow: &Flow) -> ListedFlow {
        let last = self.runs.values().rev().find(|entry| entry.run.flow == flow.id);
        ListedFlow { flow: flow.clone(), last_run: last.map(|entry| entry.run.clone()) }
    }

    fn commit_slot(&mut self, plan: &SlotPlan, now: Timestamp, most: NonZeroU32) -> bool {
        let Some(entry) = self.flows.get_mut(&plan.flow) else {
            return false;
        };
        if !entry.flow.active || entry.flow.next_run_at != Some(plan.due) {
            return false;
        }
        entry.flow.next_run_at = plan.next;
        if let Some(missed) = &plan.missed {
            self.put_run(missed.clone(), None);
        }
        let open = self
            .runs
            .values()
            .any(|entry| entry.run.flow == plan.flow && !entry.run.status.is_terminal());
        let QueuedRun { run, snapshot } = plan.run.clone();
        if let Some(skip) = &plan.skip {
            self.put_run(run.skipped(skip.clone(), now), None);
        } else if open {
            let message = "the flow's run before this one was still going on".to_owned();
            let error = RunError { code: ErrorCode::Overlap, message, step: None };
            self.put_run(run.skipped(error, now), None);
        } else if !self.take(run.owner, Metered::Runs, most, now) {
            let message = format!("all {most} runs that you may have in an hour were used up");
            let error = RunError { code: ErrorCode::Quota, message, step: None };
            self.put_run(run.skipped(error, now), None);
        } else {
            self.put_run(run, Some(snapshot));
        }
        true
    }

    /// Stores a run, unless its slot has one already.
    pub(super) fn put_run(&mut self, run: Run, snapshot: Option<synmon_core::flow::FlowSnapshot>) {
        let taken = run.scheduled_for.is_some()
            && self.runs.values().any(|entry| {
                entry.run.flow == run.flow && entry.run.scheduled_for == run.scheduled_for
            });
        if taken {
            return;
        }
        let entry = RunEntry {
            run,
            snapshot,
            losses: 0,
            cancel_requested: false,
            fencing: 0,
            lease_until: None,
            decision: None,
            pictures_removed: false,
            stored_bytes: 0,
        };
        self.runs.insert(entry.run.id, entry);
    }
}

/// Two texts are the same but for the case of their letters if these are equal.
fn folded(text: &str) -> String {
    text.to_lowercase().replace('ς', "σ")
}
