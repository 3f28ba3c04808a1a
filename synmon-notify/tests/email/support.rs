//! A notifier with accounts and pictures in memory, and notices to deliver.

use std::{collections::HashMap, path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use synmon_core::{
    BoxError, ChannelId, FlowId, Name, NoticeId, OwnerId, RunId, Timestamp,
    alert::Alert,
    artifact::{ArtifactError, ArtifactKey, ArtifactPrefix, Artifacts},
    channel::{Channel, ChannelStatus, ChannelTarget, Destination},
    notice::{AccountLetter, Delivery, FailedStep, Notice, NoticeBody, Notifier, RunNotice},
};
use synmon_notify::email::{
    AddressBook, EmailNotifier, EmailSettings, EmailSetupError, PreparedLetter, Recipient,
    TransportSettings,
};

/// What the only picture holds: no real picture, but bytes that a careless encoding would change.
pub(crate) const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n\0\r\n.\r\n\xff\xfe\r\n\n\r";
/// Its key.
pub(crate) const PICTURE_KEY: &str = "owner/flow/run/1-3.png";

/// Who owns all flows.
const OWNER: uuid::Uuid = uuid::Uuid::from_u128(7);
/// The only channel.
const CHANNEL: uuid::Uuid = uuid::Uuid::from_u128(8);

/// Everything a notifier asks, and what it shall answer.
pub(crate) struct World {
    pub(crate) recipient: Option<Recipient>,
    pub(crate) letter: Option<PreparedLetter>,
    /// Whether accounts can't be looked up.
    pub(crate) accounts_down: bool,
    pub(crate) files: HashMap<String, Result<Bytes, &'static str>>,
    pub(crate) templates: Option<std::path::PathBuf>,
    pub(crate) deadline: Duration,
}

impl Default for World {
    fn default() -> Self {
        let picture = Ok(Bytes::from_static(PICTURE));
        Self {
            recipient: Some(ada()),
            letter: None,
            accounts_down: false,
            files: HashMap::from([(PICTURE_KEY.to_owned(), picture)]),
            templates: None,
            deadline: EmailSettings::DEADLINE,
        }
    }
}

impl World {
    /// A notifier that sends to a server.
    pub(crate) fn smtp(self, url: &str) -> EmailNotifier {
        let transport = TransportSettings::Smtp { url: url.to_owned().into() };
        self.notifier(transport).expect("a notifier")
    }

    /// A notifier that writes into a folder.
    pub(crate) fn folder(self, path: &Path) -> EmailNotifier {
        self.notifier(TransportSettings::Folder { path: path.to_owned() }).expect("a notifier")
    }

    /// A notifier, if it can be set up.
    pub(crate) fn notifier(
        self,
        transport: TransportSettings,
    ) -> Result<EmailNotifier, EmailSetupError> {
        let from = "synmon <synmon@mon.example>".parse().expect("a sender");
        let public_url = "https://mon.example/synmon".parse().expect("a url");
        let mut settings = EmailSettings::new(transport, from, public_url);
        settings.template_folder.clone_from(&self.templates);
        settings.deadline = self.deadline;
        let world = Arc::new(self);
        let artifacts: Arc<dyn Artifacts> = Arc::<Self>::clone(&world);
        EmailNotifier::new(settings, artifacts, world)
    }
}

#[async_trait]
impl AddressBook for World {
    async fn recipient(&self, owner: OwnerId) -> Result<Option<Recipient>, BoxError> {
        if self.accounts_down {
            return Err("the database is down".into());
        }
        assert_eq!(owner, OwnerId::from_uuid(OWNER));
        Ok(self.recipient.clone())
    }

    async fn account_letter(&self, _: &AccountLetter) -> Result<Option<PreparedLetter>, BoxError> {
        if self.accounts_down {
            return Err("the database is down".into());
        }
        Ok(self.letter.clone())
    }

    async fn channel_letter(
        &self,
        channel: ChannelId,
        email: &str,
    ) -> Result<Option<PreparedLetter>, BoxError> {
        assert_eq!(channel, ChannelId::from_uuid(CHANNEL));
        if self.accounts_down {
            return Err("the database is down".into());
        }
        let to = Recipient { email: email.to_owned(), ..ada() };
        Ok(self.letter.clone().map(|letter| PreparedLetter { to, ..letter }))
    }
}

#[async_trait]
impl Artifacts for World {
    async fn put(&self, _: &ArtifactKey, _: Bytes) -> Result<(), ArtifactError> {
        unreachable!("a notifier stores nothing")
    }

    async fn get(&self, key: &ArtifactKey) -> Result<Option<Bytes>, ArtifactError> {
        match self.files.get(key.as_str()) {
            Some(Ok(bytes)) => Ok(Some(bytes.clone())),
            Some(Err(why)) => Err(ArtifactError((*why).into())),
            None => Ok(None),
        }
    }

    async fn remove(&self, _: &ArtifactKey) -> Result<(), ArtifactError> {
        unreachable!("a notifier removes nothing")
    }

    async fn remove_all(&self, _: &ArtifactPrefix) -> Result<(), ArtifactError> {
        unreachable!("a notifier removes nothing")
    }
}

/// Delivers what must go out.
pub(crate) async fn deliver(notifier: &dyn Notifier, notice: &Notice) {
    deliver_to(notifier, notice, &Destination::Owner).await;
}

/// Delivers what must go out to a channel.
pub(crate) async fn deliver_to(notifier: &dyn Notifier, notice: &Notice, to: &Destination) {
    assert_eq!(notifier.deliver(notice, to).await.expect("it is delivered"), Delivery::Sent);
}

/// The channel of these tests.
pub(crate) fn channel(target: ChannelTarget, status: ChannelStatus) -> Destination {
    Destination::Channel(Channel {
        id: ChannelId::from_uuid(CHANNEL),
        owner: OwnerId::from_uuid(OWNER),
        name: Name::parse("Ops").expect("a name"),
        target,
        status,
        status_reason: None,
        last_delivered_at: None,
        last_error: None,
        version: 1,
        created_at: then(),
        updated_at: then(),
    })
}

/// A channel that leads to an address.
pub(crate) fn mail_channel(email: &str, status: ChannelStatus) -> Destination {
    channel(ChannelTarget::Email { email: email.to_owned() }, status)
}

pub(crate) fn ada() -> Recipient {
    Recipient { name: "Ada Lovelace".to_owned(), email: "ada@example.com".to_owned() }
}

/// 20 July 2025, 08:26:40 UTC.
pub(crate) fn then() -> Timestamp {
    Timestamp::from_micros(1_753_000_000_000_000)
}

pub(crate) fn notice(body: NoticeBody) -> Notice {
    Notice {
        id: NoticeId::new(then()),
        owner: Some(OwnerId::from_uuid(OWNER)),
        channel: None,
        created_at: then(),
        body,
    }
}

pub(crate) fn failed_run() -> RunNotice {
    RunNotice {
        alert: Alert::Failure,
        flow: FlowId::new(then()),
        flow_name: "Log in".to_owned(),
        run: RunId::new(then()),
        trigger: "schedule".to_owned(),
        browser: "firefox".to_owned(),
        flow_url: "https://shop.example/login?next=a&b".to_owned(),
        finished_at: then(),
        failures_in_row: 1,
        failing_since: Some(then()),
        failure: Some(failed_step()),
    }
}

pub(crate) fn recovered_run() -> RunNotice {
    RunNotice { alert: Alert::Recovery, failure: None, ..failed_run() }
}

pub(crate) fn failed_step() -> FailedStep {
    FailedStep {
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
        screenshot: Some(PICTURE_KEY.to_owned()),
    }
}

/// The same notice with another run or step.
pub(crate) fn failure(change: impl FnOnce(&mut RunNotice, &mut FailedStep)) -> Notice {
    let (mut run, mut step) = (failed_run(), failed_step());
    change(&mut run, &mut step);
    notice(NoticeBody::Run(RunNotice { failure: Some(step), ..run }))
}
