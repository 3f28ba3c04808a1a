//! From the flat form to checked steps.

use std::{str::FromStr, time::Duration};

use super::{Action, ActionName, Expected, Gesture, Match, RawStep, Selector, Step};
use crate::{
    flow::FlowUrl,
    invalid::{FieldError, Invalid, check_text},
    keys, nearest,
};

/// How many steps a flow may have.
pub const MAX_STEPS: usize = 100;
/// How long a step's `content` may be, in characters.
pub const MAX_CONTENT_CHARS: usize = 10_000;
/// How long a step may take where it does not say.
pub const DEFAULT_STEP_TIMEOUT: Duration = Duration::from_secs(20);
/// The shortest time a step may be given.
pub const MIN_STEP_TIMEOUT: Duration = Duration::from_millis(100);
/// The longest time a step may be given.
pub const MAX_STEP_TIMEOUT: Duration = Duration::from_mins(1);

const MAX_NAME_CHARS: usize = 200;

/// Checks steps and sorts them by number. The numbers must be 1..n without a gap or a repeat.
///
/// Fields are named by their place in what was sent, such as `steps[2].selector_xpath`.
pub fn parse_steps(raw: &[RawStep]) -> Result<Vec<Step>, Invalid> {
    if raw.len() > MAX_STEPS {
        return Err(Invalid::field(
            "steps",
            format_args!("there are {} of them; a flow has at most {MAX_STEPS}", raw.len()),
        ));
    }
    let mut steps = Vec::with_capacity(raw.len());
    let mut checks = vec![check_numbers(raw)];
    for (index, step) in raw.iter().enumerate() {
        match parse_step(step) {
            Ok(step) => steps.push(step),
            Err(invalid) => checks.push(Err(invalid.under(&format!("steps[{index}]")))),
        }
    }
    Invalid::all(checks)?;
    steps.sort_by_key(|step| step.number);
    Ok(steps)
}

fn check_numbers(raw: &[RawStep]) -> Result<(), Invalid> {
    let mut seen = vec![false; raw.len()];
    for (index, step) in raw.iter().enumerate() {
        let field = || format!("steps[{index}].number");
        let place = usize::try_from(step.number)
            .ok()
            .and_then(|number| number.checked_sub(1))
            .filter(|&place| place < raw.len())
            .ok_or_else(|| {
                Invalid::field(
                    field(),
                    format_args!("must be from 1 to {}, without a gap", raw.len()),
                )
            })?;
        if std::mem::replace(&mut seen[place], true) {
            return Err(Invalid::field(
                field(),
                format_args!(
                    "{} is there twice; the numbers must be 1 to {}",
                    step.number,
                    raw.len()
                ),
            ));
        }
    }
    Ok(())
}

fn parse_step(raw: &RawStep) -> Result<Step, Invalid> {
    let action = ActionName::from_str(&raw.action).map_err(|()| unknown_action(&raw.action))?;
    let fields = Fields { raw, action };
    let name = fields.name();
    let timeout = fields.timeout();
    let action = fields.action();
    let errors: Vec<Result<(), Invalid>> = vec![
        name.as_ref().map(|_| ()).map_err(Clone::clone),
        timeout.as_ref().map(|_| ()).map_err(Clone::clone),
        action.as_ref().map(|_| ()).map_err(Clone::clone),
    ];
    Invalid::all(errors)?;
    Ok(Step {
        // `check_numbers` reports a number that is out of range; it never gets any further.
        number: u32::try_from(raw.number).unwrap_or(0),
        name: name?,
        action: action?,
        timeout: timeout?,
    })
}

/// A step's fields, read as its action needs them.
struct Fields<'a> {
    raw: &'a RawStep,
    action: ActionName,
}

impl Fields<'_> {
    fn action(&self) -> Result<Action, Invalid> {
        self.check_unused()?;
        Ok(match self.action {
            ActionName::Click => self.act(Gesture::Click)?,
            ActionName::DoubleClick => self.act(Gesture::DoubleClick)?,
            ActionName::Hover => self.act(Gesture::Hover)?,
            ActionName::Tapping => self.act(Gesture::Type(self.typed()?))?,
            ActionName::Clear => self.act(Gesture::Clear)?,
            ActionName::Select => self.act(Gesture::Select(self.content()?))?,
            ActionName::Press => Action::Press {
                selector: self.raw.selector_xpath.as_ref().map(|_| self.selector()).transpose()?,
                keys: self.keys()?,
            },
            ActionName::Navigate => Action::Navigate { url: self.url()? },
            ActionName::Back => Action::Back,
            ActionName::Reload => Action::Reload,
            ActionName::WaitVisible => Action::WaitVisible { selector: self.selector()? },
            ActionName::WaitHidden => Action::WaitHidden { selector: self.selector()? },
            ActionName::AssertVisible => Action::AssertVisible { selector: self.selector()? },
            ActionName::AssertHidden => Action::AssertHidden { selector: self.selector()? },
            ActionName::AssertText => {
                Action::AssertText { selector: self.selector()?, expected: self.expected()? }
            }
            ActionName::AssertValue => {
                Action::AssertValue { selector: self.selector()?, expected: self.expected()? }
            }
            ActionName::AssertUrl => Action::AssertUrl { expected: self.expected()? },
            ActionName::AssertTitle => Action::AssertTitle { expected: self.expected()? },
        })
    }

    /// A field that the action has no use for is a mistake of its author: better said than ignored.
    fn check_unused(&self) -> Result<(), Invalid> {
        let refuse = |field: &str, given: bool, used: bool| {
            if given && !used {
                let action = self.action.as_str();
                Err(Invalid::field(field, format_args!("{action} takes no {field}: leave it out")))
            } else {
                Ok(())
            }
        };
        let raw = self.raw;
        let not_empty = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
        Invalid::all([
            refuse("selector_xpath", not_empty(&raw.selector_xpath), self.uses_selector()),
            refuse("content", not_empty(&raw.content), self.uses_content()),
            refuse("match", raw.how.is_some(), self.compares()),
        ])
    }

    fn uses_selector(&self) -> bool {
        !matches!(
            self.action,
            ActionName::Navigate
                | ActionName::Back
                | ActionName::Reload
                | ActionName::AssertUrl
                | ActionName::AssertTitle
        )
    }

    fn uses_content(&self) -> bool {
        self.compares()
            || matches!(
                self.action,
                ActionName::Tapping | ActionName::Press | ActionName::Select | ActionName::Navigate
            )
    }

    fn compares(&self) -> bool {
        self.action.default_match().is_some()
    }

    fn act(&self, gesture: Gesture) -> Result<Action, Invalid> {
        Ok(Action::Act { selector: self.selector()?, gesture })
    }

    fn selector(&self) -> Result<Selector, Invalid> {
        let text = self.raw.selector_xpath.as_deref().unwrap_or_default();
        Selector::xpath(text).map_err(|error| Invalid::field("selector_xpath", error))
    }

    fn content(&self) -> Result<String, Invalid> {
        let Some(content) = self.raw.content.as_ref() else {
            let action = self.action.as_str();
            return Err(Invalid::field("content", format_args!("{action} needs it")));
        };
        check_text("content", content, MAX_CONTENT_CHARS)?;
        Ok(content.clone())
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
        // Only actions that compare have expectations.
        let default = self.action.default_match().unwrap_or(Match::Equals);
        let how = match self.raw.how.as_deref() {
            None => default,
            Some(text) => Match::from_str(text)
                .map_err(|()| Invalid::field("match", "must be equals or contains"))?,
        };
        let text = self.content()?;
        if how == Match::Contains && text.trim().is_empty() {
            return Err(Invalid::field(
                "content",
                "every text contains nothing: write what is expected, or \"match\": \"equals\"",
            ));
        }
        Ok(Expected { text, how })
    }

    fn name(&self) -> Result<Option<String>, Invalid> {
        let Some(name) = self.raw.name.as_deref().map(str::trim).filter(|name| !name.is_empty())
        else {
            return Ok(None);
        };
        check_text("name", name, MAX_NAME_CHARS)?;
        Ok(Some(name.to_owned()))
    }

    fn timeout(&self) -> Result<Option<Duration>, Invalid> {
        let Some(millis) = self.raw.timeout_ms else {
            return Ok(None);
        };
        u64::try_from(millis)
            .ok()
            .map(Duration::from_millis)
            .filter(|limit| (MIN_STEP_TIMEOUT..=MAX_STEP_TIMEOUT).contains(limit))
            .map(Some)
            .ok_or_else(|| {
                let (min, max) = (MIN_STEP_TIMEOUT.as_millis(), MAX_STEP_TIMEOUT.as_millis());
                Invalid::field("timeout_ms", format_args!("must be from {min} to {max}"))
            })
    }
}

fn unknown_action(text: &str) -> Invalid {
    let names = ActionName::ALL.map(ActionName::as_str);
    let message = match nearest::of(text, &names) {
        Some(near) => format!("there is no such action; did you mean {near}?"),
        None => format!("there is no such action; there are {}", names.join(", ")),
    };
    Invalid::from(FieldError { field: "action".to_owned(), message })
}
