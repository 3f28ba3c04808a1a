//! The pointer: which button, how often and where; and what is dragged.

use synmon_core::{
    browser::{Attempt, NotReady},
    step::{Button, Click, Gesture, Point},
};

use super::{Subject, selector};
use crate::{Pages, Site};

const LISTENING: Pages = &[(
    "/",
    "<style>#pad { width: 200px; height: 100px; margin: 40px; background: #ddd }</style>
     <div id=pad></div><output></output><script>
     const out = document.querySelector('output');
     for (const kind of ['click', 'auxclick', 'dblclick', 'contextmenu']) {
       pad.addEventListener(kind, (event) => { event.preventDefault();
         out.textContent += `${kind} ${event.button} ${event.detail} ${event.isTrusted}; ` }) }
     pad.onmousemove = (event) => document.title = `${event.offsetX},${event.offsetY}`;
     </script>",
)];

const DRAGGING: Pages = &[
    (
        "/mouse",
        "<style>div { position: absolute; width: 60px; height: 60px }
         #box { left: 20px; top: 20px; background: #c00 } #bin { left: 500px; top: 300px;
           background: #0c0 }</style><div id=bin></div><div id=box></div><script>
         let held = false, moves = 0;
         box.onmousedown = (event) => { held = true; event.preventDefault() };
         document.onmousemove = (event) => { if (!held) return; moves += 1;
           box.style.left = `${event.clientX - 30}px`; box.style.top = `${event.clientY - 30}px` };
         document.onmouseup = (event) => { if (!held) return; held = false;
           const under = document.elementsFromPoint(event.clientX, event.clientY);
           document.title = `${under.includes(bin) ? 'dropped' : 'lost'} ${moves > 1}` };
         </script>",
    ),
    (
        "/pointer",
        "<style>div { position: absolute; width: 60px; height: 60px; touch-action: none }
         #box { left: 20px; top: 20px; background: #c00 } #bin { left: 500px; top: 300px;
           background: #0c0 }</style><div id=bin></div><div id=box></div><script>
         box.onpointerdown = (event) => box.setPointerCapture(event.pointerId);
         box.onpointermove = (event) => { if (!box.hasPointerCapture(event.pointerId)) return;
           box.style.transform = `translate(${event.clientX - 50}px, ${event.clientY - 50}px)` };
         box.onpointerup = (event) => { const place = bin.getBoundingClientRect();
           const inside = event.clientX > place.left && event.clientX < place.right;
           document.title = inside ? 'dropped' : 'lost' };
         </script>",
    ),
    (
        "/html5",
        "<style>div { width: 90px; height: 90px; margin: 50px; background: #ddd }</style>
         <div id=box draggable=true>card</div><div id=bin>bin</div><script>
         const seen = [];
         for (const kind of ['dragstart', 'dragenter', 'dragover', 'drop', 'dragend']) {
           addEventListener(kind, (event) => { if (!seen.includes(kind)) seen.push(kind);
             document.title = seen.join(' ') }) }
         box.addEventListener('dragstart', (event) =>
           event.dataTransfer.setData('text/plain', 'the card'));
         bin.addEventListener('dragover', (event) => event.preventDefault());
         bin.addEventListener('drop', (event) => { event.preventDefault();
           bin.textContent = event.dataTransfer.getData('text/plain') });
         </script>",
    ),
    (
        "/covered",
        "<style>div { width: 90px; height: 90px; margin: 50px; background: #ddd }</style>
         <div id=box>card</div><section style='position: relative'><div id=bin>bin</div>
         <div id=cover style='position: absolute; inset: 0; margin: 0; width: auto'></div>
         </section><script>onmousedown = () => document.title = 'pressed'</script>",
    ),
];

fn click(button: Button, count: u8) -> Gesture {
    Gesture::Click(Click { button, count, position: None })
}

fn onto(find: &str) -> Gesture {
    Gesture::Drag { onto: selector(find) }
}

pub async fn each_button_is_pressed_as_often_as_it_should(subject: Subject<'_>) {
    let site = Site::with(LISTENING).await;
    let mut tab = subject.tab().await;
    for (button, count, events) in [
        (Button::Left, 1, "click 0 1 true;"),
        (Button::Middle, 1, "auxclick 1 1 true;"),
        (Button::Left, 2, "click 0 1 true; click 0 2 true; dblclick 0 2 true;"),
        (Button::Left, 3, "click 0 1 true; click 0 2 true; dblclick 0 2 true; click 0 3 true;"),
    ] {
        tab.open(&site.url("/")).await;
        tab.act("css=#pad", click(button, count)).await;
        assert_eq!(tab.text("css=output").await, events);
    }
    tab.open(&site.url("/")).await;
    tab.act("css=#pad", click(Button::Right, 1)).await;
    let events = tab.text("css=output").await;
    assert!(events.contains("contextmenu 2"), "{events}");
    assert!(!events.contains("click 0"), "{events}");
    tab.close().await;
}

pub async fn a_position_counts_from_the_upper_left_corner(subject: Subject<'_>) {
    let site = Site::with(LISTENING).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    for (x, y) in [(5, 7), (190, 90), (0, 0)] {
        let at = Some(Point { x, y });
        tab.act("css=#pad", Gesture::Hover(at)).await;
        tab.is_titled(&format!("{x},{y}")).await;
        tab.act("css=#pad", Gesture::Hover(None)).await;
        tab.is_titled("100,50").await;
        tab.act("css=#pad", Gesture::Click(Click { position: at, ..Click::PLAIN })).await;
        tab.is_titled(&format!("{x},{y}")).await;
    }
    tab.close().await;
}

pub async fn dragging_moves_what_follows_the_mouse(subject: Subject<'_>) {
    let site = Site::with(DRAGGING).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/mouse")).await;
    tab.act("css=#box", onto("css=#bin")).await;
    tab.is_titled("dropped true").await;
    tab.close().await;
}

pub async fn dragging_moves_what_captures_the_pointer(subject: Subject<'_>) {
    let site = Site::with(DRAGGING).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/pointer")).await;
    tab.act("css=#box", onto("css=#bin")).await;
    tab.is_titled("dropped").await;
    tab.close().await;
}

pub async fn dragging_carries_what_html5_lets_be_dragged(subject: Subject<'_>) {
    let site = Site::with(DRAGGING).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/html5")).await;
    tab.act("css=#box", onto("css=#bin")).await;
    tab.says("css=#bin", "the card").await;
    tab.is_titled("dragstart dragenter dragover drop dragend").await;
    // The mouse has let go: it can be used again.
    tab.click("css=#bin").await;
    tab.close().await;
}

pub async fn nothing_is_dragged_where_it_cant_be_dropped(subject: Subject<'_>) {
    let site = Site::with(DRAGGING).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/covered")).await;
    let answer = tab.try_once("css=#box", onto("css=#nowhere")).await;
    assert_eq!(answer, Attempt::NotReady(NotReady::Missing));
    let answer = tab.try_once("css=#box", onto("css=#bin")).await;
    assert_eq!(answer, Attempt::NotReady(NotReady::Covered { by: "div#cover".to_owned() }));
    assert_eq!(tab.title().await, "", "nothing was pressed");
    tab.close().await;
}

/// A library that looks only now and then where the pointer is, and sorts what it finds there.
pub async fn what_looks_by_a_timer_sees_a_drag(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<style>div { width: 90px; height: 90px; margin: 50px; background: #ddd }</style>
         <div id=box>card</div><div id=bin>bin</div><script>
         let [at, over, timer] = [null, [], null];
         box.onmousedown = () => { timer = setInterval(() => {
           const hit = at && document.elementFromPoint(...at)?.id;
           if (hit && over.at(-1) !== hit) over.push(hit) }, 50) };
         onmousemove = (event) => { at = [event.clientX, event.clientY] };
         onmouseup = () => { clearInterval(timer); document.title = `sorted ${over.at(-1)}` };
         </script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    tab.act("css=#box", onto("css=#bin")).await;
    tab.is_titled("sorted bin").await;
    tab.close().await;
}
