//! Wake-ups within a process. Losing one costs a poll, never a run.

use tokio::sync::Notify;

/// What happens in this process that others in it may wait for.
#[derive(Debug, Default)]
pub struct Signals {
    run_queued: Notify,
    notice_queued: Notify,
    cancel_requested: Notify,
    progress: Notify,
}

impl Signals {
    /// A run has been queued: one idle worker wakes up.
    pub fn run_queued(&self) {
        self.run_queued.notify_one();
    }

    /// A notice has come into the outbox.
    pub fn notice_queued(&self) {
        self.notice_queued.notify_one();
    }

    /// An owner wants a run to stop: all running ones look whether it is theirs.
    pub fn cancel_requested(&self) {
        self.cancel_requested.notify_waiters();
    }

    /// Some step or run has ended.
    pub fn progressed(&self) {
        self.progress.notify_waiters();
    }

    /// Notified when some step or run of this process ends.
    #[must_use]
    pub fn progress(&self) -> &Notify {
        &self.progress
    }

    /// Notified when a run has been queued.
    #[must_use]
    pub fn runs(&self) -> &Notify {
        &self.run_queued
    }

    /// Notified when a notice has come into the outbox.
    #[must_use]
    pub fn notices(&self) -> &Notify {
        &self.notice_queued
    }

    /// Notified when an owner wants a run to stop.
    #[must_use]
    pub fn cancels(&self) -> &Notify {
        &self.cancel_requested
    }
}
