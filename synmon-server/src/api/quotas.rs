//! What an account may have and do, and how much of that is used up.

use poem_openapi::{Object, OpenApi, payload::Json};
use synmon_core::{Timestamp, store::Metered, usecase::Meter};

use super::{Tag, guard::Authenticated, instant::Instant, problem::ApiError};

pub(crate) struct QuotasApi {
    pub(crate) meter: Meter,
}

/// What an account may have and do.
#[derive(Object)]
#[oai(rename = "Quotas")]
struct QuotasView {
    /// Flows. Beyond it, no flow is made (422).
    flows: QuotaView,
    /// Runs in an hour of the clock. Beyond it, none is started by hand (429), and scheduled ones are
    /// skipped (`quota`).
    runs: QuotaView,
    /// Tests, repeats and confirmations of channels in a day (UTC). Beyond it, there are none (429).
    messages: QuotaView,
    /// Letters about flows and channels in a day (UTC). Beyond it, one says so, and deliveries by
    /// letter are given up.
    letters: QuotaView,
    /// Bytes of pictures and HARs. From nine tenths on, those of the oldest runs make room, first of
    /// all those that passed; runs go on in any case.
    stored_bytes: QuotaView,
}

/// One of them.
#[derive(Object)]
#[oai(rename = "Quota")]
struct QuotaView {
    /// How much is used up.
    used: u64,
    /// How much there may be.
    most: u64,
    /// When all of it is there again, if it is for a time.
    renewed_at: Option<Instant>,
}

impl QuotaView {
    fn of(used: u64, most: impl Into<u64>, renewed_at: Option<Timestamp>) -> Self {
        let most = most.into();
        Self { used: used.min(most), most, renewed_at: renewed_at.map(Into::into) }
    }
}

#[OpenApi(tag = "Tag::Account")]
impl QuotasApi {
    /// How much the account may have and do
    #[oai(path = "/quotas", method = "get", operation_id = "get_quotas")]
    async fn get(&self, caller: Authenticated) -> poem::Result<Json<QuotasView>> {
        let may = self.meter.quotas();
        let (used, renewed) = self.meter.used(caller.0.owner).await.map_err(ApiError::from)?;
        Ok(Json(QuotasView {
            flows: QuotaView::of(used.flows, may.flows.get(), None),
            runs: QuotaView::of(used.runs, may.runs_per_hour.get(), Some(renewed(Metered::Runs))),
            messages: QuotaView::of(
                used.messages,
                may.messages_per_day.get(),
                Some(renewed(Metered::Messages)),
            ),
            letters: QuotaView::of(
                used.letters,
                may.letters_per_day.get(),
                Some(renewed(Metered::Letters)),
            ),
            stored_bytes: QuotaView::of(used.storage, may.storage.get(), None),
        }))
    }
}
