//! A notifier that keeps what it gets.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use synmon_core::{
    channel::Destination,
    notice::{Delivery, DeliveryError, Notice, Notifier},
};

/// Keeps each notice that it is asked to deliver, and answers as the test says.
#[derive(Debug, Default)]
pub struct RecordingNotifier {
    asked: Mutex<Vec<(Notice, Destination)>>,
    script: Mutex<VecDeque<Reply>>,
}

/// What a [`RecordingNotifier`] answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It went out.
    Sent,
    /// There was nobody to send it to.
    NotNeeded,
    /// Later it may work.
    Retry,
    /// It may work after this time.
    RetryAfter(Duration),
    /// It will never work.
    GiveUp,
    /// It will never work, and the receiver says so.
    Refuses(&'static str),
    /// No answer at all.
    Hang,
    /// A bug in the notifier.
    Panic,
}

impl RecordingNotifier {
    /// Sends everything.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives these answers one after the other; everything is sent after that.
    pub fn answer(&self, replies: impl IntoIterator<Item = Reply>) {
        lock(&self.script).extend(replies);
    }

    /// The notices that it was asked to deliver, each as often as it was asked.
    pub fn asked(&self) -> Vec<Notice> {
        lock(&self.asked).iter().map(|(notice, _)| notice.clone()).collect()
    }

    /// Where they were to go.
    pub fn destinations(&self) -> Vec<Destination> {
        lock(&self.asked).iter().map(|(_, to)| to.clone()).collect()
    }
}

#[async_trait]
impl Notifier for RecordingNotifier {
    async fn deliver(&self, notice: &Notice, to: &Destination) -> Result<Delivery, DeliveryError> {
        lock(&self.asked).push((notice.clone(), to.clone()));
        let reply = lock(&self.script).pop_front().unwrap_or(Reply::Sent);
        match reply {
            Reply::Sent => Ok(Delivery::Sent),
            Reply::NotNeeded => Ok(Delivery::NotNeeded),
            Reply::Retry => Err(DeliveryError::retry("the server is busy")),
            Reply::RetryAfter(after) => {
                let cause = "the server is busy".into();
                Err(DeliveryError::Retry { cause, after: Some(after) })
            }
            Reply::Refuses(why) => Err(DeliveryError::give_up(why)),
            Reply::GiveUp => Err(DeliveryError::give_up("there is no such address")),
            Reply::Hang => std::future::pending().await,
            Reply::Panic => panic!("a notifier's bug, as the test wanted"),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
