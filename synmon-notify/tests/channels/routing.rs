//! One notifier for all channels: where it leads a notice, and what it makes of what comes of it.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use secrecy::ExposeSecret as _;
use standardwebhooks::Webhook;
use synmon_core::{
    BoxError, ChannelId, Clock, Name, OwnerId, SystemClock, Timestamp,
    artifact::{ArtifactError, ArtifactKey, ArtifactPrefix, Artifacts},
    channel::{Channel, ChannelStatus, ChannelTarget, Destination, SigningSecret},
    notice::{AccountLetter, Delivery, DeliveryError, Notifier},
    secret::{Keyring, Place, SecretValue},
};
use synmon_notify::{
    channels::ChannelNotifier,
    email::{
        AddressBook, EmailNotifier, EmailSettings, PreparedLetter, Recipient, TransportSettings,
    },
    plugin::PluginSender,
    webhook::WebhookSecret,
};
use synmon_testkit::ManualClock;

use crate::{
    endpoint::{Answer, Endpoint, Received, Trap},
    plugins::{NAME, Plugins},
    smtp_sink::SmtpSink,
    support::{PUBLIC_URL, channel_id, failure, policy, sender_by, then},
};

/// Nobody listens here: an attempt to send would fail.
const NOWHERE: &str = "smtp://127.0.0.1:1";

/// All owners are Ada, and there are no pictures.
struct World;

#[async_trait]
impl AddressBook for World {
    async fn recipient(&self, _: OwnerId) -> Result<Option<Recipient>, BoxError> {
        let (name, email) = ("Ada Lovelace".to_owned(), "ada@example.com".to_owned());
        Ok(Some(Recipient { name, email }))
    }

    async fn account_letter(&self, _: &AccountLetter) -> Result<Option<PreparedLetter>, BoxError> {
        unreachable!("no letters here")
    }

    async fn channel_letter(
        &self,
        _: ChannelId,
        _: &str,
    ) -> Result<Option<PreparedLetter>, BoxError> {
        unreachable!("no letters here")
    }
}

#[async_trait]
impl Artifacts for World {
    async fn put(&self, _: &ArtifactKey, _: Bytes) -> Result<(), ArtifactError> {
        unreachable!("a notifier stores nothing")
    }

    async fn get(&self, _: &ArtifactKey) -> Result<Option<Bytes>, ArtifactError> {
        Ok(None)
    }

    async fn remove(&self, _: &ArtifactKey) -> Result<(), ArtifactError> {
        unreachable!("a notifier removes nothing")
    }

    async fn remove_all(&self, _: &ArtifactPrefix) -> Result<(), ArtifactError> {
        unreachable!("a notifier removes nothing")
    }
}

/// A notifier at 20 July 2025, 08:26:40 UTC, by a clock that stands still.
fn notifier(smtp: &str, plugins: Option<PluginSender>) -> ChannelNotifier {
    notifier_by(ManualClock::at(then()), smtp, plugins)
}

fn notifier_by(
    clock: Arc<dyn Clock>,
    smtp: &str,
    plugins: Option<PluginSender>,
) -> ChannelNotifier {
    let transport = TransportSettings::Smtp { url: smtp.to_owned().into() };
    let from = "synmon <synmon@mon.example>".parse().expect("a sender");
    let email = EmailSettings::new(transport, from, PUBLIC_URL.parse().expect("a url"));
    let email = EmailNotifier::new(email, Arc::new(World), Arc::new(World)).expect("a notifier");
    let webhooks = sender_by(Arc::clone(&clock), policy());
    ChannelNotifier::new(email, webhooks, plugins, keyring(), clock)
}

/// The same in all tests of a process.
fn keyring() -> Arc<Keyring> {
    static RING: OnceLock<Arc<Keyring>> = OnceLock::new();
    Arc::clone(RING.get_or_init(|| Arc::new(Keyring::random())))
}

fn channel(target: ChannelTarget) -> Destination {
    Destination::Channel(Channel {
        id: channel_id(),
        owner: failure().owner.expect("an owner"),
        name: Name::parse("Ops").expect("a name"),
        target,
        status: ChannelStatus::Active,
        status_reason: None,
        last_delivered_at: None,
        last_error: None,
        version: 1,
        created_at: then(),
        updated_at: then(),
    })
}

fn mail(email: &str) -> Destination {
    channel(ChannelTarget::Email { email: email.to_owned() })
}

fn hook(url: &str, secrets: Vec<SigningSecret>) -> Destination {
    channel(ChannelTarget::Webhook { url: url.to_owned(), secrets })
}

fn plugin(name: &str) -> Destination {
    let settings = BTreeMap::from([("room".to_owned(), "ops".to_owned())]);
    channel(ChannelTarget::Plugin { plugin: name.to_owned(), settings })
}

fn secret(of: &WebhookSecret, until: Option<Timestamp>) -> SigningSecret {
    sealed_by(&keyring(), of, until)
}

fn sealed_by(ring: &Keyring, of: &WebhookSecret, until: Option<Timestamp>) -> SigningSecret {
    let value = SecretValue::new(of.reveal().expose_secret().to_owned());
    let owner = failure().owner.expect("an owner");
    let place = Place::Signing { owner, channel: channel_id() };
    SigningSecret { until, ..SigningSecret::sealed(ring, place, &value) }
}

/// A secret without an end.
fn lasting() -> Vec<SigningSecret> {
    vec![secret(&WebhookSecret::generate(), None)]
}

/// What a receiver that knows one secret says, with the verifier that receivers use.
fn accepts(secret: &WebhookSecret, request: &Received) -> bool {
    let verifier = Webhook::new(secret.reveal().expose_secret()).expect("a secret");
    verifier.verify(request.body.as_bytes(), &request.headers).is_ok()
}

async fn tried(to: &Destination) -> Result<Delivery, DeliveryError> {
    notifier(NOWHERE, None).deliver(&failure(), to).await
}

async fn given_up(to: &Destination) -> String {
    match tried(to).await {
        Err(DeliveryError::GiveUp(why)) => why.to_string(),
        other => panic!("it must be given up, but: {other:?}"),
    }
}

async fn put_off(notifier: &ChannelNotifier, to: &Destination) -> (String, Option<Duration>) {
    match notifier.deliver(&failure(), to).await {
        Err(DeliveryError::Retry { cause, after }) => (cause.to_string(), after),
        other => panic!("it must be tried again, but: {other:?}"),
    }
}

#[tokio::test]
async fn each_destination_gets_the_notice_and_no_other_does() {
    let Some(sink) = SmtpSink::start() else {
        return;
    };
    let endpoint = Endpoint::answering("204 No Content").await;
    let plugins = Plugins::with("cat >> @/seen");
    let notifier = notifier(&sink.url(), Some(plugins.sender()));
    let hook = hook(&endpoint.url(), lasting());
    let targets = [Destination::Owner, mail("ops@example.com"), hook, plugin(NAME)];
    let mut expected = (0, 0, 0);
    for (number, to) in targets.iter().enumerate() {
        let sent = notifier.deliver(&failure(), to).await;
        assert_eq!(sent.expect("it is delivered"), Delivery::Sent);
        match number {
            0 | 1 => expected.0 += 1,
            2 => expected.1 += 1,
            _ => expected.2 += 1,
        }
        let seen = std::fs::read_to_string(plugins.file("seen")).unwrap_or_default();
        let found = (sink.mails().len(), endpoint.requests().len(), seen.lines().count());
        assert_eq!(found, expected, "{to:?}");
    }
    let mails = sink.mails();
    let to: Vec<_> = mails.iter().map(|mail| mail.header("To")).collect();
    assert_eq!(to, ["Ada Lovelace <ada@example.com>", "ops@example.com"]);
    let seen: serde_json::Value = serde_json::from_str(&plugins.read("seen")).expect("JSON");
    assert_eq!(seen["config"], serde_json::json!({ "room": "ops" }));
    let id = failure().id.to_string();
    assert_eq!(seen["id"], id.as_str());
    assert_eq!(endpoint.request().headers["webhook-id"], id);
}

#[tokio::test]
async fn while_a_secret_rotates_both_verify_and_an_expired_one_does_not() {
    let endpoint = Endpoint::answering("200 OK").await;
    // Verifiers look at the time, too: the machine's.
    let clock = Arc::new(SystemClock::default());
    let now = clock.now();
    let [new, old, expired] = std::array::from_fn(|_| WebhookSecret::generate());
    let secrets = vec![
        secret(&new, None),
        // As the first releases stored it.
        SigningSecret {
            secret: old.reveal().expose_secret().to_owned(),
            until: Some(now + Duration::from_hours(24)),
        },
        secret(&expired, Some(now)),
    ];
    let to = hook(&endpoint.url(), secrets);
    let sent = notifier_by(clock, NOWHERE, None).deliver(&failure(), &to).await;
    assert_eq!(sent.expect("it is delivered"), Delivery::Sent);

    let request = endpoint.request();
    assert!(accepts(&new, &request) && accepts(&old, &request));
    assert!(!accepts(&expired, &request));
    let signatures = request.headers["webhook-signature"].to_str().expect("text");
    let (first, second) = signatures.split_once(' ').expect("two signatures");
    assert!(!second.contains(' '), "{signatures}");
    let mut only_the_first = request.clone();
    only_the_first.headers.insert("webhook-signature", first.parse().expect("a header"));
    assert!(accepts(&new, &only_the_first) && !accepts(&old, &only_the_first));
}

/// The keys of a process may be a step behind another's: the next one, or a later one, has them.
#[tokio::test]
async fn what_can_not_be_opened_is_tried_again() {
    let endpoint = Endpoint::answering("200 OK").await;
    let elsewhere = sealed_by(&Keyring::random(), &WebhookSecret::generate(), None);
    let to = hook(&endpoint.url(), vec![elsewhere]);
    let (cause, _) = put_off(&notifier(NOWHERE, None), &to).await;
    assert!(cause.contains("SYNMON_SECRETS_KEY"), "{cause}");
    assert!(endpoint.requests().is_empty());
}

/// The same as above at the very ends, by a clock that stands still.
#[tokio::test]
async fn a_secret_is_used_until_its_last_moment() {
    let endpoint = Endpoint::answering("200 OK").await;
    let [new, old] = std::array::from_fn(|_| WebhookSecret::generate());
    for (until, count) in [(then() + Duration::from_micros(1), 2), (then(), 1)] {
        let secrets = vec![secret(&new, None), secret(&old, Some(until))];
        let sent = tried(&hook(&endpoint.url(), secrets)).await;
        assert_eq!(sent.expect("it is delivered"), Delivery::Sent);
        let request = endpoint.requests().pop().expect("a request");
        let signatures = request.headers["webhook-signature"].to_str().expect("text");
        assert_eq!(signatures.split(' ').count(), count, "{until}");
    }
}

#[tokio::test]
async fn without_a_secret_that_is_in_use_nothing_is_sent() {
    let trap = Trap::set(0);
    let url = format!("http://127.0.0.2:{}/", trap.port());
    let expired = secret(&WebhookSecret::generate(), Some(then()));
    for secrets in [Vec::new(), vec![expired]] {
        let why = given_up(&hook(&url, secrets)).await;
        assert!(why.contains("no secret"), "{why}");
    }
    let broken = SigningSecret { secret: "whsec_hunter2".to_owned(), until: None };
    let why = given_up(&hook(&url, vec![broken])).await;
    assert!(why.contains("rotated") && !why.contains("hunter2"), "{why}");
    trap.assert_untouched();
}

#[tokio::test]
async fn what_a_receiver_answers_says_what_comes_next() {
    for (head, expected, why) in [
        ("429 Slow\r\nRetry-After: 3600", Some(3_600), "answered 429"),
        ("503 Later\r\nRetry-After: Fri, 31 Dec 9999 23:59:59 GMT", Some(86_400), "answered 503"),
        ("429 Slow\r\nRetry-After: garbage", None, "answered 429"),
        ("500 Oops", None, "answered 500"),
        ("307 There\r\nLocation: http://127.0.0.2:1/", None, "redirects are not followed"),
    ] {
        let endpoint = Endpoint::answering(head).await;
        let to = hook(&endpoint.url(), lasting());
        let (cause, after) = put_off(&notifier(NOWHERE, None), &to).await;
        assert_eq!(after, expected.map(Duration::from_secs), "{head}");
        assert!(cause.contains(why), "{cause}");
        assert_eq!(endpoint.requests().len(), 1, "{head}");
    }
    let endpoint = Endpoint::answering("410 Gone\r\nRetry-After: 5").await;
    let why = given_up(&hook(&endpoint.url(), lasting())).await;
    assert!(why.contains("410"), "{why}");
}

#[tokio::test]
async fn urls_that_lead_nowhere_or_where_they_must_not_are_given_up() {
    let trap = Trap::set(0);
    let forbidden = format!("http://127.0.0.2:{}/hunter2", trap.port());
    for url in [
        "no url hunter2",
        "",
        "http://",
        "http://[::hunter2",
        "smtp://127.0.0.1/hunter2",
        "file:///hunter2",
        forbidden.as_str(),
    ] {
        let why = given_up(&hook(url, lasting())).await;
        assert!(!why.contains("hunter2"), "{url}: {why}");
    }
    trap.assert_untouched();
}

#[tokio::test]
async fn a_gigabyte_of_answer_is_a_delivery() {
    let endpoint = Endpoint::start(Answer::Gigabyte).await;
    let sent = tried(&hook(&endpoint.url(), lasting())).await;
    assert_eq!(sent.expect("the status says so"), Delivery::Sent);
}

#[tokio::test]
async fn how_a_plugin_ends_says_what_comes_next() {
    for (script, again, why) in [
        ("echo busy >&2; exit 75", true, "status 75: busy"),
        ("kill -9 $$", true, "signal 9"),
        ("echo no such room; exit 1", false, "status 1: no such room"),
        ("head -c 100000000 /dev/zero; echo end >&2; exit 2", false, "status 2: end"),
    ] {
        let plugins = Plugins::with(script);
        let notifier = notifier(NOWHERE, Some(plugins.sender()));
        match notifier.deliver(&failure(), &plugin(NAME)).await {
            Err(DeliveryError::Retry { cause, after: None }) if again => {
                assert!(cause.to_string().contains(why), "{cause}");
            }
            Err(DeliveryError::GiveUp(cause)) if !again => {
                assert!(cause.to_string().contains(why), "{cause}");
            }
            other => panic!("{script}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_plugin_that_is_not_installed_here_may_be_elsewhere_or_later() {
    let plugins = Plugins::empty();
    let with_folder = notifier(NOWHERE, Some(plugins.sender()));
    let (cause, after) = put_off(&with_folder, &plugin("missing")).await;
    assert!(cause.contains("could not be started") && after.is_none(), "{cause}");
    let (cause, after) = put_off(&notifier(NOWHERE, None), &plugin(NAME)).await;
    assert!(cause.contains("no folder of plug-ins") && after.is_none(), "{cause}");
    plugins.install("missing", "exit 0");
    let sent = with_folder.deliver(&failure(), &plugin("missing")).await;
    assert_eq!(sent.expect("it is there now"), Delivery::Sent);
}

#[tokio::test]
async fn no_name_of_a_plugin_leads_out_of_the_folder() {
    let plugins = Plugins::with("touch @/ran");
    let outside = plugins.path().with_extension("outside");
    for name in ["../chat", "/bin/sh", "chat\0", "", "a b", outside.to_str().expect("text")] {
        let notifier = notifier(NOWHERE, Some(plugins.sender()));
        match notifier.deliver(&failure(), &plugin(name)).await {
            Err(DeliveryError::GiveUp(why)) => assert!(why.to_string().contains("name"), "{why}"),
            other => panic!("{name:?}: {other:?}"),
        }
    }
    assert!(!plugins.file("ran").exists());
}

#[tokio::test]
async fn nobodys_secrets_show_in_what_is_logged_of_a_notifier() {
    let text = format!("{:?}", notifier("smtp://synmon:hunter2@127.0.0.1:1", None));
    assert!(text.contains("ChannelNotifier") && !text.contains("hunter2"), "{text}");
    let text = format!("{:?}", hook("http://127.0.0.1/", lasting()));
    assert!(!text.contains("whsec"), "{text}");
}
