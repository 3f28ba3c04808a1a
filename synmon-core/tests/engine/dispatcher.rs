//! From the outbox to people.

use synmon_core::store::NoticeStore as _;
use synmon_testkit::{
    NoticeState, Reply,
    factory::{a_letter, noon},
};

use crate::world::{World, later, secs};

async fn tick(world: &World) -> usize {
    world.clock.drive(world.engine.dispatcher().tick()).await.unwrap()
}

async fn put(world: &World) {
    world.store.insert_notice(&a_letter(noon())).await.unwrap();
}

fn state(world: &World) -> NoticeState {
    world.outbox().remove(0).1
}

#[tokio::test]
async fn a_notice_is_sent_once() {
    let world = World::new();
    put(&world).await;
    assert_eq!(tick(&world).await, 1);
    assert_eq!(tick(&world).await, 0);
    world.clock.pass(secs(1_000_000));
    assert_eq!(tick(&world).await, 0);
    assert_eq!(world.notifier.asked(), [world.outbox().remove(0).0]);
    assert_eq!(state(&world), NoticeState::Done);
}

#[tokio::test]
async fn a_notice_that_nobody_needs_is_done_with() {
    let world = World::new();
    world.notifier.answer([Reply::NotNeeded]);
    put(&world).await;
    tick(&world).await;
    assert_eq!(state(&world), NoticeState::Done);
}

#[tokio::test]
async fn a_notice_that_can_not_be_sent_yet_is_tried_again_later_under_the_same_id() {
    for trouble in [Reply::Retry, Reply::Hang, Reply::Panic] {
        let world = World::new();
        world.notifier.answer([trouble]);
        put(&world).await;
        tick(&world).await;
        let NoticeState::Pending(due) = state(&world) else { panic!("{trouble:?}") };
        let hung = if trouble == Reply::Hang { 30 } else { 0 };
        assert!(due >= later(hung + 5) && due < later(hung + 6), "{trouble:?}: {due}");
        assert_eq!(tick(&world).await, 0, "not before it is due");
        world.clock.set_wall(due);
        assert_eq!(tick(&world).await, 1);
        assert_eq!(state(&world), NoticeState::Done);
        let asked = world.notifier.asked();
        assert_eq!((asked.len(), &asked[0]), (2, &asked[1]));
    }
}

#[tokio::test]
async fn attempts_come_at_growing_intervals_and_end_after_more_than_a_day() {
    let world = World::new();
    world.notifier.answer([Reply::Retry; 99]);
    put(&world).await;
    let mut pauses = Vec::new();
    let mut now = noon();
    loop {
        world.clock.set_wall(now);
        tick(&world).await;
        match state(&world) {
            NoticeState::Pending(due) => {
                pauses.push(due.since(now));
                now = due;
            }
            NoticeState::GivenUp(error) => {
                assert!(error.contains("busy"));
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(pauses.is_sorted(), "{pauses:?}");
    assert!(now.since(noon()) > secs(24 * 3_600));
    assert_eq!(world.notifier.asked().len(), pauses.len() + 1);
    world.clock.pass(secs(1_000_000));
    assert_eq!(tick(&world).await, 0);
}

#[tokio::test]
async fn a_notice_that_will_never_be_sent_is_given_up_at_once() {
    let world = World::new();
    world.notifier.answer([Reply::GiveUp]);
    put(&world).await;
    tick(&world).await;
    assert_eq!(state(&world), NoticeState::GivenUp("there is no such address".to_owned()));
}

#[tokio::test]
async fn one_notice_that_hangs_or_panics_does_not_keep_the_others_of_its_batch() {
    for trouble in [Reply::Hang, Reply::Panic] {
        let world = World::new();
        world.notifier.answer([Reply::Sent, trouble, Reply::Sent]);
        for _ in 0..4 {
            put(&world).await;
        }
        assert_eq!(tick(&world).await, 4);
        let done = world.outbox().iter().filter(|(_, state)| *state == NoticeState::Done).count();
        assert_eq!(done, 3, "{trouble:?}");
        world.clock.pass(secs(1_000));
        assert_eq!(tick(&world).await, 1);
        assert_eq!(world.notifier.asked().len(), 5, "each of the others went out once");
    }
}

#[tokio::test]
async fn a_long_outbox_is_worked_off_in_batches() {
    let world = World::new();
    for _ in 0..70 {
        put(&world).await;
    }
    assert_eq!([tick(&world).await, tick(&world).await, tick(&world).await], [32, 32, 6]);
    assert_eq!(world.notifier.asked().len(), 70);
}

#[tokio::test]
async fn two_dispatchers_send_each_notice_once() {
    let world = World::new();
    for _ in 0..15 {
        put(&world).await;
    }
    let (one, two) = (world.engine.dispatcher(), world.another_engine().dispatcher());
    let both = async { tokio::join!(one.tick(), two.tick()) };
    let (one, two) = world.clock.drive(both).await;
    assert_eq!(one.unwrap() + two.unwrap(), 15);
    assert_eq!(world.notifier.asked().len(), 15);
}

#[tokio::test]
async fn a_notice_whose_dispatcher_died_is_sent_by_another() {
    let world = World::new();
    put(&world).await;
    world.notifier.answer([Reply::Hang]);
    let dispatcher = world.engine.dispatcher();
    let died = tokio::spawn(async move { dispatcher.tick().await });
    world.clock.advance(secs(1)).await;
    died.abort();
    world.clock.advance(secs(58)).await;
    assert_eq!(tick(&world).await, 0);
    world.clock.advance(secs(1)).await;
    assert_eq!(tick(&world).await, 1);
    assert_eq!(state(&world), NoticeState::Done);
}
