//! Pages that lie about themselves, or make life hard for whoever looks at them.

use std::{fmt::Debug, time::Duration};

use synmon_core::{
    browser::{BrowserError, Health},
    step::Gesture,
};
use tokio::time::{error::Elapsed, timeout};

use super::{CLICK, HANGS, Subject, Tab, replacing, selector, typing};
use crate::{Answer, Site};

/// How long a page that does not come is waited for.
const STEP: Duration = Duration::from_millis(1_500);
/// How long a call to a page that does not answer may take.
const CUT: Duration = Duration::from_secs(8);

const PAGE: &str = "<title>page</title><h1>Welcome</h1><p id=text>some text</p>
    <input id=field value=old><input id=box type=checkbox>
    <select id=list><option value=a>First<option value=b>Second</select>
    <button id=go>Go</button><output id=out></output>";

/// What is done on each of the pages: all of it works as if they were honest.
async fn use_all_of(tab: &mut Tab) {
    assert_eq!(tab.text("css=#text").await, "some text");
    assert_eq!(tab.text("//h1").await, "Welcome");
    assert_eq!(tab.attribute("text=\"some text\"", "id").await.as_deref(), Some("text"));
    assert_eq!(tab.seen("role=button[name=\"Go\"]").await.matches, 1);
    tab.type_text("css=#field", " new").await;
    assert_eq!(tab.value("css=#field").await, "old new");
    tab.act("css=#field", replacing("x")).await;
    assert_eq!(tab.value("css=#field").await, "x");
    tab.act("css=#box", Gesture::Check(true)).await;
    assert_eq!(tab.seen("css=#box").await.checked, Some(true));
    tab.act("css=#list", Gesture::Select("Second".to_owned())).await;
    assert_eq!(tab.value("css=#list").await, "b");
    tab.click("css=#go").await;
    assert_eq!(tab.text("css=#out").await, "clicked");
    let page = tab.page().await;
    assert_eq!((&*page.title, page.error_page, page.http_status), ("page", false, Some(200)));
    let html = tab.explain(&selector("css=#text")).await.html.unwrap();
    assert!(html.contains("some text"), "{html}");
    tab.assert_picture().await;
    assert_eq!(tab.0.probe().await, Health::Alive);
}

async fn stands(subject: Subject<'_>, script: &'static str) {
    let site = Site::answering(move |request| {
        (request.path() == "/").then(|| {
            Answer::html(format!(
                "<script>{script}</script>{PAGE}<script>
                 document.getElementById('go').onclick = () => {{
                   document.getElementById('out').textContent = 'clicked' }}</script>"
            ))
        })
    })
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    use_all_of(&mut tab).await;
    tab.close().await;
}

pub async fn a_page_that_spoils_arrays_and_objects(subject: Subject<'_>) {
    stands(
        subject,
        "for (const name of ['map', 'filter', 'forEach', 'push', 'find', 'some', 'every', 'slice',
           'join', 'includes', 'indexOf', 'reduce', 'concat', 'flatMap'])
           Array.prototype[name] = () => { throw new Error('spoilt ' + name) };
         Array.prototype.toJSON = Object.prototype.toJSON = () => 'spoilt';
         Object.prototype.value = 'spoilt'; Object.prototype.error = 'spoilt';
         Object.prototype.get = undefined;
         Array.from = Array.of = Object.assign = Object.entries = Object.keys = () => [];
         String.prototype.trim = String.prototype.replace = String.prototype.split = () => 'spoilt';",
    )
    .await;
}

pub async fn a_page_that_spoils_json_promises_and_functions(subject: Subject<'_>) {
    stands(
        subject,
        "JSON.stringify = JSON.parse = () => { throw new Error('spoilt') };
         window.Promise = class { constructor() { throw new Error('spoilt') } };
         Function.prototype.call = Function.prototype.apply = Function.prototype.bind =
           () => { throw new Error('spoilt') };
         window.Map = window.Set = window.WeakMap = window.Proxy = window.Reflect = null;
         window.Symbol = null; window.Object = null; window.Error = null; window.eval = null;",
    )
    .await;
}

pub async fn a_page_that_spoils_elements(subject: Subject<'_>) {
    stands(
        subject,
        "for (const name of ['getBoundingClientRect', 'getClientRects', 'scrollIntoView', 'matches',
           'closest', 'getAttribute', 'hasAttribute', 'querySelector', 'querySelectorAll',
           'checkVisibility', 'attachShadow', 'focus', 'getRootNode', 'contains'])
           for (const proto of [Element.prototype, HTMLElement.prototype, Node.prototype])
             if (proto.hasOwnProperty(name)) proto[name] = () => { throw new Error('spoilt') };
         for (const name of ['evaluate', 'elementFromPoint', 'elementsFromPoint', 'createTreeWalker',
           'querySelector', 'querySelectorAll'])
           Document.prototype[name] = () => null;
         window.getComputedStyle = () => ({});
         Object.defineProperty(HTMLElement.prototype, 'innerText', { get: () => 'lies' });
         Object.defineProperty(HTMLInputElement.prototype, 'checked', { get: () => false });
         Object.defineProperty(Node.prototype, 'textContent',
           { get: () => 'lies', set(text) { this.replaceChildren(text) } });",
    )
    .await;
}

pub async fn a_page_that_spoils_time_and_the_console(subject: Subject<'_>) {
    stands(
        subject,
        "for (const name of Object.keys(console)) console[name] = () => { throw new Error('spoilt') };
         window.performance = undefined; Performance.prototype.now = () => NaN;
         Performance.prototype.getEntriesByType = () => { throw new Error('spoilt') };
         window.PerformanceObserver = undefined; Date.now = () => 0; window.Date = undefined;
         window.requestAnimationFrame = () => 0; window.setTimeout = () => 0;
         window.setInterval = () => 0; window.queueMicrotask = () => 0;
         window.MutationObserver = window.IntersectionObserver = window.ResizeObserver = undefined;",
    )
    .await;
}

pub async fn a_page_that_lets_no_other_script_run(subject: Subject<'_>) {
    for policy in [
        "default-src 'none'; script-src 'nonce-x'",
        "script-src 'nonce-x'; require-trusted-types-for 'script'; trusted-types 'none'",
        "sandbox allow-scripts allow-forms; script-src 'nonce-x'",
    ] {
        let site = Site::answering(move |request| {
            (request.path() == "/").then(|| {
                Answer::html(format!(
                    "{PAGE}<script nonce=x>document.getElementById('go').onclick = () => {{
                       document.getElementById('out').textContent = 'clicked' }}</script>"
                ))
                .header("content-security-policy", policy)
            })
        })
        .await;
        let mut tab = subject.tab().await;
        tab.open(&site.url("/")).await;
        use_all_of(&mut tab).await;
        tab.close().await;
    }
}

pub async fn a_page_that_swallows_all_events(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<title>page</title><input><button>Go</button><script>
         for (const kind of ['mousedown', 'mouseup', 'keydown', 'keyup', 'pointerdown', 'focusin'])
           addEventListener(kind, (event) => event.stopImmediatePropagation(), true);
         document.querySelector('button').onclick = () => document.title = 'clicked'</script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    tab.act("css=input", typing("x")).await;
    assert_eq!(tab.value("css=input").await, "x");
    tab.click("css=button").await;
    assert_eq!(tab.title().await, "clicked");
    tab.close().await;
}

pub async fn a_page_that_is_very_large(subject: Subject<'_>) {
    let site = Site::answering(|request| match request.path() {
        "/" => {
            let mut page = "<title>page</title><div>".to_owned();
            for number in 0..100_000 {
                page.push_str(
                    "<p class=row>row <b>of a page that is large</b> with some more text to it ",
                );
                page.push_str(&number.to_string());
                page.push_str("</p>");
            }
            page.push_str("</div><button onclick='document.title = \"clicked\"'>The end</button>");
            assert!(page.len() > 8_000_000);
            Some(Answer::html(page))
        }
        _ => None,
    })
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    assert_eq!(tab.seen("css=p.row").await.matches, 100_000);
    tab.click("css=button").await;
    tab.is_titled("clicked").await;
    assert!(tab.text("/html/body").await.chars().count() <= 1_000_000);
    let html = tab.explain(&selector("css=button")).await.html.unwrap();
    assert!(html.len() < 50_000, "{}", html.len());
    tab.assert_picture().await;
    tab.close().await;
}

pub async fn a_page_that_is_very_deep(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<title>page</title><button onclick='document.title = \"clicked\"'>x</button><script>
         let at = document.body;
         for (let i = 0; i < 1000; i += 1) { at = at.appendChild(document.createElement('div')) }
         at.textContent = 'the bottom'</script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    tab.click("css=button").await;
    assert_eq!(tab.title().await, "clicked");
    tab.explain(&selector("css=button")).await;
    tab.assert_picture().await;
    tab.close().await;
}

/// Whatever is found of such pages, nobody takes it for a breakage of the browser's or of ours.
fn is_told_of_the_page<T: Debug>(answer: Result<T, BrowserError>) {
    match answer {
        Ok(_) | Err(BrowserError::Timeout(_) | BrowserError::PageCrashed(_)) => {}
        Err(error) => panic!("{error:?}"),
    }
}

/// A call that takes too long is cut off, as the engine does.
async fn is_told_or_cut<T: Debug>(tab: &mut Tab, answer: Result<Result<T, BrowserError>, Elapsed>) {
    match answer {
        Ok(answer) => is_told_of_the_page(answer),
        Err(_) => timeout(HANGS, tab.0.interrupt()).await.unwrap(),
    }
}

pub async fn a_page_that_never_stays(subject: Subject<'_>) {
    let site = Site::answering(|request| match request.path() {
        "/calm" => Some(Answer::html("<title>calm</title>")),
        _ => Some(Answer::html(
            "<title>restless</title><button>x</button><script>
             location.replace('/' + Math.random())</script>",
        )),
    })
    .await;
    let mut tab = subject.tab().await;
    let button = selector("css=button");
    // It may never have loaded.
    let _ = timeout(STEP, tab.0.open(&site.url("/"))).await;
    for _ in 0..2 {
        let page = timeout(CUT, tab.0.page()).await;
        is_told_or_cut(&mut tab, page).await;
        let seen = timeout(CUT, tab.0.observe(&button, None)).await;
        is_told_or_cut(&mut tab, seen).await;
        let acted = timeout(CUT, tab.0.act(&button, &CLICK)).await;
        is_told_or_cut(&mut tab, acted).await;
    }
    assert_eq!(timeout(HANGS, tab.0.probe()).await.unwrap(), Health::Alive);
    timeout(HANGS, tab.0.interrupt()).await.unwrap();
    tab.open(&site.url("/calm")).await;
    assert_eq!(tab.title().await, "calm");
    tab.close().await;
}

pub async fn a_page_that_is_too_deep_to_be_read(subject: Subject<'_>) {
    let site = Site::with(&[
        (
            "/",
            "<title>deep</title><button></button><script>
             let at = document.querySelector('button');
             for (let i = 0; i < 6000; i += 1) { at = at.appendChild(document.createElement('b')) }
             at.textContent = 'the bottom'</script>",
        ),
        ("/calm", "<title>calm</title>"),
    ])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    let button = selector("role=button[name=\"Go\"]");
    let seen = timeout(HANGS, tab.0.observe(&button, None)).await;
    is_told_or_cut(&mut tab, seen).await;
    let acted = timeout(HANGS, tab.0.act(&button, &CLICK)).await;
    is_told_or_cut(&mut tab, acted).await;
    tab.open(&site.url("/calm")).await;
    assert_eq!(tab.title().await, "calm");
    tab.close().await;
}

pub async fn what_a_page_says_is_taken_for_nothing_else(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<p id=a></p><p id=b>NUL</p><input id=c><script>
         document.title = 'a\\u0000b \\u202E c \\uD800 d';
         a.textContent = 'lone \\uD83D surrogate, \\u0007 bell';
         c.value = '{\"error\": \"no such window\"}';
         b.setAttribute('data-x', '\\uDC00')</script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    let title = tab.title().await;
    assert!(title.starts_with('a') && title.contains(" d"), "{title:?}");
    assert!(tab.text("css=#a").await.starts_with("lone "));
    assert_eq!(tab.value("css=#c").await, "{\"error\": \"no such window\"}");
    assert!(tab.attribute("css=#b", "data-x").await.is_some());
    tab.explain(&selector("css=#a")).await;
    tab.close().await;
}
