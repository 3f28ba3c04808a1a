//! Sites that work, and make it hard to see: every run of them passes.

use serde_json::json;
use synmon_core::flow::DialogPolicy;

use super::FlowCase;
use crate::Pages;

pub fn a_slow_page() -> FlowCase {
    FlowCase::on(
        &[
            ("/", "<title>Home</title><a href='/slow/900/next'>on</a><img src='/slow/600/pixel'>"),
            ("/next", "<title>Next</title><h1>There</h1><script src='/slow/400/x.js'></script>"),
        ],
        json!([
            { "action": "click", "selectors": ["text=on"] },
            { "action": "assert_title", "content": "Next" },
            { "action": "assert_text", "selectors": ["css=h1"], "content": "There" },
        ]),
    )
    .starting_at("/slow/800/")
}

pub fn an_element_that_comes_late() -> FlowCase {
    FlowCase::on(
        &[(
            "/",
            "<p id=wait>Loading …</p><script>setTimeout(() => { wait.remove();
               document.body.insertAdjacentHTML('beforeend',
               '<button onclick=\"document.title = 1234\">Go</button>') }, 900)</script>",
        )],
        json!([
            { "action": "wait_hidden", "selectors": ["text=Loading"] },
            { "action": "click", "selectors": ["role=button[name=\"Go\"]"] },
            { "action": "assert_title", "content": "1234", "match": "equals" },
        ]),
    )
}

pub fn a_text_that_comes_late() -> FlowCase {
    FlowCase::on(
        &[(
            "/",
            "<output>0</output><button>x</button><script>
             const out = document.querySelector('output');
             document.querySelector('button').onclick = () => { let n = 0;
               const timer = setInterval(() => { out.textContent = n += 1;
                 if (n === 7) clearInterval(timer) }, 100) }</script>",
        )],
        json!([
            { "action": "click", "selectors": ["css=button"] },
            { "action": "assert_text", "selectors": ["css=output"], "content": "7", "match": "equals" },
        ]),
    )
}

pub fn elements_that_are_made_anew() -> FlowCase {
    FlowCase::on(
        &[(
            "/",
            "<div id=root></div><script>
             let name = '';
             const render = () => { const old = root.querySelector('input');
               const focused = old !== null && old === document.activeElement;
               root.innerHTML = `<label>Name <input></label><p>Hello ${name}</p>`;
               const field = root.querySelector('input'); field.value = name;
               field.oninput = () => { name = field.value; render() };
               if (focused) { field.focus(); field.setSelectionRange(99, 99) } };
             render()</script>",
        )],
        json!([
            { "action": "tapping", "selectors": ["label=Name"], "content": "Ada" },
            { "action": "assert_text", "selectors": ["css=p"], "content": "Hello Ada" },
            { "action": "assert_value", "selectors": ["label=Name"], "content": "Ada" },
        ]),
    )
}

pub fn a_banner_that_goes_away() -> FlowCase {
    FlowCase::on(
        &[(
            "/",
            "<button onclick='document.title = \"clicked\"'>Go</button>
             <div id=banner style='position: fixed; inset: 0; background: #fffd'>Please wait</div>
             <script>setTimeout(() => banner.remove(), 1200)</script>",
        )],
        json!([
            { "action": "click", "selectors": ["text=Go"] },
            { "action": "assert_title", "content": "clicked" },
        ]),
    )
}

pub fn what_slides_in() -> FlowCase {
    FlowCase::on(
        &[(
            "/",
            "<style>nav { position: fixed; top: 0; left: -300px; width: 250px; transition: left .6s }
             nav.open { left: 0 }</style><button onclick='menu.className = \"open\"'
             style='margin-left: 400px'>Menu</button>
             <nav id=menu><a href='/next'>Next</a></nav>",
        ), ("/next", "<title>Next</title>")],
        json!([
            { "action": "click", "selectors": ["text=Menu"] },
            { "action": "click", "selectors": ["text=Next"] },
            { "action": "assert_title", "content": "Next" },
        ]),
    )
}

pub fn a_page_that_takes_the_focus() -> FlowCase {
    FlowCase::on(
        &[(
            "/",
            "<input id=search><form><label>E-mail <input id=mail></label></form><script>
             search.focus(); addEventListener('load', () => setTimeout(() => search.focus(), 30));
             mail.onmousedown = () => setTimeout(() => search.focus(), 1)</script>",
        )],
        json!([
            { "action": "tapping", "selectors": ["label=E-mail"], "content": "ada@site.example" },
            { "action": "assert_value", "selectors": ["label=E-mail"], "content": "ada@site.example" },
            { "action": "assert_value", "selectors": ["css=#search"], "content": "" },
        ]),
    )
}

pub fn a_connection_that_stays_open() -> FlowCase {
    FlowCase::on(
        &[(
            "/",
            "<title>Live</title><button onclick='document.title = \"clicked\"'>x</button><script>
             addEventListener('load', () => { fetch('/hang').catch(() => 0);
               setInterval(() => fetch('/pixel').catch(() => 0), 100) })</script>",
        )],
        json!([
            { "action": "click", "selectors": ["css=button"] },
            { "action": "assert_title", "content": "clicked" },
        ]),
    )
}

pub fn parts_that_are_missing() -> FlowCase {
    FlowCase::on(
        &[(
            "/",
            "<title>Home</title><img src='/missing.png'><script src='/status/500'></script>
             <link rel=stylesheet href='http://127.0.0.1:1/x.css'><script>null.foo</script>
             <iframe src='/status/404'></iframe><h1>Fine</h1>",
        )],
        json!([
            { "action": "assert_text", "selectors": ["css=h1"], "content": "Fine" },
            { "action": "assert_response_status", "content": "2xx" },
        ]),
    )
}

pub fn a_page_that_talks() -> FlowCase {
    FlowCase::on(
        &[(
            "/",
            "<title>Home</title><script>alert('welcome')</script><button
             onclick='if (confirm(\"sure?\")) document.title = \"done\"'>x</button>",
        )],
        json!([
            { "action": "click", "selectors": ["css=button"] },
            { "action": "assert_title", "content": "done" },
        ]),
    )
    .dialogs(DialogPolicy::Accept)
    .says(0, "welcome")
    .says(1, "sure?")
}

pub fn a_page_that_is_found_by_way_of_others() -> FlowCase {
    FlowCase::on(
        &[("/", "<title>Home</title>")],
        json!([
            { "action": "assert_url", "content": "$SITE/", "match": "equals" },
            { "action": "assert_response_status", "content": "200" },
        ]),
    )
    .starting_at("/to/to/to/")
}

pub fn an_error_that_is_expected() -> FlowCase {
    FlowCase::on(
        &[],
        json!([
            { "action": "assert_response_status", "content": "404" },
            { "action": "assert_text", "content": "Not found" },
        ]),
    )
    .starting_at("/nothing/of/the/kind")
}

pub fn white_space_and_case() -> FlowCase {
    FlowCase::on(
        &[(
            "/",
            "<style>h1 { text-transform: uppercase }</style><h1>Your
               order</h1><p>is &nbsp; on   its<br>way</p>",
        )],
        json!([
            { "action": "assert_text", "selectors": ["css=h1"], "content": "YOUR ORDER",
              "match": "equals" },
            { "action": "assert_text", "selectors": ["css=p"], "content": "is on its way" },
            { "action": "assert_visible", "selectors": ["text=your order"] },
        ]),
    )
}

pub fn a_second_one_that_can_be_seen() -> FlowCase {
    FlowCase::on(
        &[(
            "/",
            "<button hidden onclick='document.title = \"wrong\"'>Go</button>
             <button onclick='document.title = \"right\"'>Go</button>",
        )],
        json!([
            { "action": "click", "selector_xpath": "//button" },
            { "action": "assert_title", "content": "right" },
            { "action": "assert_visible", "selector_xpath": "//button" },
        ]),
    )
}

pub fn a_button_below_a_sticky_header() -> FlowCase {
    FlowCase::on(
        &[(
            "/",
            "<header style='position: fixed; inset: 0 0 auto; height: 150px; background: #ddd'>x</header>
             <footer style='position: fixed; inset: auto 0 0; height: 150px; background: #ddd'>x</footer>
             <div style='height: 2500px'></div><button onclick='document.title = \"clicked\"'>Go</button>
             <div style='height: 2500px'></div>",
        )],
        json!([
            { "action": "click", "selectors": ["text=Go"] },
            { "action": "assert_title", "content": "clicked" },
        ]),
    )
}

const MOVED: Pages = &[(
    "/",
    "<h1>Shop</h1><button class=btn-8f3a data-testid=buy onclick='document.title = \"bought\"'>
     Buy now</button>",
)];

pub fn a_class_that_was_renamed() -> FlowCase {
    FlowCase::on(
        MOVED,
        json!([
            { "action": "click", "selector_xpath": "//button[@class='btn-71c0']",
              "selectors": ["css=.btn-71c0", "testid=buy", "text=Buy now"] },
            { "action": "assert_title", "content": "bought" },
            { "action": "assert_visible", "selectors": ["testid=nothing", "role=heading"] },
        ]),
    )
    .heals(1, 3)
    .heals(3, 2)
}

pub fn a_first_selector_that_is_merely_late() -> FlowCase {
    FlowCase::on(
        &[(
            "/",
            "<button id=old onclick='document.title = \"old\"'>Old</button><script>setTimeout(() =>
               document.body.insertAdjacentHTML('beforeend',
               '<button id=new onclick=\"document.title = 5678\">New</button>'), 400)</script>",
        )],
        json!([
            { "action": "click", "selectors": ["css=#new", "css=#old"] },
            { "action": "assert_title", "content": "5678" },
        ]),
    )
}

pub fn a_page_that_would_rather_be_stayed_on() -> FlowCase {
    FlowCase::on(
        &[
            (
                "/",
                "<input><script>onbeforeunload = (event) => { event.preventDefault(); return 'x' }
            </script>",
            ),
            ("/next", "<title>Next</title>"),
        ],
        json!([
            { "action": "tapping", "selectors": ["css=input"], "content": "x" },
            { "action": "navigate", "content": "$SITE/next" },
            { "action": "assert_title", "content": "Next" },
        ]),
    )
}
