//! An artifact store in memory.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use bytes::Bytes;
use synmon_core::artifact::{ArtifactError, ArtifactKey, ArtifactPrefix, Artifacts};

/// Files in memory; it can be told to fail or to hang.
#[derive(Debug, Default)]
pub struct MemoryArtifacts {
    files: Mutex<BTreeMap<String, Bytes>>,
    trouble: Mutex<Option<ArtifactTrouble>>,
}

#[derive(Clone, Copy, Debug)]
enum ArtifactTrouble {
    Fails,
    Hangs,
}

impl MemoryArtifacts {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on every call fails.
    pub fn fail(&self) {
        *lock(&self.trouble) = Some(ArtifactTrouble::Fails);
    }

    /// From now on no call answers.
    pub fn hang(&self) {
        *lock(&self.trouble) = Some(ArtifactTrouble::Hangs);
    }

    /// From now on it works again.
    pub fn heal(&self) {
        *lock(&self.trouble) = None;
    }

    /// The keys of all files, sorted.
    pub fn keys(&self) -> Vec<String> {
        lock(&self.files).keys().cloned().collect()
    }

    /// All files, with their keys.
    pub fn all(&self) -> Vec<(String, Bytes)> {
        lock(&self.files).iter().map(|(key, bytes)| (key.clone(), bytes.clone())).collect()
    }

    async fn ready(&self) -> Result<MutexGuard<'_, BTreeMap<String, Bytes>>, ArtifactError> {
        let trouble = *lock(&self.trouble);
        match trouble {
            None => Ok(lock(&self.files)),
            Some(ArtifactTrouble::Fails) => Err(ArtifactError("the disk is full".into())),
            Some(ArtifactTrouble::Hangs) => std::future::pending().await,
        }
    }
}

#[async_trait]
impl Artifacts for MemoryArtifacts {
    async fn put(&self, key: &ArtifactKey, bytes: Bytes) -> Result<(), ArtifactError> {
        self.ready().await?.insert(key.as_str().to_owned(), bytes);
        Ok(())
    }

    async fn get(&self, key: &ArtifactKey) -> Result<Option<Bytes>, ArtifactError> {
        Ok(self.ready().await?.get(key.as_str()).cloned())
    }

    async fn remove(&self, key: &ArtifactKey) -> Result<(), ArtifactError> {
        self.ready().await?.remove(key.as_str());
        Ok(())
    }

    async fn remove_all(&self, prefix: &ArtifactPrefix) -> Result<(), ArtifactError> {
        let folder = format!("{}/", prefix.as_str());
        self.ready().await?.retain(|key, _| !key.starts_with(&folder));
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
