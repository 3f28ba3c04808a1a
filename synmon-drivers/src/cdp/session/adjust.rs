//! What a flow wants of its browser, and what its steps change of that.

use serde_json::{Value, json};
use synmon_core::{
    browser::{Adjustment, BrowserError, DialogAnswer},
    flow::BrowserSettings,
    step::Cookie,
};
use tokio::time::timeout;
use url::Url;

use super::{CdpSession, limits};
use crate::cdp::{connection::SessionId, emulation};

impl CdpSession {
    /// Has the browser be as the flow wants it, before it shows anything.
    pub(in crate::cdp) async fn prepare(
        &mut self,
        settings: &BrowserSettings,
        dialogs: &DialogAnswer,
    ) -> Result<(), BrowserError> {
        self.answer_dialogs(dialogs);
        self.shared().state().basic_auth.clone_from(&settings.basic_auth);
        self.tell_all().await?;
        for cookie in settings.cookies.iter().filter(|cookie| cookie.domain.is_some()) {
            self.set_cookie(cookie).await?;
        }
        Ok(())
    }

    pub(super) async fn change(&mut self, adjustment: &Adjustment) -> Result<(), BrowserError> {
        match adjustment {
            Adjustment::Dialogs(answer) => self.answer_dialogs(answer),
            Adjustment::Cookie(cookie) => self.set_cookie(cookie).await?,
            Adjustment::Header(header) => {
                self.wishes.set_header(header);
                self.tell_all().await?;
            }
            Adjustment::Viewport(viewport) => {
                self.wishes.set_viewport(*viewport);
                self.tell_all().await?;
                // So that what comes next sees it.
                let params = json!({
                    "expression": "new Promise((go) => { requestAnimationFrame(() => go());
                                   setTimeout(go, 100) })",
                    "awaitPromise": true,
                });
                let seen = self.tab_call("Runtime.evaluate", params, limits::COMMAND);
                // Where the page does not answer, that is what the next step finds.
                let _ = timeout(limits::PROBE, seen).await;
            }
        }
        Ok(())
    }

    fn answer_dialogs(&self, answer: &DialogAnswer) {
        let mut state = self.shared().state();
        (state.accept, state.prompt_text) = match answer {
            DialogAnswer::Dismiss => (false, None),
            DialogAnswer::Accept(text) => (true, text.clone()),
        };
    }

    /// Tells the wishes to all tabs and frames, and to those that come.
    async fn tell_all(&mut self) -> Result<(), BrowserError> {
        let commands = self.wishes.commands();
        let sessions: Vec<(SessionId, bool)> = {
            let mut state = self.shared().state();
            state.wishes.clone_from(&commands);
            let is_tab = |session: &SessionId| state.tabs.iter().any(|tab| tab.session == *session);
            state.sessions.keys().map(|session| (session.clone(), is_tab(session))).collect()
        };
        let mut sent = Vec::new();
        for (session, is_tab) in &sessions {
            for (method, params) in &commands {
                let answer = self.line().send(Some(session), method, params.clone());
                // Frames can't do all that a tab can, and need not.
                if *is_tab {
                    sent.push(answer);
                }
            }
        }
        for sent in sent {
            sent.answer(limits::PREPARE)
                .await
                .map_err(|error| BrowserError::from(super::calls::failure(error)))?;
        }
        Ok(())
    }

    async fn set_cookie(&self, cookie: &Cookie) -> Result<(), BrowserError> {
        let url = match &cookie.domain {
            Some(_) => None,
            None => self.outermost(|frame| frame.document.url.clone()),
        };
        let params = emulation::cookie(cookie, url.as_deref());
        let answer = self.tab_call("Network.setCookie", params, limits::COMMAND).await;
        let refused = format!("the browser does not take the cookie {}", cookie.name);
        match answer.map_err(BrowserError::from) {
            Err(BrowserError::Unexpected(_)) => Err(BrowserError::Unsupported(refused)),
            Ok(answer) if answer["success"] == Value::Bool(false) => {
                Err(BrowserError::Unsupported(refused))
            }
            answer => answer.map(drop),
        }
    }

    /// The first address that is opened is the flow's own: nobody else is told its password.
    pub(super) fn trust(&self, url: &Url) {
        let origin = url.origin().ascii_serialization();
        self.shared().state().trusted.get_or_insert(origin);
    }
}
