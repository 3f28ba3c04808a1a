//! Signatures, checked by the verifier that receivers use.

use std::{sync::Arc, time::Duration};

use secrecy::ExposeSecret as _;
use standardwebhooks::Webhook;
use synmon_core::notice::Delivery;
use synmon_notify::webhook::{GiveUpCause, WebhookError, WebhookSecret, WebhookTarget};
use synmon_testkit::ManualClock;

use crate::{
    endpoint::{Endpoint, Received},
    support::{failure, policy, sender, sender_by, target, then},
};

fn accepts(secret: &WebhookSecret, request: &Received) -> bool {
    let verifier = Webhook::new(secret.reveal().expose_secret()).expect("a secret");
    verifier.verify(request.body.as_bytes(), &request.headers).is_ok()
}

async fn signed_with(secrets: Vec<WebhookSecret>) -> Received {
    let endpoint = Endpoint::answering("200 OK").await;
    let target = WebhookTarget { secrets, ..target(&endpoint.url()) };
    let delivery = sender(policy()).send(&target, &failure()).await;
    assert_eq!(delivery.expect("it is delivered"), Delivery::Sent);
    endpoint.request()
}

#[tokio::test]
async fn a_receiver_can_verify_the_signature() {
    let secret = WebhookSecret::generate();
    let request = signed_with(vec![secret.clone()]).await;
    assert!(accepts(&secret, &request));
    assert!(!accepts(&WebhookSecret::generate(), &request));
    let mut forged = request;
    forged.body = forged.body.replace("Log in", "Log on");
    assert!(!accepts(&secret, &forged));
}

#[tokio::test]
async fn while_a_secret_changes_the_old_and_the_new_one_both_verify() {
    let (old, new) = (WebhookSecret::generate(), WebhookSecret::generate());
    let request = signed_with(vec![new.clone(), old.clone()]).await;
    assert!(accepts(&old, &request) && accepts(&new, &request));
    assert!(!accepts(&WebhookSecret::generate(), &request));
}

#[tokio::test]
async fn without_a_secret_nothing_is_sent() {
    let endpoint = Endpoint::answering("200 OK").await;
    let mut target = target(&endpoint.url());
    target.secrets.clear();
    let sent = sender(policy()).send(&target, &failure()).await;
    let refused = matches!(sent, Err(WebhookError::GiveUp(GiveUpCause::NoSecret)));
    assert!(refused, "{sent:?}");
    assert!(endpoint.requests().is_empty());
}

#[tokio::test]
async fn a_repeat_has_the_same_id_and_a_timestamp_and_signature_of_its_own() {
    let endpoint = Endpoint::answering("500 Oops").await;
    let clock = ManualClock::at(then());
    let sender = sender_by(Arc::<ManualClock>::clone(&clock), policy());
    let target = target(&endpoint.url());
    for _ in 0..2 {
        let sent = sender.send(&target, &failure()).await;
        assert!(matches!(sent, Err(WebhookError::Retry { .. })), "{sent:?}");
        clock.pass(Duration::from_secs(30));
    }
    let requests = endpoint.requests();
    let [first, second] = requests.as_slice() else { panic!("not two requests: {requests:?}") };
    let id = failure().id.to_string();
    assert_eq!(first.headers["webhook-id"], id);
    assert_eq!(second.headers["webhook-id"], id);
    assert_eq!(first.headers["webhook-timestamp"], "1753000000");
    assert_eq!(second.headers["webhook-timestamp"], "1753000030");
    assert_eq!(first.body, second.body);
    let verifier = Webhook::new(target.secrets[0].reveal().expose_secret()).expect("a secret");
    for (request, at) in [(first, 1_753_000_000), (second, 1_753_000_030)] {
        let signature = verifier.sign(&id, at, request.body.as_bytes());
        assert_eq!(request.headers["webhook-signature"], signature.expect("a signature"));
    }
}
