//! Messages in the outbox, and who delivers them.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{BoxError, FlowId, NoticeId, OwnerId, RunId, Timestamp, alert::Alert};

/// One message, in the outbox until it is delivered. It carries all that it says, so that a late
/// or repeated delivery tells the same; its id is the same over all attempts.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// Its id.
    pub id: NoticeId,
    /// Whom it is for; none for a letter to an address that may have no account.
    pub owner: Option<OwnerId>,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Letter {
    /// Somebody registered with this address.
    Registration,
    /// Somebody asks for the confirmation again.
    ResendConfirmation,
    /// Somebody has forgotten the password.
    ForgotPassword,
}

/// Delivers notices.
#[async_trait]
pub trait Notifier: Send + Sync {
    /// Delivers one notice. It may be called again for the same notice.
    async fn deliver(&self, notice: &Notice) -> Result<Delivery, DeliveryError>;
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
    #[error("{0}")]
    Retry(#[source] BoxError),
    /// It will never work.
    #[error("{0}")]
    GiveUp(#[source] BoxError),
}
