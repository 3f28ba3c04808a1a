//! Pictures, in any store that `object_store` speaks to; a folder by default.

use std::{path::Path as FilePath, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::{ObjectStore, ObjectStoreExt as _, local::LocalFileSystem, path::Path};
use synmon_core::artifact::{ArtifactError, ArtifactKey, ArtifactPrefix, Artifacts};

/// Artifacts in an object store.
#[derive(Clone, Debug)]
pub struct ObjectArtifacts {
    store: Arc<dyn ObjectStore>,
    root: Path,
}

impl ObjectArtifacts {
    /// Artifacts in a folder, which is made if there is none.
    pub fn folder(root: &FilePath) -> Result<Self, ArtifactError> {
        std::fs::create_dir_all(root).map_err(|error| ArtifactError(error.into()))?;
        let store =
            LocalFileSystem::new_with_prefix(root).map_err(failed)?.with_automatic_cleanup(true);
        Ok(Self { store: Arc::new(store), root: Path::default() })
    }

    fn path(&self, key: &str) -> Result<Path, ArtifactError> {
        let path = Path::parse(key).map_err(|error| ArtifactError(error.into()))?;
        Ok(self.root.parts().chain(path.parts()).collect())
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
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    async fn remove(&self, key: &ArtifactKey) -> Result<(), ArtifactError> {
        match self.store.delete(&self.path(key.as_str())?).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed(error)),
        }
    }

    async fn remove_all(&self, prefix: &ArtifactPrefix) -> Result<(), ArtifactError> {
        let path = self.path(prefix.as_str())?;
        let found = self.store.list(Some(&path)).map_ok(|file| file.location).boxed();
        self.store
            .delete_stream(found)
            .map(|removed| match removed {
                // Somebody else was faster with this one; there are more.
                Ok(_) | Err(object_store::Error::NotFound { .. }) => Ok(()),
                Err(error) => Err(failed(error)),
            })
            .try_for_each(|()| async { Ok(()) })
            .await
    }
}

fn failed(error: object_store::Error) -> ArtifactError {
    ArtifactError(error.into())
}
