//! Pages that come, and pages that do not.

use std::net::TcpListener;

use synmon_core::{
    browser::{BrowserError, Travel},
    flow::BrowserKind,
};
use url::Url;

use super::Subject;
use crate::Site;

pub async fn a_page_that_does_not_come_is_an_error(subject: Subject<'_>) {
    // Nobody listens at a port that was free a moment ago.
    let closed = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let mut tab = subject.tab().await;
    for (url, code) in [
        (format!("http://{closed}/"), "net::ERR_CONNECTION_REFUSED"),
        ("http://nowhere.invalid/".to_owned(), "net::ERR_NAME_NOT_RESOLVED"),
        ("http://127.0.0.1:1/".to_owned(), "net::ERR_UNSAFE_PORT"),
    ] {
        let answer = tab.0.open(&Url::parse(&url).unwrap()).await;
        let Err(BrowserError::Navigation(why)) = answer else { panic!("{url}: {answer:?}") };
        // The words are Chromium's.
        assert!(why == code || subject.kind() == BrowserKind::Firefox, "{url}: {why}");
        let page = tab.page().await;
        assert!(page.error_page, "{page:?}");
        assert_eq!(page.http_status, None);
        assert_eq!(page.url, url);
        tab.assert_picture().await;
    }
    tab.close().await;
}

pub async fn the_status_of_a_page_is_told(subject: Subject<'_>) {
    let site = Site::with(&[("/", "<title>fine</title>")]).await;
    let mut tab = subject.tab().await;
    for (path, status) in [
        ("/", 200),
        ("/status/404", 404),
        ("/status/500", 500),
        ("/to/status/503", 503),
        ("/empty/500", 500),
    ] {
        tab.open(&site.url(path)).await;
        let page = tab.page().await;
        assert_eq!(page.http_status, Some(status), "{path}: {page:?}");
        assert!(!page.error_page, "{path}: {page:?}");
        assert_eq!(page.url, site.url(path.trim_start_matches("/to")).as_str());
    }
    tab.close().await;
}

pub async fn an_answer_without_a_page_is_an_error(subject: Subject<'_>) {
    let site = Site::with(&[("/", "<title>before</title>")]).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    for path in ["/empty/204", "/download"] {
        let answer = tab.0.open(&site.url(path)).await;
        assert!(matches!(answer, Err(BrowserError::Navigation(_))), "{path}: {answer:?}");
    }
    tab.close().await;
}

pub async fn each_document_has_a_token_of_its_own(subject: Subject<'_>) {
    let site = Site::with(&[("/", "<title>one</title>"), ("/two", "<title>two</title>")]).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    let first = tab.page().await;
    assert_eq!(tab.page().await, first);
    tab.open(&site.url("/#part")).await;
    assert_eq!(tab.page().await.document, first.document, "the same document");
    tab.travel(Travel::Reload).await;
    assert_ne!(tab.page().await.document, first.document);
    tab.open(&site.url("/two")).await;
    tab.travel(Travel::Back).await;
    let back = tab.page().await;
    assert_eq!((back.title.as_str(), back.url), ("one", site.url("/#part").into()));
    tab.close().await;
}

pub async fn what_a_page_says_is_bounded(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<script>document.title = 'x'.repeat(200_000);
           history.pushState(0, '', '?' + 'y'.repeat(200_000));
         </script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    let page = tab.page().await;
    // What was cut off is known by the last of them.
    for text in [page.title, page.url] {
        assert_eq!((text.chars().count(), text.ends_with('…')), (100_000, true));
    }
    tab.close().await;
}

pub async fn sessions_know_nothing_of_each_other(subject: Subject<'_>) {
    let site = Site::with(&[]).await;
    let mut one = subject.tab().await;
    let mut two = subject.tab().await;
    for (tab, got) in [(&mut one, ""), (&mut two, "")] {
        tab.open(&site.url("/cookie")).await;
        assert_eq!(tab.text("//output").await, got);
    }
    one.open(&site.url("/cookie")).await;
    assert_eq!(one.text("//output").await, "seen=yes");
    one.close().await;
    two.close().await;
}
