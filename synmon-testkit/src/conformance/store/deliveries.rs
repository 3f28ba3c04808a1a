//! What goes to channels, and what is noted of it.

use std::{collections::HashMap, sync::Arc};

use synmon_core::{
    ChannelId, NoticeId, RunId,
    channel::{Channel, ChannelStatus, Destination},
    notice::{Notice, NoticeBody},
    store::{ClaimedNotice, DeliveryRecord, DeliveryState, MAX_IN_FLIGHT, PageRequest, Settlement},
};

use super::{MUCH_LATER, Subject, add, at_once, later, refused};
use crate::factory::{a_failure_notice, a_webhook, an_owner, noon};

async fn put(store: &Subject, channel: &Channel) -> Notice {
    let notice = a_failure_notice(channel.owner, Some(channel.id), noon());
    store.insert_notice(&notice).await.unwrap();
    notice
}

/// What is due at this second, for twenty of them.
async fn claim(store: &Subject, second: u64) -> Vec<ClaimedNotice> {
    store.claim_notices(later(second), later(second + 20), 100).await.unwrap()
}

async fn known(store: &Subject, channel: &Channel) -> Channel {
    store.channel(channel.owner, channel.id).await.unwrap().unwrap()
}

async fn deliveries(store: &Subject, channel: &Channel) -> Vec<DeliveryRecord> {
    let page = PageRequest { limit: 100, after: None };
    store.deliveries(channel.owner, channel.id, page).await.unwrap().items
}

fn of_channels(claimed: &[ClaimedNotice]) -> HashMap<Option<ChannelId>, u32> {
    let mut counts = HashMap::new();
    for claimed in claimed {
        *counts.entry(claimed.notice.channel).or_default() += 1;
    }
    counts
}

fn disabled_notice(channel: &Channel) -> Notice {
    let body = NoticeBody::ChannelDisabled {
        channel: channel.id,
        channel_name: channel.name.to_string(),
        channel_kind: "webhook".to_owned(),
        reason: "gone".to_owned(),
    };
    let (owner, created_at) = (Some(channel.owner), later(5));
    Notice { id: NoticeId::new(created_at), owner, channel: None, created_at, body }
}

/// By which a notice is given up, told another way, and its channel switched off.
fn given_up(claimed: &ClaimedNotice, channel: &Channel) -> Settlement {
    let instead = Notice { id: NoticeId::new(later(5)), channel: None, ..claimed.notice.clone() };
    Settlement::GivenUp {
        at: later(5),
        error: "gone — 410".to_owned(),
        instead: Some(instead),
        disable: Some(disabled_notice(channel)),
    }
}

/// One that hangs keeps two notices under way and no more; what has come after them is served.
pub async fn no_receiver_has_more_than_a_few_notices_under_way(store: &Subject) {
    let (slow, quick) =
        (add(store, a_webhook(an_owner())).await, add(store, a_webhook(an_owner())).await);
    for _ in 0..9 {
        put(store, &slow).await;
    }
    for _ in 0..9 {
        let notice = a_failure_notice(slow.owner, None, noon());
        store.insert_notice(&notice).await.unwrap();
    }
    put(store, &quick).await;
    let first = claim(store, 0).await;
    let (slow_id, quick_id) = (Some(slow.id), Some(quick.id));
    let expected = HashMap::from([(slow_id, 2), (quick_id, 1), (None, 2)]);
    assert_eq!((MAX_IN_FLIGHT, of_channels(&first)), (2, expected));
    assert_eq!(claim(store, 19).await, []);
    // Each that is done with makes room for another.
    let done = Settlement::Done { at: later(19) };
    let of_slow = |claimed: &&ClaimedNotice| claimed.notice.channel == slow_id;
    let mut of_slow = first.iter().filter(of_slow);
    store.settle(of_slow.next().unwrap(), &done).await.unwrap();
    let second = claim(store, 19).await;
    assert_eq!(of_channels(&second), HashMap::from([(slow_id, 1)]));
    // So does one that is put off, and one whose dispatcher is not heard of any more.
    let again = Settlement::Again { at: later(500), error: "busy".to_owned() };
    store.settle(of_slow.next().unwrap(), &again).await.unwrap();
    assert_eq!(of_channels(&claim(store, 19).await), HashMap::from([(slow_id, 1)]));
    assert_eq!(of_channels(&claim(store, 39).await)[&slow_id], 2);
}

/// However many claim, each takes a part of them, and together no more than that.
pub async fn many_dispatchers_do_not_crowd_a_receiver(store: &Subject) {
    let mut channels = Vec::new();
    for _ in 0..3 {
        let channel = add(store, a_webhook(an_owner())).await;
        for _ in 0..8 {
            put(store, &channel).await;
        }
        channels.push(channel);
    }
    let claims = at_once(8, |_| {
        let store = Arc::clone(store);
        async move { store.claim_notices(later(1), later(99), 4).await.unwrap() }
    })
    .await;
    let claimed: Vec<_> = claims.into_iter().flatten().collect();
    assert!(of_channels(&claimed).values().all(|count| *count <= MAX_IN_FLIGHT), "{claimed:?}");
    // Whoever was skipped over comes next.
    let rest = claim(store, 2).await;
    assert_eq!(claimed.len() + rest.len(), 6);
}

/// Not as it was when the notice was put into the outbox.
pub async fn a_claimed_notice_brings_its_channel_as_it_is_now(store: &Subject) {
    let channel = add(store, a_webhook(an_owner())).await;
    let notice = put(store, &channel).await;
    let reason = Some("its owner switched it off".to_owned());
    let changed =
        Channel { status: ChannelStatus::Disabled, status_reason: reason, ..channel.clone() };
    store.update_channel(&changed, None).await.unwrap();
    let claimed = claim(store, 0).await;
    let to = Destination::Channel(Channel { version: 2, ..changed });
    assert_eq!(claimed, [ClaimedNotice { notice, to, claim: 1, attempt: 1 }]);
}

/// It would wait there for ever.
pub async fn a_notice_for_a_channel_that_is_not_there_is_refused(store: &Subject) {
    let channel = add(store, a_webhook(an_owner())).await;
    refused(store.insert_notice(&a_failure_notice(an_owner(), Some(channel.id), noon())).await);
    let notice = a_failure_notice(channel.owner, Some(channel.id), noon());
    let nobodys = Notice { owner: None, ..notice.clone() };
    refused(store.insert_notice(&nobodys).await);
    store.delete_channel(channel.owner, channel.id).await.unwrap();
    refused(store.insert_notice(&notice).await);
    assert_eq!(claim(store, 0).await, []);
}

/// The last of it, good or bad. It is no change of the channel, which its owner may make meanwhile.
pub async fn what_came_of_a_delivery_is_noted_at_its_channel(store: &Subject) {
    let channel = add(store, a_webhook(an_owner())).await;
    let other = add(store, a_webhook(channel.owner)).await;
    put(store, &channel).await;
    let error = "busy — 忙 \"'\\".to_owned();
    let steps = [
        (Settlement::Again { at: later(30), error: error.clone() }, None, Some(error)),
        (Settlement::Done { at: later(31) }, Some(later(31)), None),
    ];
    for (settlement, last_delivered_at, last_error) in steps {
        let claimed = claim(store, 30).await.remove(0);
        store.settle(&claimed, &settlement).await.unwrap();
        let noted = Channel { last_delivered_at, last_error, ..channel.clone() };
        assert_eq!(known(store, &channel).await, noted);
    }
    put(store, &channel).await;
    let claimed = claim(store, 40).await.remove(0);
    let error = "no such room".to_owned();
    let given_up = Settlement::GivenUp { at: later(41), error, instead: None, disable: None };
    store.settle(&claimed, &given_up).await.unwrap();
    let noted = known(store, &channel).await;
    assert_eq!(noted.last_error.as_deref(), Some("no such room"));
    assert_eq!((noted.status, noted.version), (ChannelStatus::Active, 1));
    assert_eq!(known(store, &other).await, other);
}

/// Each of them is told another way, that the channel is switched off is told once.
pub async fn a_channel_that_fails_for_good_is_disabled_once(store: &Subject) {
    let channel = add(store, a_webhook(an_owner())).await;
    let other = add(store, a_webhook(channel.owner)).await;
    let mut lost = vec![put(store, &channel).await, put(store, &channel).await];
    let claimed = claim(store, 0).await;
    assert_eq!(claimed.len(), 2);
    let settled = at_once(2, |turn| {
        let (store, claimed) = (Arc::clone(store), claimed[usize::from(turn)].clone());
        let settlement = given_up(&claimed, &channel);
        async move { store.settle(&claimed, &settlement).await }
    })
    .await;
    assert!(settled.iter().all(Result::is_ok), "{settled:?}");
    // And one that was still to come.
    lost.push(put(store, &channel).await);
    let mut told = Vec::new();
    for second in 1..9 {
        for claimed in claim(store, second).await {
            if claimed.notice.channel == Some(channel.id) {
                store.settle(&claimed, &given_up(&claimed, &channel)).await.unwrap();
                continue;
            }
            assert_eq!((&claimed.to, claimed.claim), (&Destination::Owner, 1));
            store.settle(&claimed, &Settlement::Done { at: later(9) }).await.unwrap();
            told.push(claimed.notice);
        }
    }
    let disabled = known(store, &channel).await;
    assert_eq!((disabled.status, disabled.version), (ChannelStatus::Disabled, 2));
    assert_eq!(disabled.status_reason.as_deref(), Some("gone — 410"));
    assert_eq!((disabled.last_error, disabled.updated_at), (disabled.status_reason, later(5)));
    assert_eq!(known(store, &other).await, other);
    told.sort_by_key(|notice| (notice.body.event(), notice.body.run()));
    let runs: Vec<_> = told.iter().filter_map(|notice| notice.body.run()).collect();
    let mut expected: Vec<_> = lost.iter().filter_map(|notice| notice.body.run()).collect();
    expected.sort();
    assert_eq!(runs, expected);
    let about: Vec<_> = told.iter().filter(|notice| notice.body.run().is_none()).collect();
    assert_eq!(about.len(), 1);
    assert_eq!(about[0].body, disabled_notice(&channel).body);
    let states: Vec<_> = deliveries(store, &channel).await.iter().map(|it| it.state).collect();
    assert_eq!(states, [DeliveryState::Failed; 3]);
}

/// What failed at the channel as it was says nothing of the channel as its owner has made it since.
pub async fn a_channel_that_was_changed_meanwhile_is_not_disabled(store: &Subject) {
    let channel = add(store, a_webhook(an_owner())).await;
    put(store, &channel).await;
    let claimed = claim(store, 0).await.remove(0);
    store.update_channel(&channel, None).await.unwrap();
    store.settle(&claimed, &given_up(&claimed, &channel)).await.unwrap();
    let changed = known(store, &channel).await;
    assert_eq!((changed.status, changed.version), (ChannelStatus::Active, 2));
    let told: Vec<_> = claim(store, 5).await.into_iter().map(|it| it.notice.body).collect();
    assert_eq!(told, [claimed.notice.body], "the notice itself goes another way");
}

/// A page at a time, with all that is known of each.
pub async fn deliveries_are_listed_newest_first(store: &Subject) {
    let channel = add(store, a_webhook(an_owner())).await;
    let other = add(store, a_webhook(channel.owner)).await;
    let done = put(store, &channel).await;
    let again = put(store, &channel).await;
    let claimed = claim(store, 0).await;
    store.settle(&claimed[0], &Settlement::Done { at: later(3) }).await.unwrap();
    let error = "busy — 忙".to_owned();
    let put_off = Settlement::Again { at: later(700), error: error.clone() };
    store.settle(&claimed[1], &put_off).await.unwrap();
    put(store, &other).await;
    let fresh = put(store, &channel).await;
    let record = |notice: &Notice, state, attempts| DeliveryRecord {
        id: notice.id,
        channel: Some(channel.id),
        event: "run.failed".to_owned(),
        run: notice.body.run(),
        state,
        attempts,
        last_error: None,
        created_at: noon(),
        due_at: None,
        settled_at: None,
    };
    let (pending, noon) = (DeliveryState::Pending, Some(noon()));
    let expected = [
        DeliveryRecord { due_at: noon, ..record(&fresh, pending, 0) },
        DeliveryRecord {
            due_at: Some(later(700)),
            last_error: Some(error),
            ..record(&again, pending, 1)
        },
        DeliveryRecord { settled_at: Some(later(3)), ..record(&done, DeliveryState::Delivered, 1) },
    ];
    assert_eq!(deliveries(store, &channel).await, expected);
    let mut page = PageRequest { limit: 2, after: None };
    for expected in expected.chunks(2) {
        let found = store.deliveries(channel.owner, channel.id, page).await.unwrap();
        assert_eq!(found.items, expected);
        page.after = found.next;
    }
    assert_eq!(page.after, None);
    let page = PageRequest { limit: 9, after: None };
    assert_eq!(store.deliveries(an_owner(), channel.id, page).await.unwrap().items, []);
}

/// The channels' and the owner's own.
pub async fn deliveries_of_a_run_are_listed_wherever_they_go(store: &Subject) {
    let channel = add(store, a_webhook(an_owner())).await;
    let first = put(store, &channel).await;
    let second = Notice { id: NoticeId::new(noon()), channel: None, ..first.clone() };
    store.insert_notice(&second).await.unwrap();
    put(store, &channel).await;
    let run = first.body.run().unwrap();
    let found = store.deliveries_of_run(channel.owner, run).await.unwrap();
    let found: Vec<_> = found.iter().map(|it| (it.id, it.channel, it.run)).collect();
    let expected = [(first.id, Some(channel.id), Some(run)), (second.id, None, Some(run))];
    assert_eq!(found, expected);
    assert_eq!(store.deliveries_of_run(an_owner(), run).await.unwrap(), []);
    let unknown = RunId::new(noon());
    assert_eq!(store.deliveries_of_run(channel.owner, unknown).await.unwrap(), []);
}

/// With its id, by which receivers know it, and all attempts before it. What waits is left alone.
pub async fn a_settled_notice_is_sent_again_when_its_owner_asks(store: &Subject) {
    let channel = add(store, a_webhook(an_owner())).await;
    let other = add(store, a_webhook(channel.owner)).await;
    let notice = put(store, &channel).await;
    let (owner, at) = (channel.owner, later(50));
    refused(store.resend(owner, channel.id, notice.id, at).await);
    let claimed = claim(store, 0).await.remove(0);
    refused(store.resend(owner, channel.id, notice.id, at).await);
    let error = "gone".to_owned();
    let ends = [
        Settlement::GivenUp { at: later(5), error, instead: None, disable: None },
        Settlement::Done { at: later(55) },
    ];
    let mut last = claimed;
    for (settlement, times) in ends.iter().zip(1..) {
        store.settle(&last, settlement).await.unwrap();
        assert_eq!(store.resend(an_owner(), channel.id, notice.id, at).await.unwrap(), None);
        assert_eq!(store.resend(owner, other.id, notice.id, at).await.unwrap(), None);
        let record = store.resend(owner, channel.id, notice.id, at).await.unwrap().unwrap();
        assert_eq!((record.id, record.state), (notice.id, DeliveryState::Pending));
        assert_eq!((record.due_at, record.settled_at), (Some(at), None));
        assert_eq!(record.attempts, times);
        assert_eq!(deliveries(store, &channel).await, [record]);
        // A second wish while it waits is no second delivery.
        refused(store.resend(owner, channel.id, notice.id, at).await);
        last = claim(store, 50).await.remove(0);
        assert_eq!((last.notice.id, last.claim, last.attempt), (notice.id, times + 1, 1));
    }
    store.settle(&last, &Settlement::Done { at: later(56) }).await.unwrap();
    let until = noon() + MUCH_LATER;
    assert_eq!(store.claim_notices(until, until, 9).await.unwrap(), []);
    let unknown = NoticeId::new(noon());
    assert_eq!(store.resend(owner, channel.id, unknown, at).await.unwrap(), None);
}
