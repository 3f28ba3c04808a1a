//! Mails to addresses that are channels, and mails about channels.

use std::collections::BTreeMap;

use synmon_core::{
    ChannelId, Timestamp,
    channel::{ChannelStatus, ChannelTarget, Destination},
    notice::{Delivery, DeliveryError, Notice, NoticeBody, Notifier},
};
use synmon_notify::email::{LetterKind, PreparedLetter};

use crate::{
    smtp_sink::{ParsedMail, SmtpSink},
    support::{World, ada, channel, deliver, deliver_to, failed_run, mail_channel, notice},
};

/// Nobody listens here: an attempt to send would fail.
const NOWHERE: &str = "smtp://127.0.0.1:1";

fn active() -> Destination {
    mail_channel("ops@example.com", ChannelStatus::Active)
}

fn alarm() -> Notice {
    notice(NoticeBody::Run(failed_run()))
}

fn test() -> Notice {
    notice(NoticeBody::ChannelTest { channel_name: "Ops".to_owned() })
}

fn confirmation() -> Notice {
    notice(NoticeBody::ConfirmChannel { channel_name: "Ops".to_owned() })
}

fn disabled() -> Notice {
    notice(NoticeBody::ChannelDisabled {
        channel: ChannelId::from_uuid(uuid::Uuid::from_u128(8)),
        channel_name: "Pager".to_owned(),
        channel_kind: "plugin".to_owned(),
        reason: "the plug-in ended with status 1: no such room".to_owned(),
    })
}

/// A world with a letter that asks for the confirmation of a channel of this name.
fn asking(channel_name: &str) -> World {
    let token = "aGVsbG8_d29ybGQ-".to_owned().into();
    let kind = LetterKind::ConfirmChannel { token, channel_name: channel_name.to_owned() };
    World { letter: Some(PreparedLetter { to: ada(), kind }), ..World::default() }
}

async fn mail_to(world: World, notice: &Notice, to: &Destination) -> Option<ParsedMail> {
    let sink = SmtpSink::start()?;
    deliver_to(&world.smtp(&sink.url()), notice, to).await;
    let mut mails = sink.mails();
    assert_eq!(mails.len(), 1);
    mails.pop()
}

#[tokio::test]
async fn a_channel_gets_the_alarm_in_its_owners_place_and_nobody_is_named() {
    let Some(mail) = mail_to(World::default(), &alarm(), &active()).await else {
        return;
    };
    assert_eq!(mail.rcpt_tos, ["ops@example.com"]);
    assert_eq!(mail.header("To"), "ops@example.com");
    assert_eq!(mail.header("Subject"), "Failed: Log in (step 3 of 4)");
    assert!(mail.text_of("text/plain").starts_with("Hello,\n"));
    assert!(mail.text_of("text/html").contains("Hello, this flow failed"));
    let raw = String::from_utf8_lossy(&mail.raw()).into_owned();
    assert!(!raw.contains("Lovelace") && !raw.contains("ada@"), "{raw}");
}

#[tokio::test]
async fn an_address_that_is_not_confirmed_gets_nothing_but_the_question() {
    let unconfirmed = mail_channel("ops@example.com", ChannelStatus::Unconfirmed);
    for notice in [alarm(), test(), disabled()] {
        let delivery = World::default().smtp(NOWHERE).deliver(&notice, &unconfirmed).await;
        let Err(DeliveryError::GiveUp(why)) = delivery else { panic!("{delivery:?}") };
        assert!(why.to_string().contains("not confirmed"), "{why}");
    }
    let Some(mail) = mail_to(asking("Ops"), &confirmation(), &unconfirmed).await else {
        return;
    };
    assert_eq!(mail.rcpt_tos, ["ops@example.com"]);
    assert_eq!(mail.header("To"), "ops@example.com");
    assert_eq!(mail.header("Subject"), "May synmon send alerts to this address?");
    assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
    for content_type in ["text/plain", "text/html"] {
        let text = mail.text_of(content_type);
        let link = "https://mon.example/synmon/confirm-channel?token=aGVsbG8_d29ybGQ-";
        assert!(text.contains(link) && text.contains("do nothing"), "{text}");
        assert!(text.contains("somebody who uses synmon at"), "{text}");
        assert!(!text.contains("Lovelace") && !text.contains("ada@"), "{text}");
    }
    assert!(mail.text_of("text/plain").contains("calls it \"Ops\""));
}

#[tokio::test]
async fn the_question_is_no_use_to_advertise_with() {
    let name = "WIN at https://evil.example/x\" \r\n<a href='//evil.example'>now</a> eve@evil.example \
                and much more text that would say all that somebody has to sell";
    let Some(mail) = mail_to(asking(name), &confirmation(), &active()).await else {
        return;
    };
    assert!(mail.text_of("text/plain").contains("calls it \"WIN at https evil example x"));
    for content_type in ["text/plain", "text/html"] {
        let text = mail.text_of(content_type);
        assert!(!text.contains("evil.example") && !text.contains("has to sell"), "{text}");
        for (at, _) in text.match_indices("://") {
            assert!(text[at..].starts_with("://mon.example"), "{text}");
        }
    }
}

#[tokio::test]
async fn a_question_that_nobody_waits_for_is_not_asked() {
    let unconfirmed = mail_channel("ops@example.com", ChannelStatus::Unconfirmed);
    for to in [unconfirmed.clone(), Destination::Owner] {
        let delivery = World::default().smtp(NOWHERE).deliver(&confirmation(), &to).await;
        assert_eq!(delivery.expect("nothing to do"), Delivery::NotNeeded);
    }
    let down = World { accounts_down: true, ..World::default() };
    let delivery = down.smtp(NOWHERE).deliver(&confirmation(), &unconfirmed).await;
    assert!(matches!(delivery, Err(DeliveryError::Retry { .. })), "{delivery:?}");
}

#[tokio::test]
async fn a_test_says_which_channel_works() {
    let Some(mail) = mail_to(World::default(), &test(), &active()).await else {
        return;
    };
    assert_eq!(mail.header("Subject"), "Test: Ops");
    for content_type in ["text/plain", "text/html"] {
        let text = mail.text_of(content_type);
        assert!(text.contains("this is a test of") && text.contains("Ops"), "{text}");
        assert!(text.contains("20 July 2025, 08:26:40 UTC"), "{text}");
    }
}

#[tokio::test]
async fn an_owner_is_told_which_channel_failed_and_why_and_what_to_do() {
    let Some(sink) = SmtpSink::start() else {
        return;
    };
    deliver(&World::default().smtp(&sink.url()), &disabled()).await;
    let mail = sink.mails().pop().expect("a mail");
    assert_eq!(mail.header("Subject"), "Channel disabled: Pager");
    assert_eq!(mail.rcpt_tos, ["ada@example.com"]);
    for content_type in ["text/plain", "text/html"] {
        let text = mail.text_of(content_type);
        for part in [
            "Ada Lovelace",
            "Pager",
            "plug-in channel",
            "the plug-in ended with status 1: no such room",
            "come to this e-mail address",
            "PATCH",
            "{\"enabled\": true}",
            "https://mon.example/synmon/api/v1/channels/00000000-0000-0000-0000-000000000008",
            "https://mon.example/synmon/docs",
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    }
}

#[tokio::test]
async fn an_address_that_would_be_several_or_a_header_is_given_up() {
    for email in ["ops@example.com\r\nBcc: eve@example.com", "a@b.example, c@d.example", "ops"] {
        let to = mail_channel(email, ChannelStatus::Active);
        let delivery = World::default().smtp(NOWHERE).deliver(&alarm(), &to).await;
        let Err(DeliveryError::GiveUp(why)) = delivery else { panic!("{delivery:?}") };
        assert!(why.to_string().contains("not an e-mail address"), "{why}");
    }
}

/// A worker that only sends mails leaves the rest to others.
#[tokio::test]
async fn what_goes_elsewhere_is_not_lost_by_a_notifier_of_mails() {
    let url = "https://hooks.example/".to_owned();
    for target in [
        ChannelTarget::Webhook { url, secrets: Vec::new() },
        ChannelTarget::Plugin { plugin: "chat".to_owned(), settings: BTreeMap::new() },
    ] {
        let to = channel(target, ChannelStatus::Active);
        let delivery = World::default().smtp(NOWHERE).deliver(&alarm(), &to).await;
        let Err(DeliveryError::Retry { cause, after: None }) = delivery else {
            panic!("{delivery:?}")
        };
        assert!(cause.to_string().contains("by e-mail only"), "{cause}");
    }
}

#[tokio::test]
async fn the_last_letter_of_a_day_says_until_when_there_are_no_more() {
    let until = Timestamp::from_micros(1_700_006_400_000_000);
    let body = NoticeBody::LettersUsedUp { most: 500, until };
    let Some(mail) = mail_to(World::default(), &notice(body), &Destination::Owner).await else {
        return;
    };
    assert_eq!(mail.header("Subject"), "No more letters today: 500 were sent");
    for kind in ["text/plain", "text/html"] {
        let text = mail.text_of(kind);
        assert!(text.contains("500") && text.contains("15 November 2023"), "{text}");
        assert!(text.contains("given up"), "{text}");
    }
}
