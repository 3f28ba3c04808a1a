//! Delivers notices as mails.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use lettre::Message;
use secrecy::SecretString;
use synmon_core::{
    OwnerId,
    artifact::Artifacts,
    channel::{Channel, ChannelStatus, ChannelTarget, Destination},
    notice::{Delivery, DeliveryError, Notice, NoticeBody, Notifier, RunNotice},
};
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::{
    addresses::{AddressBook, PreparedLetter, Recipient},
    compose::{self, Envelope, MessageId},
    errors::{EmailSetupError, SendError},
    folder,
    link::Links,
    picture::{self, Picture},
    sample,
    sender::Sender,
    smtp,
    smtp_url::SmtpServer,
    templates::Templates,
    view::View,
};

/// How mails are sent.
#[derive(Clone, Debug)]
pub struct EmailSettings {
    /// Where they go.
    pub transport: TransportSettings,
    /// Whom they come from.
    pub from: Sender,
    /// What links begin with.
    pub public_url: Url,
    /// A folder with templates that take the places of the embedded ones.
    pub template_folder: Option<PathBuf>,
    /// How long one delivery may take.
    pub deadline: Duration,
}

/// Where mails go.
#[derive(Clone, Debug)]
pub enum TransportSettings {
    /// To an SMTP server.
    Smtp {
        /// Its url, see the crate's documentation.
        url: SecretString,
    },
    /// Into a folder, a file each.
    Folder {
        /// The folder. It is made if it is not there.
        path: PathBuf,
    },
}

/// Delivers notices as mails.
pub struct EmailNotifier {
    transport: Transport,
    from: Sender,
    links: Links,
    templates: Templates,
    deadline: Duration,
    artifacts: Arc<dyn Artifacts>,
    addresses: Arc<dyn AddressBook>,
}

enum Transport {
    Smtp(SmtpServer),
    Folder(PathBuf),
}

/// A mail before it is put together.
struct Draft {
    to: Recipient,
    view: View,
    picture: Picture,
}

impl EmailSettings {
    /// The usual time that one delivery may take.
    pub const DEADLINE: Duration = Duration::from_secs(25);

    /// Settings with the embedded templates and the usual deadline.
    #[must_use]
    pub fn new(transport: TransportSettings, from: Sender, public_url: Url) -> Self {
        Self { transport, from, public_url, template_folder: None, deadline: Self::DEADLINE }
    }
}

impl EmailNotifier {
    /// Sets the notifier up. All templates are tried; the server is not: it may come up later.
    pub fn new(
        settings: EmailSettings,
        artifacts: Arc<dyn Artifacts>,
        addresses: Arc<dyn AddressBook>,
    ) -> Result<Self, EmailSetupError> {
        let links = Links::below(settings.public_url)?;
        let templates = Templates::load(settings.template_folder.as_deref())?;
        sample::check(&templates, &links)?;
        let transport = match settings.transport {
            TransportSettings::Smtp { url } => Transport::Smtp(SmtpServer::of_url(&url)?),
            TransportSettings::Folder { path } => match std::fs::create_dir_all(&path) {
                Ok(()) => Transport::Folder(path),
                Err(source) => return Err(EmailSetupError::Folder { path, source }),
            },
        };
        let (from, deadline) = (settings.from, settings.deadline);
        Ok(Self { transport, from, links, templates, deadline, artifacts, addresses })
    }

    async fn try_deliver(&self, notice: &Notice, to: &Destination) -> Result<Delivery, SendError> {
        let deadline = Instant::now() + self.deadline;
        let timed_out = || SendError::TimedOut(self.deadline);
        let id = MessageId::new(notice.id, self.from.mailbox(), self.links.host());
        let draft =
            timeout_at(deadline, self.draft(notice, to, &id)).await.map_err(|_| timed_out())??;
        let Some(draft) = draft else {
            return Ok(Delivery::NotNeeded);
        };
        let link = draft.view.link().to_owned();
        let mail = self.compose(notice, id, draft)?;
        match &self.transport {
            Transport::Smtp(server) => {
                smtp::send(server, &mail, (deadline, self.deadline)).await?;
            }
            Transport::Folder(path) => {
                let written = folder::write(path, &mail, (notice.id, notice.created_at), &link);
                timeout_at(deadline, written).await.map_err(|_| timed_out())??;
            }
        }
        Ok(Delivery::Sent)
    }

    /// Finds out what a notice says, and to whom; none if there is nobody to say it to.
    async fn draft(
        &self,
        notice: &Notice,
        destination: &Destination,
        id: &MessageId,
    ) -> Result<Option<Draft>, SendError> {
        let letter = match &notice.body {
            NoticeBody::Account(letter) => self.addresses.account_letter(letter).await,
            NoticeBody::ConfirmChannel { .. } => {
                let Some((channel, email)) = channel_address(destination)? else {
                    return Ok(None);
                };
                self.addresses.channel_letter(channel.id, email).await
            }
            _ => return self.draft_of_news(notice, destination, id).await,
        };
        Ok(letter.map_err(SendError::AddressBook)?.map(|letter| self.draft_of_letter(letter)))
    }

    fn draft_of_letter(&self, letter: PreparedLetter) -> Draft {
        let PreparedLetter { mut to, kind } = letter;
        let view = View::letter(&self.links, &to.name, &kind);
        if !view.names_recipient() {
            to.name.clear();
        }
        Draft { to, view, picture: Picture::None }
    }

    async fn draft_of_news(
        &self,
        notice: &Notice,
        destination: &Destination,
        id: &MessageId,
    ) -> Result<Option<Draft>, SendError> {
        let Some(to) = self.recipient(notice.owner, destination).await? else {
            return Ok(None);
        };
        let at = notice.created_at;
        let view = match &notice.body {
            NoticeBody::Run(run) => return Ok(Some(self.draft_of_run(to, run, id).await)),
            NoticeBody::Digest(digest) => View::digest(&self.links, &to.name, digest),
            NoticeBody::FlowPaused { flow: _, flow_name, run, reason } => {
                let what = (flow_name.as_str(), reason.as_str(), *run);
                View::paused(&self.links, &to.name, what, at)
            }
            NoticeBody::ChannelTest { channel_name } => {
                View::test(&self.links, &to.name, channel_name, at)
            }
            NoticeBody::ChannelDisabled { channel, channel_name, channel_kind, reason } => {
                let (name, kind) = (channel_name.as_str(), channel_kind.as_str());
                let what = (*channel, name, kind, reason.as_str());
                View::disabled(&self.links, &to.name, what, at)
            }
            NoticeBody::LettersUsedUp { most, until } => {
                View::used_up(&self.links, &to.name, *most, *until)
            }
            NoticeBody::Account(_) | NoticeBody::ConfirmChannel { .. } => return Ok(None),
        };
        Ok(Some(Draft { to, view, picture: Picture::None }))
    }

    async fn draft_of_run(&self, to: Recipient, run: &RunNotice, id: &MessageId) -> Draft {
        let key = run.failure.as_ref().and_then(|step| step.screenshot.as_ref());
        let picture = picture::read(self.artifacts.as_ref(), key, self.deadline / 3).await;
        let view = View::run(&self.links, &to.name, run, (&picture, &id.picture()));
        Draft { to, view, picture }
    }

    /// Who gets what is no letter. A channel's address may be a team's: nobody is named.
    async fn recipient(
        &self,
        owner: Option<OwnerId>,
        destination: &Destination,
    ) -> Result<Option<Recipient>, SendError> {
        if let Some((channel, email)) = channel_address(destination)? {
            return match channel.status {
                ChannelStatus::Unconfirmed => Err(SendError::Unconfirmed),
                ChannelStatus::Active | ChannelStatus::Disabled => {
                    Ok(Some(Recipient { name: String::new(), email: email.to_owned() }))
                }
            };
        }
        match owner {
            Some(owner) => self.addresses.recipient(owner).await.map_err(SendError::AddressBook),
            None => Ok(None),
        }
    }

    fn compose(&self, notice: &Notice, id: MessageId, draft: Draft) -> Result<Message, SendError> {
        let rendered = draft.view.render(&self.templates)?;
        let (from, to) = (self.from.mailbox().clone(), draft.to.mailbox()?);
        compose::mail(Envelope { from, to, id, date: notice.created_at }, rendered, draft.picture)
    }
}

#[async_trait]
impl Notifier for EmailNotifier {
    /// Delivers to an owner's own address, or to a channel that is one.
    async fn deliver(&self, notice: &Notice, to: &Destination) -> Result<Delivery, DeliveryError> {
        self.try_deliver(notice, to).await.map_err(DeliveryError::from)
    }
}

impl fmt::Debug for EmailNotifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmailNotifier").field("from", &self.from).finish_non_exhaustive()
    }
}

/// The channel that a mail goes to, and its address; none if it goes to its owner's own.
fn channel_address(to: &Destination) -> Result<Option<(&Channel, &str)>, SendError> {
    match to {
        Destination::Owner => Ok(None),
        Destination::Channel(channel) => match &channel.target {
            ChannelTarget::Email { email } => Ok(Some((channel, email))),
            ChannelTarget::Webhook { .. } | ChannelTarget::Plugin { .. } => {
                Err(SendError::NotByMail)
            }
        },
    }
}
