//! The tab as the `DevTools` protocol serves it.

use serde_json::{Value, json};

use super::{CdpSession, limits, load};
use crate::{
    actor::{Failure, Input, Tab},
    page::Script,
};

impl Tab for CdpSession {
    async fn run(&mut self, script: &Script, args: Value) -> Result<Value, Failure> {
        match self.run_in(self.here.frame(), script, args).await {
            Err(Failure::NoFrame) => Err(self.misplaced()),
            answer => answer,
        }
    }

    async fn run_outermost(&mut self, script: &Script, args: Value) -> Result<Value, Failure> {
        self.run_in(&self.here.tab, script, args).await
    }

    fn is_outermost(&self) -> bool {
        self.here.is_outermost()
    }

    async fn input(&mut self, input: Input) -> Result<(), Failure> {
        match input {
            Input::Pointer(events) => self.point(&events).await,
            Input::Keys(events) => self.type_keys(&events).await,
            Input::Text(text) => self.give("Input.insertText", vec![json!({ "text": text })]).await,
            Input::Wheel { x, y, distance } => {
                #[expect(clippy::cast_precision_loss, reason = "coordinates are small")]
                let spot = self.spot(x as f64, y as f64).await?;
                self.wheel(&spot, distance.x, distance.y).await
            }
        }
    }

    async fn settled(&mut self) -> Result<(), Failure> {
        match self.still().await {
            // A tab that closes itself has nothing more to wait for.
            Err(Failure::NoFrame) => Ok(()),
            answer => answer,
        }
    }

    async fn bring_to_front(&mut self) {
        // Where it fails the input says so.
        let _ = self.tab_call("Page.bringToFront", json!({}), limits::COMMAND).await;
    }

    async fn address(&mut self) -> Option<String> {
        self.outermost(load::unreachable)?
    }
}
