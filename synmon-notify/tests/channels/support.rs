//! Notices to deliver, and senders for them.

use std::{sync::Arc, time::Duration};

use synmon_core::{
    ChannelId, Clock, FlowId, NoticeId, OwnerId, RunId, SystemClock, Timestamp,
    alert::Alert,
    egress::EgressPolicy,
    notice::{
        AccountLetter, Delivery, Digest, DigestEntry, FailedStep, Letter, Notice, NoticeBody,
        RunNotice,
    },
};
use synmon_notify::webhook::{
    WebhookError, WebhookSecret, WebhookSender, WebhookSettings, WebhookTarget,
};
use synmon_testkit::StaticResolver;
use uuid::Uuid;

pub(crate) const PUBLIC_URL: &str = "https://mon.example/synmon";

/// 20 July 2025, 08:26:40 UTC.
pub(crate) fn then() -> Timestamp {
    Timestamp::from_micros(1_753_000_000_000_000)
}

pub(crate) fn notice(body: NoticeBody) -> Notice {
    Notice {
        id: NoticeId::from_uuid(Uuid::from_u128(1)),
        owner: Some(OwnerId::from_uuid(Uuid::from_u128(2))),
        channel: None,
        created_at: then() + Duration::from_micros(1_500),
        body,
    }
}

pub(crate) fn failed_run() -> RunNotice {
    RunNotice {
        alert: Alert::Failure,
        flow: FlowId::from_uuid(Uuid::from_u128(3)),
        flow_name: "Log in".to_owned(),
        run: RunId::from_uuid(Uuid::from_u128(4)),
        trigger: "schedule".to_owned(),
        browser: "firefox".to_owned(),
        flow_url: "https://shop.example/login".to_owned(),
        finished_at: then(),
        failures_in_row: 3,
        failing_since: Some(then().before(Duration::from_mins(10))),
        failure: Some(FailedStep {
            number: 3,
            of: 4,
            name: Some("The greeting is there".to_owned()),
            action: "assert_text".to_owned(),
            selector_xpath: Some("//h1[@class=\"greeting\"]".to_owned()),
            code: "text_differs".to_owned(),
            message: "The element's text is another one.".to_owned(),
            expected: Some("Welcome back, Ada".to_owned()),
            found: Some("Internal error".to_owned()),
            page_url: Some("https://shop.example/home".to_owned()),
            page_title: Some("My shop".to_owned()),
            screenshot: Some("owner/flow/run/1-3.png".to_owned()),
        }),
    }
}

pub(crate) fn failure() -> Notice {
    notice(NoticeBody::Run(failed_run()))
}

pub(crate) fn recovery() -> Notice {
    notice(NoticeBody::Run(RunNotice {
        alert: Alert::Recovery,
        failures_in_row: 0,
        failure: None,
        ..failed_run()
    }))
}

pub(crate) fn reminder() -> Notice {
    notice(NoticeBody::Run(RunNotice { alert: Alert::Reminder, ..failed_run() }))
}

/// Of two verdicts that are told, and many more that are counted.
pub(crate) fn digest() -> Notice {
    let run = failed_run();
    let entry = |alert, step: Option<FailedStep>| DigestEntry {
        alert,
        flow: run.flow,
        flow_name: run.flow_name.clone(),
        run: run.run,
        finished_at: run.finished_at,
        code: step.as_ref().map(|step| step.code.clone()),
        message: step.map(|step| step.message),
    };
    let entries = vec![entry(Alert::Failure, failed_run().failure), entry(Alert::Recovery, None)];
    notice(NoticeBody::Digest(Digest { total: 500, entries }))
}

pub(crate) fn channel_id() -> ChannelId {
    ChannelId::from_uuid(Uuid::from_u128(5))
}

pub(crate) fn channel_test() -> Notice {
    let body = NoticeBody::ChannelTest { channel_name: "Ops".to_owned() };
    Notice { channel: Some(channel_id()), ..notice(body) }
}

pub(crate) fn channel_disabled() -> Notice {
    notice(NoticeBody::ChannelDisabled {
        channel: channel_id(),
        channel_name: "Ops".to_owned(),
        channel_kind: "webhook".to_owned(),
        reason: "the receiver wants no more webhooks (it answered 410)".to_owned(),
    })
}

pub(crate) fn confirmation() -> Notice {
    notice(NoticeBody::ConfirmChannel { channel_name: "Ops".to_owned() })
}

pub(crate) fn pause() -> Notice {
    notice(NoticeBody::FlowPaused {
        flow: failed_run().flow,
        flow_name: failed_run().flow_name,
        run: failed_run().run,
        reason: "No browser could be started 5 times in a row.".to_owned(),
    })
}

pub(crate) fn account_letter() -> Notice {
    notice(NoticeBody::Account(AccountLetter {
        letter: Letter::ForgotPassword,
        email: "ada@example.com".to_owned(),
    }))
}

/// Everything but 127.0.0.1 is forbidden, as far as tests can reach it.
pub(crate) fn policy() -> EgressPolicy {
    StaticResolver::new().policy_allowing("127.0.0.1")
}

pub(crate) fn settings() -> WebhookSettings {
    WebhookSettings::new(PUBLIC_URL.parse().expect("a url"))
}

/// A sender that lives by the machine's clock.
pub(crate) fn sender(policy: EgressPolicy) -> WebhookSender {
    sender_by(Arc::new(SystemClock::default()), policy)
}

pub(crate) fn sender_by(clock: Arc<dyn Clock>, policy: EgressPolicy) -> WebhookSender {
    WebhookSender::new(settings(), policy, clock).expect("a sender")
}

pub(crate) fn target(url: &str) -> WebhookTarget {
    WebhookTarget { url: url.parse().expect("a url"), secrets: vec![WebhookSecret::generate()] }
}

/// Tries once to send a failure to a url.
pub(crate) async fn send(policy: EgressPolicy, url: &str) -> Result<Delivery, WebhookError> {
    sender(policy).send(&target(url), &failure()).await
}
