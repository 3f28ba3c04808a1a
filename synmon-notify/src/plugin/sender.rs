//! Delivers notices by way of plug-ins.

use std::{
    collections::BTreeMap,
    fmt, io,
    os::unix::{fs::PermissionsExt as _, process::ExitStatusExt as _},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use serde::Serialize;
use synmon_core::{
    Clock, NoticeId,
    notice::{Delivery, Notice},
};
use tempfile::TempDir;
use tokio::task::spawn_blocking;
use tracing::warn;
use url::Url;

use super::{
    errors::{PluginError, PluginFailure, PluginSetupError},
    name::PluginName,
    process::{Outcome, Process},
};
use crate::event::{self, Event, RunPages};

/// By this status a plug-in says that it may work later (`EX_TEMPFAIL` of `sysexits.h`).
const TRY_AGAIN: i32 = 75;

/// How plug-ins are run.
#[derive(Clone, Debug)]
pub struct PluginSettings {
    /// The folder that the operator has put them into.
    pub folder: PathBuf,
    /// What links begin with.
    pub public_url: Url,
    /// How long one delivery may take.
    pub deadline: Duration,
}

/// Delivers notices by way of plug-ins.
pub struct PluginSender {
    folder: PathBuf,
    pages: RunPages,
    deadline: Duration,
    clock: Arc<dyn Clock>,
}

/// What a plug-in reads.
#[derive(Serialize)]
struct Input<'a> {
    id: NoticeId,
    #[serde(flatten)]
    event: Event<'a>,
    config: &'a BTreeMap<String, String>,
}

impl PluginSettings {
    /// Settings with the usual deadline of 25 s: what started a delivery waits 30 s for its end.
    #[must_use]
    pub fn new(folder: PathBuf, public_url: Url) -> Self {
        Self { folder, public_url, deadline: Duration::from_secs(25) }
    }
}

impl PluginSender {
    /// Sets the sender up. The folder need not be there yet.
    pub fn new(settings: PluginSettings, clock: Arc<dyn Clock>) -> Result<Self, PluginSetupError> {
        // A relative path would be looked up in the folder that the plug-in runs in.
        let folder = std::path::absolute(settings.folder).map_err(PluginSetupError::Folder)?;
        Ok(Self {
            folder,
            pages: RunPages::below(settings.public_url)?,
            deadline: settings.deadline,
            clock,
        })
    }

    /// The plug-ins that are installed, by name: files that somebody may execute.
    pub async fn list(&self) -> io::Result<Vec<PluginName>> {
        let mut names = Vec::new();
        let mut files = tokio::fs::read_dir(&self.folder).await?;
        while let Some(file) = files.next_entry().await? {
            let name = file.file_name().to_str().and_then(PluginName::of_file);
            let Some(name) = name else { continue };
            // Follows links. What leads nowhere, or has just been removed, is not installed.
            if let Ok(about) = tokio::fs::metadata(file.path()).await
                && about.is_file()
                && about.permissions().mode() & 0o111 != 0
            {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Has a plug-in try once to deliver a notice, with the configuration of its channel. It may
    /// be called again for the same notice. Letters are not needed here.
    pub async fn send(
        &self,
        plugin: &PluginName,
        config: &BTreeMap<String, String>,
        notice: &Notice,
    ) -> Result<Delivery, PluginError> {
        let Some(event) = Event::of(notice, &self.pages) else {
            return Ok(Delivery::NotNeeded);
        };
        let id = notice.id;
        let input = event::json(&Input { id, event, config }) + "\n";
        let folder = spawn_blocking(|| tempfile::Builder::new().prefix("synmon-").tempdir())
            .await
            .map_err(io::Error::other)
            .and_then(|made| made)
            .map_err(|error| PluginError::Retry(PluginFailure::Folder(error)))?;
        // Whoever forgot to install it can still do so.
        let process = Process::start(&self.folder.join(plugin.file_name()), folder.path())
            .map_err(|error| PluginError::Retry(PluginFailure::Start(error)))?;
        let outcome = process.finish(&*self.clock, self.deadline, &input).await;
        remove(folder, plugin).await;
        self.judge(outcome)
    }

    fn judge(&self, outcome: Outcome) -> Result<Delivery, PluginError> {
        let Outcome { status, said } = outcome;
        let status = match status {
            Some(Ok(status)) => status,
            Some(Err(error)) => return Err(PluginError::Retry(PluginFailure::Wait(error))),
            None => {
                let limit = self.deadline;
                return Err(PluginError::Retry(PluginFailure::TimedOut { limit, said }));
            }
        };
        match (status.code(), status.signal()) {
            (Some(0), _) => Ok(Delivery::Sent),
            (Some(code @ TRY_AGAIN), _) => {
                Err(PluginError::Retry(PluginFailure::Status { code, said }))
            }
            (Some(code), _) => Err(PluginError::GiveUp(PluginFailure::Status { code, said })),
            (None, signal) => {
                let signal = signal.unwrap_or_default();
                Err(PluginError::Retry(PluginFailure::Signal { signal, said }))
            }
        }
    }
}

impl fmt::Debug for PluginSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PluginSender").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// A folder that stays is untidy, but no reason to deliver again.
async fn remove(folder: TempDir, plugin: &PluginName) {
    let removed = spawn_blocking(|| folder.close()).await;
    if let Err(error) = removed.map_err(io::Error::other).and_then(|closed| closed) {
        warn!(plugin = %plugin, "The folder of the plug-in {plugin} can't be removed: {error}");
    }
}
