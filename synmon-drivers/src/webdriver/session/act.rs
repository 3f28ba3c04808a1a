//! Looking at elements and acting on them.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use synmon_core::{
    browser::{Attempt, BrowserError, NotReady, Observation},
    flow::BrowserKind,
    keys::Key,
    step::{Gesture, Selector},
};

use super::{
    super::{
        driver::{Command, limits},
        failure::Failure,
    },
    WebDriverSession,
    answer::{Changed, Found, Readiness, Settled, Target, Writing},
    keys, script,
};

/// How many characters are typed one by one. What is longer is inserted as from a clipboard: a key
/// costs about two milliseconds.
const TYPED_ONE_BY_ONE: usize = 256;

impl WebDriverSession {
    pub(super) async fn look(
        &mut self,
        selector: &Selector,
    ) -> Result<Option<Observation>, BrowserError> {
        match self.ask(&script::OBSERVE, json!([selector.as_str()])).await? {
            Found::Invalid { why } => Err(BrowserError::SelectorInvalid(why)),
            Found::Missing => Ok(None),
            Found::Here { matches, visible, text, value } => {
                Ok(Some(Observation { matches, visible, text, value }))
            }
        }
    }

    pub(super) async fn make(
        &mut self,
        selector: &Selector,
        gesture: &Gesture,
    ) -> Result<Attempt, BrowserError> {
        let (kind, wanted) = match gesture {
            Gesture::Click | Gesture::DoubleClick => ("click", ""),
            Gesture::Hover => ("hover", ""),
            Gesture::Type(text) => {
                if keys::typed(text).is_none() {
                    let why = "the text holds a private-use character, which stands for a key";
                    return Ok(Attempt::Refused(why.to_owned()));
                }
                ("type", text.as_str())
            }
            Gesture::Clear => ("clear", ""),
            Gesture::Select(option) => ("select", option.as_str()),
        };
        let target = match self.readied(selector, kind, wanted).await? {
            Ok(target) => target,
            Err(attempt) => return Ok(attempt),
        };
        let done = match gesture {
            Gesture::Click => self.input(keys::pointer(target.x, target.y, 1)).await,
            Gesture::DoubleClick => self.input(keys::pointer(target.x, target.y, 2)).await,
            Gesture::Hover => self.input(keys::pointer(target.x, target.y, 0)).await,
            Gesture::Type(text) => self.write(&target, text).await,
            Gesture::Clear => self.empty(&target).await,
            Gesture::Select(option) => self.choose(option).await,
        };
        self.finished(done).await
    }

    pub(super) async fn press_keys(
        &mut self,
        selector: Option<&Selector>,
        keys: &[Key],
    ) -> Result<Attempt, BrowserError> {
        if let Some(selector) = selector
            && let Err(attempt) = self.readied(selector, "focus", "").await?
        {
            return Ok(attempt);
        }
        let done = self.input(keys::chord(keys)).await;
        self.finished(done).await
    }

    /// Waits for one attempt that an element is ready; says what it lacks otherwise.
    async fn readied(
        &mut self,
        selector: &Selector,
        kind: &str,
        wanted: &str,
    ) -> Result<Result<Target, Attempt>, BrowserError> {
        let args = json!([selector.as_str(), kind, wanted]);
        let mut answer = self.ask(&script::READY, args.clone()).await?;
        if matches!(answer, Readiness::Behind) {
            self.bring_to_front().await;
            answer = self.ask(&script::READY, args).await?;
        }
        let lacking = match answer {
            Readiness::Ready(target) => return Ok(Ok(target)),
            Readiness::Missing => NotReady::Missing,
            Readiness::Hidden => NotReady::Hidden,
            Readiness::Moving => NotReady::Moving,
            Readiness::Disabled => NotReady::Disabled,
            Readiness::ReadOnly => NotReady::ReadOnly,
            Readiness::Covered { by } => NotReady::Covered { by },
            Readiness::OutOfView | Readiness::Behind => NotReady::OutOfView,
            Readiness::NoSuchOption => NotReady::NoSuchOption,
            Readiness::Refused { why } => return Ok(Err(Attempt::Refused(why))),
            Readiness::Invalid { why } => return Err(BrowserError::SelectorInvalid(why)),
            Readiness::Broken { why } => return Err(BrowserError::Unexpected(why)),
        };
        Ok(Err(Attempt::NotReady(lacking)))
    }

    /// Sends input. From here on the page may do whatever it likes: the input has been given.
    async fn input(&mut self, actions: Value) -> Result<Attempt, Failure> {
        match self.send(Command::post("actions", actions), limits::COMMAND).await {
            Ok(_) | Err(Failure::Left) => Ok(Attempt::Done),
            Err(failure) => Err(failure),
        }
    }

    async fn write(&mut self, target: &Target, text: &str) -> Result<Attempt, Failure> {
        if target.how == Some(Writing::Set) {
            return self.set(text).await;
        }
        if target.end {
            self.input(keys::strokes([keys::END].into_iter())).await?;
        }
        let chars = keys::typed(text).unwrap_or_default();
        let (first, rest) = chars.split_at(chars.len().min(TYPED_ONE_BY_ONE));
        self.input(keys::strokes(first.iter().copied())).await?;
        if rest.is_empty() {
            return Ok(Attempt::Done);
        }
        if self.parts.kind == BrowserKind::Chrome {
            let folded = text.replace("\r\n", "\n");
            let rest: String = folded.chars().skip(first.len()).collect();
            self.cdp_command("Input.insertText", json!({ "text": rest })).await?;
            return Ok(Attempt::Done);
        }
        for part in rest.chunks(TYPED_ONE_BY_ONE) {
            self.input(keys::strokes(part.iter().copied())).await?;
        }
        Ok(Attempt::Done)
    }

    async fn set(&mut self, text: &str) -> Result<Attempt, Failure> {
        let held: Option<String> = self.change(&script::SET, json!([text])).await?;
        Ok(match held {
            Some(held) if held != text => Attempt::Refused(format!(
                "this field can't hold it: write dates as 2024-12-31, times as 23:59, colours as \
                 #00ff00; it would hold “{held}”"
            )),
            _ => Attempt::Done,
        })
    }

    async fn choose(&mut self, option: &str) -> Result<Attempt, Failure> {
        let chosen: Option<bool> = self.change(&script::SELECT, json!([option])).await?;
        Ok(match chosen {
            Some(false) => Attempt::NotReady(NotReady::NoSuchOption),
            _ => Attempt::Done,
        })
    }

    /// Empties a field as a person does: marks all, and presses Delete.
    async fn empty(&mut self, target: &Target) -> Result<Attempt, Failure> {
        if target.how == Some(Writing::Set) {
            return self.set("").await;
        }
        match self.change(&script::MARK, json!([])).await? {
            Some(true) => self.input(keys::strokes([keys::DELETE].into_iter())).await,
            _ => Ok(Attempt::Done),
        }
    }

    /// Runs a script that changes the field that is ready, once, and returns what it holds then;
    /// `None` if its answer was cut off, which the page did because of the change: by a dialog, by
    /// leaving, or by being busy.
    async fn change<T: DeserializeOwned>(
        &mut self,
        script: &script::Script,
        args: Value,
    ) -> Result<Option<T>, Failure> {
        let answer = match self.run(script, args).await {
            Err(Failure::Left | Failure::Slow) => return Ok(None),
            answer => answer?,
        };
        match serde_json::from_value(answer) {
            Ok(Changed::Held(held)) => Ok(Some(held)),
            Ok(Changed::Gone(())) => Err(Failure::Stale),
            Err(_) => Ok(None),
        }
    }

    /// After an input: lets the page react, closes the dialogs that it opened, and waits for the
    /// page that it may have gone to.
    async fn finished(&mut self, done: Result<Attempt, Failure>) -> Result<Attempt, BrowserError> {
        let attempt = match done {
            Ok(attempt) => attempt,
            // It went away between the look and the act.
            Err(Failure::Stale) => Attempt::NotReady(NotReady::Missing),
            Err(failure) => return Err(failure.into()),
        };
        if attempt != Attempt::Done {
            return Ok(attempt);
        }
        let dialogs = self.dialogs_closed;
        let settled: Result<Settled, _> = self.ask(&script::SETTLE, json!([])).await;
        match settled {
            Ok(Settled { missed: Some(by), .. }) => {
                return Ok(Attempt::NotReady(NotReady::Covered { by }));
            }
            Ok(settled) if settled.hidden => self.bring_to_front().await,
            Ok(_) | Err(Failure::Left | Failure::Script(_)) => {}
            Err(failure) => return Err(failure.into()),
        }
        if self.dialogs_closed > dialogs {
            // A dialog swallows the end of an input: no key must stay down.
            let release = self.send(Command::delete("actions"), limits::COMMAND).await;
            if let Err(Failure::Browser(error)) = release {
                return Err(error);
            }
        }
        Ok(attempt)
    }

    /// A page that a new tab has put into the background gets neither input nor frames.
    async fn bring_to_front(&mut self) {
        if self.parts.kind == BrowserKind::Chrome {
            // Where it fails the input says so.
            let _ = self.cdp_command("Page.bringToFront", json!({})).await;
        }
    }

    async fn cdp_command(&mut self, name: &str, params: Value) -> Result<Value, Failure> {
        let body = json!({ "cmd": name, "params": params });
        self.send(Command::post("goog/cdp/execute", body), limits::COMMAND).await
    }
}
