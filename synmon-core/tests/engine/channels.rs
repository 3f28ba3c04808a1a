//! From the outbox to channels.

use std::time::Duration;

use synmon_core::{
    Clock as _, NoticeId,
    channel::{Channel, ChannelStatus, Destination},
    notice::{Notice, NoticeBody},
    store::{ChannelStore as _, NoticeStore as _},
};
use synmon_testkit::{
    NoticeState, Reply,
    factory::{a_failure_notice, a_webhook, an_owner, noon},
};
use tokio_util::sync::CancellationToken;

use crate::world::{World, later, secs};

async fn tick(world: &World) -> usize {
    world.clock.drive(world.engine.dispatcher().tick()).await.unwrap()
}

async fn add(world: &World, channel: Channel) -> Channel {
    assert!(world.store.insert_channel(&channel, None, 9).await.unwrap());
    channel
}

async fn known(world: &World, channel: &Channel) -> Channel {
    world.store.channel(channel.owner, channel.id).await.unwrap().unwrap()
}

async fn put(world: &World, channel: &Channel) -> NoticeId {
    let notice = a_failure_notice(channel.owner, Some(channel.id), noon());
    world.store.insert_notice(&notice).await.unwrap();
    notice.id
}

async fn put_body(world: &World, channel: &Channel, body: NoticeBody) -> NoticeId {
    let notice = a_failure_notice(channel.owner, Some(channel.id), noon());
    let notice = Notice { body, ..notice };
    world.store.insert_notice(&notice).await.unwrap();
    notice.id
}

fn state(world: &World, id: NoticeId) -> NoticeState {
    let outbox = world.outbox();
    outbox.into_iter().find(|(notice, _)| notice.id == id).unwrap().1
}

/// The channels that were asked, in order; none is the owner's own address.
fn asked(world: &World) -> Vec<Option<synmon_core::ChannelId>> {
    let channel = |to: &Destination| match to {
        Destination::Owner => None,
        Destination::Channel(channel) => Some(channel.id),
    };
    world.notifier.destinations().iter().map(channel).collect()
}

fn a_test() -> NoticeBody {
    NoticeBody::ChannelTest { channel_name: "a webhook".to_owned() }
}

#[tokio::test]
async fn a_notice_goes_to_its_channel_and_that_is_noted_there() {
    let world = World::new();
    let channel = add(&world, a_webhook(world.owner)).await;
    let id = put(&world, &channel).await;
    assert_eq!(tick(&world).await, 1);
    assert_eq!(world.notifier.destinations(), [Destination::Channel(channel.clone())]);
    assert_eq!(state(&world, id), NoticeState::Done);
    assert_eq!(known(&world, &channel).await.last_delivered_at, Some(noon()));
}

#[tokio::test]
async fn a_receiver_that_asks_to_be_left_alone_is_for_a_day_at_most() {
    let day = Duration::from_hours(24);
    let cases = [(secs(3_600), secs(3_600)), (day * 2, day), (Duration::MAX, day)];
    for (wanted, expected) in cases {
        let world = World::new();
        world.notifier.answer([Reply::RetryAfter(wanted)]);
        let channel = add(&world, a_webhook(world.owner)).await;
        let id = put(&world, &channel).await;
        tick(&world).await;
        assert_eq!(state(&world, id), NoticeState::Pending(noon() + expected));
    }
    // Nor sooner than others are tried again.
    let world = World::new();
    world.notifier.answer([Reply::RetryAfter(secs(1))]);
    let channel = add(&world, a_webhook(world.owner)).await;
    let id = put(&world, &channel).await;
    tick(&world).await;
    let NoticeState::Pending(due) = state(&world, id) else { panic!() };
    assert!(due >= later(5) && due < later(6), "{due}");
}

#[tokio::test]
async fn a_channel_that_fails_for_days_is_disabled_and_its_owner_told_another_way() {
    let world = World::new();
    world.notifier.answer([Reply::Retry; 13]);
    let channel = add(&world, a_webhook(world.owner)).await;
    let id = put(&world, &channel).await;
    while let NoticeState::Pending(due) = state(&world, id) {
        world.clock.set_wall(due);
        assert_eq!(tick(&world).await, 1);
    }
    let took = world.clock.now().since(noon());
    let hours = |hours| Duration::from_hours(hours);
    assert!(took > hours(90) && took < hours(110), "{took:?}");
    assert_eq!(asked(&world), [Some(channel.id); 13]);
    let ids = world.notifier.asked();
    assert!(ids.iter().all(|notice| notice.id == id), "always the same id");
    let disabled = known(&world, &channel).await;
    assert_eq!(disabled.status, ChannelStatus::Disabled);
    assert_eq!(disabled.status_reason.as_deref(), Some("the server is busy"));
    assert_eq!(tick(&world).await, 2);
    assert_eq!(asked(&world)[13..], [None, None]);
    let told = &world.notifier.asked()[13..];
    assert!(told.iter().any(|notice| notice.body == ids[0].body), "the notice itself");
    let about = told.iter().find_map(|notice| match &notice.body {
        NoticeBody::ChannelDisabled { channel, reason, .. } => Some((*channel, reason.as_str())),
        _ => None,
    });
    assert_eq!(about, Some((channel.id, "the server is busy")));
    world.clock.pass(hours(1_000));
    assert_eq!(tick(&world).await, 0);
}

#[tokio::test]
async fn a_channel_that_is_gone_for_good_is_disabled_once_whatever_waits_for_it() {
    let world = World::new();
    world.notifier.answer([Reply::GiveUp, Reply::GiveUp]);
    let channel = add(&world, a_webhook(world.owner)).await;
    for _ in 0..5 {
        put(&world, &channel).await;
    }
    while tick(&world).await > 0 {}
    let to_channel = asked(&world).iter().filter(|to| to.is_some()).count();
    assert_eq!(to_channel, 2, "nobody knocks there again");
    let by_mail: Vec<_> = world
        .notifier
        .asked()
        .into_iter()
        .zip(asked(&world))
        .filter_map(|(notice, to)| to.is_none().then_some(notice.body.event()))
        .collect();
    let count = |event| by_mail.iter().filter(|told| **told == event).count();
    assert_eq!((count("run.failed"), count("channel.disabled")), (5, 1), "{by_mail:?}");
}

#[tokio::test]
async fn what_a_channel_that_is_not_in_use_would_get_its_owner_gets() {
    for status in [ChannelStatus::Disabled, ChannelStatus::Unconfirmed] {
        let world = World::new();
        let reason = Some("why".to_owned());
        let channel = a_webhook(world.owner);
        let channel = Channel { status, status_reason: reason, ..channel };
        let channel = add(&world, channel).await;
        let id = put(&world, &channel).await;
        while tick(&world).await > 0 {}
        assert_eq!(asked(&world), [None], "{status}");
        assert_eq!(world.notifier.asked()[0].body.event(), "run.failed");
        assert!(matches!(state(&world, id), NoticeState::GivenUp(_)));
        let after = known(&world, &channel).await;
        assert_eq!((after.status, after.status_reason), (status, channel.status_reason));
    }
}

#[tokio::test]
async fn a_test_is_tried_at_a_disabled_channel_and_tells_nobody_else() {
    let world = World::new();
    let channel = Channel { status: ChannelStatus::Disabled, ..a_webhook(world.owner) };
    let channel = add(&world, channel).await;
    let good = put_body(&world, &channel, a_test()).await;
    tick(&world).await;
    assert_eq!(state(&world, good), NoticeState::Done);
    assert_eq!(asked(&world), [Some(channel.id)]);
    world.notifier.answer([Reply::GiveUp]);
    let bad = put_body(&world, &channel, a_test()).await;
    while tick(&world).await > 0 {}
    assert!(matches!(state(&world, bad), NoticeState::GivenUp(_)));
    assert_eq!(asked(&world), [Some(channel.id); 2]);
}

#[tokio::test]
async fn a_confirmation_goes_only_to_a_channel_that_needs_one() {
    let confirm = || NoticeBody::ConfirmChannel { channel_name: "a webhook".to_owned() };
    for status in ChannelStatus::ALL {
        let world = World::new();
        let channel = add(&world, Channel { status: *status, ..a_webhook(world.owner) }).await;
        let id = put_body(&world, &channel, confirm()).await;
        tick(&world).await;
        assert_eq!(state(&world, id), NoticeState::Done);
        let needed = *status == ChannelStatus::Unconfirmed;
        assert_eq!(asked(&world).len(), usize::from(needed), "{status}");
    }
}

#[tokio::test]
async fn what_is_about_a_channel_that_is_gone_goes_nowhere() {
    let world = World::new();
    let channel = add(&world, a_webhook(world.owner)).await;
    let test = put_body(&world, &channel, a_test()).await;
    let verdict = put(&world, &channel).await;
    world.store.delete_channel(world.owner, channel.id).await.unwrap();
    while tick(&world).await > 0 {}
    assert_eq!(asked(&world), [None], "the verdict alone");
    assert_eq!(world.notifier.asked()[0].id, verdict);
    assert_eq!(state(&world, test), NoticeState::Done);
}

#[tokio::test]
async fn what_a_receiver_says_is_kept_in_a_form_that_every_store_takes() {
    const LONG: &str = concat!("a\0b", "…………………………………………………………………………");
    let world = World::new();
    world.notifier.answer([Reply::Refuses(LONG)]);
    let channel = add(&world, a_webhook(world.owner)).await;
    put_body(&world, &channel, a_test()).await;
    tick(&world).await;
    let kept = known(&world, &channel).await.last_error.unwrap();
    assert_eq!(kept, LONG.replace('\0', ""));
}

#[tokio::test]
async fn a_receiver_that_hangs_does_not_hold_up_the_others() {
    let world = World::new();
    world.notifier.answer([Reply::Hang, Reply::Hang]);
    let slow = add(&world, a_webhook(world.owner)).await;
    let quick = add(&world, a_webhook(an_owner())).await;
    let mut hung = Vec::new();
    for _ in 0..3 {
        hung.push(put(&world, &slow).await);
    }
    let mut sent = Vec::new();
    for _ in 0..9 {
        sent.push(put(&world, &quick).await);
    }
    let stop = CancellationToken::new();
    let running = world.engine.run(stop.clone());
    let watch = async {
        world.clock.advance(secs(1)).await;
        for id in &sent {
            assert_eq!(state(&world, *id), NoticeState::Done);
        }
        assert_eq!(asked(&world).iter().filter(|to| **to == Some(slow.id)).count(), 2);
        // Its time is over, and so is that of the one behind it in the queue.
        world.clock.advance(secs(30)).await;
        assert_eq!(state(&world, hung[2]), NoticeState::Done);
        world.clock.advance(secs(10)).await;
        for id in &hung {
            assert_eq!(state(&world, *id), NoticeState::Done);
        }
        stop.cancel();
    };
    tokio::join!(running, watch);
}

#[tokio::test]
async fn the_end_of_the_process_waits_for_deliveries_no_longer_than_the_grace() {
    let world = World::new();
    world.notifier.answer([Reply::Hang]);
    let channel = add(&world, a_webhook(world.owner)).await;
    let id = put(&world, &channel).await;
    let stop = CancellationToken::new();
    let running = async {
        world.engine.run(stop.clone()).await;
        world.clock.monotonic()
    };
    let watch = async {
        world.clock.advance(secs(2)).await;
        assert_eq!(world.notifier.asked().len(), 1);
        stop.cancel();
        let stopped = world.clock.monotonic();
        world.clock.advance(secs(60)).await;
        stopped
    };
    let (ended, stopped) = tokio::join!(running, watch);
    let took = ended.saturating_sub(stopped);
    assert!(took <= secs(15), "{took:?}");
    // Nothing is lost: whoever comes next delivers it once more, under the same id.
    assert_eq!(tick(&world).await, 1);
    assert_eq!(state(&world, id), NoticeState::Done);
    let asked = world.notifier.asked();
    assert_eq!((asked.len(), asked[0].id), (2, asked[1].id));
}
