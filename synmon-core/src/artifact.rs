//! Where pictures are kept.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{
    StreamExt as _,
    stream::{self, BoxStream},
};

use crate::{BoxError, FlowId, OwnerId, RunId, browser::MediaType};

/// How long a run waits for the artifact store with one file. A store that gives up by itself does so
/// earlier, so that it is told why.
pub const STORE_TIMEOUT: Duration = Duration::from_secs(10);

/// The address of a file in the artifact store. Keys are made from ids, never from what users type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ArtifactKey(String);

/// A folder of the artifact store.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ArtifactPrefix(String);

/// Files by key. Writing is all or nothing: a file that can be read is whole.
#[async_trait]
pub trait Artifacts: Send + Sync {
    /// Stores a file, in place of one with the same key.
    async fn put(&self, key: &ArtifactKey, bytes: Bytes) -> Result<(), ArtifactError>;

    /// Reads a file, if there is one.
    async fn get(&self, key: &ArtifactKey) -> Result<Option<Bytes>, ArtifactError>;

    /// Reads a file piece by piece, if there is one: all pieces are of the same file, even if it is
    /// replaced or removed meanwhile.
    async fn open(&self, key: &ArtifactKey) -> Result<Option<OpenArtifact>, ArtifactError> {
        Ok(self.get(key).await?.map(|bytes| OpenArtifact {
            size: bytes.len() as u64,
            pieces: stream::once(async { Ok(bytes) }).boxed(),
        }))
    }

    /// Removes a file; none is fine too.
    async fn remove(&self, key: &ArtifactKey) -> Result<(), ArtifactError>;

    /// Removes all files below a prefix; none is fine too.
    async fn remove_all(&self, prefix: &ArtifactPrefix) -> Result<(), ArtifactError>;
}

/// A file that is being read.
pub struct OpenArtifact {
    /// How many bytes it has.
    pub size: u64,
    /// They, in order.
    pub pieces: BoxStream<'static, Result<Bytes, ArtifactError>>,
}

/// The artifact store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[error("the artifact store failed: {0}")]
pub struct ArtifactError(#[source] pub BoxError);

impl ArtifactKey {
    /// The key of the picture of one step of one attempt of a run.
    #[must_use]
    pub fn screenshot(
        (owner, flow, run): (OwnerId, FlowId, RunId),
        attempt: u32,
        step: u32,
        media_type: MediaType,
    ) -> Self {
        let extension = media_type.extension();
        Self(format!("{owner}/{flow}/{run}/{attempt}-{step}.{extension}"))
    }

    /// The key of the HAR of one attempt of a run.
    #[must_use]
    pub fn har((owner, flow, run): (OwnerId, FlowId, RunId), attempt: u32) -> Self {
        Self(format!("{owner}/{flow}/{run}/{attempt}.har"))
    }

    /// A key that was stored before.
    #[must_use]
    pub fn from_stored(key: String) -> Self {
        Self(key)
    }

    /// The key as text: segments joined by `/`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the file is.
    #[must_use]
    pub fn media_type(&self) -> MediaType {
        MediaType::of_file(&self.0).unwrap_or(MediaType::Png)
    }
}

impl ArtifactPrefix {
    /// All that belongs to an owner.
    #[must_use]
    pub fn owner(owner: OwnerId) -> Self {
        Self(owner.to_string())
    }

    /// All that belongs to a flow.
    #[must_use]
    pub fn flow(owner: OwnerId, flow: FlowId) -> Self {
        Self(format!("{owner}/{flow}"))
    }

    /// All that belongs to a run.
    #[must_use]
    pub fn run((owner, flow, run): (OwnerId, FlowId, RunId)) -> Self {
        Self(format!("{owner}/{flow}/{run}"))
    }

    /// A prefix that was stored before.
    #[must_use]
    pub fn from_stored(prefix: String) -> Self {
        Self(prefix)
    }

    /// The prefix as text, without a `/` at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ArtifactPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for ArtifactKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;

    #[test]
    fn all_that_belongs_to_a_run_is_removed_with_it() {
        let now = Timestamp::from(chrono::DateTime::UNIX_EPOCH);
        let place = (OwnerId::new(now), FlowId::new(now), RunId::new(now));
        let (owner, flow, _) = place;
        for key in
            [ArtifactKey::har(place, 2), ArtifactKey::screenshot(place, 1, 3, MediaType::Png)]
        {
            let above = [
                ArtifactPrefix::run(place),
                ArtifactPrefix::flow(owner, flow),
                ArtifactPrefix::owner(owner),
            ];
            assert!(above.iter().all(|prefix| key.as_str().starts_with(&format!("{prefix}/"))));
        }
    }
}
