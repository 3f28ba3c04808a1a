//! Pictures, in a folder or in S3.

mod s3;
mod trouble;

pub use s3::{S3Credentials, S3Settings};
pub use trouble::S3Trouble;

use std::{fmt, path::Path as FilePath, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use object_store::{ObjectStore, ObjectStoreExt as _, local::LocalFileSystem, path::Path};
use synmon_core::artifact::{ArtifactError, ArtifactKey, ArtifactPrefix, Artifacts, OpenArtifact};

/// Artifacts in an object store.
#[derive(Clone)]
pub struct ObjectArtifacts {
    store: Arc<dyn ObjectStore>,
    root: Path,
}

/// As many as S3 tells, and removes, at a time.
const PAGE: usize = 1_000;

/// What S3 is asked for at the start, below the prefix; no owner's folder has such a name.
const CHECK: &str = ".synmon-check";

impl ObjectArtifacts {
    /// Artifacts in a folder, which is made if there is none.
    pub fn folder(root: &FilePath) -> Result<Self, ArtifactError> {
        std::fs::create_dir_all(root).map_err(|error| ArtifactError(error.into()))?;
        let store =
            LocalFileSystem::new_with_prefix(root).map_err(failed)?.with_automatic_cleanup(true);
        Ok(Self { store: Arc::new(store), root: Path::default() })
    }

    /// Artifacts in a bucket of S3, or of what speaks its protocol. All that will be asked of it is
    /// asked at once: to write, to read, to list and to remove. What it refuses is an [`S3Trouble`].
    pub async fn s3(settings: &S3Settings) -> Result<Self, ArtifactError> {
        let root = settings.root()?;
        let client = settings.client().map_err(failed)?;
        if let Err(error) = client.credentials().get_credential().await {
            return Err(ArtifactError(S3Trouble::NoCredentials(error.to_string()).into()));
        }
        let artifacts = Self { store: Arc::new(client), root };
        let key = ArtifactKey::from_stored(format!("{CHECK}/start"));
        artifacts.put(&key, Bytes::from_static(b"synmon can write here\n")).await?;
        // Another process that starts may have removed it: that it could be looked for is enough.
        artifacts.get(&key).await?;
        artifacts.remove_all(&ArtifactPrefix::from_stored(CHECK.to_owned())).await?;
        Ok(artifacts)
    }

    fn path(&self, key: &str) -> Result<Path, ArtifactError> {
        let path = Path::parse(key).map_err(|error| ArtifactError(error.into()))?;
        Ok(self.root.parts().chain(path.parts()).collect())
    }

    async fn remove_page(&self, page: Vec<Path>) -> Result<(), ArtifactError> {
        self.store
            .delete_stream(stream::iter(page).map(Ok).boxed())
            .map(|removed| match removed {
                Ok(_) => Ok(()),
                // Somebody else was faster with this one; there are more.
                Err(error) if is_missing(&error) => Ok(()),
                Err(error) => Err(failed(error)),
            })
            .try_for_each(|()| async { Ok(()) })
            .await
    }
}

#[async_trait]
impl Artifacts for ObjectArtifacts {
    async fn put(&self, key: &ArtifactKey, bytes: Bytes) -> Result<(), ArtifactError> {
        let path = self.path(key.as_str())?;
        self.store.put(&path, bytes.into()).await.map(|_| ()).map_err(failed)
    }

    async fn get(&self, key: &ArtifactKey) -> Result<Option<Bytes>, ArtifactError> {
        match self.store.get(&self.path(key.as_str())?).await {
            Ok(file) => file.bytes().await.map(Some).map_err(failed),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    async fn open(&self, key: &ArtifactKey) -> Result<Option<OpenArtifact>, ArtifactError> {
        match self.store.get(&self.path(key.as_str())?).await {
            Ok(file) => Ok(Some(OpenArtifact {
                size: file.meta.size,
                pieces: file.into_stream().map_err(failed).boxed(),
            })),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    async fn remove(&self, key: &ArtifactKey) -> Result<(), ArtifactError> {
        match self.store.delete(&self.path(key.as_str())?).await {
            Ok(()) => Ok(()),
            Err(error) if is_missing(&error) => Ok(()),
            Err(error) => Err(failed(error)),
        }
    }

    async fn remove_all(&self, prefix: &ArtifactPrefix) -> Result<(), ArtifactError> {
        let path = self.path(prefix.as_str())?;
        let found = self.store.list(Some(&path)).map_ok(|file| file.location);
        // One page after the other: a folder of many thousands is nobody's emergency.
        found
            .try_chunks(PAGE)
            .map_err(|stopped| failed(stopped.1))
            .try_for_each(|page| self.remove_page(page))
            .await
    }
}

/// The store says which one it is; what else it holds is not for a log.
impl fmt::Debug for ObjectArtifacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectArtifacts")
            .field("store", &format_args!("{}", self.store))
            .field("root", &self.root.as_ref())
            .finish()
    }
}

/// Whether there is no such file. A bucket that is not there is another thing: nobody would learn
/// that all pictures are out of reach.
fn is_missing(error: &object_store::Error) -> bool {
    matches!(error, object_store::Error::NotFound { .. })
        && !matches!(S3Trouble::of(error), Some(S3Trouble::NoBucket))
}

fn failed(error: object_store::Error) -> ArtifactError {
    match S3Trouble::of(&error) {
        Some(trouble) => ArtifactError(trouble.into()),
        None => ArtifactError(error.into()),
    }
}
