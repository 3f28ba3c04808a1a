//! A Chromium of our own that is driven by the `DevTools` protocol.

use std::path::PathBuf;

use url::Url;

use super::{
    arguments,
    chromium::{LocalChromium, Missing},
    folder::RunFolder,
    memory,
    process::{LocalProcess, Program},
};
use crate::ClosedPort;

/// Which form of Chromium runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Form {
    /// `chromium-headless-shell`.
    Shell,
    /// The full browser.
    Full,
}

/// A Chromium of our own, in its own process group and folder.
#[derive(Debug)]
pub(crate) struct LocalBrowser {
    process: LocalProcess,
    url: String,
    /// In bytes.
    memory_limit: u64,
    /// Where its debugger listens.
    _port: Option<ClosedPort>,
}

struct Chromium<'a> {
    path: PathBuf,
    form: Form,
    config: &'a LocalChromium,
}

/// What makes runs quick. Without a limit on frames a picture need not wait for three of them (view
/// transitions never end then: `page/transitions.js` stands in for them). A
/// page never waits for a person here, so none is put to sleep because nobody looks at it.
const QUICK: [&str; 6] = [
    "--disable-frame-rate-limit",
    "--disable-gpu",
    "--disable-backgrounding-occluded-windows",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-smooth-scrolling",
];

impl Program for Chromium<'_> {
    type Address = String;
    const NAME: &'static str = "the browser";

    fn path(&self) -> &std::path::Path {
        &self.path
    }

    fn arguments(&self, folder: &RunFolder) -> Vec<String> {
        let mut args = arguments::common(self.config.proxy.as_deref());
        args.extend(arguments::local(&folder.path().join("profile"), self.config.user));
        args.extend(QUICK.iter().map(|arg| (*arg).to_owned()));
        args.push("--remote-debugging-port=0".to_owned());
        args.push("--window-size=1280,720".to_owned());
        args.push("--hide-scrollbars".to_owned());
        if self.form == Form::Full && self.config.headless {
            args.push("--headless=new".to_owned());
        }
        args.push("--no-startup-window".to_owned());
        args.extend(self.config.extra_args.iter().cloned());
        args
    }

    fn address(line: &str) -> Option<String> {
        let (_, url) = line.split_once("DevTools listening on ")?;
        Some(url.trim().to_owned())
    }
}

impl LocalBrowser {
    /// Starts a browser. Its address holds a part that nobody can guess.
    pub(crate) async fn start(
        path: PathBuf,
        form: Form,
        config: &LocalChromium,
    ) -> Result<Self, String> {
        let program = Chromium { path, form, config };
        let (process, url) = LocalProcess::start(&program, config).await?;
        let port = Url::parse(&url).ok().and_then(|url| url.port());
        let port = port.map(|port| config.closed_ports.close(port));
        Ok(Self { process, url, memory_limit: config.memory_limit, _port: port })
    }

    /// Where it listens, `ws://…`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Whether all its processes together take more memory than one may.
    pub(crate) fn is_bloated(&self) -> impl Future<Output = bool> + use<> {
        let (group, limit) = (self.process.group(), self.memory_limit);
        async move {
            match group {
                Some(group) => memory::used(group).await > limit,
                None => false,
            }
        }
    }

    /// The limit of memory, in bytes, if a page has just met it. Of two that end in the same
    /// seconds nobody can tell which one it was.
    pub(crate) fn memory_limit_met(&self) -> Option<u64> {
        self.process.has_just_ended_a_page().then_some(self.memory_limit)
    }

    /// Kills everything that was started.
    pub(crate) async fn end(self) -> Result<(), String> {
        self.process.end().await
    }
}

/// The program for a form: the shell where it is there and not refused, else the full browser.
pub(crate) fn program(config: &LocalChromium, full: bool) -> Result<(PathBuf, Form), Missing> {
    match config.shell() {
        Some(path) if !full => Ok((path, Form::Shell)),
        _ => config.full().map(|path| (path, Form::Full)),
    }
}
