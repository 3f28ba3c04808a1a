//! How a page came: its status, its timing, and what a person notices of it.

use synmon_core::browser::BrowserError;
use tokio::time::timeout;

use super::{HANGS, Subject};
use crate::{Answer, Site};

pub async fn the_timing_of_a_page_is_told(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<title>x</title><h1>Hello</h1><p>some text to paint</p><img src='/slow/300/pixel'>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/slow/250/")).await;
    let timing = tab.page().await.timing.unwrap();
    assert!(timing.ttfb_ms >= 240.0, "{timing:?}");
    assert!(timing.dom_content_loaded_ms >= timing.ttfb_ms, "{timing:?}");
    assert!(timing.load_ms >= timing.ttfb_ms + 290.0, "{timing:?}");
    assert!(timing.load_ms < 60_000.0, "{timing:?}");
    tab.close().await;
}

pub async fn what_a_person_notices_is_told(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<style>body { margin: 0 } #late { height: 0 }</style><div id=late></div>
         <h1 style='height: 300px; background: #eee'>Hello</h1><p>more of it</p>
         <script>addEventListener('load', () => setTimeout(() => {
           late.style.height = '200px'; document.title = 'moved' }, 50))</script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    tab.is_titled("moved").await;
    let vitals = crate::until("the vitals", async || {
        let vitals = tab.page().await.vitals;
        (vitals.fcp_ms.is_some() && vitals.cls.is_some_and(|cls| cls > 0.0)).then_some(vitals)
    })
    .await;
    let fcp = vitals.fcp_ms.unwrap();
    assert!(fcp > 0.0, "{vitals:?}");
    assert!(vitals.lcp_ms.is_none_or(|lcp| lcp >= fcp), "{vitals:?}");
    assert!(vitals.cls.is_some_and(|cls| cls < 1.0), "{vitals:?}");
    tab.close().await;
}

pub async fn redirects_are_followed_but_not_for_ever(subject: Subject<'_>) {
    let site = Site::answering(|request| match request.path() {
        "/" => Some(Answer::html("<title>there</title>")),
        "/script" => Some(Answer::html("<title>here</title><script>location = '/'</script>")),
        "/meta" => Some(Answer::html("<meta http-equiv=refresh content='0; url=/'>")),
        _ => None,
    })
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/to/to/to/")).await;
    let page = tab.page().await;
    assert_eq!(
        (&*page.title, page.http_status, &*page.url),
        ("there", Some(200), site.url("/").as_str())
    );
    for path in ["/script", "/meta"] {
        tab.open(&site.url(path)).await;
        tab.is_titled("there").await;
    }
    let answer = tab.try_open(&site.url("/loop")).await;
    let Err(BrowserError::Navigation(why)) = &answer else { panic!("{answer:?}") };
    assert!(why.contains("REDIRECT") || why.contains("redirect"), "{why}");
    assert!(tab.page().await.error_page);
    tab.assert_picture().await;
    tab.close().await;
}

pub async fn a_connection_that_breaks_is_an_error(subject: Subject<'_>) {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    // Whoever connects is hung up on.
    let server = tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    let mut tab = subject.tab().await;
    let url = url::Url::parse(&format!("http://{address}/")).unwrap();
    let answer = tab.try_open(&url).await;
    assert!(matches!(answer, Err(BrowserError::Navigation(_))), "{answer:?}");
    assert!(tab.page().await.error_page);
    server.abort();
    tab.close().await;
}

pub async fn a_blank_page_is_no_error_but_says_nothing(subject: Subject<'_>) {
    let site = Site::with(&[("/", "")]).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    let page = tab.page().await;
    assert_eq!((page.error_page, page.http_status, &*page.title), (false, Some(200), ""));
    assert_eq!(tab.text("/html/body").await, "");
    tab.close().await;
}

pub async fn a_fresh_session_shows_nothing(subject: Subject<'_>) {
    let mut tab = subject.tab().await;
    assert_eq!(tab.page().await.http_status, None);
    assert_eq!(tab.see("css=p").await, None);
    tab.assert_picture().await;
    assert!(tab.0.take_dialogs().is_empty());
    assert!(!tab.0.version().is_empty());
    tab.close().await;
}

pub async fn what_is_no_page_is_shown_as_it_is(subject: Subject<'_>) {
    let site = Site::answering(|request| match request.path() {
        "/json" => Some(Answer::new("application/json", r#"{"status": "up"}"#)),
        "/text" => Some(Answer::new("text/plain", "all is well")),
        "/xml" => Some(Answer::new("application/xml", "<feed><entry>news</entry></feed>")),
        "/svg" => Some(Answer::new(
            "image/svg+xml",
            "<svg xmlns='http://www.w3.org/2000/svg'><text y='20'>drawn</text></svg>",
        )),
        _ => None,
    })
    .await;
    let mut tab = subject.tab().await;
    for (path, text) in [("/json", "up"), ("/text", "all is well"), ("/svg", "drawn")] {
        tab.open(&site.url(path)).await;
        assert!(tab.text("/*").await.contains(text), "{path}");
        assert_eq!(tab.page().await.http_status, Some(200), "{path}");
        tab.assert_picture().await;
    }
    tab.open(&site.url("/xml")).await;
    timeout(HANGS, tab.0.page()).await.unwrap().unwrap();
    tab.close().await;
}
