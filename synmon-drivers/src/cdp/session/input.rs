//! Input as Chromium takes it.

use serde_json::{Value, json};
use synmon_core::{browser::NotReady, step::Button};

use super::{
    CdpSession,
    calls::failure,
    keyboard::{has_shift, stroke},
    limits,
    place::Spot,
};
use crate::{
    actor::{Failure, KeyEvent, PointerEvent},
    cdp::connection::Sent,
};

const MOUSE: &str = "Input.dispatchMouseEvent";

impl CdpSession {
    /// Gives the mouse's events.
    pub(super) async fn point(&mut self, events: &[PointerEvent]) -> Result<(), Failure> {
        let mut placed = Vec::with_capacity(events.len());
        for event in events {
            if let PointerEvent::Move { x, y } = *event {
                #[expect(clippy::cast_precision_loss, reason = "coordinates are small")]
                let spot = self.spot(x as f64, y as f64).await?;
                self.pointer = spot;
            }
            placed.push((*event, self.pointer.clone()));
        }
        let moves_after_press = {
            let down = events.iter().position(|event| matches!(event, PointerEvent::Down { .. }));
            let from = down.map_or(0, |at| at + 1);
            (down.is_some() || self.pressed)
                && events[from..].iter().any(|event| matches!(event, PointerEvent::Move { .. }))
        };
        if moves_after_press {
            return self.drag(&placed).await;
        }
        if let Some((_, Spot { covered: Some(by), .. })) = placed.first() {
            let by = by.clone();
            let lacking =
                if by.is_empty() { NotReady::OutOfView } else { NotReady::Covered { by } };
            return Err(Failure::NotYet(lacking));
        }
        let all = placed.iter().map(|(event, spot)| self.mouse_event(*event, spot)).collect();
        self.give(MOUSE, all).await
    }

    /// Gives one of them.
    pub(super) async fn mouse(&mut self, event: PointerEvent, spot: &Spot) -> Result<(), Failure> {
        let event = self.mouse_event(event, spot);
        self.give(MOUSE, vec![event]).await
    }

    /// Turns the wheel.
    pub(super) async fn wheel(&mut self, spot: &Spot, x: i64, y: i64) -> Result<(), Failure> {
        let event = json!({
            "type": "mouseWheel", "x": spot.x, "y": spot.y, "deltaX": x, "deltaY": y,
            "pointerType": "mouse",
        });
        self.give(MOUSE, vec![event]).await
    }

    /// Gives the keyboard's events.
    pub(super) async fn type_keys(&mut self, events: &[KeyEvent]) -> Result<(), Failure> {
        self.give("Input.dispatchKeyEvent", keys(events)).await
    }

    /// Sends events in one go. The browser keeps them in order, and each waits for the handlers of
    /// the one before.
    pub(super) async fn give(
        &self,
        method: &'static str,
        events: Vec<Value>,
    ) -> Result<(), Failure> {
        let session = self.tab_session()?;
        let sent: Vec<Sent> = events
            .into_iter()
            .map(|event| self.line().send(Some(&session), method, event))
            .collect();
        let answers = async {
            for sent in sent {
                sent.answer(limits::COMMAND).await?;
            }
            Ok(())
        };
        match self.unless_flooded(answers).await?.map_err(failure) {
            // From here on the page may do whatever it likes: the input has been given.
            Err(Failure::Left | Failure::NoFrame) => Ok(()),
            answer => answer,
        }
    }

    fn mouse_event(&mut self, event: PointerEvent, spot: &Spot) -> Value {
        let (kind, button, buttons, count) = match event {
            PointerEvent::Move { .. } if self.pressed => ("mouseMoved", Some(Button::Left), 1, 0),
            PointerEvent::Move { .. } => ("mouseMoved", None, 0, 0),
            PointerEvent::Down { button, count } => {
                self.pressed = true;
                ("mousePressed", Some(button), mask(button), count)
            }
            PointerEvent::Up { button, count } => {
                self.pressed = false;
                ("mouseReleased", Some(button), 0, count)
            }
        };
        json!({
            "type": kind, "x": spot.x, "y": spot.y, "buttons": buttons, "clickCount": count,
            "button": button.map_or("none", Button::as_str), "pointerType": "mouse",
        })
    }
}

fn mask(button: Button) -> u8 {
    match button {
        Button::Left => 1,
        Button::Right => 2,
        Button::Middle => 4,
    }
}

fn keys(events: &[KeyEvent]) -> Vec<Value> {
    let mut held = 0;
    events
        .iter()
        .map(|event| match *event {
            KeyEvent::Down(key) => {
                let stroke = stroke(key, has_shift(held));
                let event = stroke.down(held);
                held |= stroke.modifier();
                event
            }
            KeyEvent::Up(key) => {
                let stroke = stroke(key, has_shift(held));
                held &= !stroke.modifier();
                stroke.up(held)
            }
        })
        .collect()
}
