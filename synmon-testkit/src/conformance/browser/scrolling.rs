//! The wheel.

use synmon_core::{
    browser::{Attempt, NotReady},
    step::{Distance, Gesture},
};

use super::{HANGS, Subject};
use crate::{Pages, Site};
use tokio::time::timeout;

const LONG: Pages = &[(
    "/",
    "<style>body { margin: 0; height: 5000px; width: 4000px }
     #box { position: absolute; left: 20px; top: 1500px; width: 200px; height: 200px; overflow: auto }
     </style><div id=box><div style='height: 3000px; width: 3000px'></div></div>
     <p id=low style='position: absolute; top: 4500px'>low</p>
     <script>onwheel = (event) => document.body.dataset.wheel = event.isTrusted;
     setInterval(() => document.title =
       `${scrollX},${scrollY} ${box.scrollLeft},${box.scrollTop}`, 20)</script>",
)];

pub async fn the_wheel_turns_over_the_page(subject: Subject<'_>) {
    let site = Site::with(LONG).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    for (x, y, title) in [(0, 500, "0,500 0,0"), (300, 0, "300,500 0,0"), (-300, -200, "0,300 0,0")]
    {
        let distance = Distance { x, y };
        let answer = timeout(HANGS, tab.0.scroll(distance)).await.unwrap().unwrap();
        assert!(matches!(answer, Attempt::Done(_)), "{answer:?}");
        tab.is_titled(title).await;
    }
    assert_eq!(tab.attribute("css=body", "data-wheel").await.as_deref(), Some("true"));
    tab.close().await;
}

pub async fn the_wheel_turns_over_an_element(subject: Subject<'_>) {
    let site = Site::with(LONG).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    tab.act("css=#low", Gesture::Scroll(None)).await;
    tab.act("css=#box", Gesture::Scroll(Some(Distance { x: 0, y: 400 }))).await;
    tab.act("css=#box", Gesture::Scroll(Some(Distance { x: 120, y: 0 }))).await;
    let mut last = String::new();
    crate::until("the inner scroller", async || {
        last = tab.title().await;
        last.ends_with(" 120,400").then_some(())
    })
    .await;
    assert!(!last.starts_with("0,0 "), "it was scrolled into view: {last}");
    tab.close().await;
}

pub async fn an_element_is_brought_into_view(subject: Subject<'_>) {
    let site = Site::with(LONG).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    tab.act("css=#low", Gesture::Scroll(None)).await;
    tab.0.page().await.unwrap();
    crate::until("the page scrolls", async || {
        let title = tab.title().await;
        let top: u32 = title.split([',', ' ']).nth(1)?.parse().ok()?;
        (3_700..=4_500).contains(&top).then_some(())
    })
    .await;
    let answer = tab.try_once("css=#nothing", Gesture::Scroll(None)).await;
    assert_eq!(answer, Attempt::NotReady(NotReady::Missing));
    tab.close().await;
}
