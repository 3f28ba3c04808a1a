//! Clicks, hovering and keys.

use synmon_core::{
    browser::{Attempt, Browser},
    step::Gesture,
};

use crate::{site::Site, tab::open_tab};

pub(crate) async fn a_click_is_a_real_one(browser: &dyn Browser) {
    let site = Site::with(&[(
        "/",
        "<button onclick='out.textContent = `${event.isTrusted} ${event.detail}`'>Go</button>
         <output id=out></output>",
    )])
    .await;
    let mut tab = open_tab(browser).await;
    tab.open(&site.url("/")).await;
    tab.click("//button").await;
    assert_eq!(tab.text("//output").await, "true 1");
    tab.close().await;
}

pub(crate) async fn a_double_click_is_one_event(browser: &dyn Browser) {
    let site = Site::with(&[(
        "/",
        "<button ondblclick='out.textContent += `double ${event.isTrusted}`'>Go</button>
         <output id=out></output>",
    )])
    .await;
    let mut tab = open_tab(browser).await;
    tab.open(&site.url("/")).await;
    tab.act("//button", Gesture::DoubleClick).await;
    assert_eq!(tab.text("//output").await, "double true");
    tab.close().await;
}

pub(crate) async fn hovering_opens_a_menu(browser: &dyn Browser) {
    let site = Site::with(&[
        (
            "/",
            "<style>nav ul { display: none } nav:hover ul { display: block }</style>
         <nav>Menu<ul><li><a href='/next'>Next</a></ul></nav>",
        ),
        ("/next", "<title>next</title>"),
    ])
    .await;
    let mut tab = open_tab(browser).await;
    tab.open(&site.url("/")).await;
    assert!(!tab.see("//a").await.unwrap().visible);
    tab.act("//nav", Gesture::Hover).await;
    tab.click("//a").await;
    assert_eq!(tab.title().await, "next");
    tab.close().await;
}

/// Whatever way a click leads to another page, the step ends with that page loaded.
pub(crate) async fn a_click_waits_for_the_page_that_it_leads_to(browser: &dyn Browser) {
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
    let mut tab = open_tab(browser).await;
    for xpath in ["//a", "//button", "//i", "//b"] {
        tab.open(&site.url("/")).await;
        tab.click(xpath).await;
        assert_eq!(tab.title().await, "next", "{xpath}");
    }
    tab.close().await;
}

pub(crate) async fn chords_hold_their_keys_in_order(browser: &dyn Browser) {
    let site = Site::with(&[(
        "/",
        "<input id=field value='old text'><output></output><script>
         const out = document.querySelector('output');
         for (const kind of ['keydown', 'keyup']) addEventListener(kind, (event) => {
           out.textContent += `${kind} ${event.code} ${event.ctrlKey}${event.shiftKey}; `;
         });</script>",
    )])
    .await;
    let mut tab = open_tab(browser).await;
    tab.open(&site.url("/")).await;
    assert_eq!(tab.press(Some("//input"), "Control+Shift+K").await, Attempt::Done);
    assert_eq!(
        tab.text("//output").await,
        "keydown ControlLeft truefalse; keydown ShiftLeft truetrue; keydown KeyK truetrue; \
         keyup KeyK truetrue; keyup ShiftLeft truefalse; keyup ControlLeft falsefalse;"
    );
    // It does what the chord does.
    assert_eq!(tab.press(None, "Control+a").await, Attempt::Done);
    assert_eq!(tab.press(None, "x").await, Attempt::Done);
    assert_eq!(tab.value("//input").await, "x");
    tab.close().await;
}

pub(crate) async fn enter_sends_a_form_and_waits_for_the_answer(browser: &dyn Browser) {
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
    let mut tab = open_tab(browser).await;
    tab.open(&site.url("/")).await;
    assert_eq!(tab.press(Some("//input"), "Enter").await, Attempt::Done);
    assert_eq!(tab.title().await, "next");
    assert_eq!(tab.text("//output").await, "Enter", "it is the key of the main block");
    tab.open(&site.url("/")).await;
    tab.type_text("//input", "word\n").await;
    assert!(tab.0.page().await.unwrap().url.ends_with("/next?q=word"));
    tab.close().await;
}
