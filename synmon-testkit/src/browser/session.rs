//! One session of a fake browser.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use synmon_core::{
    browser::{
        Attempt, BrowserError, Health, MediaType, NotReady, Observation, PageState, Picture,
        Session,
    },
    keys::Key,
    step::{Gesture, Selector},
};
use url::Url;

use super::{Element, Page, Shared, Shot, Trouble, lock};

pub(super) struct FakeSession {
    shared: Arc<Shared>,
    number: usize,
    url: String,
    history: Vec<String>,
    documents: usize,
    looks: HashMap<(String, String), usize>,
    dialogs: Vec<String>,
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
            url: "about:blank".to_owned(),
            history: Vec::new(),
            documents: 0,
            looks: HashMap::new(),
            dialogs: Vec::new(),
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
        Ok(())
    }

    /// The element, if it is there, and what it lacks at this look.
    async fn look(
        &mut self,
        selector: &Selector,
    ) -> Result<Result<Element, NotReady>, BrowserError> {
        self.answer().await?;
        let page = self.here();
        let element = page.and_then(|page| page.elements.get(selector.as_str()).cloned());
        let Some(element) = element else {
            return Ok(Err(NotReady::Missing));
        };
        self.suffer(element.trouble.as_ref()).await?;
        let place = (self.url.clone(), selector.as_str().to_owned());
        let looks = self.looks.entry(place).or_insert(0);
        *looks += 1;
        match &element.not_ready {
            Some((why, attempts)) if *looks <= *attempts => Ok(Err(why.clone())),
            _ => Ok(Ok(element)),
        }
    }

    async fn acted(&mut self, element: Element) -> Result<Attempt, BrowserError> {
        if let Some(why) = element.refused {
            return Ok(Attempt::Refused(why));
        }
        self.dialogs.extend(element.dialogs);
        if let Some(url) = element.leads_to {
            self.go(&url).await?;
        }
        Ok(Attempt::Done)
    }
}

#[async_trait]
impl Session for FakeSession {
    fn version(&self) -> &'static str {
        "fake 1.0"
    }

    async fn open(&mut self, url: &Url) -> Result<(), BrowserError> {
        self.shared.note(format!("open {url}"));
        self.answer().await?;
        self.go(url.as_str()).await
    }

    async fn back(&mut self) -> Result<(), BrowserError> {
        self.shared.note("back".to_owned());
        self.answer().await?;
        if let Some(url) = self.history.pop() {
            self.url = url;
            self.documents += 1;
        }
        Ok(())
    }

    async fn reload(&mut self) -> Result<(), BrowserError> {
        self.shared.note("reload".to_owned());
        self.answer().await?;
        self.documents += 1;
        Ok(())
    }

    async fn observe(&mut self, selector: &Selector) -> Result<Option<Observation>, BrowserError> {
        self.shared.note(format!("observe {selector}"));
        Ok(match self.look(selector).await? {
            Ok(element) => Some(Observation {
                matches: 1,
                visible: true,
                text: element.text,
                value: element.value,
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
            Ok(element) => self.acted(element).await,
            Err(why) => Ok(Attempt::NotReady(why)),
        }
    }

    async fn press(
        &mut self,
        selector: Option<&Selector>,
        keys: &[Key],
    ) -> Result<Attempt, BrowserError> {
        self.shared.note(format!("press {} keys", keys.len()));
        self.answer().await?;
        let Some(selector) = selector else {
            return Ok(Attempt::Done);
        };
        match self.look(selector).await? {
            Ok(element) => self.acted(element).await,
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
            http_status: page.and_then(|page| page.status),
            document: format!("{}-{}", self.number, self.documents),
        })
    }

    async fn screenshot(&mut self) -> Result<Picture, BrowserError> {
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
            Life::PageCrashed => Health::PageCrashed,
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
