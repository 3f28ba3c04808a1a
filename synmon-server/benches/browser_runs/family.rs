//! A program with all that descends from it. Browsers leave their parents, and are killed: the time
//! that they took is told by the kernel to whoever waits for them, and so is summed up here.

use std::process::{Command, ExitCode};

use rustix::process::{WaitOptions, getpid, set_child_subreaper, wait};

/// Starts the program, and waits for whatever becomes a child of ours until it ends.
#[expect(clippy::zombie_processes, reason = "it is waited for with all the others, by `wait`")]
pub(crate) fn run(command: &[String]) -> ExitCode {
    set_child_subreaper(Some(getpid())).unwrap();
    let program = Command::new(&command[0]).args(&command[1..]).spawn().unwrap();
    loop {
        let (pid, status) = wait(WaitOptions::empty()).unwrap().unwrap();
        if pid.as_raw_pid().cast_unsigned() == program.id() {
            let code = status.exit_status().and_then(|code| u8::try_from(code).ok());
            return ExitCode::from(code.unwrap_or(u8::MAX));
        }
    }
}
