//! Messages in the outbox, and who delivers them.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    BoxError, ChannelId, FlowId, NoticeId, OwnerId, RunId, Timestamp, alert::Alert,
    channel::Destination,
};

/// One message, in the outbox until it is delivered. It carries all that it says, so that a late
/// or repeated delivery tells the same; its id is the same over all attempts.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// Its id.
    pub id: NoticeId,
    /// Whom it is for; none for a letter to an address that may have no account.
    pub owner: Option<OwnerId>,
    /// The channel that it goes to; none is its owner's own address.
    pub channel: Option<ChannelId>,
    /// When what it tells happened.
    pub created_at: Timestamp,
    /// What it tells.
    pub body: NoticeBody,
}

/// What a notice tells. Stores keep it as JSON: its names are a promise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "nearly all are of the large kind")]
pub enum NoticeBody {
    /// The verdict of a run.
    Run(RunNotice),
    /// A flow was paused by synmon itself.
    FlowPaused {
        /// The flow.
        flow: FlowId,
        /// Its name.
        flow_name: String,
        /// The run that led to it.
        run: RunId,
        /// Why, in words.
        reason: String,
    },
    /// A letter about an account.
    Account(AccountLetter),
    /// Many verdicts in one, told when there are too many to be told one by one.
    Digest(Digest),
    /// Somebody wants to see whether a channel works.
    ChannelTest {
        /// The channel's name.
        channel_name: String,
    },
    /// A channel wants to be confirmed. It goes to that channel, and its token is made when it is
    /// delivered.
    ConfirmChannel {
        /// The channel's name.
        channel_name: String,
    },
    /// A channel has failed for good and is not used any more.
    ChannelDisabled {
        /// The channel.
        channel: ChannelId,
        /// Its name.
        channel_name: String,
        /// The name of its kind.
        channel_kind: String,
        /// Why, in words.
        reason: String,
    },
    /// An owner has got as many letters as he gets in a day: until the next one there are no more.
    LettersUsedUp {
        /// How many that are.
        most: u32,
        /// When there are letters again.
        until: Timestamp,
    },
}

/// Many verdicts in one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Digest {
    /// How many verdicts there are.
    pub total: u32,
    /// Those that fit in, the oldest first.
    pub entries: Vec<DigestEntry>,
}

/// One verdict of a digest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DigestEntry {
    /// Whether the site broke or works again.
    pub alert: Alert,
    /// The flow.
    pub flow: FlowId,
    /// Its name.
    pub flow_name: String,
    /// The run.
    pub run: RunId,
    /// When the run ended.
    pub finished_at: Timestamp,
    /// The kind of failure; none when the site works again.
    pub code: Option<String>,
    /// What happened, in words.
    pub message: Option<String>,
}

/// How many verdicts a digest lists.
const MAX_DIGEST_ENTRIES: usize = 100;

impl Digest {
    /// Of the notices that were held back; those that are no verdicts are left out.
    #[must_use]
    pub fn of<'a>(held: impl IntoIterator<Item = &'a NoticeBody>) -> Self {
        let mut entries: Vec<DigestEntry> = held
            .into_iter()
            .filter_map(|body| match body {
                NoticeBody::Run(run) => Some(run.entry()),
                _ => None,
            })
            .collect();
        entries.sort_by_key(|entry| (entry.finished_at, entry.run));
        let total = u32::try_from(entries.len()).unwrap_or(u32::MAX);
        entries.truncate(MAX_DIGEST_ENTRIES);
        Self { total, entries }
    }
}

impl NoticeBody {
    /// What kind it is, as webhooks name it.
    #[must_use]
    pub fn event(&self) -> &'static str {
        match self {
            Self::Run(run) => match run.alert {
                Alert::Failure => "run.failed",
                Alert::Reminder => "run.still_failing",
                Alert::Recovery => "run.recovered",
            },
            Self::FlowPaused { .. } => "flow.paused",
            Self::Account(_) => "account.letter",
            Self::Digest(_) => "runs.digest",
            Self::ChannelTest { .. } => "channel.test",
            Self::ConfirmChannel { .. } => "channel.confirm",
            Self::ChannelDisabled { .. } => "channel.disabled",
            Self::LettersUsedUp { .. } => "letters.used_up",
        }
    }

    /// The run that it tells of, if it is one.
    #[must_use]
    pub fn run(&self) -> Option<RunId> {
        match self {
            Self::Run(run) => Some(run.run),
            Self::FlowPaused { run, .. } => Some(*run),
            _ => None,
        }
    }

    /// Whether it is of use only at the channel that it was meant for.
    #[must_use]
    pub fn is_about_its_channel(&self) -> bool {
        matches!(self, Self::ChannelTest { .. } | Self::ConfirmChannel { .. })
    }
}

impl RunNotice {
    fn entry(&self) -> DigestEntry {
        DigestEntry {
            alert: self.alert,
            flow: self.flow,
            flow_name: self.flow_name.clone(),
            run: self.run,
            finished_at: self.finished_at,
            code: self.failure.as_ref().map(|step| step.code.clone()),
            message: self.failure.as_ref().map(|step| step.message.clone()),
        }
    }
}

/// A run's verdict, with all that its owner needs to know of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunNotice {
    /// Whether the site broke or works again.
    pub alert: Alert,
    /// The flow.
    pub flow: FlowId,
    /// Its name.
    pub flow_name: String,
    /// The run.
    pub run: RunId,
    /// `schedule` or `manual`.
    pub trigger: String,
    /// The browser that it ran in.
    pub browser: String,
    /// The address that the flow opens.
    pub flow_url: String,
    /// When the run ended.
    pub finished_at: Timestamp,
    /// How many verdicts in a row are failures, this one included.
    #[serde(default)]
    pub failures_in_row: u32,
    /// When the first of them was; of a recovery, when the site began to fail.
    #[serde(default)]
    pub failing_since: Option<Timestamp>,
    /// The step that failed; none when the site works again.
    pub failure: Option<FailedStep>,
}

/// The step that failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailedStep {
    /// Its number; 0 is the opening of the url.
    pub number: u32,
    /// How many steps the flow has.
    pub of: u32,
    /// What it is called, if it has a name.
    pub name: Option<String>,
    /// What it was to do.
    pub action: String,
    /// The element.
    pub selector_xpath: Option<String>,
    /// The kind of failure.
    pub code: String,
    /// What happened, in words.
    pub message: String,
    /// What was expected.
    pub expected: Option<String>,
    /// What was there instead.
    pub found: Option<String>,
    /// Where the tab was.
    pub page_url: Option<String>,
    /// The page's title.
    pub page_title: Option<String>,
    /// The key of the picture in the artifact store.
    pub screenshot: Option<String>,
}

/// A letter about an account. It is written when it is delivered: only then is its address
/// looked up and its token made, so that the outbox holds no secret and asking for a letter costs
/// the same whether the address has an account or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountLetter {
    /// What was asked for.
    pub letter: Letter,
    /// The address that was typed.
    pub email: String,
}

/// The kinds of letters about accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Letter {
    /// Somebody registered with this address.
    Registration,
    /// Somebody asks for the confirmation again.
    ResendConfirmation,
    /// Somebody has forgotten the password.
    ForgotPassword,
    /// The holder of an account wants this to be its address.
    ChangeEmail {
        /// The account.
        account: OwnerId,
        /// What the password that was shown for it is known again by. With another one by now, the
        /// wish is that of somebody who has been shut out.
        #[serde(default)]
        password: String,
    },
    /// The account of this address is to get another one.
    EmailChanging,
    /// The account of this address has got another password.
    PasswordChanged,
}

/// Delivers notices.
#[async_trait]
pub trait Notifier: Send + Sync {
    /// Tries once to deliver a notice. It may be called again for the same notice.
    async fn deliver(&self, notice: &Notice, to: &Destination) -> Result<Delivery, DeliveryError>;
}

/// What came of a notice that is done with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It went out.
    Sent,
    /// There was nobody to send it to.
    NotNeeded,
}

/// A delivery that failed says what should happen next.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// Later it may work.
    #[error("{cause}")]
    Retry {
        /// Why it did not now.
        #[source]
        cause: BoxError,
        /// How long the receiver asks to be left alone.
        after: Option<Duration>,
    },
    /// It will never work.
    #[error("{0}")]
    GiveUp(#[source] BoxError),
}

impl DeliveryError {
    /// Later it may work; the receiver does not say when.
    pub fn retry(cause: impl Into<BoxError>) -> Self {
        Self::Retry { cause: cause.into(), after: None }
    }

    /// It will never work.
    pub fn give_up(cause: impl Into<BoxError>) -> Self {
        Self::GiveUp(cause.into())
    }
}
