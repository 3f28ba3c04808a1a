//! Pictures. They must be had even from a tab that hangs, so what was last drawn is asked for, too,
//! when it takes long.

use std::{pin::pin, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::future::{Either, select};
use serde_json::{Value, json};
use synmon_core::{
    browser::{Area, BrowserError, MediaType, Picture, Shot},
    flow::PictureFormat,
};
use tokio::{
    sync::oneshot,
    time::{Instant, interval_at, timeout},
};

use super::{CdpSession, calls::failure, limits};
use crate::{
    actor,
    cdp::frame,
    page::{Located, Script, Size},
};

/// How long the page may take before what was last drawn is asked for as well.
const PATIENCE: Duration = Duration::from_secs(1);
/// The most that a picture of a whole page shows, in pixels.
const MAX_PIXELS: f64 = 16_000_000.0;
/// The quality of pictures with loss.
const QUALITY: u8 = 80;

/// For a picture of more than the viewport the browser makes the viewport larger for a moment: the
/// page is not to hear of it.
const HUSH: Script = Script {
    source: r"function(args) {
      const hush = (event) => event.stopImmediatePropagation();
      window[Symbol.for('synmon.hush')] = hush;
      addEventListener('resize', hush, true);
      return {};
    }",
    is_async: false,
};
const HEAR: Script = Script {
    source: r"async function(args) {
      await new Promise((go) => { requestAnimationFrame(() => setTimeout(go)); setTimeout(go, 100) });
      removeEventListener('resize', window[Symbol.for('synmon.hush')], true);
      return {};
    }",
    is_async: true,
};

impl CdpSession {
    pub(super) async fn picture(&mut self, shot: Shot<'_>) -> Result<Picture, BrowserError> {
        let params = self.params(shot).await?;
        let is_larger = params.get("clip").is_some();
        if is_larger {
            // Where it does not answer, it can't notice anything either.
            let _ = timeout(limits::PROBE, self.run_in(&self.here.tab, &HUSH, json!([]))).await;
        }
        let taken = if !shot.conceal.is_empty() {
            self.take_concealed(shot, params).await
        } else if shot.mask.is_empty() {
            self.take(params).await
        } else {
            let masked = actor::mask(self, shot.mask).await;
            let taken = match masked {
                Ok(()) => self.take_masked(params).await,
                Err(error) => Err(error),
            };
            actor::unmask(self).await;
            taken
        };
        if is_larger {
            // The viewport has its size again before the next picture.
            let _ = timeout(limits::PROBE, self.run_in(&self.here.tab, &HEAR, json!([]))).await;
        }
        taken
    }

    /// What the picture is to show.
    async fn params(&mut self, shot: Shot<'_>) -> Result<Value, BrowserError> {
        let mut params = match shot.format {
            PictureFormat::Png => json!({ "format": "png", "optimizeForSpeed": true }),
            PictureFormat::Jpeg => {
                json!({ "format": "jpeg", "quality": QUALITY, "optimizeForSpeed": true })
            }
        };
        match shot.area {
            Area::Viewport => {}
            Area::FullPage => {
                let Size { width, height } = actor::page_size(self).await?;
                let scale = self.wishes.scale();
                let most = (MAX_PIXELS / (width * scale * scale)).floor().max(1.0);
                params["captureBeyondViewport"] = true.into();
                params["clip"] = clip(0.0, 0.0, width, height.min(most));
            }
            Area::Element(selector) => match actor::locate(self, selector).await? {
                Located::Here { width, height, left, top, .. } => {
                    let corner = self.spot(left, top).await?;
                    let scroll = self.scrolled().await?;
                    let (x, y) = (corner.x + scroll.0, corner.y + scroll.1);
                    let (width, height) = (width * corner.scale, height * corner.scale);
                    let most = (MAX_PIXELS / width.max(1.0)).floor().max(1.0);
                    params["captureBeyondViewport"] = true.into();
                    params["clip"] = clip(x, y, width.max(1.0), height.clamp(1.0, most));
                }
                Located::Invalid { why } => return Err(BrowserError::SelectorInvalid(why)),
                Located::Missing => {
                    return Err(BrowserError::Unexpected("no element matches".to_owned()));
                }
                Located::Hidden => {
                    return Err(BrowserError::Unexpected("the element is not visible".to_owned()));
                }
            },
        }
        Ok(params)
    }

    /// How far the tab's page is scrolled.
    async fn scrolled(&self) -> Result<(f64, f64), BrowserError> {
        let told = self.tab_call("Page.getLayoutMetrics", json!({}), limits::PICTURE).await?;
        let at = |name| told["cssVisualViewport"][name].as_f64().unwrap_or_default();
        Ok((at("pageX"), at("pageY")))
    }

    /// Takes a picture; when the page does not answer, what was last drawn of it.
    async fn take(&self, params: Value) -> Result<Picture, BrowserError> {
        let answer = {
            let by_page = pin!(self.take_masked(params));
            let past_page = pin!(async {
                later(PATIENCE).await;
                self.last_frame().await
            });
            match select(by_page, past_page).await {
                Either::Left((answer, _)) => answer,
                Either::Right((Some(picture), _)) => return Ok(picture),
                Either::Right((None, by_page)) => by_page.await,
            }
        };
        match answer {
            Err(error @ (BrowserError::Crashed(_) | BrowserError::PageCrashed(_))) => Err(error),
            Err(error) => self.last_frame().await.ok_or(error),
            answer => answer,
        }
    }

    /// Takes a picture of what the page shows now, or none: what was drawn before something was
    /// painted over would show it.
    pub(super) async fn take_masked(&self, params: Value) -> Result<Picture, BrowserError> {
        let session = self.tab_session()?;
        let taken = self
            .line()
            .call(Some(&session), "Page.captureScreenshot", params, limits::PICTURE)
            .await
            .map_err(|error| BrowserError::from(failure(error)))?;
        decoded(taken["data"].as_str().unwrap_or_default()).map_err(BrowserError::Unexpected)
    }

    /// The tab as it was last drawn.
    async fn last_frame(&self) -> Option<Picture> {
        let session = self.tab_session().ok()?;
        let (sender, shown) = oneshot::channel();
        self.shared().state().frame_wanted = Some(sender);
        let data = frame::last(self.line(), &session, shown, limits::LAST_FRAME).await?;
        decoded(&data).ok()
    }
}

fn clip(x: f64, y: f64, width: f64, height: f64) -> Value {
    json!({ "x": x, "y": y, "width": width, "height": height, "scale": 1 })
}

fn decoded(data: &str) -> Result<Picture, String> {
    let bytes = STANDARD.decode(data).map_err(|_| "the picture is not base64".to_owned())?;
    let media_type = if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        MediaType::Png
    } else if bytes.starts_with(b"\xFF\xD8\xFF") {
        MediaType::Jpeg
    } else {
        return Err("the picture is neither a PNG nor a JPEG".to_owned());
    };
    Ok(Picture { bytes: Bytes::from(bytes), media_type })
}

/// Waits without a clock of our own: this is about the patience with a process, not about time.
async fn later(span: Duration) {
    interval_at(Instant::now() + span, span).tick().await;
}
