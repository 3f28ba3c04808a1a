//! What is typed takes the place of what was there, if it should; and where the focus goes.

use super::{Subject, replacing};
use crate::Site;

pub async fn what_was_there_is_replaced(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<input id=text value=old> <input id=mail type=email value='a@b.cd'>
         <input id=number type=number value=12> <textarea>one\ntwo</textarea>
         <div id=free contenteditable>ab<b>c</b><p>d</p></div>
         <input id=date type=date value=2024-01-01><output></output>
         <script>document.addEventListener('input', (event) => { if (!event.isTrusted &&
           event.target.type !== 'date') document.title = `faked ${event.target.id}` })</script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    for (find, text) in [
        ("css=#text", "new"),
        ("css=#mail", "x@y.z"),
        ("css=#number", "7"),
        ("css=textarea", "three\nfour"),
        ("css=#date", "2025-02-03"),
        ("css=#text", ""),
    ] {
        tab.act(find, replacing(text)).await;
        assert_eq!(tab.value(find).await, text, "{find}");
    }
    tab.act("css=#free", replacing("new")).await;
    assert_eq!(tab.text("css=#free").await.trim(), "new");
    assert_eq!(tab.title().await, "");
    tab.close().await;
}

pub async fn a_field_takes_no_more_than_it_lets_a_person_type(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<input id=short maxlength=3> <input id=digits> <input id=upper><script>
         digits.onbeforeinput = (event) => { if (/\\D/.test(event.data ?? '')) event.preventDefault() };
         upper.oninput = () => upper.value = upper.value.toUpperCase()</script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    for (find, text, held) in [
        ("css=#short", "abcdef", "abc"),
        ("css=#digits", "1a2b3", "123"),
        ("css=#upper", "shout", "SHOUT"),
    ] {
        tab.type_text(find, text).await;
        assert_eq!(tab.value(find).await, held, "{find}");
    }
    tab.close().await;
}

pub async fn keys_move_the_focus(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<input id=one><input id=two><button id=three onclick='document.title = \"pressed\"'>x</button>
         <dialog id=ask><p>Sure?</p></dialog><script>
         onkeydown = (event) => { if (event.key === 'F2') ask.showModal() }</script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    tab.press(Some("css=#one"), "a").await;
    tab.press(None, "Tab").await;
    tab.press(None, "b").await;
    tab.press(None, "Shift+Tab").await;
    tab.press(None, "End").await;
    tab.press(None, "c").await;
    assert_eq!(tab.value("css=#one").await, "ac");
    assert_eq!(tab.value("css=#two").await, "b");
    tab.press(None, "ArrowLeft").await;
    tab.press(None, "Backspace").await;
    assert_eq!(tab.value("css=#one").await, "c");
    tab.press(Some("css=#three"), "Enter").await;
    assert_eq!(tab.title().await, "pressed");
    tab.press(None, "F2").await;
    assert!(tab.seen("css=#ask").await.visible);
    tab.press(None, "Escape").await;
    assert!(!tab.seen("css=#ask").await.visible);
    tab.close().await;
}

pub async fn what_the_page_focuses_meanwhile_gets_nothing(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<input id=mine> <input id=thief autofocus><script>
         addEventListener('load', () => setTimeout(() => thief.focus(), 5)); thief.focus();
         mine.onmousedown = () => setTimeout(() => thief.focus(), 1)</script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    tab.type_text("css=#mine", "all of it").await;
    assert_eq!(tab.value("css=#mine").await, "all of it");
    assert_eq!(tab.value("css=#thief").await, "");
    tab.close().await;
}
