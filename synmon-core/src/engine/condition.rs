//! Whether something holds of a page.

use super::{
    finder::Finder,
    matching::{MAX_COMPARED, holds, newest_answer, was_requested},
    observed::Observed,
    stepper::{Outcome, Tried, not_ready},
};
use crate::{
    browser::{BrowserError, NotReady, Observation, Session},
    run::{ErrorCode, StepError},
    step::{Condition, Count, Expected, Match, Selector, StatusTest},
};

/// How much of a page's text goes into an error.
const MAX_FOUND_CHARS: usize = 500;

/// Whether it is waited for or to be proved: only the words and codes of a failure differ.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Wait,
    Assert,
}

/// Looks once whether a condition holds.
pub(super) async fn check(
    session: &mut dyn Session,
    condition: &Condition,
    purpose: Purpose,
    finder: Finder,
    observed: &mut Observed,
) -> Result<Tried, BrowserError> {
    let code = match purpose {
        Purpose::Wait => ErrorCode::Timeout,
        Purpose::Assert => ErrorCode::AssertionFailed,
    };
    let check = Check { code, purpose, finder };
    Ok(match condition {
        Condition::Visible(selector) => {
            let seen = check.look(session, selector).await?;
            check.visible(seen.as_ref(), selector)
        }
        Condition::Hidden(selector) => {
            // Whichever way finds it: an element that another way still finds is not gone.
            let seen = session.observe(selector, None).await?;
            check.hidden(seen.as_ref(), selector)
        }
        Condition::Text(selector, expected) => {
            let body = whole_page();
            let selector = selector.as_ref().unwrap_or(&body);
            match check.look(session, selector).await? {
                // What can't be seen says nothing: that is why, and not what it says.
                Some(seen) if !seen.visible && !holds(expected, &seen.text).await => {
                    check.not_yet(format!(
                        "the text should be {expected}, but the element {} is not visible",
                        finder.pick(selector)
                    ))
                }
                Some(seen) => check.compare("the text", expected, &seen.text, seen.candidate).await,
                None => check.missing(selector),
            }
        }
        Condition::Value(selector, expected) => match check.look(session, selector).await? {
            Some(Observation { value: Some(value), candidate, .. }) => {
                check.compare("the value", expected, &value, candidate).await
            }
            Some(_) => check
                .not_yet(format!("the element {selector} is not a form field and has no value")),
            None => check.missing(selector),
        },
        Condition::Attribute(selector, name, expected) => {
            let picked = finder.pick(selector);
            match session.observe(&picked, Some(name)).await? {
                Some(Observation { attribute: Some(value), candidate, .. }) => {
                    let what = format!("the attribute {name}");
                    check.compare(&what, expected, &value, candidate).await
                }
                Some(_) => check.not_yet(format!("the element {picked} has no attribute {name}")),
                None => check.missing(selector),
            }
        }
        Condition::Count(selector, expected) => check.count(session, selector, *expected).await?,
        Condition::Url(expected) => {
            let page = session.page().await?;
            check.compare("the address", expected, &page.url, 0).await
        }
        Condition::Title(expected) => {
            let page = session.page().await?;
            check.compare("the title", expected, &page.title, 0).await
        }
        Condition::NoConsoleErrors => {
            observed.catch_up(session);
            match observed.console_error() {
                None => Tried::Done(Outcome::default()),
                // What was logged stays logged: waiting does not help.
                Some(error) => Tried::Never(StepError {
                    code,
                    message: format!("the page has logged an error: {}", error.text),
                    expected: Some("no error on the console".to_owned()),
                    found: Some(error.text.clone()),
                }),
            }
        }
        Condition::ResponseStatus(expected, url) => {
            let found = match url {
                None => session.page().await?.http_status,
                Some(url) => {
                    observed.catch_up(session);
                    newest_answer(observed, url).await.and_then(|answer| answer.status)
                }
            };
            check.status(*expected, url.as_ref(), found)
        }
        Condition::RequestMade(url, method) => {
            observed.catch_up(session);
            if was_requested(observed, url, method.as_deref()).await {
                Tried::Done(Outcome::default())
            } else {
                let method = method.as_deref().unwrap_or("any");
                let message = format!("no request was made by {method} method to {url}");
                check.unmet(message, url.text.clone(), "no such request".to_owned())
            }
        }
    })
}

struct Check {
    code: ErrorCode,
    purpose: Purpose,
    finder: Finder,
}

impl Check {
    async fn look(
        &self,
        session: &mut dyn Session,
        selector: &Selector,
    ) -> Result<Option<Observation>, BrowserError> {
        session.observe(&self.finder.pick(selector), None).await
    }

    async fn count(
        &self,
        session: &mut dyn Session,
        selector: &Selector,
        expected: Count,
    ) -> Result<Tried, BrowserError> {
        // None is right only if no way finds any.
        let seen = if expected.holds(0) {
            session.observe(selector, None).await?
        } else {
            self.look(session, selector).await?
        };
        let (found, candidate) = seen.map_or((0, 0), |seen| (seen.matches, seen.candidate));
        if expected.holds(found) {
            return Ok(Tried::Done(Outcome::by(candidate)));
        }
        let message =
            format!("there should be {expected} elements {selector}, but there are {found}");
        Ok(self.unmet(message, expected.to_string(), found.to_string()))
    }

    fn visible(&self, seen: Option<&Observation>, selector: &Selector) -> Tried {
        match (seen, self.purpose) {
            (Some(seen), _) if seen.visible => Tried::Done(Outcome::by(seen.candidate)),
            (Some(_), Purpose::Wait) => {
                Tried::NotYet(not_ready(&NotReady::Hidden, Some(&self.finder.pick(selector))))
            }
            (None, Purpose::Wait) => self.missing(selector),
            (seen, Purpose::Assert) => {
                self.visibility(seen, "a visible element", &self.finder.pick(selector))
            }
        }
    }

    fn hidden(&self, seen: Option<&Observation>, selector: &Selector) -> Tried {
        match (seen, self.purpose) {
            (None, _) => Tried::Done(Outcome::default()),
            (Some(seen), _) if !seen.visible => Tried::Done(Outcome::default()),
            (Some(_), Purpose::Wait) => {
                self.not_yet(format!("the element {selector} is still visible"))
            }
            (seen, Purpose::Assert) => self.visibility(seen, "no visible element", selector),
        }
    }

    fn visibility(&self, seen: Option<&Observation>, expected: &str, selector: &Selector) -> Tried {
        let found = match seen {
            Some(seen) if seen.visible => "a visible element",
            Some(_) => "an element that is not visible",
            None => "no element",
        };
        let message = format!("expected {expected}, found {found}: {selector}");
        self.unmet(message, expected.to_owned(), found.to_owned())
    }

    async fn compare(
        &self,
        what: &str,
        expected: &Expected,
        found: &str,
        candidate: usize,
    ) -> Tried {
        if holds(expected, found).await {
            return Tried::Done(Outcome::by(candidate));
        }
        let is_cut = expected.how == Match::Matches && found.len() > MAX_COMPARED;
        let found = excerpt(found);
        let mut message = format!("{what} should be {expected}, but is “{found}”");
        if is_cut {
            message.push_str(" (only its first 64 KiB were compared)");
        }
        self.unmet(message, expected.text.clone(), found)
    }

    fn status(&self, expected: StatusTest, url: Option<&Expected>, found: Option<u16>) -> Tried {
        if found.is_some_and(|status| expected.holds(status)) {
            return Tried::Done(Outcome::default());
        }
        let of = url.map_or_else(|| "the page".to_owned(), |url| format!("the answer from {url}"));
        let found = found.map_or_else(|| "no answer yet".to_owned(), |status| status.to_string());
        let message = format!("{of} should have the HTTP status {expected}, but has {found}");
        self.unmet(message, expected.to_string(), found)
    }

    fn unmet(&self, message: String, expected: String, found: String) -> Tried {
        Tried::NotYet(StepError {
            code: self.code,
            message,
            expected: Some(expected),
            found: Some(found),
        })
    }

    fn not_yet(&self, message: String) -> Tried {
        Tried::NotYet(StepError::new(self.code, message))
    }

    /// Names the candidates that counted.
    fn missing(&self, selector: &Selector) -> Tried {
        Tried::NotYet(not_ready(&NotReady::Missing, Some(&self.finder.pick(selector))))
    }
}

/// The beginning of a text, and how much more there is of it.
fn excerpt(text: &str) -> String {
    let length = text.chars().count();
    if length <= MAX_FOUND_CHARS {
        return text.to_owned();
    }
    let start: String = text.chars().take(MAX_FOUND_CHARS).collect();
    format!("{start}… ({length} characters in all)")
}

/// The page's body: what a text is looked for in where no element is named.
#[expect(clippy::expect_used, reason = "the expression is a constant that is valid")]
fn whole_page() -> Selector {
    Selector::xpath("/html/body").expect("a constant expression")
}
