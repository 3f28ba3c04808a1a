//! Channels, and what was delivered to them.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use secrecy::ExposeSecret as _;
use synmon_core::{ChannelId, NoticeId};
use uuid::Uuid;

use super::{
    BASE_PATH, Tag,
    body::Body,
    channel_view::{ChannelChangeBody, ChannelView, DeliveryView, NewChannelBody},
    guard::Authenticated,
    paging::{cursor_after, page_request},
    problem::ApiError,
};
use crate::{channels::Channels, visit::Visit};

pub(crate) struct ChannelsApi {
    pub(crate) channels: Channels,
}

/// A page of channels, newest first.
#[derive(Object)]
struct ChannelPage {
    items: Vec<ChannelView>,
    /// What to pass as `cursor` for the next page; null if this is the last.
    next_cursor: Option<String>,
}

/// A page of deliveries, newest first.
#[derive(Object)]
struct DeliveryPage {
    items: Vec<DeliveryView>,
    /// What to pass as `cursor` for the next page; null if this is the last.
    next_cursor: Option<String>,
}

/// The token out of the letter that asks for a channel's confirmation.
#[derive(Object)]
struct ChannelToken {
    /// The token in the letter's link.
    token: String,
}

/// A new secret.
#[derive(Object)]
struct NewSecret {
    /// What the webhook is signed with from now on. It is never shown again.
    secret: String,
}

#[derive(ApiResponse)]
enum Created {
    /// It was made. An e-mail address has got a letter that asks for its confirmation.
    #[oai(status = 201)]
    Created(Json<ChannelView>, #[oai(header = "Location")] String),
}

#[derive(ApiResponse)]
enum Deleted {
    /// It is gone, and flows have forgotten it.
    #[oai(status = 204)]
    Deleted,
}

#[derive(ApiResponse)]
enum Confirmed {
    /// It is in use.
    #[oai(status = 204)]
    Confirmed,
}

#[derive(ApiResponse)]
enum Asked {
    /// A letter follows, unless the address has got several within the hour.
    #[oai(status = 202)]
    Asked,
}

#[derive(ApiResponse)]
enum Queued {
    /// It is on its way; the channel's deliveries show what came of it.
    #[oai(status = 202)]
    Queued(Json<DeliveryView>),
}

#[OpenApi(tag = "Tag::Channels")]
impl ChannelsApi {
    /// Make a channel
    ///
    /// At most 50. Flows name the channels that their alerts go to.
    #[oai(path = "/channels", method = "post", operation_id = "create_channel")]
    async fn create(
        &self,
        visit: Data<&Arc<Visit>>,
        caller: Authenticated,
        body: Body<NewChannelBody>,
    ) -> poem::Result<Created> {
        let (kind, id) = (body.0.kind.clone(), visit.to_make().map(ChannelId::from_uuid));
        let made = self.channels.create(caller.0.owner, &kind, body.0.into(), id).await;
        let view = ChannelView::from(made.map_err(ApiError::from)?);
        let location = format!("{BASE_PATH}/channels/{}", view.id);
        Ok(Created::Created(Json(view), location))
    }

    /// List channels
    #[oai(path = "/channels", method = "get", operation_id = "list_channels")]
    async fn list(
        &self,
        caller: Authenticated,
        /// How many at most: 1 to 100, 50 by default.
        limit: Query<Option<String>>,
        /// The `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> poem::Result<Json<ChannelPage>> {
        let page = page_request(caller.0.owner, limit.0.as_deref(), cursor.0.as_deref())?;
        let found = self.channels.list(caller.0.owner, page).await.map_err(ApiError::from)?;
        Ok(Json(ChannelPage {
            items: found.items.into_iter().map(ChannelView::from).collect(),
            next_cursor: found.next.map(|id| cursor_after(caller.0.owner, id)),
        }))
    }

    /// Confirm a channel's address by the token that was mailed to it
    #[oai(path = "/channels/confirm", method = "post", operation_id = "confirm_channel")]
    async fn confirm(&self, body: Body<ChannelToken>) -> poem::Result<Confirmed> {
        self.channels.confirm(&body.0.token).await.map_err(ApiError::from)?;
        Ok(Confirmed::Confirmed)
    }

    /// Get a channel
    #[oai(path = "/channels/:id", method = "get", operation_id = "get_channel")]
    async fn get(&self, caller: Authenticated, id: Path<Uuid>) -> poem::Result<Json<ChannelView>> {
        let (owner, id) = (caller.0.owner, ChannelId::from_uuid(id.0));
        let channel = self.channels.get(owner, id).await.map_err(ApiError::from)?;
        Ok(Json(channel.into()))
    }

    /// Change a channel
    ///
    /// Any subset of its fields; `{"enabled": true}` switches it on again.
    #[oai(path = "/channels/:id", method = "patch", operation_id = "change_channel")]
    async fn change(
        &self,
        caller: Authenticated,
        id: Path<Uuid>,
        body: Body<ChannelChangeBody>,
    ) -> poem::Result<Json<ChannelView>> {
        let (owner, id) = (caller.0.owner, ChannelId::from_uuid(id.0));
        let enabled = body.0.enabled;
        let changed = self.channels.change(owner, id, &body.0.into(), enabled).await;
        Ok(Json(changed.map_err(ApiError::from)?.into()))
    }

    /// Delete a channel
    ///
    /// Flows forget it; what still waits to be delivered goes to your own e-mail address.
    #[oai(path = "/channels/:id", method = "delete", operation_id = "delete_channel")]
    async fn delete(&self, caller: Authenticated, id: Path<Uuid>) -> poem::Result<Deleted> {
        let (owner, id) = (caller.0.owner, ChannelId::from_uuid(id.0));
        self.channels.delete(owner, id).await.map_err(ApiError::from)?;
        Ok(Deleted::Deleted)
    }

    /// Send a test to a channel, even to one that is disabled
    #[oai(path = "/channels/:id/test", method = "post", operation_id = "test_channel")]
    async fn test(&self, caller: Authenticated, id: Path<Uuid>) -> poem::Result<Queued> {
        let (owner, id) = (caller.0.owner, ChannelId::from_uuid(id.0));
        let delivery = self.channels.test(owner, id).await.map_err(ApiError::from)?;
        Ok(Queued::Queued(Json(delivery.into())))
    }

    /// Give a webhook a new secret
    ///
    /// For 24 hours it is signed with the old one, too.
    #[oai(
        path = "/channels/:id/rotate-secret",
        method = "post",
        operation_id = "rotate_channel_secret"
    )]
    async fn rotate(&self, caller: Authenticated, id: Path<Uuid>) -> poem::Result<Json<NewSecret>> {
        let (owner, id) = (caller.0.owner, ChannelId::from_uuid(id.0));
        let secret = self.channels.rotate_secret(owner, id).await.map_err(ApiError::from)?;
        Ok(Json(NewSecret { secret: secret.expose_secret().to_owned() }))
    }

    /// Ask a channel's address for its confirmation again
    #[oai(
        path = "/channels/:id/resend-confirmation",
        method = "post",
        operation_id = "resend_channel_confirmation"
    )]
    async fn resend_confirmation(
        &self,
        caller: Authenticated,
        id: Path<Uuid>,
    ) -> poem::Result<Asked> {
        let (owner, id) = (caller.0.owner, ChannelId::from_uuid(id.0));
        self.channels.resend_confirmation(owner, id).await.map_err(ApiError::from)?;
        Ok(Asked::Asked)
    }

    /// List what was and is to be delivered to a channel
    #[oai(path = "/channels/:id/deliveries", method = "get", operation_id = "list_deliveries")]
    async fn deliveries(
        &self,
        caller: Authenticated,
        id: Path<Uuid>,
        /// How many at most: 1 to 100, 50 by default.
        limit: Query<Option<String>>,
        /// The `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> poem::Result<Json<DeliveryPage>> {
        let (owner, id) = (caller.0.owner, ChannelId::from_uuid(id.0));
        let page = page_request(caller.0.owner, limit.0.as_deref(), cursor.0.as_deref())?;
        let found = self.channels.deliveries(owner, id, page).await.map_err(ApiError::from)?;
        Ok(Json(DeliveryPage {
            items: found.items.into_iter().map(DeliveryView::from).collect(),
            next_cursor: found.next.map(|id| cursor_after(caller.0.owner, id)),
        }))
    }

    /// Deliver something once more
    ///
    /// With the same id, so that its receiver can know it for a repeat.
    #[oai(
        path = "/channels/:id/deliveries/:delivery/resend",
        method = "post",
        operation_id = "resend_delivery"
    )]
    async fn resend(
        &self,
        caller: Authenticated,
        id: Path<Uuid>,
        delivery: Path<Uuid>,
    ) -> poem::Result<Queued> {
        let (owner, id) = (caller.0.owner, ChannelId::from_uuid(id.0));
        let delivery = NoticeId::from_uuid(delivery.0);
        let resent = self.channels.resend(owner, id, delivery).await.map_err(ApiError::from)?;
        Ok(Queued::Queued(Json(resent.into())))
    }
}
