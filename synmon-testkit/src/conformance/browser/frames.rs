//! Frames: of the same site, of another one, within each other, and gone.

use synmon_core::{
    browser::{Attempt, BrowserError, NotReady, Travel},
    step::FrameTarget,
};
use tokio::time::timeout;

use super::{CLICK, HANGS, Subject, Tab, selector, typing};
use crate::{Answer, Pages, Site};

const PAGES: Pages = &[
    (
        "/",
        "<title>outer</title><style>iframe { margin: 130px 0 0 90px; border: 7px solid #888;
           padding: 11px; width: 400px; height: 200px }</style>
         <button onclick='document.title = \"outer clicked\"'>outer</button>
         <iframe id=one src='/inner'></iframe>",
    ),
    (
        "/nested",
        "<title>outer</title><iframe id=a style='width: 700px; height: 500px' src='/middle'></iframe>",
    ),
    ("/middle", "<p>middle</p><iframe id=b style='margin: 60px' src='/inner'></iframe>"),
    (
        "/inner",
        "<title>inner</title><p id=where>inner</p><input><button>inner</button>
         <div style='height: 900px'></div><i id=low>low</i><output>none</output><script>
         onclick = (event) => document.querySelector('output').textContent =
           `${event.target.localName} ${event.isTrusted}`</script>",
    ),
    (
        "/gone",
        "<title>outer</title><button onclick='frame.remove()'>remove</button>
         <button onclick='frame.src = \"/other\"'>navigate</button>
         <iframe id=frame src='/leaving'></iframe>",
    ),
    ("/leaving", "<b onclick='frameElement.remove()'>leave</b><p id=where>leaving</p>"),
    ("/other", "<p id=where>other</p>"),
    (
        "/covered",
        "<title>outer</title><div style='position: relative; width: 400px; height: 200px'>
         <iframe id=one src='/inner'></iframe>
         <div id=overlay style='position: absolute; inset: 0; background: #0008'
           onclick='this.remove()'></div></div>",
    ),
    (
        "/low",
        "<title>outer</title><div style='height: 3000px'></div><iframe id=one src='/inner'></iframe>
         <div style='height: 3000px'></div>",
    ),
    (
        "/late",
        "<title>outer</title><script>setTimeout(() => document.body.insertAdjacentHTML('beforeend',
           '<iframe id=one src=\"/slow/200/inner\"></iframe>'), 200)</script>",
    ),
];

/// A page with a frame of another site: on another port of another name, so that browsers which
/// keep sites apart run it in a process of its own.
async fn across(inner: &'static str) -> Site {
    Site::answering(move |request| {
        let port = request.header("host").rsplit(':').next().unwrap_or_default().to_owned();
        match request.path() {
            "/across" => Some(Answer::html(format!(
                "<title>outer</title><p id=where>outer</p><iframe id=one
                 style='margin: 130px 0 0 90px; border: 7px solid #888; width: 400px; height: 200px'
                 src='http://localhost:{port}{inner}'></iframe>"
            ))),
            "/around" => Some(Answer::html(format!(
                "<p id=where>around</p><iframe id=two style='margin: 40px'
                 src='http://127.0.0.1:{port}/inner'></iframe>"
            ))),
            path => {
                PAGES.iter().find(|(known, _)| *known == path).map(|(_, page)| Answer::html(*page))
            }
        }
    })
    .await
}

/// Acts in the inner page in each way.
async fn acts_inside(tab: &mut Tab) {
    assert_eq!(tab.text("css=#where").await, "inner");
    tab.click("css=button").await;
    assert_eq!(tab.text("css=output").await, "button true");
    tab.type_text("css=input", "typed").await;
    assert_eq!(tab.value("css=input").await, "typed");
    tab.press(Some("css=input"), "Backspace").await;
    assert_eq!(tab.value("css=input").await, "type");
    tab.click("css=#low").await;
    assert_eq!(tab.text("css=output").await, "i true");
    assert_eq!(tab.text("text=inner").await, "inner");
    assert_eq!(tab.title().await, "outer", "the title is the tab's");
}

pub async fn steps_act_in_a_frame_and_outside_again(subject: Subject<'_>) {
    let site = Site::with(PAGES).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    assert_eq!(tab.see("css=#where").await, None, "it is in the frame");
    tab.enter("css=#one").await;
    acts_inside(&mut tab).await;
    tab.assert_picture().await;
    tab.switch_frame(&FrameTarget::Main).await;
    tab.click("css=button").await;
    assert_eq!(tab.title().await, "outer clicked");
    tab.enter("css=#one").await;
    assert_eq!(tab.text("css=#where").await, "inner");
    // A page that is opened begins outside.
    tab.open(&site.url("/inner")).await;
    assert_eq!(tab.title().await, "inner");
    assert_eq!(tab.text("css=#where").await, "inner");
    tab.open(&site.url("/")).await;
    tab.enter("css=#one").await;
    tab.travel(Travel::Reload).await;
    assert_eq!(tab.see("css=#where").await, None);
    tab.close().await;
}

pub async fn steps_act_in_a_frame_of_another_site(subject: Subject<'_>) {
    let site = across("/inner").await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/across")).await;
    tab.enter("css=iframe").await;
    acts_inside(&mut tab).await;
    assert_eq!(tab.page().await.url, site.url("/across").as_str(), "the address is the tab's");
    tab.switch_frame(&FrameTarget::Parent).await;
    assert_eq!(tab.text("css=#where").await, "outer");
    tab.close().await;
}

pub async fn frames_are_in_frames(subject: Subject<'_>) {
    let site = Site::with(PAGES).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/nested")).await;
    tab.enter("css=#a").await;
    tab.enter("css=#b").await;
    acts_inside(&mut tab).await;
    tab.switch_frame(&FrameTarget::Parent).await;
    assert_eq!(tab.text("css=p").await, "middle");
    tab.enter("css=#b").await;
    tab.switch_frame(&FrameTarget::Main).await;
    assert!(tab.see("css=#a").await.is_some());
    // Outside of all frames there is none to go out of.
    tab.switch_frame(&FrameTarget::Parent).await;
    assert!(tab.see("css=#a").await.is_some());
    tab.close().await;
    let site = across("/around").await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/across")).await;
    tab.enter("css=#one").await;
    tab.enter("css=#two").await;
    acts_inside(&mut tab).await;
    tab.switch_frame(&FrameTarget::Parent).await;
    assert_eq!(tab.text("css=#where").await, "around");
    tab.close().await;
}

pub async fn what_is_no_frame_is_told(subject: Subject<'_>) {
    let site = Site::with(PAGES).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    let mut to = async |find: &str| {
        let target = FrameTarget::Element(selector(find));
        timeout(HANGS, tab.0.switch_frame(&target)).await.unwrap()
    };
    let missing = to("css=#two").await.unwrap();
    assert!(
        matches!(missing, Attempt::NotReady(NotReady::Missing | NotReady::NoSuchPlace)),
        "{missing:?}"
    );
    let button = to("css=button").await.unwrap();
    assert!(
        matches!(button, Attempt::Refused(_) | Attempt::NotReady(NotReady::NoSuchPlace)),
        "{button:?}"
    );
    let invalid = to("css=p:nonsense").await;
    assert!(matches!(invalid, Err(BrowserError::SelectorInvalid(_))), "{invalid:?}");
    assert_eq!(tab.text("css=button").await, "outer");
    tab.close().await;
}

pub async fn a_frame_that_comes_late_is_waited_for(subject: Subject<'_>) {
    let site = Site::with(PAGES).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/late")).await;
    tab.enter("css=#one").await;
    tab.says("css=#where", "inner").await;
    tab.click("css=button").await;
    assert_eq!(tab.text("css=output").await, "button true");
    tab.close().await;
}

pub async fn a_frame_that_is_removed_is_no_place_any_more(subject: Subject<'_>) {
    let site = Site::with(PAGES).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/gone")).await;
    tab.enter("css=#frame").await;
    assert_eq!(tab.text("css=#where").await, "leaving");
    tab.click("css=b").await;
    // Whatever is asked, the answer comes, and it is about the page: nothing is lost.
    crate::until("the end of the frame", async || {
        let seen = timeout(HANGS, tab.0.observe(&selector("css=#where"), None)).await.unwrap();
        assert!(!matches!(seen, Err(BrowserError::SessionLost(_) | BrowserError::Crashed(_))));
        (!matches!(seen, Ok(Some(_)))).then_some(())
    })
    .await;
    let answer = timeout(HANGS, tab.0.act(&selector("css=b"), &CLICK)).await.unwrap();
    assert!(!matches!(answer, Ok(Attempt::Done(_))), "{answer:?}");
    tab.assert_picture().await;
    assert_eq!(tab.title().await, "outer");
    tab.switch_frame(&FrameTarget::Main).await;
    assert_eq!(tab.seen("css=button").await.matches, 2);
    tab.close().await;
}

pub async fn a_frame_that_goes_to_another_page_is_the_same_place(subject: Subject<'_>) {
    let site = Site::with(PAGES).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/gone")).await;
    tab.enter("css=#frame").await;
    tab.switch_frame(&FrameTarget::Main).await;
    tab.click("text=navigate").await;
    tab.enter("css=#frame").await;
    tab.says("css=#where", "other").await;
    tab.close().await;
}

pub async fn what_covers_a_frame_covers_what_is_in_it(subject: Subject<'_>) {
    let site = Site::with(PAGES).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/covered")).await;
    tab.enter("css=#one").await;
    for gesture in [CLICK, typing("x")] {
        let find = if gesture == CLICK { "css=button" } else { "css=input" };
        let answer = tab.try_once(find, gesture).await;
        assert_eq!(answer, Attempt::NotReady(NotReady::Covered { by: "div#overlay".to_owned() }));
    }
    assert_eq!(tab.text("css=output").await, "none");
    tab.switch_frame(&FrameTarget::Main).await;
    tab.click("css=#overlay").await;
    tab.enter("css=#one").await;
    tab.click("css=button").await;
    assert_eq!(tab.text("css=output").await, "button true");
    tab.close().await;
}

pub async fn a_frame_is_scrolled_into_view(subject: Subject<'_>) {
    let site = Site::with(PAGES).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/low")).await;
    tab.enter("css=#one").await;
    tab.click("css=#low").await;
    assert_eq!(tab.text("css=output").await, "i true");
    tab.close().await;
}
