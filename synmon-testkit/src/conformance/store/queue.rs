//! From queued to claimed.

use std::{collections::HashSet, num::NonZeroU32, sync::Arc, time::Duration};

use synmon_core::{
    Timestamp,
    flow::FlowSnapshot,
    run::{QueuedRun, Run, RunStatus},
    store::{ClaimedRun, WorkerId},
};

use super::{
    LEASE, NO_LIMIT, Subject, at_once, claim, end, insert, later, passed, queue, refused, try_claim,
};
use crate::factory::{a_flow, a_queued_run, an_owner, named, noon};

/// Every field of a run that waits.
pub async fn a_queued_run_comes_back_as_stored(store: &Subject) {
    let flow = insert(store, named(a_flow(an_owner()), "Ünï — 名")).await;
    let run = queue(store, &flow, Timestamp::from_micros(1_767_614_400_000_001)).await;
    assert_eq!(store.run(flow.owner, run.id).await.unwrap(), Some(run.clone()));
    assert_eq!(store.step_logs(run.id).await.unwrap(), []);
    let twice = QueuedRun { run, snapshot: FlowSnapshot::from(&flow) };
    refused(store.insert_run(&twice).await);
}

/// And leaves nothing behind.
pub async fn a_run_of_a_flow_that_is_gone_is_refused(store: &Subject) {
    let flow = insert(store, a_flow(an_owner())).await;
    store.delete_flow(flow.owner, flow.id).await.unwrap();
    refused(store.insert_run(&a_queued_run(&flow, noon())).await);
    assert_eq!(store.queue_depth().await.unwrap(), 0);
    assert!(try_claim(store, noon()).await.is_none());
}

/// The snapshot is of the flow as it was when the run was queued.
pub async fn a_claim_takes_the_run_with_its_snapshot(store: &Subject) {
    assert!(try_claim(store, noon()).await.is_none());
    let flow = insert(store, a_flow(an_owner())).await;
    let run = queue(store, &flow, noon()).await;
    store.update_flow(&named(flow.clone(), "renamed since"), false).await.unwrap();
    let claimed = claim(store, later(3)).await;
    let expected = Run { status: RunStatus::Running, started_at: Some(later(3)), ..run };
    assert_eq!(claimed.run, expected);
    assert_eq!(claimed.snapshot, FlowSnapshot::from(&flow));
    assert_eq!(claimed.lease.run, expected.id);
    assert_eq!(store.run(flow.owner, expected.id).await.unwrap(), Some(expected));
    assert!(try_claim(store, later(4)).await.is_none());
}

/// A worker that looked at its clock a moment before the run came in has it all the same.
pub async fn a_run_never_starts_before_it_was_queued(store: &Subject) {
    let flow = insert(store, a_flow(an_owner())).await;
    let run = queue(store, &flow, later(5)).await;
    assert_eq!(claim(store, later(3)).await.run.started_at, Some(run.queued_at));
}

/// By when they were queued, and those of one instant by their ids.
pub async fn an_owners_runs_are_claimed_in_their_order(store: &Subject) {
    let flow = insert(store, a_flow(an_owner())).await;
    let late = queue(store, &flow, later(5)).await.id;
    let first = queue(store, &flow, later(1)).await.id;
    let same_time = queue(store, &flow, later(5)).await.id;
    let mut order = Vec::new();
    for turn in 6..9 {
        order.push(claim(store, later(turn)).await.run.id);
    }
    assert_eq!(order, [first, late, same_time]);
}

/// Whoever queues a hundred runs does not keep the others waiting.
pub async fn owners_take_turns(store: &Subject) {
    let greedy = insert(store, a_flow(an_owner())).await;
    let modest = insert(store, a_flow(an_owner())).await;
    for turn in 0..6 {
        queue(store, &greedy, later(turn)).await;
    }
    for turn in 0..2 {
        queue(store, &modest, later(20 + turn)).await;
    }
    let mut order = Vec::new();
    for turn in 0..8 {
        let claimed = claim(store, later(30 + turn)).await;
        order.push(if claimed.run.owner == modest.owner { 'm' } else { 'g' });
    }
    assert_eq!(order.iter().collect::<String>(), "gmgmgggg");
    // A newcomer goes before those who were served.
    let newcomer = insert(store, a_flow(an_owner())).await;
    queue(store, &greedy, later(40)).await;
    queue(store, &newcomer, later(41)).await;
    assert_eq!(claim(store, later(42)).await.run.owner, newcomer.owner);
}

/// However long the queue of the other is.
pub async fn a_thousand_runs_of_one_owner_delay_anothers_by_one_claim(store: &Subject) {
    let greedy = insert(store, a_flow(an_owner())).await;
    let modest = insert(store, a_flow(an_owner())).await;
    for _ in 0..1_000 {
        queue(store, &greedy, noon()).await;
    }
    for turn in 1..=20 {
        assert_eq!(claim(store, later(10 * turn)).await.run.owner, greedy.owner);
        let run = queue(store, &modest, later(10 * turn + 1)).await;
        assert_eq!(claim(store, later(10 * turn + 2)).await.run.id, run.id);
    }
}

/// Whose runs were cancelled waits for nothing any more, and is served again with the next one.
pub async fn a_queue_that_was_cancelled_keeps_nobody_waiting(store: &Subject) {
    let cancelled = insert(store, a_flow(an_owner())).await;
    let deleted = insert(store, a_flow(an_owner())).await;
    let other = insert(store, a_flow(an_owner())).await;
    for turn in 0..3 {
        let run = queue(store, &cancelled, later(turn)).await;
        queue(store, &deleted, later(turn)).await;
        store.request_cancel(run.owner, run.id, later(turn)).await.unwrap();
    }
    store.delete_flow(deleted.owner, deleted.id).await.unwrap();
    let waiting = queue(store, &other, later(9)).await;
    assert_eq!(claim(store, later(10)).await.run.id, waiting.id);
    assert!(try_claim(store, later(11)).await.is_none());
    let again = queue(store, &cancelled, later(12)).await;
    assert_eq!(claim(store, later(13)).await.run.id, again.id);
}

/// Until one of his runs ends; meanwhile the others are served.
pub async fn an_owner_at_his_limit_is_passed_over(store: &Subject) {
    let limit = NonZeroU32::new(2).unwrap();
    let claim_limited =
        async |now| store.claim_run(WorkerId::random(), limit, now, now + LEASE).await.unwrap();
    let busy = insert(store, a_flow(an_owner())).await;
    let other = insert(store, a_flow(an_owner())).await;
    let mut queued = Vec::new();
    for turn in 0..4 {
        queued.push(queue(store, &busy, later(turn)).await.id);
    }
    let first = claim_limited(later(10)).await.unwrap();
    let second = claim_limited(later(11)).await.unwrap();
    assert_eq!([first.run.id, second.run.id], queued[..2]);
    assert!(claim_limited(later(12)).await.is_none());
    let of_other = queue(store, &other, later(13)).await.id;
    assert_eq!(claim_limited(later(14)).await.unwrap().run.id, of_other);
    assert!(claim_limited(later(15)).await.is_none());
    end(store, &first, passed()).await;
    let third = claim_limited(later(16)).await.unwrap();
    assert_eq!(third.run.id, queued[2]);
    assert!(claim_limited(later(17)).await.is_none());
    // One that is given back does not count either.
    store.release(&second.lease).await.unwrap();
    assert_eq!(claim_limited(later(18)).await.unwrap().run.id, second.run.id);
    assert!(claim_limited(later(19)).await.is_none());
}

/// Who looks at the same moment does not see the other's claim: it must count all the same.
pub async fn the_limit_of_an_owner_holds_for_many_workers_at_once(store: &Subject) {
    let limit = NonZeroU32::new(3).unwrap();
    let flow = insert(store, a_flow(an_owner())).await;
    for turn in 0..30 {
        queue(store, &flow, later(turn)).await;
    }
    for _ in 0..4 {
        let claims = at_once(8, |worker| {
            let store = Arc::clone(store);
            async move { claim_all(&store, u64::from(worker), limit).await }
        })
        .await;
        let claims: Vec<_> = claims.into_iter().flatten().collect();
        assert_eq!(claims.len(), 3);
        for claim in &claims {
            end(store, claim, passed()).await;
        }
    }
}

/// However fast they are: each run has one worker, and none is passed over.
pub async fn three_workers_claim_each_run_once(store: &Subject) {
    let owners: Vec<_> = (0..3).map(|_| an_owner()).collect();
    let mut queued = HashSet::new();
    for owner in owners {
        let flow = insert(store, a_flow(owner)).await;
        for turn in 0..10 {
            queued.insert(queue(store, &flow, later(turn)).await.id);
        }
    }
    let claims = at_once(6, |worker| {
        let store = Arc::clone(store);
        async move { claim_all(&store, u64::from(worker), NO_LIMIT).await }
    })
    .await;
    let claimed: Vec<_> = claims.into_iter().flatten().collect();
    assert_eq!(claimed.len(), 30);
    assert_eq!(claimed.iter().map(|claim| claim.run.id).collect::<HashSet<_>>(), queued);
    for claim in &claimed {
        end(store, claim, passed()).await;
    }
}

async fn claim_all(store: &Subject, worker: u64, limit: NonZeroU32) -> Vec<ClaimedRun> {
    let worker_id = WorkerId::random();
    let mut claims = Vec::new();
    let mut now = later(100) + Duration::from_micros(worker);
    // A claim may find nothing while another worker's claim is under way: it is asked again.
    let mut idle = 0;
    while idle < 3 {
        match store.claim_run(worker_id, limit, now, now + LEASE).await.unwrap() {
            Some(claim) => claims.push(claim),
            None => idle += 1,
        }
        now = now + Duration::from_micros(10);
    }
    claims
}

/// Not what runs, nor what has ended.
pub async fn the_queue_depth_counts_what_waits(store: &Subject) {
    assert_eq!(store.queue_depth().await.unwrap(), 0);
    let flow = insert(store, a_flow(an_owner())).await;
    for depth in 1..=3 {
        queue(store, &flow, noon()).await;
        assert_eq!(store.queue_depth().await.unwrap(), depth);
    }
    let claimed = claim(store, noon()).await;
    assert_eq!(store.queue_depth().await.unwrap(), 2);
    end(store, &claimed, passed()).await;
    assert_eq!(store.queue_depth().await.unwrap(), 2);
}
