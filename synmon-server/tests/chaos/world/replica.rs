//! The product's own program, in one life after another.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::process::Signal;
use synmon_testkit::{Program, until_within};

use super::pause;

/// How long a replica may take until it answers.
const START_LIMIT: Duration = Duration::from_mins(1);
/// For each life there is a database user, so that it is known who writes.
pub(crate) const MOST_LIVES: u32 = 200;

/// A setting that depends on the life: its name, and what makes its value of the life's.
pub(crate) type OfLife = (String, Box<dyn Fn(&str) -> String + Send + Sync>);

/// One of the processes that share a database.
pub(crate) struct Replica {
    pub(crate) index: usize,
    folder: PathBuf,
    settings: Vec<(String, String)>,
    of_life: Vec<OfLife>,
    address: String,
    program: Option<Program>,
    lives: u32,
    /// The lives that ended by the test's SIGKILL.
    killed: Vec<String>,
    /// What it did that it should not.
    offences: Vec<String>,
    /// Starts that failed, which is allowed while the database is away.
    failed_starts: u32,
    web: reqwest::Client,
}

impl Replica {
    pub(crate) fn new(
        index: usize,
        folder: &Path,
        address: String,
        settings: Vec<(String, String)>,
        of_life: Vec<OfLife>,
    ) -> Self {
        let timeout = Duration::from_secs(5);
        Self {
            index,
            folder: folder.to_owned(),
            settings,
            of_life,
            address,
            program: None,
            lives: 0,
            killed: vec![],
            offences: vec![],
            failed_starts: 0,
            web: reqwest::Client::builder().no_proxy().timeout(timeout).build().unwrap(),
        }
    }

    /// The name of the life that it has now.
    pub(crate) fn life(&self) -> String {
        format!("r{}_{}", self.index, self.lives)
    }

    pub(crate) fn killed_lives(&self) -> &[String] {
        &self.killed
    }

    pub(crate) fn offences(&self) -> &[String] {
        &self.offences
    }

    pub(crate) fn failed_starts(&self) -> u32 {
        self.failed_starts
    }

    pub(crate) fn log(&self) -> String {
        self.program.as_ref().map(Program::log).unwrap_or_default()
    }

    fn spawn(&mut self) {
        self.lives += 1;
        assert!(self.lives < MOST_LIVES, "there are no more lives");
        let life = self.life();
        let mut settings = self.settings.clone();
        settings.extend(self.of_life.iter().map(|(name, value)| (name.clone(), value(&life))));
        let program = env!("CARGO_BIN_EXE_synmon-server");
        let log = format!("r{}.log", self.index);
        self.program = Some(Program::start(program, &[], &self.folder, &log, &settings));
    }

    /// Starts it, and waits until it answers. While its database is away it ends by itself, and is
    /// started again, as any supervisor does.
    pub(crate) async fn start(&mut self) {
        self.spawn();
        let health = format!("{}/healthz", self.address);
        let web = self.web.clone();
        until_within(START_LIMIT, &format!("an answer of r{}", self.index), async || {
            if self.program.as_mut().is_some_and(|program| program.has_ended().is_some()) {
                self.failed_starts += 1;
                pause(Duration::from_millis(300)).await;
                self.spawn();
            }
            web.get(&health).send().await.ok().filter(|answer| answer.status().is_success())
        })
        .await;
    }

    /// SIGKILL.
    pub(crate) async fn kill(&mut self) {
        self.killed.push(self.life());
        if let Some(program) = &mut self.program {
            program.signal(Signal::KILL);
            program.ended().await;
        }
    }

    /// SIGTERM, after which it must end in order.
    pub(crate) async fn terminate(&mut self) {
        let life = self.life();
        if let Some(program) = &mut self.program {
            program.signal(Signal::TERM);
            let status = program.ended().await;
            if !status.success() {
                self.offences.push(format!("{life} was told to end, and ended with {status}"));
            }
        }
    }

    /// SIGSTOP.
    pub(crate) fn freeze(&self) {
        if let Some(program) = &self.program {
            program.signal(Signal::STOP);
        }
    }

    /// SIGCONT.
    pub(crate) fn thaw(&self) {
        if let Some(program) = &self.program {
            program.signal(Signal::CONT);
        }
    }

    /// Looks whether it has ended though nobody told it to, and starts it again if so.
    pub(crate) async fn look_after(&mut self) {
        let ended = self.program.as_mut().and_then(Program::has_ended);
        if let Some(status) = ended {
            self.offences.push(format!("{} ended by itself with {status}", self.life()));
            self.start().await;
        }
    }
}
