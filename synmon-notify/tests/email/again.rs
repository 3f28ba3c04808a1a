//! Every notifier may be asked again for the same notice: what it then sends has the same id.

use synmon_core::{
    channel::Destination,
    notice::{DeliveryError, Notice, NoticeBody, Notifier},
};

use crate::{
    smtp_sink::{SinkOptions, SmtpSink, parse_file},
    support::{World, deliver, failed_run, notice},
};

/// Delivering twice is allowed, and each mail that `ids` then finds has the id of its notice.
async fn keeps_the_id(notifier: &dyn Notifier, ids: impl Fn() -> Vec<String>) {
    let notices = [alarm(), alarm()];
    for notice in [&notices[0], &notices[1], &notices[0]] {
        deliver(notifier, notice).await;
    }
    let mut found = ids();
    found.sort();
    found.dedup();
    let mut expected = notices.map(|notice| format!("<{}@mon.example>", notice.id)).to_vec();
    expected.sort();
    assert_eq!(found, expected);
}

fn alarm() -> Notice {
    notice(NoticeBody::Run(failed_run()))
}

#[tokio::test]
async fn a_server_gets_the_same_id_again() {
    let Some(sink) = SmtpSink::start() else {
        return;
    };
    let ids = || sink.mails().iter().map(|mail| mail.header("Message-ID").to_owned()).collect();
    keeps_the_id(&World::default().smtp(&sink.url()), ids).await;
    assert_eq!(sink.mails().len(), 3);
}

#[tokio::test]
async fn a_folder_has_one_file_for_a_notice() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = || {
        let entries = std::fs::read_dir(folder.path()).expect("a folder");
        entries.map(|entry| entry.expect("an entry").path()).collect::<Vec<_>>()
    };
    let notifier = World::default().folder(folder.path());
    if !crate::smtp_sink::available() {
        return;
    }
    let id = |path: &std::path::PathBuf| {
        parse_file(path).expect("Python").header("Message-ID").to_owned()
    };
    keeps_the_id(&notifier, || files().iter().map(id).collect()).await;
    assert_eq!(files().len(), 2);
}

#[tokio::test]
async fn a_mail_whose_receipt_is_lost_is_sent_again_with_the_same_id() {
    let options = SinkOptions { drop_first: true, ..SinkOptions::default() };
    let Some(sink) = SmtpSink::start_with(&options) else {
        return;
    };
    let notifier = World::default().smtp(&sink.url());
    let alarm = alarm();
    let first = notifier.deliver(&alarm, &Destination::Owner).await;
    assert!(matches!(first, Err(DeliveryError::Retry { after: None, .. })), "{first:?}");
    deliver(&notifier, &alarm).await;
    let mails = sink.mails();
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0].header("Message-ID"), mails[1].header("Message-ID"));
}
