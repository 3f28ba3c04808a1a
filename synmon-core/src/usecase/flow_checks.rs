//! What can only be checked of a flow where there are others, browsers and a network.

use futures_util::future::join_all;

use super::{Flows, UseCaseError, place_checks::Changed};
use crate::{
    FlowId,
    egress::EgressError,
    flow::{BrowserKind, Flow, asked},
    invalid::Invalid,
    step::{Action, MAX_STEPS, RawStep, Step},
    store::StoreError,
};

/// Where steps stand in what was sent, which need not be in their order.
pub(super) struct Places<'a>(&'a [RawStep]);

impl Places<'_> {
    pub(super) fn field(&self, number: u32, field: &str) -> String {
        let place = self.0.iter().position(|raw| raw.number == i64::from(number));
        let in_order = usize::try_from(number).unwrap_or(0).saturating_sub(1);
        format!("steps[{}].{field}", place.unwrap_or(in_order))
    }
}

impl Flows {
    /// Only what is new is checked, and all when the flow is activated: one whose site is not
    /// allowed any more can still be deactivated. `sent` are the steps as they were sent, if any.
    pub(super) async fn check(
        &self,
        flow: &Flow,
        before: Option<&Flow>,
        sent: &[RawStep],
    ) -> Result<(), UseCaseError> {
        let before = before.filter(|before| before.active || !flow.active);
        let places = Places(sent);
        let other_browser = before.is_none_or(|before| before.browser != flow.browser);
        let other_settings = before.is_none_or(|before| before.settings != flow.settings);
        let other_steps = before.is_none_or(|before| before.steps != flow.steps);
        let mut checks = Vec::new();
        if other_browser {
            checks.push(self.check_browser(flow.browser));
        }
        if other_browser || other_settings || other_steps {
            checks.extend(self.check_capabilities(flow, &places));
        }
        let changed = Changed { steps: other_steps, settings: other_settings };
        checks.extend(self.check_places(flow, &places, changed).await?);
        if before.is_none_or(|before| before.url != flow.url) {
            checks.push(self.check_target("url", flow.url.as_url()).await);
        }
        if other_steps {
            let targets = flow.steps.iter().filter_map(|step| {
                step.known_target().map(|url| (places.field(step.number, "content"), url))
            });
            // All at once: each name may take its time.
            let targets =
                targets.map(|(field, url)| async move { self.check_target(&field, url).await });
            checks.extend(join_all(targets).await);
            checks.extend(self.check_used_flows(flow, &places).await?);
        }
        Ok(Invalid::all(checks)?)
    }

    /// Somebody else's channel is as good as none.
    pub(super) async fn check_channels(
        &self,
        flow: &Flow,
        before: Option<&Flow>,
    ) -> Result<(), UseCaseError> {
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

    /// The owner's flows that a flow uses, as far as there are such.
    pub(super) async fn used_flows(&self, flow: &Flow) -> Result<Vec<Flow>, StoreError> {
        let mut ids: Vec<FlowId> = used(&flow.steps).map(|(_, id)| id).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut found = Vec::new();
        for id in ids {
            found.extend(self.store.flow(flow.owner, id).await?.map(|listed| listed.flow));
        }
        Ok(found)
    }

    /// A flow that is used is its owner's, another one, and uses none itself. Somebody else's is as
    /// good as none.
    async fn check_used_flows(
        &self,
        flow: &Flow,
        places: &Places<'_>,
    ) -> Result<Vec<Result<(), Invalid>>, StoreError> {
        let found = self.used_flows(flow).await?;
        let mut checks = Vec::new();
        let mut steps = flow.steps.len();
        for (number, id) in used(&flow.steps) {
            let other = found.iter().find(|other| other.id == id);
            let problem = match other {
                _ if id == flow.id => "a flow can't use itself".to_owned(),
                None => "there is no such flow".to_owned(),
                Some(other) if used(&other.steps).next().is_some() => {
                    format!("the flow “{}” itself uses another one: name that one", other.name)
                }
                Some(other) => {
                    steps = steps + other.steps.len() - 1;
                    continue;
                }
            };
            checks.push(Err(Invalid::field(places.field(number, "content"), problem)));
        }
        if steps > MAX_STEPS {
            let message =
                format!("with the flows that it uses there are {steps}; {MAX_STEPS} are the most");
            checks.push(Err(Invalid::field("steps", message)));
        }
        Ok(checks)
    }

    fn check_browser(&self, browser: BrowserKind) -> Result<(), Invalid> {
        if self.rules.browsers.iter().any(|offer| offer.kind == browser) {
            return Ok(());
        }
        let names: Vec<_> = self.rules.browsers.iter().map(|offer| offer.kind.as_str()).collect();
        let message = format!("this server can run {}", names.join(" and "));
        Err(Invalid::field("browser", message))
    }

    fn check_capabilities(&self, flow: &Flow, places: &Places<'_>) -> Vec<Result<(), Invalid>> {
        let offer = self.rules.browsers.iter().find(|offer| offer.kind == flow.browser);
        let lacks = offer.map(|offer| offer.lacks.as_slice()).unwrap_or_default();
        if lacks.is_empty() {
            return Vec::new();
        }
        asked(&flow.steps, &flow.settings)
            .into_iter()
            .filter(|asked| lacks.contains(&asked.capability))
            .map(|asked| {
                let field = match asked.step {
                    Some(number) => places.field(number, asked.field),
                    None => format!("settings.{}", asked.field),
                };
                let (browser, capability) = (flow.browser, asked.capability);
                let message =
                    format!("{browser} can't do that on this server: it lacks “{capability}”");
                Err(Invalid::field(field, message))
            })
            .collect()
    }

    /// A name that does not resolve now is accepted: it may tomorrow, and a run will tell.
    async fn check_target(&self, field: &str, url: &url::Url) -> Result<(), Invalid> {
        match self.rules.egress.check(url).await {
            Ok(()) | Err(EgressError::Unresolved { .. }) => Ok(()),
            Err(error) => Err(Invalid::field(field, error)),
        }
    }
}

/// The flows that steps use, with the steps' numbers.
fn used(steps: &[Step]) -> impl Iterator<Item = (u32, FlowId)> {
    steps.iter().filter_map(|step| match step.action {
        Action::UseFlow(id) => Some((step.number, id)),
        _ => None,
    })
}
