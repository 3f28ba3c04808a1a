//! Which flows are warned of, and of what.

use super::{Warning, WarningCode, lint};
use crate::{
    FlowId, Name, OwnerId, Timestamp,
    alert::AlertSettings,
    flow::{
        BrowserKind, DEFAULT_RUN_TIMEOUT, DialogPolicy, Flow, FlowSettings, FlowUrl, RawSettings,
    },
    schedule::Schedule,
    step::{RawStep, parse_steps},
};

const SEED: &str = include_str!("../../../synmon-testkit/fixtures/seed-steps.json");

fn flow(steps: &str) -> Flow {
    let now = Timestamp::from(chrono::DateTime::UNIX_EPOCH);
    let raw: Vec<RawStep> = serde_json::from_str(steps).unwrap();
    Flow {
        id: FlowId::new(now),
        owner: OwnerId::new(now),
        name: Name::parse("a flow").unwrap(),
        url: FlowUrl::parse("https://site.example/").unwrap(),
        browser: BrowserKind::Chrome,
        schedule: Schedule::parse("0 * * * *", "UTC").unwrap(),
        spread_limit: std::time::Duration::ZERO,
        active: false,
        alerts: AlertSettings::default(),
        channels: Vec::new(),
        dialogs: DialogPolicy::Dismiss,
        run_timeout: DEFAULT_RUN_TIMEOUT,
        settings: FlowSettings::default(),
        steps: parse_steps(&raw).unwrap(),
        next_run_at: None,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

/// The steps, numbered, each written without its number.
fn numbered(steps: &[&str]) -> String {
    let numbered =
        (1..).zip(steps).map(|(n, step): (u32, _)| format!(r#"{{"number":{n},{step}}}"#));
    format!("[{}]", numbered.collect::<Vec<_>>().join(","))
}

/// What is warned of: the code, the step and the field.
fn found(warnings: &[Warning]) -> Vec<(&'static str, Option<u32>, Option<&str>)> {
    warnings
        .iter()
        .map(|warning| {
            assert!(warning.message.len() > 20, "{warning:?}");
            (warning.code.as_str(), warning.step, warning.field.as_deref())
        })
        .collect()
}

fn of(steps: &[&str]) -> Vec<Warning> {
    lint(&flow(&numbered(steps)), &[])
}

const PROOF: &str = r#""action":"assert_text","content":"Thank you""#;

#[test]
fn the_flow_of_the_seed_counts_its_way_and_proves_nothing() {
    let xpath = |step| ("positional_xpath", Some(step), Some("selector_xpath"));
    let expected = [xpath(1), xpath(2), xpath(3), xpath(4), ("no_assertion", Some(4), None)];
    assert_eq!(found(&lint(&flow(SEED), &[])), expected);
}

#[test]
fn a_flow_that_proves_what_it_does_is_not_warned_of() {
    let steps = [
        r#""action":"click","selectors":["testid=send","text=Send"]"#,
        r#""action":"tapping","selector_xpath":"//input[@name='mail']","content":"user@example.com""#,
        PROOF,
        r#""action":"screenshot","full_page":true"#,
        r#""action":"click","selector_xpath":"//a[@id='log-out']","always":true"#,
    ];
    assert_eq!(of(&steps), []);
}

#[test]
fn what_is_waited_for_or_extracted_is_a_proof() {
    let click = r#""action":"click","selector_xpath":"//a""#;
    for proof in [
        r#""action":"wait_visible","selector_xpath":"//a""#,
        r#""action":"extract","content":"url","variable":"a""#,
        r#""action":"assert_no_console_errors""#,
    ] {
        assert_eq!(of(&[click, proof]), [], "{proof}");
        assert_eq!(found(&of(&[proof, click])), [("no_assertion", Some(2), None)], "{proof}");
    }
    let only_scenery = r#""action":"set_viewport","content":"390x844""#;
    assert_eq!(found(&of(&[only_scenery])), [("no_assertion", None, None)]);
    assert_eq!(found(&of(&[])), [("no_assertion", None, None)]);
}

#[test]
fn a_fixed_wait_is_warned_of() {
    let steps = [r#""action":"wait_time","content":"3000""#, PROOF];
    assert_eq!(found(&of(&steps)), [("fixed_wait", Some(1), Some("action"))]);
}

#[test]
fn secrets_that_stand_in_a_flow_are_warned_of() {
    let secret = |field| [("plain_secret", Some(1), Some(field))];
    for (step, field) in [
        (
            r#""action":"tapping","selector_xpath":"//input[@type='password']","content":"x""#,
            "content",
        ),
        (r#""action":"type","selectors":["label=Passwort"],"content":"x""#, "content"),
        (
            r#""action":"tapping","name":"The password","selector_xpath":"//input","content":"x""#,
            "content",
        ),
        (
            r#""action":"tapping","selector_xpath":"//input","content":"sk_live_4eC39HqLyjWDarj""#,
            "content",
        ),
        (r#""action":"set_header","content":"Authorization: Bearer x""#, "content"),
        (
            r#""action":"dialog","content":"accept","text":"ghp_16C7e42F292c6912E7710c838347Ae""#,
            "text",
        ),
    ] {
        assert_eq!(found(&of(&[step, PROOF])), secret(field), "{step}");
    }
    for step in [
        r#""action":"click","selector_xpath":"//a[text()='Forgot your password?']""#,
        r#""action":"set_header","content":"Authorization:""#,
        r#""action":"set_header","content":"X-Probe: 1""#,
    ] {
        assert_eq!(of(&[step, PROOF]), [], "{step}");
    }
    let extracted = [
        r#""action":"extract","content":"title","variable":"code""#,
        r#""action":"tapping","selectors":["label=Password"],"content":"{{ var.code }}""#,
        PROOF,
    ];
    assert_eq!(of(&extracted), []);
}

#[test]
fn what_the_settings_say_of_who_asks_is_warned_of() {
    let settings: RawSettings =
        serde_json::from_str(r#"{"headers":{"authorization":"Bearer x","X-Probe":"1"}}"#).unwrap();
    let flow = Flow { settings: settings.parse().unwrap(), ..flow(&numbered(&[PROOF])) };
    let expected = [("plain_secret", None, Some("settings.headers.authorization"))];
    assert_eq!(found(&lint(&flow, &[])), expected);
}

#[test]
fn a_secret_in_a_header_is_warned_of() {
    let settings =
        r#"{"headers":{"Authorization":"Bearer {{ secret.KEY }}","X-Probe":"{{ now }}"}}"#;
    let settings: RawSettings = serde_json::from_str(settings).unwrap();
    let flow = Flow { settings: settings.parse().unwrap(), ..flow(&numbered(&[PROOF])) };
    let expected = [("secret_header", None, Some("settings.headers.Authorization"))];
    assert_eq!(found(&lint(&flow, &[])), expected);
    let step = r#""action":"set_header","content":"X-Key: {{ secret.KEY }}""#;
    assert_eq!(found(&of(&[step, PROOF])), [("secret_header", Some(1), Some("content"))]);
}

#[test]
fn an_act_that_may_fail_unnoticed_is_warned_of_where_others_follow() {
    let may_fail = r#""action":"click","selector_xpath":"//a","on_failure":"continue""#;
    let expected = [("after_continue", Some(1), Some("on_failure"))];
    assert_eq!(found(&of(&[may_fail, PROOF])), expected);
    let soft = r#""action":"assert_title","content":"x","on_failure":"continue""#;
    assert_eq!(of(&[soft, PROOF]), []);
    let clears_up = r#""action":"reload","always":true"#;
    assert_eq!(found(&of(&[may_fail, clears_up])), [("no_assertion", Some(1), None)]);
}

#[test]
fn a_flow_that_is_used_counts_with_its_steps_and_must_be_there() {
    let proves = flow(&numbered(&[PROOF]));
    let acts = flow(&numbered(&[r#""action":"reload""#]));
    let uses = |flow: &Flow| format!(r#""action":"use_flow","content":"{}""#, flow.id);
    let click = r#""action":"click","selector_xpath":"//a""#;
    let linted = |of: &Flow, there: &[Flow]| lint(&flow(&numbered(&[click, &uses(of)])), there);
    assert_eq!(linted(&proves, std::slice::from_ref(&proves)), []);
    let warnings = linted(&acts, std::slice::from_ref(&acts));
    assert_eq!(found(&warnings), [("no_assertion", Some(2), None)]);
    let expected =
        [("used_flow_missing", Some(2), Some("content")), ("no_assertion", Some(1), None)];
    assert_eq!(found(&linted(&proves, std::slice::from_ref(&acts))), expected);
    let nested = flow(&numbered(&[&uses(&proves), PROOF]));
    let expected = [("used_flow_nested", Some(2), Some("content"))];
    assert_eq!(found(&linted(&nested, std::slice::from_ref(&nested))), expected);
}

#[test]
fn every_warning_is_explained() {
    for code in WarningCode::ALL {
        assert!(code.meaning().ends_with('.'), "{code}");
    }
}
