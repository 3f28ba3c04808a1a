//! Dialogs are closed and noted, whenever they come.

use synmon_core::browser::{Browser, BrowserError};
use tokio::time::timeout;

use crate::{
    site::{Pages, Site},
    tab::{HANGS, Tab, open_tab, request, selector},
};

const ASKING: Pages = &[
    (
        "/",
        "<button id=confirm onclick='document.title = confirm(\"sure?\")'>x</button>
         <button id=prompt onclick='document.title = prompt(\"who?\", \"me\")'>x</button>
         <button id=leave onclick='alert(\"bye\"); location = \"/next\"'>x</button>
         <button id=late onclick='setTimeout(() => alert(\"late\"), 10)'>x</button>",
    ),
    ("/next", "<title>next</title>"),
    ("/load", "<body onload='alert(1); alert(2); document.title = \"loaded\"'>"),
    ("/script", "<script>alert('early')</script><title>read</title>"),
    (
        "/stay",
        "<button>x</button><script>onbeforeunload = (event) => { event.preventDefault();
         return 'stay' }</script>",
    ),
    ("/loop", "<button onclick='for (let i = 1; ; i += 1) alert(`again ${i}`)'>x</button>"),
];

pub(crate) async fn a_dialog_while_a_page_loads(browser: &dyn Browser) {
    let site = Site::with(ASKING).await;
    let mut tab = open_tab(browser).await;
    tab.open(&site.url("/load")).await;
    assert_eq!(tab.0.take_dialogs(), ["1", "2"]);
    assert_eq!(tab.title().await, "loaded");
    tab.open(&site.url("/script")).await;
    assert_eq!(tab.0.take_dialogs(), ["early"]);
    assert_eq!(tab.title().await, "read");
    assert!(tab.0.take_dialogs().is_empty());
    tab.close().await;
}

pub(crate) async fn a_dialog_that_a_click_opens_is_dismissed(browser: &dyn Browser) {
    asked(open_tab(browser).await, ["false", ""]).await;
}

pub(crate) async fn a_dialog_that_a_click_opens_is_accepted(browser: &dyn Browser) {
    let session = browser.start(&request(true)).await.unwrap();
    asked(Tab(session), ["true", "me"]).await;
}

async fn asked(mut tab: Tab, answers: [&str; 2]) {
    let site = Site::with(ASKING).await;
    tab.open(&site.url("/")).await;
    for (id, text, answer) in [("confirm", "sure?", answers[0]), ("prompt", "who?", answers[1])] {
        tab.click(&format!("//*[@id='{id}']")).await;
        assert_eq!(tab.0.take_dialogs(), [text]);
        let title = tab.title().await;
        assert!(title == answer || (answer.is_empty() && title == "null"), "{id}: {title}");
    }
    tab.click("//*[@id='late']").await;
    tab.click("//*[@id='leave']").await;
    let mut texts = tab.0.take_dialogs();
    texts.sort();
    assert_eq!(texts, ["bye", "late"]);
    assert_eq!(tab.title().await, "next");
    tab.close().await;
}

pub(crate) async fn a_page_that_wants_to_stay_is_left(browser: &dyn Browser) {
    let site = Site::with(ASKING).await;
    let mut tab = open_tab(browser).await;
    tab.open(&site.url("/stay")).await;
    // A page may only ask after somebody has touched it.
    tab.click("//button").await;
    tab.open(&site.url("/next")).await;
    assert_eq!(tab.title().await, "next");
    tab.close().await;
}

pub(crate) async fn dialogs_without_end_are_an_error_and_end(browser: &dyn Browser) {
    let site = Site::with(ASKING).await;
    let mut tab = open_tab(browser).await;
    tab.open(&site.url("/loop")).await;
    let answer =
        timeout(HANGS, tab.0.act(&selector("//button"), &synmon_core::step::Gesture::Click)).await;
    assert!(matches!(answer.unwrap(), Err(BrowserError::Dialogs(_))));
    assert!(tab.0.take_dialogs().len() >= 8);
    tab.assert_picture().await;
    tab.close().await;
}
