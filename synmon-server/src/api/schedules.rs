//! Crontab lines, before they are saved.

use std::sync::Arc;

use chrono::SecondsFormat;
use poem_openapi::{Object, OpenApi, payload::Json};
use synmon_core::{Clock, invalid::Invalid, schedule::Schedule, usecase::FlowRules};

use super::{Tag, body::Body, instant::instant, problem::ApiError};

const DEFAULT_COUNT: usize = 10;
/// How many firings are shown at most.
pub(super) const MAX_COUNT: i64 = 100;

pub(crate) struct SchedulesApi {
    pub(crate) rules: FlowRules,
    pub(crate) clock: Arc<dyn Clock>,
}

/// A crontab line to look at.
#[derive(Object)]
struct PreviewRequest {
    /// The crontab line.
    scheduling: String,
    /// The IANA time zone that it is read in; `UTC` by default.
    timezone: Option<String>,
    /// The firings after this are shown (RFC 3339); now by default.
    from: Option<String>,
    /// How many firings: 1 to 100, 10 by default.
    count: Option<i64>,
}

/// What a crontab line means.
#[derive(Object)]
struct Preview {
    /// The line in words.
    description: String,
    /// Its next firings.
    next: Vec<Firing>,
    /// What may surprise.
    warnings: Vec<Warning>,
}

/// One firing.
#[derive(Object)]
struct Firing {
    /// In UTC (RFC 3339).
    utc: String,
    /// In the time zone of the line (RFC 3339).
    local: String,
}

/// What may surprise in a crontab line.
#[derive(Object)]
struct Warning {
    /// The kind of surprise.
    code: String,
    /// The surprise in words.
    message: String,
}

#[OpenApi(tag = "Tag::Schedules")]
impl SchedulesApi {
    /// Show what a crontab line means
    ///
    /// The same checks as when a flow is saved.
    #[oai(path = "/schedules/preview", method = "post", operation_id = "preview_schedule")]
    #[expect(clippy::unused_async, reason = "every operation is asynchronous")]
    async fn preview(&self, body: Body<PreviewRequest>) -> poem::Result<Json<Preview>> {
        let PreviewRequest { scheduling, timezone, from, count } = body.0;
        let timezone = timezone.as_deref().unwrap_or("UTC");
        let now = self.clock.now();
        let from = from.map(|text| instant("from", &text)).transpose()?.unwrap_or(now).datetime();
        let count = checked_count(count).map_err(ApiError::from)?;
        let interval = self.rules.minimum_interval;
        let schedule =
            Schedule::parse_with_minimum(&scheduling, timezone, interval, now.datetime())
                .map_err(|error| ApiError::field(error.field(), error))?;
        let next = schedule
            .upcoming(from, count)
            .into_iter()
            .map(|at| Firing {
                utc: at.to_rfc3339_opts(SecondsFormat::Secs, true),
                local: at
                    .with_timezone(&schedule.timezone())
                    .to_rfc3339_opts(SecondsFormat::Secs, false),
            })
            .collect();
        let warnings = schedule
            .warnings(from)
            .into_iter()
            .map(|warning| Warning { code: warning.code.to_owned(), message: warning.message })
            .collect();
        Ok(Json(Preview { description: schedule.describe(), next, warnings }))
    }
}

fn checked_count(count: Option<i64>) -> Result<usize, Invalid> {
    let Some(count) = count else {
        return Ok(DEFAULT_COUNT);
    };
    usize::try_from(count)
        .ok()
        .filter(|_| (1..=MAX_COUNT).contains(&count))
        .ok_or_else(|| Invalid::field("count", format_args!("must be from 1 to {MAX_COUNT}")))
}
