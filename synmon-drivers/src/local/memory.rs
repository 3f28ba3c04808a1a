//! What browsers take of the machine's memory, and an end to pages that take too much.

use std::{
    fs,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    task::{AbortHandle, spawn_blocking},
    time::{Instant, MissedTickBehavior, interval},
};

/// How often it is looked at. A page that takes memory as fast as it can takes about 1 GiB in that
/// time.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// For how long the end of a page is news: the browser tells of it well within that time.
const NEWS: Duration = Duration::from_secs(10);

/// How many times the memory of one page all processes of a browser may take together.
const IN_ALL: u64 = 4;

/// What a process takes.
#[derive(Clone, Copy, Debug)]
struct Usage {
    pid: Pid,
    /// The bytes that are its own: what it shares with others is not counted.
    bytes: u64,
    /// Whether pages run in it. What else a browser has is there for all of them.
    has_pages: bool,
}

/// How much memory all processes of a group have together, in bytes.
pub(crate) async fn used(group: Pid) -> u64 {
    let usage = spawn_blocking(move || usage(group)).await.unwrap_or_default();
    usage.iter().map(|process| process.bytes).sum()
}

/// Looks after the memory of a group's processes until it is dropped.
#[derive(Debug)]
pub(super) struct Watch {
    task: AbortHandle,
    ended: Arc<Mutex<Option<Instant>>>,
}

impl Watch {
    /// Kills each process of the group's pages that takes more than `limit` bytes, and the largest
    /// if the group takes several times that: a browser outlives its pages, and says that they have
    /// crashed.
    pub(super) fn start(group: Pid, limit: u64) -> Self {
        let ended = Arc::<Mutex<Option<Instant>>>::default();
        let told = Arc::clone(&ended);
        let watching = tokio::spawn(async move {
            let mut looks = interval(BETWEEN_LOOKS);
            looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                looks.tick().await;
                let usage = spawn_blocking(move || usage(group)).await.unwrap_or_default();
                for Usage { pid, bytes, .. } in too_much(&usage, limit) {
                    *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
                    tracing::warn!(bytes, limit, "a page that took too much memory is ended");
                    // It may have ended by itself.
                    let _ = kill_process(pid, Signal::KILL);
                }
            }
        });
        Self { task: watching.abort_handle(), ended }
    }

    /// Whether it has ended a page just now.
    pub(super) fn has_just_ended_a_page(&self) -> bool {
        let ended = *self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.is_some_and(|at| at.elapsed() < NEWS)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Which processes are to end.
fn too_much(usage: &[Usage], limit: u64) -> Vec<Usage> {
    let pages = usage.iter().copied().filter(|process| process.has_pages);
    let large: Vec<_> = pages.clone().filter(|process| process.bytes > limit).collect();
    let sum: u64 = usage.iter().map(|process| process.bytes).sum();
    if large.is_empty() && sum > limit.saturating_mul(IN_ALL) {
        // A page may spread over as many processes as it likes.
        return pages.max_by_key(|process| process.bytes).into_iter().collect();
    }
    large
}

fn usage(group: Pid) -> Vec<Usage> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?))
        .filter(|pid| group_of(*pid) == Some(group))
        .filter_map(|pid| Some(Usage { pid, bytes: own_bytes(pid)?, has_pages: has_pages(pid) }))
        .collect()
}

/// The group of a process (`pgrp` in proc(5)), which may be one that the kernel keeps for itself.
fn group_of(pid: Pid) -> Option<Pid> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    // The name of the program, in brackets, may hold anything.
    let (_, fields) = stat.rsplit_once(") ")?;
    Pid::from_raw(fields.split(' ').nth(2)?.parse().ok()?)
}

/// Whether a process of Chromium's is one for pages.
fn has_pages(pid: Pid) -> bool {
    const SAYS: &[u8] = b"--type=renderer";
    fs::read(format!("/proc/{}/cmdline", pid.as_raw_nonzero()))
        .is_ok_and(|line| line.windows(SAYS.len()).any(|part| part == SAYS))
}

/// The memory of a process that no file and no other process stands behind (`RssAnon` in proc(5)).
fn own_bytes(pid: Pid) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", pid.as_raw_nonzero())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib * 1_024)
}

#[cfg(test)]
mod tests {
    use rustix::process::{getpgrp, getpid};

    use super::*;

    #[test]
    fn a_process_has_memory_of_its_own() {
        let held = vec![1_u8; 8 << 20];
        let own = own_bytes(getpid()).unwrap();
        assert!(own > u64::try_from(held.len()).unwrap(), "{own}");
        let usage = usage(getpgrp());
        let this = usage.iter().find(|process| process.pid == getpid()).unwrap();
        assert!(!this.has_pages);
    }

    #[test]
    fn only_pages_are_ended_the_largest_first() {
        const NONE: [u64; 0] = [];
        let ended = |processes: &[(u64, bool)]| -> Vec<u64> {
            let usage = |&(bytes, has_pages)| Usage { pid: getpid(), bytes, has_pages };
            let usage: Vec<_> = processes.iter().map(usage).collect();
            too_much(&usage, 100).iter().map(|process| process.bytes).collect()
        };
        // The browser itself, its network, and pages.
        assert_eq!(ended(&[(150, false), (120, false), (99, true), (20, true)]), NONE);
        assert_eq!(ended(&[(150, false), (101, true), (20, true), (102, true)]), [101, 102]);
        assert_eq!(ended(&[(50, false), (90, true), (80, true), (90, true), (80, true)]), NONE);
        assert_eq!(ended(&[(50, false), (90, true), (91, true), (90, true), (80, true)]), [91]);
        assert_eq!(ended(&[(500, false)]), NONE);
    }
}
