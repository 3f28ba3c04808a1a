//! Looking at the machine: which processes a test has started, and what is left of them.

use std::{fs, path::Path, process::Stdio};

use rustix::process::{Pid, Signal, kill_process};

use synmon_testkit::until;
use tokio::process::Command;

/// The processes that have the folder's name in their arguments or their environment.
pub(crate) fn processes(folder: &Path) -> Vec<(i32, String)> {
    let wanted = folder.to_str().unwrap().as_bytes();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        let read = |file: &str| fs::read(entry.path().join(file)).unwrap_or_default();
        let arguments = read("cmdline");
        let carries = |text: &[u8]| text.windows(wanted.len()).any(|part| part == wanted);
        let ours = pid.cast_unsigned() == std::process::id();
        if !ours && (carries(&arguments) || carries(&read("environ"))) {
            found.push((pid, String::from_utf8_lossy(&arguments).replace('\0', " ")));
        }
    }
    found
}

/// Kills the one process of a test's own whose arguments `is` picks.
pub(crate) fn kill(folder: &Path, is: impl Fn(&str) -> bool) {
    let all = processes(folder);
    let picked: Vec<_> = all.iter().filter(|(_, arguments)| is(arguments)).collect();
    assert!(!picked.is_empty(), "{all:?}");
    for (pid, _) in picked {
        kill_process(Pid::from_raw(*pid).unwrap(), Signal::KILL).unwrap();
    }
}

/// The process groups of what has the folder's name.
#[cfg(feature = "cdp")]
pub(crate) fn groups(folder: &Path) -> Vec<i32> {
    processes(folder).iter().filter_map(|(pid, _)| group(*pid)).collect()
}

/// The group of a process (proc(5): the third field after its name, which may hold anything).
#[cfg(feature = "cdp")]
fn group(pid: i32) -> Option<i32> {
    let all = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    all.rsplit_once(')')?.1.split_whitespace().nth(2)?.parse().ok()
}

/// All processes of these groups: what a browser forks off does not always have the folder's name.
#[cfg(feature = "cdp")]
pub(crate) fn processes_in(groups: &[i32]) -> Vec<(i32, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let pid = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok());
        let Some(pid) = pid else { continue };
        let arguments = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        if group(pid).is_some_and(|group| groups.contains(&group)) {
            found.push((pid, String::from_utf8_lossy(&arguments).replace('\0', " ")));
        }
    }
    found
}

/// Kills those processes of the browser's group whose arguments `is` picks.
#[cfg(feature = "cdp")]
pub(crate) fn kill_in_group(folder: &Path, is: impl Fn(&str) -> bool) {
    let all = processes_in(&groups(folder));
    let picked: Vec<_> = all.iter().filter(|(_, arguments)| is(arguments)).collect();
    assert!(!picked.is_empty(), "{all:?}");
    for (pid, _) in picked {
        kill_process(Pid::from_raw(*pid).unwrap(), Signal::KILL).unwrap();
    }
}

/// Waits until no process is left, and no file.
pub(crate) async fn assert_clean(folder: &Path) {
    until("the end of all processes", async || processes(folder).is_empty().then_some(())).await;
    until("the end of all files", async || {
        let left = fs::read_dir(folder).map(Iterator::count).unwrap_or_default();
        (left == 0).then_some(())
    })
    .await;
}

/// Kills a program of ours that has a browser below `folder/runs`, and proves that nothing is left.
/// The test `host` is the program; it says by the file `open` that its browser shows a page.
pub(crate) async fn assert_clean_after_a_killed_host(host: &str, folder: &Path) {
    let mut host = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", host])
        .current_dir(folder)
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    until("a page", async || folder.join("open").exists().then_some(())).await;
    let runs = folder.join("runs");
    assert!(!processes(&runs).is_empty());
    host.kill().await.unwrap();
    assert_clean(&runs).await;
}
