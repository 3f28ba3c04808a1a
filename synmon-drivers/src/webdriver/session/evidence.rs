//! What a tab shows: as facts and as a picture. Both must be had even from a tab that hangs the
//! driver, so the other line is asked too when the driver takes long.

use std::{pin::pin, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::future::{Either, select};
use serde::Deserialize;
use serde_json::{Value, json};
use synmon_core::browser::{BrowserError, MediaType, PageState, Picture};
use tokio::time::{Instant, interval_at};

use crate::cdp::Cdp;

use super::{
    super::driver::{Command, limits},
    WebDriverSession, script,
};

/// How long the driver may take before the other line is asked as well.
const PATIENCE: Duration = Duration::from_secs(1);

/// What the script says of a page.
#[derive(Debug, Deserialize)]
pub(super) struct Shown {
    pub(super) url: String,
    title: String,
    /// The code on an error page of the browser's own.
    error: Option<String>,
    status: Option<u16>,
    pub(super) document: String,
}

impl Shown {
    /// Why there is no page, if there is none.
    pub(super) fn net_error(&self) -> Option<String> {
        let code = self.error.as_deref()?;
        // The browser shows a page of its own for an answer without a body, too.
        if self.status.is_some() || code.starts_with("HTTP ERROR ") {
            return None;
        }
        Some(if code.starts_with("ERR_") { format!("net::{code}") } else { code.to_owned() })
    }

    /// The status, which for an answer without a body is found only in the browser's own page.
    fn http_status(&self) -> Option<u16> {
        let told = || self.error.as_deref()?.strip_prefix("HTTP ERROR ")?.parse().ok();
        self.status.or_else(told)
    }
}

impl WebDriverSession {
    pub(super) async fn page_state(&mut self) -> Result<PageState, BrowserError> {
        let shown = self.shown().await?;
        let url = match shown.error {
            // The page itself only knows that it is an error page.
            Some(_) => self.address().await.unwrap_or(shown.url.clone()),
            None => shown.url.clone(),
        };
        Ok(PageState {
            http_status: shown.http_status(),
            error_page: shown.net_error().is_some(),
            url,
            title: shown.title,
            document: shown.document,
        })
    }

    /// The address that the tab was sent to.
    async fn address(&mut self) -> Option<String> {
        let answer = self.send(Command::get("url"), limits::COMMAND).await.ok()?;
        Some(answer.as_str()?.chars().take(2_048).collect())
    }

    /// What the tab shows, once the dialogs are closed that are in the way.
    pub(super) async fn shown(&mut self) -> Result<Shown, BrowserError> {
        Ok(self.ask(&script::PAGE, json!([])).await?)
    }

    pub(super) async fn picture(&mut self) -> Result<Picture, BrowserError> {
        let cdp = self.parts.cdp.clone();
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
    if !bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Err("the picture is not a PNG".to_owned());
    }
    Ok(Picture { bytes: Bytes::from(bytes), media_type: MediaType::Png })
}

/// Waits without a clock of our own: this is about the patience with a process, not about time.
async fn later(span: Duration) {
    interval_at(Instant::now() + span, span).tick().await;
}
