//! Dialogs are closed and noted, whenever they come.

use synmon_core::browser::{Adjustment, BrowserError, DialogAnswer, Travel};
use tokio::time::timeout;

use super::{CLICK, HANGS, Subject, Tab, selector};
use crate::{Pages, Site};

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
    (
        "/frame",
        "<title>outer</title><iframe srcdoc='<button onclick=\"document.title = confirm(1);
           parent.document.title = document.title\">x</button>'></iframe>",
    ),
    ("/new", "<title>first</title><a target=_blank href='/load'>new</a>"),
    ("/loop", "<button onclick='for (let i = 1; ; i += 1) alert(`again ${i}`)'>x</button>"),
];

pub async fn a_dialog_while_a_page_loads(subject: Subject<'_>) {
    let site = Site::with(ASKING).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/load")).await;
    assert_eq!(tab.0.take_dialogs(), ["1", "2"]);
    assert_eq!(tab.title().await, "loaded");
    tab.open(&site.url("/script")).await;
    assert_eq!(tab.0.take_dialogs(), ["early"]);
    assert_eq!(tab.title().await, "read");
    assert!(tab.0.take_dialogs().is_empty());
    tab.close().await;
}

pub async fn a_dialog_that_a_click_opens_is_dismissed(subject: Subject<'_>) {
    asked(subject.tab().await, ["false", ""]).await;
}

pub async fn a_dialog_that_a_click_opens_is_accepted(subject: Subject<'_>) {
    asked(subject.tab_that_answers(DialogAnswer::Accept(None)).await, ["true", "me"]).await;
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

pub async fn a_page_that_wants_to_stay_is_left(subject: Subject<'_>) {
    let site = Site::with(ASKING).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/stay")).await;
    // A page may only ask after somebody has touched it.
    tab.click("//button").await;
    tab.open(&site.url("/next")).await;
    assert_eq!(tab.title().await, "next");
    tab.close().await;
}

pub async fn dialogs_without_end_are_an_error_and_end(subject: Subject<'_>) {
    let site = Site::with(ASKING).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/loop")).await;
    let answer = timeout(HANGS, tab.0.act(&selector("//button"), &CLICK)).await;
    assert!(matches!(answer.unwrap(), Err(BrowserError::Dialogs(_))));
    assert!(tab.0.take_dialogs().len() >= 8);
    tab.assert_picture().await;
    tab.close().await;
}

pub async fn a_prompt_is_given_its_text(subject: Subject<'_>) {
    let site = Site::with(ASKING).await;
    let answer = DialogAnswer::Accept(Some("Ada “L” 👩‍🚀".to_owned()));
    let mut tab = subject.tab_that_answers(answer).await;
    tab.open(&site.url("/")).await;
    tab.click("css=#prompt").await;
    assert_eq!(tab.title().await, "Ada “L” 👩‍🚀");
    tab.click("css=#confirm").await;
    assert_eq!(tab.title().await, "true");
    tab.click("css=#late").await;
    crate::until("the alert", async || {
        tab.page().await;
        tab.0.take_dialogs().contains(&"late".to_owned()).then_some(())
    })
    .await;
    tab.close().await;
}

pub async fn dialogs_are_answered_as_was_last_said(subject: Subject<'_>) {
    let site = Site::with(ASKING).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    let text = |text: &str| DialogAnswer::Accept(Some(text.to_owned()));
    for (answer, confirmed, prompted) in [
        (text("one"), "true", "one"),
        (DialogAnswer::Dismiss, "false", "null"),
        (DialogAnswer::Accept(None), "true", "me"),
        (text("two"), "true", "two"),
    ] {
        tab.adjust(Adjustment::Dialogs(answer)).await;
        tab.click("css=#confirm").await;
        assert_eq!(tab.title().await, confirmed);
        tab.click("css=#prompt").await;
        assert_eq!(tab.title().await, prompted);
    }
    assert_eq!(tab.0.take_dialogs().len(), 8);
    tab.close().await;
}

pub async fn a_dialog_in_a_frame_is_answered(subject: Subject<'_>) {
    let site = Site::with(ASKING).await;
    let mut tab = subject.tab_that_answers(DialogAnswer::Accept(None)).await;
    tab.open(&site.url("/frame")).await;
    tab.enter("css=iframe").await;
    tab.click("css=button").await;
    tab.is_titled("true").await;
    assert_eq!(tab.0.take_dialogs(), ["1"]);
    tab.close().await;
}

pub async fn a_dialog_in_another_tab_is_answered(subject: Subject<'_>) {
    let site = Site::with(ASKING).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/new")).await;
    tab.click("css=a").await;
    assert_eq!(tab.title().await, "first");
    tab.switch_tab("new").await;
    tab.is_titled("loaded").await;
    let mut dialogs = tab.0.take_dialogs();
    dialogs.sort();
    assert_eq!(dialogs, ["1", "2"]);
    tab.close().await;
}

pub async fn going_back_from_a_page_that_wants_to_stay_works(subject: Subject<'_>) {
    let site = Site::with(ASKING).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/next")).await;
    tab.open(&site.url("/stay")).await;
    tab.click("css=button").await;
    tab.travel(Travel::Back).await;
    assert_eq!(tab.title().await, "next");
    tab.open(&site.url("/stay")).await;
    tab.click("css=button").await;
    tab.travel(Travel::Reload).await;
    assert_eq!(tab.page().await.url, site.url("/stay").as_str());
    tab.close().await;
}
