//! Notices as e-mail.

mod addresses;
mod clean;
mod compose;
mod errors;
mod folder;
mod link;
mod notifier;
mod picture;
mod sample;
mod sender;
mod smtp;
mod smtp_url;
mod templates;
mod view;

pub use addresses::{AddressBook, LetterKind, PreparedLetter, Recipient};
pub use errors::{EmailSetupError, SendError, TemplateError};
pub use notifier::{EmailNotifier, EmailSettings, TransportSettings};
pub use sender::{Sender, SenderError};
pub use smtp_url::SmtpUrlError;
