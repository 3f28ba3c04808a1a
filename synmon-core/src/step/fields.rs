//! A step's fields, read as its action needs them.

use std::{str::FromStr, time::Duration};

use super::{
    Action, ActionName, Button, Candidate, Click, Condition, Cookie, Count, Expected, FrameTarget,
    Gesture, Header, MAX_CONTENT_CHARS, Match, Need, Pattern, Point, RawStep, Selector,
    SelectorError, Source, StatusTest, TabTarget, TypingMode, Viewport, is_variable_name,
};
use crate::{
    browser::DialogAnswer,
    flow::FlowUrl,
    invalid::{Invalid, check_text},
    keys,
};

const MAX_WAIT: Duration = Duration::from_secs(30);
/// The farthest that a wheel is turned, and a pointer moved within an element.
pub const MAX_DISTANCE: i64 = 100_000;
/// How often an element is clicked at most.
pub const MAX_CLICKS: u8 = 3;
/// How long the name of an attribute may be, in bytes.
pub const MAX_ATTRIBUTE_BYTES: usize = 256;
/// How long the name of an HTTP method may be.
pub const MAX_METHOD_CHARS: usize = 20;

/// A step's fields.
pub(super) struct Fields<'a> {
    pub(super) raw: &'a RawStep,
    pub(super) action: ActionName,
}

impl Fields<'_> {
    pub(super) fn action(&self) -> Result<Action, Invalid> {
        self.check_unused()?;
        Ok(match self.action {
            ActionName::Click => self.act(Gesture::Click(self.click()?))?,
            ActionName::DoubleClick => {
                self.act(Gesture::Click(Click { count: 2, ..self.click()? }))?
            }
            ActionName::Hover => self.act(Gesture::Hover(self.position()?))?,
            ActionName::Drag => self.act(Gesture::Drag { onto: self.target()? })?,
            ActionName::Tapping => {
                self.act(Gesture::Type { text: self.typed()?, replace: self.replaces()? })?
            }
            ActionName::Clear => self.act(Gesture::Clear)?,
            ActionName::Select => self.act(Gesture::Select(self.content()?))?,
            ActionName::Check => self.act(Gesture::Check(true))?,
            ActionName::Uncheck => self.act(Gesture::Check(false))?,
            ActionName::Scroll => self.scroll()?,
            ActionName::Press => {
                Action::Press { selector: self.optional_selector()?, keys: self.keys()? }
            }
            ActionName::Navigate => Action::Navigate { url: self.url()? },
            ActionName::Back => Action::Back,
            ActionName::Forward => Action::Forward,
            ActionName::Reload => Action::Reload,
            ActionName::WaitTime => Action::WaitTime(self.wait_time()?),
            ActionName::WaitVisible
            | ActionName::WaitHidden
            | ActionName::WaitText
            | ActionName::WaitUrl => Action::Wait(self.condition()?),
            ActionName::SwitchFrame => Action::SwitchFrame(self.frame()?),
            ActionName::SwitchTab => Action::SwitchTab(self.parsed::<TabTarget>()?),
            ActionName::CloseTab => Action::CloseTab,
            ActionName::Dialog => Action::Dialog(self.dialog()?),
            ActionName::SetCookie => Action::SetCookie(self.parsed::<Cookie>()?),
            ActionName::SetHeader => Action::SetHeader(self.parsed::<Header>()?),
            ActionName::SetViewport => Action::SetViewport(self.parsed::<Viewport>()?),
            ActionName::Extract => self.extract()?,
            ActionName::Screenshot => self.picture()?,
            ActionName::UseFlow => Action::UseFlow(self.flow()?),
            _ => Action::Assert(self.condition()?),
        })
    }

    fn condition(&self) -> Result<Condition, Invalid> {
        Ok(match self.action {
            ActionName::WaitVisible | ActionName::AssertVisible => {
                Condition::Visible(self.selector()?)
            }
            ActionName::WaitHidden | ActionName::AssertHidden => {
                Condition::Hidden(self.selector()?)
            }
            ActionName::WaitText | ActionName::AssertText => {
                Condition::Text(self.optional_selector()?, self.expected()?)
            }
            ActionName::AssertValue => Condition::Value(self.selector()?, self.expected()?),
            ActionName::AssertAttribute => {
                Condition::Attribute(self.selector()?, self.attribute()?, self.expected()?)
            }
            ActionName::AssertCount => Condition::Count(self.selector()?, self.parsed::<Count>()?),
            ActionName::AssertTitle => Condition::Title(self.expected()?),
            ActionName::AssertNoConsoleErrors => Condition::NoConsoleErrors,
            ActionName::AssertResponseStatus => {
                // Without an address it goes unread, but is no less wrong.
                Self::choice::<Match>("match", self.raw.how.as_deref())?;
                let url = self.raw.url.as_deref().map(|url| self.expectation("url", url));
                Condition::ResponseStatus(self.parsed::<StatusTest>()?, url.transpose()?)
            }
            ActionName::AssertRequestMade => {
                Condition::RequestMade(self.expected()?, self.method()?)
            }
            // `action` asks for those that are conditions.
            _ => Condition::Url(self.expected()?),
        })
    }

    /// A field that the action has no use for is a mistake of its author: better said than ignored.
    fn check_unused(&self) -> Result<(), Invalid> {
        let spec = self.action.spec();
        let action = self.action.as_str();
        let raw = self.raw;
        let unused = |field: &str, given: bool, used: bool| {
            if given && !used {
                Err(Invalid::field(field, format_args!("{action} takes no {field}: leave it out")))
            } else {
                Ok(())
            }
        };
        let particular =
            |field: &'static str, given: bool| unused(field, given, spec.fields.contains(&field));
        Invalid::all([
            unused("selector_xpath", raw.selector_xpath.is_some(), spec.selector != Need::None),
            unused("selectors", raw.selectors.is_some(), spec.selector != Need::None),
            unused("content", raw.content.is_some(), spec.content.0 != Need::None),
            unused("match", raw.how.is_some(), spec.compares.is_some()),
            particular("button", raw.button.is_some()),
            particular("count", raw.count.is_some()),
            particular("position", raw.position.is_some()),
            particular("target", raw.target.is_some()),
            particular("mode", raw.mode.is_some()),
            particular("distance", raw.distance.is_some()),
            particular("attribute", raw.attribute.is_some()),
            particular("variable", raw.variable.is_some()),
            particular("pattern", raw.pattern.is_some()),
            particular("text", raw.text.is_some()),
            particular("url", raw.url.is_some()),
            particular("method", raw.method.is_some()),
            particular("full_page", raw.full_page.is_some()),
        ])
    }

    fn act(&self, gesture: Gesture) -> Result<Action, Invalid> {
        Ok(Action::Act { selector: self.selector()?, gesture })
    }

    fn selector(&self) -> Result<Selector, Invalid> {
        let raw = self.raw;
        let mut candidates = Vec::new();
        // Neither of them: that is said of the field that the seed knows.
        if raw.selector_xpath.is_some() || raw.selectors.is_none() {
            let text = raw.selector_xpath.as_deref().unwrap_or_default();
            let xpath =
                Selector::xpath(text).map_err(|error| Invalid::field("selector_xpath", error))?;
            candidates.extend(xpath.candidates().iter().cloned());
        }
        let others = parse_candidates("selectors", raw.selectors.as_deref().unwrap_or_default())?;
        candidates.extend(others);
        Selector::of(candidates).map_err(|error| Invalid::field("selectors", error))
    }

    fn optional_selector(&self) -> Result<Option<Selector>, Invalid> {
        let given = self.raw.selector_xpath.is_some() || self.raw.selectors.is_some();
        given.then(|| self.selector()).transpose()
    }

    fn target(&self) -> Result<Selector, Invalid> {
        let target = self.raw.target.as_deref().ok_or_else(|| self.needs("target"))?;
        parse_selector("target", target)
    }

    fn needs(&self, field: &str) -> Invalid {
        Invalid::field(field, format_args!("{} needs it", self.action.as_str()))
    }

    fn content(&self) -> Result<String, Invalid> {
        let content = self.raw.content.as_ref().ok_or_else(|| self.needs("content"))?;
        check_text("content", content, MAX_CONTENT_CHARS)?;
        Ok(content.clone())
    }

    fn parsed<T: FromStr<Err = String>>(&self) -> Result<T, Invalid> {
        self.content()?.parse().map_err(|why| Invalid::field("content", why))
    }

    pub(super) fn choice<T: FromStr<Err = String>>(
        field: &str,
        text: Option<&str>,
    ) -> Result<Option<T>, Invalid> {
        text.map(str::parse).transpose().map_err(|why| Invalid::field(field, why))
    }

    fn click(&self) -> Result<Click, Invalid> {
        let count = match self.raw.count {
            None => 1,
            Some(count) => u8::try_from(count)
                .ok()
                .filter(|count| (1..=MAX_CLICKS).contains(count))
                .ok_or_else(|| {
                    Invalid::field("count", format_args!("must be from 1 to {MAX_CLICKS}"))
                })?,
        };
        let button = Self::choice("button", self.raw.button.as_deref())?.unwrap_or(Button::Left);
        Ok(Click { button, count, position: self.position()? })
    }

    fn position(&self) -> Result<Option<Point>, Invalid> {
        let inside = 0..=MAX_DISTANCE;
        match self.raw.position {
            Some(Point { x, y }) if !inside.contains(&x) || !inside.contains(&y) => {
                Err(Invalid::field("position", "must lie to the right of and below the corner"))
            }
            position => Ok(position),
        }
    }

    fn replaces(&self) -> Result<bool, Invalid> {
        let mode = Self::choice("mode", self.raw.mode.as_deref())?;
        Ok(mode == Some(TypingMode::Replace))
    }

    fn scroll(&self) -> Result<Action, Invalid> {
        let distance = self.raw.distance;
        let bounds = -MAX_DISTANCE..=MAX_DISTANCE;
        if distance.is_some_and(|d| !bounds.contains(&d.x) || !bounds.contains(&d.y)) {
            let message = format!("must be from -{MAX_DISTANCE} to {MAX_DISTANCE}");
            return Err(Invalid::field("distance", message));
        }
        match (self.optional_selector()?, distance) {
            (Some(selector), distance) => {
                Ok(Action::Act { selector, gesture: Gesture::Scroll(distance) })
            }
            (None, Some(distance)) => Ok(Action::Scroll { distance }),
            (None, None) => {
                Err(Invalid::field("distance", "scroll needs an element, a distance or both"))
            }
        }
    }

    fn wait_time(&self) -> Result<Duration, Invalid> {
        let text = self.content()?;
        text.trim()
            .parse()
            .ok()
            .map(Duration::from_millis)
            .filter(|time| *time <= MAX_WAIT)
            .ok_or_else(|| {
                let most = MAX_WAIT.as_millis();
                Invalid::field("content", format_args!("must be milliseconds, at most {most}"))
            })
    }

    fn frame(&self) -> Result<FrameTarget, Invalid> {
        match (self.optional_selector()?, self.raw.content.as_deref()) {
            (Some(selector), None) => Ok(FrameTarget::Element(selector)),
            (None, None | Some("main")) => Ok(FrameTarget::Main),
            (None, Some("parent")) => Ok(FrameTarget::Parent),
            (Some(_), Some(_)) => {
                Err(Invalid::field("content", "leave it out where an element is named"))
            }
            (None, Some(_)) => Err(Invalid::field("content", "must be main or parent")),
        }
    }

    fn dialog(&self) -> Result<DialogAnswer, Invalid> {
        match (self.content()?.as_str(), &self.raw.text) {
            ("accept", text) => {
                text.as_ref().map_or(Ok(()), |text| check_text("text", text, MAX_CONTENT_CHARS))?;
                Ok(DialogAnswer::Accept(text.clone()))
            }
            ("dismiss", None) => Ok(DialogAnswer::Dismiss),
            ("dismiss", Some(_)) => {
                Err(Invalid::field("text", "only a dialog that is accepted gets one"))
            }
            _ => Err(Invalid::field("content", "must be accept or dismiss")),
        }
    }

    fn attribute(&self) -> Result<String, Invalid> {
        let name = self.raw.attribute.as_deref().ok_or_else(|| self.needs("attribute"))?;
        if name.is_empty()
            || name.len() > MAX_ATTRIBUTE_BYTES
            || name.chars().any(|c| c.is_control() || c == ' ')
        {
            return Err(Invalid::field("attribute", "must be the name of an attribute"));
        }
        Ok(name.to_owned())
    }

    fn method(&self) -> Result<Option<String>, Invalid> {
        let Some(method) = self.raw.method.as_deref() else { return Ok(None) };
        let fits = (1..=MAX_METHOD_CHARS).contains(&method.len())
            && method.chars().all(|c| c.is_ascii_alphabetic());
        fits.then(|| Some(method.to_ascii_uppercase()))
            .ok_or_else(|| Invalid::field("method", "must be an HTTP method such as GET or POST"))
    }

    fn extract(&self) -> Result<Action, Invalid> {
        let variable = self.raw.variable.clone().ok_or_else(|| self.needs("variable"))?;
        if !is_variable_name(&variable) {
            let message = "consists of letters, digits and _, and does not begin with a digit";
            return Err(Invalid::field("variable", message));
        }
        // An address and a title belong to no element, but one that is named must be right.
        self.optional_selector()?;
        let pattern = self.raw.pattern.as_deref().map(Pattern::new).transpose();
        let pattern = pattern.map_err(|why| Invalid::field("pattern", why))?;
        let source = match (self.raw.content.as_deref(), self.raw.attribute.is_some()) {
            (None, true) => Source::Attribute(self.selector()?, self.attribute()?),
            (Some(_), true) => {
                return Err(Invalid::field("content", "leave it out where an attribute is named"));
            }
            (None | Some("text"), false) => Source::Text(self.selector()?),
            (Some("value"), false) => Source::Value(self.selector()?),
            (Some("url"), false) => Source::Url,
            (Some("title"), false) => Source::Title,
            (Some(_), false) => {
                return Err(Invalid::field("content", "must be text, value, url or title"));
            }
        };
        Ok(Action::Extract { source, variable, pattern })
    }

    fn picture(&self) -> Result<Action, Invalid> {
        let full_page = self.raw.full_page.unwrap_or(false);
        let selector = self.optional_selector()?;
        if full_page && selector.is_some() {
            return Err(Invalid::field(
                "full_page",
                "a picture shows an element or all of the page",
            ));
        }
        Ok(Action::Screenshot { selector, full_page })
    }

    fn flow(&self) -> Result<crate::FlowId, Invalid> {
        self.content()?
            .trim()
            .parse()
            .map_err(|_| Invalid::field("content", "must be the id of a flow of yours"))
    }

    /// WebDriver reads U+E000–U+F8FF as keys (W3C WebDriver, "Keyboard Actions"); as text they
    /// would press Enter or hold Shift unseen.
    fn typed(&self) -> Result<String, Invalid> {
        let text = self.content()?;
        match text.chars().find(|c| ('\u{E000}'..='\u{F8FF}').contains(c)) {
            Some(c) => Err(Invalid::field(
                "content",
                format_args!(
                    "U+{:04X} can't be typed: use the action press for keys",
                    u32::from(c)
                ),
            )),
            None => Ok(text),
        }
    }

    fn keys(&self) -> Result<String, Invalid> {
        let text = self.content()?;
        keys::parse(&text).map_err(|error| Invalid::field("content", error))?;
        Ok(text)
    }

    fn url(&self) -> Result<url::Url, Invalid> {
        let text = self.content()?;
        FlowUrl::parse(&text)
            .map(FlowUrl::into_url)
            .map_err(|error| Invalid::field("content", error))
    }

    fn expected(&self) -> Result<Expected, Invalid> {
        self.expectation("content", &self.content()?)
    }

    fn expectation(&self, field: &str, text: &str) -> Result<Expected, Invalid> {
        check_text(field, text, MAX_CONTENT_CHARS)?;
        // Only actions that compare have expectations.
        let default = self.action.spec().compares.unwrap_or(Match::Equals);
        let how = Self::choice("match", self.raw.how.as_deref())?.unwrap_or(default);
        if how != Match::Equals && text.trim().is_empty() {
            return Err(Invalid::field(
                field,
                "every text contains nothing: write what is expected, or \"match\": \"equals\"",
            ));
        }
        Expected::new(text, how).map_err(|why| Invalid::field(field, why))
    }
}

fn parse_selector(field: &str, texts: &[String]) -> Result<Selector, Invalid> {
    Selector::of(parse_candidates(field, texts)?).map_err(|error| Invalid::field(field, error))
}

pub(super) fn parse_candidates(field: &str, texts: &[String]) -> Result<Vec<Candidate>, Invalid> {
    texts
        .iter()
        .enumerate()
        .map(|(index, text)| {
            Candidate::parse(text)
                .map_err(|error: SelectorError| Invalid::field(format!("{field}[{index}]"), error))
        })
        .collect()
}
