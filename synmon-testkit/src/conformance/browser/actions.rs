//! Clicks, hovering and keys.

use synmon_core::step::Gesture;

use super::{DOUBLE_CLICK, Subject};
use crate::Site;

pub async fn a_click_is_a_real_one(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<button onclick='out.textContent = `${event.isTrusted} ${event.detail}`'>Go</button>
         <output id=out></output>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    tab.click("//button").await;
    assert_eq!(tab.text("//output").await, "true 1");
    tab.close().await;
}

pub async fn a_double_click_is_one_event(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<button ondblclick='out.textContent += `double ${event.isTrusted}`'>Go</button>
         <output id=out></output>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    tab.act("//button", DOUBLE_CLICK).await;
    assert_eq!(tab.text("//output").await, "double true");
    tab.close().await;
}

pub async fn hovering_opens_a_menu(subject: Subject<'_>) {
    let site = Site::with(&[
        (
            "/",
            "<style>nav ul { display: none } nav:hover ul { display: block }</style>
         <nav>Menu<ul><li><a href='/next'>Next</a></ul></nav>",
        ),
        ("/next", "<title>next</title>"),
    ])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    assert!(!tab.see("//a").await.unwrap().visible);
    tab.act("//nav", Gesture::Hover(None)).await;
    tab.click("//a").await;
    assert_eq!(tab.title().await, "next");
    tab.close().await;
}

/// Whatever way a click leads to another page, the step ends with that page loaded.
pub async fn a_click_waits_for_the_page_that_it_leads_to(subject: Subject<'_>) {
    let site = Site::with(&[
        (
            "/",
            "<a href='/next'>link</a> <form action='/next'><button>form</button></form>
             <i onclick='location = \"/next\"'>script</i>
             <b onclick='setTimeout(() => location = \"/next\")'>later</b>",
        ),
        ("/next", "<title>next</title><script src='/status/200'></script><h1>Next</h1>"),
    ])
    .await;
    let mut tab = subject.tab().await;
    for xpath in ["//a", "//button", "//i", "//b"] {
        tab.open(&site.url("/")).await;
        tab.click(xpath).await;
        assert_eq!(tab.title().await, "next", "{xpath}");
    }
    tab.close().await;
}

pub async fn chords_hold_their_keys_in_order(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<input id=field value='old text'><output></output><script>
         const out = document.querySelector('output');
         for (const kind of ['keydown', 'keyup']) addEventListener(kind, (event) => {
           out.textContent += `${kind} ${event.code} ${event.ctrlKey}${event.shiftKey}; `;
         });</script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    tab.press(Some("//input"), "Control+Shift+K").await;
    assert_eq!(
        tab.text("//output").await,
        "keydown ControlLeft truefalse; keydown ShiftLeft truetrue; keydown KeyK truetrue; \
         keyup KeyK truetrue; keyup ShiftLeft truefalse; keyup ControlLeft falsefalse;"
    );
    // It does what the chord does.
    tab.press(None, "Control+a").await;
    tab.press(None, "x").await;
    assert_eq!(tab.value("//input").await, "x");
    tab.close().await;
}

pub async fn enter_sends_a_form_and_waits_for_the_answer(subject: Subject<'_>) {
    let site = Site::with(&[
        (
            "/",
            "<form action='/next'><input name=q></form><script>
               onkeydown = (event) => sessionStorage.code = event.code</script>",
        ),
        (
            "/next",
            "<title>next</title><output></output><script>
                   document.querySelector('output').textContent = sessionStorage.code</script>",
        ),
    ])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    tab.press(Some("//input"), "Enter").await;
    assert_eq!(tab.title().await, "next");
    assert_eq!(tab.text("//output").await, "Enter", "it is the key of the main block");
    tab.open(&site.url("/")).await;
    tab.type_text("//input", "word\n").await;
    assert!(tab.page().await.url.ends_with("/next?q=word"));
    tab.close().await;
}
