//! What follows what: failures that are gone past, clearing up, trying again, other flows.

use serde_json::json;
use std::time::Duration;
use synmon_core::run::ErrorCode::{
    AssertionFailed, ElementNotFound, ElementNotInteractable, Timeout,
};

use super::FlowCase;
use crate::Pages;

const HOME: Pages = &[("/", "<title>Home</title><h1>Home</h1>")];

pub fn a_failure_that_is_gone_past() -> FlowCase {
    FlowCase::on(HOME, json!([
        { "action": "assert_text", "content": "Away", "timeout_ms": 700, "on_failure": "continue" },
        { "action": "assert_text", "content": "Home" },
        { "action": "click", "selectors": ["css=#gone"], "timeout_ms": 700 },
        { "action": "assert_text", "content": "Home" },
    ]))
    .fails(1, AssertionFailed, "PFPFS")
}

pub fn clearing_up_after_a_failure() -> FlowCase {
    FlowCase::on(
        &[("/", "<title>Logged in</title><button onclick='document.title = \"Logged out\"'>Out</button>")],
        json!([
            { "action": "click", "selectors": ["css=#gone"], "timeout_ms": 700 },
            { "action": "assert_title", "content": "Logged in" },
            { "action": "click", "selectors": ["text=Out"], "always": true },
            { "action": "assert_title", "content": "Logged out", "always": true },
            { "action": "assert_title", "content": "Logged in" },
        ]),
    )
    .fails(1, ElementNotFound, "PFSPPS")
}

pub fn clearing_up_that_fails_too() -> FlowCase {
    FlowCase::on(
        HOME,
        json!([
            { "action": "assert_title", "content": "Away", "timeout_ms": 700 },
            { "action": "click", "selectors": ["text=Out"], "timeout_ms": 700, "always": true },
            { "action": "assert_title", "content": "Home", "always": true },
        ]),
    )
    .fails(1, AssertionFailed, "PFFP")
}

pub fn a_step_that_is_tried_again() -> FlowCase {
    FlowCase::on(
        &[(
            "/",
            "<title>Home</title><p>0</p><script>setTimeout(() => {
            document.querySelector('p').textContent = '1' }, 2500)</script>",
        )],
        json!([
            { "action": "assert_text", "selectors": ["css=p"], "content": "0", "match": "equals" },
            { "action": "assert_text", "selectors": ["css=h2"], "content": "1", "timeout_ms": 500,
              "retries": 2 },
        ]),
    )
    .fails(2, ElementNotFound, "PPF")
}

pub fn a_variable_that_was_never_kept() -> FlowCase {
    FlowCase::on(
        HOME,
        json!([
            { "action": "extract", "selectors": ["css=h2"], "variable": "number", "timeout_ms": 700,
              "on_failure": "continue" },
            { "action": "assert_text", "content": "{{ var.number }}" },
        ]),
    )
    .fails(1, ElementNotFound, "PFF")
}

pub fn a_selector_that_must_be_the_first() -> FlowCase {
    FlowCase::on(HOME, json!([
        { "action": "assert_visible", "selectors": ["css=#gone", "css=h1"], "timeout_ms": 1500 },
    ]))
    .with(json!({ "strict_selectors": true }))
    .fails(1, AssertionFailed, "PF")
}

pub fn a_run_that_takes_too_long() -> FlowCase {
    FlowCase::on(
        HOME,
        json!([
            { "action": "wait_visible", "selectors": ["css=#gone"], "timeout_ms": 60000 },
            { "action": "assert_title", "content": "Home" },
        ]),
    )
    .within(Duration::from_secs(5))
    .fails(1, Timeout, "PFS")
}

pub fn another_flows_steps() -> FlowCase {
    FlowCase::on(
        &[(
            "/",
            "<title>Log in</title><label>User <input></label><button>Go</button><script>
            document.querySelector('button').onclick = () =>
              document.title = 'Hello ' + document.querySelector('input').value</script>",
        )],
        json!([
            { "action": "assert_title", "content": "Log in" },
            { "action": "use_flow", "content": "$USED" },
            { "action": "assert_title", "content": "Hello Ada" },
        ]),
    )
    .using(json!([
        { "action": "tapping", "selectors": ["label=User"], "content": "Ada" },
        { "action": "click", "selectors": ["text=Go"] },
    ]))
}

pub fn another_flows_step_that_fails() -> FlowCase {
    FlowCase::on(
        HOME,
        json!([
            { "action": "use_flow", "content": "$USED" },
            { "action": "assert_title", "content": "Home", "always": true },
        ]),
    )
    .using(json!([
        { "action": "assert_title", "content": "Home" },
        { "action": "click", "selectors": ["css=h1:disabled"], "timeout_ms": 700 },
        { "action": "assert_title", "content": "Home" },
    ]))
    .fails(2, ElementNotFound, "PPFSP")
}

pub fn each_reason_is_told() -> FlowCase {
    FlowCase::on(
        &[(
            "/",
            "<style>@keyframes move { to { margin-left: 600px } }
             #moving { animation: move 1s linear infinite alternate }</style>
             <input id=fixed readonly value=x><select><option>a</select><p id=hidden hidden>x</p>
             <button id=moving>x</button>",
        )],
        json!([
            { "action": "tapping", "selectors": ["css=#fixed"], "content": "x", "timeout_ms": 700,
              "on_failure": "continue" },
            { "action": "select", "selectors": ["css=select"], "content": "b", "timeout_ms": 700,
              "on_failure": "continue" },
            { "action": "wait_visible", "selectors": ["css=#hidden"], "timeout_ms": 700,
              "on_failure": "continue" },
            { "action": "click", "selectors": ["css=#moving"], "timeout_ms": 700,
              "on_failure": "continue" },
            { "action": "tapping", "selectors": ["css=#hidden"], "content": "x", "timeout_ms": 700,
              "on_failure": "continue" },
        ]),
    )
    .fails(1, ElementNotInteractable, "PFFFFF")
}
