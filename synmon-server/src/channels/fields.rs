//! Channels as users describe and change them, not checked yet.

use std::{collections::BTreeMap, fmt, io};

use async_trait::async_trait;
use synmon_core::{
    Name,
    channel::{Channel, ChannelKind, ChannelTarget},
    egress::{EgressError, EgressPolicy},
    flow::FlowUrl,
    invalid::Invalid,
    store::StoreError,
    usecase::UseCaseError,
};

use crate::accounts::EmailAddress;

pub(crate) const MAX_SETTINGS: usize = 20;
const MAX_KEY_CHARS: usize = 50;
pub(crate) const MAX_VALUE_CHARS: usize = 2_000;

/// The plug-ins that the operator has installed.
#[async_trait]
pub trait InstalledPlugins: Send + Sync {
    /// Their names.
    async fn names(&self) -> io::Result<Vec<String>>;
}

/// The fields of a channel; `None` is a field that was left out.
#[derive(Clone, Debug, Default)]
pub struct ChannelFields {
    /// Its name.
    pub name: Option<String>,
    /// The address of an e-mail channel.
    pub email: Option<String>,
    /// Where a webhook listens.
    pub url: Option<String>,
    /// The name of a plug-in.
    pub plugin: Option<String>,
    /// What the plug-in is told besides.
    pub settings: Option<BTreeMap<String, String>>,
}

/// What a new channel is made of.
pub(super) struct Checked {
    pub(super) name: Name,
    pub(super) target: ChannelTarget,
}

impl ChannelFields {
    /// The fields of a new channel. A webhook has no secret yet.
    pub(super) async fn checked_as_new(
        self,
        kind: &str,
        plugins: &dyn InstalledPlugins,
        egress: &EgressPolicy,
    ) -> Result<Checked, UseCaseError> {
        let kind: ChannelKind =
            kind.parse().map_err(|message: String| Invalid::field("kind", message))?;
        let empty = match kind {
            ChannelKind::Email => ChannelTarget::Email { email: String::new() },
            ChannelKind::Webhook => ChannelTarget::Webhook { url: String::new(), secrets: vec![] },
            ChannelKind::Plugin => {
                ChannelTarget::Plugin { plugin: String::new(), settings: BTreeMap::new() }
            }
        };
        let name = match &self.name {
            Some(text) => name(text),
            // What is wrong with the place that it leads to is not the name's fault.
            None => name(self.default_name()).or_else(|_| name(kind.as_str())),
        };
        let missing = self.check_presence(kind);
        let target = self.target(empty, plugins, egress).await?;
        Invalid::all([problem(&name), missing, problem(&target)])?;
        Ok(Checked { name: name?, target: target? })
    }

    /// What a channel is called whose owner gives it no name: what it leads to.
    fn default_name(&self) -> &str {
        let leads_to = [&self.email, &self.plugin].into_iter().flatten().next();
        match (leads_to, &self.url) {
            (Some(leads_to), _) => leads_to,
            // The rest of a webhook's address is often a secret.
            (None, Some(url)) => {
                url.split('/').nth(2).filter(|host| !host.is_empty()).unwrap_or("webhook")
            }
            (None, None) => "channel",
        }
    }

    /// Changes a channel; its status is not touched.
    pub(super) async fn apply(
        self,
        channel: &mut Channel,
        plugins: &dyn InstalledPlugins,
        egress: &EgressPolicy,
    ) -> Result<(), UseCaseError> {
        let name = self.name.as_deref().map(name).transpose();
        let target = self.target(channel.target.clone(), plugins, egress).await?;
        Invalid::all([problem(&name), problem(&target)])?;
        if let Some(name) = name? {
            channel.name = name;
        }
        channel.target = target?;
        Ok(())
    }

    /// What a channel of this kind can't do without.
    fn check_presence(&self, kind: ChannelKind) -> Result<(), Invalid> {
        let (field, given) = match kind {
            ChannelKind::Email => ("email", self.email.is_some()),
            ChannelKind::Webhook => ("url", self.url.is_some()),
            ChannelKind::Plugin => ("plugin", self.plugin.is_some()),
        };
        if given {
            return Ok(());
        }
        Err(Invalid::field(field, format_args!("is missing: a channel of kind {kind} has one")))
    }

    /// `target` with what was given in place of what was there.
    async fn target(
        self,
        target: ChannelTarget,
        plugins: &dyn InstalledPlugins,
        egress: &EgressPolicy,
    ) -> Result<Result<ChannelTarget, Invalid>, UseCaseError> {
        let Self { name: _, email, url, plugin, settings } = self;
        let kind = target.kind();
        let foreign = [
            ("email", email.is_some(), ChannelKind::Email),
            ("url", url.is_some(), ChannelKind::Webhook),
            ("plugin", plugin.is_some(), ChannelKind::Plugin),
            ("settings", settings.is_some(), ChannelKind::Plugin),
        ];
        let foreign = foreign.into_iter().filter(|(_, given, of)| *given && *of != kind);
        let foreign = Invalid::all(foreign.map(|(field, ..)| {
            Err(Invalid::field(field, format_args!("is none of a channel of kind {kind}")))
        }));
        let target = match target {
            ChannelTarget::Email { email: old } => email
                .map_or(Ok(old), |text| address(&text))
                .map(|email| ChannelTarget::Email { email }),
            ChannelTarget::Webhook { url: old, secrets } => {
                let url = match url {
                    None => Ok(old),
                    Some(text) => webhook_url(&text, egress).await,
                };
                url.map(|url| ChannelTarget::Webhook { url, secrets })
            }
            ChannelTarget::Plugin { plugin: old, settings: old_settings } => {
                let plugin = match plugin {
                    None => Ok(old),
                    Some(name) => installed(name, plugins).await?,
                };
                let settings = settings.unwrap_or(old_settings);
                let checks = [problem(&plugin), check_settings(&settings)];
                Invalid::all(checks)
                    .and(plugin)
                    .map(|plugin| ChannelTarget::Plugin { plugin, settings })
            }
        };
        Ok(Invalid::all([foreign, problem(&target)]).and(target))
    }
}

fn problem<T>(result: &Result<T, Invalid>) -> Result<(), Invalid> {
    result.as_ref().map(|_| ()).map_err(Clone::clone)
}

/// Parsers take white space off; a line break is refused wherever it is.
fn one_line(field: &str, text: &str) -> Result<(), Invalid> {
    if text.contains(['\r', '\n']) {
        return Err(Invalid::field(field, "must be one line"));
    }
    Ok(())
}

fn name(text: &str) -> Result<Name, Invalid> {
    one_line("name", text)?;
    Ok(Name::parse(text)?)
}

fn address(text: &str) -> Result<String, Invalid> {
    one_line("email", text)?;
    let address = EmailAddress::parse(text).map_err(|error| Invalid::field("email", error))?;
    Ok(address.into_string())
}

/// A name that does not resolve now is accepted: it may tomorrow, and each delivery looks again.
async fn webhook_url(text: &str, egress: &EgressPolicy) -> Result<String, Invalid> {
    let wrong = |why: &dyn fmt::Display| Invalid::field("url", why);
    one_line("url", text)?;
    let url = FlowUrl::parse(text).map_err(|error| wrong(&error))?;
    match egress.check(url.as_url()).await {
        Ok(()) | Err(EgressError::Unresolved { .. }) => Ok(url.to_string()),
        Err(error) => Err(wrong(&error)),
    }
}

async fn installed(
    name: String,
    plugins: &dyn InstalledPlugins,
) -> Result<Result<String, Invalid>, UseCaseError> {
    let names = plugins.names().await.map_err(|error| StoreError::Internal(error.into()))?;
    if names.contains(&name) {
        return Ok(Ok(name));
    }
    let message = if names.is_empty() {
        "there is none: the operator has installed no plug-ins".to_owned()
    } else {
        format!("must be one of those that the operator has installed: {}", names.join(", "))
    };
    Ok(Err(Invalid::field("plugin", message)))
}

fn check_settings(settings: &BTreeMap<String, String>) -> Result<(), Invalid> {
    if settings.len() > MAX_SETTINGS {
        let message = format_args!("there may be {MAX_SETTINGS} at most");
        return Err(Invalid::field("settings", message));
    }
    Invalid::all(settings.iter().map(|(key, value)| {
        let fits = (1..=MAX_KEY_CHARS).contains(&key.len())
            && key.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
        if !fits {
            let message = format_args!(
                "has a name that is not 1 to {MAX_KEY_CHARS} of the characters a-z, 0-9 and _"
            );
            return Err(Invalid::field("settings", message));
        }
        let field = format!("settings.{key}");
        let length = value.chars().count();
        if length > MAX_VALUE_CHARS {
            let message =
                format_args!("is {length} characters long; at most {MAX_VALUE_CHARS} are allowed");
            return Err(Invalid::field(field, message));
        }
        if value.contains(['\0', '\r', '\n']) {
            return Err(Invalid::field(field, "must be one line, without a NUL"));
        }
        Ok(())
    }))
}
