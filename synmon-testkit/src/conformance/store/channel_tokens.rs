//! Tokens that prove that an address is its owner's.

use std::{sync::Arc, time::Duration};

use synmon_core::{
    channel::{Channel, ChannelStatus, ChannelTarget},
    store::{NewChannelToken, TokenHash},
};

use super::{Subject, add, at_once, later};
use crate::factory::{a_channel_token, a_webhook, an_owner, an_unconfirmed_address, noon};

const EMAIL: &str = "ops@site.example";
const MOST: u32 = 3;

async fn unconfirmed(store: &Subject) -> Channel {
    add(store, an_unconfirmed_address(an_owner(), EMAIL)).await
}

async fn issue(store: &Subject, token: &NewChannelToken) -> bool {
    store.issue_channel_token(token, noon(), MOST).await.unwrap()
}

async fn confirm(store: &Subject, seed: u8) -> bool {
    store.confirm_channel(TokenHash([seed; 32]), later(30)).await.unwrap()
}

async fn known(store: &Subject, channel: &Channel) -> Channel {
    store.channel(channel.owner, channel.id).await.unwrap().unwrap()
}

/// Then the channel is in use; nothing else of it changes.
pub async fn a_token_confirms_its_channel_once(store: &Subject) {
    let channel = unconfirmed(store).await;
    let other = unconfirmed(store).await;
    assert!(issue(store, &a_channel_token(1, &channel, EMAIL, noon())).await);
    assert!(!confirm(store, 2).await);
    let confirmed = at_once(6, |_| {
        let store = Arc::clone(store);
        async move { confirm(&store, 1).await }
    })
    .await;
    assert_eq!(confirmed.into_iter().filter(|confirmed| *confirmed).count(), 1);
    let (status, updated_at) = (ChannelStatus::Active, later(30));
    let expected = Channel { status, updated_at, version: 2, ..channel.clone() };
    assert_eq!(known(store, &channel).await, expected);
    assert_eq!(known(store, &other).await, other);
    assert!(!confirm(store, 1).await);
    assert!(!issue(store, &a_channel_token(3, &channel, EMAIL, noon())).await, "it is confirmed");
}

/// Until its end, and not at it.
pub async fn a_token_confirms_its_channel_in_time(store: &Subject) {
    let channel = unconfirmed(store).await;
    assert!(issue(store, &a_channel_token(1, &channel, EMAIL, noon())).await);
    let late = store.confirm_channel(TokenHash([1; 32]), later(3_600)).await.unwrap();
    assert!(!late);
    assert_eq!(known(store, &channel).await, channel);
    let in_time = noon() + Duration::from_micros(3_599_999_999);
    assert!(store.confirm_channel(TokenHash([1; 32]), in_time).await.unwrap());
}

/// Whoever owns the old address proves nothing of the new one, nor of what is no address at all.
pub async fn a_token_confirms_only_the_address_that_it_went_to(store: &Subject) {
    let channel = unconfirmed(store).await;
    assert!(issue(store, &a_channel_token(1, &channel, EMAIL, noon())).await);
    assert!(!issue(store, &a_channel_token(2, &channel, "b@site.example", noon())).await);
    let target = ChannelTarget::Email { email: "b@site.example".to_owned() };
    let moved = Channel { target, ..channel.clone() };
    store.update_channel(&moved, None).await.unwrap();
    assert!(!confirm(store, 1).await);
    assert!(!issue(store, &a_channel_token(3, &channel, EMAIL, noon())).await);
    let webhook = Channel { version: 2, target: a_webhook(channel.owner).target, ..moved };
    store.update_channel(&webhook, None).await.unwrap();
    assert!(!confirm(store, 1).await);
    assert_eq!(known(store, &channel).await.status, ChannelStatus::Unconfirmed);
    store.delete_channel(channel.owner, channel.id).await.unwrap();
    assert!(!confirm(store, 1).await);
    assert!(!issue(store, &a_channel_token(4, &channel, EMAIL, noon())).await);
}

/// Of the same channel alone.
pub async fn a_new_token_ends_the_older_one_of_its_channel(store: &Subject) {
    let (channel, other) = (unconfirmed(store).await, unconfirmed(store).await);
    assert!(issue(store, &a_channel_token(1, &channel, EMAIL, noon())).await);
    assert!(issue(store, &a_channel_token(2, &other, EMAIL, noon())).await);
    assert!(issue(store, &a_channel_token(3, &channel, EMAIL, later(1))).await);
    assert!(!confirm(store, 1).await);
    assert!(confirm(store, 2).await);
    assert!(confirm(store, 3).await);
}

/// Over all channels and owners, however it is written; one that is deleted does not give way to
/// another. Nobody is flooded with letters by strangers.
pub async fn an_address_gets_a_limited_number_of_tokens(store: &Subject) {
    for seed in 1..=3 {
        let spelled = if seed == 2 { "OPS@Site.Example" } else { EMAIL };
        let channel = add(store, an_unconfirmed_address(an_owner(), spelled)).await;
        assert!(issue(store, &a_channel_token(seed, &channel, spelled, later(seed.into()))).await);
        store.delete_channel(channel.owner, channel.id).await.unwrap();
    }
    let channel = unconfirmed(store).await;
    let token = a_channel_token(4, &channel, EMAIL, later(10));
    assert!(!issue(store, &token).await);
    assert!(!confirm(store, 4).await);
    let elsewhere = "other@site.example";
    let other = add(store, an_unconfirmed_address(an_owner(), elsewhere)).await;
    assert!(issue(store, &a_channel_token(5, &other, elsewhere, later(10))).await);
    // Those of old do not count for ever.
    assert!(store.issue_channel_token(&token, later(2), MOST).await.unwrap());
}

/// However many letters are written at the same moment.
pub async fn the_limit_of_an_address_holds_for_many_at_once(store: &Subject) {
    // Again and again: at first a store may still have to connect, which puts them in line.
    for round in 0..8 {
        let email = format!("{round}@site.example");
        let mut channels = Vec::new();
        for _ in 0..8 {
            channels.push(add(store, an_unconfirmed_address(an_owner(), &email)).await);
        }
        let issued = at_once(8, |turn| {
            let store = Arc::clone(store);
            let channel = &channels[usize::from(turn)];
            let token = a_channel_token(round * 8 + turn, channel, &email, noon());
            async move { issue(&store, &token).await }
        })
        .await;
        assert_eq!(issued.into_iter().filter(|issued| *issued).count(), 3);
    }
}
