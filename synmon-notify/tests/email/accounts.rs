//! Letters about accounts.

use synmon_core::{
    channel::Destination,
    notice::{AccountLetter, Delivery, DeliveryError, Letter, NoticeBody, Notifier},
};
use synmon_notify::email::{LetterKind, PreparedLetter};

use crate::{
    smtp_sink::{ParsedMail, SmtpSink},
    support::{World, ada, deliver, notice},
};

fn letter(letter: Letter) -> synmon_core::notice::Notice {
    let email = "ada@example.com".to_owned();
    let mut notice = notice(NoticeBody::Account(AccountLetter { letter, email }));
    notice.owner = None;
    notice
}

async fn mail_of(kind: LetterKind) -> Option<ParsedMail> {
    let sink = SmtpSink::start()?;
    let world = World { letter: Some(PreparedLetter { to: ada(), kind }), ..World::default() };
    deliver(&world.smtp(&sink.url()), &letter(Letter::Registration)).await;
    let mut mails = sink.mails();
    assert_eq!(mails.len(), 1);
    mails.pop()
}

fn token() -> secrecy::SecretString {
    "aGVsbG8_d29ybGQ-".to_owned().into()
}

#[tokio::test]
async fn a_confirmation_has_its_link_in_both_parts_and_names_nobody() {
    let Some(mail) = mail_of(LetterKind::Confirm { token: token() }).await else {
        return;
    };
    assert_eq!(mail.header("To"), "ada@example.com");
    assert_eq!(mail.header("Subject"), "Confirm your e-mail address for synmon");
    for content_type in ["text/plain", "text/html"] {
        let text = mail.text_of(content_type);
        let link = "https://mon.example/synmon/confirm?token=aGVsbG8_d29ybGQ-";
        assert!(text.contains(link), "{text}");
        assert!(!text.contains("Lovelace"), "{text}");
    }
}

#[tokio::test]
async fn a_letter_for_a_new_password_has_its_link_in_both_parts() {
    let Some(mail) = mail_of(LetterKind::ResetPassword { token: token() }).await else {
        return;
    };
    assert_eq!(mail.header("Subject"), "Set a new password for synmon");
    assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
    for content_type in ["text/plain", "text/html"] {
        let text = mail.text_of(content_type);
        let link = "https://mon.example/synmon/reset-password?token=aGVsbG8_d29ybGQ-";
        assert!(text.contains(link), "{text}");
        assert!(text.contains("Ada Lovelace"), "{text}");
    }
}

#[tokio::test]
async fn who_registers_again_is_told_of_the_account_and_gets_no_token() {
    let Some(mail) = mail_of(LetterKind::AlreadyRegistered).await else {
        return;
    };
    assert_eq!(mail.header("Subject"), "You already have a synmon account");
    for content_type in ["text/plain", "text/html"] {
        let text = mail.text_of(content_type);
        assert!(text.contains("https://mon.example/synmon") && !text.contains("token"), "{text}");
    }
}

#[tokio::test]
async fn a_new_address_is_asked_by_a_letter_that_names_nobody() {
    let Some(mail) = mail_of(LetterKind::ChangeEmail { token: token() }).await else {
        return;
    };
    assert_eq!(mail.header("To"), "ada@example.com");
    assert_eq!(mail.header("Subject"), "Confirm your new e-mail address for synmon");
    for content_type in ["text/plain", "text/html"] {
        let text = mail.text_of(content_type);
        let link = "https://mon.example/synmon/confirm?token=aGVsbG8_d29ybGQ-";
        assert!(text.contains(link) && !text.contains("Lovelace"), "{text}");
    }
}

#[tokio::test]
async fn the_holder_is_told_of_a_new_password_and_of_a_change_of_the_address() {
    for (kind, subject) in [
        (LetterKind::PasswordChanged, "Your synmon password was changed"),
        (LetterKind::EmailChanging, "Your synmon account is to get another e-mail address"),
    ] {
        let Some(mail) = mail_of(kind).await else { return };
        assert_eq!(mail.header("Subject"), subject);
        for content_type in ["text/plain", "text/html"] {
            let text = mail.text_of(content_type);
            assert!(text.contains("Ada Lovelace") && !text.contains("token"), "{text}");
        }
    }
}

#[tokio::test]
async fn no_letter_is_sent_where_the_book_has_none() {
    for kind in [Letter::Registration, Letter::ResendConfirmation, Letter::ForgotPassword] {
        let notifier = World::default().smtp("smtp://127.0.0.1:1");
        let delivery =
            notifier.deliver(&letter(kind), &Destination::Owner).await.expect("nothing to do");
        assert_eq!(delivery, Delivery::NotNeeded);
    }
    let down = World { accounts_down: true, ..World::default() }.smtp("smtp://127.0.0.1:1");
    let delivery = down.deliver(&letter(Letter::ForgotPassword), &Destination::Owner).await;
    assert!(matches!(delivery, Err(DeliveryError::Retry { after: None, .. })), "{delivery:?}");
}
