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
    DistantGuard, EgressGuard,
    proof::{self, Proof},
    session::GuardedSession,
    witness::Witness,
};

/// What starts a browser in another way needs a proof of its own.
type Form = (BrowserKind, BrowserVariant);

/// The guard that browsers go through.
#[derive(Clone)]
enum Guard {
    /// In this process.
    Here(Arc<EgressGuard>),
    /// Beside browsers elsewhere.
    Distant(Arc<DistantGuard>),
}

/// Browsers whose traffic goes through the guard. Before a run gets one of this machine, one of the
/// same form has to prove that it can't get past the guard; those of a form that can are never used.
/// Those elsewhere come from many machines, and each proves itself when it is started.
pub struct GuardedBrowser {
    browser: Arc<dyn Browser>,
    guard: Guard,
    proven: tokio::sync::Mutex<HashMap<Form, Proof>>,
    /// Why none is used, if so.
    refused: Mutex<Option<String>>,
}

impl GuardedBrowser {
    /// Browsers of this machine, which are told to use the guard.
    #[must_use]
    pub fn new(browser: Arc<dyn Browser>, guard: Arc<EgressGuard>) -> Self {
        Self::behind(browser, Guard::Here(guard))
    }

    /// Browsers elsewhere, which are told to use a guard beside them.
    #[must_use]
    pub fn elsewhere(browser: Arc<dyn Browser>, guard: DistantGuard) -> Self {
        Self::behind(browser, Guard::Distant(Arc::new(guard)))
    }

    fn behind(browser: Arc<dyn Browser>, guard: Guard) -> Self {
        Self { browser, guard, proven: tokio::sync::Mutex::default(), refused: Mutex::default() }
    }

    /// Has a browser of the form that is asked for prove itself, unless one has. Runs wait for that;
    /// whoever asks before the first of them saves it the time.
    pub async fn prove(&self, request: &SessionRequest) -> Result<(), BrowserError> {
        let guard = match &self.guard {
            Guard::Here(guard) => guard,
            Guard::Distant(_) => return self.start(request).await?.close().await,
        };
        let form = (request.browser, request.settings.variant);
        let mut proven = self.proven.lock().await;
        let proof = if let Some(proof) = proven.get(&form) {
            proof.clone()
        } else {
            let proof = proof::ask_for(&*self.browser, guard, request).await?;
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
        if let Some(why) = refused {
            return Err(why);
        }
        if let Guard::Distant(guard) = &self.guard {
            guard.ready().await?;
        }
        self.browser.ready().await
    }

    async fn start(&self, request: &SessionRequest) -> Result<Box<dyn Session>, BrowserError> {
        let witness: Arc<dyn Witness> = match &self.guard {
            Guard::Here(guard) => {
                self.prove(request).await?;
                Arc::clone(guard) as _
            }
            Guard::Distant(guard) => {
                // Without it no browser could prove anything.
                guard.ready().await.map_err(BrowserError::Unavailable)?;
                Arc::clone(guard) as _
            }
        };
        let session = self.browser.start(request).await?;
        Ok(Box::new(GuardedSession::new(session, witness)))
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
