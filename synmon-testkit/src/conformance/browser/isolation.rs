//! Sessions know nothing of each other, at the same time and one after another.

use synmon_core::{
    browser::{Attempt, BrowserError},
    flow::{RawBasicAuth, RawSettings},
    keys,
};

use super::{Subject, Tab, selector};
use crate::{Answer, Site};

/// A page that remembers its visitor in every way that there is, and says in which it does.
async fn remembering() -> Site {
    Site::answering(|request| match request.path() {
        "/" => Some(
            Answer::html(
                "<output></output><script>
                 const out = document.querySelector('output');
                 const known = [];
                 const remember = async () => {
                   if (document.cookie.includes('seen')) known.push('cookie');
                   document.cookie = 'seen=yes; max-age=9999';
                   if (localStorage.seen) known.push('localStorage');
                   localStorage.seen = 'yes';
                   const database = await new Promise((resolve, reject) => {
                     const request = indexedDB.open('seen');
                     request.onupgradeneeded = () => request.result.createObjectStore('seen');
                     request.onsuccess = () => resolve(request.result); request.onerror = reject });
                   const store = database.transaction('seen', 'readwrite').objectStore('seen');
                   await new Promise((resolve) => {
                     const old = store.get('me');
                     old.onsuccess = () => { if (old.result) known.push('indexedDB');
                       store.put('yes', 'me').onsuccess = resolve } });
                   const caches_ = await caches.open('seen');
                   if (await caches_.match('/kept')) known.push('caches');
                   await caches_.put('/kept', new Response('yes'));
                   if ((await navigator.serviceWorker.getRegistrations()).length) known.push('worker');
                   await navigator.serviceWorker.register('/worker.js');
                   await navigator.serviceWorker.ready;
                   out.textContent = `known by ${known.join(' ') || 'nothing'}` };
                 remember().catch((error) => { out.textContent = `${error}` })</script>
                 <script src='/cached.js'></script>",
            )
            .header("cache-control", "max-age=9999"),
        ),
        "/worker.js" => Some(Answer::new("text/javascript", "onfetch = () => 0")),
        "/cached.js" => {
            Some(Answer::new("text/javascript", "0").header("cache-control", "max-age=9999"))
        }
        _ => None,
    })
    .await
}

async fn visit(tab: &mut Tab, site: &Site, expected: &str) {
    tab.open(&site.url("/")).await;
    tab.says("css=output", expected).await;
}

fn times(site: &Site, path: &str) -> usize {
    site.asked().iter().filter(|request| request.path() == path).count()
}

pub async fn nothing_is_remembered_of_the_session_before(subject: Subject<'_>) {
    let site = remembering().await;
    for visitor in 1..=3 {
        let mut tab = subject.tab().await;
        visit(&mut tab, &site, "known by nothing").await;
        assert_eq!(times(&site, "/cached.js"), visitor, "no cache is shared");
        // What is to be forgotten was there.
        if visitor == 1 {
            visit(&mut tab, &site, "known by cookie localStorage indexedDB caches worker").await;
            assert_eq!(times(&site, "/cached.js"), 1);
        }
        tab.close().await;
    }
}

pub async fn nothing_is_known_of_the_session_beside(subject: Subject<'_>) {
    let site = remembering().await;
    let mut one = subject.tab().await;
    let mut two = subject.tab().await;
    visit(&mut one, &site, "known by nothing").await;
    visit(&mut two, &site, "known by nothing").await;
    assert_eq!(times(&site, "/cached.js"), 2, "no cache is shared");
    one.close().await;
    // The end of one leaves the other as it was.
    visit(&mut two, &site, "known by cookie localStorage indexedDB caches worker").await;
    two.close().await;
}

pub async fn nobody_is_let_in_with_anothers_password(subject: Subject<'_>) {
    let site = Site::with(&[]).await;
    let auth = RawBasicAuth { username: "ada".to_owned(), password: Some("lovelace".to_owned()) };
    let settings = RawSettings { basic_auth: Some(auth), ..RawSettings::default() };
    let mut one = subject.tab_with(settings).await;
    one.open(&site.url("/private")).await;
    assert_eq!(one.page().await.http_status, Some(200));
    let mut beside = subject.tab().await;
    beside.open(&site.url("/private")).await;
    assert_eq!(beside.page().await.http_status, Some(401));
    beside.close().await;
    one.close().await;
    let mut after = subject.tab().await;
    after.open(&site.url("/private")).await;
    assert_eq!(after.page().await.http_status, Some(401));
    after.close().await;
}

pub async fn a_session_does_not_talk_to_another_through_the_browser(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<title>quiet</title><button onclick='channel.postMessage(1)'>x</button><script>
         const channel = new BroadcastChannel('all');
         channel.onmessage = () => document.title = 'heard';
         addEventListener('storage', () => document.title = 'heard')</script>",
    )])
    .await;
    let mut one = subject.tab().await;
    let mut two = subject.tab().await;
    one.open(&site.url("/")).await;
    two.open(&site.url("/")).await;
    one.click("css=button").await;
    assert_eq!(two.title().await, "quiet");
    // The one in front does not keep the other from being drawn and clicked.
    two.click("css=button").await;
    one.click("css=button").await;
    assert_eq!((one.title().await, two.title().await), ("quiet".to_owned(), "quiet".to_owned()));
    two.assert_picture().await;
    one.assert_picture().await;
    one.close().await;
    two.close().await;
}

/// A session that pastes has a clipboard of its own; one that was not to paste does not, or is refused.
pub async fn nothing_is_pasted_that_another_has_copied(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<title>copies</title><textarea></textarea><button onclick='
         document.querySelector(\"textarea\").select(); document.execCommand(\"copy\");
         document.title = \"copied\"'>x</button>",
    )])
    .await;
    let mut one = subject.tab().await;
    let mut two = subject.tab_that_pastes().await;
    one.open(&site.url("/")).await;
    two.open(&site.url("/")).await;
    one.type_text("css=textarea", "a token of the first").await;
    one.press(Some("css=textarea"), "Control+A").await;
    one.press(Some("css=textarea"), "Control+C").await;
    two.press(Some("css=textarea"), "Control+V").await;
    assert_eq!(two.value("css=textarea").await, "");
    one.click("css=button").await;
    one.is_titled("copied").await;
    two.press(Some("css=textarea"), "Shift+Insert").await;
    assert_eq!(two.value("css=textarea").await, "");
    // What is copied there goes nowhere else, either.
    two.type_text("css=textarea", "of the second").await;
    two.click("css=button").await;
    two.is_titled("copied").await;
    let mut three = subject.tab().await;
    three.open(&site.url("/")).await;
    let textarea = selector("css=textarea");
    let paste = keys::parse("Control+V").unwrap();
    match three.0.press(Some(&textarea), &paste).await {
        Err(BrowserError::Unsupported(_)) => {}
        answer => assert!(matches!(answer, Ok(Attempt::Done(_))), "{answer:?}"),
    }
    assert_eq!(three.value("css=textarea").await, "");
    for tab in [one, two, three] {
        tab.close().await;
    }
}

pub async fn sessions_act_at_the_same_time(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<input><button onclick='document.title = document.querySelector(\"input\").value'>x</button>",
    )])
    .await;
    let work = async |text: &str| {
        let mut tab = subject.tab().await;
        for round in 0..3 {
            tab.open(&site.url("/")).await;
            let text = format!("{text} {round}");
            tab.type_text("css=input", &text).await;
            tab.click("css=button").await;
            tab.is_titled(&text).await;
            tab.assert_picture().await;
        }
        tab.close().await;
    };
    tokio::join!(work("first"), work("second"), work("third"));
}
