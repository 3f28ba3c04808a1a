//! The fakes are held to the same contracts as the real things.

mod artifacts {
    use std::sync::Arc;

    use synmon_core::artifact::Artifacts;
    use synmon_testkit::MemoryArtifacts;

    struct Fixture;

    impl Fixture {
        #[expect(clippy::unused_self, reason = "the suite asks a fixture for what it tests")]
        fn artifacts(&self) -> Arc<dyn Artifacts> {
            Arc::new(MemoryArtifacts::new())
        }
    }

    synmon_testkit::artifacts_conformance!(async { Some(Fixture) });
}

mod store {
    use std::sync::Arc;

    use synmon_testkit::{MemoryStore, conformance::store::Subject};

    struct Fixture;

    impl Fixture {
        #[expect(clippy::unused_self, reason = "the suite asks a fixture for what it tests")]
        fn store(&self) -> Subject {
            Arc::new(MemoryStore::new())
        }
    }

    synmon_testkit::store_conformance!(async { Some(Fixture) });
}

/// The text between two marks.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    text.split_once(from).and_then(|(_, rest)| rest.split_once(to)).map_or("", |(found, _)| found)
}

/// A case that is written but not in the list would never be run, by anybody.
#[test]
fn every_case_that_is_written_is_in_the_list() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/conformance");
    let read = |path: &str| std::fs::read_to_string(format!("{folder}/{path}")).unwrap();
    let of_stores = std::fs::read_dir(format!("{folder}/store")).unwrap();
    let mut of_stores: Vec<String> = of_stores
        .map(|file| format!("store/{}", file.unwrap().file_name().to_string_lossy()))
        .collect();
    of_stores.sort();
    for (list, files) in
        [("store/mod.rs", of_stores), ("artifacts.rs", vec!["artifacts.rs".to_owned()])]
    {
        let list = read(list);
        let list = between(&list, "@cases $fresh;", ");");
        let mut listed: Vec<&str> =
            list.lines().filter_map(|line| line.trim().strip_suffix(',')).collect();
        let texts: Vec<String> = files.iter().map(|file| read(file)).collect();
        let mut written: Vec<&str> = texts
            .iter()
            .flat_map(|text| text.lines())
            .filter_map(|line| line.strip_prefix("pub async fn "))
            .filter_map(|line| line.split_once('(').map(|(name, _)| name))
            .collect();
        listed.sort_unstable();
        written.sort_unstable();
        assert_eq!(listed, written);
        assert!(!listed.is_empty());
    }
}
