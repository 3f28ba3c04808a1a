//! Channels: kept, changed, deleted.

use std::{collections::BTreeMap, sync::Arc};

use synmon_core::{
    Name, NoticeId, OwnerId, Timestamp,
    channel::{Channel, ChannelStatus, ChannelTarget, Destination, SigningSecret},
    flow::Flow,
    notice::{Notice, NoticeBody},
    store::{DeliveryState, PageRequest, Settlement, StoreError},
};

use super::{Subject, add, at_once, begin, failed, insert, later, refused, stored};
use crate::factory::{
    a_failure_notice, a_flow, a_registration, a_report, a_webhook, an_owner,
    an_unconfirmed_address, noon,
};

const ALL: u32 = 100;

async fn known(store: &Subject, channel: &Channel) -> Option<Channel> {
    store.channel(channel.owner, channel.id).await.unwrap()
}

/// What asks for the confirmation of a channel.
fn a_confirmation(channel: &Channel, now: Timestamp) -> Notice {
    let body = NoticeBody::ConfirmChannel { channel_name: channel.name.to_string() };
    let id = NoticeId::new(now);
    let (owner, channel) = (Some(channel.owner), Some(channel.id));
    Notice { id, owner, channel, created_at: now, body }
}

fn one_of_each_kind(owner: OwnerId) -> [Channel; 3] {
    let secret = |secret: &str, until| SigningSecret { secret: secret.to_owned(), until };
    let old = Some(Timestamp::from_micros(1_767_614_400_000_001));
    let texts = [("raum — 部屋", "a\n\t\"'\\ \u{0} 🦀"), ("", "")];
    let settings = texts.map(|(name, text)| (name.to_owned(), text.to_owned()));
    [
        Channel {
            target: ChannelTarget::Webhook {
                url: "https://hooks.example/ä?x=%20&y='\"#z".to_owned(),
                secrets: vec![secret("whsec_bmV3", None), secret("whsec_b2xk", old)],
            },
            ..a_webhook(owner)
        },
        Channel {
            name: Name::parse("Größe “%_\\” '\" 🦀").unwrap(),
            target: ChannelTarget::Plugin {
                plugin: "chat".to_owned(),
                settings: BTreeMap::from(settings),
            },
            status: ChannelStatus::Disabled,
            status_reason: Some("weil — 理由".to_owned()),
            last_delivered_at: Some(later(7)),
            last_error: Some(String::new()),
            version: 3,
            ..a_webhook(owner)
        },
        Channel { updated_at: later(1), ..an_unconfirmed_address(owner, "ops+ä@site.example") },
    ]
}

/// With every field.
pub async fn a_channel_of_each_kind_comes_back_as_stored(store: &Subject) {
    for channel in one_of_each_kind(an_owner()) {
        assert!(store.insert_channel(&channel, None, ALL).await.unwrap());
        assert_eq!(known(store, &channel).await, Some(channel.clone()));
        refused(store.insert_channel(&channel, None, ALL).await);
        assert_eq!(known(store, &channel).await, Some(channel));
    }
}

/// To anybody else it is not there.
pub async fn a_channel_is_seen_by_its_owner_alone(store: &Subject) {
    let mine = add(store, a_webhook(an_owner())).await;
    let other = add(store, a_webhook(an_owner())).await;
    let page = PageRequest { limit: ALL, after: None };
    assert_eq!(store.channel(other.owner, mine.id).await.unwrap(), None);
    let listed = store.list_channels(mine.owner, page).await.unwrap().items;
    assert_eq!(listed, std::slice::from_ref(&mine));
    let ids = [other.id, mine.id];
    assert_eq!(store.owned_channels(mine.owner, &ids).await.unwrap(), [mine.id]);
    assert_eq!(store.owned_channels(an_owner(), &ids).await.unwrap(), []);
    assert!(!store.delete_channel(other.owner, mine.id).await.unwrap());
    assert_eq!(known(store, &mine).await, Some(mine));
}

/// Each once, and the last page says that it is the last.
pub async fn channels_are_listed_newest_first_a_page_at_a_time(store: &Subject) {
    let owner = an_owner();
    let mut made = Vec::new();
    for _ in 0..6 {
        made.push(add(store, a_webhook(owner)).await);
    }
    made.sort_by_key(|channel| std::cmp::Reverse(channel.id));
    let mut page = PageRequest { limit: 2, after: None };
    for expected in made.chunks(2) {
        let found = store.list_channels(owner, page).await.unwrap();
        assert_eq!(found.items, expected);
        page.after = found.next;
    }
    assert_eq!(page.after, None);
}

/// Whoever has as many as he may gets no other, and nothing is sent for it.
pub async fn an_owner_has_no_more_channels_than_he_may(store: &Subject) {
    let owner = an_owner();
    let channel = || an_unconfirmed_address(owner, "ops@site.example");
    add(store, channel()).await;
    add(store, a_webhook(an_owner())).await;
    let second = channel();
    assert!(store.insert_channel(&second, None, 2).await.unwrap());
    let third = channel();
    let notice = a_confirmation(&third, noon());
    assert!(!store.insert_channel(&third, Some(&notice), 2).await.unwrap());
    assert_eq!(known(store, &third).await, None);
    assert_eq!(super::pending(store).await, []);
    assert!(store.delete_channel(owner, second.id).await.unwrap());
    assert!(store.insert_channel(&third, Some(&notice), 2).await.unwrap());
    assert_eq!(super::pending(store).await, [notice]);
}

/// However many ask at the same moment.
pub async fn the_limit_of_channels_holds_for_many_at_once(store: &Subject) {
    // Again and again: at first a store may still have to connect, which puts them in line.
    for round in 0..8 {
        let account = a_registration(&format!("{round}@site.example"));
        store.register(&account, &crate::factory::a_letter(noon())).await.unwrap();
        let inserted = at_once(8, |_| {
            let (store, channel) = (Arc::clone(store), a_webhook(account.id));
            async move { store.insert_channel(&channel, None, 3).await.unwrap() }
        })
        .await;
        assert_eq!(inserted.into_iter().filter(|inserted| *inserted).count(), 3);
        let page = PageRequest { limit: ALL, after: None };
        assert_eq!(store.list_channels(account.id, page).await.unwrap().items.len(), 3);
    }
}

/// All but what was noted of deliveries; what asks for the confirmation goes out with it.
pub async fn an_update_replaces_the_channel_and_keeps_what_was_noted(store: &Subject) {
    let channel = add(store, a_webhook(an_owner())).await;
    let sent = a_failure_notice(channel.owner, Some(channel.id), noon());
    store.insert_notice(&sent).await.unwrap();
    let claimed = store.claim_notices(noon(), later(60), 1).await.unwrap().remove(0);
    store.settle(&claimed, &Settlement::Done { at: later(3) }).await.unwrap();
    let changed = Channel {
        name: Name::parse("another").unwrap(),
        updated_at: later(9),
        status_reason: Some("its address is to be confirmed".to_owned()),
        last_error: Some("not to be stored".to_owned()),
        version: 1,
        ..an_unconfirmed_address(channel.owner, "b@site.example")
    };
    let changed = Channel { id: channel.id, ..changed };
    let notice = a_confirmation(&changed, later(9));
    store.update_channel(&changed, Some(&notice)).await.unwrap();
    let noted = Channel {
        version: 2,
        last_delivered_at: Some(later(3)),
        last_error: None,
        ..changed.clone()
    };
    assert_eq!(known(store, &channel).await, Some(noted.clone()));
    let claimed = store.claim_notices(later(9), later(60), 9).await.unwrap();
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].notice, notice);
    assert_eq!(claimed[0].to, Destination::Channel(noted));
}

/// Nor is anything sent for it.
pub async fn an_update_of_a_channel_that_has_changed_or_gone_is_refused(store: &Subject) {
    let channel = add(store, an_unconfirmed_address(an_owner(), "a@site.example")).await;
    store.update_channel(&channel, None).await.unwrap();
    let notice = a_confirmation(&channel, noon());
    refused(store.update_channel(&channel, Some(&notice)).await);
    let second = Channel { version: 2, ..channel.clone() };
    let results = at_once(8, |_| {
        let (store, channel) = (Arc::clone(store), second.clone());
        async move { store.update_channel(&channel, None).await }
    })
    .await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
    assert_eq!(known(store, &channel).await.unwrap().version, 3);
    store.delete_channel(channel.owner, channel.id).await.unwrap();
    let third = Channel { version: 3, ..channel.clone() };
    refused(store.update_channel(&third, Some(&notice)).await);
    assert_eq!(super::pending(store).await, []);
}

/// What was delivered stays on record; what waits is told all the same, as if never tried. Nobody
/// else loses anything.
pub async fn a_deleted_channel_is_forgotten_and_what_waits_goes_to_its_owner(store: &Subject) {
    let owner = an_owner();
    let (gone, kept) = (add(store, a_webhook(owner)).await, add(store, a_webhook(owner)).await);
    let other = add(store, a_webhook(an_owner())).await;
    let channels = vec![kept.id, gone.id];
    let flow = insert(store, Flow { channels, ..a_flow(owner) }).await;
    let without = insert(store, Flow { channels: vec![kept.id], ..a_flow(owner) }).await;
    let mut notices = Vec::new();
    for channel in [&gone, &gone, &kept, &other] {
        let notice = a_failure_notice(channel.owner, Some(channel.id), noon());
        store.insert_notice(&notice).await.unwrap();
        notices.push(notice);
    }
    let claimed = store.claim_notices(noon(), later(60), 9).await.unwrap();
    assert_eq!(claimed.len(), 4);
    store.settle(&claimed[0], &Settlement::Done { at: later(1) }).await.unwrap();
    let again = Settlement::Again { at: later(2), error: "busy".to_owned() };
    for claimed in &claimed[1..] {
        store.settle(claimed, &again).await.unwrap();
    }
    assert!(store.delete_channel(owner, gone.id).await.unwrap());
    assert!(!store.delete_channel(owner, gone.id).await.unwrap());
    assert_eq!(known(store, &gone).await, None);
    let forgotten = Flow { channels: vec![kept.id], version: 2, ..flow.clone() };
    assert_eq!(stored(store, &flow).await, forgotten);
    assert_eq!(stored(store, &without).await, without);
    let claimed = store.claim_notices(later(2), later(60), 9).await.unwrap();
    let claims: Vec<_> = claimed.iter().map(|it| (it.notice.id, it.claim, it.attempt)).collect();
    let ids: Vec<_> = notices.iter().map(|notice| notice.id).collect();
    assert_eq!(claims, [(ids[1], 2, 1), (ids[2], 2, 2), (ids[3], 2, 2)]);
    assert_eq!((claimed[0].notice.channel, &claimed[0].to), (None, &Destination::Owner));
    let target = |index: usize| match &claimed[index].to {
        Destination::Channel(channel) => channel.id,
        Destination::Owner => panic!("{claimed:?}"),
    };
    assert_eq!([target(1), target(2)], [kept.id, other.id]);
}

/// Whoever is faster: nobody meets a deadlock, and every verdict is told to somebody who is there.
pub async fn a_channel_can_be_deleted_while_its_notices_come_and_go(store: &Subject) {
    for _ in 0..40 {
        let owner = an_owner();
        let channel = add(store, a_webhook(owner)).await;
        let flow = insert(store, Flow { channels: vec![channel.id], ..a_flow(owner) }).await;
        let mut runs = Vec::new();
        for _ in 0..2 {
            runs.push(begin(store, &flow, noon()).await);
        }
        for _ in 0..2 {
            let notice = a_failure_notice(owner, Some(channel.id), noon());
            store.insert_notice(&notice).await.unwrap();
        }
        let claimed = store.claim_notices(noon(), later(60), 9).await.unwrap();
        assert_eq!(claimed.len(), 2);
        let results = at_once(5, |turn| {
            let turn = usize::from(turn);
            let (store, channel) = (Arc::clone(store), channel.clone());
            let (run, claimed) = (runs.get(turn).cloned(), claimed.get(turn.wrapping_sub(2)));
            let claimed = claimed.cloned();
            async move {
                match (run, claimed) {
                    (Some(run), _) => {
                        store.finish(&run.lease, &a_report(&run, failed(), later(9))).await
                    }
                    (_, Some(claimed)) => {
                        store.settle(&claimed, &Settlement::Done { at: later(1) }).await
                    }
                    _ => store.delete_channel(owner, channel.id).await.map(|_| ()),
                }
            }
        })
        .await;
        for result in results {
            assert!(matches!(result, Ok::<(), StoreError>(())), "{result:?}");
        }
        for run in runs {
            let told = store.deliveries_of_run(owner, run.run.id).await.unwrap();
            assert_eq!(told.len(), 1);
            assert_eq!((told[0].channel, told[0].state), (None, DeliveryState::Pending));
        }
        let waiting = store.claim_notices(later(10), noon(), 9).await.unwrap();
        assert_eq!(waiting.len(), 2);
        for claimed in waiting {
            assert_eq!(claimed.to, Destination::Owner);
            store.settle(&claimed, &Settlement::Done { at: later(11) }).await.unwrap();
        }
    }
}

/// And what waits for them.
pub async fn a_deleted_account_takes_its_channels_along(store: &Subject) {
    let account = a_registration("ada@site.example");
    store.register(&account, &crate::factory::a_letter(noon())).await.unwrap();
    super::pending(store).await;
    let mine = add(store, a_webhook(account.id)).await;
    let other = add(store, a_webhook(an_owner())).await;
    let mut notices = Vec::new();
    for channel in [&mine, &other] {
        let notice = a_failure_notice(channel.owner, Some(channel.id), noon());
        store.insert_notice(&notice).await.unwrap();
        notices.push(notice);
    }
    assert!(store.delete_account(account.id).await.unwrap());
    assert_eq!(known(store, &mine).await, None);
    assert_eq!(known(store, &other).await, Some(other));
    let claimed = store.claim_notices(noon(), later(60), 9).await.unwrap();
    let left: Vec<_> = claimed.into_iter().map(|claimed| claimed.notice).collect();
    assert_eq!(left, notices[1..]);
}
