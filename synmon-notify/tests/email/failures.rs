//! Servers that do not take the mail, and what is to happen next.

use std::time::Duration;

use synmon_core::{
    channel::Destination,
    notice::{DeliveryError, Notice, NoticeBody, Notifier},
};
use synmon_notify::email::{EmailNotifier, Recipient};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::{
    smtp_sink::{SinkOptions, SinkTls, SmtpSink},
    support::{World, ada, deliver, failed_run, notice},
};

/// Shorter than usual, so that a test for the deadline is over soon.
const SOON: Duration = Duration::from_millis(300);

fn alarm() -> Notice {
    notice(NoticeBody::Run(failed_run()))
}

async fn retries(notifier: &EmailNotifier) -> String {
    match notifier.deliver(&alarm(), &Destination::Owner).await {
        Err(DeliveryError::Retry { cause, after: None }) => cause.to_string(),
        other => panic!("it must be tried again, but: {other:?}"),
    }
}

async fn gives_up(notifier: &EmailNotifier) -> String {
    match notifier.deliver(&alarm(), &Destination::Owner).await {
        Err(DeliveryError::GiveUp(error)) => error.to_string(),
        other => panic!("it must be given up, but: {other:?}"),
    }
}

#[tokio::test]
async fn what_the_server_refuses_for_now_is_tried_again() {
    let busy = Some("451 4.7.1 greylisted, come back later");
    for options in [
        SinkOptions { rcpt: busy, ..SinkOptions::default() },
        SinkOptions { data: busy, ..SinkOptions::default() },
    ] {
        let Some(sink) = SmtpSink::start_with(&options) else {
            return;
        };
        let error = retries(&World::default().smtp(&sink.url())).await;
        assert!(error.contains("greylisted"), "{error}");
    }
}

#[tokio::test]
async fn what_the_server_refuses_for_good_is_given_up_and_names_no_address() {
    let unknown = Some("550 5.1.1 <ada@example.com>: no such user");
    for options in [
        SinkOptions { rcpt: unknown, ..SinkOptions::default() },
        SinkOptions { data: unknown, ..SinkOptions::default() },
    ] {
        let Some(sink) = SmtpSink::start_with(&options) else {
            return;
        };
        let error = gives_up(&World::default().smtp(&sink.url())).await;
        assert!(error.contains("no such user") && !error.contains("ada@"), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_asks_for_a_login_is_no_reason_to_lose_an_alarm() {
    let options = SinkOptions { login: Some("synmon:p@ss/word"), ..SinkOptions::default() };
    let Some(sink) = SmtpSink::start_with(&options) else {
        return;
    };
    let at = |login: &str| format!("smtp://{login}127.0.0.1:{}", sink.port());
    let error = retries(&World::default().smtp(&at(""))).await;
    assert!(error.contains("530"), "{error}");
    let error = retries(&World::default().smtp(&at("synmon:wrong@"))).await;
    assert!(error.contains("535"), "{error}");
    assert_eq!(sink.mails().len(), 0);
    deliver(&World::default().smtp(&at("synmon:p%40ss%2Fword@")), &alarm()).await;
    assert_eq!(sink.mails().len(), 1);
}

#[tokio::test]
async fn nothing_is_sent_where_tls_is_required_and_not_offered() {
    let Some(sink) = SmtpSink::start() else {
        return;
    };
    let url = format!("{}?tls=required", sink.url());
    retries(&World::default().smtp(&url)).await;
    assert_eq!(sink.mails().len(), 0);
    let url = format!("{}?tls=opportunistic", sink.url());
    deliver(&World::default().smtp(&url), &alarm()).await;
    assert_eq!(sink.mails().len(), 1);
}

#[tokio::test]
async fn nothing_is_sent_to_a_server_whose_certificate_nobody_trusts() {
    for (tls, scheme, query) in [
        (SinkTls::Implicit, "smtps", ""),
        (SinkTls::StartTls, "smtp", "?tls=required"),
        (SinkTls::StartTls, "smtp", "?tls=opportunistic"),
    ] {
        let Some(sink) = SmtpSink::start_with(&SinkOptions { tls, ..SinkOptions::default() })
        else {
            return;
        };
        let url = format!("{scheme}://127.0.0.1:{}{query}", sink.port());
        let error = retries(&World::default().smtp(&url)).await;
        assert!(error.contains("certificate"), "{url}: {error}");
        assert_eq!(sink.mails().len(), 0);
    }
}

#[tokio::test]
async fn a_server_that_is_down_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    retries(&World::default().smtp(&format!("smtp://127.0.0.1:{port}"))).await;
}

#[tokio::test]
async fn a_server_that_never_speaks_is_left_at_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    for scheme in ["smtp", "smtps"] {
        let world = World { deadline: SOON, ..World::default() };
        let notifier = world.smtp(&format!("{scheme}://127.0.0.1:{port}"));
        let attempt = tokio::spawn(async move { retries(&notifier).await });
        let (mut hanging, _) = listener.accept().await.expect("a connection");
        let error = attempt.await.expect("no panic");
        assert!(error.contains("within 0.3 s"), "{error}");
        // The connection is closed, not left to somebody in the background.
        let mut rest = Vec::new();
        let closed = tokio::time::timeout(Duration::from_secs(5), hanging.read_to_end(&mut rest));
        assert!(closed.await.is_ok(), "the connection stays open");
    }
}

#[tokio::test]
async fn a_server_that_says_a_letter_at_a_time_is_left_at_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let notifier =
        World { deadline: SOON, ..World::default() }.smtp(&format!("smtp://127.0.0.1:{port}"));
    let attempt = tokio::spawn(async move { retries(&notifier).await });
    let (mut slow, _) = listener.accept().await.expect("a connection");
    let mut pace = tokio::time::interval(Duration::from_millis(20));
    let talk = async {
        while slow.write_all(b"2").await.is_ok() {
            pace.tick().await;
        }
    };
    let hung_up = tokio::time::timeout(Duration::from_secs(5), talk).await;
    assert!(hung_up.is_ok(), "it is still listened to");
    let error = attempt.await.expect("no panic");
    assert!(error.contains("within 0.3 s"), "{error}");
}

#[tokio::test]
async fn servers_that_hang_do_not_hold_up_other_mails() {
    let Some(sink) = SmtpSink::start() else {
        return;
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let hung = World::default().smtp(&format!("smtp://127.0.0.1:{port}"));
    let hung = std::sync::Arc::new(hung);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let hung = std::sync::Arc::clone(&hung);
        tasks.spawn(async move { retries(&hung).await });
    }
    let (_first, _) = listener.accept().await.expect("a connection");
    deliver(&World::default().smtp(&sink.url()), &alarm()).await;
    assert_eq!(tasks.len(), 10);
    assert!(tasks.try_join_next().is_none(), "they hang still");
}

#[tokio::test]
async fn an_account_that_can_not_be_looked_up_is_tried_again() {
    let world = World { accounts_down: true, ..World::default() };
    let error = retries(&world.smtp("smtp://127.0.0.1:1")).await;
    assert!(error.contains("the database is down"), "{error}");
}

#[tokio::test]
async fn an_address_that_is_none_is_given_up_before_anything_is_sent() {
    for email in ["ada", "ada@example.com\r\nRCPT TO:<eve@example.com>", "a@b.c, d@e.f"] {
        let recipient = Some(Recipient { email: email.to_owned(), ..ada() });
        let world = World { recipient, ..World::default() };
        let error = gives_up(&world.smtp("smtp://127.0.0.1:1")).await;
        assert!(error.contains("not an e-mail address"), "{error}");
    }
}

#[tokio::test]
async fn an_address_that_the_server_can_not_write_is_given_up() {
    // aiosmtpd offers SMTPUTF8 only when it is told to.
    let Some(sink) = SmtpSink::start() else {
        return;
    };
    let recipient = Some(Recipient { email: "äda@example.com".to_owned(), ..ada() });
    let error = gives_up(&World { recipient, ..World::default() }.smtp(&sink.url())).await;
    assert!(error.contains("SMTPUTF8"), "{error}");
    let recipient = Some(Recipient { email: "ada@bücher.example".to_owned(), ..ada() });
    deliver(&World { recipient, ..World::default() }.smtp(&sink.url()), &alarm()).await;
    assert_eq!(sink.mails()[0].rcpt_tos, ["ada@xn--bcher-kva.example"]);
}
