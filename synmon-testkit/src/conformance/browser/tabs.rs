//! Several tabs: steps act in one of them.

use synmon_core::{
    browser::{Attempt, Health, NotReady, Travel},
    step::FrameTarget,
};
use tokio::time::timeout;

use super::{HANGS, Subject};
use crate::{Pages, Site};

const PAGES: Pages = &[
    (
        "/",
        "<title>first</title><a id=blank target=_blank href='/next'>blank</a>
         <a id=noopener target=_blank rel=noopener href='/next'>noopener</a>
         <button id=open onclick='window.open(\"/next\")'>open</button>
         <button id=popup onclick='window.open(\"/next\", \"x\", \"width=300,height=200\")'>popup</button>
         <button id=brief onclick='window.open(\"/brief\")'>brief</button>
         <a id=third target=_blank href='/third'>third</a>
         <a id=slow target=_blank href='/slow/400/third'>slow</a><input>
         <iframe src='/third'></iframe>",
    ),
    (
        "/next",
        "<title>second</title><input><button onclick='document.title = \"pressed\"'>press</button>
         <i onclick='window.close()'>close</i>",
    ),
    ("/third", "<title>third</title><h1>Third</h1>"),
    ("/brief", "<title>brief</title><script>addEventListener('load', () => window.close())</script>"),
];

pub async fn steps_go_on_in_a_new_tab(subject: Subject<'_>) {
    let site = Site::with(PAGES).await;
    for opener in ["css=#blank", "css=#noopener", "css=#open", "css=#popup"] {
        let mut tab = subject.tab().await;
        tab.open(&site.url("/")).await;
        tab.click(opener).await;
        assert_eq!(tab.title().await, "first", "{opener}");
        tab.switch_tab("new").await;
        tab.is_titled("second").await;
        tab.type_text("css=input", "in the second").await;
        tab.click("css=button").await;
        assert_eq!(tab.title().await, "pressed");
        assert_eq!(tab.value("css=input").await, "in the second");
        tab.switch_tab("1").await;
        assert_eq!(tab.title().await, "first");
        tab.type_text("css=input", "in the first").await;
        assert_eq!(tab.value("css=input").await, "in the first");
        tab.switch_tab("pressed").await;
        assert_eq!(tab.value("css=input").await, "in the second");
        tab.close().await;
    }
}

pub async fn tabs_are_told_apart_by_number_title_and_address(subject: Subject<'_>) {
    let site = Site::with(PAGES).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    tab.click("css=#blank").await;
    tab.switch_tab("new").await;
    tab.switch_tab("1").await;
    tab.click("css=#third").await;
    for (to, title) in
        [("new", "third"), ("2", "second"), ("3", "third"), ("/next", "second"), ("first", "first")]
    {
        tab.switch_tab(to).await;
        tab.is_titled(title).await;
    }
    for nowhere in ["4", "nothing of the kind"] {
        let answer = timeout(HANGS, tab.0.switch_tab(&nowhere.parse().unwrap())).await.unwrap();
        assert_eq!(answer, Ok(Attempt::NotReady(NotReady::NoSuchPlace)), "{nowhere}");
    }
    assert_eq!(tab.title().await, "first");
    tab.close().await;
}

pub async fn a_tab_that_is_there_already_is_not_new(subject: Subject<'_>) {
    let site = Site::with(PAGES).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    let new = "new".parse().unwrap();
    let answer = timeout(HANGS, tab.0.switch_tab(&new)).await.unwrap();
    assert_eq!(answer, Ok(Attempt::NotReady(NotReady::NoSuchPlace)));
    tab.click("css=#slow").await;
    tab.switch_tab("new").await;
    tab.is_titled("third").await;
    let answer = timeout(HANGS, tab.0.switch_tab(&new)).await.unwrap();
    assert_eq!(answer, Ok(Attempt::NotReady(NotReady::NoSuchPlace)));
    tab.close().await;
}

pub async fn after_a_tab_is_closed_the_one_before_goes_on(subject: Subject<'_>) {
    let site = Site::with(PAGES).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    tab.enter("css=iframe").await;
    tab.switch_frame(&FrameTarget::Main).await;
    tab.click("css=#blank").await;
    tab.switch_tab("new").await;
    tab.is_titled("second").await;
    assert!(matches!(tab.close_tab().await, Attempt::Done(_)));
    assert_eq!(tab.title().await, "first");
    tab.type_text("css=input", "x").await;
    assert_eq!(tab.value("css=input").await, "x");
    let last = tab.close_tab().await;
    assert!(!matches!(last, Attempt::Done(_)), "the only tab is not closed: {last:?}");
    assert_eq!(tab.title().await, "first");
    tab.assert_picture().await;
    tab.close().await;
}

pub async fn a_tab_that_closes_itself_does_no_harm(subject: Subject<'_>) {
    let site = Site::with(PAGES).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    // In the background.
    tab.click("css=#brief").await;
    tab.type_text("css=input", "x").await;
    assert_eq!(tab.value("css=input").await, "x");
    // And under the steps' feet.
    tab.click("css=#open").await;
    tab.switch_tab("second").await;
    tab.click("css=i").await;
    assert_eq!(tab.0.probe().await, Health::Alive);
    tab.switch_tab("1").await;
    assert_eq!(tab.title().await, "first");
    tab.assert_picture().await;
    tab.close().await;
}

pub async fn each_tab_has_a_history_and_frames_of_its_own(subject: Subject<'_>) {
    let site = Site::with(PAGES).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    tab.click("css=#blank").await;
    tab.enter("css=iframe").await;
    assert_eq!(tab.text("css=h1").await, "Third");
    tab.switch_tab("new").await;
    tab.is_titled("second").await;
    tab.open(&site.url("/third")).await;
    assert_eq!(tab.title().await, "third");
    tab.travel(Travel::Back).await;
    assert_eq!(tab.title().await, "second");
    tab.switch_tab("1").await;
    assert_eq!(tab.title().await, "first");
    assert!(tab.see("css=#blank").await.is_some(), "steps begin outside of frames again");
    tab.assert_picture().await;
    tab.close().await;
}
