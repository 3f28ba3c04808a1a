//! A chromedriver of our own.

use std::path::Path;

use super::{
    chromium::LocalChromium,
    folder::RunFolder,
    process::{LocalProcess, Program},
};
use crate::ClosedPort;

/// How often a driver is started that finds its port taken, and what it says then.
const MAX_TRIES: u32 = 5;
const PORT_TAKEN: &str = "Address already in use";

/// A chromedriver of our own, in its own process group and folder.
#[derive(Debug)]
pub(crate) struct LocalDriver {
    process: LocalProcess,
    port: u16,
    _closed: ClosedPort,
}

struct ChromeDriver<'a>(&'a Path);

impl Program for ChromeDriver<'_> {
    type Address = u16;
    const NAME: &'static str = "the driver";

    fn path(&self) -> &Path {
        self.0
    }

    fn arguments(&self, folder: &RunFolder) -> Vec<String> {
        vec!["--port=0".to_owned(), format!("--url-base=/{}", folder.tag())]
    }

    fn address(line: &str) -> Option<u16> {
        let (_, rest) = line.split_once("started successfully on port ")?;
        rest.trim_end_matches('.').trim().parse().ok()
    }
}

impl LocalDriver {
    /// Starts a driver that listens on a port of its own choice. Of several that start at once, one
    /// may find that its choice was taken meanwhile, and end: then another is started.
    pub(crate) async fn start(program: &Path, config: &LocalChromium) -> Result<Self, String> {
        let mut tries = 1;
        loop {
            match LocalProcess::start(&ChromeDriver(program), config).await {
                Err(why) if tries < MAX_TRIES && why.contains(PORT_TAKEN) => tries += 1,
                Err(why) => return Err(why),
                Ok((process, port)) => {
                    let closed = config.closed_ports.close(port);
                    return Ok(Self { process, port, _closed: closed });
                }
            }
        }
    }

    /// The base of its addresses. Its path can't be guessed, so no page can talk to the driver.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/{}/", self.port, self.process.tag())
    }

    /// The folder of the run.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.process.folder()
    }

    /// Whether the driver's process is still there.
    pub(crate) fn runs(&mut self) -> bool {
        self.process.runs()
    }

    /// Kills everything that was started.
    pub(crate) async fn end(self) -> Result<(), String> {
        self.process.end().await
    }
}
