//! The driver's process, and the end of all that it started.

use std::{
    io,
    path::Path,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rustix::process::{Pid, Signal, WaitOptions, kill_process_group, waitpgid};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    task::spawn_blocking,
    time::{Instant, interval, timeout},
};

use super::{folder::RunFolder, guard::Guard, scan};

/// Where the driver looks for programs: nothing of our own environment gets to it.
pub(super) const SEARCH_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// How long the driver may take to listen.
const START_LIMIT: Duration = Duration::from_secs(20);
/// How often a driver is started that finds its port taken, and what it says then.
const MAX_TRIES: u32 = 5;
const PORT_TAKEN: &str = "Address already in use";
/// How long the end of all processes may take.
const END_LIMIT: Duration = Duration::from_secs(5);
/// How much of what the driver says last is kept for an error's text.
const LAST_WORDS: usize = 2_000;

/// A chromedriver of our own, in its own process group and folder.
#[derive(Debug)]
pub(crate) struct LocalDriver {
    /// `None` once it is being ended.
    parts: Option<Parts>,
    port: u16,
}

#[derive(Debug)]
struct Parts {
    driver: Child,
    group: Pid,
    guard: Guard,
    folder: RunFolder,
}

impl LocalDriver {
    /// Starts a driver that listens on a port of its own choice. Of several that start at once, one
    /// may find that its choice was taken meanwhile, and end: then another is started.
    pub(crate) async fn start(program: &Path, root: &Path) -> Result<Self, String> {
        let mut tries = 1;
        loop {
            match Self::try_start(program, root).await {
                Err(why) if tries < MAX_TRIES && why.contains(PORT_TAKEN) => tries += 1,
                started => return started,
            }
        }
    }

    async fn try_start(program: &Path, root: &Path) -> Result<Self, String> {
        let root = root.to_owned();
        let folder = spawn_blocking(move || RunFolder::create(&root))
            .await
            .map_err(io::Error::other)
            .and_then(|made| made)
            .map_err(|error| format!("no folder for the browser could be made: {error}"))?;
        // The guard is there before there is anything to guard.
        let guard = Guard::start(folder.tag(), folder.path())
            .await
            .map_err(|error| format!("/bin/sh could not be started: {error}"))?;
        let mut driver = command(program, &folder)
            .spawn()
            .map_err(|error| format!("{} could not be started: {error}", program.display()))?;
        let group = driver
            .id()
            .and_then(|id| Pid::from_raw(i32::try_from(id).ok()?))
            .ok_or("the driver ended at once")?;
        let words = Words::default();
        if let Some(stderr) = driver.stderr.take() {
            words.listen(BufReader::new(stderr).lines());
        }
        let stdout = driver.stdout.take();
        let mut this = Self { parts: Some(Parts { driver, group, guard, folder }), port: 0 };
        this.port = match timeout(START_LIMIT, listening(stdout, &words)).await {
            Ok(Some(port)) => port,
            Ok(None) => return Err(format!("the driver ended at once: {}", words.last())),
            Err(_) => return Err(format!("the driver does not listen: {}", words.last())),
        };
        Ok(this)
    }

    /// The base of its addresses. Its path can't be guessed, so no page can talk to the driver.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/{}/", self.port, self.tag())
    }

    /// The folder of the run.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.parts.as_ref().map(|parts| parts.folder.path())
    }

    /// Whether the driver's process is still there.
    pub(crate) fn runs(&mut self) -> bool {
        self.parts.as_mut().is_some_and(|parts| matches!(parts.driver.try_wait(), Ok(None)))
    }

    /// Kills everything that was started; its folder is removed in the background, which takes
    /// some disks longer than all else. Nothing of the profile is worth a polite end, which takes
    /// longer and may hang.
    pub(crate) async fn end(mut self) -> Result<(), String> {
        let Some(parts) = self.parts.take() else {
            return Ok(());
        };
        let Parts { mut driver, group, guard, folder } = parts;
        // It may have ended by itself.
        let _ = kill_process_group(group, Signal::KILL);
        let reaped = timeout(END_LIMIT, driver.wait()).await.is_ok();
        let all_gone = end_tagged(folder.tag(), guard.pid()).await;
        reap(group);
        if !(reaped && all_gone) {
            // The guard tries on, now that its pipe closes.
            return Err("processes of the browser do not end".to_owned());
        }
        tokio::spawn(remove(folder, guard));
        Ok(())
    }

    fn tag(&self) -> &str {
        self.parts.as_ref().map_or("", |parts| parts.folder.tag())
    }
}

/// Whoever drops it without ending it (a cancelled future, a panic) leaves the rest to the guard,
/// whose pipe closes now.
impl Drop for LocalDriver {
    fn drop(&mut self) {
        if let Some(parts) = &self.parts {
            // It may have ended by itself.
            let _ = kill_process_group(parts.group, Signal::KILL);
        }
    }
}

fn command(program: &Path, folder: &RunFolder) -> Command {
    let mut command = Command::new(program);
    command
        .arg("--port=0")
        .arg(format!("--url-base=/{}", folder.tag()))
        .env_clear()
        .env("PATH", SEARCH_PATH)
        .env("LANG", "C.UTF-8")
        .env("HOME", folder.path())
        .env("TMPDIR", folder.path())
        .env("XDG_CONFIG_HOME", folder.path().join("config"))
        .env("XDG_CACHE_HOME", folder.path().join("cache"))
        .env("DBUS_SESSION_BUS_ADDRESS", "disabled:")
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    command
}

/// Reads on until the driver says which port it listens on: so it is our child's port, not that
/// of whoever else may have taken it.
async fn listening(stdout: Option<ChildStdout>, words: &Words) -> Option<u16> {
    let mut lines = BufReader::new(stdout?).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let port = line
            .split_once("started successfully on port ")
            .and_then(|(_, rest)| rest.trim_end_matches('.').trim().parse().ok());
        words.hear(&line);
        if port.is_some() {
            words.listen(lines);
            return port;
        }
    }
    None
}

/// The last that a driver said.
#[derive(Clone, Debug, Default)]
struct Words(Arc<Mutex<String>>);

impl Words {
    /// Reads on to the end, so that the driver never waits for somebody to listen.
    fn listen<R>(&self, mut lines: Lines<BufReader<R>>)
    where
        R: AsyncRead + Unpin + Send + 'static,
    {
        let words = self.clone();
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                words.hear(&line);
            }
        });
    }

    fn hear(&self, line: &str) {
        let mut words = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        words.push_str(line.trim());
        words.push(' ');
        if words.len() > LAST_WORDS {
            let start = words.ceil_char_boundary(words.len() - LAST_WORDS);
            words.drain(..start);
        }
    }

    fn last(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).trim().to_owned()
    }
}

/// Removes a run's folder. Where that fails, or is cut short, the guard tries on: its pipe closes.
async fn remove(folder: RunFolder, guard: Guard) {
    let path = folder.path().to_owned();
    let removed = spawn_blocking(move || folder.remove()).await;
    match removed.map_err(io::Error::other).and_then(|removed| removed) {
        Ok(()) => guard.dismiss().await,
        Err(error) => {
            tracing::warn!(folder = %path.display(), %error, "a browser's folder stays for now");
        }
    }
}

/// Kills what carries the tag until a look finds nothing.
async fn end_tagged(tag: &str, guard: Option<u32>) -> bool {
    let deadline = Instant::now() + END_LIMIT;
    let mut looks = interval(scan::BETWEEN_LOOKS);
    loop {
        looks.tick().await;
        let tag = tag.to_owned();
        match spawn_blocking(move || scan::kill_tagged(&tag, guard)).await {
            Ok(0) => return true,
            _ if Instant::now() > deadline => return false,
            _ => {}
        }
    }
}

/// Takes in what became our child when its parent died: only if we are a container's first
/// process, or asked to be such.
fn reap(group: Pid) {
    while let Ok(Some(_)) = waitpgid(group, WaitOptions::NOHANG) {}
}
