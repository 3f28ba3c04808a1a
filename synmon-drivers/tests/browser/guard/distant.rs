//! Browsers elsewhere, behind a guard beside them: what a run learns is what it would learn here.

use std::sync::Arc;

use synmon_core::browser::{Browser as _, BrowserError, Health};
use synmon_drivers::{
    CdpBrowser, Client, DistantGuard, EgressGuard, GuardedBrowser, Pooling, Remote,
    WebDriverBrowser,
};
use synmon_testkit::{Answer, Site, StaticResolver, conformance::browser::HANGS, until};
use tokio::{net::TcpListener, time::timeout};
use url::Url;

use super::wire::{Wire, guard};
use crate::{
    cdp::devtools_of,
    fixture::{CLIENTS, installed, open_tab, request},
    machine::assert_clean,
    remote::{Endpoint, endpoint},
};

/// Only one address of loopback is allowed; `forbidden.test` is at another.
fn beside() -> EgressGuard {
    let names = StaticResolver::new()
        .name("site.test", &["127.0.0.1"])
        .name("forbidden.test", &["127.0.0.2"]);
    guard(names.policy_allowing("127.0.0.1"))
}

/// As a server drives a Grid, whose browsers are told of this guard and have these arguments.
fn behind(
    endpoint: &Endpoint,
    guard: &EgressGuard,
    client: Client,
    args: &[&str],
) -> GuardedBrowser {
    let mut config = Remote { proxy: Some(guard.url()), ..Remote::new(endpoint.url.clone()) };
    config.extra_args = ["--no-sandbox"].iter().chain(args).map(|arg| (*arg).to_owned()).collect();
    let browser = Arc::new(WebDriverBrowser::remote(config, client));
    GuardedBrowser::elsewhere(browser, DistantGuard::new(&guard.url()))
}

fn secure(url: &Url) -> Url {
    let mut url = url.clone();
    url.set_scheme("https").unwrap();
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_learns_the_same_from_a_guard_elsewhere() {
    let Some(endpoint) = endpoint().await else { return };
    let site = Site::answering(|request| {
        let port = request.header("host").rsplit_once(':').map(|(_, port)| port.to_owned())?;
        let there = format!("//forbidden.test:{port}/there");
        Some(match request.path() {
            "/" => Answer::html("<title>fine</title>"),
            "/redirect" => Answer::redirect(302, &format!("http:{there}")),
            "/redirect/tls" => Answer::redirect(302, &format!("https:{there}")),
            "/forbidden" => Answer::html("<title>no</title>no").status(403),
            _ => return None,
        })
    })
    .await;
    let closed = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let nowhere = Url::parse("http://nowhere.test/").unwrap();
    let down = Url::parse(&format!("http://site.test:{port}/")).unwrap();
    for client in CLIENTS {
        let guard = beside();
        let browser = behind(&endpoint, &guard, *client, &[]);
        browser.ready().await.unwrap();
        let mut tab = open_tab(&browser).await;
        for path in ["/redirect", "/redirect/tls"] {
            let answer = tab.try_open(&site.url(path)).await;
            let Err(BrowserError::Blocked(why)) = &answer else { panic!("{path}: {answer:?}") };
            assert!(why.contains("127.0.0.2"), "{why}");
        }
        for (url, code) in [
            (&nowhere, "net::ERR_NAME_NOT_RESOLVED"),
            (&secure(&nowhere), "net::ERR_NAME_NOT_RESOLVED"),
            (&down, "net::ERR_CONNECTION_REFUSED"),
            (&secure(&down), "net::ERR_CONNECTION_REFUSED"),
        ] {
            let told = Err(BrowserError::Navigation(code.to_owned()));
            assert_eq!(tab.try_open(url).await, told, "{client:?}: {url}");
            assert_eq!(tab.page().await.net_error.as_deref(), Some(code), "{client:?}: {url}");
        }
        tab.open(&site.url("/forbidden")).await;
        let page = tab.page().await;
        assert_eq!((page.blocked, page.http_status), (None, Some(403)), "{client:?}");
        tab.open(&site.url("/")).await;
        assert_eq!((&*tab.title().await, tab.0.probe().await), ("fine", Health::Alive));
        tab.close().await;
    }
    assert!(!site.was_asked_for("/there"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_distant_guard_that_is_gone_is_no_fault_of_the_site() {
    let Some(endpoint) = endpoint().await else { return };
    let site = Site::with(&[("/", "<title>fine</title>")]).await;
    for client in CLIENTS {
        let guard = beside();
        let at = guard.address();
        let browser = behind(&endpoint, &guard, *client, &[]);
        let mut tab = open_tab(&browser).await;
        drop(guard);
        let gone = until("the guard's end", async || browser.ready().await.err()).await;
        assert!(gone.contains("egress guard"), "{gone}");
        let answer = tab.try_open(&site.url("/")).await;
        assert!(matches!(answer, Err(BrowserError::Unavailable(_))), "{client:?}: {answer:?}");
        let health = timeout(HANGS, tab.0.probe()).await.unwrap();
        assert!(matches!(health, Health::Lost { .. }), "{client:?}: {health:?}");
        let Err(BrowserError::Unavailable(why)) = browser.start(&request(&browser)).await else {
            panic!("{client:?}: it has started")
        };
        assert!(why.contains("egress guard"), "{why}");
        // One that has come back was away while the page wanted something of it.
        let names = StaticResolver::new().policy_allowing("127.0.0.1");
        let again = EgressGuard::start(names, at).unwrap();
        let health = timeout(HANGS, tab.0.probe()).await.unwrap();
        assert!(matches!(&health, Health::Lost { why } if why.contains("anew")), "{health:?}");
        tab.close().await;
        open_tab(&browser).await.close().await;
        drop(again);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_elsewhere_that_goes_past_the_guard_is_not_used() {
    let Some(endpoint) = endpoint().await else { return };
    let past = ["--proxy-server=direct://", "--host-resolver-rules="];
    let past_on_loopback = ["--proxy-bypass-list=127.0.0.0/8", "--host-resolver-rules="];
    for args in [past, past_on_loopback] {
        for client in CLIENTS {
            let guard = beside();
            let browser = behind(&endpoint, &guard, *client, &args);
            let Err(BrowserError::Unavailable(why)) = browser.start(&request(&browser)).await
            else {
                panic!("{client:?} {args:?}: it was used")
            };
            assert!(why.contains("does not come to the egress guard"), "{why}");
            assert_eq!(browser.ready().await, Err(why), "{client:?} {args:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_devtools_browser_whose_proxy_is_no_guard_is_not_used() {
    let Some((config, folder)) = installed() else { return };
    let started = CdpBrowser::local(config, Pooling::default());
    let theirs = open_tab(&started).await;
    // It answers whatever it is asked, as a proxy of somebody else's would.
    let proxy = Site::answering(|_| Some(Answer::html("<title>127.83.89.78</title>"))).await;
    let proxy = format!("http://127.0.0.1:{}", proxy.url("/").port().unwrap());
    let remote = CdpBrowser::remote(devtools_of(folder.path()), Some(proxy), Pooling::default());
    let Err(BrowserError::Unavailable(why)) = remote.start(&request(&remote)).await else {
        panic!("it was used")
    };
    assert!(why.contains("does not come to the egress guard (127.83.89.78)"), "{why}");
    assert_eq!(remote.ready().await, Err(why));
    theirs.close().await;
    started.shut_down().await;
    assert_clean(folder.path()).await;
}

#[tokio::test]
async fn a_guard_has_a_page_of_its_own_wherever_it_leads_to() {
    let guard = guard(StaticResolver::new().policy_allowing("127.0.0.0/8"));
    let reply = Wire::to(&guard).await.get("http://127.83.89.78/word1").await.unwrap();
    assert_eq!(reply.status, 200);
    assert!(reply.body.contains("<title>synmon egress guard word1 "), "{reply:?}");
    let reply = Wire::to(&guard).await.connect("nowhere.test:443").await.unwrap();
    assert!(reply.head.contains("proxy-status: synmon; error=dns_error"), "{reply:?}");
}
