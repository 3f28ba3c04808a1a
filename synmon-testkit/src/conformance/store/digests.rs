//! Who is told by what, and how what is too much becomes one digest.

use std::{collections::HashSet, sync::Arc, time::Duration};

use synmon_core::{
    RunId, Timestamp,
    alert::Alert,
    channel::{Channel, ChannelStatus},
    flow::Flow,
    notice::{Digest, Notice, NoticeBody},
    run::Run,
    store::{AlertCap, DeliveryRecord, DeliveryState, RunReport, Settlement},
    verdict::Verdict,
};

use super::{Subject, add, at_once, begin, failed, insert, later, passed};
use crate::factory::{a_flow, a_report, a_webhook, an_owner};

/// Two in ten minutes, the rest a minute later.
const CAP: AlertCap =
    AlertCap { count: 2, window: Duration::from_mins(10), hold: Duration::from_mins(1) };

/// Runs the flow once, to this verdict at this second.
async fn run(store: &Subject, flow: &Flow, verdict: Verdict, second: u64) -> Run {
    let claim = begin(store, flow, later(second)).await;
    let report = RunReport { cap: CAP, ..a_report(&claim, verdict, later(second)) };
    store.finish(&claim.lease, &report).await.unwrap();
    claim.run
}

async fn told(store: &Subject, run: &Run) -> Vec<DeliveryRecord> {
    store.deliveries_of_run(run.owner, run.id).await.unwrap()
}

async fn is_held(store: &Subject, run: &Run) -> bool {
    let records = told(store, run).await;
    let held = records.iter().all(|record| record.state == DeliveryState::Held);
    let decision = store.alert_decision(run.id).await.unwrap().unwrap();
    assert_eq!(decision.held, held);
    assert!(!records.is_empty() && decision.alert.is_some());
    held
}

/// Delivers all that is due and says what it was.
async fn deliver(store: &Subject, now: Timestamp) -> Vec<Notice> {
    let mut delivered = Vec::new();
    loop {
        let claimed = store.claim_notices(now, now + super::LEASE, 100).await.unwrap();
        if claimed.is_empty() {
            return delivered;
        }
        for claimed in claimed {
            store.settle(&claimed, &Settlement::Done { at: now }).await.unwrap();
            delivered.push(claimed.notice);
        }
    }
}

fn digest(notice: &Notice) -> &Digest {
    match &notice.body {
        NoticeBody::Digest(digest) => digest,
        other => panic!("{other:?}"),
    }
}

fn runs_of(digest: &Digest) -> Vec<RunId> {
    digest.entries.iter().map(|entry| entry.run).collect()
}

/// Each under an id of its own; those that are not in use are left out.
pub async fn a_verdict_is_told_by_each_channel_that_is_in_use(store: &Subject) {
    let owner = an_owner();
    let (first, second) = (add(store, a_webhook(owner)).await, add(store, a_webhook(owner)).await);
    let off = Channel { status: ChannelStatus::Disabled, ..a_webhook(owner) };
    let off = add(store, off).await;
    let unconfirmed = Channel { status: ChannelStatus::Unconfirmed, ..a_webhook(owner) };
    let unconfirmed = add(store, unconfirmed).await;
    let foreign = add(store, a_webhook(an_owner())).await;
    let channels = vec![second.id, off.id, first.id, foreign.id, unconfirmed.id];
    let flow = insert(store, Flow { channels, ..a_flow(owner) }).await;
    let run = run(store, &flow, failed(), 1).await;
    let delivered = deliver(store, later(1)).await;
    let to: Vec<_> = delivered.iter().map(|notice| notice.channel).collect();
    assert_eq!(to, [Some(second.id), Some(first.id)]);
    assert_ne!(delivered[0].id, delivered[1].id);
    assert_eq!(delivered[0].body, delivered[1].body);
    assert_eq!(delivered[0].body.run(), Some(run.id));
}

/// Nobody is left in the dark because a channel was switched off.
pub async fn the_owner_is_told_if_no_channel_is_in_use(store: &Subject) {
    let owner = an_owner();
    let off = Channel { status: ChannelStatus::Disabled, ..a_webhook(owner) };
    let off = add(store, off).await;
    for channels in [vec![], vec![off.id]] {
        let flow = insert(store, Flow { channels, ..a_flow(owner) }).await;
        run(store, &flow, failed(), 1).await;
        let delivered = deliver(store, later(1)).await;
        assert_eq!(delivered.len(), 1);
        assert_eq!((delivered[0].owner, delivered[0].channel), (Some(owner), None));
    }
}

/// Of one owner, within the time; however many channels tell of one verdict, it is one.
pub async fn verdicts_beyond_the_cap_are_held(store: &Subject) {
    let owner = an_owner();
    let channels =
        vec![add(store, a_webhook(owner)).await.id, add(store, a_webhook(owner)).await.id];
    let flow = insert(store, Flow { channels, ..a_flow(owner) }).await;
    let other = insert(store, a_flow(an_owner())).await;
    let mut held = Vec::new();
    for second in 1..=4 {
        let run = run(store, &flow, failed(), second).await;
        assert_eq!(told(store, &run).await.len(), 2);
        held.push(is_held(store, &run).await);
        // What was told already counts as what still waits does.
        deliver(store, later(second)).await;
    }
    assert_eq!(held, [false, false, true, true]);
    // What nobody is told does not count, and others are told as ever.
    let quiet = run(store, &flow, passed(), 5).await;
    assert_eq!(told(store, &quiet).await, []);
    assert!(!store.alert_decision(quiet.id).await.unwrap().unwrap().held);
    let run_of_other = run(store, &other, failed(), 6).await;
    assert!(!is_held(store, &run_of_other).await);
    // The first one was told ten minutes ago.
    let tenth = run(store, &flow, failed(), 601).await;
    assert!(!is_held(store, &tenth).await);
    let next = run(store, &flow, failed(), 601).await;
    assert!(is_held(store, &next).await);
}

/// With all that was held, once; it goes where they would have gone.
pub async fn what_was_held_is_told_in_one_digest_for_each_receiver(store: &Subject) {
    let owner = an_owner();
    let channel = add(store, a_webhook(owner)).await;
    let by_channel = insert(store, Flow { channels: vec![channel.id], ..a_flow(owner) }).await;
    let by_mail = insert(store, a_flow(owner)).await;
    for _ in 0..2 {
        run(store, &by_mail, failed(), 1).await;
    }
    assert_eq!(deliver(store, later(1)).await.len(), 2);
    let (mut mailed, mut posted) = (Vec::new(), Vec::new());
    for second in 10..14 {
        mailed.push(run(store, &by_mail, failed(), second).await);
        posted.push(run(store, &by_channel, failed(), second).await);
    }
    assert_eq!(store.release_held(later(69)).await.unwrap(), 0);
    assert_eq!(deliver(store, later(69)).await, []);
    let released = at_once(4, |_| {
        let store = Arc::clone(store);
        async move { store.release_held(later(70)).await.unwrap() }
    })
    .await;
    assert_eq!(released.into_iter().sum::<u32>(), 8);
    let mut delivered = deliver(store, later(70)).await;
    delivered.sort_by_key(|notice| notice.channel);
    assert_eq!(delivered.len(), 2);
    for (notice, runs) in delivered.iter().zip([&mailed, &posted]) {
        let digest = digest(notice);
        let expected: Vec<_> = runs.iter().map(|run| run.id).collect();
        assert_eq!((digest.total, runs_of(digest)), (4, expected));
        assert!(digest.entries.iter().all(|entry| entry.alert == Alert::Failure));
        assert_eq!((notice.owner, notice.created_at), (Some(owner), later(70)));
    }
    assert_eq!((delivered[0].channel, delivered[1].channel), (None, Some(channel.id)));
    for run in mailed.iter().chain(&posted) {
        let records = told(store, run).await;
        assert_eq!(records.len(), 1);
        assert_eq!(records[0].state, DeliveryState::Digested);
        assert_eq!((records[0].due_at, records[0].settled_at), (None, Some(later(70))));
    }
    assert_eq!(store.release_held(later(9_999)).await.unwrap(), 0);
    assert_eq!(deliver(store, later(9_999)).await, []);
}

/// A digest of one would say less.
pub async fn a_single_verdict_that_was_held_goes_out_as_it_is(store: &Subject) {
    let flow = insert(store, a_flow(an_owner())).await;
    for _ in 0..2 {
        run(store, &flow, failed(), 1).await;
    }
    deliver(store, later(1)).await;
    let held = run(store, &flow, failed(), 5).await;
    let id = told(store, &held).await[0].id;
    assert_eq!(store.release_held(later(65)).await.unwrap(), 1);
    let delivered = deliver(store, later(65)).await;
    assert_eq!(delivered.len(), 1);
    assert_eq!((delivered[0].id, delivered[0].body.run()), (id, Some(held.id)));
    assert_eq!(told(store, &held).await[0].state, DeliveryState::Delivered);
    assert_eq!(store.release_held(later(9_999)).await.unwrap(), 0);
}

/// What is held while digests are made is in the next one: nothing is told twice, nothing is lost.
pub async fn nothing_that_is_held_is_lost_or_told_twice(store: &Subject) {
    let owner = an_owner();
    let mut flows = Vec::new();
    for _ in 0..24 {
        flows.push(insert(store, a_flow(owner)).await);
    }
    let mut claims = Vec::new();
    for flow in &flows {
        claims.push(begin(store, flow, later(1)).await);
    }
    at_once(8, |turn| {
        let store = Arc::clone(store);
        let mine: Vec<_> = claims.iter().skip(usize::from(turn) * 4).take(4).cloned().collect();
        async move {
            for claim in mine {
                let cap = AlertCap { count: 0, hold: Duration::ZERO, ..CAP };
                let report = RunReport { cap, ..a_report(&claim, failed(), later(2)) };
                store.finish(&claim.lease, &report).await.unwrap();
            }
            store.release_held(later(2)).await.unwrap();
        }
    })
    .await;
    store.release_held(later(2)).await.unwrap();
    let mut seen = Vec::new();
    for notice in deliver(store, later(2)).await {
        match &notice.body {
            NoticeBody::Run(run) => seen.push(run.run),
            _ => seen.extend(runs_of(digest(&notice))),
        }
    }
    assert_eq!(seen.len(), 24);
    let expected: HashSet<_> = claims.iter().map(|claim| claim.run.id).collect();
    assert_eq!(seen.into_iter().collect::<HashSet<_>>(), expected);
}

/// Its owner's own address takes what is held, too.
pub async fn what_is_held_for_a_channel_that_is_deleted_is_told_its_owner(store: &Subject) {
    let owner = an_owner();
    let channel = add(store, a_webhook(owner)).await;
    let flow = insert(store, Flow { channels: vec![channel.id], ..a_flow(owner) }).await;
    let mut runs = Vec::new();
    for second in 1..=4 {
        runs.push(run(store, &flow, failed(), second).await.id);
    }
    deliver(store, later(4)).await;
    store.delete_channel(owner, channel.id).await.unwrap();
    store.release_held(later(100)).await.unwrap();
    let delivered = deliver(store, later(100)).await;
    assert_eq!(delivered.len(), 1);
    assert_eq!(delivered[0].channel, None);
    assert_eq!(runs_of(digest(&delivered[0])), runs[2..]);
}
