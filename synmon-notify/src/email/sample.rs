//! Sample mails, so that a template that can't work is found at the start and not in an alarm.

use synmon_core::{
    FlowId, RunId, Timestamp,
    alert::Alert,
    browser::MediaType,
    notice::{FailedStep, RunNotice},
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
    let run = RunId::new(at);
    let ready = Picture::Ready { bytes: b"sample".as_slice().into(), media_type: MediaType::Png };
    let missing = Picture::Missing { why: "it is no longer kept" };
    let of = |alert, failure, picture: &Picture| {
        View::run(links, "Ada", &notice(alert, failure, at), (picture, "picture@localhost"))
    };
    let pause = ("Log in", "No browser could be started five times in a row.", run);
    let token = || "sample-token".to_owned().into();
    let account = |kind| View::account(links, "Ada", &kind);
    vec![
        ("failed, all", of(Alert::Failure, Some(full()), &ready)),
        ("failed, picture missing", of(Alert::Failure, Some(full()), &missing)),
        ("failed, opening", of(Alert::Failure, Some(bare()), &Picture::None)),
        ("failed, no step", of(Alert::Failure, None, &Picture::None)),
        ("recovered", of(Alert::Recovery, None, &Picture::None)),
        ("paused", View::paused(links, "", pause, at)),
        ("confirm", account(LetterKind::Confirm { token: token() })),
        ("already registered", account(LetterKind::AlreadyRegistered)),
        ("reset", account(LetterKind::ResetPassword { token: token() })),
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
        failure,
    }
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
