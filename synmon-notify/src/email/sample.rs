//! Sample mails, so that a template that can't work is found at the start and not in an alarm.

use std::time::Duration;

use synmon_core::{
    ChannelId, FlowId, RunId, Timestamp,
    alert::Alert,
    browser::MediaType,
    notice::{Digest, DigestEntry, FailedStep, RunNotice},
};

use super::{
    addresses::LetterKind,
    errors::TemplateError,
    link::Links,
    picture::Picture,
    templates::{Rendered, Templates},
    view::View,
};

/// Renders all kinds of mails, each with everything in it and with as little as possible.
pub(super) fn check(templates: &Templates, links: &Links) -> Result<(), TemplateError> {
    for (_, view) in views(links) {
        let rendered = view.render(templates)?;
        keeps_link(&view, &rendered)?;
    }
    Ok(())
}

/// One view for each way through the templates.
pub(super) fn views(links: &Links) -> Vec<(&'static str, View)> {
    let at = Timestamp::from_micros(1_753_000_000_000_000);
    let ready = Picture::Ready { bytes: b"sample".as_slice().into(), media_type: MediaType::Png };
    let missing = Picture::Missing { why: "it is no longer kept" };
    let of = |notice: &RunNotice, picture: &Picture| {
        View::run(links, "Ada", notice, (picture, "picture@localhost"))
    };
    let once = |alert, failure| notice(alert, failure, at);
    let long = |alert, failure| RunNotice {
        failures_in_row: 12,
        failing_since: Some(at.before(Duration::from_mins(125))),
        ..notice(alert, failure, at)
    };
    let pause = ("Log in", "No browser could be started five times in a row.", RunId::new(at));
    let gone = "the receiver wants no more webhooks (it answered 410)";
    let disabled = (ChannelId::new(at), "Ops", "webhook", gone);
    let token = || "sample-token".to_owned().into();
    let letter = |kind| View::letter(links, "Ada", &kind);
    vec![
        ("failed, all", of(&long(Alert::Failure, Some(full())), &ready)),
        ("failed, picture missing", of(&once(Alert::Failure, Some(full())), &missing)),
        ("failed, opening", of(&once(Alert::Failure, Some(bare())), &Picture::None)),
        ("failed, no step", of(&once(Alert::Failure, None), &Picture::None)),
        ("still failing, all", of(&long(Alert::Reminder, Some(full())), &ready)),
        ("still failing, no step", of(&once(Alert::Reminder, None), &Picture::None)),
        ("recovered, all", of(&long(Alert::Recovery, None), &Picture::None)),
        ("recovered", of(&once(Alert::Recovery, None), &Picture::None)),
        ("digest", View::digest(links, "Ada", &digest(500, at))),
        ("digest of one", View::digest(links, "", &digest(1, at))),
        ("digest of none", View::digest(links, "", &Digest { total: 0, entries: Vec::new() })),
        ("paused", View::paused(links, "", pause, at)),
        ("channel test", View::test(links, "", "Ops", at)),
        ("channel disabled", View::disabled(links, "Ada", disabled, at)),
        ("confirm", letter(LetterKind::Confirm { token: token() })),
        (
            "confirm channel",
            letter(LetterKind::ConfirmChannel { token: token(), channel_name: "Ops".to_owned() }),
        ),
        (
            "confirm channel, no name",
            letter(LetterKind::ConfirmChannel { token: token(), channel_name: "..".to_owned() }),
        ),
        ("already registered", letter(LetterKind::AlreadyRegistered)),
        ("reset", letter(LetterKind::ResetPassword { token: token() })),
        ("change of the address", letter(LetterKind::ChangeEmail { token: token() })),
        ("address is changing", letter(LetterKind::EmailChanging)),
        ("password has changed", letter(LetterKind::PasswordChanged)),
    ]
}

fn keeps_link(view: &View, rendered: &Rendered) -> Result<(), TemplateError> {
    let kind = view.kind();
    if !kind.lives_of_its_link() {
        return Ok(());
    }
    for (file, text) in [("body.txt", &rendered.text), ("body.html", &rendered.html)] {
        if !text.contains(view.link()) {
            return Err(TemplateError::LinkLost(kind.template(file)));
        }
    }
    Ok(())
}

fn notice(alert: Alert, failure: Option<FailedStep>, at: Timestamp) -> RunNotice {
    RunNotice {
        alert,
        flow: FlowId::new(at),
        flow_name: "Log in".to_owned(),
        run: RunId::new(at),
        trigger: "schedule".to_owned(),
        browser: "chrome".to_owned(),
        flow_url: "https://example.com/login".to_owned(),
        finished_at: at,
        failures_in_row: 1,
        failing_since: None,
        failure,
    }
}

fn digest(total: u32, at: Timestamp) -> Digest {
    let entry = |alert, failure: Option<FailedStep>| DigestEntry {
        alert,
        flow: FlowId::new(at),
        flow_name: "Log in".to_owned(),
        run: RunId::new(at),
        finished_at: at,
        code: failure.as_ref().map(|step| step.code.clone()),
        message: failure.map(|step| step.message),
    };
    let mut entries = vec![
        entry(Alert::Failure, Some(full())),
        entry(Alert::Reminder, Some(bare())),
        entry(Alert::Recovery, None),
    ];
    entries.truncate(usize::try_from(total).unwrap_or(usize::MAX));
    Digest { total, entries }
}

fn full() -> FailedStep {
    FailedStep {
        number: 3,
        of: 4,
        name: Some("The greeting is there".to_owned()),
        action: "assert_text".to_owned(),
        selector_xpath: Some("//h1".to_owned()),
        code: "text_differs".to_owned(),
        message: "The element's text is not the expected one.".to_owned(),
        expected: Some("Welcome back".to_owned()),
        found: Some("Something went wrong".to_owned()),
        page_url: Some("https://example.com/home".to_owned()),
        page_title: Some("Example".to_owned()),
        screenshot: None,
    }
}

fn bare() -> FailedStep {
    FailedStep {
        number: 0,
        of: 4,
        name: None,
        action: "open".to_owned(),
        selector_xpath: None,
        code: "unreachable".to_owned(),
        message: "The page could not be opened.".to_owned(),
        expected: None,
        found: None,
        page_url: None,
        page_title: None,
        screenshot: None,
    }
}
