//! Each action, as a user writes it.

use serde_json::json;
use synmon_core::browser::Capability;

use super::FlowCase;
use crate::Pages;

pub fn clicks_of_all_kinds() -> FlowCase {
    FlowCase::on(
        &[(
            "/",
            "<style>#pad { width: 100px; height: 100px; background: #ddd }</style><div id=pad></div>
             <nav>Menu<ul hidden><li>Item</ul></nav><output></output><script>
             const out = document.querySelector('output');
             for (const kind of ['click', 'auxclick', 'dblclick', 'contextmenu'])
               pad.addEventListener(kind, (event) => { event.preventDefault();
                 out.textContent = `${kind} ${event.button} ${event.offsetX},${event.offsetY}` });
             document.querySelector('nav').onmouseenter = () =>
               document.querySelector('ul').hidden = false</script>",
        )],
        json!([
            { "action": "click", "selectors": ["css=#pad"], "position": { "x": 10, "y": 20 } },
            { "action": "assert_text", "selectors": ["css=output"], "content": "click 0 10,20" },
            { "action": "double_click", "selectors": ["css=#pad"] },
            { "action": "assert_text", "selectors": ["css=output"], "content": "dblclick 0 50,50" },
            { "action": "click", "selectors": ["css=#pad"], "button": "middle" },
            { "action": "assert_text", "selectors": ["css=output"], "content": "auxclick 1" },
            { "action": "click", "selectors": ["css=#pad"], "count": 3 },
            { "action": "assert_text", "selectors": ["css=output"], "content": "click 0 50,50" },
            { "action": "hover", "selectors": ["css=nav"] },
            { "action": "assert_visible", "selectors": ["text=Item"] },
        ]),
    )
}

pub fn fields_of_all_kinds() -> FlowCase {
    FlowCase::on(
        &[(
            "/",
            "<input id=text value=old><textarea></textarea><input id=date type=date>
             <input id=range type=range><input id=colour type=color>
             <select multiple><option>a<option>b</select><div id=free contenteditable>x</div>
             <input type=radio id=r1 name=r><input type=radio id=r2 name=r checked>
             <input type=checkbox id=box checked>",
        )],
        json!([
            { "action": "type", "selectors": ["css=#text"], "content": " and new" },
            { "action": "assert_value", "selectors": ["css=#text"], "content": "old and new" },
            { "action": "tapping", "selectors": ["css=#text"], "content": "new", "mode": "replace" },
            { "action": "assert_value", "selectors": ["css=#text"], "content": "new" },
            { "action": "clear", "selectors": ["css=#text"] },
            { "action": "assert_value", "selectors": ["css=#text"], "content": "" },
            { "action": "press", "selectors": ["css=#text"], "content": "Shift+A" },
            { "action": "assert_value", "selectors": ["css=#text"], "content": "A" },
            { "action": "tapping", "selectors": ["css=textarea"], "content": "one\ntwo" },
            { "action": "assert_value", "selectors": ["css=textarea"], "content": "one\ntwo" },
            { "action": "tapping", "selectors": ["css=#date"], "content": "2025-12-31" },
            { "action": "assert_value", "selectors": ["css=#date"], "content": "2025-12-31" },
            { "action": "tapping", "selectors": ["css=#range"], "content": "70" },
            { "action": "assert_value", "selectors": ["css=#range"], "content": "70" },
            { "action": "tapping", "selectors": ["css=#colour"], "content": "#00ff7f" },
            { "action": "assert_value", "selectors": ["css=#colour"], "content": "#00ff7f" },
            { "action": "select", "selectors": ["css=select"], "content": "b" },
            { "action": "assert_value", "selectors": ["css=select"], "content": "b" },
            { "action": "tapping", "selectors": ["css=#free"], "content": "y", "mode": "append" },
            { "action": "assert_text", "selectors": ["css=#free"], "content": "xy", "match": "equals" },
            { "action": "check", "selectors": ["css=#r1"] },
            { "action": "uncheck", "selectors": ["css=#box"] },
            { "action": "assert_count", "selectors": ["css=:checked:not(option)"], "content": "1" },
        ]),
    )
}

pub fn dragging_and_scrolling() -> FlowCase {
    FlowCase::on(
        &[(
            "/",
            "<style>body { height: 4000px } .box { width: 80px; height: 80px; background: #ddd;
               margin: 20px } #inner { height: 100px; overflow: auto }</style>
             <div id=card class=box draggable=true>card</div><div id=bin class=box>bin</div>
             <div id=inner><div style='height: 2000px'></div></div>
             <p id=low style='position: absolute; top: 3500px'>low</p><output></output><script>
             card.ondragstart = (event) => event.dataTransfer.setData('text/plain', 'the card');
             bin.ondragover = (event) => event.preventDefault();
             bin.ondrop = (event) => { event.preventDefault();
               bin.textContent = event.dataTransfer.getData('text/plain') };
             setInterval(() => document.querySelector('output').value =
               `${scrollY > 2000} ${Math.round(inner.scrollTop)}`, 30)</script>",
        )],
        json!([
            { "action": "drag", "selectors": ["css=#card"], "target": ["css=#bin"] },
            { "action": "assert_text", "selectors": ["css=#bin"], "content": "the card" },
            { "action": "scroll", "selectors": ["css=#inner"], "distance": { "x": 0, "y": 300 } },
            { "action": "assert_text", "selectors": ["css=output"], "content": "false 300", "match": "equals" },
            { "action": "scroll", "selectors": ["css=#low"] },
            { "action": "assert_text", "selectors": ["css=output"], "content": "true 300", "match": "equals" },
            { "action": "scroll", "distance": { "x": 0, "y": -9000 } },
            { "action": "assert_text", "selectors": ["css=output"], "content": "false 300", "match": "equals" },
        ]),
    )
}

const PAGES: Pages = &[
    ("/one", "<title>One</title><a href='/two'>two</a>"),
    ("/two", "<title>Two</title><h1 class='big red' data-x=7>Two</h1>"),
];

pub fn going_to_and_fro() -> FlowCase {
    FlowCase::on(
        PAGES,
        json!([
            { "action": "click", "selectors": ["css=a"] },
            { "action": "assert_attribute", "selectors": ["css=h1"], "attribute": "class",
              "content": "red", "match": "contains" },
            { "action": "back" },
            { "action": "assert_title", "content": "One" },
            { "action": "forward" },
            { "action": "assert_title", "content": "Two" },
            { "action": "reload" },
            { "action": "assert_url", "content": "/two$", "match": "matches" },
            { "action": "navigate", "content": "$ELSEWHERE/one" },
            { "action": "assert_url", "content": "$ELSEWHERE/one" },
            { "action": "assert_response_status", "content": "2xx" },
        ]),
    )
    .starting_at("/one")
}

pub fn frames_within_frames() -> FlowCase {
    FlowCase::on(
        &[
            ("/", "<title>Outer</title><iframe src='/middle'></iframe>"),
            ("/middle", "<p>middle</p><iframe id=in src='/inner'></iframe>"),
            ("/inner", "<p>inner</p><button onclick='top.document.title = \"Pressed\"'>x</button>"),
        ],
        json!([
            { "action": "switch_frame", "selectors": ["css=iframe"] },
            { "action": "assert_text", "content": "middle" },
            { "action": "switch_frame", "selectors": ["css=#in"] },
            { "action": "click", "selectors": ["css=button"] },
            { "action": "assert_title", "content": "Pressed" },
            { "action": "switch_frame", "content": "parent" },
            { "action": "assert_text", "selectors": ["css=p"], "content": "middle" },
            { "action": "switch_frame", "content": "main" },
            { "action": "assert_hidden", "selectors": ["css=p"] },
        ]),
    )
}

pub fn several_tabs() -> FlowCase {
    FlowCase::on(
        &[
            ("/", "<title>First</title><a target=_blank href='/second'>open</a>"),
            (
                "/second",
                "<title>Second</title><a target=_blank rel=noopener href='/third'>open</a>",
            ),
            ("/third", "<title>Third</title>"),
        ],
        json!([
            { "action": "click", "selectors": ["text=open"] },
            { "action": "switch_tab", "content": "new" },
            { "action": "click", "selectors": ["text=open"] },
            { "action": "switch_tab", "content": "Third" },
            { "action": "assert_url", "content": "/third" },
            { "action": "switch_tab", "content": "1" },
            { "action": "assert_title", "content": "First" },
            { "action": "switch_tab", "content": "/second" },
            { "action": "assert_title", "content": "Second" },
            { "action": "close_tab" },
            { "action": "assert_title", "content": "First" },
        ]),
    )
}

pub fn answers_to_dialogs() -> FlowCase {
    FlowCase::on(
        &[("/", "<button onclick='document.title = prompt(\"name?\", \"me\")'>x</button>")],
        json!([
            { "action": "click", "selectors": ["css=button"] },
            { "action": "assert_title", "content": "null" },
            { "action": "dialog", "content": "accept", "text": "Ada" },
            { "action": "click", "selectors": ["css=button"] },
            { "action": "assert_title", "content": "Ada" },
            { "action": "dialog", "content": "accept" },
            { "action": "click", "selectors": ["css=button"] },
            { "action": "assert_title", "content": "me" },
        ]),
    )
    .says(1, "name?")
    .says(4, "name?")
    .says(7, "name?")
}

pub fn cookies_and_the_viewport() -> FlowCase {
    FlowCase::on(
        &[(
            "/",
            "<title>x</title><output></output><script>setInterval(() => {
            document.querySelector('output').textContent = `${innerWidth} ${document.cookie}` }, 30)
            </script>",
        )],
        json!([
            { "action": "assert_text", "selectors": ["css=output"], "content": "1000 first=1" },
            { "action": "set_cookie", "content": "second=2; Path=/" },
            { "action": "set_viewport", "content": "800x600" },
            { "action": "assert_text", "selectors": ["css=output"], "content": "800 " },
            { "action": "assert_text", "selectors": ["css=output"], "content": "second=2" },
        ]),
    )
    .with(json!({ "viewport": "1000x700", "cookies": ["first=1; Path=/"] }))
}

pub fn headers_and_passwords() -> FlowCase {
    FlowCase::on(
        &[],
        json!([
            { "action": "assert_title", "content": "private" },
            { "action": "set_header", "content": "X-Second: two" },
            { "action": "navigate", "content": "$SITE/echo" },
            { "action": "assert_text", "selectors": ["css=#x-first"], "content": "one" },
            { "action": "assert_text", "selectors": ["css=#x-second"], "content": "two" },
        ]),
    )
    .starting_at("/private")
    .with(json!({
        "headers": { "X-First": "one" },
        "basic_auth": { "username": "ada", "password": "lovelace" },
    }))
    .needs(&[Capability::Headers])
}

pub fn what_the_page_asks_for() -> FlowCase {
    FlowCase::on(
        &[(
            "/",
            "<button>x</button><script>document.querySelector('button').onclick = () =>
            setTimeout(() => fetch('/cookie?n=1', { method: 'POST', body: '{}' }), 200)</script>",
        )],
        json!([
            { "action": "click", "selectors": ["css=button"] },
            { "action": "assert_request_made", "content": "/cookie?n=", "method": "POST" },
            { "action": "assert_response_status", "content": "200", "url": "/cookie?n=1" },
            { "action": "assert_no_console_errors" },
        ]),
    )
    .needs(&[Capability::Network, Capability::Console])
}

pub fn what_is_kept_for_later() -> FlowCase {
    FlowCase::on(
        &[
            (
                "/",
                "<title>Ticket 42</title><a href='/two?id=9'>Ticket <b>no. 17</b></a>
            <input value=held>",
            ),
            ("/two", "<title>Two</title>"),
        ],
        json!([
            { "action": "extract", "selectors": ["css=a"], "variable": "text" },
            { "action": "extract", "selectors": ["css=b"], "variable": "number", "pattern": "[0-9]+" },
            { "action": "extract", "selectors": ["css=input"], "content": "value", "variable": "held" },
            { "action": "extract", "selectors": ["css=a"], "attribute": "href", "variable": "link", "pattern": "^/(.*)" },
            { "action": "extract", "content": "title", "variable": "title", "pattern": "Ticket (.*)" },
            { "action": "assert_text", "content": "no. {{ var.number }}" },
            { "action": "tapping", "selectors": ["css=input"], "content": " {{var.title}}" },
            { "action": "assert_value", "selectors": ["css=input"], "content": "{{ var.held }} 42" },
            { "action": "navigate", "content": "$SITE/{{ var.link }}" },
            { "action": "assert_url", "content": "/two?id=9" },
        ]),
    )
}

pub fn pictures_of_all_kinds() -> FlowCase {
    FlowCase::on(
        &[("/", "<h1>Home</h1><div style='height: 2000px'></div><p>low</p>")],
        json!([
            { "action": "screenshot" },
            { "action": "screenshot", "selectors": ["css=h1"], "mask": ["css=p"] },
            { "action": "screenshot", "full_page": true },
            { "action": "click", "selectors": ["css=p"], "screenshot": "off" },
            { "action": "click", "selectors": ["css=p"], "screenshot": "on_failure" },
        ]),
    )
    .with(json!({ "picture_format": "jpeg" }))
    .without_pictures(&[4, 5])
}
