//! What owners do with flows.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use super::{QuotaReached, UseCaseError};
use crate::{
    Clock, FlowId, OwnerId,
    browser::{Browser, Capability},
    egress::EgressPolicy,
    flow::{BrowserKind, Flow, FlowChange, MAX_URL_CHARS, NewFlow},
    invalid::{Invalid, check_text},
    lint::{Warning, lint},
    name::composed,
    step::{RawStep, Step, parse_steps_given},
    store::{
        ChannelStore, FlowFilter, FlowStore, ListedFlow, Page, PageRequest, SecretStore, StoreError,
    },
};

/// How often a change is tried again that met another one.
const MAX_COLLISIONS: usize = 8;

/// What this installation lets flows do.
#[derive(Clone)]
pub struct FlowRules {
    /// The shortest time between two firings of a schedule.
    pub minimum_interval: Duration,
    /// The browsers that can be run here.
    pub browsers: Vec<BrowserOffer>,
    /// Where flows may go.
    pub egress: EgressPolicy,
    /// How many flows an owner may have.
    pub most: NonZeroU32,
}

/// A browser that can be run here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrowserOffer {
    /// Which one.
    pub kind: BrowserKind,
    /// What it can't do.
    pub lacks: Vec<Capability>,
}

impl BrowserOffer {
    /// All that a browser offers.
    #[must_use]
    pub fn all(browser: &dyn Browser) -> Vec<Self> {
        let offer = |kind: &BrowserKind| Self { kind: *kind, lacks: browser.lacks(*kind).to_vec() };
        browser.kinds().iter().map(offer).collect()
    }
}

/// The flows of owners.
#[derive(Clone)]
pub struct Flows {
    pub(super) store: Arc<dyn FlowStore>,
    pub(super) channels: Arc<dyn ChannelStore>,
    pub(super) secrets: Arc<dyn SecretStore>,
    clock: Arc<dyn Clock>,
    pub(super) rules: FlowRules,
}

impl Flows {
    /// Over a store.
    #[must_use]
    pub fn new(
        store: Arc<dyn FlowStore>,
        channels: Arc<dyn ChannelStore>,
        secrets: Arc<dyn SecretStore>,
        clock: Arc<dyn Clock>,
        rules: FlowRules,
    ) -> Self {
        Self { store, channels, secrets, clock, rules }
    }

    /// The rules that flows are held to.
    #[must_use]
    pub fn rules(&self) -> &FlowRules {
        &self.rules
    }

    /// Makes a flow, inactive and without steps.
    pub async fn create(&self, owner: OwnerId, new: NewFlow) -> Result<ListedFlow, UseCaseError> {
        self.create_as(owner, new, None).await
    }

    /// The same with an id, unless there is one with this id already: then that one is it.
    pub async fn create_as(
        &self,
        owner: OwnerId,
        new: NewFlow,
        id: Option<FlowId>,
    ) -> Result<ListedFlow, UseCaseError> {
        if let Some(id) = id
            && let Some(made) = self.store.flow(owner, id).await?
        {
            return Ok(made);
        }
        let mut flow = new.into_flow(owner, self.rules.minimum_interval, self.clock.now())?;
        flow.id = id.unwrap_or(flow.id);
        self.check(&flow, None, &[]).await?;
        self.check_channels(&flow, None).await?;
        if !self.store.insert_flow_within(&flow, self.rules.most.get()).await? {
            return Err(QuotaReached::Count { what: "flows", most: self.rules.most }.into());
        }
        Ok(ListedFlow { flow, last_run: None })
    }

    /// One flow.
    pub async fn get(&self, owner: OwnerId, id: FlowId) -> Result<ListedFlow, UseCaseError> {
        self.store.flow(owner, id).await?.ok_or(UseCaseError::NotFound("flow"))
    }

    /// A page of an owner's flows.
    pub async fn list(
        &self,
        owner: OwnerId,
        filter: &FlowFilter,
        page: PageRequest<FlowId>,
    ) -> Result<Page<ListedFlow, FlowId>, UseCaseError> {
        // NUL is in no name, and PostgreSQL does not even take it in a question.
        check_text("q", filter.text.as_deref().unwrap_or_default(), MAX_URL_CHARS)?;
        // As names are kept. An address is ASCII.
        let text = filter.text.as_deref().map(composed);
        let filter = FlowFilter { text, ..filter.clone() };
        Ok(self.store.list_flows(owner, &filter, page).await?)
    }

    /// Changes some of a flow's fields.
    pub async fn change(
        &self,
        owner: OwnerId,
        id: FlowId,
        change: FlowChange,
    ) -> Result<ListedFlow, UseCaseError> {
        self.change_if(owner, id, change, None).await
    }

    /// The same, unless the flow has another version than one of those that are known.
    pub async fn change_if(
        &self,
        owner: OwnerId,
        id: FlowId,
        change: FlowChange,
        known: Option<&[i64]>,
    ) -> Result<ListedFlow, UseCaseError> {
        let (interval, now) = (self.rules.minimum_interval, self.clock.now());
        let apply = |flow: &mut Flow| change.clone().apply(flow, interval, now);
        self.update((owner, id, known), &[], apply).await
    }

    /// Replaces a flow's steps. An active flow keeps at least one.
    pub async fn set_steps(
        &self,
        owner: OwnerId,
        id: FlowId,
        raw: &[RawStep],
    ) -> Result<Vec<Step>, UseCaseError> {
        Ok(self.set_steps_if(owner, id, raw, None).await?.steps)
    }

    /// The same, unless the flow has another version than one of those that are known; returns the
    /// flow with its steps.
    pub async fn set_steps_if(
        &self,
        owner: OwnerId,
        id: FlowId,
        raw: &[RawStep],
        known: Option<&[i64]>,
    ) -> Result<Flow, UseCaseError> {
        let now = self.clock.now();
        let set = |flow: &mut Flow| {
            let steps = parse_steps_given(raw, &flow.settings.variables)?;
            if steps.is_empty() && flow.active {
                let message = "an active flow needs steps: deactivate it first";
                return Err(Invalid::field("steps", message));
            }
            flow.steps = steps;
            flow.updated_at = now;
            Ok(())
        };
        Ok(self.update((owner, id, known), raw, set).await?.flow)
    }

    /// What a flow's owner had better know of it.
    pub async fn lint(&self, owner: OwnerId, id: FlowId) -> Result<Vec<Warning>, UseCaseError> {
        let flow = self.get(owner, id).await?.flow;
        self.warnings(&flow).await
    }

    /// What the owner of this flow had better know of it.
    pub async fn warnings(&self, flow: &Flow) -> Result<Vec<Warning>, UseCaseError> {
        Ok(lint(flow, &self.used_flows(flow).await?))
    }

    /// Deletes a flow with all of its runs. Flows that use it can't be carried out any more: their
    /// runs end as `flow_invalid`, which the lint foretells.
    pub async fn delete(&self, owner: OwnerId, id: FlowId) -> Result<(), UseCaseError> {
        if self.store.delete_flow(owner, id).await? {
            Ok(())
        } else {
            Err(UseCaseError::NotFound("flow"))
        }
    }

    /// Reads, changes and writes back; again if somebody else has written meanwhile. `sent` are the
    /// steps as they were sent, if any: errors name their places.
    async fn update(
        &self,
        (owner, id, known): (OwnerId, FlowId, Option<&[i64]>),
        sent: &[RawStep],
        change: impl Fn(&mut Flow) -> Result<(), Invalid> + Send,
    ) -> Result<ListedFlow, UseCaseError> {
        for _ in 0..MAX_COLLISIONS {
            let mut listed = self.get(owner, id).await?;
            let before = listed.flow.clone();
            // What was written since then is seen here, or by the store.
            if known.is_some_and(|known| !known.contains(&before.version)) {
                return Err(UseCaseError::Stale("flow"));
            }
            change(&mut listed.flow)?;
            self.check(&listed.flow, Some(&before), sent).await?;
            self.check_channels(&listed.flow, Some(&before)).await?;
            // By a new schedule the due time is written even if it is the same as before: the
            // scheduler may have moved it meanwhile, by the old schedule.
            let reschedule = listed.flow.next_run_at != before.next_run_at
                || listed.flow.schedule != before.schedule
                || listed.flow.spread_limit != before.spread_limit;
            match self.store.update_flow(&listed.flow, reschedule).await {
                Ok(()) => {
                    listed.flow.version += 1;
                    return Ok(listed);
                }
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(UseCaseError::Conflict("the flow is being changed by others: try again".to_owned()))
    }
}
