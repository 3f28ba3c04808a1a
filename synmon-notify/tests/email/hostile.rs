//! Text of users and sites that means harm.

use std::fmt::Write;

use synmon_core::{
    ChannelId,
    alert::Alert,
    notice::{AccountLetter, Digest, DigestEntry, FailedStep, Letter, NoticeBody, RunNotice},
};
use synmon_notify::email::{LetterKind, PreparedLetter, Recipient};

use crate::{
    smtp_sink::{ParsedMail, SmtpSink},
    support::{World, ada, deliver, failed_run, failed_step, failure, notice},
};

const HTML: &str = "<img src=x onerror=1>\"'><script>alert(1)</script>";
const CRLF: &str = "Log in\r\nBcc: eve@example.com\r\n\r\n<b>hi</b>";

async fn mail_of(world: World, notice: &synmon_core::notice::Notice) -> Option<ParsedMail> {
    let sink = SmtpSink::start()?;
    deliver(&world.smtp(&sink.url()), notice).await;
    let mut mails = sink.mails();
    assert_eq!(mails.len(), 1, "one mail is one message");
    mails.pop()
}

fn named(name: &str) -> World {
    let recipient = Some(Recipient { name: name.to_owned(), ..ada() });
    World { recipient, ..World::default() }
}

#[tokio::test]
async fn a_name_can_not_add_headers_or_recipients() {
    let world = named("Ada\r\nBcc: eve@example.com\n\nhi \u{202e}");
    let notice = failure(|run, step| {
        run.flow_name = CRLF.to_owned();
        step.page_title = Some(CRLF.to_owned());
    });
    let Some(mail) = mail_of(world, &notice).await else {
        return;
    };
    assert_eq!(mail.rcpt_tos, ["ada@example.com"]);
    assert_eq!(
        mail.header("Subject"),
        "Failed: Log in Bcc: eve@example.com <b>hi</b> (step 3 of 4)"
    );
    let raw = String::from_utf8_lossy(&mail.raw()).into_owned();
    let (head, _) = raw.split_once("\r\n\r\n").expect("a head and a body");
    assert!(!head.to_lowercase().contains("\nbcc:"), "{head}");
    assert!(mail.header("To").ends_with("<ada@example.com>"), "{}", mail.header("To"));
    assert_eq!(mail.headers.len(), 8, "{:?}", mail.headers);
}

#[tokio::test]
async fn html_is_text_wherever_it_stands() {
    let notice = failure(|run, step| {
        let html = || HTML.to_owned();
        (run.flow_name, run.trigger, run.browser, run.flow_url) = (html(), html(), html(), html());
        (step.action, step.code, step.message) = (html(), html(), html());
        for field in [
            &mut step.name,
            &mut step.selector_xpath,
            &mut step.expected,
            &mut step.found,
            &mut step.page_url,
            &mut step.page_title,
        ] {
            *field = Some(html());
        }
    });
    let world = named(HTML);
    let Some(mail) = mail_of(world, &notice).await else {
        return;
    };
    let html = mail.text_of("text/html");
    assert!(!html.contains("<img src=x") && !html.contains("<script"), "{html}");
    // Each of the 14 fields, and the flow's name in the title besides.
    assert_eq!(html.matches("&lt;img src=x").count(), 15);
    assert!(mail.text_of("text/plain").contains(HTML));
}

/// Each kind of notice with harm in all of its texts, and how often it shows one of them.
fn harmful() -> Vec<(NoticeBody, usize)> {
    let text = || format!("{HTML}{CRLF}");
    let run = failed_run();
    let digest = |alert| DigestEntry {
        alert,
        flow: run.flow,
        flow_name: text(),
        run: run.run,
        finished_at: run.finished_at,
        code: Some(text()),
        message: Some(text()),
    };
    let entries = [Alert::Failure, Alert::Reminder, Alert::Recovery].map(digest).to_vec();
    let step = FailedStep {
        name: Some(text()),
        action: text(),
        selector_xpath: Some(text()),
        code: text(),
        message: text(),
        expected: Some(text()),
        found: Some(text()),
        page_url: Some(text()),
        page_title: Some(text()),
        ..failed_step()
    };
    let verdict = |alert, failure| {
        let (flow_name, flow_url, trigger, browser) = (text(), text(), text(), text());
        NoticeBody::Run(RunNotice {
            alert,
            flow_name,
            flow_url,
            trigger,
            browser,
            failure,
            ..failed_run()
        })
    };
    let (flow, channel) = (run.flow, ChannelId::new(run.finished_at));
    let (flow_name, reason, run) = (text(), text(), run.run);
    let (channel_name, channel_kind) = (text(), text());
    // The name of a flow or channel is in the html's title, too.
    vec![
        (verdict(Alert::Failure, Some(step.clone())), 14),
        (verdict(Alert::Reminder, Some(step)), 14),
        (verdict(Alert::Recovery, None), 5),
        (NoticeBody::Digest(Digest { total: 4, entries }), 9),
        (NoticeBody::FlowPaused { flow, flow_name, run, reason }, 3),
        (NoticeBody::ChannelTest { channel_name: text() }, 2),
        (NoticeBody::ChannelDisabled { channel, channel_name, channel_kind, reason: text() }, 4),
    ]
}

#[tokio::test]
async fn no_kind_of_mail_takes_text_for_more_than_text() {
    let Some(sink) = SmtpSink::start() else {
        return;
    };
    let world = || World::default().smtp(&sink.url());
    let kinds = harmful();
    for (body, _) in &kinds {
        deliver(&world(), &notice(body.clone())).await;
    }
    let mails = sink.mails();
    assert_eq!(mails.len(), kinds.len(), "one mail is one message");
    for (mail, (body, shown)) in mails.iter().zip(kinds) {
        let event = body.event();
        let html = mail.text_of("text/html");
        assert!(!html.contains("<script") && !html.contains("<b>"), "{event}: {html}");
        assert!(!html.contains("<img src=x"), "{event}: {html}");
        assert_eq!(html.matches("&lt;img src=x").count(), shown, "{event}: {html}");
        assert_eq!(mail.headers.len(), 8, "{event}: {:?}", mail.headers);
        assert_eq!(mail.rcpt_tos, ["ada@example.com"], "{event}");
        let subject = mail.header("Subject");
        assert!(!subject.contains(['\r', '\n']) && subject.chars().count() <= 151, "{subject}");
        assert_eq!(mail.defects, [""; 0], "{event}");
    }
}

#[tokio::test]
async fn html_in_the_name_of_who_gets_a_letter_is_text() {
    let token = || "aGVsbG8_d29ybGQ-".to_owned().into();
    for (kind, shown) in [
        (LetterKind::Confirm { token: token() }, 0),
        (LetterKind::AlreadyRegistered, 1),
        (LetterKind::ResetPassword { token: token() }, 1),
    ] {
        let to = Recipient { name: format!("{HTML}{CRLF}"), ..ada() };
        let world = World { letter: Some(PreparedLetter { to, kind }), ..World::default() };
        let (letter, email) = (Letter::ForgotPassword, ada().email);
        let notice = notice(NoticeBody::Account(AccountLetter { letter, email }));
        let Some(mail) = mail_of(world, &notice).await else {
            return;
        };
        let html = mail.text_of("text/html");
        assert!(!html.contains("<img src=x") && !html.contains("<script"), "{html}");
        assert_eq!(html.matches("&lt;img src=x").count(), shown, "{html}");
        assert_eq!(mail.headers.len(), 8, "{:?}", mail.headers);
        assert_eq!(mail.rcpt_tos, ["ada@example.com"]);
    }
}

#[tokio::test]
async fn a_dot_or_a_bare_cr_does_not_end_the_mail() {
    let attack = "a\r\n.\r\nMAIL FROM:<eve@example.com>\n.\nb\rc\r.\rd";
    let notice = failure(|_, step| {
        step.message = attack.to_owned();
        step.found = Some(attack.to_owned());
        step.page_title = Some(attack.to_owned());
    });
    let Some(mail) = mail_of(World::default(), &notice).await else {
        return;
    };
    let text = mail.text_of("text/plain");
    assert!(text.contains("    a\n    .\n    MAIL FROM:<eve@example.com>\n    .\n    b\n    c\n"));
    assert!(text.trim_end().ends_with("https://mon.example/synmon"), "{text}");
    let raw = mail.raw();
    let bare = raw.windows(2).filter(|pair| pair[0] == b'\r' && pair[1] != b'\n').count();
    assert_eq!(bare, 0);
    assert!(raw.is_ascii());
}

#[tokio::test]
async fn long_and_invisible_text_is_cut() {
    let million = "x".repeat(1_000_000);
    let notice = failure(|run, step| {
        run.flow_name = format!("\u{1b}[31m\u{202e}{million}");
        step.message.clone_from(&million);
        step.page_title = Some(million.clone());
        step.page_url = Some(format!("https://example.com/{million}"));
        step.found = Some((0..100_000).fold(String::new(), |mut lines, number| {
            let _ = writeln!(lines, "line {number}");
            lines
        }));
    });
    let Some(mail) = mail_of(World::default(), &notice).await else {
        return;
    };
    let subject = mail.header("Subject");
    assert!(subject.starts_with("Failed: xxx") && subject.chars().count() <= 151, "{subject}");
    assert!(mail.raw().len() < 60_000, "{}", mail.raw().len());
    assert!(mail.raw().split(|&byte| byte == b'\n').all(|line| line.len() <= 998));
    assert!(!mail.text_of("text/plain").contains(['\u{1b}', '\u{202e}']));
}

#[tokio::test]
async fn text_of_all_scripts_survives() {
    let notice = failure(|run, _| run.flow_name = "Anmelden 日本 🙂 ünï עברית".to_owned());
    let Some(mail) = mail_of(World::default(), &notice).await else {
        return;
    };
    assert_eq!(mail.header("Subject"), "Failed: Anmelden 日本 🙂 ünï עברית (step 3 of 4)");
    assert!(mail.text_of("text/html").contains("Anmelden 日本 🙂 ünï עברית"));
}
