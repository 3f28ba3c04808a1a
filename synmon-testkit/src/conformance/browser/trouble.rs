//! Pages that hang. The engine gives up on the call and drops it; then there must still be a
//! picture, and an end.

use std::time::Duration;

use synmon_core::{
    browser::{BrowserError, Health},
    flow::BrowserKind,
};
use tokio::time::timeout;
use url::Url;

use super::{CLICK, HANGS, Subject, Tab, selector};
use crate::{Answer, Pages, Site, until};

const HANGING: Pages = &[
    ("/", "<title>alive</title><button>x</button>"),
    ("/click", "<title>click</title><button onclick='for (;;) {}'>x</button>"),
    (
        "/later",
        "<title>later</title><button onclick='setTimeout(() => { for (;;) {} })'>x</button>",
    ),
    ("/load", "<title>load</title><h1>shown</h1><script>for (;;) {}</script>"),
    ("/image", "<title>image</title><h1>shown</h1><img src='/hang'>"),
    (
        "/frames",
        "<title>frames</title><script>requestAnimationFrame = () => 0</script><button>x</button>",
    ),
    (
        "/deep",
        "<title>deep</title><script>for (let i = 0; i < 3000; i += 1) document.write('<p>')</script>",
    ),
];

/// How long the engine would have waited.
const STEP: Duration = Duration::from_millis(1_500);

pub async fn a_handler_that_never_ends(subject: Subject<'_>) {
    let site = Site::with(HANGING).await;
    for path in ["/click", "/later"] {
        let mut tab = subject.tab().await;
        tab.open(&site.url(path)).await;
        let button = selector("//button");
        let mut cut = timeout(STEP, tab.0.act(&button, &CLICK)).await.is_err();
        // The input may be done before the page hangs: then the next call does.
        cut |= timeout(STEP, tab.0.observe(&button, None)).await.is_err();
        assert!(cut, "{path} hangs");
        rescued(tab, &site).await;
    }
}

pub async fn a_script_that_never_ends_while_the_page_loads(subject: Subject<'_>) {
    let site = Site::with(HANGING).await;
    let mut tab = subject.tab().await;
    assert!(timeout(STEP, tab.0.open(&site.url("/load"))).await.is_err());
    rescued(tab, &site).await;
}

pub async fn a_server_that_never_answers(subject: Subject<'_>) {
    let site = Site::with(HANGING).await;
    for path in ["/hang", "/image"] {
        let mut tab = subject.tab().await;
        assert!(timeout(STEP, tab.0.open(&site.url(path))).await.is_err(), "{path}");
        rescued(tab, &site).await;
    }
}

/// After an interruption all is as it was before.
async fn rescued(mut tab: Tab, site: &Site) {
    timeout(HANGS, tab.0.interrupt()).await.unwrap();
    assert_eq!(timeout(HANGS, tab.0.probe()).await.unwrap(), Health::Alive);
    timeout(HANGS, tab.0.page()).await.unwrap().unwrap();
    tab.assert_picture().await;
    tab.open(&site.url("/")).await;
    assert_eq!(tab.title().await, "alive");
    tab.close().await;
}

/// Without an interruption, too, all calls come to an end.
pub async fn a_page_that_nobody_interrupts(subject: Subject<'_>) {
    let site = Site::with(HANGING).await;
    let mut tab = subject.tab().await;
    assert!(timeout(STEP, tab.0.open(&site.url("/hang"))).await.is_err());
    assert_eq!(timeout(HANGS, tab.0.probe()).await.unwrap(), Health::Alive);
    tab.assert_picture().await;
    tab.close().await;
}

/// Floods of what the browser has to hear of. Others who share it hardly notice.
const FLOODS: Pages = &[
    ("/", "<title>alive</title><button>x</button>"),
    (
        "/history",
        "<title>x</title><script>for (;;) history.pushState(0, '', '?' + Math.random())</script>",
    ),
    (
        "/replace",
        "<title>x</title><script>setInterval(() => {
         for (let i = 0; i < 20_000; i += 1) history.replaceState(0, '', '?' + i) })</script>",
    ),
    ("/hash", "<title>x</title><script>for (let i = 0; ; i += 1) location.hash = i</script>"),
    ("/console", "<title>x</title><script>for (;;) console.error('x'.repeat(1000))</script>"),
];

pub async fn a_page_that_floods_the_browser(subject: Subject<'_>) {
    let site = Site::with(FLOODS).await;
    for (path, _) in &FLOODS[1..] {
        let mut other = subject.tab().await;
        let mut tab = subject.tab().await;
        let _ = timeout(STEP, tab.0.open(&site.url(path))).await;
        other.open(&site.url("/")).await;
        other.click("//button").await;
        other.assert_picture().await;
        other.close().await;
        timeout(HANGS, tab.0.interrupt()).await.unwrap();
        let health = timeout(HANGS, tab.0.probe()).await.unwrap();
        let is_pages = matches!(health, Health::Alive | Health::PageCrashed { .. });
        assert!(is_pages, "{path}: {health:?}");
        tab.close().await;
    }
}

/// Nobody can listen to what has no limit: but whoever does not listen must not take the silence for
/// a page without errors.
pub async fn a_page_that_says_too_much_at_once(subject: Subject<'_>) {
    let site = Site::with(&[
        ("/", "<title>alive</title>"),
        (
            "/loud",
            "<title>loud</title><button onclick='console.log(\"x\".repeat(4e7));
             console.error(\"unheard\")'>x</button>",
        ),
        (
            "/upload",
            "<title>upload</title><button onclick='fetch(\"/\", { method: \"POST\",
             body: \"x\".repeat(2e7) }).then(() => document.title = \"sent\")'>x</button>",
        ),
    ])
    .await;
    let mut other = subject.tab().await;
    other.open(&site.url("/")).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/upload")).await;
    // What it sends is its own matter.
    tab.click("//button").await;
    tab.is_titled("sent").await;
    assert_eq!(tab.0.probe().await, Health::Alive);
    tab.open(&site.url("/loud")).await;
    let button = selector("//button");
    // The page may have said it before the click is done.
    let _ = timeout(HANGS, tab.0.act(&button, &CLICK)).await.unwrap();
    let error = until("an error", async || tab.0.page().await.err()).await;
    assert!(matches!(&error, BrowserError::PageCrashed(why) if why.contains("MiB")), "{error:?}");
    let health = tab.0.probe().await;
    assert!(matches!(&health, Health::PageCrashed { why } if why.contains("MiB")), "{health:?}");
    assert_eq!(other.title().await, "alive");
    other.close().await;
    tab.close().await;
}

/// Nothing stops an XPath: but there is a picture, and an end.
pub async fn an_xpath_that_never_ends(subject: Subject<'_>) {
    let site = Site::with(HANGING).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/deep")).await;
    // It takes time and no memory: a page that takes too much of that is ended. Numbers take none.
    let sum = ["position()"; 150].join("+");
    let bomb = selector(&format!("//*[count(//*[{sum} < 0]) > 1000000]"));
    assert!(timeout(STEP, tab.0.observe(&bomb, None)).await.is_err());
    timeout(HANGS, tab.0.interrupt()).await.unwrap();
    assert_eq!(timeout(HANGS, tab.0.probe()).await.unwrap(), Health::Alive);
    tab.assert_picture().await;
    tab.close().await;
}

pub async fn an_interruption_of_a_quiet_page_harms_nothing(subject: Subject<'_>) {
    let site = Site::with(HANGING).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    tab.0.interrupt().await;
    tab.click("//button").await;
    assert_eq!(tab.title().await, "alive");
    tab.close().await;
}

pub async fn a_page_without_frames_can_be_clicked(subject: Subject<'_>) {
    let site = Site::with(HANGING).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/frames")).await;
    tab.click("//button").await;
    tab.close().await;
}

pub async fn a_page_that_crashes(subject: Subject<'_>) {
    let site = Site::with(HANGING).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    assert_eq!(tab.0.probe().await, Health::Alive);
    let firefox = subject.kind() == BrowserKind::Firefox;
    let crash = Url::parse(if firefox { "about:crashcontent" } else { "chrome://crash" }).unwrap();
    let answer = timeout(HANGS, tab.0.open(&crash)).await.unwrap();
    assert!(matches!(answer, Err(BrowserError::PageCrashed(_))), "{answer:?}");
    assert!(matches!(tab.0.probe().await, Health::PageCrashed { .. }));
    tab.close().await;
}

pub async fn a_frame_that_hangs(subject: Subject<'_>) {
    let site = Site::answering(|request| {
        let port = request.header("host").rsplit(':').next().unwrap_or_default().to_owned();
        match request.path() {
            "/own" => Some(Answer::html("<title>outer</title><iframe src='/stuck'></iframe>")),
            "/other" => Some(Answer::html(format!(
                "<title>outer</title><iframe src='http://localhost:{port}/stuck'></iframe>"
            ))),
            "/stuck" => Some(Answer::html("<button onclick='for (;;) {}'>x</button>")),
            "/" => Some(Answer::html("<title>alive</title>")),
            _ => None,
        }
    })
    .await;
    for path in ["/own", "/other"] {
        let mut tab = subject.tab().await;
        tab.open(&site.url(path)).await;
        tab.enter("css=iframe").await;
        let button = selector("css=button");
        let mut cut = timeout(STEP, tab.0.act(&button, &CLICK)).await.is_err();
        cut |= timeout(STEP, tab.0.observe(&button, None)).await.is_err();
        assert!(cut, "{path} hangs");
        rescued(tab, &site).await;
    }
}

pub async fn a_call_that_is_given_up_leaves_the_next_ones_right(subject: Subject<'_>) {
    let site =
        Site::with(&[("/", "<title>one</title><p>text</p>"), ("/two", "<title>two</title>")]).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    let text = selector("css=p");
    for wait in [0, 1, 2, 4, 8, 16] {
        // Given up at any moment: nothing that comes later gets the answer that was not waited for.
        let _ = timeout(Duration::from_millis(wait), tab.0.observe(&text, None)).await;
        assert_eq!(tab.title().await, "one");
        let _ = timeout(Duration::from_millis(wait), tab.0.page()).await;
        assert_eq!(tab.text("css=p").await, "text");
    }
    let _ = timeout(Duration::from_millis(5), tab.0.open(&site.url("/gate/x"))).await;
    timeout(HANGS, tab.0.interrupt()).await.unwrap();
    tab.open(&site.url("/two")).await;
    assert_eq!(tab.title().await, "two");
    tab.close().await;
}
