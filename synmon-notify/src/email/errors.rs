//! What can go wrong.

use std::{io, path::PathBuf, time::Duration};

use synmon_core::{BoxError, notice::DeliveryError};

use super::smtp_url::SmtpUrlError;

/// The notifier can't be set up as the settings say.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmailSetupError {
    /// The address of the SMTP server is not usable.
    #[error(transparent)]
    SmtpUrl(#[from] SmtpUrlError),
    /// The folder for mails can't be made.
    #[error("the folder for mails, {}, can't be made: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Links can't be made from the public url.
    #[error("the public url must begin with http:// or https://, and name a host")]
    PublicUrl,
    /// A template is not usable.
    #[error(transparent)]
    Template(#[from] TemplateError),
}

/// A template is not usable.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// A file, or the folder of templates, can't be read.
    #[error("{} can't be read: {source}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is no template of that name.
    #[error("{} takes the place of no template; there are: {known}", path.display())]
    Unknown {
        /// The file.
        path: PathBuf,
        /// The names that there are.
        known: String,
    },
    /// It is not in the language of templates, or extends one that is not there.
    #[error("the templates can't be read: {0}")]
    Parse(#[source] BoxError),
    /// It can't be rendered.
    #[error("the template {name} can't be rendered: {source}")]
    Render {
        /// Its name.
        name: String,
        /// Why.
        source: BoxError,
    },
    /// Nothing comes of it.
    #[error("the template {0} renders to nothing")]
    Empty(String),
    /// The letter is useless without its link.
    #[error("the template {0} does not show its link: write {{{{ link }}}}")]
    LinkLost(String),
}

/// A mail that could not be sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The recipient's address is none.
    #[error("the address is not an e-mail address")]
    NoAddress,
    /// The address has not proved to be one that notices may go to.
    #[error("the channel's address is not confirmed")]
    Unconfirmed,
    /// It is to go to a receiver of another kind.
    #[error("this process delivers by e-mail only")]
    NotByMail,
    /// The recipient's address needs what the server can't do.
    #[error("the address is not ASCII, and the mail server does not speak SMTPUTF8")]
    NotAscii,
    /// The server does not take this mail.
    #[error("the mail server refuses the mail for good: {0}")]
    Refused(String),
    /// The server does not take it now, or does not let us in.
    #[error("the mail server is out of reach or does not take the mail now: {0}")]
    NotNow(String),
    /// It took too long.
    #[error("the mail was not handed over within {} s", .0.as_secs_f32())]
    TimedOut(Duration),
    /// Accounts can't be looked up.
    #[error("the recipient can't be looked up: {0}")]
    AddressBook(#[source] BoxError),
    /// A template can't be rendered.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The mail can't be put together.
    #[error("the mail can't be put together: {0}")]
    Compose(#[source] lettre::error::Error),
    /// The folder can't be written to.
    #[error("the mail can't be written into its folder: {0}")]
    Folder(#[source] io::Error),
}

impl From<SendError> for DeliveryError {
    /// Gives up only where the same mail can never get through. A template that does not render
    /// waits for the one who can mend it.
    fn from(error: SendError) -> Self {
        match error {
            SendError::NoAddress
            | SendError::Unconfirmed
            | SendError::NotAscii
            | SendError::Refused(_)
            | SendError::Compose(_) => Self::give_up(error),
            // Another process may do more.
            SendError::NotByMail
            | SendError::NotNow(_)
            | SendError::TimedOut(_)
            | SendError::AddressBook(_)
            | SendError::Template(_)
            | SendError::Folder(_) => Self::retry(error),
        }
    }
}
