//! A session as the cases use it: short names, and waiting with a limit as the engine does.

use std::time::Duration;

use synmon_core::{
    browser::{
        Activity, Adjustment, Area, Attempt, BrowserError, Deed, Explanation, Observation,
        PageState, Picture, Session, Shot, Travel,
    },
    keys,
    step::{Candidate, Click, FrameTarget, Gesture, Selector},
};
use tokio::time::timeout;
use url::Url;

use crate::until_within;

/// No case waits longer than this: something hangs then.
pub const HANGS: Duration = Duration::from_secs(30);

/// A session that a case drives.
pub struct Tab(pub Box<dyn Session>);

/// A selector that is valid: `css=…`, `text=…` and so on, or an XPath.
pub fn selector(text: &str) -> Selector {
    match Candidate::parse(text) {
        Ok(candidate) => Selector::of(vec![candidate]).unwrap(),
        Err(_) => Selector::xpath(text).unwrap(),
    }
}

/// A selector of several candidates.
pub fn candidates(texts: &[&str]) -> Selector {
    Selector::of(texts.iter().map(|text| Candidate::parse(text).unwrap()).collect()).unwrap()
}

/// Typing after what is there.
pub fn typing(text: &str) -> Gesture {
    Gesture::Type { text: text.to_owned(), replace: false }
}

/// Typing in the place of what is there.
pub fn replacing(text: &str) -> Gesture {
    Gesture::Type { text: text.to_owned(), replace: true }
}

/// A click of the main button on the middle.
pub const CLICK: Gesture = Gesture::Click(Click::PLAIN);

/// Two of them.
pub const DOUBLE_CLICK: Gesture = Gesture::Click(Click { count: 2, ..Click::PLAIN });

/// No case waits longer for a page to come to what it should.
const LATE: Duration = Duration::from_secs(20);

async fn soon<T>(work: impl Future<Output = T>) -> T {
    timeout(HANGS, work).await.unwrap()
}

/// Looks until it is so; if it never is, the panic says what was there instead.
async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Result<T, String>) -> T {
    let mut last = String::new();
    let looks = until_within(HANGS, what, async || look().await.map_err(|why| last = why).ok());
    let seen = timeout(LATE, looks).await;
    seen.unwrap_or_else(|_| panic!("{what}: it never came, but there was {last}"))
}

impl Tab {
    /// Opens a page, which must work.
    pub async fn open(&mut self, url: &Url) {
        self.try_open(url).await.unwrap();
    }

    /// Opens a page.
    pub async fn try_open(&mut self, url: &Url) -> Result<(), BrowserError> {
        soon(self.0.open(url)).await
    }

    /// Goes through the tab's history.
    pub async fn travel(&mut self, travel: Travel) {
        soon(self.0.travel(travel)).await.unwrap();
    }

    /// One attempt.
    pub async fn try_once(&mut self, find: &str, gesture: Gesture) -> Attempt {
        soon(self.0.act(&selector(find), &gesture)).await.unwrap()
    }

    /// Attempts until it is done.
    pub async fn act(&mut self, find: &str, gesture: Gesture) {
        self.act_on(&selector(find), gesture).await;
    }

    /// Attempts until it is done, and says what that was.
    pub async fn act_on(&mut self, selector: &Selector, gesture: Gesture) -> Deed {
        let what = format!("{gesture:?} on {selector}");
        eventually(&what, async || done(soon(self.0.act(selector, &gesture)).await)).await
    }

    /// Clicks, as soon as that works.
    pub async fn click(&mut self, find: &str) {
        self.act(find, CLICK).await;
    }

    /// Types, as soon as that works.
    pub async fn type_text(&mut self, find: &str, text: &str) {
        self.act(find, typing(text)).await;
    }

    /// Presses a chord, as soon as that works.
    pub async fn press(&mut self, find: Option<&str>, chord: &str) {
        let selector = find.map(selector);
        let keys = keys::parse(chord).unwrap();
        eventually(chord, async || done(soon(self.0.press(selector.as_ref(), &keys)).await)).await;
    }

    /// Goes into a frame, as soon as it is there.
    pub async fn enter(&mut self, find: &str) {
        self.switch_frame(&FrameTarget::Element(selector(find))).await;
    }

    /// Goes to another frame, as soon as it is there.
    pub async fn switch_frame(&mut self, to: &FrameTarget) {
        let what = format!("{to:?}");
        eventually(&what, async || done(soon(self.0.switch_frame(to)).await)).await;
    }

    /// Goes to another tab, as soon as it is there.
    pub async fn switch_tab(&mut self, to: &str) {
        let target = to.parse().unwrap();
        eventually(to, async || done(soon(self.0.switch_tab(&target)).await)).await;
    }

    /// Closes the tab.
    pub async fn close_tab(&mut self) -> Attempt {
        soon(self.0.close_tab()).await.unwrap()
    }

    /// Changes something for what comes.
    pub async fn adjust(&mut self, adjustment: Adjustment) {
        soon(self.0.adjust(&adjustment)).await.unwrap();
    }

    /// What is found.
    pub async fn see(&mut self, find: &str) -> Option<Observation> {
        soon(self.0.observe(&selector(find), None)).await.unwrap()
    }

    /// What must be found.
    pub async fn seen(&mut self, find: &str) -> Observation {
        self.see(find).await.unwrap_or_else(|| panic!("{find} finds nothing"))
    }

    /// The text of what must be found.
    pub async fn text(&mut self, find: &str) -> String {
        self.seen(find).await.text
    }

    /// The value of what must be found.
    pub async fn value(&mut self, find: &str) -> String {
        self.seen(find).await.value.unwrap_or_else(|| panic!("{find} has no value"))
    }

    /// The attribute of what must be found.
    pub async fn attribute(&mut self, find: &str, name: &str) -> Option<String> {
        let seen = soon(self.0.observe(&selector(find), Some(name))).await.unwrap();
        seen.unwrap_or_else(|| panic!("{find} finds nothing")).attribute
    }

    /// Waits until the page says something at a place.
    pub async fn says(&mut self, find: &str, text: &str) {
        let what = format!("{text:?} in {find}");
        eventually(&what, async || {
            let seen = self.see(find).await.map(|seen| seen.text);
            if seen.as_deref() == Some(text) { Ok(()) } else { Err(format!("{seen:?}")) }
        })
        .await;
    }

    /// What the tab shows.
    pub async fn page(&mut self) -> PageState {
        soon(self.0.page()).await.unwrap()
    }

    /// The tab's title.
    pub async fn title(&mut self) -> String {
        self.page().await.title
    }

    /// Waits until the tab has this title.
    pub async fn is_titled(&mut self, title: &str) {
        eventually(&format!("the title {title:?}"), async || {
            let page = self.page().await;
            if page.title == title { Ok(()) } else { Err(format!("{page:?}")) }
        })
        .await;
    }

    /// What a selector's candidates find.
    pub async fn explain(&mut self, selector: &Selector) -> Explanation {
        soon(self.0.explain(selector)).await.unwrap()
    }

    /// Collects what the page does until `is` says that it is all there.
    pub async fn activity(&mut self, what: &str, is: impl Fn(&Activity) -> bool) -> Activity {
        let mut all = Activity::default();
        eventually(what, async || {
            let new = self.0.take_activity();
            all.console_errors.extend(new.console_errors);
            all.requests.extend(new.requests);
            all.dropped += new.dropped;
            if is(&all) { Ok(all.clone()) } else { Err(format!("{all:#?}")) }
        })
        .await
    }

    /// A picture of the tab.
    pub async fn picture(&mut self, shot: Shot<'_>) -> Picture {
        soon(self.0.screenshot(shot)).await.unwrap()
    }

    /// A picture of one element.
    pub async fn picture_of(&mut self, find: &str) -> Picture {
        let selector = selector(find);
        self.picture(Shot { area: Area::Element(&selector), ..Shot::PLAIN }).await
    }

    /// Proves that there is a picture of the tab, and that it has the size that it should have.
    pub async fn assert_picture(&mut self) {
        let picture = self.picture(Shot::PLAIN).await;
        assert_eq!(super::image::size(&picture), (1280, 720));
    }

    /// Ends the session.
    pub async fn close(self) {
        soon(self.0.close()).await.unwrap();
    }
}

/// What was done, if it was; what was missing otherwise.
fn done(attempt: Result<Attempt, BrowserError>) -> Result<Deed, String> {
    match attempt.unwrap() {
        Attempt::Done(deed) => Ok(deed),
        Attempt::Refused(why) => panic!("it is refused: {why}"),
        Attempt::NotReady(why) => Err(format!("{why:?}")),
    }
}
