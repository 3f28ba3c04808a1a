//! The fakes are held to the same contracts as the real things.

mod artifacts {
    use std::sync::Arc;

    use synmon_core::artifact::Artifacts;
    use synmon_testkit::MemoryArtifacts;

    struct Fixture;

    impl Fixture {
        async fn fresh() -> Option<Self> {
            Some(Self)
        }

        #[expect(clippy::unused_self, reason = "the suite asks a fixture for what it tests")]
        fn artifacts(&self) -> Arc<dyn Artifacts> {
            Arc::new(MemoryArtifacts::new())
        }
    }

    synmon_testkit::artifacts_conformance!(Fixture::fresh());
}

mod store {
    use std::sync::Arc;

    use synmon_testkit::{MemoryStore, conformance::store::Subject};

    struct Fixture;

    impl Fixture {
        async fn fresh() -> Option<Self> {
            Some(Self)
        }

        #[expect(clippy::unused_self, reason = "the suite asks a fixture for what it tests")]
        fn store(&self) -> Subject {
            Arc::new(MemoryStore::new())
        }
    }

    synmon_testkit::store_conformance!(Fixture::fresh());
}
