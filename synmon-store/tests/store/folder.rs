//! Artifacts in a folder.

use std::sync::Arc;

use synmon_core::artifact::Artifacts;
use synmon_store::ObjectArtifacts;

struct FolderFixture {
    folder: tempfile::TempDir,
}

impl FolderFixture {
    fn fresh() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn artifacts(&self) -> Arc<dyn Artifacts> {
        Arc::new(ObjectArtifacts::folder(&self.folder.path().join("made/by/itself")).unwrap())
    }
}

synmon_testkit::artifacts_conformance!(async { Some(FolderFixture::fresh()) });
