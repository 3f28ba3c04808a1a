//! The picture of the step that failed.

use std::time::Duration;

use bytes::Bytes;
use synmon_core::{
    artifact::{ArtifactKey, Artifacts},
    browser::MediaType,
};
use tracing::warn;

/// The largest picture that is sent. Base64 adds a third, and many servers take 10 MB.
const MAX_BYTES: usize = 5 * 1024 * 1024;

/// What became of a picture.
pub(super) enum Picture {
    /// There never was one.
    None,
    /// It is there.
    Ready {
        /// The file.
        bytes: Bytes,
        /// What it is.
        media_type: MediaType,
    },
    /// There was one, but it can't be sent.
    Missing {
        /// Why, in words.
        why: &'static str,
    },
}

/// Reads a picture. A mail without its picture is better than none, so nothing is an error here.
pub(super) async fn read(
    artifacts: &dyn Artifacts,
    key: Option<&String>,
    limit: Duration,
) -> Picture {
    let Some(key) = key.map(|key| ArtifactKey::from_stored(key.clone())) else {
        return Picture::None;
    };
    let why = match tokio::time::timeout(limit, artifacts.get(&key)).await {
        Ok(Ok(Some(bytes))) if bytes.len() <= MAX_BYTES => {
            return Picture::Ready { bytes, media_type: key.media_type() };
        }
        Ok(Ok(Some(_))) => "it is too large for a mail",
        Ok(Ok(None)) => "it is no longer kept",
        Ok(Err(error)) => {
            warn!(artifact.key = %key, "A mail goes without its picture: {error}");
            "it could not be read"
        }
        Err(_) => {
            warn!(artifact.key = %key, "A mail goes without its picture: reading it took too long");
            "it could not be read in time"
        }
    };
    Picture::Missing { why }
}
