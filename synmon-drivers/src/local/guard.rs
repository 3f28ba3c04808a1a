//! A tiny shell that outlives us, to end a browser when we can't.
//!
//! Its standard input is a pipe that we hold. When the pipe closes, because we closed it or were
//! killed, it kills every process that carries the run's tag and removes the run's folder.

use std::{io, path::Path, process::Stdio, time::Duration};

use tokio::{
    io::AsyncWriteExt as _,
    process::{Child, ChildStdin, Command},
    time::timeout,
};

/// The tag comes by standard input, so that the guard does not carry it itself. It ignores what
/// a terminal or a service manager sends to all: its time comes when the pipe closes.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
IFS= read -r tag && IFS= read -r folder || exit 0
case "$folder" in /*/synmon-"$tag") ;; *) exit 1 ;; esac
[ "${#tag}" -ge 16 ] || exit 1
while read -r _; do :; done
tries=0
while [ "$tries" -lt 50 ]; do
  found=
  for file in $(printf '%s\n' "$tag" |
    grep -slF -f - /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null); do
    pid=${file#/proc/}
    kill -9 "${pid%%/*}" 2>/dev/null && found=yes
  done
  if [ -z "$found" ]; then
    rm -rf "$folder" 2>/dev/null
    [ -e "$folder" ] || { rm -f "$folder.lock"; exit 0; }
  fi
  tries=$((tries + 1))
  sleep 0.1 2>/dev/null || sleep 1
done
"#;

/// The guard of one run.
#[derive(Debug)]
pub(crate) struct Guard {
    shell: Child,
    /// Closing it sets the guard off.
    pipe: Option<ChildStdin>,
}

impl Guard {
    /// Starts a guard.
    pub(crate) async fn start(tag: &str, folder: &Path) -> io::Result<Self> {
        let mut shell = Command::new("/bin/sh")
            .args(["-c", SCRIPT])
            .env_clear()
            .env("PATH", super::process::SEARCH_PATH)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let mut pipe = shell.stdin.take();
        if let Some(pipe) = &mut pipe {
            pipe.write_all(format!("{tag}\n{}\n", folder.display()).as_bytes()).await?;
        }
        Ok(Self { shell, pipe })
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.shell.id()
    }

    /// Ends the guard when there is nothing left to guard.
    pub(crate) async fn dismiss(mut self) {
        // What the guard would do is done: it need not look once more.
        let _ = self.shell.start_kill();
        drop(self.pipe.take());
        if timeout(Duration::from_secs(2), self.shell.wait()).await.is_err() {
            tracing::warn!("the guard of a browser does not end");
        }
    }
}
