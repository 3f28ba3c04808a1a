//! Notices as webhooks, as [Standard Webhooks](https://www.standardwebhooks.com) has them.

mod client;
mod errors;
mod retry_after;
mod secret;
mod sender;

pub use errors::{GiveUpCause, RetryCause, WebhookError, WebhookSetupError};
pub use secret::{WebhookSecret, WebhookSecretError};
pub use sender::{WebhookSender, WebhookSettings, WebhookTarget};
