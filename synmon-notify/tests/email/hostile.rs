//! Text of users and sites that means harm.

use std::fmt::Write;

use synmon_core::notice::NoticeBody;
use synmon_notify::email::Recipient;

use crate::{
    smtp_sink::{ParsedMail, SmtpSink},
    support::{World, ada, deliver, failed_run, failure, notice},
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

#[tokio::test]
async fn html_in_a_reason_for_a_pause_is_text() {
    let run = failed_run();
    let (flow, run) = (run.flow, run.run);
    let (flow_name, reason) = (HTML.to_owned(), HTML.to_owned());
    let paused = notice(NoticeBody::FlowPaused { flow, flow_name, run, reason });
    let Some(mail) = mail_of(World::default(), &paused).await else {
        return;
    };
    let html = mail.text_of("text/html");
    assert!(!html.contains("<img") && html.contains("&lt;img src=x"), "{html}");
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
