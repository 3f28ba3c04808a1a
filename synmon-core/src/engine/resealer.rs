//! Sealing anew what older keys have sealed, so that they can be taken away.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use tracing::{info, warn};

use super::{Parts, Ticking};
use crate::{
    ChannelId, OwnerId,
    channel::ChannelTarget,
    secret::{Place, SecretName},
    store::StoreError,
};

/// How much is looked at in one go.
const BATCH: u32 = 50;
/// Between two batches: others want to write, too.
const PAUSE: Duration = Duration::from_millis(200);
/// After all was looked at. What a process with older keys seals meanwhile is found then.
const PERIOD: Duration = Duration::from_hours(1);

/// Seals what older keys have sealed, and what was kept before there were keys, with the newest
/// key: a little at a time, in the background.
pub struct Resealer {
    parts: Arc<Parts>,
    pass: Mutex<Pass>,
}

/// How far it has come.
#[derive(Clone, Debug, Default)]
struct Pass {
    next: Next,
    resealed: u32,
    /// What no key that is here opens.
    closed: u32,
}

#[derive(Clone, Debug)]
enum Next {
    Secrets(Option<(OwnerId, SecretName)>),
    Webhooks(Option<ChannelId>),
}

impl Default for Next {
    fn default() -> Self {
        Self::Secrets(None)
    }
}

impl Resealer {
    pub(super) fn new(parts: Arc<Parts>) -> Self {
        Self { parts, pass: Mutex::default() }
    }

    /// Deals with the next batch, and returns how long nothing more is to be done.
    pub async fn tick(&self) -> Result<Duration, StoreError> {
        let mut pass = self.pass.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let next = match pass.next.clone() {
            Next::Secrets(after) => self.secrets(after, &mut pass).await?,
            Next::Webhooks(after) => self.webhooks(after, &mut pass).await?,
        };
        let is_over = next.is_none();
        if is_over {
            let Pass { resealed, closed, .. } = std::mem::take(&mut pass);
            if resealed > 0 {
                info!("Sealed anew with the newest key: {resealed}");
            }
            if closed > 0 {
                warn!(
                    "{closed} secrets can't be opened: the key that sealed them is not among \
                     SYNMON_SECRETS_KEY; runs and webhooks that need them fail"
                );
            }
        }
        pass.next = next.unwrap_or_default();
        *self.pass.lock().unwrap_or_else(PoisonError::into_inner) = pass;
        Ok(if is_over { PERIOD } else { PAUSE })
    }

    async fn secrets(
        &self,
        after: Option<(OwnerId, SecretName)>,
        pass: &mut Pass,
    ) -> Result<Option<Next>, StoreError> {
        let Parts { store, keyring, .. } = &*self.parts;
        let after = after.as_ref().map(|(owner, name)| (*owner, name));
        let found = store.secrets_sealed_otherwise(&keyring.newest(), after, BATCH).await?;
        for secret in &found {
            let place = Place::Secret { owner: secret.owner, name: &secret.name };
            match keyring.renewed(place, &secret.sealed) {
                Ok(Some(sealed)) => {
                    pass.resealed += u32::from(store.reseal_secret(secret, &sealed).await?);
                }
                Ok(None) => {}
                Err(_) => pass.closed += 1,
            }
        }
        Ok(Some(match found.last() {
            Some(last) => Next::Secrets(Some((last.owner, last.name.clone()))),
            None => Next::Webhooks(None),
        }))
    }

    async fn webhooks(
        &self,
        after: Option<ChannelId>,
        pass: &mut Pass,
    ) -> Result<Option<Next>, StoreError> {
        let Parts { store, keyring, .. } = &*self.parts;
        let found = store.webhooks(after, BATCH).await?;
        for channel in &found {
            let mut resealed = channel.clone();
            let ChannelTarget::Webhook { secrets, .. } = &mut resealed.target else { continue };
            let place = channel.place();
            for secret in secrets {
                match secret.renewed(keyring, place) {
                    Ok(Some(renewed)) => *secret = renewed,
                    Ok(None) => {}
                    Err(_) => pass.closed += 1,
                }
            }
            if resealed.target != channel.target {
                pass.resealed += u32::from(store.reseal_webhook(&resealed).await?);
            }
        }
        Ok(found.last().map(|last| Next::Webhooks(Some(last.id))))
    }
}

#[async_trait]
impl Ticking for Resealer {
    const NAME: &'static str = "resealer";

    async fn tick_once(&self) -> Result<Duration, StoreError> {
        self.tick().await
    }
}
