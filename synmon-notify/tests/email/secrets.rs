//! What logs may hold.

use std::{
    io,
    sync::{Arc, Mutex},
};

use synmon_core::{
    channel::Destination,
    notice::{AccountLetter, DeliveryError, Letter, Notice, NoticeBody, Notifier},
};
use synmon_notify::email::{LetterKind, PreparedLetter};
use tracing::{Level, subscriber::DefaultGuard};

use crate::{
    smtp_sink::{SinkOptions, SmtpSink},
    support::{World, ada, deliver, notice},
};

/// Everything that is logged on this thread, down to TRACE.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn record() -> (Self, DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(Level::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no panic").clone()).expect("UTF-8")
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn reset() -> (World, Notice) {
    let kind = LetterKind::ResetPassword { token: "canary-token".to_owned().into() };
    let world = World { letter: Some(PreparedLetter { to: ada(), kind }), ..World::default() };
    let (letter, email) = (Letter::ForgotPassword, ada().email);
    (world, notice(NoticeBody::Account(AccountLetter { letter, email })))
}

#[tokio::test]
async fn sending_logs_neither_token_nor_password_nor_address() {
    for answer in [None, Some("550 5.1.1 no <ada@example.com>"), Some("451 not now")] {
        let login = Some("synmon:canary-password");
        let options = SinkOptions { login, rcpt: answer, ..SinkOptions::default() };
        let Some(sink) = SmtpSink::start_with(&options) else {
            return;
        };
        let (log, guard) = Log::record();
        tracing::debug!("the log works");
        let (world, notice) = reset();
        let url = format!("smtp://synmon:canary-password@127.0.0.1:{}", sink.port());
        let delivery = world.smtp(&url).deliver(&notice, &Destination::Owner).await;
        drop(guard);
        assert_eq!(delivery.is_ok(), answer.is_none(), "{delivery:?}");
        let text = format!("{}{delivery:?}", log.text());
        assert!(text.contains("the log works"));
        // The password is in the dialogue as the base64 of "\0synmon\0canary-password".
        for secret in ["canary", "AHN5bm1vbgBjYW5hcnk", "ada@"] {
            assert!(!text.contains(secret), "{secret} in\n{text}");
        }
    }
}

#[tokio::test]
async fn a_mail_into_a_folder_logs_its_link() {
    let folder = tempfile::tempdir().expect("a folder");
    let (log, guard) = Log::record();
    let (world, notice) = reset();
    deliver(&world.folder(folder.path()), &notice).await;
    drop(guard);
    let link = "https://mon.example/synmon/reset-password?token=canary-token";
    let text = log.text();
    assert!(text.lines().any(|line| line.contains("INFO") && line.contains(link)), "{text}");
    assert!(!text.contains("ada@"), "{text}");
}

#[tokio::test]
async fn a_password_that_travels_in_the_open_is_warned_of() {
    for (url, warned) in [
        ("smtp://synmon:canary@mail.example", true),
        ("smtp://synmon:canary@127.0.0.1", false),
        ("smtp://synmon:canary@mail.example?tls=required", false),
        ("smtp://mail.example", false),
    ] {
        let (log, guard) = Log::record();
        let _notifier = World::default().smtp(url);
        drop(guard);
        let text = log.text();
        assert_eq!(text.contains("without encryption"), warned, "{url}: {text}");
        assert!(!text.contains("canary"), "{text}");
    }
}

#[test]
fn what_failed_names_no_address() {
    let error: DeliveryError = synmon_notify::email::SendError::NoAddress.into();
    assert!(matches!(&error, DeliveryError::GiveUp(_)) && !error.to_string().contains('@'));
}
