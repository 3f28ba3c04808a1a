//! A plug-in at work, and the end of all that it started.

use std::{
    io,
    path::Path,
    pin::{Pin, pin},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group};
use synmon_core::{Clock, within};
use tokio::{
    io::AsyncWriteExt as _,
    join,
    process::{Child, ChildStdin, Command},
    select,
};

use super::tail::Tail;

/// Where a plug-in looks for programs: nothing of our own environment gets to it.
const SEARCH_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// How long it is waited for what must come at once: the end of what was killed.
const GRACE: Duration = Duration::from_secs(1);

/// What became of a plug-in.
pub(super) struct Outcome {
    /// How it ended; none if it had to be ended.
    pub(super) status: Option<io::Result<ExitStatus>>,
    /// The last that it said.
    pub(super) said: String,
}

/// A plug-in's process, and whatever it starts that stays in its process group.
pub(super) struct Process {
    // Dropped first: while its child is unreaped, the group's number can't be somebody else's.
    group: Group,
    child: Child,
}

impl Process {
    /// Starts a plug-in in a folder of its own.
    pub(super) fn start(program: &Path, folder: &Path) -> io::Result<Self> {
        let child = Command::new(program)
            .env_clear()
            .env("PATH", SEARCH_PATH)
            .env("LANG", "C.UTF-8")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        let group = Group(id.and_then(Pid::from_raw));
        Ok(Self { group, child })
    }

    /// Gives the plug-in its input and lets it work until `limit`. Nothing of it is left
    /// afterwards, and neither if this is cut off.
    pub(super) async fn finish(
        mut self,
        clock: &dyn Clock,
        limit: Duration,
        input: &str,
    ) -> Outcome {
        let (out, err) = (Tail::default(), Tail::default());
        let (stdin, stdout) = (self.child.stdin.take(), self.child.stdout.take());
        let stderr = self.child.stderr.take();
        let mut pipes = pin!(async {
            join!(feed(stdin, input), out.listen(stdout), err.listen(stderr));
        });
        let mut pipes_closed = false;
        let work = end(&mut self.child, pipes.as_mut(), &mut pipes_closed);
        let status = within(clock, limit, work).await;
        // What it has left behind in its group ends with it. If all of it has ended, its number
        // is free from here on, but no machine hands out all others within this moment.
        self.group.kill();
        if status.is_none() {
            within(clock, GRACE, self.child.wait()).await;
        }
        if !pipes_closed {
            // Only what has left the group can still hold them: the plug-in has ended, and how
            // it did counts.
            within(clock, GRACE, pipes).await;
        }
        let said = Some(err.told()).filter(|said| !said.is_empty());
        Outcome { status, said: said.unwrap_or_else(|| out.told()) }
    }
}

/// A process group. Whoever drops it ends it.
struct Group(Option<Pid>);

impl Group {
    fn kill(&mut self) {
        if let Some(group) = self.0.take() {
            // It may have ended by itself.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Waits for the plug-in's end, and serves its pipes meanwhile.
async fn end(
    child: &mut Child,
    mut pipes: Pin<&mut impl Future<Output = ()>>,
    pipes_closed: &mut bool,
) -> io::Result<ExitStatus> {
    let mut ended = pin!(child.wait());
    loop {
        select! {
            status = &mut ended => return status,
            () = &mut pipes, if !*pipes_closed => *pipes_closed = true,
        }
    }
}

/// A plug-in need not read what it is told.
async fn feed(stdin: Option<ChildStdin>, input: &str) {
    if let Some(mut stdin) = stdin {
        let _ = stdin.write_all(input.as_bytes()).await;
    }
}
