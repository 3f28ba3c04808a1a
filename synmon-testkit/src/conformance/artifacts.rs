//! What an artifact store must do.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use synmon_core::{
    FlowId, OwnerId, RunId,
    artifact::{ArtifactKey, ArtifactPrefix, Artifacts},
    browser::MediaType,
};

use crate::factory::{an_owner, noon};

/// The one list of cases. `$fresh` is a future of an optional fixture whose `artifacts()`
/// gives an empty artifact store, as `Arc<dyn Artifacts>`.
#[macro_export]
macro_rules! artifacts_conformance {
    ($fresh:expr) => {
        $crate::artifacts_conformance!(@cases $fresh;
            a_file_comes_back_as_it_was_put,
            a_file_that_is_not_there_is_none,
            a_second_file_takes_the_place_of_the_first,
            a_file_that_is_being_read_stays_the_same,
            removing_a_file_leaves_the_others,
            removing_what_is_not_there_is_fine,
            a_folder_is_removed_with_all_below_and_nothing_beside,
            files_can_be_put_again_after_their_folder_was_removed,
            a_file_that_is_being_replaced_is_always_whole,
        );
    };
    (@cases $fresh:expr; $($case:ident),+ $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            // None: what the fixture needs is not there, and it has said so.
            let Some(fixture) = $fresh.await else { return };
            $crate::conformance::artifacts::$case(&fixture.artifacts()).await;
        }
    )+};
}

type Subject = Arc<dyn Artifacts>;

fn a_key(owner: OwnerId, flow: FlowId, step: u32) -> ArtifactKey {
    ArtifactKey::screenshot((owner, flow, RunId::new(noon())), 1, step, MediaType::Png)
}

async fn put(artifacts: &Subject, key: &ArtifactKey, text: &'static str) {
    artifacts.put(key, Bytes::from_static(text.as_bytes())).await.unwrap();
}

async fn has(artifacts: &Subject, key: &ArtifactKey) -> bool {
    artifacts.get(key).await.unwrap().is_some()
}

/// Whatever its bytes are, none and a megabyte too.
pub async fn a_file_comes_back_as_it_was_put(artifacts: &Subject) {
    for bytes in [Bytes::new(), Bytes::from_static(b"\x89PNG\0\xff"), vec![7; 1 << 20].into()] {
        let key = a_key(an_owner(), FlowId::new(noon()), 0);
        artifacts.put(&key, bytes.clone()).await.unwrap();
        assert_eq!(artifacts.get(&key).await.unwrap(), Some(bytes.clone()));
        let file = artifacts.open(&key).await.unwrap().unwrap();
        assert_eq!(file.size, bytes.len() as u64);
        let pieces: Vec<Bytes> = file.pieces.try_collect().await.unwrap();
        assert_eq!(pieces.concat(), bytes);
    }
}

/// Absence is no error.
pub async fn a_file_that_is_not_there_is_none(artifacts: &Subject) {
    let key = a_key(an_owner(), FlowId::new(noon()), 0);
    assert!(!has(artifacts, &key).await);
    assert!(artifacts.open(&key).await.unwrap().is_none());
}

/// A retried attempt may store the same picture again.
pub async fn a_second_file_takes_the_place_of_the_first(artifacts: &Subject) {
    let key = a_key(an_owner(), FlowId::new(noon()), 0);
    put(artifacts, &key, "the first one, which is longer").await;
    put(artifacts, &key, "the second").await;
    assert_eq!(artifacts.get(&key).await.unwrap(), Some(Bytes::from_static(b"the second")));
}

/// Whoever has begun to read a file gets it whole, whatever becomes of it.
pub async fn a_file_that_is_being_read_stays_the_same(artifacts: &Subject) {
    let key = a_key(an_owner(), FlowId::new(noon()), 0);
    for removes in [false, true] {
        artifacts.put(&key, vec![1; 1 << 20].into()).await.unwrap();
        let mut file = artifacts.open(&key).await.unwrap().unwrap();
        let first = file.pieces.try_next().await.unwrap().unwrap();
        if removes {
            artifacts.remove(&key).await.unwrap();
        } else {
            artifacts.put(&key, vec![2; 1 << 20].into()).await.unwrap();
        }
        let rest: Vec<Bytes> = file.pieces.try_collect().await.unwrap();
        assert_eq!([first.to_vec(), rest.concat()].concat(), vec![1; 1 << 20]);
    }
}

/// One step's picture goes, the next one's stays.
pub async fn removing_a_file_leaves_the_others(artifacts: &Subject) {
    let (owner, flow) = (an_owner(), FlowId::new(noon()));
    let keys = [a_key(owner, flow, 1), a_key(owner, flow, 2)];
    for key in &keys {
        put(artifacts, key, "a picture").await;
    }
    artifacts.remove(&keys[0]).await.unwrap();
    assert!(!has(artifacts, &keys[0]).await);
    assert!(has(artifacts, &keys[1]).await);
}

/// The janitor may do a thing twice.
pub async fn removing_what_is_not_there_is_fine(artifacts: &Subject) {
    let (owner, flow) = (an_owner(), FlowId::new(noon()));
    let key = a_key(owner, flow, 0);
    artifacts.remove(&key).await.unwrap();
    put(artifacts, &key, "a picture").await;
    for _ in 0..2 {
        artifacts.remove(&key).await.unwrap();
        artifacts.remove_all(&ArtifactPrefix::flow(owner, flow)).await.unwrap();
        artifacts.remove_all(&ArtifactPrefix::owner(owner)).await.unwrap();
    }
    artifacts.remove_all(&ArtifactPrefix::owner(an_owner())).await.unwrap();
}

/// A flow's folder leaves the owner's other flows alone, an owner's folder the other owners.
pub async fn a_folder_is_removed_with_all_below_and_nothing_beside(artifacts: &Subject) {
    let (owner, other) = (an_owner(), an_owner());
    let (flow, sibling) = (FlowId::new(noon()), FlowId::new(noon()));
    let gone: Vec<_> = (0..30).map(|step| a_key(owner, flow, step)).collect();
    let (beside, foreign) = (a_key(owner, sibling, 0), a_key(other, flow, 0));
    for key in gone.iter().chain([&beside, &foreign]) {
        put(artifacts, key, "a picture").await;
    }
    artifacts.remove_all(&ArtifactPrefix::flow(owner, flow)).await.unwrap();
    for key in &gone {
        assert!(!has(artifacts, key).await, "{key}");
    }
    assert!(has(artifacts, &beside).await);
    assert!(has(artifacts, &foreign).await);
    artifacts.remove_all(&ArtifactPrefix::owner(owner)).await.unwrap();
    assert!(!has(artifacts, &beside).await);
    assert!(has(artifacts, &foreign).await);
}

/// A worker may still be at it while the janitor is.
pub async fn files_can_be_put_again_after_their_folder_was_removed(artifacts: &Subject) {
    let (owner, flow) = (an_owner(), FlowId::new(noon()));
    let key = a_key(owner, flow, 0);
    for _ in 0..3 {
        put(artifacts, &key, "a picture").await;
        artifacts.remove_all(&ArtifactPrefix::flow(owner, flow)).await.unwrap();
    }
    put(artifacts, &key, "a picture").await;
    assert!(has(artifacts, &key).await);
}

/// Who reads gets the old file or the new one, never a part of either.
pub async fn a_file_that_is_being_replaced_is_always_whole(artifacts: &Subject) {
    let key = a_key(an_owner(), FlowId::new(noon()), 0);
    let size = 1 << 18;
    artifacts.put(&key, vec![0; size].into()).await.unwrap();
    let writer = {
        let (artifacts, key) = (Arc::clone(artifacts), key.clone());
        tokio::spawn(async move {
            for byte in 1..40 {
                artifacts.put(&key, vec![byte; size].into()).await.unwrap();
            }
        })
    };
    while !writer.is_finished() {
        let read = artifacts.get(&key).await.unwrap().unwrap();
        assert_eq!(read.len(), size);
        assert!(read.iter().all(|byte| *byte == read[0]));
    }
    writer.await.unwrap();
}
