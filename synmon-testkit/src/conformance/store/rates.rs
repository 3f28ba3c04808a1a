//! Rates.

use std::{sync::Arc, time::Duration};

use synmon_core::{
    Timestamp,
    store::{Admission, Rate, RateKey},
};

use super::{Subject, at_once, later};
use crate::factory::noon;

/// Three at once, and then one in ten seconds.
const RATE: Rate = Rate { period: Duration::from_secs(10), burst: 3 };

async fn admit(store: &Subject, key: u8, times: u32, now: Timestamp) -> Admission {
    store.admit(RateKey([key; 32]), RATE, times, now).await.unwrap()
}

fn refused_for(seconds: u64) -> Admission {
    Admission::Refused { retry_after: Duration::from_secs(seconds) }
}

/// Each key by itself; who is refused is told for how long, and counts for nothing.
pub async fn a_rate_allows_its_burst_and_then_one_in_each_period(store: &Subject) {
    for _ in 0..3 {
        assert_eq!(admit(store, 1, 1, noon()).await, Admission::Admitted);
    }
    for _ in 0..9 {
        assert_eq!(admit(store, 1, 1, noon()).await, refused_for(10));
    }
    assert_eq!(admit(store, 2, 1, noon()).await, Admission::Admitted);
    assert_eq!(admit(store, 1, 1, later(4)).await, refused_for(6));
    let nearly = noon() + Duration::from_micros(9_999_999);
    let refused = Admission::Refused { retry_after: Duration::from_micros(1) };
    assert_eq!(admit(store, 1, 1, nearly).await, refused);
    assert_eq!(admit(store, 1, 1, later(10)).await, Admission::Admitted);
    assert_eq!(admit(store, 1, 1, later(10)).await, refused_for(10));
    assert_eq!(admit(store, 1, 1, later(30)).await, Admission::Admitted);
    assert_eq!(admit(store, 1, 1, later(30)).await, Admission::Admitted);
    assert_eq!(admit(store, 1, 1, later(30)).await, refused_for(10));
}

/// However long nobody came.
pub async fn a_rate_that_rested_allows_no_more_than_its_burst(store: &Subject) {
    assert_eq!(admit(store, 1, 1, noon()).await, Admission::Admitted);
    for _ in 0..3 {
        assert_eq!(admit(store, 1, 1, later(100_000)).await, Admission::Admitted);
    }
    assert_eq!(admit(store, 1, 1, later(100_000)).await, refused_for(10));
}

/// All of them or none; more than the burst never.
pub async fn a_rate_allows_several_at_once(store: &Subject) {
    assert_eq!(admit(store, 1, 2, noon()).await, Admission::Admitted);
    assert_eq!(admit(store, 1, 2, noon()).await, refused_for(10));
    assert_eq!(admit(store, 1, 1, noon()).await, Admission::Admitted);
    assert!(matches!(admit(store, 2, 4, noon()).await, Admission::Refused { .. }));
    assert_eq!(admit(store, 2, 3, noon()).await, Admission::Admitted);
}

/// As if it had never been done.
pub async fn what_is_given_back_is_allowed_again(store: &Subject) {
    assert_eq!(admit(store, 1, 3, noon()).await, Admission::Admitted);
    store.give_back(RateKey([1; 32]), RATE, 1).await.unwrap();
    assert_eq!(admit(store, 1, 1, noon()).await, Admission::Admitted);
    assert_eq!(admit(store, 1, 1, noon()).await, refused_for(10));
    store.give_back(RateKey([9; 32]), RATE, 1).await.unwrap();
    // Late: nobody gets more than the burst by it.
    store.give_back(RateKey([1; 32]), RATE, 3).await.unwrap();
    assert_eq!(admit(store, 1, 3, later(1_000)).await, Admission::Admitted);
    assert_eq!(admit(store, 1, 1, later(1_000)).await, refused_for(10));
}

/// Whoever they are and however many at a time.
pub async fn a_rate_holds_for_many_at_once(store: &Subject) {
    let answers = at_once(40, |_| {
        let store = Arc::clone(store);
        async move { admit(&store, 1, 1, noon()).await }
    })
    .await;
    let admitted = answers.iter().filter(|answer| **answer == Admission::Admitted).count();
    assert_eq!(admitted, 3, "{answers:?}");
}

/// What is used up still is not forgotten.
pub async fn a_rate_is_forgotten_once_it_is_all_there_again(store: &Subject) {
    assert_eq!(admit(store, 1, 3, noon()).await, Admission::Admitted);
    assert_eq!(store.prune_rates(later(29), 9).await.unwrap(), 0);
    assert_eq!(admit(store, 1, 1, noon()).await, refused_for(10));
    assert_eq!(store.prune_rates(later(31), 9).await.unwrap(), 1);
    assert_eq!(admit(store, 1, 3, noon()).await, Admission::Admitted);
}

/// However many there are.
pub async fn rates_are_forgotten_a_batch_at_a_time(store: &Subject) {
    for key in 1..=3 {
        assert_eq!(admit(store, key, 1, noon()).await, Admission::Admitted);
    }
    for forgotten in [2, 1, 0] {
        assert_eq!(store.prune_rates(later(11), 2).await.unwrap(), forgotten);
    }
}
