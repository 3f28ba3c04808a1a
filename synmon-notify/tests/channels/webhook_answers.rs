//! What comes of what receivers answer.

use std::{sync::Arc, time::Duration};

use synmon_core::{
    SystemClock,
    notice::Delivery::{self, Sent},
};
use synmon_notify::webhook::{RetryCause, WebhookError, WebhookSender};
use synmon_testkit::{ManualClock, StaticResolver};

use crate::{
    endpoint::{Answer, Endpoint, Trap},
    support::{failure, policy, send, sender_by, settings, target, then},
};

/// Sends at 20 July 2025, 08:26:40 UTC, by a clock that stands still.
async fn answered(head: &str) -> Result<Delivery, WebhookError> {
    let endpoint = Endpoint::answering(head).await;
    let sender = sender_by(ManualClock::at(then()), policy());
    let sent = sender.send(&target(&endpoint.url()), &failure()).await;
    assert_eq!(endpoint.requests().len(), 1, "{head}");
    sent
}

/// A sender that does not listen long.
fn impatient() -> WebhookSender {
    let mut settings = settings();
    settings.linger = Duration::from_millis(50);
    WebhookSender::new(settings, policy(), Arc::new(SystemClock::default())).expect("a sender")
}

#[tokio::test]
async fn every_2xx_is_success() {
    for head in ["200 OK", "201 Created", "202 Accepted", "204 No Content", "299 X"] {
        assert_eq!(answered(head).await.expect(head), Sent);
    }
}

#[tokio::test]
async fn every_other_status_is_tried_again() {
    for code in [300, 304, 400, 401, 403, 404, 408, 418, 422, 425, 429, 500, 501, 503, 599] {
        let sent = answered(&format!("{code} Such")).await;
        let Err(WebhookError::Retry { cause, after: None }) = sent else {
            panic!("{code}: {sent:?}")
        };
        assert!(cause.to_string().contains(&code.to_string()), "{cause}");
    }
}

#[tokio::test]
async fn gone_is_gone() {
    let sent = answered("410 Gone\r\nRetry-After: 5").await;
    assert!(matches!(sent, Err(WebhookError::Gone)), "{sent:?}");
}

#[tokio::test]
async fn a_receiver_that_asks_to_wait_is_waited_for_a_day_at_most() {
    for (value, expected) in [
        ("3600", Some(3_600)),
        ("Sun, 20 Jul 2025 08:27:40 GMT", Some(60)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", Some(86_400)),
        ("31536000000000000000000", Some(86_400)),
        ("when the cows come home", None),
        ("", None),
    ] {
        for status in ["429 Too Many Requests", "503 Service Unavailable"] {
            let sent = answered(&format!("{status}\r\nRetry-After: {value}")).await;
            let Err(WebhookError::Retry { after, .. }) = sent else { panic!("{value}: {sent:?}") };
            assert_eq!(after, expected.map(Duration::from_secs), "{value}");
        }
    }
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_not_followed() {
    for code in [301, 302, 303, 307, 308] {
        let trap = Trap::set(0);
        let location = format!("http://127.0.0.2:{}/", trap.port());
        let sent = answered(&format!("{code} Elsewhere\r\nLocation: {location}")).await;
        let redirect = matches!(
            sent,
            Err(WebhookError::Retry { cause: RetryCause::Redirect(found), .. }) if found == code
        );
        assert!(redirect, "{code}: {sent:?}");
        trap.assert_untouched();
    }
}

#[tokio::test]
async fn a_redirect_within_the_receiver_is_not_followed_either() {
    let endpoint = Endpoint::answering("307 Elsewhere\r\nLocation: /other").await;
    let sent = send(policy(), &endpoint.url()).await;
    assert!(sent.is_err());
    assert_eq!(endpoint.requests().len(), 1);
}

#[tokio::test]
async fn a_gigabyte_of_answer_is_success_and_not_read() {
    let mut endpoint = Endpoint::start(Answer::Gigabyte).await;
    let sent = send(policy(), &endpoint.url()).await;
    assert_eq!(sent.expect("the status says so"), Sent);
    let taken = endpoint.taken().await;
    // What is more than 64 KiB is in the buffers of two sockets.
    assert!(taken < 100_000_000, "{taken} bytes went off");
}

#[tokio::test]
async fn an_answer_that_never_ends_is_success_and_hung_up_on() {
    let mut endpoint = Endpoint::start(Answer::Trickle).await;
    let sent = impatient().send(&target(&endpoint.url()), &failure()).await;
    assert_eq!(sent.expect("the status says so"), Sent);
    // Its next bytes find nobody.
    endpoint.taken().await;
}

#[tokio::test]
async fn a_receiver_that_does_not_answer_is_left_at_the_deadline() {
    let mut endpoint = Endpoint::start(Answer::Silence).await;
    let clock = ManualClock::at(then());
    let sender = sender_by(Arc::<ManualClock>::clone(&clock), policy());
    let target = target(&endpoint.url());
    let sending = tokio::spawn(async move { sender.send(&target, &failure()).await });
    endpoint.arrival().await;
    clock.advance(Duration::from_secs(14)).await;
    assert!(!sending.is_finished());
    clock.advance(Duration::from_secs(1)).await;
    assert_retry(sending.await.expect("no panic"), "within 15 s");
}

#[tokio::test]
async fn a_name_service_that_does_not_answer_is_left_at_the_deadline() {
    let clock = ManualClock::at(then());
    let policy = StaticResolver::new().silent("hooks.example").policy();
    let sender = sender_by(Arc::<ManualClock>::clone(&clock), policy);
    let target = target("https://hooks.example/");
    let sent = clock.drive(sender.send(&target, &failure())).await;
    assert_retry(sent, "within 15 s");
}

#[tokio::test]
async fn what_breaks_on_the_way_is_tried_again() {
    let hangs_up = Endpoint::start(Answer::HangUp).await;
    let no_http = Endpoint::answering("what is this\r\n").await;
    for (url, why) in [
        (hangs_up.url(), "out of reach"),
        (no_http.url(), "out of reach"),
        // Port 1 is nobody's.
        ("http://127.0.0.1:1/".to_owned(), "out of reach"),
        ("http://nowhere.example/".to_owned(), "does not exist"),
    ] {
        assert_retry(send(policy(), &url).await, why);
    }
}

fn assert_retry(sent: Result<Delivery, WebhookError>, why: &str) {
    match sent {
        Err(WebhookError::Retry { cause, after: None }) => {
            assert!(cause.to_string().contains(why), "{cause}");
        }
        sent => panic!("not to be tried again: {sent:?}"),
    }
}
