//! What owners may use, and how much of it.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use synmon_core::{
    OwnerId, Timestamp,
    run::{ErrorCode, RunStatus},
    store::{Metered, PageRequest, RunFilter, SlotPlan},
};

use super::{Subject, at_once, insert, later};
use crate::factory::{a_due_flow, a_flow, a_slot_run, an_owner, noon};

const HOUR: Duration = Duration::from_hours(1);

fn most(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

async fn take(store: &Subject, owner: OwnerId, what: Metered, now: Timestamp) -> bool {
    store.take(owner, what, most(2), now).await.unwrap()
}

/// Each owner has his own, of each kind, and all of it again in the next period.
pub async fn what_is_used_up_is_there_again_in_the_next_period(store: &Subject) {
    let (ann, ben) = (an_owner(), an_owner());
    for may in [true, true, false, false] {
        assert_eq!(take(store, ann, Metered::Runs, noon()).await, may);
    }
    assert!(take(store, ann, Metered::Messages, noon()).await);
    assert!(take(store, ben, Metered::Runs, noon()).await);
    assert!(!take(store, ann, Metered::Runs, later(3_599)).await);
    for may in [true, true, false] {
        assert_eq!(take(store, ann, Metered::Runs, noon() + HOUR).await, may);
    }
    // A quota that was made larger counts at once.
    assert!(store.take(ann, Metered::Runs, most(3), noon() + HOUR).await.unwrap());
}

/// In the same period, and never more than was taken.
pub async fn what_is_put_back_of_a_quota_may_be_used_again(store: &Subject) {
    let (ann, ben) = (an_owner(), an_owner());
    for _ in 0..2 {
        assert!(take(store, ann, Metered::Messages, noon()).await);
    }
    store.put_back(ann, Metered::Runs, noon()).await.unwrap();
    store.put_back(ben, Metered::Messages, noon()).await.unwrap();
    assert!(!take(store, ann, Metered::Messages, noon()).await);
    store.put_back(ann, Metered::Messages, noon()).await.unwrap();
    for may in [true, false] {
        assert_eq!(take(store, ann, Metered::Messages, noon()).await, may);
    }
    // Of the day before there is nothing left to be put back.
    store.put_back(ann, Metered::Messages, noon() + HOUR * 24).await.unwrap();
    assert!(!take(store, ann, Metered::Messages, noon()).await);
    for _ in 0..3 {
        store.put_back(ann, Metered::Messages, noon()).await.unwrap();
    }
    for may in [true, true, false] {
        assert_eq!(take(store, ann, Metered::Messages, noon()).await, may);
    }
}

/// Not even one.
pub async fn of_many_who_take_at_once_no_more_are_served_than_may(store: &Subject) {
    let owner = an_owner();
    let served = at_once(12, |_| {
        let store = Arc::clone(store);
        async move { store.take(owner, Metered::Runs, most(5), noon()).await.unwrap() }
    })
    .await;
    assert_eq!(served.into_iter().filter(|served| *served).count(), 5);
}

/// However many are made at once.
pub async fn an_owner_has_no_more_flows_than_he_may(store: &Subject) {
    let owner = an_owner();
    let made = at_once(12, |_| {
        let store = Arc::clone(store);
        async move { store.insert_flow_within(&a_flow(owner), 5).await.unwrap() }
    })
    .await;
    assert_eq!(made.into_iter().filter(|made| *made).count(), 5);
    assert!(store.insert_flow_within(&a_flow(an_owner()), 5).await.unwrap(), "somebody else's");
    let one = a_flow(owner);
    assert!(!store.insert_flow_within(&one, 5).await.unwrap());
    assert_eq!(store.flow(owner, one.id).await.unwrap(), None);
    assert!(store.insert_flow_within(&one, 6).await.unwrap());
}

/// Each slot has its run all the same, and what is left is for whoever asks by hand.
pub async fn slots_beyond_the_quota_are_skipped_and_say_so(store: &Subject) {
    let (ann, ben) = (an_owner(), an_owner());
    let mut plans = Vec::new();
    for owner in [ann, ann, ann, ben] {
        let flow = insert(store, a_due_flow(owner, noon())).await;
        let run = a_slot_run(&flow, noon(), noon());
        let (flow, due) = (flow.id, noon());
        plans.push(SlotPlan { flow, due, next: Some(due + HOUR), run, skip: None, missed: None });
    }
    assert_eq!(store.commit_slots(&plans, noon(), most(2)).await.unwrap().len(), 4);
    let runs = async |owner| {
        let page = PageRequest { limit: 100, after: None };
        store.list_runs(owner, &RunFilter::default(), page).await.unwrap().items
    };
    let anns = runs(ann).await;
    let queued = anns.iter().filter(|run| run.status == RunStatus::Queued).count();
    assert_eq!((anns.len(), queued), (3, 2));
    let skipped = anns.iter().find(|run| run.status == RunStatus::Skipped).unwrap();
    let error = skipped.error.as_ref().unwrap();
    assert_eq!(error.code, ErrorCode::Quota);
    assert!(error.message.contains('2'), "{}", error.message);
    assert_eq!(runs(ben).await[0].status, RunStatus::Queued);
    assert!(!take(store, ann, Metered::Runs, noon()).await);
    assert!(take(store, ben, Metered::Runs, noon()).await);
}
