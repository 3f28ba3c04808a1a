//! Pictures that must not show some texts, wherever in the tab they are.

use serde_json::{Value, json};
use synmon_core::browser::{BrowserError, Picture, Shot};

use super::{CdpSession, state::FrameId};
use crate::{
    actor::{self, Failure},
    page::{self, Masked},
};

/// How often a picture is tried again whose page leaves meanwhile, or uncovers what was painted
/// over: the next page would show what was painted over in this one.
const TRIES: usize = 5;

impl CdpSession {
    /// A picture in which all that shows one of the texts is painted over, in every frame.
    pub(super) async fn take_concealed(
        &mut self,
        shot: Shot<'_>,
        params: Value,
    ) -> Result<Picture, BrowserError> {
        for _ in 0..TRIES {
            let frames = self.frames_of_tab();
            let mut taken = match self.cover(shot, &frames).await {
                Ok(()) => Some(self.take_masked(params.clone()).await),
                Err(Failure::Left) => None,
                Err(failure) => Some(Err(failure.into())),
            };
            if matches!(taken, Some(Ok(_))) && !self.is_covered(&frames).await {
                taken = None;
            }
            let stayed = self.frames_of_tab() == frames;
            for (frame, _) in &frames {
                // A frame that can't be asked any more shows nothing that matters.
                let _ = self.run_in(frame, &page::UNMASK, json!([])).await;
            }
            match taken {
                Some(taken) if stayed || taken.is_err() => return taken,
                _ => {}
            }
        }
        let why = "the page keeps changing what must not be seen in its picture";
        Err(BrowserError::Unexpected(why.to_owned()))
    }

    /// Paints over what selectors find, where steps act and in the tab's outermost frame, and what
    /// shows one of the texts in any frame.
    async fn cover(&self, shot: Shot<'_>, frames: &[(FrameId, String)]) -> Result<(), Failure> {
        for (frame, _) in frames {
            let is_ours = *frame == self.here.tab || frame == self.here.frame();
            let mask = if is_ours { shot.mask } else { &[] };
            let args = actor::mask_args(mask, shot.conceal);
            let answer = match self.run_in(frame, &page::MASK, args).await {
                Err(Failure::NoFrame) => return Err(Failure::Left),
                answer => answer?,
            };
            match serde_json::from_value(answer) {
                Ok(Masked::Whole | Masked::Torn) => {}
                Ok(Masked::Invalid { why }) => {
                    return Err(Failure::Browser(BrowserError::SelectorInvalid(why)));
                }
                Err(_) => return Err(Failure::Script("the mask gave no answer".to_owned())),
            }
        }
        Ok(())
    }

    /// Whether nothing was uncovered while the picture was taken.
    async fn is_covered(&self, frames: &[(FrameId, String)]) -> bool {
        for (frame, _) in frames {
            let answer = self.run_in(frame, &page::WHOLE, json!([])).await;
            let state = answer.ok().and_then(|answer| serde_json::from_value(answer).ok());
            if !matches!(state, Some(Masked::Whole)) {
                return false;
            }
        }
        true
    }

    /// The frames of the tab that show a document, each with the navigation that has led to it.
    fn frames_of_tab(&self) -> Vec<(FrameId, String)> {
        let state = self.shared().state();
        let is_in_tab = |id: &FrameId| {
            let mut at = Some(id);
            // No page nests frames this deep.
            for _ in 0..64 {
                match at {
                    Some(id) if *id == self.here.tab => return true,
                    Some(id) => at = state.frames.get(id).and_then(|frame| frame.parent.as_ref()),
                    None => return false,
                }
            }
            false
        };
        let shown =
            state.frames.iter().filter(|(id, frame)| frame.world.is_some() && is_in_tab(id));
        let mut frames: Vec<_> =
            shown.map(|(id, frame)| (id.clone(), frame.document.loader.clone())).collect();
        frames.sort();
        frames
    }
}
