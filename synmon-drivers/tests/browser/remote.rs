//! A WebDriver endpoint, for which a chromedriver of the test's own stands in.

use std::{process::Stdio, time::Duration};

use synmon_core::{
    browser::{Browser as _, BrowserError, Health},
    flow::BrowserKind,
};
use synmon_drivers::{Client, LocalChromium, Remote, WebDriverBrowser};
use synmon_testkit::{Site, conformance::browser::HANGS, until};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    net::TcpListener,
    process::{Child, Command},
    time::timeout,
};
use url::Url;

use crate::{
    fixture::{CLIENTS, open_tab, request},
    machine::processes,
};

pub(crate) struct Endpoint {
    _driver: Child,
    folder: TempDir,
    pub(crate) url: Url,
}

/// A driver that listens; `None` where there is no Chromium.
pub(crate) async fn endpoint() -> Option<Endpoint> {
    let folder = tempfile::tempdir().unwrap();
    let config = LocalChromium::new(folder.path().to_owned());
    crate::fixture::chromium()?;
    let (chromedriver, _) = config.discover().unwrap();
    let mut driver = Command::new(chromedriver)
        .arg("--port=0")
        .env("TMPDIR", folder.path())
        .env("HOME", folder.path())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
    let port: u16 = loop {
        let line = lines.next_line().await.unwrap().unwrap();
        if let Some((_, port)) = line.split_once("successfully on port ") {
            break port.trim_end_matches('.').parse().unwrap();
        }
    };
    let url = Url::parse(&format!("http://127.0.0.1:{port}")).unwrap();
    Some(Endpoint { _driver: driver, folder, url })
}

/// As a Grid node in a container would have it.
fn remote(endpoint: &Endpoint, client: Client) -> WebDriverBrowser {
    let mut config = Remote::new(endpoint.url.clone());
    config.extra_args = vec!["--no-sandbox".to_owned()];
    WebDriverBrowser::remote(config, client)
}

fn browsers(endpoint: &Endpoint) -> usize {
    let all = processes(endpoint.folder.path());
    all.iter().filter(|(_, arguments)| arguments.contains("--user-data-dir")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_serves_sessions() {
    let Some(endpoint) = endpoint().await else {
        return;
    };
    for client in CLIENTS {
        let browser = remote(&endpoint, *client);
        browser.ready().await.unwrap();
        assert!(browser.kinds().contains(&BrowserKind::Firefox));
        let site = Site::with(&[("/", "<title>remote</title><button>x</button>")]).await;
        let mut tab = open_tab(&browser).await;
        tab.open(&site.url("/")).await;
        tab.click("//button").await;
        assert_eq!(tab.title().await, "remote");
        tab.assert_picture().await;
        assert_eq!(tab.0.probe().await, Health::Alive);
        tab.close().await;
        until("the end of the browser", async || (browsers(&endpoint) == 0).then_some(())).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_dropped_is_ended() {
    let Some(endpoint) = endpoint().await else {
        return;
    };
    for client in CLIENTS {
        let browser = remote(&endpoint, *client);
        drop(open_tab(&browser).await);
        until("the end of the browser", async || (browsers(&endpoint) == 0).then_some(())).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_comes_too_late_is_ended() {
    let Some(endpoint) = endpoint().await else {
        return;
    };
    for client in CLIENTS {
        let browser = remote(&endpoint, *client);
        let request = request(&browser);
        tokio::select! {
            _ = browser.start(&request) => panic!("it started before it was seen to start"),
            () = until("a browser", async || (browsers(&endpoint) > 0).then_some(())) => {}
        }
        until("the end of the browser", async || (browsers(&endpoint) == 0).then_some(())).await;
    }
}

#[tokio::test]
async fn an_endpoint_that_is_away_is_not_ready() {
    for client in CLIENTS {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url =
            Url::parse(&format!("http://user:secret@{}", listener.local_addr().unwrap())).unwrap();
        let browser = WebDriverBrowser::remote(Remote::new(url), *client);
        // It accepts and never answers.
        let silent = timeout(HANGS, browser.ready()).await.unwrap().unwrap_err();
        drop(listener);
        let refused = timeout(HANGS, browser.ready()).await.unwrap().unwrap_err();
        let Err(BrowserError::Unavailable(start)) =
            timeout(HANGS + Duration::from_secs(5), browser.start(&request(&browser)))
                .await
                .unwrap()
        else {
            panic!("it has started")
        };
        for text in [silent, refused, start] {
            assert!(!text.contains("secret"), "{text}");
        }
    }
}
