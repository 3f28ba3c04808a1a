//! What concerns a channel itself.

use serde::Serialize;
use synmon_core::ChannelId;

use super::cut;

/// Somebody wants to see whether a channel works.
#[derive(Debug, Serialize)]
pub(super) struct TestData<'a> {
    channel: ChannelView<'a>,
}

/// A channel is not used any more.
#[derive(Debug, Serialize)]
pub(super) struct DisabledData<'a> {
    channel: DisabledChannelView<'a>,
    reason: &'a str,
}

#[derive(Debug, Serialize)]
struct ChannelView<'a> {
    id: Option<ChannelId>,
    name: &'a str,
}

#[derive(Debug, Serialize)]
struct DisabledChannelView<'a> {
    id: ChannelId,
    name: &'a str,
    kind: &'a str,
}

impl<'a> TestData<'a> {
    pub(super) fn of(id: Option<ChannelId>, name: &'a str) -> Self {
        Self { channel: ChannelView { id, name: cut(name) } }
    }
}

impl<'a> DisabledData<'a> {
    pub(super) fn of((id, name, kind): (ChannelId, &'a str, &'a str), reason: &'a str) -> Self {
        Self { channel: DisabledChannelView { id, name: cut(name), kind }, reason: cut(reason) }
    }
}
