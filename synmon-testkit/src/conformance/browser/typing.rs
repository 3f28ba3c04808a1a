//! What is typed takes the place of what was there, if it should; and where the focus goes.

use synmon_core::{
    browser::{Attempt, NotReady},
    step::Gesture,
};

use super::{Subject, replacing, typing};
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

/// A field that comes late, such as the search of a site, takes the focus once while somebody types.
pub async fn a_focus_that_is_taken_on_the_way_is_given_back(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<input id=mine> <input id=thief> <iframe srcdoc='<input>'></iframe><script>
         let seen = 0;
         mine.onkeydown = () => { if ((seen += 1) === 4) soon() };
         const soon = () => { const turn = new MessageChannel(); let left = 5;
           turn.port1.onmessage = () => left-- ? turn.port2.postMessage(0) : thief.focus();
           turn.port2.postMessage(0) };
         </script>",
    )])
    .await;
    for replace in [false, true] {
        let mut tab = subject.tab().await;
        tab.open(&site.url("/")).await;
        let text = "someone@example.com, and all that is written after it".to_owned();
        tab.act("css=#mine", Gesture::Type { text: text.clone(), replace }).await;
        assert_eq!(tab.value("css=#mine").await, text);
        assert_eq!(tab.value("css=#thief").await, "");
        tab.close().await;
    }
}

pub async fn nothing_is_typed_where_the_focus_can_not_stay(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<input id=thief> <input id=mine onfocus='thief.focus()'>
         <input id=late onfocus='setTimeout(() => thief.focus(), 0)'>
         <input id=half oninput='if (this.value.length > 3) setTimeout(() => thief.focus(), 0)'>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    let taken = Attempt::NotReady(NotReady::Unfocused { to: "input#thief".to_owned() });
    assert_eq!(tab.try_once("css=#mine", typing("a text")).await, taken);
    for find in ["css=#late", "css=#half"] {
        let text = "a text that is long enough to be interrupted on its way to the page";
        let answer = tab.try_once(find, typing(text)).await;
        assert!(!matches!(answer, Attempt::Done(_)) || tab.value(find).await == text, "{answer:?}");
    }
    assert_eq!(tab.value("css=#thief").await, "");
    tab.close().await;
}

pub async fn a_code_goes_from_box_to_box(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<form><input maxlength=1><input maxlength=1><input maxlength=1><input maxlength=1></form>
         <script>for (const box of document.querySelectorAll('input')) box.oninput = () => {
           box.nextElementSibling?.focus();
           document.title = [...document.querySelectorAll('input')].map((b) => b.value).join('') }
         </script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    tab.type_text("css=input", "1234").await;
    tab.is_titled("1234").await;
    tab.close().await;
}

/// A mask shows something where nothing has been written, and puts the caret where it belongs.
pub async fn the_caret_stays_where_a_mask_has_put_it(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<input id=mask value='$ 0.00'> <input id=plain value=old><script>
         let cents = '';
         mask.onfocus = mask.onclick = () => mask.setSelectionRange(3, 3);
         mask.onbeforeinput = (event) => { event.preventDefault();
           const at = mask.selectionStart;
           mask.value = mask.value.slice(0, at).replace(' 0', ' ') + event.data + mask.value.slice(at);
           const dot = mask.value.indexOf('.'); mask.setSelectionRange(dot, dot) }</script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    tab.click("css=#mask").await;
    tab.type_text("css=#mask", "12").await;
    tab.type_text("css=#mask", "34").await;
    assert_eq!(tab.value("css=#mask").await, "$ 1234.00");
    tab.type_text("css=#plain", "er").await;
    tab.press(None, "Home").await;
    tab.type_text("css=#plain", "b").await;
    assert_eq!(tab.value("css=#plain").await, "bolder");
    tab.click("css=#mask").await;
    tab.type_text("css=#plain", "!").await;
    assert_eq!(tab.value("css=#plain").await, "bolder!");
    tab.close().await;
}
