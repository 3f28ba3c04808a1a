//! How many letters an owner gets in a day.

use std::{num::NonZeroU32, time::Duration};

use synmon_core::{
    Clock as _, NoticeId,
    channel::{Channel, ChannelTarget},
    engine::EngineSettings,
    notice::{Notice, NoticeBody},
    store::{ChannelStore as _, NoticeStore as _, QuotaStore as _},
};
use synmon_testkit::{
    NoticeState, Reply,
    factory::{a_failure_notice, a_webhook, noon},
};

use crate::world::{World, later, settings};

fn world(letters: u32) -> World {
    let letters_per_day = NonZeroU32::new(letters).unwrap();
    World::with(EngineSettings { letters_per_day, ..settings() })
}

async fn tick_all(world: &World) {
    while world.clock.drive(world.engine.dispatcher().tick()).await.unwrap() > 0 {}
}

async fn put(world: &World, channel: Option<&Channel>) -> NoticeId {
    let channel = channel.map(|channel| channel.id);
    let notice = a_failure_notice(world.owner, channel, world.clock.now());
    world.store.insert_notice(&notice).await.unwrap();
    notice.id
}

async fn an_address(world: &World) -> Channel {
    let target = ChannelTarget::Email { email: "oncall@example.test".to_owned() };
    let channel = Channel { target, ..a_webhook(world.owner) };
    assert!(world.store.insert_channel(&channel, None, 9).await.unwrap());
    channel
}

fn state(world: &World, id: NoticeId) -> NoticeState {
    let outbox = world.outbox();
    outbox.into_iter().find(|(notice, _)| notice.id == id).unwrap().1
}

fn is_last(notice: &Notice) -> bool {
    matches!(notice.body, NoticeBody::LettersUsedUp { .. })
}

#[tokio::test]
async fn letters_beyond_those_of_a_day_are_given_up_and_one_says_so() {
    let world = world(2);
    let address = an_address(&world).await;
    let sent = [put(&world, Some(&address)).await, put(&world, None).await];
    tick_all(&world).await;
    let beyond = [put(&world, Some(&address)).await, put(&world, None).await];
    tick_all(&world).await;
    for id in sent {
        assert_eq!(state(&world, id), NoticeState::Done);
    }
    for id in beyond {
        let NoticeState::GivenUp(why) = state(&world, id) else { panic!("{:?}", world.outbox()) };
        assert!(why.contains("all 2 letters"), "{why}");
    }
    // The channel is as good as before.
    let known = world.store.channel(world.owner, address.id).await.unwrap().unwrap();
    assert_eq!(known.status, address.status);
    let asked = world.notifier.asked();
    assert_eq!(asked.len(), 3);
    let last = asked.iter().find(|notice| is_last(notice)).unwrap();
    assert_eq!((last.owner, last.channel), (Some(world.owner), None));
    let midnight = later(12 * 3_600);
    assert_eq!(last.body, NoticeBody::LettersUsedUp { most: 2, until: midnight });
    assert_eq!(world.store.used(world.owner, noon()).await.unwrap().letters, 2);
    // The next day has its own.
    world.clock.set_wall(midnight);
    let ids = [put(&world, None).await, put(&world, None).await, put(&world, None).await];
    tick_all(&world).await;
    let done = ids.into_iter().filter(|id| state(&world, *id) == NoticeState::Done);
    assert_eq!(done.count(), 2);
    assert_eq!(world.notifier.asked().iter().filter(|notice| is_last(notice)).count(), 2);
}

#[tokio::test]
async fn what_is_no_letter_or_was_asked_for_is_not_counted() {
    let world = world(1);
    let hook = a_webhook(world.owner);
    assert!(world.store.insert_channel(&hook, None, 9).await.unwrap());
    for _ in 0..3 {
        put(&world, Some(&hook)).await;
    }
    let address = an_address(&world).await;
    for _ in 0..3 {
        let body = NoticeBody::ChannelTest { channel_name: "x".to_owned() };
        let test = a_failure_notice(world.owner, Some(address.id), noon());
        world.store.insert_notice(&Notice { body, ..test }).await.unwrap();
    }
    tick_all(&world).await;
    assert!(world.outbox().iter().all(|(_, state)| *state == NoticeState::Done));
    assert_eq!(world.store.used(world.owner, noon()).await.unwrap().letters, 0);
}

#[tokio::test]
async fn a_letter_that_is_tried_again_is_counted_once() {
    let world = world(2);
    world.notifier.answer([Reply::Retry, Reply::Retry]);
    let first = put(&world, None).await;
    for _ in 0..3 {
        tick_all(&world).await;
        world.clock.pass(Duration::from_mins(3));
    }
    assert_eq!(state(&world, first), NoticeState::Done);
    let second = put(&world, None).await;
    tick_all(&world).await;
    assert_eq!(state(&world, second), NoticeState::Done);
}
