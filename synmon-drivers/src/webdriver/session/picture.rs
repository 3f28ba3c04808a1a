//! Pictures. They must be had even from a tab that hangs the driver, so the other line is asked
//! too when the driver takes long.

use std::{pin::pin, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::future::{Either, select};
use serde_json::{Value, json};
use synmon_core::{
    browser::{Area, BrowserError, MediaType, Picture, Shot},
    flow::{BrowserKind, PictureFormat},
    step::Selector,
};
use tokio::time::{Instant, interval_at};

use crate::{
    actor::{self, Where, ask, candidates},
    cdp::Cdp,
    page::{self, Element},
};

use super::{
    super::driver::{Command, limits},
    WebDriverSession,
};

/// How long the driver may take before the other line is asked as well.
const PATIENCE: Duration = Duration::from_secs(1);
/// The longest picture, in CSS pixels: browsers fail at more than 16,384 a side.
const MAX_HEIGHT: f64 = 16_000.0;
const MAX_PIXELS: f64 = 16_000_000.0;
const JPEG_QUALITY: u32 = 80;
/// The key under which W3C `WebDriver` names an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

impl WebDriverSession {
    /// A picture with what must not show painted over, which is uncovered again whatever happens.
    /// What is to be concealed is not looked for: the page could listen to the script that does.
    pub(super) async fn shoot(&mut self, shot: Shot<'_>) -> Result<Picture, BrowserError> {
        if shot.mask.is_empty() {
            return self.shoot_plainly(shot).await;
        }
        let taken = match actor::mask(self, shot.mask).await {
            Ok(()) => self.shoot_plainly(shot).await,
            Err(error) => Err(error),
        };
        actor::unmask(self).await;
        taken
    }

    async fn shoot_plainly(&mut self, shot: Shot<'_>) -> Result<Picture, BrowserError> {
        let chrome = self.parts.kind == BrowserKind::Chrome;
        match shot.area {
            Area::Element(selector) => self.element_picture(selector).await,
            Area::FullPage if chrome => {
                let size = actor::page_size(self).await?;
                let height = size.height.min(MAX_HEIGHT).min(MAX_PIXELS / size.width.max(1.0));
                let clip =
                    json!({ "x": 0, "y": 0, "width": size.width, "height": height, "scale": 1 });
                self.captured(shot.format, Some(clip)).await
            }
            Area::FullPage => {
                let answer =
                    self.send(Command::get("moz/screenshot/full"), limits::PICTURE).await?;
                decoded(answer.as_str().unwrap_or_default()).map_err(BrowserError::Unexpected)
            }
            Area::Viewport if chrome && shot.format == PictureFormat::Jpeg => {
                match self.captured(shot.format, None).await {
                    // Then the page may hang the driver: there is another way.
                    Err(_) => self.picture(!shot.mask.is_empty()).await,
                    picture => picture,
                }
            }
            Area::Viewport => self.picture(!shot.mask.is_empty()).await,
        }
    }

    /// A picture by Chrome's own protocol.
    async fn captured(
        &mut self,
        format: PictureFormat,
        clip: Option<Value>,
    ) -> Result<Picture, BrowserError> {
        let mut params = json!({ "format": format.as_str() });
        if format == PictureFormat::Jpeg {
            params["quality"] = JPEG_QUALITY.into();
        }
        if let Some(clip) = clip {
            params["clip"] = clip;
            params["captureBeyondViewport"] = true.into();
        }
        let body = json!({ "cmd": "Page.captureScreenshot", "params": params });
        let command = Command::post("goog/cdp/execute", body);
        let answer = self.send(command, limits::PICTURE).await?;
        decoded(answer["data"].as_str().unwrap_or_default()).map_err(BrowserError::Unexpected)
    }

    async fn element_picture(&mut self, selector: &Selector) -> Result<Picture, BrowserError> {
        let args = json!([candidates(selector)]);
        let element = match ask(self, Where::Here, &page::ELEMENT, args).await {
            Ok(Element::Here { element }) => element,
            Ok(Element::Invalid { why }) => return Err(BrowserError::SelectorInvalid(why)),
            Ok(_) | Err(actor::Failure::NoFrame) => {
                let why = "there is no element to take a picture of that can be seen";
                return Err(BrowserError::Unexpected(why.to_owned()));
            }
            Err(failure) => return Err(failure.into()),
        };
        let id = element[ELEMENT].as_str().unwrap_or_default();
        let command = Command::get(format!("element/{id}/screenshot"));
        let answer = self.send(command, limits::PICTURE).await?;
        decoded(answer.as_str().unwrap_or_default()).map_err(BrowserError::Unexpected)
    }

    async fn picture(&mut self, masked: bool) -> Result<Picture, BrowserError> {
        // What was drawn before something was painted over would show it.
        let cdp = self.parts.cdp.clone().filter(|_| !masked);
        let answer = {
            let by_driver = pin!(self.send(Command::get("screenshot"), limits::PICTURE));
            let past_driver = pin!(async {
                later(PATIENCE).await;
                last_frame(cdp.as_deref()).await
            });
            match select(by_driver, past_driver).await {
                Either::Left((answer, _)) => answer,
                Either::Right((Some(picture), _)) => return Ok(picture),
                Either::Right((None, by_driver)) => by_driver.await,
            }
        };
        match answer {
            Ok(Value::String(data)) => decoded(&data).map_err(BrowserError::Unexpected),
            Ok(_) => Err(BrowserError::Unexpected("the driver sent no picture".to_owned())),
            Err(error) => match last_frame(cdp.as_deref()).await {
                Some(picture) => Ok(picture),
                None => Err(error.into()),
            },
        }
    }
}

/// A picture by the other line: what was last drawn.
async fn last_frame(cdp: Option<&Cdp>) -> Option<Picture> {
    let cdp = cdp.filter(|cdp| !cdp.page_crashed())?;
    decoded(&cdp.last_frame(limits::PAST_DRIVER).await?).ok()
}

fn decoded(data: &str) -> Result<Picture, String> {
    let bytes = STANDARD.decode(data).map_err(|_| "the picture is not base64".to_owned())?;
    let media_type = match bytes.get(..3) {
        Some(b"\x89PN") => MediaType::Png,
        Some(b"\xff\xd8\xff") => MediaType::Jpeg,
        _ => return Err("the picture is neither a PNG nor a JPEG".to_owned()),
    };
    Ok(Picture { bytes: Bytes::from(bytes), media_type })
}

/// Waits without a clock of our own: this is about the patience with a process, not about time.
async fn later(span: Duration) {
    interval_at(Instant::now() + span, span).tick().await;
}
