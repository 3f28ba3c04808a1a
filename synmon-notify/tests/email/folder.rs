//! Mails as files.

use synmon_core::{
    channel::Destination,
    notice::{DeliveryError, NoticeBody, Notifier},
};

use crate::{
    smtp_sink::parse_file,
    support::{PICTURE, World, deliver, failed_run, notice},
};

#[tokio::test]
async fn a_mail_is_a_file_that_any_mail_program_reads() {
    let parent = tempfile::tempdir().expect("a folder");
    let folder = parent.path().join("data/mail");
    let run = failed_run();
    let notice = notice(NoticeBody::Run(run.clone()));
    deliver(&World::default().folder(&folder), &notice).await;
    let files: Vec<_> = std::fs::read_dir(&folder).expect("the folder").collect();
    assert_eq!(files.len(), 1, "nothing else is left behind");
    let path = folder.join(format!("20250720T082640.000000Z-{}.eml", notice.id));
    let Some(mail) = parse_file(&path) else {
        return;
    };
    assert_eq!(mail.defects, [""; 0]);
    assert_eq!(mail.header("Subject"), "Failed: Log in (step 3 of 4)");
    assert_eq!(mail.body.find("image/png").expect("a picture").bytes(), PICTURE);
    for content_type in ["text/plain", "text/html"] {
        let link = format!("https://mon.example/synmon/runs/{}", run.run);
        assert!(mail.text_of(content_type).contains(&link));
    }
}

#[tokio::test]
async fn a_folder_that_was_removed_is_made_again() {
    let parent = tempfile::tempdir().expect("a folder");
    let folder = parent.path().join("mail");
    let notifier = World::default().folder(&folder);
    std::fs::remove_dir(&folder).expect("it is there from the start");
    deliver(&notifier, &notice(NoticeBody::Run(failed_run()))).await;
    assert!(folder.is_dir());
}

#[tokio::test]
async fn a_folder_that_can_not_be_written_to_is_tried_again() {
    let parent = tempfile::tempdir().expect("a folder");
    let folder = parent.path().join("mail");
    let notifier = World::default().folder(&folder);
    std::fs::remove_dir(&folder).expect("it is there from the start");
    std::fs::write(&folder, "a file in its place").expect("a file");
    let delivery =
        notifier.deliver(&notice(NoticeBody::Run(failed_run())), &Destination::Owner).await;
    assert!(matches!(delivery, Err(DeliveryError::Retry { after: None, .. })), "{delivery:?}");
}
