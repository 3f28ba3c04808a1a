//! The outbox.

use std::{collections::HashSet, sync::Arc};

use synmon_core::{
    Timestamp,
    alert::Alert,
    channel::Destination,
    notice::{FailedStep, Notice, NoticeBody, RunNotice},
    store::{ClaimedNotice, Settlement},
};

use super::{Subject, at_once, begin, insert, later, pending, refused};
use crate::factory::{a_flow, a_letter, a_run_notice, an_owner, noon};

async fn claim(store: &Subject, now: Timestamp) -> Vec<ClaimedNotice> {
    store.claim_notices(now, now + super::LEASE, 100).await.unwrap()
}

/// A notice without a channel that is claimed for this time.
fn as_claimed(notice: Notice, time: u32) -> ClaimedNotice {
    ClaimedNotice { notice, to: Destination::Owner, claim: time, attempt: time }
}

fn given_up(at: Timestamp, error: &str) -> Settlement {
    Settlement::GivenUp { at, error: error.to_owned(), instead: None, disable: None }
}

async fn put(store: &Subject, now: Timestamp) -> Notice {
    let notice = a_letter(now);
    store.insert_notice(&notice).await.unwrap();
    notice
}

/// With or without an owner, and every field of what it tells.
pub async fn a_notice_comes_back_as_stored(store: &Subject) {
    let flow = insert(store, a_flow(an_owner())).await;
    let run = begin(store, &flow, noon()).await.run;
    let failure = FailedStep {
        number: 3,
        of: 4,
        name: Some("Größe".to_owned()),
        action: "tapping".to_owned(),
        selector_xpath: Some("//a[\"'\"]".to_owned()),
        code: "element_not_found".to_owned(),
        message: "no “element”\n\t\\ \u{0} 🦀".to_owned(),
        expected: Some(String::new()),
        found: None,
        page_url: Some("https://site.example/".to_owned()),
        page_title: None,
        screenshot: Some("a/b/c/1-3.png".to_owned()),
    };
    let body = NoticeBody::Run(RunNotice {
        failure: Some(failure),
        finished_at: Timestamp::from_micros(1_767_614_400_000_001),
        ..a_run_notice(Alert::Failure, flow.id, run.id)
    });
    let letter = put(store, noon()).await;
    let full = Notice { owner: Some(flow.owner), body, ..a_letter(noon()) };
    store.insert_notice(&full).await.unwrap();
    refused(store.insert_notice(&full).await);
    let claimed = claim(store, noon()).await;
    let expected = [letter, full].map(|notice| as_claimed(notice, 1));
    assert_eq!(claimed, expected);
}

/// Up to the limit, and nothing that is not due yet.
pub async fn notices_are_claimed_the_oldest_first(store: &Subject) {
    let mut ids = Vec::new();
    for turn in 0..40 {
        ids.push(put(store, later(turn)).await.id);
    }
    for expected in ids.chunks(7).take(4) {
        let claimed = store.claim_notices(later(30), later(900), 7).await.unwrap();
        let claimed: Vec<_> = claimed.into_iter().map(|claimed| claimed.notice.id).collect();
        assert_eq!(claimed, expected);
    }
    assert_eq!(store.claim_notices(later(30), later(900), 7).await.unwrap().len(), 3);
}

/// Then somebody else gets it, with the next number.
pub async fn a_claimed_notice_is_left_alone_until_its_claim_is_over(store: &Subject) {
    let notice = put(store, noon()).await;
    assert_eq!(claim(store, noon()).await.len(), 1);
    assert_eq!(claim(store, later(19)).await, []);
    assert_eq!(claim(store, later(20)).await, [as_claimed(notice, 2)]);
}

/// Done is done.
pub async fn a_delivered_notice_is_never_claimed_again(store: &Subject) {
    put(store, noon()).await;
    let claimed = claim(store, noon()).await.remove(0);
    store.settle(&claimed, &Settlement::Done { at: later(1) }).await.unwrap();
    assert_eq!(claim(store, noon() + super::MUCH_LATER).await, []);
    refused(store.settle(&claimed, &Settlement::Done { at: later(1) }).await);
}

/// Neither earlier nor as a new notice.
pub async fn a_notice_that_is_tried_again_is_due_then(store: &Subject) {
    let notice = put(store, noon()).await;
    let claimed = claim(store, noon()).await.remove(0);
    let again = Settlement::Again { at: later(500), error: "busy — 忙".to_owned() };
    store.settle(&claimed, &again).await.unwrap();
    assert_eq!(claim(store, later(499)).await, []);
    assert_eq!(claim(store, later(500)).await, [as_claimed(notice, 2)]);
}

/// However long one waits.
pub async fn a_notice_that_is_given_up_is_never_claimed_again(store: &Subject) {
    put(store, noon()).await;
    let claimed = claim(store, noon()).await.remove(0);
    let given_up = given_up(later(1), "no such address");
    store.settle(&claimed, &given_up).await.unwrap();
    assert_eq!(claim(store, noon() + super::MUCH_LATER).await, []);
    refused(store.settle(&claimed, &given_up).await);
}

/// Whoever was too slow does not decide for the one that has it now.
pub async fn a_settlement_of_a_claim_that_was_lost_is_refused(store: &Subject) {
    let notice = put(store, noon()).await;
    let slow = claim(store, noon()).await.remove(0);
    let quick = claim(store, later(60)).await.remove(0);
    for settlement in [
        Settlement::Done { at: later(61) },
        Settlement::Again { at: later(61), error: "x".to_owned() },
        given_up(later(61), "x"),
    ] {
        refused(store.settle(&slow, &settlement).await);
    }
    assert_eq!(claim(store, later(62)).await, []);
    store
        .settle(&quick, &Settlement::Again { at: later(63), error: "x".to_owned() })
        .await
        .unwrap();
    assert_eq!(claim(store, later(63)).await, [as_claimed(notice, 3)]);
}

/// And none of them more than it asked for.
pub async fn many_dispatchers_claim_each_notice_once(store: &Subject) {
    let mut queued = HashSet::new();
    for _ in 0..30 {
        queued.insert(put(store, noon()).await.id);
    }
    let claims = at_once(6, |_| {
        let store = Arc::clone(store);
        async move {
            let mut mine = Vec::new();
            let mut idle = 0;
            while idle < 3 {
                let some = store.claim_notices(later(1), later(999), 4).await.unwrap();
                assert!(some.len() <= 4, "{} were claimed", some.len());
                idle += u32::from(some.is_empty());
                mine.extend(some.into_iter().map(|claimed| claimed.notice.id));
            }
            mine
        }
    })
    .await;
    let claimed: Vec<_> = claims.into_iter().flatten().collect();
    assert_eq!(claimed.len(), 30);
    assert_eq!(claimed.into_iter().collect::<HashSet<_>>(), queued);
}

/// With the end of the one, whoever gets it.
pub async fn what_is_told_instead_of_a_notice_waits_once_that_is_given_up(store: &Subject) {
    store.insert_notice(&a_letter(noon())).await.unwrap();
    let claimed = store.claim_notices(noon(), later(60), 9).await.unwrap().remove(0);
    let instead = a_letter(later(1));
    let settlement = Settlement::GivenUp {
        at: later(1),
        error: "there were enough".to_owned(),
        instead: Some(instead.clone()),
        disable: None,
    };
    store.settle(&claimed, &settlement).await.unwrap();
    refused(store.settle(&claimed, &settlement).await);
    assert_eq!(pending(store).await, [instead]);
}
