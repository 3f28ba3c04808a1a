//! The tab as W3C `WebDriver` serves it: scripts and actions.

use serde_json::{Value, json};
use synmon_core::{flow::BrowserKind, step::Button};

use super::{
    super::{
        driver::{Command, limits},
        failure,
    },
    WebDriverSession,
};
use crate::{
    actor::{Failure, Input, KeyEvent, PointerEvent, Tab, Where, ask, strokes, typed},
    cut::cut,
    page::{self, Anchor, Script},
};

/// How many characters go with one command.
const CHARS_AT_ONCE: usize = 256;
/// What an asynchronous script answers that failed.
const FAILED: &str = "synmon.failed";

impl Tab for WebDriverSession {
    async fn run(&mut self, script: &Script, args: Value) -> Result<Value, Failure> {
        if self.place.is_gone() {
            return Err(self.misplaced().await);
        }
        let (path, source) = wrapped(script);
        let body = json!({ "script": source, "args": [args] });
        match self.send(Command::post(path, body), limits::COMMAND).await {
            // Our scripts never answer null: a dialog came between.
            Ok(Value::Null) => Err(Failure::Left),
            Ok(answer) => match answer[FAILED].as_str() {
                Some(why) => Err(Failure::Script(why.to_owned())),
                None => Ok(answer),
            },
            Err(failure::Failure::NoWindow) => Err(self.misplaced().await),
            Err(failure) => Err(failure.into()),
        }
    }

    async fn run_outermost(&mut self, script: &Script, args: Value) -> Result<Value, Failure> {
        if self.place.is_outermost() {
            return self.run(script, args).await;
        }
        let inner = self.place.leave();
        let answer = match self.enter(&Value::Null).await {
            Ok(()) => self.run(script, args).await,
            Err(failure::Failure::NoWindow) => Err(self.misplaced().await),
            Err(failure) => Err(failure.into()),
        };
        self.place.restore(inner);
        match self.go_back_in().await {
            // That the frame is gone is for those to know who look into it.
            Ok(()) | Err(Failure::NoFrame) => answer,
            Err(failure) => answer.and(Err(failure)),
        }
    }

    fn is_outermost(&self) -> bool {
        self.place.is_outermost()
    }

    async fn input(&mut self, input: Input) -> Result<(), Failure> {
        match input {
            Input::Pointer(events) => {
                let first = events.iter().find_map(|event| match event {
                    PointerEvent::Move { x, y } => Some((*x, *y)),
                    _ => None,
                });
                let origin = self.origin(first).await?;
                self.actions(pointer(&events, &origin)).await
            }
            Input::Keys(events) => self.actions(keyboard(&events)).await,
            Input::Wheel { x, y, distance } => {
                let origin = self.origin(Some((x, y))).await?;
                self.actions(json!({ "actions": [{ "type": "wheel", "id": "wheel", "actions": [{
                    "type": "scroll", "duration": 0, "origin": origin.element,
                    "x": x - origin.x, "y": y - origin.y,
                    "deltaX": distance.x, "deltaY": distance.y,
                }] }] }))
                .await
            }
            Input::Text(text) if self.parts.kind == BrowserKind::Chrome => {
                let params = json!({ "text": text });
                Ok(self.cdp_command("Input.insertText", params).await.map(drop)?)
            }
            Input::Text(text) => {
                for part in typed(&text).unwrap_or_default().chunks(CHARS_AT_ONCE) {
                    self.actions(keyboard(&strokes(part.iter().copied()))).await?;
                }
                Ok(())
            }
        }
    }

    /// The driver itself waits for a navigation that has begun, before its next command.
    async fn settled(&mut self) -> Result<(), Failure> {
        if !std::mem::take(&mut self.dialog_closed) {
            return Ok(());
        }
        // A dialog swallows the end of an input: no key must stay down.
        match self.send(Command::delete("actions"), limits::COMMAND).await {
            Err(failure::Failure::Browser(error)) => Err(error.into()),
            _ => Ok(()),
        }
    }

    async fn bring_to_front(&mut self) {
        if self.parts.kind == BrowserKind::Chrome {
            // Where it fails the input says so.
            let _ = self.cdp_command("Page.bringToFront", json!({})).await;
        }
    }

    async fn address(&mut self) -> Option<String> {
        let answer = self.send(Command::get("url"), limits::COMMAND).await.ok()?;
        Some(cut(answer.as_str()?, 2_048))
    }
}

impl WebDriverSession {
    /// From where points are counted. Chromedriver takes the viewport of the outermost frame for
    /// that of the frame it is in, but it knows where that frame's elements are.
    async fn origin(&mut self, point: Option<(i64, i64)>) -> Result<Anchor, Failure> {
        let frame = !self.place.is_outermost() && self.parts.kind == BrowserKind::Chrome;
        match point {
            Some((x, y)) if frame => ask(self, Where::Here, &page::ANCHOR, json!([x, y])).await,
            _ => Ok(Anchor { element: "viewport".into(), x: 0, y: 0 }),
        }
    }

    /// Sends input. From here on the page may do whatever it likes: the input has been given.
    async fn actions(&mut self, actions: Value) -> Result<(), Failure> {
        self.dialog_closed = false;
        match self.send(Command::post("actions", actions), limits::COMMAND).await {
            Ok(_) | Err(failure::Failure::Left | failure::Failure::NoWindow) => Ok(()),
            Err(failure) => Err(failure.into()),
        }
    }

    /// A command of Chrome's own protocol, by the driver.
    pub(super) async fn cdp_command(
        &mut self,
        name: &str,
        params: Value,
    ) -> Result<Value, failure::Failure> {
        let body = json!({ "cmd": name, "params": params });
        self.send(Command::post("goog/cdp/execute", body), limits::COMMAND).await
    }
}

/// The command that runs a script, and the script as that command wants it.
pub(super) fn wrapped(script: &Script) -> (&'static str, String) {
    let source = script.source;
    if !script.is_async {
        return ("execute/sync", format!("return ({source})(arguments[0]);"));
    }
    let source = format!(
        "const done = arguments[1];
        ({source})(arguments[0]).then(done, (error) => done({{ '{FAILED}': String(error) }}));"
    );
    ("execute/async", source)
}

fn pointer(events: &[PointerEvent], origin: &Anchor) -> Value {
    let number = |button| match button {
        Button::Left => 0,
        Button::Middle => 1,
        Button::Right => 2,
    };
    let action = |event: &PointerEvent| match *event {
        PointerEvent::Move { x, y } => json!({
            "type": "pointerMove", "duration": 0, "origin": origin.element,
            "x": x - origin.x, "y": y - origin.y,
        }),
        PointerEvent::Down { button, .. } => {
            json!({ "type": "pointerDown", "button": number(button) })
        }
        PointerEvent::Up { button, .. } => json!({ "type": "pointerUp", "button": number(button) }),
    };
    json!({ "actions": [{
        "type": "pointer", "id": "mouse", "parameters": { "pointerType": "mouse" },
        "actions": events.iter().map(action).collect::<Vec<_>>(),
    }] })
}

fn keyboard(events: &[KeyEvent]) -> Value {
    let action = |event: &KeyEvent| match event {
        KeyEvent::Down(key) => json!({ "type": "keyDown", "value": key.to_string() }),
        KeyEvent::Up(key) => json!({ "type": "keyUp", "value": key.to_string() }),
    };
    let actions: Vec<_> = events.iter().map(action).collect();
    json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": actions }] })
}
