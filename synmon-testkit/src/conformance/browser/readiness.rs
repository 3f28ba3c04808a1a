//! An element that is not ready is not acted upon, and the reason is told.

use synmon_core::browser::{Attempt, NotReady};

use super::{CLICK, Subject, typing};
use crate::{Site, until};

pub async fn each_lack_is_told(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<style>@keyframes move { to { margin-left: 300px } }
         #moving { animation: move 1s linear infinite alternate }</style>
         <button id=gone style='display: none'>x</button>
         <button id=invisible style='visibility: hidden'>x</button>
         <div id=flat></div>
         <button id=moving>x</button>
         <button id=disabled disabled><span>x</span></button>
         <fieldset disabled><button id=fieldset>x</button></fieldset>
         <div aria-disabled=true><button id=aria>x</button></div>
         <button id=away style='position: fixed; left: -500px; top: 10px'>x</button>
         <input id=fixed readonly><p id=text>x</p><input type=checkbox id=box>
         <div style='position: relative; width: 99px; height: 30px'><button id=under>x</button>
         <div id=banner class='cookie big' style='position: absolute; inset: 0'></div></div>
         <script>onclick = () => document.title = 'clicked'</script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    let covered = NotReady::Covered { by: "div#banner.cookie.big".to_owned() };
    for (id, why) in [
        ("nothing", NotReady::Missing),
        ("gone", NotReady::Hidden),
        ("invisible", NotReady::Hidden),
        ("flat", NotReady::Hidden),
        ("moving", NotReady::Moving),
        ("disabled", NotReady::Disabled),
        ("fieldset", NotReady::Disabled),
        ("aria", NotReady::Disabled),
        ("away", NotReady::OutOfView),
        ("under", covered),
    ] {
        let answer = tab.try_once(&format!("//*[@id='{id}']"), CLICK).await;
        assert_eq!(answer, Attempt::NotReady(why), "{id}");
    }
    let answer = tab.try_once("//button/span", CLICK).await;
    assert_eq!(answer, Attempt::NotReady(NotReady::Disabled), "the icon of a disabled button");
    for id in ["fixed", "text", "box"] {
        let write = typing("x");
        let answer = tab.try_once(&format!("//*[@id='{id}']"), write).await;
        assert_eq!(answer, Attempt::NotReady(NotReady::ReadOnly), "{id}");
    }
    assert_eq!(tab.title().await, "", "nothing has been clicked");
    tab.close().await;
}

pub async fn what_comes_late_is_acted_upon_when_it_is_there(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<button id=start onclick=\"setTimeout(() => {
           document.body.insertAdjacentHTML('beforeend', '<input id=late disabled>');
           setTimeout(() => late.disabled = false, 200) }, 200)\">x</button>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    let write = || typing("x");
    let answer = tab.try_once("//*[@id='late']", write()).await;
    assert_eq!(answer, Attempt::NotReady(NotReady::Missing));
    tab.click("//*[@id='start']").await;
    tab.act("//*[@id='late']", write()).await;
    assert_eq!(tab.value("//*[@id='late']").await, "x");
    tab.close().await;
}

pub async fn what_moves_is_clicked_when_it_stands_still(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<style>@keyframes move { to { margin-left: 600px } }
         button.go { animation: move 1s linear infinite alternate }</style>
         <button class=go onclick='document.title = \"hit\"'>x</button>
         <p onclick=\"document.querySelector('button').className = ''\">stop</p>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    for _ in 0..5 {
        let answer = tab.try_once("//button", CLICK).await;
        // Should it seem to stand still, as between two frames of a busy machine, the press finds
        // that it has gone.
        assert!(
            matches!(answer, Attempt::NotReady(NotReady::Moving | NotReady::Covered { .. })),
            "{answer:?}"
        );
    }
    assert_eq!(tab.title().await, "");
    tab.click("//p").await;
    tab.click("//button").await;
    assert_eq!(tab.title().await, "hit");
    tab.close().await;
}

/// The hit test is one thing, the press another: what comes between them must not be pressed.
pub async fn what_slips_away_at_the_last_moment_is_not_missed(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<style>#go { position: absolute; left: 50px; top: 50px }
         #trap { position: absolute; left: 0; top: 0; width: 300px; height: 200px; display: none }
         </style>
         <button id=go onclick='document.title += \" hit\"'>x</button>
         <div id=trap class=ad onclick='document.title += \" trapped\"'></div>
         <script>let left = 2; go.onpointermove = () => {
           if (left-- > 0) { trap.style.display = 'block';
             setTimeout(() => trap.style.display = 'none', 300) } }</script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    let answer = tab.try_once("//button", CLICK).await;
    assert_eq!(answer, Attempt::NotReady(NotReady::Covered { by: "div#trap.ad".to_owned() }));
    tab.click("//button").await;
    assert_eq!(tab.title().await, "hit");
    tab.click("//button").await;
    assert_eq!(tab.title().await, "hit hit");
    tab.close().await;
}

pub async fn sticky_headers_and_scrollers_are_scrolled_past(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<style>html { scroll-behavior: smooth } header { position: fixed; top: 0; left: 0;
           right: 0; height: 120px; background: #ddd }
         footer { position: fixed; bottom: 0; left: 0; right: 0; height: 120px; background: #ddd }
         #box { height: 200px; overflow: auto }</style><header>head</header><footer>foot</footer>
         <div style='height: 3000px'></div>
         <div id=box><div style='height: 1000px'></div>
         <button onclick='document.title += this.id' id=low>low</button></div>
         <div style='height: 3000px'></div>
         <script>addEventListener('load', () => scrollTo({ top: 9000, behavior: 'instant' }))
         </script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    tab.click("//button").await;
    assert_eq!(tab.title().await, "low");
    tab.close().await;
}

pub async fn the_hit_test_sees_through_shadow_roots(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<my-card id=card><button id=slotted>slotted</button></my-card>
         <my-card id=covered><button id=under>under</button></my-card>
         <script>customElements.define('my-card', class extends HTMLElement {
           constructor() { super(); const root = this.attachShadow({ mode: 'open' });
             const cover = this.id === 'covered'
               ? '<b id=cover style=\"position: absolute; inset: 0\"></b>' : '';
             root.innerHTML = `<style>:host { display: block; position: relative }</style>
               <section><p>inner</p><slot></slot>${cover}</section>` } });
         onclick = (event) => document.title += event.composedPath()[0].id + ' '</script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    tab.click("//button[@id='slotted']").await;
    tab.click("//my-card[@id='card']").await;
    let answer = tab.try_once("//button[@id='under']", CLICK).await;
    assert_eq!(answer, Attempt::NotReady(NotReady::Covered { by: "b#cover".to_owned() }));
    assert!(tab.title().await.starts_with("slotted"));
    tab.close().await;
}

pub async fn a_label_stands_for_its_box_and_an_icon_for_its_button(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<style>label { position: relative; display: block; width: 99px; height: 30px }
         label span { position: absolute; inset: 0; background: #eee }
         button span { pointer-events: none }</style>
         <label><input type=checkbox id=box><span>Yes</span></label>
         <button onclick='document.title = \"icon\"'><span>icon</span></button>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    tab.click("//input").await;
    assert!(tab.see("//input").await.is_some());
    tab.click("//button/span").await;
    assert_eq!(tab.title().await, "icon");
    tab.close().await;
}

pub async fn behind_a_modal_dialog_nothing_is_typed(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<input id=field><dialog id=ask><button onclick='ask.close()'>Close</button></dialog>
         <script>ask.showModal()</script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    let answer = tab.try_once("//input", typing("x")).await;
    assert_eq!(answer, Attempt::NotReady(NotReady::Covered { by: "dialog#ask".to_owned() }));
    tab.click("//button").await;
    tab.type_text("//input", "x").await;
    assert_eq!(tab.value("//input").await, "x");
    tab.close().await;
}

pub async fn the_first_match_that_can_be_seen_is_meant(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<p hidden>one</p><p>two</p><p>three</p><i style='display: contents'>four</i>
         <script>onclick = (event) => document.title = event.target.textContent</script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    let seen = tab.see("//p").await.unwrap();
    assert_eq!((seen.matches, seen.visible, seen.text.as_str()), (3, true, "two"));
    tab.click("//p").await;
    until("the click", async || (tab.title().await == "two").then_some(())).await;
    assert!(tab.see("//i").await.unwrap().visible);
    tab.close().await;
}
