//! What a flow asks of its browser that not every browser can do.

use super::{FlowSettings, HarPolicy, RawSettings};
use crate::{
    browser::Capability,
    step::{Action, Condition, Step},
};

/// A field that asks for a capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The number of the step; none if it is a setting.
    pub step: Option<u32>,
    /// The field, of the step or of the settings.
    pub field: &'static str,
    /// What it asks for.
    pub capability: Capability,
}

/// All that these steps and settings ask for.
#[must_use]
pub fn asked(steps: &[Step], settings: &FlowSettings) -> Vec<Asked> {
    let by_steps = steps.iter().filter_map(|step| {
        let (field, capability) = by_action(&step.action)?;
        Some(Asked { step: Some(step.number), field, capability })
    });
    let by_settings = by_settings(settings.written(), settings.har)
        .into_iter()
        .map(|(field, capability)| Asked { step: None, field, capability });
    by_steps.chain(by_settings).collect()
}

fn by_action(action: &Action) -> Option<(&'static str, Capability)> {
    match action {
        Action::Assert(Condition::NoConsoleErrors) => Some(("action", Capability::Console)),
        Action::Assert(Condition::RequestMade(..)) => Some(("action", Capability::Network)),
        Action::Assert(Condition::ResponseStatus(_, Some(_))) => Some(("url", Capability::Network)),
        Action::SetHeader(_) => Some(("action", Capability::Headers)),
        Action::Screenshot { full_page: true, .. } => Some(("full_page", Capability::FullPage)),
        _ => None,
    }
}

fn by_settings(written: &RawSettings, har: HarPolicy) -> Vec<(&'static str, Capability)> {
    let has_some = |list: Option<&[String]>| list.is_some_and(|list| !list.is_empty());
    [
        // All devices that are known are touched.
        ("device", Capability::Emulation, written.device.is_some()),
        ("locale", Capability::Emulation, written.locale.is_some()),
        ("browser_timezone", Capability::Emulation, written.browser_timezone.is_some()),
        ("user_agent", Capability::Emulation, written.user_agent.is_some()),
        ("headers", Capability::Headers, written.headers.as_ref().is_some_and(|h| !h.is_empty())),
        ("basic_auth", Capability::Headers, written.basic_auth.is_some()),
        ("block_hosts", Capability::Blocking, has_some(written.block_hosts.as_deref())),
        ("har", Capability::Network, har != HarPolicy::Off),
    ]
    .into_iter()
    .filter_map(|(field, capability, asked)| asked.then_some((field, capability)))
    .collect()
}
