//! Clearing up.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use tracing::warn;

use super::{JANITOR_PERIOD, Parts, Ticking};
use crate::store::StoreError;

/// How many folders are removed in one tick.
const BATCH: u32 = 20;

/// Removes the files of what was deleted.
pub struct Janitor {
    parts: Arc<Parts>,
}

impl Janitor {
    pub(super) fn new(parts: Arc<Parts>) -> Self {
        Self { parts }
    }

    /// Removes some of what is in the trash. What can't be removed now stays there.
    pub async fn tick(&self) -> Result<(), StoreError> {
        let Parts { store, artifacts, .. } = &*self.parts;
        for prefix in store.trash(BATCH).await? {
            match artifacts.remove_all(&prefix).await {
                Ok(()) => store.forget_trash(&prefix).await?,
                Err(error) => {
                    warn!("Files below {} can't be removed yet: {error}", prefix.as_str());
                }
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Ticking for Janitor {
    const NAME: &'static str = "janitor";

    async fn tick_once(&self) -> Result<Duration, StoreError> {
        self.tick().await.map(|()| JANITOR_PERIOD)
    }
}
