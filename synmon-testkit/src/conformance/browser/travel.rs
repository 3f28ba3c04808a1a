//! Through the tab's history.

use synmon_core::browser::{BrowserError, Travel};
use tokio::time::timeout;

use super::{HANGS, Subject};
use crate::{Answer, Pages, Site};

const PAGES: Pages = &[
    (
        "/one",
        "<title>one</title><input><script>onpageshow = (event) =>
           document.title = event.persisted ? 'one again' : 'one'</script>",
    ),
    ("/two", "<title>two</title><script>onunload = () => 0</script>"),
    (
        "/app",
        "<title>app</title><button>go</button><h1>start</h1><script>
         const show = (path) => { document.querySelector('h1').textContent = path };
         document.querySelector('button').onclick = () => {
           history.pushState({}, '', '/app/part'); show('part') };
         onpopstate = () => show('start')</script>",
    ),
];

pub async fn back_and_forward_lead_through_the_history(subject: Subject<'_>) {
    let site = Site::with(PAGES).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/one")).await;
    tab.open(&site.url("/two")).await;
    for _ in 0..2 {
        tab.travel(Travel::Back).await;
        assert!(tab.title().await.starts_with("one"));
        assert_eq!(tab.page().await.url, site.url("/one").as_str());
        // A page that was kept alive can be used like any other.
        tab.type_text("css=input", "x").await;
        tab.travel(Travel::Forward).await;
        assert_eq!(tab.title().await, "two");
    }
    tab.close().await;
}

pub async fn a_page_loads_again(subject: Subject<'_>) {
    let site = Site::with(PAGES).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/one")).await;
    let before = tab.page().await.document;
    tab.type_text("css=input", "x").await;
    tab.travel(Travel::Reload).await;
    assert_ne!(tab.page().await.document, before);
    let asked = site.asked().iter().filter(|request| request.path() == "/one").count();
    assert_eq!(asked, 2);
    tab.close().await;
}

pub async fn back_within_an_application_changes_no_document(subject: Subject<'_>) {
    let site = Site::with(PAGES).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/app")).await;
    let document = tab.page().await.document;
    tab.click("css=button").await;
    assert_eq!(tab.text("css=h1").await, "part");
    assert_eq!(tab.page().await.url, site.url("/app/part").as_str());
    tab.travel(Travel::Back).await;
    tab.says("css=h1", "start").await;
    tab.travel(Travel::Forward).await;
    let page = tab.page().await;
    assert_eq!((page.url, page.document), (site.url("/app/part").into(), document));
    tab.close().await;
}

pub async fn a_page_that_does_not_come_back_is_told(subject: Subject<'_>) {
    let mut tab = subject.tab().await;
    let site = Site::answering(|request| {
        let page = Answer::html("<title>fine</title>").header("cache-control", "no-store");
        (request.path() == "/").then_some(page)
    })
    .await;
    let other = Site::with(PAGES).await;
    tab.open(&site.url("/")).await;
    tab.open(&other.url("/one")).await;
    drop(site);
    let answer = timeout(HANGS, tab.0.travel(Travel::Back)).await.unwrap();
    assert!(matches!(answer, Err(BrowserError::Navigation(_))), "{answer:?}");
    assert!(tab.page().await.error_page);
    tab.close().await;
}

pub async fn before_the_first_page_there_is_none(subject: Subject<'_>) {
    let site = Site::with(PAGES).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/one")).await;
    let answer = timeout(HANGS, tab.0.travel(Travel::Back)).await.unwrap();
    assert!(matches!(answer, Err(BrowserError::Navigation(_))), "{answer:?}");
    assert_eq!(tab.title().await, "one", "it stays where it is");
    tab.close().await;
}
