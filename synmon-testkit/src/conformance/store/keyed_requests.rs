//! Requests that are carried out once, however often they are sent.

use std::sync::Arc;

use synmon_core::{
    OwnerId, RunId, Timestamp,
    store::{KeyedClaim, KeyedRequest},
};

use super::{Subject, at_once, later};
use crate::factory::{an_owner, noon};

fn a_request(owner: OwnerId, key: u8, request: u8) -> KeyedRequest {
    let thing = RunId::new(noon()).uuid();
    KeyedRequest { owner, key: [key; 32], request: [request; 32], thing }
}

/// Until a minute later.
async fn claim(store: &Subject, request: &KeyedRequest, now: Timestamp) -> KeyedClaim {
    let until = now + std::time::Duration::from_mins(1);
    store.claim_request(request, now, until).await.unwrap()
}

/// All others get its answer.
pub async fn a_request_with_a_key_is_carried_out_once(store: &Subject) {
    let request = a_request(an_owner(), 1, 1);
    let again = KeyedRequest { thing: RunId::new(noon()).uuid(), ..request };
    assert_eq!(claim(store, &request, noon()).await, KeyedClaim::Yours(request.thing));
    assert_eq!(claim(store, &again, later(1)).await, KeyedClaim::UnderWay);
    store.answer_request(&request, "sealed 1").await.unwrap();
    let answered = KeyedClaim::Answered("sealed 1".to_owned());
    assert_eq!(claim(store, &again, later(2)).await, answered);
    // The first answer stays.
    store.answer_request(&again, "sealed 2").await.unwrap();
    store.let_go_of_request(&again, later(60), later(3)).await.unwrap();
    store.forget_request(&again, later(60)).await.unwrap();
    assert_eq!(claim(store, &again, later(1_000)).await, answered);
}

/// Not even if the first one has no answer.
pub async fn a_key_is_good_for_one_request_of_one_owner(store: &Subject) {
    let request = a_request(an_owner(), 1, 1);
    claim(store, &request, noon()).await;
    let other = a_request(request.owner, 1, 2);
    assert_eq!(claim(store, &other, later(1)).await, KeyedClaim::Other);
    assert_eq!(claim(store, &other, later(1_000)).await, KeyedClaim::Other);
    store.forget_request(&other, later(60)).await.unwrap();
    store.answer_request(&request, "sealed").await.unwrap();
    assert_eq!(claim(store, &other, later(1)).await, KeyedClaim::Other);
    for free in [a_request(request.owner, 2, 1), a_request(an_owner(), 1, 1)] {
        assert_eq!(claim(store, &free, later(1)).await, KeyedClaim::Yours(free.thing));
    }
}

/// The newest are remembered, and those of others.
pub async fn the_oldest_requests_with_keys_of_an_owner_make_room(store: &Subject) {
    let (ann, ben) = (an_owner(), an_owner());
    let mut requests = Vec::new();
    for key in 1..=5 {
        let request = a_request(ann, key, 1);
        claim(store, &request, later(key.into())).await;
        store.answer_request(&request, "sealed").await.unwrap();
        requests.push(request);
    }
    let bens = a_request(ben, 1, 1);
    claim(store, &bens, noon()).await;
    store.forget_oldest_requests(ann, 5).await.unwrap();
    store.forget_oldest_requests(ben, 5).await.unwrap();
    let answered = KeyedClaim::Answered("sealed".to_owned());
    assert_eq!(claim(store, &requests[0], later(6)).await, answered);
    store.forget_oldest_requests(ann, 3).await.unwrap();
    for kept in &requests[2..] {
        assert_eq!(claim(store, kept, later(6)).await, answered);
    }
    for gone in &requests[..2] {
        assert_eq!(claim(store, gone, later(6)).await, KeyedClaim::Yours(gone.thing));
    }
    assert_eq!(claim(store, &bens, later(1)).await, KeyedClaim::UnderWay);
}

/// With the first one's id, so that what was made is found.
pub async fn a_request_whose_server_was_lost_is_carried_out_by_another(store: &Subject) {
    let request = a_request(an_owner(), 1, 1);
    claim(store, &request, noon()).await;
    let again = a_request(request.owner, 1, 1);
    assert_eq!(claim(store, &again, later(59)).await, KeyedClaim::UnderWay);
    assert_eq!(claim(store, &again, later(60)).await, KeyedClaim::Yours(request.thing));
    assert_eq!(claim(store, &again, later(61)).await, KeyedClaim::UnderWay);
    // Whoever was given up has no say in what comes of it.
    store.let_go_of_request(&request, later(60), later(62)).await.unwrap();
    store.forget_request(&request, later(60)).await.unwrap();
    assert_eq!(claim(store, &again, later(62)).await, KeyedClaim::UnderWay);
    store.let_go_of_request(&again, later(120), later(62)).await.unwrap();
    assert_eq!(claim(store, &again, later(62)).await, KeyedClaim::Yours(request.thing));
    // What was refused leaves the key free.
    store.forget_request(&again, later(122)).await.unwrap();
    let other = a_request(request.owner, 1, 2);
    assert_eq!(claim(store, &other, later(63)).await, KeyedClaim::Yours(other.thing));
}

/// Over all processes.
pub async fn of_many_who_send_a_request_one_carries_it_out(store: &Subject) {
    let request = a_request(an_owner(), 1, 1);
    let claims = at_once(12, |_| {
        let store = Arc::clone(store);
        async move { claim(&store, &a_request(request.owner, 1, 1), noon()).await }
    })
    .await;
    let (yours, others): (Vec<_>, Vec<_>) =
        claims.into_iter().partition(|claim| matches!(claim, KeyedClaim::Yours(_)));
    assert_eq!((yours.len(), others.len()), (1, 11));
    assert!(others.iter().all(|claim| *claim == KeyedClaim::UnderWay), "{others:?}");
}

/// A few at a time.
pub async fn requests_with_keys_are_forgotten_after_their_time(store: &Subject) {
    let owner = an_owner();
    for (key, second) in [(1, 1), (2, 2), (3, 3)] {
        claim(store, &a_request(owner, key, 1), later(second)).await;
    }
    store.answer_request(&a_request(owner, 1, 1), "sealed").await.unwrap();
    assert_eq!(store.remove_keyed_requests(later(1), 9).await.unwrap(), 0);
    assert_eq!(store.remove_keyed_requests(later(3), 1).await.unwrap(), 1);
    assert_eq!(store.remove_keyed_requests(later(3), 9).await.unwrap(), 1);
    assert_eq!(store.remove_keyed_requests(later(3), 9).await.unwrap(), 0);
    let new = a_request(owner, 1, 2);
    assert_eq!(claim(store, &new, later(4)).await, KeyedClaim::Yours(new.thing));
    assert_eq!(claim(store, &a_request(owner, 3, 1), later(4)).await, KeyedClaim::UnderWay);
}
