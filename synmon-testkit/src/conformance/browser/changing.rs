//! Pages that change while they are acted upon.

use synmon_core::browser::{Attempt, NotReady};

use super::{CLICK, Subject, typing};
use crate::Site;

pub async fn an_element_that_is_made_anew_is_the_same_to_a_person(subject: Subject<'_>) {
    // As a framework does that renders its list again at each change.
    let site = Site::with(&[(
        "/",
        "<div id=root></div><script>
         let clicks = 0, renders = 0;
         const render = () => { renders += 1; root.innerHTML =
           `<input placeholder='name'><button>Go ${renders}</button><b>${clicks}</b>`;
           root.querySelector('button').onclick = () => { clicks += 1; render() } };
         render(); setInterval(render, 70)</script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    for clicks in 1..=5 {
        // A click that falls between two renderings may be lost to both: it is a person's fate, too.
        tab.click("css=button").await;
        assert!(tab.text("css=b").await.parse::<u32>().unwrap() <= clicks);
        assert_eq!(tab.seen("css=button").await.matches, 1);
    }
    tab.close().await;
}

pub async fn an_element_that_is_replaced_between_look_and_act_is_not_missed(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<div id=root><button id=first>x</button></div><script>
         root.addEventListener('pointermove', () => { if (!root.querySelector('#first')) return;
           root.innerHTML = '<button id=second onclick=\"document.title += this.id\">x</button>' })
         </script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    tab.click("css=button").await;
    if tab.title().await.is_empty() {
        // The press went to the one that was there first: it is gone, and the next one is there.
        tab.click("css=button").await;
    }
    assert_eq!(tab.title().await, "second");
    tab.close().await;
}

pub async fn what_fades_and_slides_in_is_acted_upon_when_it_is_there(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<style>#panel { position: fixed; top: 0; right: -400px; width: 300px; height: 300px;
           transition: right .4s, opacity .4s; opacity: 0; background: #eee }
         #panel.in { right: 0; opacity: 1 }</style>
         <button id=open onclick='panel.className = \"in\"'>open</button>
         <div id=panel><input><button onclick='document.title = \"inside\"'>in</button></div>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    tab.click("css=#open").await;
    tab.type_text("css=#panel input", "x").await;
    tab.click("css=#panel button").await;
    assert_eq!(tab.title().await, "inside");
    assert_eq!(tab.value("css=input").await, "x");
    tab.close().await;
}

pub async fn a_banner_that_goes_away_is_waited_out(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<button onclick='document.title = \"clicked\"'>x</button>
         <div id=splash style='position: fixed; inset: 0; background: #fff'>Loading …</div>
         <script>document.body.dataset.since = 1; setTimeout(() => splash.remove(), 700)</script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    tab.click("css=button").await;
    assert_eq!(tab.title().await, "clicked");
    assert_eq!(tab.see("css=#splash").await, None);
    tab.close().await;
}

pub async fn what_is_half_visible_is_hidden_or_not_as_a_person_sees_it(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<p id=transparent style='opacity: 0'>x</p><details><p id=closed>x</p></details>
         <div style='display: none'><p id=inner>x</p></div>
         <p id=empty></p><p id=clipped style='width: 0; height: 0; overflow: hidden'>x</p>
         <p id=far style='position: absolute; left: -9999px'>x</p>
         <div style='visibility: hidden'><p id=shown style='visibility: visible'>x</p></div>
         <p id=unseen style='content-visibility: hidden'><b id=skipped>x</b></p>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    for (id, visible) in [
        ("transparent", true),
        ("closed", false),
        ("inner", false),
        ("empty", false),
        ("clipped", false),
        ("far", true),
        ("shown", true),
        ("skipped", false),
    ] {
        assert_eq!(tab.seen(&format!("css=#{id}")).await.visible, visible, "{id}");
    }
    tab.close().await;
}

pub async fn a_link_of_several_lines_is_hit(subject: Subject<'_>) {
    let site = Site::with(&[
        (
            "/",
            "<div style='width: 200px'>some text before it that fills the line <a href='/next'>a
             link</a></div><div style='width: 300px; margin: 50px'>a text <a id=broken href='/next'>
             that goes over</a></div><svg width=100 height=50><a id=svg href='/next'><circle cx=40 cy=25
             r=20 /></a></svg><map name=m><area id=area shape=rect coords='0,0,50,50' href='/next'></map>
             <img usemap='#m' src='/pixel' width=50 height=50>",
        ),
        ("/next", "<title>next</title>"),
    ])
    .await;
    let mut tab = subject.tab().await;
    for find in ["css=div > a", "css=#broken", "css=#svg", "css=circle"] {
        tab.open(&site.url("/")).await;
        tab.click(find).await;
        assert_eq!(tab.title().await, "next", "{find}");
    }
    tab.close().await;
}

pub async fn a_scaled_or_turned_element_is_hit(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<div style='transform: scale(.5) rotate(30deg); margin: 100px; width: 200px'>
         <button onclick='document.title += \"turned+\"'>x</button><input></div>
         <div style='zoom: 1.7'><button id=zoomed onclick='document.title += \"zoomed\"'>x</button></div>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    tab.click("css=button").await;
    tab.type_text("css=input", "x").await;
    tab.click("css=#zoomed").await;
    assert_eq!(tab.title().await, "turned+zoomed");
    assert_eq!(tab.value("css=input").await, "x");
    tab.close().await;
}

pub async fn what_is_disabled_for_now_is_waited_for_and_told(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<form><input name=mail><button disabled>Send</button></form><script>
         const [field, button] = [document.querySelector('input'), document.querySelector('button')];
         field.oninput = () => setTimeout(() => button.disabled = !field.value.includes('@'), 150);
         button.onclick = (event) => { event.preventDefault(); document.title = 'sent' }</script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    let answer = tab.try_once("css=button", CLICK).await;
    assert_eq!(answer, Attempt::NotReady(NotReady::Disabled));
    tab.act("css=input", typing("a@b.cd")).await;
    tab.click("css=button").await;
    assert_eq!(tab.title().await, "sent");
    tab.close().await;
}
