//! Letters about accounts, and those that confirm an address.

use serde::Serialize;

use super::super::{addresses::LetterKind, clean, link::Links, templates::Kind};

/// A letter.
#[derive(Serialize)]
pub(in super::super) struct LetterView {
    home: String,
    pub(super) link: String,
    name: Option<String>,
    /// Of a channel's confirmation: its name, in which nothing can be a link.
    channel: Option<String>,
}

impl LetterView {
    pub(super) fn of(links: &Links, name: Option<String>, kind: &LetterKind) -> (Kind, Self) {
        let of =
            |kind, link, name, channel| (kind, Self { home: links.home(), link, name, channel });
        match kind {
            LetterKind::Confirm { token } => of(Kind::Confirm, links.confirm(token), None, None),
            LetterKind::AlreadyRegistered => of(Kind::AlreadyRegistered, links.home(), name, None),
            LetterKind::ResetPassword { token } => {
                of(Kind::ResetPassword, links.reset_password(token), name, None)
            }
            LetterKind::ChangeEmail { token } => {
                of(Kind::ChangeEmail, links.confirm(token), None, None)
            }
            LetterKind::EmailChanging => of(Kind::EmailChanging, links.home(), name, None),
            LetterKind::PasswordChanged => of(Kind::PasswordChanged, links.home(), name, None),
            LetterKind::ConfirmChannel { token, channel_name } => {
                let channel = Some(clean::label(channel_name)).filter(|name| !name.is_empty());
                of(Kind::ConfirmChannel, links.confirm_channel(token), None, channel)
            }
        }
    }
}
