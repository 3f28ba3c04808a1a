//! Loading pages.

use serde_json::{Value, json};
use synmon_core::{
    browser::{BrowserError, Travel},
    flow::BrowserKind,
    step::Cookie,
};
use url::Url;

use super::{
    super::driver::{Command, limits},
    WebDriverSession,
};
use crate::{actor, page::Shown};

impl WebDriverSession {
    /// Opens an address. Drivers say "ok" to pages that never came: what the tab shows decides.
    pub(super) async fn load_url(&mut self, url: &Url) -> Result<(), BrowserError> {
        self.leave_frames().await?;
        self.introduce(url).await?;
        let before = actor::shown(self).await?;
        let address = self.with_credentials(url);
        let command = Command::post("url", json!({ "url": address.as_str() }));
        self.send(command, limits::LOAD).await?;
        let after = self.loaded().await?;
        if before.document == after.document && !leads_into(&before, url) {
            return Err(BrowserError::Navigation(
                "the server sent nothing to show: no content, or a download".to_owned(),
            ));
        }
        Ok(())
    }

    /// Goes through the history, or loads again.
    pub(super) async fn load_again(&mut self, travel: Travel) -> Result<(), BrowserError> {
        let path = match travel {
            Travel::Back => "back",
            Travel::Forward => "forward",
            Travel::Reload => "refresh",
        };
        self.leave_frames().await?;
        self.send(Command::post(path, json!({})), limits::LOAD).await?;
        let shown = self.loaded().await?;
        if travel == Travel::Back && is_blank(&shown.url) {
            self.send(Command::post("forward", json!({})), limits::LOAD).await?;
            self.loaded().await?;
            return Err(BrowserError::Navigation(actor::NOTHING_BEFORE.to_owned()));
        }
        Ok(())
    }

    /// Steps act in the outermost frame of what is loaded.
    async fn leave_frames(&mut self) -> Result<(), BrowserError> {
        if !self.place.is_outermost() {
            self.place.reset();
            self.enter(&Value::Null).await?;
        }
        Ok(())
    }

    /// What can only be told once the address is known: whose cookies they are, and whom to tell
    /// the name and the password.
    async fn introduce(&mut self, url: &Url) -> Result<(), BrowserError> {
        if self.home.is_some() {
            return Ok(());
        }
        self.home = Some(url.origin());
        let mine =
            |cookie: &&Cookie| self.parts.kind != BrowserKind::Chrome || cookie.domain.is_none();
        let cookies: Vec<Cookie> =
            self.wishes.settings.cookies.iter().filter(mine).cloned().collect();
        if cookies.is_empty() {
            return Ok(());
        }
        if self.parts.kind != BrowserKind::Chrome {
            // Other drivers take cookies for the host of the page alone.
            let place = url.join("/robots.txt").unwrap_or_else(|_| url.clone());
            let command =
                Command::post("url", json!({ "url": self.with_credentials(&place).as_str() }));
            self.send(command, limits::LOAD).await?;
        }
        for cookie in cookies {
            self.set_cookie(&cookie, Some(url.as_str())).await?;
        }
        Ok(())
    }

    /// The browser hands the name and the password to the site that was opened first, and to it
    /// alone.
    fn with_credentials(&self, url: &Url) -> Url {
        let mut url = url.clone();
        if let Some(auth) = &self.wishes.settings.basic_auth
            && self.home.as_ref() == Some(&url.origin())
            && url.username().is_empty()
        {
            // Only addresses without a host can't hold them.
            let _ = url.set_username(&auth.username);
            let _ = url.set_password(Some(&auth.password));
        }
        url
    }

    /// What the tab shows once the dialogs of a new page are closed; an error page is an error,
    /// unless it stands for a page that came without a body.
    async fn loaded(&mut self) -> Result<Shown, BrowserError> {
        let shown = actor::shown(self).await?;
        match shown.net_error() {
            Some(code) => Err(BrowserError::Navigation(code)),
            None => Ok(shown),
        }
    }
}

/// Whether this is what a tab shows before it has shown anything.
fn is_blank(url: &str) -> bool {
    matches!(url, "about:blank" | "data:,") || url.starts_with("chrome://")
}

/// Whether an address only leads to another place of the same document.
fn leads_into(shown: &Shown, url: &Url) -> bool {
    let mut target = url.clone();
    target.set_fragment(None);
    let mut current = Url::parse(&shown.url).ok();
    if let Some(current) = &mut current {
        current.set_fragment(None);
    }
    url.fragment().is_some() && current == Some(target)
}
