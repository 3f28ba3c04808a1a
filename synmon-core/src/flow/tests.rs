//! Flows: what is accepted, and what stores keep of them.

use std::time::Duration;

use proptest::prelude::*;

use super::{
    BrowserKind, DialogPolicy, Flow, FlowSettings, FlowSnapshot, FlowUrl, FlowUrlError,
    MAX_URL_CHARS, NewFlow,
};
use crate::{
    FlowId, Name, NameError, NoticeId, OwnerId, RunId, Timestamp,
    alert::{Alert, AlertPolicy, AlertSettings},
    notice::{AccountLetter, FailedStep, Letter, NoticeBody, RunNotice},
    step::{RawStep, parse_steps},
};

/// What a run is to do, in the form that stores keep: a promise to every database there is.
const SNAPSHOT: &str = r#"{"name":"Größe","url":"https://site.example/","browser":"firefox","alert_policy":"on_change","dialogs":"fail","run_timeout_ms":60000,"steps":[{"number":1,"action":"click","selector_xpath":"//a"}]}"#;

/// The same with all that is stored by now.
const FULL_SNAPSHOT: &str = r#"{"name":"Größe","url":"https://site.example/","browser":"firefox","alert_policy":"on_change","alerts":{"policy":"on_change","after":3,"confirm_retries":2,"recovery":false,"remind_minutes":90,"maintenance":[{"scheduling":"0 2 * * 0","minutes":90,"timezone":"Asia/Tokyo"}]},"dialogs":"fail","run_timeout_ms":60000,"steps":[{"number":1,"action":"click","selector_xpath":"//a"}]}"#;

/// The bodies of notices as the first release stored them, likewise.
const NOTICES: [&str; 4] = [
    r#"{"kind":"run","alert":"failure","flow":"019b8e75-2300-7341-9c20-21d159a4eded","flow_name":"Größe","run":"019b8e75-2300-7341-9c20-247c567af5a8","trigger":"schedule","browser":"chrome 140","flow_url":"https://site.example/","finished_at":"2026-01-05T12:00:00.000001Z","failure":{"number":1,"of":2,"name":null,"action":"click","selector_xpath":"//a","code":"element_not_found","message":"no element matches: //a","expected":null,"found":null,"page_url":"https://site.example/","page_title":"Home","screenshot":"a/b/c/1-1.png"}}"#,
    r#"{"kind":"run","alert":"recovery","flow":"019b8e75-2300-7341-9c20-21d159a4eded","flow_name":"Größe","run":"019b8e75-2300-7341-9c20-247c567af5a8","trigger":"manual","browser":"chrome 140","flow_url":"https://site.example/","finished_at":"2026-01-05T12:00:00Z","failure":null}"#,
    r#"{"kind":"flow_paused","flow":"019b8e75-2300-7341-9c20-21d159a4eded","flow_name":"Größe","run":"019b8e75-2300-7341-9c20-247c567af5a8","reason":"the worker was lost 3 times"}"#,
    r#"{"kind":"account","letter":"forgot_password","email":"ada@site.example"}"#,
];

fn noon() -> Timestamp {
    Timestamp::from_micros(1_767_614_400_000_000)
}

#[test]
fn a_stored_snapshot_is_read_and_written_as_ever() {
    let snapshot: FlowSnapshot = serde_json::from_str(SNAPSHOT).unwrap();
    let expected = FlowSnapshot {
        name: "Größe".to_owned(),
        url: FlowUrl::parse("https://site.example/").unwrap(),
        browser: BrowserKind::Firefox,
        alerts: AlertSettings { policy: AlertPolicy::OnChange, ..AlertSettings::default() },
        dialogs: DialogPolicy::Fail,
        run_timeout: Duration::from_mins(1),
        settings: FlowSettings::default(),
        steps: parse_steps(&[RawStep {
            number: 1,
            action: "click".to_owned(),
            selector_xpath: Some("//a".to_owned()),
            ..RawStep::default()
        }])
        .unwrap(),
    };
    assert_eq!(snapshot, expected);
    let full: FlowSnapshot = serde_json::from_str(FULL_SNAPSHOT).unwrap();
    assert_eq!((full.alerts.after, full.alerts.maintenance.len()), (3, 1));
    assert_eq!(FlowSnapshot { alerts: expected.alerts.clone(), ..full.clone() }, expected);
    assert_eq!(serde_json::to_string(&full).unwrap(), FULL_SNAPSHOT);
}

#[test]
fn a_snapshot_that_nobody_could_have_stored_is_refused() {
    for (good, bad) in [
        ("https://", "file://"),
        ("firefox", "lynx"),
        ("on_change", "never"),
        (r#""number":1"#, r#""number":2"#),
        ("60000", "-1"),
    ] {
        let json = SNAPSHOT.replace(good, bad);
        assert!(serde_json::from_str::<FlowSnapshot>(&json).is_err(), "{json}");
    }
}

#[test]
fn a_stored_notice_is_read_and_written_as_ever() {
    let (flow, run): (FlowId, RunId) = (
        "019b8e75-2300-7341-9c20-21d159a4eded".parse().unwrap(),
        "019b8e75-2300-7341-9c20-247c567af5a8".parse().unwrap(),
    );
    let failure = FailedStep {
        number: 1,
        of: 2,
        name: None,
        action: "click".to_owned(),
        selector_xpath: Some("//a".to_owned()),
        code: "element_not_found".to_owned(),
        message: "no element matches: //a".to_owned(),
        expected: None,
        found: None,
        page_url: Some("https://site.example/".to_owned()),
        page_title: Some("Home".to_owned()),
        screenshot: Some("a/b/c/1-1.png".to_owned()),
    };
    let failed = RunNotice {
        alert: Alert::Failure,
        flow,
        flow_name: "Größe".to_owned(),
        run,
        trigger: "schedule".to_owned(),
        browser: "chrome 140".to_owned(),
        flow_url: "https://site.example/".to_owned(),
        finished_at: noon() + Duration::from_micros(1),
        failures_in_row: 0,
        failing_since: None,
        failure: Some(failure),
    };
    let recovered = RunNotice {
        alert: Alert::Recovery,
        trigger: "manual".to_owned(),
        finished_at: noon(),
        failure: None,
        ..failed.clone()
    };
    let paused = NoticeBody::FlowPaused {
        flow,
        flow_name: "Größe".to_owned(),
        run,
        reason: "the worker was lost 3 times".to_owned(),
    };
    let letter =
        AccountLetter { letter: Letter::ForgotPassword, email: "ada@site.example".to_owned() };
    let bodies =
        [NoticeBody::Run(failed), NoticeBody::Run(recovered), paused, NoticeBody::Account(letter)];
    for (json, body) in NOTICES.into_iter().zip(bodies) {
        assert_eq!(serde_json::from_str::<NoticeBody>(json).unwrap(), body);
        // What was added since is not in it.
        let full = serde_json::to_string(&body).unwrap();
        assert_eq!(full.replace(r#""failures_in_row":0,"failing_since":null,"#, ""), json);
        assert_eq!(serde_json::from_str::<NoticeBody>(&full).unwrap(), body);
    }
}

#[test]
fn the_notices_that_came_later_are_read_and_written_as_ever() {
    for json in [
        r#"{"kind":"digest","total":2,"entries":[{"alert":"reminder","flow":"019b8e75-2300-7341-9c20-21d159a4eded","flow_name":"Größe","run":"019b8e75-2300-7341-9c20-247c567af5a8","finished_at":"2026-01-05T12:00:00Z","code":"dns","message":"no address"}]}"#,
        r#"{"kind":"channel_test","channel_name":"Größe"}"#,
        r#"{"kind":"confirm_channel","channel_name":"Größe"}"#,
        r#"{"kind":"channel_disabled","channel":"019b8e75-2300-7341-9c20-21d159a4eded","channel_name":"Größe","channel_kind":"webhook","reason":"it answered 410"}"#,
    ] {
        let body: NoticeBody = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&body).unwrap(), json);
    }
}

#[test]
fn an_address_is_refused_for_what_is_wrong_with_it() {
    let parse = |text: &str| FlowUrl::parse(text).unwrap_err();
    assert!(matches!(parse("site.example"), FlowUrlError::NotAnAddress(_)));
    assert!(matches!(parse(""), FlowUrlError::NotAnAddress(_)));
    for text in
        ["file:///etc/passwd", "javascript:1", "view-source:http://x", "data:,x", "ftp://a/"]
    {
        assert!(matches!(parse(text), FlowUrlError::Scheme(_)), "{text}");
    }
    assert_eq!(parse("http://user@site.example/"), FlowUrlError::Credentials);
    assert_eq!(parse("http://:secret@site.example/"), FlowUrlError::Credentials);
    let long = format!("http://site.example/{}", "x".repeat(MAX_URL_CHARS));
    assert!(matches!(parse(&long), FlowUrlError::TooLong(_)));
}

#[test]
fn an_address_that_grows_too_long_by_its_escapes_is_refused() {
    let fits = |count| FlowUrl::parse(&format!("http://site.example/{}", "ä".repeat(count)));
    assert_eq!(fits(338).unwrap().as_str().len(), 20 + 338 * 6);
    assert!(matches!(fits(339), Err(FlowUrlError::TooLong(_))));
}

#[test]
fn a_name_is_one_line_of_up_to_200_characters() {
    assert_eq!(Name::parse(" \t\n"), Err(NameError::Empty));
    assert_eq!(Name::parse("a\nb"), Err(NameError::SeveralLines));
    for text in ["a\0b", "a\rb", "a\u{7f}b"] {
        assert!(matches!(Name::parse(text), Err(NameError::Text(_))), "{text:?}");
    }
    assert!(Name::parse(&"ß".repeat(201)).is_err());
    assert_eq!(
        Name::parse(&format!(" {}\n", "🦀".repeat(200))).unwrap().as_str().chars().count(),
        200
    );
}

fn a_flow(spread: u64) -> Flow {
    let new = NewFlow {
        name: "a flow".to_owned(),
        url: "http://site.example/".to_owned(),
        browser: "chrome".to_owned(),
        scheduling: "*/7 * * * *".to_owned(),
        ..NewFlow::default()
    };
    let flow = new.into_flow(OwnerId::new(noon()), Duration::from_mins(1), noon()).unwrap();
    Flow { spread_limit: Duration::from_secs(spread), ..flow }
}

#[test]
fn ids_sort_as_they_were_made_and_differ() {
    let ids: Vec<NoticeId> = (0..10_000).map(|_| NoticeId::new(noon())).collect();
    assert!(ids.is_sorted_by(|a, b| a < b));
}

proptest! {
    #[test]
    fn whatever_address_is_accepted_can_be_read_again(text in "https?://[a-zäß0-9.]{1,20}/\\PC{0,300}") {
        if let Ok(url) = FlowUrl::parse(&text) {
            prop_assert_eq!(FlowUrl::parse(url.as_str()), Ok(url));
        }
    }

    #[test]
    fn whatever_name_is_accepted_can_be_read_again(text in any::<String>()) {
        if let Ok(name) = Name::parse(&text) {
            prop_assert_eq!(Name::parse(name.as_str()), Ok(name));
        }
    }

    #[test]
    fn a_flow_is_due_strictly_later_and_never_passes_over_a_slot(spread in 0_u64..=300, after in 0_u64..1_000_000) {
        let flow = a_flow(spread);
        let now = noon() + Duration::from_secs(after);
        let due = flow.due_after(now).unwrap();
        prop_assert!(due > now);
        prop_assert!(flow.spread() <= flow.spread_limit);
        let slot = due.before(flow.spread());
        prop_assert_eq!(flow.schedule.next_after(slot.before(Duration::from_micros(1)).datetime()), Some(slot.datetime()));
        prop_assert_eq!(flow.due_after(due.before(Duration::from_micros(1))), Some(due));
    }
}
