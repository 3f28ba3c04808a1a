//! One session of a fake browser.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use synmon_core::{
    browser::{
        Activity, Adjustment, Attempt, BrowserError, CandidateMatches, Deed, Explanation, Health,
        MediaType, NotReady, Observation, PageState, Picture, Session, Shot as Wanted, Travel,
        WebVitals,
    },
    keys::Key,
    step::{Distance, FrameTarget, Gesture, Selector, TabTarget},
};
use url::Url;

use super::{Element, Page, Shared, Shot, Trouble, lock};

pub(super) struct FakeSession {
    shared: Arc<Shared>,
    number: usize,
    /// What it is called on the machine: `fake-1`, and so on.
    id: String,
    url: String,
    history: Vec<String>,
    documents: usize,
    looks: HashMap<(String, String), usize>,
    dialogs: Vec<String>,
    activity: Activity,
    state: Life,
    closed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    Alive,
    Mute,
    PageCrashed,
    Crashed,
    Lost,
}

impl FakeSession {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let number = {
            let mut counts = shared.counts();
            counts.opened += 1;
            counts.opened
        };
        Self {
            shared,
            number,
            id: format!("fake-{number}"),
            url: "about:blank".to_owned(),
            history: Vec::new(),
            documents: 0,
            looks: HashMap::new(),
            dialogs: Vec::new(),
            activity: Activity::default(),
            state: Life::Alive,
            closed: false,
        }
    }

    fn known(&self, url: &str) -> Option<Page> {
        lock(&self.shared.pages).get(url).cloned()
    }

    fn here(&self) -> Option<Page> {
        self.known(&self.url)
    }

    /// What a call meets in the state that the session is in.
    async fn answer(&self) -> Result<(), BrowserError> {
        match self.state {
            Life::Alive => Ok(()),
            Life::Mute => std::future::pending().await,
            Life::PageCrashed => Err(BrowserError::PageCrashed("tab crashed".to_owned())),
            Life::Crashed => Err(BrowserError::Crashed("it was killed by a signal".to_owned())),
            Life::Lost => Err(BrowserError::SessionLost("invalid session id".to_owned())),
        }
    }

    async fn suffer(&mut self, trouble: Option<&Trouble>) -> Result<(), BrowserError> {
        let healed = lock(&self.shared.heals_after).is_some_and(|last| self.number > last);
        let Some(trouble) = trouble.filter(|_| !healed) else {
            return Ok(());
        };
        match trouble {
            Trouble::Fails(error) => return Err(error.clone()),
            Trouble::Hangs => return std::future::pending().await,
            Trouble::HangsForGood => self.state = Life::Mute,
            Trouble::PageCrashes => self.state = Life::PageCrashed,
            Trouble::BrowserCrashes => self.state = Life::Crashed,
            Trouble::SessionLost => self.state = Life::Lost,
            Trouble::Panics => panic!("a driver's bug, as the test wanted"),
        }
        self.answer().await
    }

    async fn go(&mut self, url: &str) -> Result<(), BrowserError> {
        let mut target = url.to_owned();
        let page = loop {
            let Some(page) = self.known(&target) else {
                return Err(BrowserError::Navigation("net::ERR_NAME_NOT_RESOLVED".to_owned()));
            };
            match page.leads_to.clone() {
                Some(next) => target = next,
                None => break page,
            }
        };
        self.suffer(page.trouble.as_ref()).await?;
        if let Some((clock, span)) = &page.loads_in {
            clock.sleep(*span).await;
        }
        self.history.push(std::mem::replace(&mut self.url, target));
        self.documents += 1;
        self.dialogs.extend(page.dialogs);
        self.activity.console_errors.extend(page.activity.console_errors);
        self.activity.requests.extend(page.activity.requests);
        Ok(())
    }

    /// The element, if it is there, with the candidate that found it; and what it lacks at this
    /// look.
    async fn look(
        &mut self,
        selector: &Selector,
    ) -> Result<Result<(usize, Element), NotReady>, BrowserError> {
        self.answer().await?;
        let page = self.here();
        let mut candidates = selector.candidates().iter().enumerate();
        let found = candidates.find_map(|(index, candidate)| {
            let element = page.as_ref()?.elements.get(&candidate.to_string())?;
            Some((index, element.clone()))
        });
        let Some((index, element)) = found else {
            return Ok(Err(NotReady::Missing));
        };
        self.suffer(element.trouble.as_ref()).await?;
        let place = (self.url.clone(), selector.to_string());
        let looks = self.looks.entry(place).or_insert(0);
        *looks += 1;
        match &element.not_ready {
            Some((why, attempts)) if *looks <= *attempts => Ok(Err(why.clone())),
            _ => Ok(Ok((index, element))),
        }
    }

    async fn acted(
        &mut self,
        (candidate, element): (usize, Element),
    ) -> Result<Attempt, BrowserError> {
        if let Some(why) = element.refused {
            return Ok(Attempt::Refused(why));
        }
        self.dialogs.extend(element.dialogs);
        if let Some(url) = element.leads_to {
            self.go(&url).await?;
        }
        Ok(Attempt::Done(Deed { candidate, ..Deed::default() }))
    }
}

#[async_trait]
impl Session for FakeSession {
    fn version(&self) -> &'static str {
        "fake 1.0"
    }

    fn id(&self) -> Option<&str> {
        Some(&self.id)
    }

    async fn open(&mut self, url: &Url) -> Result<(), BrowserError> {
        self.shared.note(format!("open {url}"));
        self.answer().await?;
        self.go(url.as_str()).await
    }

    async fn travel(&mut self, travel: Travel) -> Result<(), BrowserError> {
        self.shared.note(format!("{travel:?}").to_lowercase());
        self.answer().await?;
        match travel {
            Travel::Back => {
                if let Some(url) = self.history.pop() {
                    self.url = url;
                    self.documents += 1;
                }
            }
            Travel::Forward | Travel::Reload => self.documents += 1,
        }
        Ok(())
    }

    async fn observe(
        &mut self,
        selector: &Selector,
        attribute: Option<&str>,
    ) -> Result<Option<Observation>, BrowserError> {
        self.shared.note(format!("observe {selector}"));
        Ok(match self.look(selector).await? {
            Ok((candidate, element)) => Some(Observation {
                candidate,
                matches: element.matches,
                visible: true,
                text: element.text,
                value: element.value,
                checked: None,
                attribute: attribute.and_then(|name| element.attributes.get(name).cloned()),
            }),
            Err(NotReady::Missing) => None,
            Err(_) => Some(Observation { matches: 1, ..Observation::default() }),
        })
    }

    async fn act(
        &mut self,
        selector: &Selector,
        gesture: &Gesture,
    ) -> Result<Attempt, BrowserError> {
        self.shared.note(format!("{gesture:?} {selector}"));
        match self.look(selector).await? {
            Ok(found) => self.acted(found).await,
            Err(why) => Ok(Attempt::NotReady(why)),
        }
    }

    async fn scroll(&mut self, distance: Distance) -> Result<Attempt, BrowserError> {
        self.shared.note(format!("scroll {distance:?}"));
        self.answer().await.map(|()| Attempt::Done(Deed::default()))
    }

    async fn switch_frame(&mut self, to: &FrameTarget) -> Result<Attempt, BrowserError> {
        self.shared.note(format!("switch to {to:?}"));
        match to {
            FrameTarget::Main | FrameTarget::Parent => {
                self.answer().await.map(|()| Attempt::Done(Deed::default()))
            }
            FrameTarget::Element(selector) => Ok(match self.look(selector).await? {
                Ok((candidate, _)) => Attempt::Done(Deed { candidate, ..Deed::default() }),
                Err(why) => Attempt::NotReady(why),
            }),
        }
    }

    /// There is one tab.
    async fn switch_tab(&mut self, to: &TabTarget) -> Result<Attempt, BrowserError> {
        self.shared.note(format!("switch to {to:?}"));
        self.answer().await?;
        Ok(match to {
            TabTarget::Number(1) => Attempt::Done(Deed::default()),
            _ => Attempt::NotReady(NotReady::NoSuchPlace),
        })
    }

    async fn close_tab(&mut self) -> Result<Attempt, BrowserError> {
        self.answer().await?;
        Ok(Attempt::Refused("the only tab can't be closed".to_owned()))
    }

    async fn adjust(&mut self, adjustment: &Adjustment) -> Result<(), BrowserError> {
        self.shared.note(format!("adjust {adjustment:?}"));
        self.answer().await
    }

    async fn explain(&mut self, selector: &Selector) -> Result<Explanation, BrowserError> {
        self.answer().await?;
        let page = self.here();
        let candidates = selector.candidates().iter().map(|candidate| {
            let selector = candidate.to_string();
            let there = page.as_ref().is_some_and(|page| page.elements.contains_key(&selector));
            let matches = usize::from(there);
            CandidateMatches { selector, matches, visible: matches, invalid: None }
        });
        let candidates = candidates.collect();
        Ok(Explanation { candidates, html: page.map(|page| page.html) })
    }

    fn take_activity(&mut self) -> Activity {
        std::mem::take(&mut self.activity)
    }

    async fn press(
        &mut self,
        selector: Option<&Selector>,
        keys: &[Key],
    ) -> Result<Attempt, BrowserError> {
        self.shared.note(format!("press {} keys", keys.len()));
        self.answer().await?;
        let Some(selector) = selector else {
            return Ok(Attempt::Done(Deed::default()));
        };
        match self.look(selector).await? {
            Ok(found) => self.acted(found).await,
            Err(why) => Ok(Attempt::NotReady(why)),
        }
    }

    async fn page(&mut self) -> Result<PageState, BrowserError> {
        self.answer().await?;
        let page = self.here();
        let trouble = page.as_ref().and_then(|page| page.inspect_trouble.clone());
        self.suffer(trouble.as_ref()).await?;
        Ok(PageState {
            url: self.url.clone(),
            title: page.as_ref().map(|page| page.title.clone()).unwrap_or_default(),
            error_page: page.as_ref().is_some_and(|page| page.shows_error),
            net_error: None,
            blocked: None,
            http_status: page.and_then(|page| page.status),
            document: format!("{}-{}", self.number, self.documents),
            timing: None,
            vitals: WebVitals::default(),
        })
    }

    async fn screenshot(&mut self, _wanted: Wanted<'_>) -> Result<Picture, BrowserError> {
        self.shared.note("screenshot".to_owned());
        self.answer().await?;
        let shot = *lock(&self.shared.shot);
        let bytes = match shot {
            Shot::Small => Bytes::from(format!("a picture of {}", self.url)),
            Shot::OfSize(size) => Bytes::from(vec![0; size]),
            Shot::Fails => {
                return Err(BrowserError::Unexpected("there is no picture".to_owned()));
            }
            Shot::Hangs => return std::future::pending().await,
        };
        Ok(Picture { bytes, media_type: MediaType::Png })
    }

    fn take_dialogs(&mut self) -> Vec<String> {
        std::mem::take(&mut self.dialogs)
    }

    async fn interrupt(&mut self) {
        self.shared.note("interrupt".to_owned());
        if self.state == Life::Mute {
            std::future::pending::<()>().await;
        }
    }

    async fn probe(&mut self) -> Health {
        self.shared.note("probe".to_owned());
        match self.state {
            Life::Alive => Health::Alive,
            Life::Mute => std::future::pending().await,
            Life::PageCrashed => Health::PageCrashed { why: "its process has ended".to_owned() },
            Life::Crashed => Health::BrowserCrashed { why: "killed by signal 9".to_owned() },
            Life::Lost => Health::Lost { why: "nothing answers".to_owned() },
        }
    }

    async fn close(mut self: Box<Self>) -> Result<(), BrowserError> {
        self.shared.note("close".to_owned());
        self.closed = true;
        self.shared.counts().closed += 1;
        let trouble = lock(&self.shared.close_fails).clone();
        self.suffer(trouble.as_ref()).await
    }
}

impl Drop for FakeSession {
    fn drop(&mut self) {
        if !self.closed {
            self.shared.counts().dropped += 1;
        }
    }
}
