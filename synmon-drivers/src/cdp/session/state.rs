//! Tabs, frames and their scripts' worlds, as the browser's events tell of them.

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use synmon_core::flow::BasicAuth;
use tokio::sync::oneshot;

use crate::{
    activity::Recorder,
    cdp::{connection::SessionId, dialogs::Dialogs, flood::Flood},
};

/// A frame's id. A tab has the id of its outermost frame, and so has a frame with a process of its
/// own.
pub(crate) type FrameId = String;

/// How many dialogs are answered within one call before the page is stopped.
pub(crate) const MAX_DIALOGS: usize = 8;

/// What a session knows.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// The tabs in the order in which they were opened.
    pub(crate) tabs: Vec<OpenTab>,
    pub(crate) frames: HashMap<FrameId, Frame>,
    /// The protocol's sessions, and the frame that each begins with.
    pub(crate) sessions: HashMap<SessionId, FrameId>,
    pub(crate) dialogs: Dialogs,
    /// Whether dialogs are closed by OK, and with which text.
    pub(crate) accept: bool,
    pub(crate) prompt_text: Option<String>,
    /// How many dialogs have been answered since the last call began.
    pub(crate) dialog_run: usize,
    /// What the last one said of more than are answered.
    pub(crate) flooded: Option<String>,
    /// Who waits for the next frame of a screencast.
    pub(crate) frame_wanted: Option<oneshot::Sender<String>>,
    /// What is being dragged, as the browser has handed it over.
    pub(crate) dragged: Option<Value>,
    /// What each tab and frame is told before it shows anything.
    pub(crate) wishes: Vec<(&'static str, Value)>,
    /// Whom the site is told who asks, and the only site that is.
    pub(crate) basic_auth: Option<BasicAuth>,
    pub(crate) trusted: Option<String>,
    /// The requests that were given the password: one that asks again does not take it.
    pub(crate) told_password: HashSet<String>,
    pub(crate) activity: Recorder,
    pub(crate) flood: Flood,
}

/// A tab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OpenTab {
    pub(crate) id: FrameId,
    pub(crate) session: SessionId,
}

/// A frame.
#[derive(Debug)]
pub(crate) struct Frame {
    /// Whose events tell of it.
    pub(crate) session: SessionId,
    pub(crate) parent: Option<FrameId>,
    /// What the frame shows.
    pub(crate) document: Document,
    /// The status that the document that comes next has, with its navigation's id.
    pub(crate) coming: Option<(String, u16)>,
    /// How often it has arrived somewhere, or stopped on the way.
    pub(crate) moves: u64,
    /// The navigation that has begun and neither arrived nor failed.
    pub(crate) going: Going,
    /// Whether it loads.
    pub(crate) loading: bool,
    /// The world where our scripts run in its document, once it is there.
    pub(crate) world: Option<String>,
}

/// A document of a frame.
#[derive(Clone, Debug, Default)]
pub(crate) struct Document {
    /// The navigation that has led to it.
    pub(crate) loader: String,
    /// Its address.
    pub(crate) url: String,
    /// The address that could not be reached, if this is the browser's own page about that.
    pub(crate) unreachable: Option<String>,
    /// The HTTP status that it came with.
    pub(crate) status: Option<u16>,
}

/// Where a frame goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Going {
    /// Nowhere.
    #[default]
    Nowhere,
    /// Its page has asked to go somewhere; the browser has not begun to.
    Asked,
    /// The browser is on the way; this is the navigation's id.
    Begun(String),
}

impl Frame {
    pub(crate) fn new(session: SessionId, parent: Option<FrameId>) -> Self {
        Self {
            session,
            parent,
            document: Document::default(),
            coming: None,
            moves: 0,
            going: Going::Nowhere,
            loading: false,
            world: None,
        }
    }

    /// Whether it goes nowhere and has all that it shows.
    pub(crate) fn is_still(&self) -> bool {
        self.going == Going::Nowhere && !self.loading
    }
}

impl State {
    /// A frame that events of a session tell of: it is noted if it was not known.
    pub(crate) fn frame(&mut self, id: &str, session: &SessionId) -> &mut Frame {
        self.frames.entry(id.to_owned()).or_insert_with(|| Frame::new(session.clone(), None))
    }

    /// Forgets a frame and all frames in it.
    pub(crate) fn remove_frame(&mut self, id: &str) {
        self.frames.remove(id);
        self.remove_inner_frames(id);
    }

    /// Forgets the frames in a frame.
    pub(crate) fn remove_inner_frames(&mut self, id: &str) {
        let inner: Vec<FrameId> = self
            .frames
            .iter()
            .filter(|(_, frame)| frame.parent.as_deref() == Some(id))
            .map(|(id, _)| id.clone())
            .collect();
        for id in inner {
            self.remove_frame(&id);
        }
    }

    /// A new tab, or a frame that has got a process of its own.
    pub(crate) fn attached(&mut self, session: SessionId, frame: &str) {
        let known = self.frame(frame, &session);
        known.session = session.clone();
        known.world = None;
        self.sessions.insert(session, frame.to_owned());
    }

    /// A session of the protocol has ended.
    pub(crate) fn detached(&mut self, session: &SessionId) {
        let Some(id) = self.sessions.remove(session) else { return };
        if let Some(place) = self.tabs.iter().position(|tab| tab.session == *session) {
            self.tabs.remove(place);
            self.remove_frame(&id);
        } else if self.frames.get(&id).is_some_and(|frame| frame.session == *session) {
            // It may have gone back into the process of the frame around it.
            if let Some(frame) = self.frames.get_mut(&id) {
                frame.world = None;
            }
        }
    }
}
