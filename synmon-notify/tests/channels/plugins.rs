//! A folder of plug-ins, and what tells when all of one have ended.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use synmon_core::{Clock, notice::Delivery};
use synmon_notify::plugin::{PluginError, PluginName, PluginSender, PluginSettings};
use synmon_testkit::ManualClock;
use tempfile::TempDir;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::support::{PUBLIC_URL, failure, then};

/// The plug-in of most tests.
pub(crate) const NAME: &str = "chat";

pub(crate) struct Plugins {
    folder: TempDir,
}

impl Plugins {
    /// A folder with a shell script as a plug-in. `@` in it stands for the folder.
    pub(crate) fn with(script: &str) -> Self {
        let this = Self::empty();
        this.install(NAME, script);
        this
    }

    pub(crate) fn empty() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { folder }
    }

    pub(crate) fn install(&self, name: &str, script: &str) {
        let script = script.replace('@', &self.path().display().to_string());
        let (draft, file) = (self.file("draft"), self.plugin(name));
        fs::write(&draft, format!("#!/bin/sh\n{script}\n")).expect("a file");
        fs::set_permissions(&draft, fs::Permissions::from_mode(0o755)).expect("a mode");
        // A process that another test starts meanwhile inherits our open files for a moment, and
        // what is open for writing can't be executed. So somebody else writes it.
        run(Command::new("cp").arg("-p").arg(draft).arg(file));
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    pub(crate) fn plugin(&self, name: &str) -> PathBuf {
        self.file(&format!("synmon-notify-{name}"))
    }

    /// What a plug-in has written.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).expect("a file")
    }

    pub(crate) fn fifo(&self, name: &str) -> PathBuf {
        let path = self.file(name);
        run(Command::new("mkfifo").arg(&path));
        path
    }

    /// A sender by a clock that stands still: nothing is ever late.
    pub(crate) fn sender(&self) -> PluginSender {
        self.sender_by(ManualClock::at(then()))
    }

    pub(crate) fn sender_by(&self, clock: Arc<dyn Clock>) -> PluginSender {
        let public_url = PUBLIC_URL.parse().expect("a url");
        let settings = PluginSettings::new(self.path().to_owned(), public_url);
        PluginSender::new(settings, clock).expect("a sender")
    }

    /// Has the plug-in deliver a failure for a channel with this configuration.
    pub(crate) async fn send_with(
        &self,
        config: &BTreeMap<String, String>,
    ) -> Result<Delivery, PluginError> {
        self.sender().send(&name(NAME), config, &failure()).await
    }

    /// Has the plug-in deliver a failure.
    pub(crate) async fn send(&self) -> Result<Delivery, PluginError> {
        self.send_with(&BTreeMap::new()).await
    }
}

/// Reads a FIFO until all that hold its other end have ended.
pub(crate) fn until_all_ended(fifo: PathBuf) -> JoinHandle<String> {
    spawn_blocking(move || fs::read_to_string(fifo).expect("a FIFO"))
}

pub(crate) fn name(text: &str) -> PluginName {
    text.parse().expect("a name")
}

fn run(command: &mut Command) {
    let status = command.status().expect("a program");
    assert!(status.success(), "{command:?}");
}
