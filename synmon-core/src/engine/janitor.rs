//! Clearing up.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use metrics::counter;
use tracing::{info, warn};

use super::{JANITOR_PERIOD, POLL, Parts, Ticking, room};
use crate::{store::StoreError, within};

/// How many things of a kind are removed in one tick, and in one transaction.
const BATCH: u32 = 200;
/// How many folders are removed in one tick.
const FOLDERS: u32 = 100;
/// How long it is known what came of a request with an `Idempotency-Key`.
const KEYED_REQUESTS_KEPT: Duration = Duration::from_hours(24);
/// For how many owners room is made in one tick.
const OWNERS: u32 = 50;
/// How long the removal of one folder may take.
const FOLDER_LIMIT: Duration = Duration::from_secs(30);
/// When it is tried again to remove a folder that could not be.
const FOLDER_PAUSE: Duration = Duration::from_mins(10);

/// How long things are kept. Whatever is shorter counts: pictures go with their run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Runs with their logs, from their end on.
    pub runs: Duration,
    /// The pictures of runs, from the run's end on.
    pub pictures: Duration,
    /// Notices, from their delivery on (or from when they were given up).
    pub notices: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        let days = |days: u64| Duration::from_hours(24 * days);
        Self { runs: days(90), pictures: days(14), notices: days(90) }
    }
}

/// Removes what is too old, and the files of what was deleted.
pub struct Janitor {
    parts: Arc<Parts>,
}

impl Janitor {
    pub(super) fn new(parts: Arc<Parts>) -> Self {
        Self { parts }
    }

    /// Removes some of what is to be removed, and returns how long there will be no more of it.
    pub async fn tick(&self) -> Result<Duration, StoreError> {
        let more_files = self.empty_trash().await?;
        let more_rows = self.remove_old().await?;
        let more_pictures = self.make_room().await?;
        let more = more_files || more_rows || more_pictures;
        Ok(if more { POLL } else { JANITOR_PERIOD })
    }

    /// Whether there is more of it.
    async fn remove_old(&self) -> Result<bool, StoreError> {
        let Parts { store, clock, settings, .. } = &*self.parts;
        let (now, keep) = (clock.now(), settings.retention);
        let runs = store.remove_runs(now.before(keep.runs), BATCH).await?;
        let pictures = store.remove_pictures(now.before(keep.pictures), BATCH).await?;
        let notices = store.remove_notices(now.before(keep.notices), BATCH).await?;
        let before = now.before(KEYED_REQUESTS_KEPT);
        let requests = store.remove_keyed_requests(before, BATCH).await?;
        let removed = [
            ("runs", runs),
            ("pictures", pictures),
            ("notices", notices),
            ("requests with keys", requests),
        ];
        for (kind, count) in removed.into_iter().filter(|(_, count)| *count > 0) {
            info!(kind, count, "Removed because of their age: {kind} ({count})");
            counter!("synmon_removed_by_age_total", "kind" => kind).increment(count.into());
        }
        Ok(removed.into_iter().any(|(_, count)| count >= BATCH))
    }

    /// Removes the pictures that are worth least of those owners' runs who have used up their room.
    /// Whether there is more of them.
    async fn make_room(&self) -> Result<bool, StoreError> {
        let Parts { store, settings, .. } = &*self.parts;
        let kept = room::kept(settings.storage);
        let owners = store.owners_above(kept, OWNERS).await?;
        let mut more = owners.len() >= OWNERS as usize;
        for (owner, stored) in owners {
            let count = store.make_room(owner, stored.saturating_sub(kept), BATCH).await?;
            more |= count >= BATCH;
            info!(%owner, count, "Removed to make room: the pictures of {count} runs of {owner}");
            counter!("synmon_pictures_removed_for_room_total").increment(count.into());
        }
        Ok(more)
    }

    /// Whether there is more in the trash. What can't be removed now goes to its end.
    async fn empty_trash(&self) -> Result<bool, StoreError> {
        let Parts { store, artifacts, clock, .. } = &*self.parts;
        let now = clock.now();
        let folders = store.take_trash(now, now + FOLDER_PAUSE, FOLDERS).await?;
        let more = folders.len() >= FOLDERS as usize;
        for prefix in folders {
            match within(&**clock, FOLDER_LIMIT, artifacts.remove_all(&prefix)).await {
                Some(Ok(())) => store.forget_trash(&prefix).await?,
                Some(Err(error)) => {
                    warn!("Files below {} can't be removed yet: {error}", prefix.as_str());
                }
                None => {
                    // The next one would hang just so; they are taken again after the pause.
                    warn!("Files below {} are not removed: it takes too long", prefix.as_str());
                    break;
                }
            }
        }
        Ok(more)
    }
}

#[async_trait]
impl Ticking for Janitor {
    const NAME: &'static str = "janitor";

    async fn tick_once(&self) -> Result<Duration, StoreError> {
        self.tick().await
    }
}
