//! Sites that are broken and look as if they worked: no run of them may pass.

use serde_json::json;
use synmon_core::{
    browser::Capability,
    flow::DialogPolicy,
    run::ErrorCode::{
        AssertionFailed, BlockedAddress, Dns, ElementNotFound, ElementNotInteractable, HttpError,
        NavigationFailed, ScriptDialog, SelectorInvalid, Timeout, Tls,
    },
};

use super::FlowCase;
use crate::Pages;

const BLANK: Pages = &[("/", ""), ("/shell", "<title>Shop</title><div id=root></div>")];

pub fn a_page_that_is_blank() -> FlowCase {
    FlowCase::on(
        BLANK,
        json!([
            { "action": "assert_text", "content": "Welcome", "timeout_ms": 1000 },
            { "action": "screenshot", "full_page": true },
        ]),
    )
    .fails(1, AssertionFailed, "PFS")
}

pub fn an_application_that_never_starts() -> FlowCase {
    FlowCase::on(
        BLANK,
        json!([
            { "action": "assert_title", "content": "Shop" },
            { "action": "assert_visible", "selectors": ["css=#root"], "timeout_ms": 1000 },
            { "action": "click", "selectors": ["text=Buy"], "timeout_ms": 1000 },
        ]),
    )
    .starting_at("/shell")
    .fails(2, AssertionFailed, "PPFS")
}

pub fn an_empty_answer() -> FlowCase {
    FlowCase::on(&[], json!([{ "action": "assert_visible", "selectors": ["css=h1"] }]))
        .starting_at("/empty/204")
        .fails(0, NavigationFailed, "FS")
}

pub fn an_error_with_a_pretty_page() -> FlowCase {
    FlowCase::on(&[], json!([{ "action": "assert_text", "content": "A page" }]))
        .starting_at("/status/500")
        .fails(0, HttpError, "FS")
}

pub fn a_link_to_an_error_with_a_pretty_page() -> FlowCase {
    FlowCase::on(
        &[("/", "<title>Home</title><a href='/status/503'>on</a>")],
        json!([
            { "action": "click", "selectors": ["css=a"] },
            { "action": "assert_text", "content": "A page" },
        ]),
    )
    .fails(1, HttpError, "PFS")
}

pub fn a_page_that_is_none_of_the_sites() -> FlowCase {
    FlowCase::on(
        &[("/", "<a href='http://127.0.0.1:1/'>on</a>")],
        json!([
            { "action": "click", "selector_xpath": "//a" },
            { "action": "assert_visible", "selector_xpath": "//body" },
        ]),
    )
    .fails(1, NavigationFailed, "PFS")
}

pub fn redirects_without_end() -> FlowCase {
    FlowCase::on(&[], json!([{ "action": "assert_hidden", "selectors": ["css=.error"] }]))
        .starting_at("/loop")
        .fails(0, NavigationFailed, "FS")
}

pub fn a_file_instead_of_a_page() -> FlowCase {
    FlowCase::on(&[], json!([{ "action": "assert_hidden", "selectors": ["css=.error"] }]))
        .starting_at("/download")
        .fails(0, NavigationFailed, "FS")
}

pub fn a_file_instead_of_the_next_page() -> FlowCase {
    FlowCase::on(
        &[("/", "<title>Home</title><a href='/download'>on</a>")],
        json!([
            { "action": "click", "selectors": ["text=on"] },
            { "action": "assert_title", "content": "Thanks", "timeout_ms": 1000 },
        ]),
    )
    .fails(2, AssertionFailed, "PPF")
}

pub fn a_log_in_page_instead_of_what_is_behind_it() -> FlowCase {
    FlowCase::on(
        &[("/login", "<title>Log in</title><h1>Log in</h1>")],
        json!([
            { "action": "assert_response_status", "content": "200" },
            { "action": "assert_url", "content": "/account", "timeout_ms": 1000 },
        ]),
    )
    .starting_at("/to/login")
    .fails(2, AssertionFailed, "PPF")
}

pub fn a_text_that_nobody_sees() -> FlowCase {
    FlowCase::on(
        &[(
            "/",
            "<title>Order placed</title><p id=done hidden>Order placed</p><p>Something went wrong</p>
             <script>/* Order placed */</script><style>/* Order placed */</style>
             <input type=hidden value='Order placed'>",
        )],
        json!([{ "action": "assert_text", "content": "Order placed", "timeout_ms": 1000 }]),
    )
    .fails(1, AssertionFailed, "PF")
}

pub fn an_element_that_nobody_sees() -> FlowCase {
    FlowCase::on(
        &[("/", "<p id=done hidden>Order placed</p>")],
        json!([
            { "action": "assert_text", "selectors": ["css=#done"], "content": "Order placed",
              "timeout_ms": 1000 },
        ]),
    )
    .fails(1, AssertionFailed, "PF")
}

pub fn a_request_that_fails_behind_a_page_that_looks_well() -> FlowCase {
    FlowCase::on(
        &[(
            "/",
            "<h1>Order</h1><button>Send</button><script>
             document.querySelector('button').onclick = async () => {
               const answer = await fetch('/status/500', { method: 'POST' });
               document.querySelector('h1').textContent = answer.ok ? 'Order placed' : 'Order';
             }</script>",
        )],
        json!([
            { "action": "click", "selectors": ["text=Send"] },
            { "action": "assert_text", "selectors": ["css=h1"], "content": "Order placed",
              "timeout_ms": 1000, "on_failure": "continue" },
            { "action": "assert_response_status", "content": "2xx", "url": "/status/500",
              "timeout_ms": 1000, "on_failure": "continue" },
            { "action": "assert_request_made", "content": "/status/500", "method": "POST" },
        ]),
    )
    .needs(&[Capability::Network])
    .fails(2, AssertionFailed, "PPFFP")
}

pub fn a_script_that_breaks_after_the_page_has_loaded() -> FlowCase {
    FlowCase::on(
        &[(
            "/",
            "<h1>Fine</h1><script>addEventListener('load', () => setTimeout(() => {
               document.querySelector('h1').textContent = 'Broken'; null.foo }, 100))</script>",
        )],
        json!([
            { "action": "wait_text", "content": "Broken" },
            { "action": "assert_no_console_errors" },
        ]),
    )
    .needs(&[Capability::Console])
    .fails(2, AssertionFailed, "PPF")
}

pub fn a_button_that_does_nothing() -> FlowCase {
    FlowCase::on(
        &[("/", "<title>Home</title><button>Buy</button>")],
        json!([
            { "action": "click", "selectors": ["text=Buy"] },
            { "action": "wait_url", "content": "/cart", "timeout_ms": 1000 },
        ]),
    )
    .fails(2, Timeout, "PPF")
}

pub fn a_button_that_cant_be_used() -> FlowCase {
    FlowCase::on(
        &[(
            "/",
            "<style>div { position: fixed; inset: 0 } p { position: relative; z-index: 1 }</style>
             <div></div><p><button id=free disabled>free</button></p><button id=under>under</button>",
        )],
        json!([
            { "action": "click", "selectors": ["css=#under"], "timeout_ms": 700,
              "on_failure": "continue" },
            { "action": "click", "selectors": ["css=#free"], "timeout_ms": 700,
              "on_failure": "continue" },
            { "action": "click", "selectors": ["css=#none"], "timeout_ms": 700 },
        ]),
    )
    .fails(1, ElementNotInteractable, "PFFF")
}

pub fn an_element_that_is_not_there() -> FlowCase {
    FlowCase::on(
        &[("/", "<h1>Home</h1>")],
        json!([
            { "action": "click", "selectors": ["css=#buy", "text=Buy"], "timeout_ms": 1500 },
            { "action": "assert_visible", "selectors": ["css=h1"] },
        ]),
    )
    .fails(1, ElementNotFound, "PFS")
}

pub fn a_selector_that_no_browser_reads() -> FlowCase {
    FlowCase::on(
        &[("/", "<h1>Home</h1>")],
        json!([
            { "action": "click", "selectors": ["css=h1:nonsense"] },
        ]),
    )
    .fails(1, SelectorInvalid, "PF")
}

pub fn a_page_that_hangs() -> FlowCase {
    FlowCase::on(
        &[("/", "<title>Home</title><button onclick='for (;;) {}'>x</button>")],
        json!([
            { "action": "click", "selectors": ["css=button"], "timeout_ms": 2000,
              "on_failure": "continue" },
            { "action": "assert_text", "content": "never", "timeout_ms": 2000 },
        ]),
    )
    .fails(1, Timeout, "PFF")
}

pub fn a_site_that_does_not_answer() -> FlowCase {
    FlowCase::on(&[], json!([{ "action": "assert_hidden", "selectors": ["css=.error"] }]))
        .starting_at("/hang")
        .with(json!({ "step_timeout_ms": 2000 }))
        .fails(0, Timeout, "FS")
}

pub fn a_name_that_does_not_resolve() -> FlowCase {
    FlowCase::on(
        &[("/", "<h1>Home</h1>")],
        json!([
            { "action": "navigate", "content": "http://nowhere.invalid/" },
        ]),
    )
    .fails(1, Dns, "PF")
}

pub fn a_certificate_that_nobody_has_signed() -> FlowCase {
    FlowCase::on(
        &[("/", "<h1>Home</h1>")],
        json!([
            { "action": "navigate", "content": "$SECURE/" },
        ]),
    )
    .fails(1, Tls, "PF")
}

pub fn an_address_that_is_not_to_be_reached() -> FlowCase {
    FlowCase::on(
        &[("/", "<h1>Home</h1>")],
        json!([
            { "action": "navigate", "content": "http://10.0.0.1/" },
        ]),
    )
    .fails(1, BlockedAddress, "PF")
}

pub fn a_dialog_that_is_not_put_up_with() -> FlowCase {
    FlowCase::on(
        &[("/", "<button onclick='alert(\"out of order\")'>x</button>")],
        json!([
            { "action": "click", "selectors": ["css=button"] },
            { "action": "assert_visible", "selectors": ["css=button"] },
        ]),
    )
    .dialogs(DialogPolicy::Fail)
    .fails(1, ScriptDialog, "PFS")
    .says(1, "out of order")
}

pub fn a_field_that_forgets_what_is_typed() -> FlowCase {
    FlowCase::on(
        &[("/", "<input oninput='setTimeout(() => { this.value = \"\" }, 50)'>")],
        json!([
            { "action": "tapping", "selectors": ["css=input"], "content": "x" },
            { "action": "wait_time", "content": "300" },
            { "action": "assert_value", "selectors": ["css=input"], "content": "x",
              "timeout_ms": 700 },
        ]),
    )
    .fails(3, AssertionFailed, "PPPF")
}

pub fn a_box_that_refuses() -> FlowCase {
    FlowCase::on(
        &[("/", "<input type=checkbox onclick='return false'>")],
        json!([
            { "action": "check", "selectors": ["css=input"], "timeout_ms": 1000 },
        ]),
    )
    .fails(1, ElementNotInteractable, "PF")
}

pub fn a_frame_and_a_tab_that_are_not_there() -> FlowCase {
    FlowCase::on(
        &[("/", "<h1>Home</h1>")],
        json!([
            { "action": "switch_frame", "selectors": ["css=iframe"], "timeout_ms": 700,
              "on_failure": "continue" },
            { "action": "switch_tab", "content": "new", "timeout_ms": 700 },
        ]),
    )
    .fails(1, ElementNotFound, "PFF")
}

pub fn too_few_results() -> FlowCase {
    FlowCase::on(&[("/", "<ul><li>one<li>two</ul>")], json!([
        { "action": "assert_count", "selectors": ["css=li"], "content": ">=3", "timeout_ms": 1000,
          "on_failure": "continue" },
        { "action": "assert_count", "selectors": ["css=li"], "content": "2" },
        { "action": "assert_attribute", "selectors": ["css=ul"], "attribute": "class",
          "content": "full", "timeout_ms": 700 },
    ]))
    .fails(1, AssertionFailed, "PFPF")
}
