//! Finding processes by the tag in their arguments or their environment.

use std::{fs, time::Duration};

use rustix::process::{Pid, Signal, kill_process};

/// Kills every process that carries the tag, but not ourselves and not `spared`; returns how many
/// there were.
pub(crate) fn kill_tagged(tag: &str, spared: Option<u32>) -> usize {
    let found = tagged(tag, spared);
    for pid in &found {
        // It may have ended by itself since.
        let _ = kill_process(*pid, Signal::KILL);
    }
    found.len()
}

/// How long to wait between two looks.
pub(crate) const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

fn tagged(tag: &str, spared: Option<u32>) -> Vec<Pid> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| *pid != std::process::id() && Some(*pid) != spared)
        .filter(|pid| carries(*pid, "cmdline", tag) || carries(*pid, "environ", tag))
        .filter_map(|pid| Pid::from_raw(i32::try_from(pid).ok()?))
        .collect()
}

fn carries(pid: u32, file: &str, tag: &str) -> bool {
    // A process that has ended, or that is another user's, can't be read: it is not ours.
    let Ok(bytes) = fs::read(format!("/proc/{pid}/{file}")) else {
        return false;
    };
    String::from_utf8_lossy(&bytes).contains(tag)
}
