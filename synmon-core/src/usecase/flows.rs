//! What owners do with flows.

use std::{sync::Arc, time::Duration};

use super::UseCaseError;
use crate::{
    Clock, FlowId, OwnerId,
    egress::{EgressError, EgressPolicy},
    flow::{BrowserKind, Flow, FlowChange, NewFlow},
    invalid::Invalid,
    step::{Action, RawStep, Step, parse_steps},
    store::{FlowFilter, FlowStore, ListedFlow, Page, PageRequest, StoreError},
};

/// How often a change is tried again that met another one.
const MAX_COLLISIONS: usize = 8;

/// What this installation lets flows do.
#[derive(Clone)]
pub struct FlowRules {
    /// The shortest time between two firings of a schedule.
    pub minimum_interval: Duration,
    /// The browsers that can be run here.
    pub browsers: Vec<BrowserKind>,
    /// Where flows may go.
    pub egress: EgressPolicy,
}

/// The flows of owners.
#[derive(Clone)]
pub struct Flows {
    store: Arc<dyn FlowStore>,
    clock: Arc<dyn Clock>,
    rules: FlowRules,
}

impl Flows {
    /// Over a store.
    #[must_use]
    pub fn new(store: Arc<dyn FlowStore>, clock: Arc<dyn Clock>, rules: FlowRules) -> Self {
        Self { store, clock, rules }
    }

    /// The rules that flows are held to.
    #[must_use]
    pub fn rules(&self) -> &FlowRules {
        &self.rules
    }

    /// Makes a flow, inactive and without steps.
    pub async fn create(&self, owner: OwnerId, new: NewFlow) -> Result<ListedFlow, UseCaseError> {
        let flow = new.into_flow(owner, self.rules.minimum_interval, self.clock.now())?;
        self.check(&flow).await?;
        self.store.insert_flow(&flow).await?;
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
        Ok(self.store.list_flows(owner, filter, page).await?)
    }

    /// Changes some of a flow's fields.
    pub async fn change(
        &self,
        owner: OwnerId,
        id: FlowId,
        change: FlowChange,
    ) -> Result<ListedFlow, UseCaseError> {
        let (interval, now) = (self.rules.minimum_interval, self.clock.now());
        self.update(owner, id, |flow| change.clone().apply(flow, interval, now)).await
    }

    /// Replaces a flow's steps. An active flow keeps at least one.
    pub async fn set_steps(
        &self,
        owner: OwnerId,
        id: FlowId,
        raw: &[RawStep],
    ) -> Result<Vec<Step>, UseCaseError> {
        let now = self.clock.now();
        let steps = parse_steps(raw);
        let set = |flow: &mut Flow| {
            let steps = steps.clone()?;
            if steps.is_empty() && flow.active {
                let message = "an active flow needs steps: deactivate it first";
                return Err(Invalid::field("steps", message));
            }
            flow.steps = steps;
            flow.updated_at = now;
            Ok(())
        };
        Ok(self.update(owner, id, set).await?.flow.steps)
    }

    /// Deletes a flow with all of its runs.
    pub async fn delete(&self, owner: OwnerId, id: FlowId) -> Result<(), UseCaseError> {
        if self.store.delete_flow(owner, id).await? {
            Ok(())
        } else {
            Err(UseCaseError::NotFound("flow"))
        }
    }

    /// Reads, changes and writes back; again if somebody else has written meanwhile.
    async fn update(
        &self,
        owner: OwnerId,
        id: FlowId,
        change: impl Fn(&mut Flow) -> Result<(), Invalid> + Send,
    ) -> Result<ListedFlow, UseCaseError> {
        for _ in 0..MAX_COLLISIONS {
            let mut listed = self.get(owner, id).await?;
            let before = listed.flow.clone();
            change(&mut listed.flow)?;
            self.check(&listed.flow).await?;
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

    /// What can only be checked here: the browsers that there are, and where the names lead.
    async fn check(&self, flow: &Flow) -> Result<(), Invalid> {
        let browser = if self.rules.browsers.contains(&flow.browser) {
            Ok(())
        } else {
            let names: Vec<_> = self.rules.browsers.iter().map(|kind| kind.as_str()).collect();
            let message = format!("this server can run {}", names.join(" and "));
            Err(Invalid::field("browser", message))
        };
        let mut checks = vec![browser, self.check_target("url", flow.url.as_url()).await];
        for (index, step) in flow.steps.iter().enumerate() {
            if let Action::Navigate { url } = &step.action {
                checks.push(self.check_target(&format!("steps[{index}].content"), url).await);
            }
        }
        Invalid::all(checks)
    }

    /// A name that does not resolve now is accepted: it may tomorrow, and a run will tell.
    async fn check_target(&self, field: &str, url: &url::Url) -> Result<(), Invalid> {
        match self.rules.egress.check(url).await {
            Ok(()) | Err(EgressError::Unresolved { .. }) => Ok(()),
            Err(error) => Err(Invalid::field(field, error)),
        }
    }
}
