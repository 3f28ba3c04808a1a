//! Pictures and HARs, as they are sent: piece by piece, and a few at a time to each owner.

use std::{
    collections::HashMap,
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use http_body_util::combinators::BoxBody;
use hyper::body::{Frame, SizeHint};
use poem::{Body, http::StatusCode};
use synmon_core::{
    Clock, OwnerId,
    artifact::{ArtifactError, ArtifactKey, Artifacts},
    within,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::warn;

use super::problem::ApiError;

/// How many files an owner is sent, by one process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FileLimits {
    /// At a time.
    pub(crate) at_a_time: usize,
    /// How many more requests may wait for one of these to end: a page can have a hundred pictures.
    pub(crate) waiting: usize,
    /// For how long.
    pub(crate) wait: Duration,
}

impl Default for FileLimits {
    fn default() -> Self {
        Self { at_a_time: 8, waiting: 120, wait: Duration::from_secs(30) }
    }
}

/// The files of owners.
pub(crate) struct Files {
    artifacts: Arc<dyn Artifacts>,
    clock: Arc<dyn Clock>,
    limits: FileLimits,
    readers: Arc<Mutex<HashMap<OwnerId, Readers>>>,
}

/// The requests of an owner, those that wait included.
struct Readers {
    count: usize,
    places: Arc<Semaphore>,
}

/// One request, as long as it is there.
struct Reader {
    readers: Arc<Mutex<HashMap<OwnerId, Readers>>>,
    owner: OwnerId,
}

/// The place of a request that need not wait any more.
struct Place {
    _permit: OwnedSemaphorePermit,
    _reader: Reader,
}

impl Files {
    pub(crate) fn new(
        artifacts: Arc<dyn Artifacts>,
        clock: Arc<dyn Clock>,
        limits: FileLimits,
    ) -> Self {
        Self { artifacts, clock, limits, readers: Arc::default() }
    }

    /// A file of an owner's, if there is one. It takes its place until it is sent or given up.
    pub(crate) async fn open(
        &self,
        owner: OwnerId,
        key: &ArtifactKey,
    ) -> Result<Option<Body>, ApiError> {
        let place = self.place(owner).await.ok_or_else(|| {
            let detail = "too many files are being fetched: end some of the downloads first";
            ApiError::new(StatusCode::TOO_MANY_REQUESTS, detail)
        })?;
        let file = self.artifacts.open(key).await.map_err(|error| {
            warn!("The file {key} can't be read: {error}");
            ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "the file can't be read now: try again")
        })?;
        Ok(file.map(|file| {
            let pieces = file.pieces.map_err(|ArtifactError(error)| io::Error::other(error));
            let body = Body::from_bytes_stream(pieces).into();
            Body::from(BoxBody::new(Sent { body, left: file.size, _place: place }))
        }))
    }

    async fn place(&self, owner: OwnerId) -> Option<Place> {
        let places = {
            let mut readers = lock(&self.readers);
            let new = || Readers {
                count: 0,
                places: Arc::new(Semaphore::new(self.limits.at_a_time.min(Semaphore::MAX_PERMITS))),
            };
            let readers = readers.entry(owner).or_insert_with(new);
            if readers.count >= self.limits.at_a_time + self.limits.waiting {
                return None;
            }
            readers.count += 1;
            Arc::clone(&readers.places)
        };
        // One that gives up while it waits is not counted any more.
        let reader = Reader { readers: Arc::clone(&self.readers), owner };
        let permit = within(&*self.clock, self.limits.wait, places.acquire_owned()).await?;
        // Nobody closes the semaphore.
        Some(Place { _permit: permit.ok()?, _reader: reader })
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut all = lock(&self.readers);
        if let Some(readers) = all.get_mut(&self.owner) {
            readers.count -= 1;
            if readers.count == 0 {
                all.remove(&self.owner);
            }
        }
    }
}

fn lock(readers: &Mutex<HashMap<OwnerId, Readers>>) -> MutexGuard<'_, HashMap<OwnerId, Readers>> {
    readers.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A body whose length is known from the start.
struct Sent {
    body: BoxBody<Bytes, io::Error>,
    left: u64,
    _place: Place,
}

impl hyper::body::Body for Sent {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(piece))) = &frame {
            let sent = piece.data_ref().map_or(0, |bytes| bytes.len() as u64);
            self.left = self.left.saturating_sub(sent);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::poll;
    use poem::error::ResponseError as _;
    use synmon_core::{FlowId, RunId, browser::MediaType};
    use synmon_testkit::{
        ManualClock, MemoryArtifacts,
        factory::{an_owner, noon},
    };

    use super::*;

    const WAIT: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn an_owner_gets_a_few_files_at_a_time_and_the_next_when_one_of_them_ends() {
        let (owner, clock) = (an_owner(), ManualClock::at(noon()));
        let artifacts = Arc::new(MemoryArtifacts::new());
        let place = (owner, FlowId::new(noon()), RunId::new(noon()));
        let key = ArtifactKey::screenshot(place, 1, 0, MediaType::Png);
        artifacts.put(&key, Bytes::from_static(b"a picture")).await.unwrap();
        let few = FileLimits { at_a_time: 2, waiting: 1, wait: WAIT };
        let files = Files::new(artifacts, Arc::<ManualClock>::clone(&clock), few);
        let open = || files.open(owner, &key);
        let refused = |opened: Result<Option<Body>, ApiError>| {
            opened.unwrap_err().as_response().status() == StatusCode::TOO_MANY_REQUESTS
        };

        let first = open().await.unwrap().unwrap();
        let second = open().await.unwrap().unwrap();
        let mut third = pin!(open());
        assert!(poll!(third.as_mut()).is_pending());
        assert!(refused(open().await), "no more may wait");
        assert!(files.open(an_owner(), &key).await.unwrap().is_some(), "others have places");
        assert_eq!(first.into_vec().await.unwrap(), b"a picture");
        let third = third.await.unwrap().unwrap();

        let mut fourth = pin!(open());
        assert!(poll!(fourth.as_mut()).is_pending());
        clock.advance(WAIT).await;
        assert!(refused(fourth.await), "it has waited for too long");
        drop((second, third));
        assert!(lock(&files.readers).is_empty());
    }
}
