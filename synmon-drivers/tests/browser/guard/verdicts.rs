//! What a run learns of what the guard did: the same in each engine, and no more than is true.

use std::sync::Arc;

use synmon_core::browser::{Activity, BrowserError};
use synmon_drivers::{CdpBrowser, Client, GuardedBrowser, Pooling, WebDriverBrowser};
use synmon_testkit::{Answer, Site, StaticResolver, conformance::browser::Tab, until};
use tempfile::TempDir;

use crate::{
    fixture::{guarded_by, installed, open_tab},
    machine::assert_clean,
};

/// Only one address of loopback is allowed; `forbidden.test` is at another.
fn policy() -> synmon_core::egress::EgressPolicy {
    StaticResolver::new()
        .name("site.test", &["127.0.0.1"])
        .name("forbidden.test", &["127.0.0.2"])
        .policy_allowing("127.0.0.1")
}

struct Engines {
    engines: [(&'static str, GuardedBrowser); 2],
    folder: TempDir,
}

fn engines() -> Option<Engines> {
    let (config, folder) = installed()?;
    let cdp = guarded_by(policy(), config.clone(), |config| {
        Arc::new(CdpBrowser::local(config, Pooling::default()))
    });
    let webdriver = guarded_by(policy(), config, |config| {
        Arc::new(WebDriverBrowser::local(config, Client::default()))
    });
    Some(Engines { engines: [("DevTools", cdp), ("WebDriver", webdriver)], folder })
}

impl Engines {
    async fn end(self) {
        for (_, browser) in &self.engines {
            synmon_core::browser::Browser::shut_down(browser).await;
        }
        assert_clean(self.folder.path()).await;
    }
}

/// A site whose pages lead to another address of its machine.
async fn site() -> Site {
    Site::answering(|request| {
        let port = request.header("host").rsplit_once(':').map(|(_, port)| port.to_owned())?;
        let there = format!("http://forbidden.test:{port}/there");
        let secure = format!("https://forbidden.test:{port}/there");
        let socket = format!("ws://forbidden.test:{port}/there");
        Some(match request.path() {
            "/" => Answer::html(format!(
                "<title>fine</title><a href='{there}'>plain</a> <b><a href='{secure}'>tls</a></b>"
            )),
            "/redirect" => Answer::redirect(302, &there),
            "/redirect/tls" => Answer::redirect(307, &secure),
            "/forbidden" => Answer::html("<title>no</title>no").status(403),
            "/parts" => Answer::html(format!(
                "<title>loading</title><img src='{there}'><iframe src='{secure}'></iframe>
                 <script>fetch('{there}?fetch', {{ mode: 'no-cors' }}).catch(() => 0)
                   .then(() => fetch('{secure}?fetch', {{ mode: 'no-cors' }}).catch(() => 0))
                   .then(() => new Promise((end) => {{
                     new WebSocket('{socket}').onclose = end;
                   }}))
                   .then(() => document.title = 'done')</script>"
            )),
            _ => return None,
        })
    })
    .await
}

fn blocked(answer: &Result<(), BrowserError>, what: &str) {
    let Err(BrowserError::Blocked(why)) = answer else { panic!("{what}: {answer:?}") };
    assert!(why.contains("127.0.0.2") && why.contains("SYNMON_EGRESS_ALLOW"), "{what}: {why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_must_not_be_reached_is_told_with_its_address() {
    let Some(all) = engines() else { return };
    let site = site().await;
    let there = site.url_at("forbidden.test", "/there");
    let mut secure = there.clone();
    secure.set_scheme("https").unwrap();
    for (name, browser) in &all.engines {
        let mut tab = open_tab(browser).await;
        for url in [&there, &secure, &site.url("/redirect"), &site.url("/redirect/tls")] {
            let what = format!("{name}: {url}");
            blocked(&tab.try_open(url).await, &what);
            let page = tab.page().await;
            assert!(page.error_page && page.blocked.is_some(), "{what}: {page:?}");
            assert_eq!(page.http_status, None, "{what}");
            assert!(page.url.contains("forbidden.test"), "{what}: {page:?}");
            tab.assert_picture().await;
        }
        for link in ["text=plain", "text=tls"] {
            tab.open(&site.url("/")).await;
            tab.click(link).await;
            until("the refusal", async || tab.page().await.blocked).await;
        }
        tab.open(&site.url("/")).await;
        let page = tab.page().await;
        assert_eq!((page.blocked, page.error_page, page.http_status), (None, false, Some(200)));
        tab.close().await;
    }
    assert!(!site.was_asked_for("/there"));
    all.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_site_answers_itself_is_its_own() {
    let Some(all) = engines() else { return };
    let site = site().await;
    for (name, browser) in &all.engines {
        let mut tab = open_tab(browser).await;
        // After the guard has refused something to this very run.
        blocked(&tab.try_open(&site.url_at("forbidden.test", "/there")).await, name);
        tab.open(&site.url("/forbidden")).await;
        let page = tab.page().await;
        assert_eq!((page.blocked, page.error_page, page.http_status), (None, false, Some(403)));
        tab.close().await;
    }
    all.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_a_page_that_must_not_be_reached_do_not_fail_it_and_are_told() {
    let Some(all) = engines() else { return };
    let site = site().await;
    for (name, browser) in &all.engines {
        let mut tab = open_tab(browser).await;
        tab.open(&site.url("/parts")).await;
        tab.is_titled("done").await;
        let page = tab.page().await;
        assert_eq!((page.blocked, page.error_page), (None, false), "{name}");
        let told = told_as_blocked(&mut tab).await;
        for kind in ["Image", "Document", "Fetch", "WebSocket"] {
            assert!(told.iter().any(|(of, _)| of == kind), "{name}: {kind} in {told:?}");
        }
        let fetched = told.iter().filter(|(_, url)| url.ends_with("?fetch")).count();
        assert_eq!(fetched, 2, "{name}: {told:?}");
        tab.close().await;
    }
    assert!(!site.was_asked_for("/there"));
    all.end().await;
}

/// Waits for all requests, and returns those that the guard has refused, as kind and address.
async fn told_as_blocked(tab: &mut Tab) -> Vec<(String, String)> {
    let mut told = Vec::new();
    until("the refused requests", async || {
        let Activity { requests, .. } = tab.0.take_activity();
        for request in requests {
            let why = request.failure.as_deref().unwrap_or_default();
            if why.contains("127.0.0.2") {
                assert_eq!(request.status, None, "{request:?}");
                told.push((request.kind, request.url));
            }
        }
        (told.len() >= 5).then_some(())
    })
    .await;
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_the_guard_in_between() {
    let Some(all) = engines() else { return };
    let site = site().await;
    for (name, browser) in &all.engines {
        let mut tab = open_tab(browser).await;
        tab.open(&site.url_at("site.test", "/")).await;
        let request = until("the request", async || {
            let asked = tab.0.take_activity().requests;
            // A new window shows a page of the browser's own first.
            asked.into_iter().find(|one| one.main_document && one.url.starts_with("http"))
        })
        .await;
        let address = format!("127.0.0.1:{}", site.url("/").port().unwrap());
        assert_eq!(request.remote_address, Some(address), "{name}: {request:?}");
        tab.close().await;
    }
    all.end().await;
}
