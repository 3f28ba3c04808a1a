//! Notices as JSON, for machines: what webhooks carry and plug-ins read. Its names are a promise.

mod channel;
mod digest;
mod flow;
mod pages;

pub use pages::PublicUrlError;
pub(crate) use pages::RunPages;

use serde::Serialize;
use synmon_core::{
    Timestamp,
    notice::{Notice, NoticeBody},
};

use channel::{DisabledData, TestData};
use digest::DigestData;
use flow::{PauseData, VerdictData};

/// The longest text, in characters: a page's title may be of any length.
const LONGEST: usize = 2_000;

/// One notice, as it is told to a machine.
#[derive(Debug, Serialize)]
pub(crate) struct Event<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    timestamp: Timestamp,
    data: EventData<'a>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
#[expect(clippy::large_enum_variant, reason = "nearly all are of the large kind")]
enum EventData<'a> {
    Verdict(VerdictData<'a>),
    Digest(DigestData<'a>),
    Pause(PauseData<'a>),
    Test(TestData<'a>),
    Disabled(DisabledData<'a>),
}

impl<'a> Event<'a> {
    /// What a notice tells a machine; nothing if it is a letter, which is for its reader alone.
    pub(crate) fn of(notice: &'a Notice, pages: &RunPages) -> Option<Self> {
        let data = match &notice.body {
            NoticeBody::Run(run) => EventData::Verdict(VerdictData::of(run, pages)),
            NoticeBody::Digest(digest) => EventData::Digest(DigestData::of(digest, pages)),
            NoticeBody::FlowPaused { flow, flow_name, run, reason } => {
                EventData::Pause(PauseData::of((*flow, flow_name), *run, reason, pages))
            }
            NoticeBody::ChannelTest { channel_name } => {
                EventData::Test(TestData::of(notice.channel, channel_name))
            }
            NoticeBody::ChannelDisabled { channel, channel_name, channel_kind, reason } => {
                let channel = (*channel, channel_name.as_str(), channel_kind.as_str());
                EventData::Disabled(DisabledData::of(channel, reason))
            }
            NoticeBody::Account(_)
            | NoticeBody::ConfirmChannel { .. }
            | NoticeBody::LettersUsedUp { .. } => return None,
        };
        Some(Self { kind: notice.body.event(), timestamp: notice.created_at, data })
    }
}

/// As JSON, in one line: line ends within texts are escaped.
#[expect(
    clippy::expect_used,
    reason = "views have string keys and write to memory: nothing of it can fail"
)]
pub(crate) fn json(view: &impl Serialize) -> String {
    serde_json::to_string(view).expect("a view is JSON")
}

fn cut(text: &str) -> &str {
    cut_at(text, LONGEST)
}

fn cut_at(text: &str, longest: usize) -> &str {
    match text.char_indices().nth(longest) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_characters() {
        let long = "日".repeat(LONGEST);
        assert_eq!(cut(&long), long);
        assert_eq!(cut(&format!("{long}本")), long);
    }
}
