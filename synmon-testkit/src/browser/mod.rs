//! A browser that plays a script: pages with elements, and all that can go wrong with them.

mod page;
mod session;

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use synmon_core::{
    Clock,
    browser::{Browser, BrowserError, Session, SessionRequest},
    flow::BrowserKind,
};

pub use page::{Element, Page, Trouble};
use session::FakeSession;

/// A browser without a machine behind it.
#[derive(Clone, Debug, Default)]
pub struct FakeBrowser {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    pages: Mutex<HashMap<String, Page>>,
    starts: Mutex<VecDeque<Start>>,
    shot: Mutex<Shot>,
    calls: Mutex<Vec<String>>,
    counts: Mutex<Counts>,
    /// Trouble is over for sessions from this one on.
    heals_after: Mutex<Option<usize>>,
    close_fails: Mutex<Option<Trouble>>,
    /// Whether its sessions outlive the process.
    outlives: AtomicBool,
    /// The sessions that were asked for.
    requests: Mutex<Vec<SessionRequest>>,
    /// Tag and id of the sessions that were to be ended by somebody else.
    reaped: Mutex<Vec<(String, Option<String>)>>,
    reaping_fails: Mutex<VecDeque<Trouble>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    opened: usize,
    closed: usize,
    dropped: usize,
}

/// How a session starts.
#[derive(Clone, Debug)]
pub enum Start {
    /// At once.
    Ready,
    /// It takes this long by the given clock.
    Slow(Arc<dyn Clock>, Duration),
    /// It does not: there is no browser.
    Unavailable,
    /// It never answers.
    Hangs,
    /// The driver has a bug.
    Panics,
}

/// What a fake browser gives for a picture.
#[derive(Clone, Copy, Debug, Default)]
pub enum Shot {
    /// A few bytes.
    #[default]
    Small,
    /// This many bytes.
    OfSize(usize),
    /// An error.
    Fails,
    /// No answer.
    Hangs,
}

impl FakeBrowser {
    /// A browser that knows no page: every address fails to load.
    pub fn new() -> Self {
        Self::default()
    }

    /// Also knows this page.
    pub fn page(&self, url: &str, page: Page) -> &Self {
        lock(&self.shared.pages).insert(url.to_owned(), page);
        self
    }

    /// The next sessions start like this, one after the other; those after them at once.
    pub fn starts(&self, starts: impl IntoIterator<Item = Start>) -> &Self {
        lock(&self.shared.starts).extend(starts);
        self
    }

    /// From now on, pictures come like this.
    pub fn shoots(&self, shot: Shot) -> &Self {
        *lock(&self.shared.shot) = shot;
        self
    }

    /// Only the first `sessions` sessions have the troubles of the pages; the others do not.
    pub fn heals_after(&self, sessions: usize) -> &Self {
        *lock(&self.shared.heals_after) = Some(sessions);
        self
    }

    /// Closing a session goes wrong like this; the session counts as closed all the same.
    pub fn closes_with(&self, trouble: Trouble) -> &Self {
        *lock(&self.shared.close_fails) = Some(trouble);
        self
    }

    /// Its sessions outlive the process, on a machine that others use, too.
    pub fn shared(&self) -> &Self {
        self.shared.outlives.store(true, Ordering::SeqCst);
        self
    }

    /// The next tries to end a forgotten session go wrong like this, one after the other.
    pub fn reaps_with(&self, troubles: impl IntoIterator<Item = Trouble>) -> &Self {
        lock(&self.shared.reaping_fails).extend(troubles);
        self
    }

    /// The tags of the sessions that were asked for, whether they came or not.
    pub fn tags(&self) -> Vec<String> {
        self.requests().into_iter().map(|request| request.tag).collect()
    }

    /// The sessions that were asked for, whether they came or not.
    pub fn requests(&self) -> Vec<SessionRequest> {
        lock(&self.shared.requests).clone()
    }

    /// Tag and id of the forgotten sessions that it was told to end, with those that it could not.
    pub fn reaped(&self) -> Vec<(String, Option<String>)> {
        lock(&self.shared.reaped).clone()
    }

    /// What was asked of all sessions, in order, such as `open http://site.example/`.
    pub fn calls(&self) -> Vec<String> {
        lock(&self.shared.calls).clone()
    }

    /// How many sessions were started.
    pub fn opened(&self) -> usize {
        lock(&self.shared.counts).opened
    }

    /// How many sessions were closed, each by [`Session::close`].
    pub fn closed(&self) -> usize {
        lock(&self.shared.counts).closed
    }

    /// How many sessions are gone that nobody closed: a real browser would be left behind.
    pub fn leaked(&self) -> usize {
        lock(&self.shared.counts).dropped
    }
}

impl Shared {
    fn note(&self, call: String) {
        lock(&self.calls).push(call);
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        lock(&self.counts)
    }
}

#[async_trait]
impl Browser for FakeBrowser {
    fn kinds(&self) -> &[BrowserKind] {
        BrowserKind::ALL
    }

    async fn ready(&self) -> Result<(), String> {
        Ok(())
    }

    async fn start(&self, request: &SessionRequest) -> Result<Box<dyn Session>, BrowserError> {
        self.shared.note(format!("start {}", request.browser));
        lock(&self.shared.requests).push(request.clone());
        let start = lock(&self.shared.starts).pop_front().unwrap_or(Start::Ready);
        match start {
            Start::Ready => {}
            Start::Slow(clock, span) => clock.sleep(span).await,
            Start::Unavailable => {
                return Err(BrowserError::Unavailable("there is no browser here".to_owned()));
            }
            Start::Hangs => return std::future::pending().await,
            Start::Panics => panic!("a driver's bug, as the test wanted"),
        }
        Ok(Box::new(FakeSession::new(Arc::clone(&self.shared))))
    }

    fn is_shared(&self) -> bool {
        self.shared.outlives.load(Ordering::SeqCst)
    }

    async fn end_forgotten(&self, tag: &str, id: Option<&str>) -> Result<(), BrowserError> {
        lock(&self.shared.reaped).push((tag.to_owned(), id.map(str::to_owned)));
        let trouble = lock(&self.shared.reaping_fails).pop_front();
        match trouble {
            None => Ok(()),
            Some(Trouble::Fails(error)) => Err(error),
            Some(Trouble::Panics) => panic!("a driver's bug, as the test wanted"),
            Some(_) => std::future::pending().await,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
