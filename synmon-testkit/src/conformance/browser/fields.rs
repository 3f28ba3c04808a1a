//! Typing, clearing and choosing.

use synmon_core::{
    browser::{Attempt, NotReady},
    step::Gesture,
};

use super::{Subject, typing};
use crate::Site;

pub async fn text_is_typed_key_by_key_after_what_is_there(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<input id=text value=ab> <input id=mail type=email value='a@b.'> <textarea>x</textarea>
         <div id=free contenteditable>ab<b>c</b></div> <input id=number type=number value=1>
         <output></output><script>
         text.onkeydown = text.oninput = (event) =>
           document.querySelector('output').textContent += event.type[0] + (event.key ?? '');
         </script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    tab.type_text("//input[@id='text']", "Xé").await;
    assert_eq!(tab.value("//input[@id='text']").await, "abXé");
    assert_eq!(tab.text("//output").await, "kXikéi");
    tab.type_text("//input[@id='mail']", "cd").await;
    assert_eq!(tab.value("//input[@id='mail']").await, "a@b.cd");
    tab.type_text("//input[@id='number']", "2.5").await;
    assert_eq!(tab.value("//input[@id='number']").await, "12.5");
    tab.type_text("//textarea", "1\n2").await;
    assert_eq!(tab.value("//textarea").await, "x1\n2");
    tab.type_text("//*[@id='free']", "!").await;
    assert_eq!(tab.text("//*[@id='free']").await, "abc!");
    tab.close().await;
}

pub async fn any_character_can_be_typed_but_no_key_code(subject: Subject<'_>) {
    let site = Site::with(&[("/", "<textarea></textarea>")]).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    let text = "漢字 “ß” 👩‍🚀😀 \\ ' \" <b>";
    tab.type_text("//textarea", text).await;
    assert_eq!(tab.value("//textarea").await, text);
    let keys = typing("a\u{E007}");
    assert!(matches!(tab.try_once("//textarea", keys).await, Attempt::Refused(_)));
    tab.close().await;
}

pub async fn a_long_text_arrives_whole(subject: Subject<'_>) {
    let site = Site::with(&[("/", "<textarea></textarea>")]).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    let text = "a line of text 😀\n".repeat(100);
    tab.type_text("//textarea", &text).await;
    assert_eq!(tab.value("//textarea").await, text);
    tab.close().await;
}

pub async fn dates_colours_and_sliders_hold_what_is_typed(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<input type=date><input type=time><input type=datetime-local><input type=month>
         <input type=week><input type=color><input type=range min=0 max=100>
         <output></output><script>onchange = (event) =>
         document.querySelector('output').textContent += event.target.type + ' '</script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    for (kind, text) in [
        ("date", "2024-12-31"),
        ("time", "23:59"),
        ("datetime-local", "2024-12-31T23:59"),
        ("month", "2024-12"),
        ("week", "2024-W52"),
        ("color", "#00ff7f"),
        ("range", "70"),
    ] {
        let xpath = format!("//input[@type='{kind}']");
        tab.type_text(&xpath, text).await;
        assert_eq!(tab.value(&xpath).await, text);
        assert!(tab.text("//output").await.contains(kind));
    }
    let answer = tab.try_once("//input[@type='date']", typing("31.12.")).await;
    assert!(matches!(answer, Attempt::Refused(_)), "{answer:?}");
    assert_eq!(tab.value("//input[@type='date']").await, "2024-12-31", "it is left as it was");
    tab.act("//input[@type='date']", Gesture::Clear).await;
    assert_eq!(tab.value("//input[@type='date']").await, "");
    tab.close().await;
}

pub async fn no_file_is_ever_uploaded(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<input type=file id=f><label for=f>Upload</label>
         <input id=turns><script>
         setInterval(() => turns.type = turns.type === 'file' ? 'text' : 'file', 1);
         turns.onchange = () => document.title = 'uploaded ' + turns.files.length</script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    for xpath in ["//input[@id='f']", "//label"] {
        let answer = tab.try_once(xpath, typing("/etc/hostname")).await;
        assert_eq!(
            answer,
            Attempt::Refused("typing into a file input is not allowed".to_owned()),
            "{xpath}"
        );
    }
    // A field that turns into a file input behind our back gets keys, never a file.
    for _ in 0..5 {
        tab.try_once("//input[@id='turns']", typing("/etc/hostname")).await;
    }
    assert_eq!(tab.title().await, "");
    assert!(!tab.value("//input[@id='turns']").await.contains("fakepath"));
    tab.close().await;
}

pub async fn clearing_empties_a_field_as_a_person_does(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<input id=text value=ab> <input id=mail type=email value='a@b.cd'> <textarea>x\ny</textarea>
         <div id=free contenteditable>ab<b>c</b></div> <input id=number type=number value=12>
         <input id=empty><output></output>
         <script>oninput = (event) => document.querySelector('output').textContent +=
           event.target.id + event.isTrusted + ' '</script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    for id in ["text", "mail", "number", "empty"] {
        let xpath = format!("//input[@id='{id}']");
        tab.act(&xpath, Gesture::Clear).await;
        assert_eq!(tab.value(&xpath).await, "", "{id}");
    }
    tab.act("//textarea", Gesture::Clear).await;
    assert_eq!(tab.value("//textarea").await, "");
    tab.act("//*[@id='free']", Gesture::Clear).await;
    assert_eq!(tab.text("//*[@id='free']").await.trim(), "");
    assert_eq!(tab.text("//output").await, "texttrue mailtrue numbertrue true freetrue");
    tab.close().await;
}

pub async fn options_are_chosen_by_label_or_value(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<select id=one><option value=a>First</option><option value=b>Second   one</option>
         <option value=c disabled>Third</option></select>
         <select id=many multiple><option>x<option>y<option>z</select>
         <label for=one>Label</label><div id=none>x</div><output></output>
         <script>for (const kind of ['input', 'change']) addEventListener(kind, (event) =>
           document.querySelector('output').textContent += `${kind} ${event.target.value}; `)
         </script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    let select = |text: &str| Gesture::Select(text.to_owned());
    tab.act("//select[@id='one']", select(" Second one ")).await;
    assert_eq!(tab.value("//select[@id='one']").await, "b");
    assert_eq!(tab.text("//output").await, "input b; change b;");
    tab.act("//label", select("a")).await;
    assert_eq!(tab.value("//select[@id='one']").await, "a");
    for (option, why) in [("Fourth", NotReady::NoSuchOption), ("Third", NotReady::Disabled)] {
        let answer = tab.try_once("//select[@id='one']", select(option)).await;
        assert_eq!(answer, Attempt::NotReady(why));
    }
    tab.act("//select[@id='many']", select("x")).await;
    tab.act("//select[@id='many']", select("z")).await;
    assert_eq!(tab.see("//select[@id='many']/option[1 or 3]").await.unwrap().matches, 3);
    assert!(matches!(tab.try_once("//div", select("x")).await, Attempt::Refused(_)));
    tab.close().await;
}

/// What a page puts in the place of a `<select>` takes its focus.
pub async fn an_option_is_chosen_without_the_focus(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<select onfocus='other.focus()' onchange='document.title = value'>
         <option>A<option>B</select><input id=other>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    tab.act("css=select", Gesture::Select("B".to_owned())).await;
    tab.is_titled("B").await;
    tab.close().await;
}
