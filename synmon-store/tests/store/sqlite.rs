//! The store on SQLite, in a file.

use std::sync::Arc;

use synmon_store::SqliteStore;
use synmon_testkit::conformance::store::Subject;

struct SqliteFixture {
    store: SqliteStore,
    _folder: tempfile::TempDir,
}

impl SqliteFixture {
    async fn fresh() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        Some(Self {
            store: SqliteStore::open(&folder.path().join("synmon.db")).await.unwrap(),
            _folder: folder,
        })
    }

    fn store(&self) -> Subject {
        Arc::new(self.store.clone())
    }
}

synmon_testkit::store_conformance!(SqliteFixture::fresh());
