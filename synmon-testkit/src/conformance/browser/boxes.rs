//! Boxes to tick, and radio buttons.

use synmon_core::{
    browser::{Attempt, NotReady},
    step::Gesture,
};

use super::{Subject, Tab};
use crate::{Pages, Site};

const BOXES: Pages = &[(
    "/",
    "<style>.styled input { position: absolute; opacity: 0; width: 0; height: 0 }
     .styled span { display: inline-block; width: 40px; height: 20px; background: #ddd }</style>
     <input type=checkbox id=plain> <input type=checkbox id=ticked checked>
     <label class=styled id=switch><input type=checkbox id=styled><span></span></label>
     <input type=checkbox id=stubborn onclick='event.preventDefault()'>
     <input type=checkbox id=off disabled>
     <input type=radio name=r id=one> <input type=radio name=r id=two checked>
     <div role=checkbox aria-checked=false id=aria tabindex=0
       onclick=\"this.setAttribute('aria-checked', this.getAttribute('aria-checked') !== 'true')\">
       box</div>
     <p id=text>text</p><output></output><script>
     let some = 0;
     onclick = () => document.title = `${some += 1} clicks`;
     onchange = (event) => document.querySelector('output').textContent += event.target.id + ' ';
     </script>",
)];

async fn check(tab: &mut Tab, id: &str, ticked: bool) {
    tab.act(&format!("css=#{id}"), Gesture::Check(ticked)).await;
}

async fn is_checked(tab: &mut Tab, id: &str) -> Option<bool> {
    tab.seen(&format!("css=#{id}")).await.checked
}

pub async fn a_box_is_ticked_once(subject: Subject<'_>) {
    let site = Site::with(BOXES).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    for _ in 0..2 {
        check(&mut tab, "plain", true).await;
        assert_eq!(is_checked(&mut tab, "plain").await, Some(true));
    }
    for _ in 0..2 {
        check(&mut tab, "ticked", false).await;
        assert_eq!(is_checked(&mut tab, "ticked").await, Some(false));
    }
    check(&mut tab, "one", true).await;
    check(&mut tab, "one", true).await;
    assert_eq!(is_checked(&mut tab, "one").await, Some(true));
    assert_eq!(is_checked(&mut tab, "two").await, Some(false));
    assert_eq!(tab.text("css=output").await, "plain ticked one");
    assert_eq!(tab.title().await, "3 clicks");
    assert_eq!(is_checked(&mut tab, "text").await, None);
    tab.close().await;
}

pub async fn a_box_is_ticked_by_what_a_person_sees_of_it(subject: Subject<'_>) {
    let site = Site::with(BOXES).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    check(&mut tab, "switch", true).await;
    assert_eq!(is_checked(&mut tab, "styled").await, Some(true));
    check(&mut tab, "switch", true).await;
    assert_eq!(is_checked(&mut tab, "styled").await, Some(true));
    check(&mut tab, "switch", false).await;
    assert_eq!(is_checked(&mut tab, "styled").await, Some(false));
    check(&mut tab, "aria", true).await;
    assert_eq!(tab.attribute("css=#aria", "aria-checked").await.as_deref(), Some("true"));
    check(&mut tab, "aria", true).await;
    assert_eq!(tab.attribute("css=#aria", "aria-checked").await.as_deref(), Some("true"));
    tab.close().await;
}

pub async fn a_box_that_does_not_take_it_is_told_of(subject: Subject<'_>) {
    let site = Site::with(BOXES).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    let answer = tab.try_once("css=#stubborn", Gesture::Check(true)).await;
    assert_eq!(answer, Attempt::NotReady(NotReady::Unchanged));
    let answer = tab.try_once("css=#off", Gesture::Check(true)).await;
    assert_eq!(answer, Attempt::NotReady(NotReady::Disabled));
    for (id, ticked) in [("text", true), ("two", false)] {
        let answer = tab.try_once(&format!("css=#{id}"), Gesture::Check(ticked)).await;
        assert!(matches!(answer, Attempt::Refused(_)), "{id}: {answer:?}");
    }
    assert_eq!(is_checked(&mut tab, "two").await, Some(true));
    tab.close().await;
}
