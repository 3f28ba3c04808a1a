//! The Chromium that is driven by its `DevTools` protocol.

use std::{path::Path, sync::Arc, time::Duration};

use synmon_core::{
    browser::{Browser as _, BrowserError, Health},
    flow::BrowserKind,
};
use synmon_drivers::{CdpBrowser, GuardedBrowser, Isolation, LocalChromium, Pooling};
use synmon_testkit::{
    Pages, Share, Shared, Site,
    conformance::browser::{CLICK, HANGS, Subject, selector},
    until,
};
use tempfile::TempDir;
use tokio::time::timeout;
use url::Url;

use crate::{
    fixture::{guarded, installed},
    machine::{assert_clean, assert_clean_after_a_killed_host, kill, kill_in_group, processes},
};

/// A pool of browsers with a folder of its own.
pub(crate) struct DevTools {
    pub(crate) browser: GuardedBrowser,
    pub(crate) folder: TempDir,
}

impl DevTools {
    pub(crate) fn subject(&self) -> Subject<'_> {
        Subject::new(&self.browser, BrowserKind::Chrome)
    }

    /// Ends the pool, and waits until no process is left, and no file.
    pub(crate) async fn assert_clean(&self) {
        self.browser.shut_down().await;
        assert_clean(self.folder.path()).await;
    }
}

/// A share in a pool that serves all cases which have one, as it serves the runs of a server.
pub(crate) struct SharedDevTools(Share<DevTools>);

impl SharedDevTools {
    pub(crate) fn subject(&self) -> Subject<'_> {
        self.0.subject()
    }

    /// The last one looks at what all have left.
    pub(crate) async fn assert_clean(self) {
        if let Some(last) = self.0.give_back() {
            last.assert_clean().await;
        }
    }
}

/// The same pool as everybody's; `None`, loudly, where there is no Chromium.
pub(crate) fn shared_devtools() -> Option<SharedDevTools> {
    static SHARED: Shared<DevTools> = Shared::new();
    SHARED.get(devtools).map(SharedDevTools)
}

/// A pool; `None`, loudly, where there is no Chromium.
pub(crate) fn devtools() -> Option<DevTools> {
    pool(Pooling::default())
}

fn pool(pooling: Pooling) -> Option<DevTools> {
    pool_of(pooling, |config| config)
}

fn pool_of(
    pooling: Pooling,
    with: impl FnOnce(LocalChromium) -> LocalChromium,
) -> Option<DevTools> {
    let (config, folder) = installed()?;
    let config = with(config);
    let browser = guarded(config, |config| Arc::new(CdpBrowser::local(config, pooling)));
    Some(DevTools { browser, folder })
}

const PAGE: Pages = &[("/", "<title>alive</title><button onclick='for (;;) {}'>x</button>")];

/// The process that all others of a browser come from.
fn is_browser(arguments: &str) -> bool {
    arguments.contains("--user-data-dir") && !arguments.contains("--type=")
}

fn browsers(folder: &Path) -> usize {
    processes(folder).iter().filter(|(_, arguments)| is_browser(arguments)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_share_a_browser_and_know_nothing_of_each_other() {
    let Some(pool) = devtools() else { return };
    let site = Site::with(PAGE).await;
    let mut first = pool.subject().tab().await;
    let mut second = pool.subject().tab().await;
    first.open(&site.url("/")).await;
    second.open(&site.url("/")).await;
    assert_eq!(browsers(pool.folder.path()), 1);
    // One that hangs does the other no harm, dropped or not.
    let button = selector("css=button");
    let hangs = first.0.act(&button, &CLICK);
    assert!(timeout(Duration::from_secs(1), hangs).await.is_err());
    assert_eq!(second.title().await, "alive");
    drop(first);
    second.open(&site.url("/")).await;
    assert_eq!(second.title().await, "alive");
    second.close().await;
    pool.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_is_killed_is_replaced() {
    let Some(pool) = devtools() else { return };
    let site = Site::with(PAGE).await;
    let mut tab = pool.subject().tab().await;
    tab.open(&site.url("/")).await;
    kill(pool.folder.path(), is_browser);
    let answer = timeout(HANGS, tab.0.page()).await.unwrap();
    assert!(matches!(answer, Err(BrowserError::Crashed(_))), "{answer:?}");
    let health = timeout(HANGS, tab.0.probe()).await.unwrap();
    assert!(matches!(health, Health::BrowserCrashed { .. }), "{health:?}");
    let mut next = pool.subject().tab().await;
    next.open(&site.url("/")).await;
    assert_eq!(next.title().await, "alive");
    next.close().await;
    tab.close().await;
    pool.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_takes_too_much_memory_has_crashed_and_harms_no_other() {
    let limited = |config| LocalChromium { memory_limit: 300 << 20, ..config };
    let Some(pool) = pool_of(Pooling::default(), limited) else { return };
    let site = Site::with(&[
        ("/", "<title>alive</title>"),
        (
            "/greedy",
            "<title>greedy</title><script>
             const held = [];
             setInterval(() => held.length < 100 && held.push(new Uint8Array(16 << 20).fill(1)), 20);
             </script>",
        ),
    ])
    .await;
    let mut other = pool.subject().tab().await;
    other.open(&site.url("/")).await;
    let mut greedy = pool.subject().tab().await;
    greedy.open(&site.url("/greedy")).await;
    let ended = async || match greedy.0.probe().await {
        Health::PageCrashed { why } => Some(why),
        _ => None,
    };
    assert_eq!(until("its end", ended).await, "it took more than 300 MiB of memory");
    assert_eq!(other.title().await, "alive");
    other.close().await;
    greedy.close().await;
    pool.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_process_that_is_killed_is_no_browser_that_crashed() {
    let Some(pool) = devtools() else { return };
    let site = Site::with(PAGE).await;
    let mut tab = pool.subject().tab().await;
    tab.open(&site.url("/")).await;
    kill_in_group(pool.folder.path(), |arguments| arguments.contains("--type=renderer"));
    let answer = timeout(HANGS, tab.0.page()).await.unwrap();
    assert!(matches!(answer, Err(BrowserError::PageCrashed(_))), "{answer:?}");
    let health = timeout(HANGS, tab.0.probe()).await.unwrap();
    assert_eq!(health, Health::PageCrashed { why: "its process has ended".to_owned() });
    tab.close().await;
    // What was made ahead has crashed, too: the next run gets another.
    let mut next = pool.subject().tab().await;
    next.open(&site.url("/")).await;
    assert_eq!(next.title().await, "alive");
    next.close().await;
    pool.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worn_browser_is_replaced_and_ends_with_its_last_run() {
    let Some(pool) = pool(Pooling { recycle_after_runs: 1, ..Pooling::default() }) else { return };
    let site = Site::with(PAGE).await;
    let mut old = pool.subject().tab().await;
    until("another browser", async || (browsers(pool.folder.path()) == 2).then_some(())).await;
    old.open(&site.url("/")).await;
    assert_eq!(old.title().await, "alive");
    old.close().await;
    until("the old one's end", async || (browsers(pool.folder.path()) == 1).then_some(())).await;
    pool.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_with_a_browser_of_its_own_leaves_nothing() {
    let alone = Pooling { isolation: Isolation::Process, ..Pooling::default() };
    let Some(pool) = pool(alone) else { return };
    let site = Site::with(PAGE).await;
    let mut first = pool.subject().tab().await;
    let mut second = pool.subject().tab().await;
    assert_eq!(browsers(pool.folder.path()), 2);
    first.open(&site.url("/")).await;
    second.open(&site.url("/")).await;
    first.close().await;
    drop(second);
    assert_clean(pool.folder.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn giving_up_a_start_leaves_nothing() {
    let Some(pool) = devtools() else { return };
    let request = pool.subject().request();
    tokio::select! {
        _ = pool.browser.start(&request) => panic!("it started before it was seen to start"),
        () = until("a browser", async || (browsers(pool.folder.path()) > 0).then_some(())) => {}
    }
    pool.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_killed_leaves_no_pool() {
    let Some(DevTools { folder, .. }) = devtools() else { return };
    assert_clean_after_a_killed_host("cdp::host", folder.path()).await;
}

/// The host that gets killed: the other half of the test above.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "it is started by another test"]
async fn host() {
    let folder = std::env::current_dir().unwrap();
    let config = LocalChromium::new(folder.join("runs"));
    let browser = CdpBrowser::local(config, Pooling::default());
    let mut tab = Subject::new(&browser, BrowserKind::Chrome).tab().await;
    tab.open(&Site::with(PAGE).await.url("/")).await;
    std::fs::write(folder.join("open"), "").unwrap();
    std::future::pending::<()>().await;
}

/// Where the one browser below a folder is debugged.
pub(crate) fn devtools_of(folder: &Path) -> Url {
    let port = std::fs::read_dir(folder)
        .unwrap()
        .flatten()
        .find_map(|entry| {
            std::fs::read_to_string(entry.path().join("profile/DevToolsActivePort")).ok()
        })
        .unwrap();
    let (port, path) = port.split_once('\n').unwrap();
    format!("ws://127.0.0.1:{port}{path}").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_elsewhere_is_attached_to() {
    let Some(pool) = devtools() else { return };
    let site = Site::with(PAGE).await;
    let mut here = pool.subject().tab().await;
    let url = devtools_of(pool.folder.path());
    let remote = CdpBrowser::remote(url, None, Pooling::default());
    remote.ready().await.unwrap();
    let mut there = Subject::new(&remote, BrowserKind::Chrome).tab().await;
    there.open(&site.url("/")).await;
    here.open(&site.url("/")).await;
    assert_eq!(there.title().await, "alive");
    there.close().await;
    remote.shut_down().await;
    here.close().await;
    pool.assert_clean().await;
}
