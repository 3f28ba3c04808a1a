//! Browsers that go through the guard, and prove it before the first run gets one.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use synmon_core::{
    browser::{Browser, BrowserError, Capability, Session, SessionRequest},
    flow::{BrowserKind, BrowserVariant},
};

use super::{
    EgressGuard,
    proof::{self, Proof},
    session::GuardedSession,
};

/// What starts a browser in another way needs a proof of its own.
type Form = (BrowserKind, BrowserVariant);

/// Browsers whose traffic goes through the guard. Before a run gets one, one of the same form has to
/// prove that it can't get past the guard; those of a form that can are never used.
pub struct GuardedBrowser {
    browser: Arc<dyn Browser>,
    guard: Arc<EgressGuard>,
    proven: tokio::sync::Mutex<HashMap<Form, Proof>>,
    /// Why none is used, if so.
    refused: Mutex<Option<String>>,
}

impl GuardedBrowser {
    /// Browsers that are told to use the guard.
    #[must_use]
    pub fn new(browser: Arc<dyn Browser>, guard: Arc<EgressGuard>) -> Self {
        Self { browser, guard, proven: tokio::sync::Mutex::default(), refused: Mutex::default() }
    }

    /// Has a browser of the form that is asked for prove itself, unless one has. Runs wait for that;
    /// whoever asks before the first of them saves it the time.
    pub async fn prove(&self, request: &SessionRequest) -> Result<(), BrowserError> {
        let form = (request.browser, request.settings.variant);
        let mut proven = self.proven.lock().await;
        let proof = if let Some(proof) = proven.get(&form) {
            proof.clone()
        } else {
            let proof = proof::ask_for(&*self.browser, &self.guard, request).await?;
            proven.insert(form, proof.clone());
            proof
        };
        match proof {
            Proof::Held => Ok(()),
            Proof::Bypassed(why) => {
                tracing::error!(why, "no browser is used");
                *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(why.clone());
                Err(BrowserError::Unavailable(why))
            }
        }
    }
}

#[async_trait]
impl Browser for GuardedBrowser {
    fn kinds(&self) -> &[BrowserKind] {
        self.browser.kinds()
    }

    fn lacks(&self, kind: BrowserKind) -> &[Capability] {
        self.browser.lacks(kind)
    }

    async fn ready(&self) -> Result<(), String> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match refused {
            Some(why) => Err(why),
            None => self.browser.ready().await,
        }
    }

    async fn start(&self, request: &SessionRequest) -> Result<Box<dyn Session>, BrowserError> {
        self.prove(request).await?;
        let session = self.browser.start(request).await?;
        Ok(Box::new(GuardedSession::new(session, Arc::clone(&self.guard))))
    }

    fn is_shared(&self) -> bool {
        self.browser.is_shared()
    }

    async fn end_forgotten(&self, tag: &str, id: Option<&str>) -> Result<(), BrowserError> {
        self.browser.end_forgotten(tag, id).await
    }

    async fn shut_down(&self) {
        self.browser.shut_down().await;
    }
}
