//! Evidence: stored as each step ends, before the next one starts.

use std::{fmt::Write as _, time::Duration};

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use tracing::warn;

use super::{Parts, observed::cut, retry::persist, room::Room, wait::Limit};
use crate::{
    artifact::{ArtifactKey, STORE_TIMEOUT},
    browser::{NavigationTiming, Picture, Session, Shot},
    run::{PictureFacts, Screenshot, StepLog, StepStatus},
    store::{ClaimedRun, StoreError},
    within,
};

const PICTURE_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_URL_CHARS: usize = 4_096;
const MAX_TITLE_CHARS: usize = 1_000;
/// The longest text that a page, or an error about it, leaves in a log.
pub(super) const MAX_TEXT_CHARS: usize = 4_000;
const MAX_HTML_CHARS: usize = 8_000;
const MAX_DIALOGS: usize = 20;

/// Stores what the steps of one attempt leave behind.
pub(super) struct Recorder<'a> {
    pub(super) parts: &'a Parts,
    pub(super) claim: &'a ClaimedRun,
    pub(super) attempt: u32,
    room: Room,
}

impl<'a> Recorder<'a> {
    pub(super) fn new(parts: &'a Parts, claim: &'a ClaimedRun, attempt: u32) -> Self {
        Self { parts, claim, attempt, room: Room::new(parts.settings.storage) }
    }

    /// Finds out how much room there is. Where that can't be found out there is taken to be some:
    /// what is kept is counted in any case.
    pub(super) async fn look_for_room(&self) {
        let Self { parts, claim, .. } = self;
        match parts.store.stored(claim.run.owner).await {
            Ok(stored) => self.room.learn(stored),
            Err(error) => {
                warn!(run.id = %claim.run.id, "How much a run's owner has stored is not known: {error}");
            }
        }
    }

    /// Takes a picture and stores it. Whatever goes wrong is told in its place; it never fails a
    /// step.
    pub(super) async fn picture(
        &self,
        session: &mut dyn Session,
        (step, status): (u32, StepStatus),
        shot: Shot<'_>,
        limit: Limit<'_>,
    ) -> (Screenshot, Option<PictureFacts>) {
        if let Some(why) = self.room.refuses(1, status) {
            return (Screenshot::Unavailable { why }, None);
        }
        let limit = limit.at_least(PICTURE_TIMEOUT).at_most(PICTURE_TIMEOUT);
        let stored = match limit.call(session.screenshot(shot)).await {
            Ok(picture) => {
                let facts = facts(&picture);
                self.put(step, status, picture).await.map(|key| (key, facts))
            }
            Err(failure) => Err(format!("the browser gave no picture: {}", describe(&failure))),
        };
        match stored {
            Ok((key, facts)) => (Screenshot::Captured(key), Some(facts)),
            Err(why) => (Screenshot::Unavailable { why }, None),
        }
    }

    /// Stores the log of a step.
    pub(super) async fn record(&self, log: &mut StepLog) -> Result<(), StoreError> {
        bound(log);
        let log = &*log;
        let Self { parts, claim, attempt, room } = self;
        let stored =
            persist(parts, "a step's log", || parts.store.record_step(&claim.lease, *attempt, log))
                .await;
        room.take(log.stored_bytes());
        if let Ok(Some(stored)) = stored {
            room.learn(stored);
        }
        if let (Err(_), Screenshot::Captured(key)) = (&stored, &log.screenshot) {
            // Nothing refers to the picture now. If it stays, its flow's removal takes it along.
            let removed = within(&*parts.clock, STORE_TIMEOUT, parts.artifacts.remove(key)).await;
            if !matches!(removed, Some(Ok(()))) {
                warn!("The picture {key} of a log that could not be stored stays: {removed:?}");
            }
        }
        parts.signals.progressed();
        stored.map(|_| ())
    }

    /// Stores the requests of an attempt as a HAR. It is extra: what goes wrong there is logged.
    pub(super) async fn keep_har(&self, har: Bytes) {
        let Self { parts, claim, attempt, .. } = self;
        let run = &claim.run;
        if har.len() > parts.settings.max_screenshot_bytes {
            warn!(run.id = %run.id, "The HAR is too large to be kept");
            return;
        }
        let bytes = size(&har);
        self.look_for_room().await;
        if let Some(why) = self.room.refuses(bytes, StepStatus::Passed) {
            warn!(run.id = %run.id, "The HAR is not kept: {why}");
            return;
        }
        if let Err(error) = parts.store.count_file(&claim.lease, bytes).await {
            warn!(run.id = %run.id, "The HAR is not kept, because it can't be counted: {error}");
            return;
        }
        let key = ArtifactKey::har((run.owner, run.flow, run.id), *attempt);
        let put = within(&*parts.clock, STORE_TIMEOUT, parts.artifacts.put(&key, har)).await;
        if !matches!(put, Some(Ok(()))) {
            warn!(run.id = %run.id, "The HAR {key} could not be stored: {put:?}");
        }
    }

    async fn put(
        &self,
        step: u32,
        status: StepStatus,
        picture: Picture,
    ) -> Result<ArtifactKey, String> {
        let Self { parts, claim, attempt, room } = self;
        let (size, most) = (picture.bytes.len(), parts.settings.max_screenshot_bytes);
        if size > most {
            return Err(format!("the picture has {size} bytes; at most {most} are kept"));
        }
        if let Some(why) = room.refuses(self::size(&picture.bytes), status) {
            return Err(why);
        }
        let run = &claim.run;
        let place = (run.owner, run.flow, run.id);
        let key = ArtifactKey::screenshot(place, *attempt, step, picture.media_type);
        let put = parts.artifacts.put(&key, picture.bytes);
        match within(&*parts.clock, STORE_TIMEOUT, put).await {
            Some(Ok(())) => Ok(key),
            Some(Err(error)) => {
                warn!(run.id = %run.id, "The picture {key} could not be stored: {error}");
                Err("the picture could not be stored".to_owned())
            }
            None => Err(format!("the picture could not be stored within {STORE_TIMEOUT:?}")),
        }
    }
}

fn size(bytes: &Bytes) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

fn facts(picture: &Picture) -> PictureFacts {
    let digest = Sha256::digest(&picture.bytes);
    PictureFacts {
        bytes: size(&picture.bytes),
        sha256: digest.iter().fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a string can't fail.
            let _ = write!(text, "{byte:02x}");
            text
        }),
    }
}

/// What a page says is hostile data: it is cut to size, and no store can hold NUL.
pub(super) fn bound(log: &mut StepLog) {
    if let Some(url) = &mut log.url {
        cut(url, MAX_URL_CHARS);
    }
    if let Some(title) = &mut log.title {
        cut(title, MAX_TITLE_CHARS);
    }
    log.dialogs.truncate(MAX_DIALOGS);
    log.dialogs.iter_mut().for_each(|text| cut(text, MAX_TEXT_CHARS));
    if let Some(error) = &mut log.error {
        cut(&mut error.message, MAX_TEXT_CHARS);
        error.expected.iter_mut().for_each(|text| cut(text, MAX_TEXT_CHARS));
        error.found.iter_mut().for_each(|text| cut(text, MAX_TEXT_CHARS));
    }
    let evidence = &mut log.evidence;
    // No JSON can hold another number, and a log that can't be read again is no evidence.
    evidence.navigation = evidence.navigation.filter(|timing| {
        let NavigationTiming { ttfb_ms, dom_content_loaded_ms, load_ms } = *timing;
        [ttfb_ms, dom_content_loaded_ms, load_ms].into_iter().all(f64::is_finite)
    });
    evidence.html.iter_mut().for_each(|html| cut(html, MAX_HTML_CHARS));
    evidence.extracted.iter_mut().for_each(|value| cut(value, MAX_TEXT_CHARS));
    for candidate in &mut evidence.candidates {
        cut(&mut candidate.selector, MAX_TEXT_CHARS);
        candidate.invalid.iter_mut().for_each(|why| cut(why, MAX_TEXT_CHARS));
    }
    if let Screenshot::Unavailable { why } = &mut log.screenshot {
        cut(why, MAX_TEXT_CHARS);
    }
}

fn describe(failure: &super::wait::Failure) -> String {
    use super::wait::Failure;
    match failure {
        Failure::Page(error) => error.message.clone(),
        Failure::Browser(error) => error.to_string(),
        Failure::Hung => format!("it did not answer within {PICTURE_TIMEOUT:?}"),
        Failure::Stopped(_) => "the run was stopped".to_owned(),
    }
}
