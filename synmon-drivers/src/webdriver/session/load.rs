//! Loading pages.

use serde_json::json;
use synmon_core::browser::BrowserError;
use url::Url;

use super::{
    super::driver::{Command, limits},
    WebDriverSession,
    evidence::Shown,
};

impl WebDriverSession {
    /// Opens an address. Drivers say "ok" to pages that never came: what the tab shows decides.
    pub(super) async fn load_url(&mut self, url: &Url) -> Result<(), BrowserError> {
        let before = self.shown().await?;
        let command = Command::post("url", json!({ "url": url.as_str() }));
        self.send(command, limits::LOAD).await?;
        let after = self.loaded().await?;
        if before.document == after.document && !leads_into(&before, url) {
            return Err(BrowserError::Navigation(
                "the server sent nothing to show: no content, or a download".to_owned(),
            ));
        }
        Ok(())
    }

    /// Goes back, or loads again.
    pub(super) async fn load_again(&mut self, path: &'static str) -> Result<(), BrowserError> {
        self.send(Command::post(path, json!({})), limits::LOAD).await?;
        self.loaded().await.map(drop)
    }

    /// What the tab shows once the dialogs of a new page are closed; an error page is an error,
    /// unless it stands for a page that came without a body.
    async fn loaded(&mut self) -> Result<Shown, BrowserError> {
        let shown = self.shown().await?;
        match shown.net_error() {
            Some(code) => Err(BrowserError::Navigation(code)),
            None => Ok(shown),
        }
    }
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
