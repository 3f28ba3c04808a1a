//! A browser's (or its driver's) process, and the end of all that it started.

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
    process::{Child, Command},
    task::spawn_blocking,
    time::{Instant, interval, timeout},
};

use super::{
    chromium::LocalChromium, folder::RunFolder, guard::Guard, memory, scan, user::BrowserUser,
};

/// Where the process looks for programs: nothing of our own environment gets to it.
pub(super) const SEARCH_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// How long it may take to listen.
const START_LIMIT: Duration = Duration::from_secs(20);
/// How long the end of all processes may take.
const END_LIMIT: Duration = Duration::from_secs(5);
/// How much of what it says last is kept for an error's text.
const LAST_WORDS: usize = 2_000;

/// A program that says on one of its outputs where it listens.
pub(super) trait Program: Sync {
    /// Where it listens.
    type Address: Send;
    /// What it is called in an error's text.
    const NAME: &'static str;

    /// The program.
    fn path(&self) -> &Path;

    /// What it is told; `folder` is the run's own.
    fn arguments(&self, folder: &RunFolder) -> Vec<String>;

    /// The address in what it says, if this line holds it.
    fn address(line: &str) -> Option<Self::Address>;
}

/// A process of our own, in its own process group and folder.
#[derive(Debug)]
pub(super) struct LocalProcess {
    /// `None` once it is being ended.
    parts: Option<Parts>,
}

#[derive(Debug)]
struct Parts {
    child: Child,
    group: Pid,
    guard: Guard,
    folder: RunFolder,
    watch: memory::Watch,
}

impl LocalProcess {
    /// Starts a program, and returns when it listens.
    pub(super) async fn start<P: Program>(
        program: &P,
        config: &LocalChromium,
    ) -> Result<(Self, P::Address), String> {
        let (root, user) = (config.temp_root.clone(), config.user);
        let folder = spawn_blocking(move || RunFolder::create(&root, user))
            .await
            .map_err(io::Error::other)
            .and_then(|made| made)
            .map_err(|error| format!("no folder for the browser could be made: {error}"))?;
        // The guard is there before there is anything to guard.
        let guard = Guard::start(folder.tag(), folder.path())
            .await
            .map_err(|error| format!("/bin/sh could not be started: {error}"))?;
        let path = program.path();
        let mut child = command(path, program.arguments(&folder), &folder, user)
            .spawn()
            .map_err(|error| format!("{} could not be started: {error}", path.display()))?;
        let ended = format!("{} ended at once", P::NAME);
        let group = child
            .id()
            .and_then(|id| Pid::from_raw(i32::try_from(id).ok()?))
            .ok_or_else(|| ended.clone())?;
        let outputs = (child.stdout.take(), child.stderr.take());
        let watch = memory::Watch::start(group, config.memory_limit);
        let this = Self { parts: Some(Parts { child, group, guard, folder, watch }) };
        let words = Words::default();
        let (Some(stdout), Some(stderr)) = outputs else {
            return Err(ended);
        };
        // It says it on one of the two; the other one ends, or is silent.
        let told = async {
            tokio::select! {
                Some(address) = listening::<P, _>(stdout, &words) => Some(address),
                Some(address) = listening::<P, _>(stderr, &words) => Some(address),
                else => None,
            }
        };
        match timeout(START_LIMIT, told).await {
            Ok(Some(address)) => Ok((this, address)),
            Ok(None) => Err(format!("{ended}: {}", words.last())),
            Err(_) => Err(format!("{} does not listen: {}", P::NAME, words.last())),
        }
    }

    /// Its folder.
    pub(super) fn folder(&self) -> Option<&Path> {
        self.parts.as_ref().map(|parts| parts.folder.path())
    }

    /// What all its processes carry in their arguments.
    pub(super) fn tag(&self) -> &str {
        self.parts.as_ref().map_or("", |parts| parts.folder.tag())
    }

    /// What all its processes are a group of.
    pub(super) fn group(&self) -> Option<Pid> {
        self.parts.as_ref().map(|parts| parts.group)
    }

    /// Whether one of its pages was ended just now because it took too much memory.
    pub(super) fn has_just_ended_a_page(&self) -> bool {
        self.parts.as_ref().is_some_and(|parts| parts.watch.has_just_ended_a_page())
    }

    /// Whether it is still there.
    pub(super) fn runs(&mut self) -> bool {
        self.parts.as_mut().is_some_and(|parts| matches!(parts.child.try_wait(), Ok(None)))
    }

    /// Kills everything that was started; its folder is removed in the background, which takes
    /// some disks longer than all else. Nothing of the profile is worth a polite end, which takes
    /// longer and may hang.
    pub(super) async fn end(mut self) -> Result<(), String> {
        let Some(parts) = self.parts.take() else {
            return Ok(());
        };
        let Parts { mut child, group, guard, folder, .. } = parts;
        // It may have ended by itself.
        let _ = kill_process_group(group, Signal::KILL);
        let reaped = timeout(END_LIMIT, child.wait()).await.is_ok();
        let all_gone = end_tagged(folder.tag(), guard.pid()).await;
        reap(group);
        if !(reaped && all_gone) {
            // The guard tries on, now that its pipe closes.
            return Err("processes of the browser do not end".to_owned());
        }
        tokio::spawn(remove(folder, guard));
        Ok(())
    }
}

/// Whoever drops it without ending it (a cancelled future, a panic) leaves the rest to the guard,
/// whose pipe closes now.
impl Drop for LocalProcess {
    fn drop(&mut self) {
        if let Some(parts) = &self.parts {
            // It may have ended by itself.
            let _ = kill_process_group(parts.group, Signal::KILL);
        }
    }
}

fn command(
    program: &Path,
    arguments: Vec<String>,
    folder: &RunFolder,
    user: Option<BrowserUser>,
) -> Command {
    let mut command = Command::new(program);
    command
        .args(arguments)
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
    if let Some(user) = user {
        user.run(&mut command);
    }
    command
}

/// Reads on until the process says where it listens: so it is our child's address, not that of
/// whoever else may have taken the port. What follows is read in the background.
async fn listening<P, R>(output: R, words: &Words) -> Option<P::Address>
where
    P: Program,
    R: AsyncRead + Unpin + Send + 'static,
{
    let mut reader = Reader { lines: Some(BufReader::new(output).lines()), words: words.clone() };
    while let Some(line) = reader.next().await {
        if let Some(address) = P::address(&line) {
            return Some(address);
        }
    }
    None
}

/// One of a process's outputs. Whoever stops listening leaves the rest to a task, so that the
/// process never waits for somebody to listen.
struct Reader<R: AsyncRead + Unpin + Send + 'static> {
    lines: Option<Lines<BufReader<R>>>,
    words: Words,
}

impl<R: AsyncRead + Unpin + Send + 'static> Reader<R> {
    async fn next(&mut self) -> Option<String> {
        let line = self.lines.as_mut()?.next_line().await.ok()??;
        self.words.hear(&line);
        Some(line)
    }
}

impl<R: AsyncRead + Unpin + Send + 'static> Drop for Reader<R> {
    fn drop(&mut self) {
        let lines = self.lines.take();
        let (Some(lines), Ok(runtime)) = (lines, tokio::runtime::Handle::try_current()) else {
            return;
        };
        runtime.spawn(listen_on(lines, self.words.clone()));
    }
}

async fn listen_on<R: AsyncRead + Unpin>(mut lines: Lines<BufReader<R>>, words: Words) {
    while let Ok(Some(line)) = lines.next_line().await {
        words.hear(&line);
    }
}

/// The last that a process said.
#[derive(Clone, Debug, Default)]
struct Words(Arc<Mutex<String>>);

impl Words {
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
