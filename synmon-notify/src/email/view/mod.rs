//! What templates see. All text of others has been cleaned when it gets here.

mod channel;
mod digest;
mod letter;
mod run;
mod used_up;
mod words;

use synmon_core::{
    ChannelId, RunId, Timestamp,
    notice::{Digest, RunNotice},
};

use super::{
    addresses::LetterKind,
    clean,
    errors::TemplateError,
    link::Links,
    picture::Picture,
    templates::{Kind, Rendered, Templates},
};
use channel::{DisabledView, TestView};
use digest::DigestView;
use letter::LetterView;
use run::{PausedView, RunView};
use used_up::UsedUpView;

/// A mail's kind and what its templates see.
pub(super) enum View {
    /// About a run.
    Run(Kind, Box<RunView>),
    /// About many runs.
    Digest(Box<DigestView>),
    /// About a pause.
    Paused(Box<PausedView>),
    /// To see whether a channel works.
    Test(Box<TestView>),
    /// About a channel that is not used any more.
    Disabled(Box<DisabledView>),
    /// About letters that there are no more of today.
    UsedUp(Box<UsedUpView>),
    /// About an account, or for the confirmation of an address.
    Letter(Kind, LetterView),
}

impl View {
    /// Of a run's verdict. `cid` is the Content-ID that the picture would get.
    pub(super) fn run(
        links: &Links,
        name: &str,
        run: &RunNotice,
        (picture, cid): (&Picture, &str),
    ) -> Self {
        let view = RunView::of(links, name_of(name), run, (picture, cid));
        Self::Run(run::kind(run.alert), Box::new(view))
    }

    /// Of many verdicts.
    pub(super) fn digest(links: &Links, name: &str, digest: &Digest) -> Self {
        Self::Digest(Box::new(DigestView::of(links, name_of(name), digest)))
    }

    /// Of a pause.
    pub(super) fn paused(
        links: &Links,
        name: &str,
        (flow_name, reason, run): (&str, &str, RunId),
        at: Timestamp,
    ) -> Self {
        let view = PausedView::of(links, name_of(name), (flow_name, reason, run), at);
        Self::Paused(Box::new(view))
    }

    /// Of a test of a channel.
    pub(super) fn test(links: &Links, name: &str, channel: &str, at: Timestamp) -> Self {
        Self::Test(Box::new(TestView::of(links, name_of(name), channel, at)))
    }

    /// Of a channel that is not used any more: its id, name and kind, and why.
    pub(super) fn disabled(
        links: &Links,
        name: &str,
        what: (ChannelId, &str, &str, &str),
        at: Timestamp,
    ) -> Self {
        let view = DisabledView::of(links, name_of(name), what, at);
        Self::Disabled(Box::new(view))
    }

    /// Of the last letter of a day.
    pub(super) fn used_up(links: &Links, name: &str, most: u32, until: Timestamp) -> Self {
        Self::UsedUp(Box::new(UsedUpView::of(links, name_of(name), most, until)))
    }

    /// Of a letter.
    pub(super) fn letter(links: &Links, name: &str, kind: &LetterKind) -> Self {
        let (kind, view) = LetterView::of(links, name_of(name), kind);
        Self::Letter(kind, view)
    }

    /// The mail's text.
    pub(super) fn render(&self, templates: &Templates) -> Result<Rendered, TemplateError> {
        let kind = self.kind();
        match self {
            Self::Run(_, view) => templates.render(kind, view.as_ref()),
            Self::Digest(view) => templates.render(kind, view.as_ref()),
            Self::Paused(view) => templates.render(kind, view.as_ref()),
            Self::Test(view) => templates.render(kind, view.as_ref()),
            Self::Disabled(view) => templates.render(kind, view.as_ref()),
            Self::UsedUp(view) => templates.render(kind, view.as_ref()),
            Self::Letter(_, view) => templates.render(kind, view),
        }
    }

    /// The kind of mail.
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Run(kind, _) | Self::Letter(kind, _) => *kind,
            Self::Digest(_) => Kind::RunsDigest,
            Self::Paused(_) => Kind::FlowPaused,
            Self::Test(_) => Kind::ChannelTest,
            Self::Disabled(_) => Kind::ChannelDisabled,
            Self::UsedUp(_) => Kind::LettersUsedUp,
        }
    }

    /// Whether the recipient may be named. An address that has not proved to be its user's may be
    /// a stranger's, and the name an advertisement.
    pub(super) fn names_recipient(&self) -> bool {
        !matches!(self.kind(), Kind::Confirm | Kind::ConfirmChannel | Kind::ChangeEmail)
    }

    /// The link that it is about.
    pub(super) fn link(&self) -> &str {
        match self {
            Self::Run(_, view) => &view.link,
            Self::Digest(view) => &view.home,
            Self::Paused(view) => &view.link,
            Self::Test(view) => &view.home,
            Self::Disabled(view) => &view.link,
            Self::UsedUp(view) => &view.home,
            Self::Letter(_, view) => &view.link,
        }
    }
}

fn name_of(name: &str) -> Option<String> {
    Some(clean::line(name, clean::NAME)).filter(|name| !name.is_empty())
}
