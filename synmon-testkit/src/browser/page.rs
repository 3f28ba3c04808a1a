//! Pages and elements, as a test describes them.

use std::{collections::HashMap, sync::Arc, time::Duration};

use synmon_core::{
    Clock,
    browser::{Activity, BrowserError, ConsoleError, Exchange, NotReady},
};

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The call fails like this; the browser lives on.
    Fails(BrowserError),
    /// The call never answers; the browser lives on.
    Hangs,
    /// Neither this call nor any later one answers, not even the question whether it lives.
    HangsForGood,
    /// The page's process dies.
    PageCrashes,
    /// The browser dies.
    BrowserCrashes,
    /// The connection to the browser is lost.
    SessionLost,
    /// The driver has a bug.
    Panics,
}

/// A page.
#[derive(Clone, Debug)]
pub struct Page {
    pub(super) title: String,
    pub(super) status: Option<u16>,
    pub(super) shows_error: bool,
    pub(super) leads_to: Option<String>,
    pub(super) elements: HashMap<String, Element>,
    pub(super) trouble: Option<Trouble>,
    pub(super) inspect_trouble: Option<Trouble>,
    pub(super) dialogs: Vec<String>,
    pub(super) loads_in: Option<(Arc<dyn Clock>, Duration)>,
    pub(super) activity: Activity,
    pub(super) html: String,
}

impl Page {
    /// A page that the server answers with 200.
    pub fn titled(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            status: Some(200),
            shows_error: false,
            leads_to: None,
            elements: HashMap::new(),
            trouble: None,
            inspect_trouble: None,
            dialogs: Vec::new(),
            loads_in: None,
            activity: Activity::default(),
            html: "<body>".to_owned(),
        }
    }

    /// A page of the browser's own that tells of an error.
    pub fn of_an_error() -> Self {
        Self { shows_error: true, status: None, ..Self::titled("Error") }
    }

    /// An address that leads to another.
    pub fn redirect(url: &str) -> Self {
        Self { leads_to: Some(url.to_owned()), ..Self::titled("") }
    }

    /// It has this element.
    #[must_use]
    pub fn element(mut self, selector: &str, element: Element) -> Self {
        self.elements.insert(selector.to_owned(), element);
        self
    }

    /// The server answers it with this status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// It opens this dialog when it loads.
    #[must_use]
    pub fn dialog(mut self, text: &str) -> Self {
        self.dialogs.push(text.to_owned());
        self
    }

    /// It logs this error when it loads.
    #[must_use]
    pub fn logs(mut self, text: &str) -> Self {
        let error = ConsoleError { text: text.to_owned(), source: None };
        self.activity.console_errors.push(error);
        self
    }

    /// It makes this request when it loads.
    #[must_use]
    pub fn requests(mut self, request: Exchange) -> Self {
        self.activity.requests.push(request);
        self
    }

    /// Its html around any element.
    #[must_use]
    pub fn html(mut self, html: &str) -> Self {
        html.clone_into(&mut self.html);
        self
    }

    /// It takes this long to load, by this clock.
    #[must_use]
    pub fn loads_slowly(mut self, clock: Arc<dyn Clock>, span: Duration) -> Self {
        self.loads_in = Some((clock, span));
        self
    }

    /// Opening it goes wrong.
    #[must_use]
    pub fn trouble(mut self, trouble: Trouble) -> Self {
        self.trouble = Some(trouble);
        self
    }

    /// Asking it where it is goes wrong.
    #[must_use]
    pub fn trouble_when_inspected(mut self, trouble: Trouble) -> Self {
        self.inspect_trouble = Some(trouble);
        self
    }
}

/// An element of a page. It is visible and ready unless the test says otherwise.
#[derive(Clone, Debug)]
pub struct Element {
    pub(super) text: String,
    pub(super) value: Option<String>,
    pub(super) matches: usize,
    pub(super) attributes: HashMap<String, String>,
    pub(super) not_ready: Option<(NotReady, usize)>,
    pub(super) refused: Option<String>,
    pub(super) leads_to: Option<String>,
    pub(super) trouble: Option<Trouble>,
    pub(super) dialogs: Vec<String>,
}

impl Element {
    /// An element with this text.
    pub fn saying(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            value: None,
            matches: 1,
            attributes: HashMap::new(),
            not_ready: None,
            refused: None,
            leads_to: None,
            trouble: None,
            dialogs: Vec::new(),
        }
    }

    /// A form field that holds this.
    pub fn holding(value: &str) -> Self {
        Self { value: Some(value.to_owned()), ..Self::saying("") }
    }

    /// It has this attribute.
    #[must_use]
    pub fn attribute(mut self, name: &str, value: &str) -> Self {
        self.attributes.insert(name.to_owned(), value.to_owned());
        self
    }

    /// There are so many of them.
    #[must_use]
    pub fn times(mut self, matches: usize) -> Self {
        self.matches = matches;
        self
    }

    /// It is like this for as many looks and attempts; then it is ready.
    #[must_use]
    pub fn after(mut self, attempts: usize, until_then: NotReady) -> Self {
        self.not_ready = Some((until_then, attempts));
        self
    }

    /// It is like this for ever.
    #[must_use]
    pub fn never(self, why: NotReady) -> Self {
        self.after(usize::MAX, why)
    }

    /// It refuses every act.
    #[must_use]
    pub fn refuses(mut self, why: &str) -> Self {
        self.refused = Some(why.to_owned());
        self
    }

    /// An act on it opens this address.
    #[must_use]
    pub fn leads_to(mut self, url: &str) -> Self {
        self.leads_to = Some(url.to_owned());
        self
    }

    /// An act on it opens this dialog.
    #[must_use]
    pub fn dialog(mut self, text: &str) -> Self {
        self.dialogs.push(text.to_owned());
        self
    }

    /// Looking at it, or acting on it, goes wrong.
    #[must_use]
    pub fn trouble(mut self, trouble: Trouble) -> Self {
        self.trouble = Some(trouble);
        self
    }
}
