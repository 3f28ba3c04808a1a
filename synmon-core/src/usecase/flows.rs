//! What owners do with flows.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;

use super::UseCaseError;
use crate::{
    Clock, FlowId, OwnerId,
    egress::{EgressError, EgressPolicy},
    flow::{BrowserKind, Flow, FlowChange, MAX_URL_CHARS, NewFlow},
    invalid::{Invalid, check_text},
    step::{Action, RawStep, Step, parse_steps},
    store::{ChannelStore, FlowFilter, FlowStore, ListedFlow, Page, PageRequest, StoreError},
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
    channels: Arc<dyn ChannelStore>,
    clock: Arc<dyn Clock>,
    rules: FlowRules,
}

impl Flows {
    /// Over a store.
    #[must_use]
    pub fn new(
        store: Arc<dyn FlowStore>,
        channels: Arc<dyn ChannelStore>,
        clock: Arc<dyn Clock>,
        rules: FlowRules,
    ) -> Self {
        Self { store, channels, clock, rules }
    }

    /// The rules that flows are held to.
    #[must_use]
    pub fn rules(&self) -> &FlowRules {
        &self.rules
    }

    /// Makes a flow, inactive and without steps.
    pub async fn create(&self, owner: OwnerId, new: NewFlow) -> Result<ListedFlow, UseCaseError> {
        let flow = new.into_flow(owner, self.rules.minimum_interval, self.clock.now())?;
        self.check(&flow, None, &[]).await?;
        self.check_channels(&flow, None).await?;
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
        // NUL is in no name, and PostgreSQL does not even take it in a question.
        check_text("q", filter.text.as_deref().unwrap_or_default(), MAX_URL_CHARS)?;
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
        self.update(owner, id, &[], |flow| change.clone().apply(flow, interval, now)).await
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
        Ok(self.update(owner, id, raw, set).await?.flow.steps)
    }

    /// Deletes a flow with all of its runs.
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
        owner: OwnerId,
        id: FlowId,
        sent: &[RawStep],
        change: impl Fn(&mut Flow) -> Result<(), Invalid> + Send,
    ) -> Result<ListedFlow, UseCaseError> {
        for _ in 0..MAX_COLLISIONS {
            let mut listed = self.get(owner, id).await?;
            let before = listed.flow.clone();
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

    /// What can only be checked here: the browsers that there are, and where the names lead. Only
    /// what is new is checked, and all when the flow is activated: one whose site is not allowed any
    /// more can still be deactivated.
    async fn check(
        &self,
        flow: &Flow,
        before: Option<&Flow>,
        sent: &[RawStep],
    ) -> Result<(), Invalid> {
        let before = before.filter(|before| before.active || !flow.active);
        let mut checks = Vec::new();
        if before.is_none_or(|before| before.browser != flow.browser) {
            checks.push(self.check_browser(flow.browser));
        }
        if before.is_none_or(|before| before.url != flow.url) {
            checks.push(self.check_target("url", flow.url.as_url()).await);
        }
        if before.is_none_or(|before| before.steps != flow.steps) {
            let targets = flow.steps.iter().enumerate().filter_map(|(index, step)| {
                let Action::Navigate { url } = &step.action else { return None };
                let place = sent.iter().position(|raw| raw.number == i64::from(step.number));
                Some((format!("steps[{}].content", place.unwrap_or(index)), url))
            });
            // All at once: each name may take its time.
            let targets =
                targets.map(|(field, url)| async move { self.check_target(&field, url).await });
            checks.extend(join_all(targets).await);
        }
        Invalid::all(checks)
    }

    /// Somebody else's channel is as good as none.
    async fn check_channels(&self, flow: &Flow, before: Option<&Flow>) -> Result<(), UseCaseError> {
        if flow.channels.is_empty() || before.is_some_and(|before| before.channels == flow.channels)
        {
            return Ok(());
        }
        let owned = self.channels.owned_channels(flow.owner, &flow.channels).await?;
        if owned.len() == flow.channels.len() {
            Ok(())
        } else {
            Err(UseCaseError::NotFound("channel"))
        }
    }

    fn check_browser(&self, browser: BrowserKind) -> Result<(), Invalid> {
        if self.rules.browsers.contains(&browser) {
            return Ok(());
        }
        let names: Vec<_> = self.rules.browsers.iter().map(|kind| kind.as_str()).collect();
        let message = format!("this server can run {}", names.join(" and "));
        Err(Invalid::field("browser", message))
    }

    /// A name that does not resolve now is accepted: it may tomorrow, and a run will tell.
    async fn check_target(&self, field: &str, url: &url::Url) -> Result<(), Invalid> {
        match self.rules.egress.check(url).await {
            Ok(()) | Err(EgressError::Unresolved { .. }) => Ok(()),
            Err(error) => Err(Invalid::field(field, error)),
        }
    }
}
