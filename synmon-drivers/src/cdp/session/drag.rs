//! Dragging what HTML lets be dragged: the browser then hands the drag over to the desktop, which
//! there is none of here. So we take it, and tell the page what the desktop would.

use serde_json::{Value, json};
use tokio::time::timeout;

use super::{CdpSession, limits, place::Spot};
use crate::{
    actor::{Failure, PointerEvent},
    page::Script,
};

/// Notes whether the page lets a drag begin.
const WATCH: Script = Script {
    source: r"function(args) {
      const key = Symbol.for('synmon.drag');
      window[key] = { begun: false };
      addEventListener('dragstart', (event) => {
        setTimeout(() => { window[key].begun = !event.defaultPrevented });
        window[key].begun = true;
      }, { capture: true, once: true });
      return {};
    }",
    is_async: false,
};
/// Whether it has begun.
const BEGUN: Script = Script {
    source: r"async function(args) {
      await new Promise((go) => setTimeout(go));
      return { begun: window[Symbol.for('synmon.drag')]?.begun ?? false };
    }",
    is_async: true,
};

impl CdpSession {
    /// Moves the mouse with its button down: event by event, because what each of them does
    /// depends on what has come of the one before.
    pub(super) async fn drag(&mut self, events: &[(PointerEvent, Spot)]) -> Result<(), Failure> {
        let lifting = events.iter().any(|(event, _)| matches!(event, PointerEvent::Down { .. }));
        if lifting {
            self.shared().state().dragged = None;
            let params = json!({ "enabled": true });
            self.tab_call("Input.setInterceptDrags", params, limits::COMMAND).await?;
            self.run_in(self.here.frame(), &WATCH, json!([])).await?;
        }
        for (event, spot) in events {
            let dragged = self.shared().state().dragged.clone();
            match dragged {
                Some(data) => self.carried(*event, spot, &data).await?,
                None => self.mouse(*event, spot).await?,
            }
        }
        if lifting {
            self.lifted().await?;
        }
        if events.iter().any(|(event, _)| matches!(event, PointerEvent::Up { .. })) {
            self.shared().state().dragged = None;
            let params = json!({ "enabled": false });
            self.tab_call("Input.setInterceptDrags", params, limits::COMMAND).await?;
        }
        Ok(())
    }

    /// After the first movement: if the page lets a drag begin, waits until the browser tells of it.
    async fn lifted(&self) -> Result<(), Failure> {
        let begun = match self.run_in(self.here.frame(), &BEGUN, json!([])).await {
            Ok(answer) => answer["begun"] == Value::Bool(true),
            Err(Failure::Left | Failure::Script(_)) => false,
            Err(failure) => return Err(failure),
        };
        if begun {
            let told = self.shared().until(|state| state.dragged.is_some().then_some(()));
            // If it never tells, the mouse's own events go on.
            let _ = timeout(limits::INTERRUPT, told).await;
        }
        Ok(())
    }

    async fn carried(
        &mut self,
        event: PointerEvent,
        spot: &Spot,
        data: &Value,
    ) -> Result<(), Failure> {
        let kinds: &[&str] = match event {
            PointerEvent::Move { .. } => &["dragEnter", "dragOver"],
            PointerEvent::Up { .. } => &["dragOver", "drop"],
            PointerEvent::Down { .. } => &[],
        };
        for kind in kinds {
            let params = json!({ "type": kind, "x": spot.x, "y": spot.y, "data": data });
            self.tab_call("Input.dispatchDragEvent", params, limits::COMMAND).await?;
        }
        if matches!(event, PointerEvent::Up { .. }) {
            // The drag is over, and so the page is told.
            self.mouse(event, spot).await?;
        }
        Ok(())
    }
}
