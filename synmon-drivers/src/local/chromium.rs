//! Where the browsers of this machine come from.

use std::{
    env,
    ffi::OsString,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use super::user::BrowserUser;
use crate::ClosedPorts;
#[cfg(feature = "egress")]
use crate::EgressGuard;

/// A Chromium, or Chrome, on this machine.
#[derive(Clone, Debug)]
pub struct LocalChromium {
    /// The driver; it is looked for if this is `None`.
    pub chromedriver: Option<PathBuf>,
    /// The browser; it is looked for if this is `None`.
    pub chromium: Option<PathBuf>,
    /// The browser that has no windows, which only the `DevTools` protocol drives; it is looked for
    /// if this is `None`, and the full one takes its place where it is not installed.
    pub headless_shell: Option<PathBuf>,
    /// Where to look first, in the form of the variable `PATH`.
    pub search_path: Option<OsString>,
    /// The folder in which each run gets one of its own. Sockets are made in it, whose addresses
    /// can't be long: [`Browser::ready`](synmon_core::browser::Browser::ready) says if it is.
    pub temp_root: PathBuf,
    /// The proxy that all traffic goes through, loopback too, such as `http://127.0.0.1:3128`.
    pub proxy: Option<String>,
    /// Where the ports are noted that the browser and its driver listen at: no page may reach them.
    pub closed_ports: ClosedPorts,
    /// Whom the browser runs as, if not as we do; see [`LocalChromium::confined`].
    pub user: Option<BrowserUser>,
    /// Whether the browser has no window.
    pub headless: bool,
    /// How much memory a process of the browser's may take, in bytes: a page that takes more is
    /// ended, and a browser whose processes together take more serves no further runs.
    pub memory_limit: u64,
    /// The browser's further arguments. They come from the operator, never from a flow.
    pub extra_args: Vec<String>,
}

/// The program that no browser can be started without.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} is not there ({looked}); {advice}")]
pub struct Missing {
    what: &'static str,
    looked: String,
    advice: &'static str,
}

/// The programs that a local browser consists of.
#[derive(Clone, Debug)]
pub(crate) struct Programs {
    pub(crate) chromedriver: PathBuf,
    pub(crate) chromium: PathBuf,
}

/// What the pages of a run may take, unless the operator says something else.
const MEMORY_LIMIT: u64 = 1_536 << 20;
/// Programs are started directly where that is possible: the scripts in `/usr/bin` add arguments.
const CHROMIUM: [&str; 4] = [
    "/usr/lib/chromium/chromium",
    "/usr/lib/chromium-browser/chromium-browser",
    "/opt/google/chrome/chrome",
    "/usr/lib64/chromium-browser/chromium-browser",
];
const CHROMIUM_NAMES: [&str; 5] =
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const SHELL: [&str; 3] = [
    "/usr/lib/chromium/chromium-headless-shell",
    "/usr/lib/chromium-browser/chromium-headless-shell",
    "/opt/google/chrome-headless-shell/chrome-headless-shell",
];
/// Debian's script of the name `chromium-headless-shell` does not `exec`: what it starts would not
/// be our child, so that name is not looked for.
const SHELL_NAMES: [&str; 2] = ["chrome-headless-shell", "headless_shell"];
const CHROMEDRIVER: [&str; 3] = [
    "/usr/lib/chromium/chromedriver",
    "/usr/lib/chromium-browser/chromedriver",
    "/usr/lib64/chromium-browser/chromedriver",
];
const USUAL_FOLDERS: [&str; 3] = ["/usr/local/bin", "/usr/bin", "/snap/bin"];
const ADVICE: &str = "on Debian or Ubuntu: apt install chromium chromium-driver; \
     or say in the settings where it is, or use a WebDriver endpoint instead";

impl LocalChromium {
    /// A Chromium that is looked for in the usual places.
    #[must_use]
    pub fn new(temp_root: PathBuf) -> Self {
        Self {
            chromedriver: None,
            chromium: None,
            headless_shell: None,
            search_path: None,
            temp_root,
            proxy: None,
            closed_ports: ClosedPorts::default(),
            user: None,
            headless: true,
            memory_limit: MEMORY_LIMIT,
            extra_args: Vec::new(),
        }
    }

    /// The same, with all traffic going through a guard.
    #[cfg(feature = "egress")]
    #[must_use]
    pub fn behind(self, guard: &EgressGuard) -> Self {
        Self { proxy: Some(guard.url()), closed_ports: guard.closed_ports().clone(), ..self }
    }

    /// Where the driver and the browser are, for whoever wants to show it.
    pub fn discover(&self) -> Result<(PathBuf, PathBuf), Missing> {
        self.find().map(|programs| (programs.chromedriver, programs.chromium))
    }

    /// The full browser.
    pub(crate) fn full(&self) -> Result<PathBuf, Missing> {
        self.program("Chromium or Chrome", self.chromium.as_deref(), &CHROMIUM_NAMES, &CHROMIUM)
    }

    /// The browser without windows. Where another full browser was chosen than the one that
    /// would be found, or windows are wanted, nobody means this one.
    pub(crate) fn shell(&self) -> Option<PathBuf> {
        if !self.headless || (self.chromium.is_some() && self.headless_shell.is_none()) {
            return None;
        }
        self.program("chrome-headless-shell", self.headless_shell.as_deref(), &SHELL_NAMES, &SHELL)
            .ok()
    }

    /// Looks each time anew: what is missing may be installed while we run.
    pub(crate) fn find(&self) -> Result<Programs, Missing> {
        Ok(Programs {
            chromedriver: self.program(
                "chromedriver",
                self.chromedriver.as_deref(),
                &["chromedriver"],
                &CHROMEDRIVER,
            )?,
            chromium: self.full()?,
        })
    }

    fn program(
        &self,
        what: &'static str,
        given: Option<&Path>,
        names: &[&str],
        places: &[&str],
    ) -> Result<PathBuf, Missing> {
        let missing = |looked| Missing { what, looked, advice: ADVICE };
        if let Some(path) = given {
            return executable(path)
                .then(|| path.to_owned())
                .ok_or_else(|| missing(format!("{} is no program", path.display())));
        }
        let searched = self.search_path.iter().flat_map(env::split_paths);
        let folders: Vec<PathBuf> =
            searched.chain(USUAL_FOLDERS.iter().map(PathBuf::from)).collect();
        let inside = folders.iter().flat_map(|folder| names.iter().map(|name| folder.join(name)));
        places
            .iter()
            .map(PathBuf::from)
            .chain(inside)
            .find(|path| executable(path))
            .ok_or_else(|| missing("looked in PATH and the usual places".to_owned()))
    }
}

fn executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_advice() {
        let mut config = LocalChromium::new("/tmp".into());
        config.chromedriver = Some("/nowhere/chromedriver".into());
        let text = config.find().unwrap_err().to_string();
        assert!(text.starts_with("chromedriver is not there (/nowhere/chromedriver"), "{text}");
        assert!(text.contains("apt install chromium chromium-driver"), "{text}");
    }

    #[test]
    fn what_is_given_wins() {
        let mut config = LocalChromium::new("/tmp".into());
        config.chromedriver = Some("/bin/sh".into());
        config.chromium = Some("/bin/sh".into());
        let found = config.discover().unwrap();
        assert_eq!(found, ("/bin/sh".into(), "/bin/sh".into()));
    }
}
