//! Whom browsers run as.
//!
//! Chromium has no sandbox for root. A server that runs as root starts its browsers as somebody
//! else, who owns nothing but the folder of the run.

use std::{
    fs, io,
    os::unix::{fs::chown, process::CommandExt as _},
    path::Path,
    process::{Command, Stdio},
};

use rustix::process::geteuid;

use super::chromium::LocalChromium;

/// Whom browsers run as where nobody is named: the first of these that there is.
const USUAL: [&str; 2] = ["synmon", "nobody"];
const ACCOUNTS: &str = "/etc/passwd";

/// A user of this machine that is not root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BrowserUser {
    uid: u32,
    gid: u32,
}

/// Why browsers run as root, and so without a sandbox.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "browsers run as root, without Chromium's sandbox: {0}. Run synmon as another user, or name \
     one by SYNMON_BROWSER_USER"
)]
pub struct Unconfined(String);

impl BrowserUser {
    /// The user of this name.
    pub fn named(name: &str) -> io::Result<Self> {
        let accounts = fs::read_to_string(ACCOUNTS)?;
        let found = accounts.lines().find_map(|line| entry(line, name));
        found.ok_or_else(|| io::Error::other("there is no such user, or it is root"))
    }

    pub(super) fn own(self, path: &Path) -> io::Result<()> {
        chown(path, Some(self.uid), Some(self.gid))
    }

    /// Starts a program as this user, in no other group.
    pub(super) fn run(self, command: &mut tokio::process::Command) {
        command.uid(self.uid).gid(self.gid);
    }

    /// Tries out whether this user can start a program in a folder, in namespaces of its own, as
    /// Chromium's sandbox does.
    fn can_confine(self, program: &Path, folder: &Path) -> Result<(), String> {
        let tried = Command::new("unshare")
            .args(["--user", "--pid", "--net", "--fork", "--"])
            .arg(program)
            .arg("--version")
            .env_clear()
            .env("PATH", super::process::SEARCH_PATH)
            .uid(self.uid)
            .gid(self.gid)
            .current_dir(folder)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("unshare can't be started there: {error}"))?;
        if tried.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&tried.stderr);
        let said = said.lines().next().unwrap_or_default();
        Err(format!("the system allows no namespaces for it ({said})"))
    }
}

impl LocalChromium {
    /// Where we are root: the same browsers as another user, in Chromium's sandbox, if that works
    /// here; if not, why. It starts programs, and waits for them.
    #[must_use]
    pub fn confined(self, user: Option<BrowserUser>) -> (Self, Option<Unconfined>) {
        // Where there is no browser, that is what is told.
        let Some(program) = geteuid().is_root().then(|| self.full().ok()).flatten() else {
            return (self, None);
        };
        let usual = || USUAL.iter().find_map(|name| BrowserUser::named(name).ok());
        let tried = match user.or_else(usual) {
            Some(user) => self.try_as(user, &program).map(|()| user),
            None => Err("there is no other user".to_owned()),
        };
        match tried {
            Ok(user) => (Self { user: Some(user), ..self }, None),
            Err(why) => (self, Some(Unconfined(why))),
        }
    }

    fn try_as(&self, user: BrowserUser, program: &Path) -> Result<(), String> {
        fs::create_dir_all(&self.temp_root).map_err(|error| error.to_string())?;
        user.can_confine(program, &self.temp_root)
    }
}

/// The user in a line of the accounts, if it is that of this name.
fn entry(line: &str, name: &str) -> Option<BrowserUser> {
    let mut fields = line.split(':');
    let found = fields.next() == Some(name);
    let (uid, gid) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
    (found && uid != 0).then_some(BrowserUser { uid, gid })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_name_and_root_is_none() {
        let line = "nobody:x:65534:65533:nobody:/nonexistent:/usr/sbin/nologin";
        assert_eq!(entry(line, "nobody"), Some(BrowserUser { uid: 65_534, gid: 65_533 }));
        assert_eq!(entry(line, "nobod"), None);
        assert_eq!(entry("root:x:0:0:root:/root:/bin/bash", "root"), None);
        assert_eq!(entry("nobody", "nobody"), None);
    }
}
