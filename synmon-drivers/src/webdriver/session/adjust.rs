//! What a flow wants of its browser, beyond what capabilities can say; and changes of it.

use serde_json::{Value, json};
use synmon_core::{
    browser::{Adjustment, BrowserError},
    flow::BrowserKind,
    step::{Cookie, Header, Viewport},
};

use super::{
    super::{
        driver::{Command, limits},
        failure::Failure,
    },
    WebDriverSession,
};
use crate::{actor, cdp::emulation};

impl WebDriverSession {
    pub(super) async fn change(&mut self, adjustment: &Adjustment) -> Result<(), BrowserError> {
        match adjustment {
            Adjustment::Dialogs(answer) => {
                self.answer = answer.clone();
                self.tell_answer();
            }
            Adjustment::Cookie(cookie) => {
                let url = actor::Tab::address(self).await;
                self.set_cookie(cookie, url.as_deref()).await?;
            }
            Adjustment::Header(header) => {
                self.wishes.set_header(header);
                let Header { name, .. } = header;
                if self.parts.kind != BrowserKind::Chrome {
                    let why = format!("the header {name}: this browser sends its own alone");
                    return Err(BrowserError::Unsupported(why));
                }
                self.adjust_tab().await?;
            }
            Adjustment::Viewport(viewport) => {
                self.wishes.set_viewport(*viewport);
                self.resize(*viewport).await?;
            }
        }
        Ok(())
    }

    /// Has the tab that is driven be as the flow wants it: Chrome keeps this by the tab.
    pub(super) async fn adjust_tab(&mut self) -> Result<(), Failure> {
        if self.parts.kind != BrowserKind::Chrome {
            return Ok(());
        }
        for (method, params) in self.wishes.commands() {
            self.cdp_command(method, params).await?;
        }
        Ok(())
    }

    /// What must be there before the first page is opened.
    pub(in super::super) async fn prepare(&mut self) -> Result<(), Failure> {
        self.tell_answer();
        if self.parts.kind == BrowserKind::Chrome {
            let version = self.parts.driver.capability("browserVersion");
            let version = version.and_then(Value::as_str).unwrap_or_default();
            let major = version.split('.').next().unwrap_or_default().to_owned();
            self.wishes.set_version(&major);
        }
        self.adjust_tab().await?;
        if !self.wishes.sets_viewport() {
            self.resize(self.wishes.settings.viewport).await?;
        }
        for cookie in self.wishes.settings.cookies.clone() {
            if cookie.domain.is_some() && self.parts.kind == BrowserKind::Chrome {
                self.set_cookie(&cookie, None).await?;
            }
        }
        Ok(())
    }

    /// Sets a cookie, for the host of `url` if it does not say for which.
    pub(super) async fn set_cookie(
        &mut self,
        cookie: &Cookie,
        url: Option<&str>,
    ) -> Result<(), Failure> {
        if self.parts.kind == BrowserKind::Chrome {
            let params = emulation::cookie(cookie, url.filter(|_| cookie.domain.is_none()));
            let answer = self.cdp_command("Network.setCookie", params).await?;
            if answer["success"] == Value::Bool(false) {
                let why = format!("the browser does not take the cookie {}", cookie.name);
                return Err(Failure::Browser(BrowserError::Unsupported(why)));
            }
            return Ok(());
        }
        let command = Command::post("cookie", json!({ "cookie": emulation::w3c_cookie(cookie) }));
        self.send(command, limits::COMMAND).await.map(drop)
    }

    fn tell_answer(&self) {
        if let Some(cdp) = &self.parts.cdp {
            cdp.answer_dialogs(&self.answer);
        }
    }

    /// Makes the viewport exactly so large.
    async fn resize(&mut self, viewport: Viewport) -> Result<(), Failure> {
        let (width, height) = (i64::from(viewport.width), i64::from(viewport.height));
        let script = "return [innerWidth, innerHeight, outerWidth, outerHeight]";
        let ask = Command::post("execute/sync", json!({ "script": script, "args": [] }));
        let sizes = self.send(ask, limits::COMMAND).await?;
        let sizes: Vec<i64> = serde_json::from_value(sizes).unwrap_or_default();
        let [inner_width, inner_height, outer_width, outer_height] = sizes[..] else {
            return Ok(());
        };
        if (inner_width, inner_height) == (width, height) {
            return Ok(());
        }
        if self.parts.kind == BrowserKind::Chrome {
            self.wishes.insist_on_viewport();
            return self.adjust_tab().await;
        }
        let body = json!({
            "width": outer_width + width - inner_width,
            "height": outer_height + height - inner_height,
        });
        self.send(Command::post("window/rect", body), limits::COMMAND).await.map(drop)
    }
}
