//! Removing what is too old.

use async_trait::async_trait;
use synmon_core::{
    RunId, Timestamp,
    artifact::ArtifactPrefix,
    run::{REMOVED_BY_AGE, Screenshot},
    store::{RetentionStore, StoreError, TrashStore},
};

use super::{MemoryStore, State, up_to};

#[async_trait]
impl RetentionStore for MemoryStore {
    async fn remove_runs(&self, ended_before: Timestamp, limit: u32) -> Result<u32, StoreError> {
        let mut state = self.open()?;
        let old = state.ended_before(ended_before, limit, |_| true);
        for id in &old {
            if let Some(pictures) = state.pictures_of(*id) {
                state.throw_away(&pictures);
            }
            state.free(*id);
            state.runs.remove(id);
            state.logs.retain(|(run, ..), _| run != id);
        }
        Ok(count(old.len()))
    }

    async fn remove_pictures(
        &self,
        ended_before: Timestamp,
        limit: u32,
    ) -> Result<u32, StoreError> {
        let mut state = self.open()?;
        let old = state.ended_before(ended_before, limit, |entry| !entry.pictures_removed);
        for id in &old {
            state.forget_pictures(*id, REMOVED_BY_AGE);
        }
        Ok(count(old.len()))
    }

    async fn remove_keyed_requests(
        &self,
        began_before: Timestamp,
        limit: u32,
    ) -> Result<u32, StoreError> {
        let mut state = self.open()?;
        let mut old: Vec<_> =
            state.keyed.iter().map(|(place, entry)| (entry.began_at, *place)).collect();
        old.retain(|(began, _)| *began < began_before);
        old.sort_unstable();
        old.truncate(up_to(limit));
        for (_, place) in &old {
            state.keyed.remove(place);
        }
        Ok(count(old.len()))
    }

    async fn remove_notices(
        &self,
        settled_before: Timestamp,
        limit: u32,
    ) -> Result<u32, StoreError> {
        let mut state = self.open()?;
        let mut old: Vec<_> = state
            .notices
            .values()
            .filter_map(|entry| Some((entry.settled_at?, entry.notice.id)))
            .filter(|(settled, _)| *settled < settled_before)
            .collect();
        old.sort_unstable();
        old.truncate(up_to(limit));
        for (_, id) in &old {
            state.notices.remove(id);
        }
        Ok(count(old.len()))
    }
}

#[async_trait]
impl TrashStore for MemoryStore {
    async fn take_trash(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<ArtifactPrefix>, StoreError> {
        let mut state = self.open()?;
        let mut due: Vec<_> = state.trash.iter_mut().filter(|(_, due)| **due <= now).collect();
        due.sort_by_key(|(_, due)| **due);
        due.truncate(up_to(limit));
        let take = |(prefix, due): (&String, &mut Timestamp)| {
            *due = until;
            ArtifactPrefix::from_stored(prefix.clone())
        };
        Ok(due.into_iter().map(take).collect())
    }

    async fn forget_trash(&self, prefix: &ArtifactPrefix) -> Result<(), StoreError> {
        self.open()?.trash.remove(prefix.as_str());
        Ok(())
    }
}

impl State {
    fn ended_before(
        &self,
        before: Timestamp,
        limit: u32,
        wanted: impl Fn(&super::RunEntry) -> bool,
    ) -> Vec<RunId> {
        let mut old: Vec<_> = self
            .runs
            .values()
            .filter(|entry| entry.run.status.is_terminal() && wanted(entry))
            .filter_map(|entry| Some((entry.run.finished_at?, entry.run.id)))
            .filter(|(finished, _)| *finished < before)
            .collect();
        old.sort_unstable();
        old.truncate(up_to(limit));
        old.into_iter().map(|(_, id)| id).collect()
    }

    /// Throws the pictures of a run away, and says in its logs why.
    pub(super) fn forget_pictures(&mut self, id: RunId, why: &str) {
        if let Some(pictures) = self.pictures_of(id) {
            self.throw_away(&pictures);
        }
        self.free(id);
        self.runs.get_mut(&id).unwrap().pictures_removed = true;
        for (_, log) in self.logs.iter_mut().filter(|((run, ..), _)| *run == id) {
            if matches!(log.screenshot, Screenshot::Captured(_)) {
                log.screenshot = Screenshot::Unavailable { why: why.to_owned() };
            }
        }
    }

    /// Where the pictures of a run are, if some worker had it and they were not removed before.
    fn pictures_of(&self, id: RunId) -> Option<ArtifactPrefix> {
        let entry = self.runs.get(&id)?;
        let place = (entry.run.owner, entry.run.flow, id);
        (entry.fencing > 0 && !entry.pictures_removed).then(|| ArtifactPrefix::run(place))
    }
}

fn count(things: usize) -> u32 {
    u32::try_from(things).unwrap()
}
