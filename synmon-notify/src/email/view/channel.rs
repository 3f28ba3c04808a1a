//! Mails about channels.

use serde::Serialize;
use synmon_core::{ChannelId, Timestamp};

use super::{
    super::{clean, link::Links},
    words,
};

/// A mail to see whether a channel works.
#[derive(Serialize)]
pub(in super::super) struct TestView {
    pub(super) home: String,
    name: Option<String>,
    channel: ChannelView,
    asked_at: String,
}

/// A mail about a channel that is not used any more.
#[derive(Serialize)]
pub(in super::super) struct DisabledView {
    home: String,
    /// The channel in the API.
    pub(super) link: String,
    /// The documentation of the API.
    docs: String,
    name: Option<String>,
    channel: DisabledChannelView,
    reason: String,
    disabled_at: String,
}

#[derive(Serialize)]
struct ChannelView {
    name: String,
}

#[derive(Serialize)]
struct DisabledChannelView {
    name: String,
    /// In words.
    kind: String,
}

impl TestView {
    pub(super) fn of(links: &Links, name: Option<String>, channel: &str, at: Timestamp) -> Self {
        Self {
            home: links.home(),
            name,
            channel: ChannelView { name: clean::line(channel, clean::TITLE) },
            asked_at: words::instant(at),
        }
    }
}

impl DisabledView {
    pub(super) fn of(
        links: &Links,
        name: Option<String>,
        (id, channel, kind, reason): (ChannelId, &str, &str, &str),
        at: Timestamp,
    ) -> Self {
        let kind = match kind {
            "email" => "e-mail".to_owned(),
            "plugin" => "plug-in".to_owned(),
            other => clean::line(other, clean::NAME),
        };
        Self {
            home: links.home(),
            link: links.channel(id),
            docs: links.docs(),
            name,
            channel: DisabledChannelView { name: clean::line(channel, clean::TITLE), kind },
            reason: clean::block(reason, clean::BLOCK),
            disabled_at: words::instant(at),
        }
    }
}
