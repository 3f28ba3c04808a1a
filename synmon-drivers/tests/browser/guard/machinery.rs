//! SF9 and SF10: a page can't reach what drives its browser, even where loopback is allowed.

use std::{path::Path, sync::Arc};

use synmon_core::browser::{Browser as _, BrowserError};
use synmon_drivers::{
    CdpBrowser, Client, EgressGuard, GuardedBrowser, Isolation, Pooling, WebDriverBrowser,
};
use synmon_testkit::{Answer, Site, StaticResolver, conformance::browser::Tab, until};
use url::Url;

use crate::{
    cdp::devtools_of,
    fixture::{guarded, installed, loopback, open_tab, request},
    machine::{assert_clean, processes},
};

/// Which ports the processes of a folder listen at.
fn ports(folder: &Path) -> Vec<u16> {
    let mut found = Vec::new();
    for (pid, _) in processes(folder) {
        let sockets: Vec<String> = std::fs::read_dir(format!("/proc/{pid}/fd"))
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|fd| Some(std::fs::read_link(fd.path()).ok()?.to_str()?.to_owned()))
            .filter_map(|link| Some(link.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
            .collect();
        for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
            for line in std::fs::read_to_string(table).unwrap_or_default().lines().skip(1) {
                let words: Vec<_> = line.split_whitespace().collect();
                let listens = words.get(3) == Some(&"0A");
                if listens
                    && words.get(9).is_some_and(|inode| sockets.contains(&(*inode).to_owned()))
                {
                    let (_, port) = words[1].rsplit_once(':').unwrap();
                    found.push(u16::from_str_radix(port, 16).unwrap());
                }
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// A page that asks for what `PORT` in its address names, in every way that needs no leave.
async fn attacker() -> Site {
    Site::answering(|request| {
        let port = request.target.strip_prefix("/?")?;
        let body = r#"{"capabilities": {"alwaysMatch": {"browserName": "chrome"}}}"#;
        Some(Answer::html(format!(
            "<title>attacking</title><script>
             const at = 'http://127.0.0.1:{port}';
             const socket = new WebSocket('ws://127.0.0.1:{port}/devtools/browser');
             const closed = new Promise((done) => {{ socket.onclose = socket.onopen = done; }});
             Promise.allSettled([closed,
               fetch(at + '/session', {{ method: 'POST', mode: 'no-cors',
                 headers: {{ 'content-type': 'text/plain' }}, body: '{body}' }}),
               fetch(at + '/json', {{ mode: 'no-cors' }}),
             ]).then(() => document.title = 'done')</script>"
        )))
    })
    .await
}

async fn attack(mut tab: Tab, folder: &Path) {
    let site = attacker().await;
    let listening = ports(folder);
    assert!(!listening.is_empty());
    let before = browsers(folder);
    for port in &listening {
        tab.open(&site.url(&format!("/?{port}"))).await;
        tab.is_titled("done").await;
        for path in ["/json", "/json/version", "/status", "/"] {
            let url = Url::parse(&format!("http://127.0.0.1:{port}{path}")).unwrap();
            let answer = tab.try_open(&url).await;
            let Err(BrowserError::Blocked(why)) = &answer else { panic!("{url}: {answer:?}") };
            assert!(why.contains("belongs to synmon itself"), "{why}");
        }
    }
    assert_eq!(browsers(folder), before, "no other browser was started");
    tab.close().await;
}

fn browsers(folder: &Path) -> usize {
    let is_browser =
        |arguments: &str| arguments.contains("--user-data-dir") && !arguments.contains("--type=");
    processes(folder).iter().filter(|(_, arguments)| is_browser(arguments)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_can_not_reach_the_debugger() {
    let Some((config, folder)) = installed() else { return };
    let browser = guarded(config, |config| {
        let alone = Pooling { isolation: Isolation::Process, ..Pooling::default() };
        Arc::new(CdpBrowser::local(config, alone))
    });
    attack(open_tab(&browser).await, folder.path()).await;
    browser.shut_down().await;
    assert_clean(folder.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_can_not_reach_the_driver() {
    let Some((config, folder)) = installed() else { return };
    let browser =
        guarded(config, |config| Arc::new(WebDriverBrowser::local(config, Client::default())));
    attack(open_tab(&browser).await, folder.path()).await;
    assert_clean(folder.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_goes_around_the_guard_is_never_used() {
    let Some((config, folder)) = installed() else { return };
    let guard = EgressGuard::start(loopback(), "127.0.0.1:0".parse().unwrap()).unwrap();
    // Told of the proxy, but not that loopback goes through it, too.
    let mut leaky = config;
    leaky.extra_args = vec![format!("--proxy-server={}", guard.url())];
    let inner = CdpBrowser::local(leaky, Pooling::default());
    let browser = GuardedBrowser::new(Arc::new(inner), Arc::new(guard));
    browser.ready().await.unwrap();
    for _ in 0..2 {
        let Err(BrowserError::Unavailable(why)) = browser.start(&request(&browser)).await else {
            panic!("it was used");
        };
        assert!(why.contains("goes around the egress guard"), "{why}");
    }
    let why = browser.ready().await.unwrap_err();
    assert!(why.contains("goes around the egress guard"), "{why}");
    browser.shut_down().await;
    until("its end", async || processes(folder.path()).is_empty().then_some(())).await;
    assert_clean(folder.path()).await;
}

/// A browser that was started by somebody else, without a proxy.
#[tokio::test(flavor = "multi_thread")]
async fn a_browser_elsewhere_goes_through_the_guard_that_it_is_told_of() {
    let Some((config, folder)) = installed() else { return };
    let started = CdpBrowser::local(config, Pooling::default());
    let theirs = open_tab(&started).await;
    let policy = StaticResolver::new().policy_allowing("127.0.0.1");
    let guard = EgressGuard::start(policy, "127.0.0.1:0".parse().unwrap()).unwrap();
    let url = devtools_of(folder.path());
    let remote = CdpBrowser::remote(url, Some(guard.url()), Pooling::default());
    let remote = GuardedBrowser::new(Arc::new(remote), Arc::new(guard));
    let site = Site::with(&[("/", "<title>fine</title>")]).await;
    let mut tab = open_tab(&remote).await;
    tab.open(&site.url("/")).await;
    assert_eq!(tab.title().await, "fine");
    let answer = tab.try_open(&site.url_at("127.0.0.2", "/")).await;
    assert!(matches!(answer, Err(BrowserError::Blocked(_))), "{answer:?}");
    tab.close().await;
    remote.shut_down().await;
    theirs.close().await;
    started.shut_down().await;
    assert_clean(folder.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guard_that_is_gone_is_no_fault_of_the_site() {
    let Some((config, folder)) = installed() else { return };
    let gone = EgressGuard::start(loopback(), "127.0.0.1:0".parse().unwrap()).unwrap();
    let config = config.behind(&gone);
    drop(gone);
    let guard = EgressGuard::start(loopback(), "127.0.0.1:0".parse().unwrap()).unwrap();
    let inner = CdpBrowser::local(config, Pooling::default());
    let browser = GuardedBrowser::new(Arc::new(inner), Arc::new(guard));
    let Err(BrowserError::Unavailable(why)) = browser.start(&request(&browser)).await else {
        panic!("it was used");
    };
    assert!(why.contains("did not come to the egress guard"), "{why}");
    browser.shut_down().await;
    assert_clean(folder.path()).await;
}
