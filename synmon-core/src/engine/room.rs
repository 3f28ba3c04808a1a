//! How much room there is for pictures.

use std::{
    num::NonZeroU64,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::run::StepStatus;

/// What the pictures of one attempt of a run may take.
const OF_AN_ATTEMPT: u64 = 50 << 20;

/// How much may be kept: by one attempt of a run, and by all runs of its owner.
///
/// Of an owner's room the janitor keeps a tenth free ([`kept`]), for what comes until it looks again;
/// and of this tenth, the second half is for steps that have failed. So the newest runs leave
/// pictures, however many there are, and a failure is shown even if they come faster than others go.
pub(super) struct Room {
    most: NonZeroU64,
    /// What the runs of the owner keep, as far as it is known here.
    of_owner: AtomicU64,
    /// What this attempt keeps.
    of_attempt: AtomicU64,
}

/// Down to which size the janitor brings what an owner's runs keep.
pub(super) fn kept(most: NonZeroU64) -> u64 {
    most.get() - most.get() / 10
}

impl Room {
    pub(super) fn new(most: NonZeroU64) -> Self {
        Self { most, of_owner: AtomicU64::new(0), of_attempt: AtomicU64::new(0) }
    }

    /// Notes what the runs of the owner keep.
    pub(super) fn learn(&self, stored: u64) {
        self.of_owner.store(stored, Ordering::Relaxed);
    }

    /// Notes that the attempt keeps more.
    pub(super) fn take(&self, bytes: u64) {
        self.of_attempt.fetch_add(bytes, Ordering::Relaxed);
        self.of_owner.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Why a picture of so many bytes is not kept of a step that has ended so, if it is not.
    pub(super) fn refuses(&self, bytes: u64, status: StepStatus) -> Option<String> {
        let most = self.most.get();
        let for_all = if status == StepStatus::Failed { most } else { most - most / 20 };
        if self.of_owner.load(Ordering::Relaxed).saturating_add(bytes) > for_all {
            let most = in_words(most);
            return Some(format!(
                "the pictures of your account take all of the {most} that they may: the oldest are \
                 being removed"
            ));
        }
        let in_attempt = self.of_attempt.load(Ordering::Relaxed).saturating_add(bytes);
        (in_attempt > OF_AN_ATTEMPT && status != StepStatus::Failed).then(|| {
            let most = in_words(OF_AN_ATTEMPT);
            format!("the pictures of the run take all of the {most} that they may")
        })
    }
}

fn in_words(bytes: u64) -> String {
    match bytes {
        0..=0xf_ffff => format!("{bytes} bytes"),
        _ => format!("{} MiB", bytes >> 20),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(most: u64) -> Room {
        Room::new(NonZeroU64::new(most).unwrap())
    }

    #[test]
    fn the_last_of_the_room_is_for_failures() {
        let room = room(1_000);
        room.learn(940);
        assert_eq!(room.refuses(10, StepStatus::Passed), None);
        let why = room.refuses(11, StepStatus::Passed).unwrap();
        assert!(why.contains("1000 bytes"), "{why}");
        assert_eq!(room.refuses(60, StepStatus::Failed), None);
        assert!(room.refuses(61, StepStatus::Failed).is_some());
        assert!(room.refuses(u64::MAX, StepStatus::Failed).is_some());
        room.take(10);
        assert!(room.refuses(1, StepStatus::Passed).is_some());
        assert_eq!(kept(NonZeroU64::new(1_000).unwrap()), 900);
        assert_eq!(kept(NonZeroU64::MIN), 1);
    }

    #[test]
    fn one_attempt_has_no_more_than_its_part_but_for_failures() {
        let room = room(u64::MAX);
        room.take(OF_AN_ATTEMPT - 1);
        assert_eq!(room.refuses(1, StepStatus::Passed), None);
        let why = room.refuses(2, StepStatus::Passed).unwrap();
        assert!(why.contains("50 MiB"), "{why}");
        assert_eq!(room.refuses(2, StepStatus::Failed), None);
    }
}
