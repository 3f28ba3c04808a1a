//! How much the pictures of owners take, and whose make room.

use std::{sync::Arc, time::Duration};

use synmon_core::{
    OwnerId, Timestamp,
    artifact::{ArtifactKey, ArtifactPrefix},
    browser::MediaType,
    run::{ErrorCode, Evidence, PictureFacts, REMOVED_FOR_ROOM, Run, Screenshot, StepLog},
    store::{ClaimedRun, QuotaUse},
    verdict::Verdict,
};

use super::{MUCH_LATER, Subject, at_once, begin, insert, later, of_code, passed, refused};
use crate::factory::{a_flow, a_passed_log, a_report, an_owner, noon};

/// The log of a step with a picture of so many bytes.
fn pictured(claim: &ClaimedRun, number: u32, bytes: u64) -> StepLog {
    let place = (claim.run.owner, claim.run.flow, claim.run.id);
    let key = ArtifactKey::screenshot(place, claim.run.attempt, number, MediaType::Png);
    let picture = Some(PictureFacts { bytes, sha256: "ab".to_owned() });
    StepLog {
        screenshot: Screenshot::Captured(key),
        evidence: Evidence { picture, ..Evidence::default() },
        ..a_passed_log(number)
    }
}

/// A run of this owner that has kept so many bytes and ended then.
async fn ended(
    store: &Subject,
    owner: OwnerId,
    bytes: u64,
    (verdict, at): (Verdict, Timestamp),
) -> Run {
    let flow = insert(store, a_flow(owner)).await;
    let claim = begin(store, &flow, noon()).await;
    store.record_step(&claim.lease, 1, &pictured(&claim, 0, bytes)).await.unwrap();
    store.finish(&claim.lease, &a_report(&claim, verdict, at)).await.unwrap();
    claim.run
}

async fn stored(store: &Subject, owner: OwnerId) -> u64 {
    store.stored(owner).await.unwrap()
}

/// Once, however often a log is written, and only of what is there.
pub async fn what_the_runs_of_an_owner_keep_is_counted(store: &Subject) {
    let owner = an_owner();
    assert_eq!(stored(store, owner).await, 0);
    let flow = insert(store, a_flow(owner)).await;
    let claim = begin(store, &flow, noon()).await;
    let record = async |log: &StepLog| store.record_step(&claim.lease, 1, log).await.unwrap();
    assert_eq!(record(&pictured(&claim, 0, 100)).await, Some(100));
    assert_eq!(record(&pictured(&claim, 0, 100)).await, None, "it is there already");
    assert_eq!(record(&a_passed_log(1)).await, None);
    let lost = Screenshot::Unavailable { why: "the disk was full".to_owned() };
    assert_eq!(record(&StepLog { screenshot: lost, ..pictured(&claim, 2, 50) }).await, None);
    assert_eq!(record(&pictured(&claim, 3, 7)).await, Some(107));
    store.count_file(&claim.lease, 1_000).await.unwrap();
    assert_eq!(stored(store, owner).await, 1_107);
    assert_eq!(stored(store, an_owner()).await, 0);
    let used = store.used(owner, noon()).await.unwrap();
    assert_eq!(used, QuotaUse { flows: 1, storage: 1_107, ..QuotaUse::default() });
    // Whoever has lost the run counts nothing.
    store.release(&claim.lease).await.unwrap();
    refused(store.record_step(&claim.lease, 1, &pictured(&claim, 4, 1)).await);
    refused(store.count_file(&claim.lease, 1).await);
    assert_eq!(stored(store, owner).await, 1_107);
}

/// Not one byte is lost or counted twice.
pub async fn many_runs_of_an_owner_are_counted_at_once(store: &Subject) {
    let owner = an_owner();
    let flow = insert(store, a_flow(owner)).await;
    let claim = begin(store, &flow, noon()).await;
    at_once(10, |turn| {
        let (store, claim) = (Arc::clone(store), claim.clone());
        async move {
            let log = pictured(&claim, turn.into(), u64::from(turn) + 1);
            store.record_step(&claim.lease, 1, &log).await.unwrap();
        }
    })
    .await;
    assert_eq!(stored(store, owner).await, 55);
}

/// Whatever removes it.
pub async fn what_is_removed_counts_no_more(store: &Subject) {
    let (ann, ben) = (an_owner(), an_owner());
    for (owner, bytes, second) in [(ann, 1, 1), (ben, 10, 1), (ann, 100, 2), (ann, 1_000, 5)] {
        ended(store, owner, bytes, (passed(), later(second))).await;
    }
    let open = ended_not(store, ann, 10_000).await;
    assert_eq!(store.remove_pictures(later(2), 10).await.unwrap(), 2);
    assert_eq!((stored(store, ann).await, stored(store, ben).await), (11_100, 0));
    // Their pictures are gone already.
    assert_eq!(store.remove_runs(later(2), 10).await.unwrap(), 2);
    assert_eq!(stored(store, ann).await, 11_100);
    assert_eq!(store.remove_runs(later(3), 10).await.unwrap(), 1);
    assert_eq!(stored(store, ann).await, 11_000);
    // With its flow, be it under way.
    assert!(store.delete_flow(ann, open.flow).await.unwrap());
    assert_eq!(stored(store, ann).await, 1_000);
    assert_eq!(store.remove_runs(noon() + MUCH_LATER, 10).await.unwrap(), 1);
    assert_eq!(stored(store, ann).await, 0);
}

async fn ended_not(store: &Subject, owner: OwnerId, bytes: u64) -> Run {
    let flow = insert(store, a_flow(owner)).await;
    let claim = begin(store, &flow, noon()).await;
    store.record_step(&claim.lease, 1, &pictured(&claim, 0, bytes)).await.unwrap();
    claim.run
}

/// Whoever has most comes first.
pub async fn owners_who_keep_more_than_they_may_are_found(store: &Subject) {
    let mut owners = Vec::new();
    for bytes in [10, 30, 20] {
        let owner = an_owner();
        ended_not(store, owner, bytes).await;
        owners.push(owner);
    }
    let above = async |bytes, limit| store.owners_above(bytes, limit).await.unwrap();
    assert_eq!(above(10, 9).await, [(owners[1], 30), (owners[2], 20)]);
    assert_eq!(above(0, 1).await, [(owners[1], 30)]);
    assert_eq!(above(30, 9).await, []);
}

/// And what fails shows for longest.
pub async fn the_oldest_pictures_of_runs_that_passed_make_room_first(store: &Subject) {
    let (ann, ben) = (an_owner(), an_owner());
    let failed = || of_code(ErrorCode::HttpError);
    let older_failure = ended(store, ann, 10, (failed(), later(1))).await;
    let newer_pass = ended(store, ann, 10, (passed(), later(4))).await;
    let older_pass = ended(store, ann, 10, (passed(), later(2))).await;
    let newer_failure = ended(store, ann, 10, (failed(), later(3))).await;
    let open = ended_not(store, ann, 10).await;
    let bens = ended(store, ben, 10, (passed(), later(1))).await;
    let shows = async |run: &Run| {
        let logs = store.step_logs(run.id).await.unwrap();
        let gone = Screenshot::Unavailable { why: REMOVED_FOR_ROOM.to_owned() };
        let is_there = matches!(logs[0].screenshot, Screenshot::Captured(_));
        assert!(is_there || logs[0].screenshot == gone, "{logs:?}");
        is_there
    };
    assert_eq!(store.make_room(ann, 0, 9).await.unwrap(), 0);
    assert_eq!(store.make_room(ann, 1, 9).await.unwrap(), 1);
    assert!(!shows(&older_pass).await && shows(&newer_pass).await);
    assert_eq!(stored(store, ann).await, 40);
    // No more than a batch.
    assert_eq!(store.make_room(ann, 20, 1).await.unwrap(), 1);
    assert!(!shows(&newer_pass).await && shows(&older_failure).await);
    assert_eq!(store.make_room(ann, 10, 9).await.unwrap(), 1);
    assert!(!shows(&older_failure).await && shows(&newer_failure).await);
    assert_eq!(stored(store, ann).await, 20);
    let mut trash = store.take_trash(noon(), noon(), 9).await.unwrap();
    trash.sort_by(|a, b| a.as_str().cmp(b.as_str()));
    let removed = [&older_pass, &newer_pass, &older_failure];
    let mut expected = removed.map(|run| ArtifactPrefix::run((run.owner, run.flow, run.id)));
    expected.sort_by(|a, b| a.as_str().cmp(b.as_str()));
    assert_eq!(trash, expected);
    // What is open stays, and so does what is somebody else's.
    assert_eq!(store.make_room(ann, 1_000, 9).await.unwrap(), 1);
    assert_eq!(store.make_room(ann, 1_000, 9).await.unwrap(), 0);
    assert!(shows(&open).await && shows(&bens).await);
    assert_eq!((stored(store, ann).await, stored(store, ben).await), (10, 10));
    assert_eq!(store.remove_runs(later(9), 9).await.unwrap(), 5);
    assert_eq!((stored(store, ann).await, stored(store, ben).await), (10, 0));
}

/// What nobody can find any more must not fill an owner's room for good.
pub async fn room_is_counted_anew_when_there_is_nothing_left_to_remove(store: &Subject) {
    let owner = an_owner();
    let flow = insert(store, a_flow(owner)).await;
    let claim = begin(store, &flow, noon()).await;
    store.record_step(&claim.lease, 1, &pictured(&claim, 0, 5)).await.unwrap();
    let report = a_report(&claim, passed(), later(1));
    store.finish(&claim.lease, &report).await.unwrap();
    let open = ended_not(store, owner, 7).await;
    assert_eq!(store.make_room(owner, 1_000, 9).await.unwrap(), 1);
    assert_eq!(stored(store, owner).await, 7);
    assert!(store.delete_flow(owner, open.flow).await.unwrap());
    assert_eq!(store.make_room(owner, 1, 9).await.unwrap(), 0);
    assert_eq!(stored(store, owner).await, 0);
}

/// Nobody waits for anybody for good, and the count is right in the end.
pub async fn room_is_made_while_pictures_come(store: &Subject) {
    let owner = an_owner();
    for second in 1..=10 {
        ended(store, owner, 10, (passed(), later(second))).await;
    }
    let removed = at_once(4, |turn| {
        let store = Arc::clone(store);
        async move {
            if turn % 2 == 0 {
                ended_not(&store, owner, 3).await;
                0
            } else {
                store.make_room(owner, 30, 2).await.unwrap()
            }
        }
    })
    .await;
    let removed: u32 = removed.into_iter().sum();
    assert!((2..=4).contains(&removed), "{removed}");
    assert_eq!(stored(store, owner).await, 106 - u64::from(removed) * 10);
    let day = Duration::from_hours(24);
    assert_eq!(store.remove_runs(noon() + day, 99).await.unwrap(), 10);
    assert_eq!(stored(store, owner).await, 6);
}
