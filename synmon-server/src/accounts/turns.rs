//! Shares of what there is little of.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Lets a few at a time through for each of those who come, however many of them there are.
pub(super) struct Turns {
    each: usize,
    of: Mutex<HashMap<Vec<u8>, Arc<Semaphore>>>,
}

/// That it is somebody's turn.
pub(super) struct Turn {
    turns: Arc<Turns>,
    who: Vec<u8>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Turns {
    /// So many at once for each.
    pub(super) fn new(each: usize) -> Self {
        Self { each, of: Mutex::default() }
    }

    /// Waits until it is somebody's turn.
    pub(super) async fn take(self: &Arc<Self>, who: &[u8]) -> Turn {
        // Whoever gives up waiting leaves nothing behind, either.
        let mut turn = Turn { turns: Arc::clone(self), who: who.to_vec(), permit: None };
        let own = {
            let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
            let new = || Arc::new(Semaphore::new(self.each));
            Arc::clone(of.entry(turn.who.clone()).or_insert_with(new))
        };
        // It is never closed.
        turn.permit = own.acquire_owned().await.ok();
        turn
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut of = self.turns.of.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.permit.take());
        // Nobody else has it or waits for it.
        if of.get(&self.who).is_some_and(|own| Arc::strong_count(own) == 1) {
            of.remove(&self.who);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn each_has_a_few_turns_and_leaves_nothing_behind() {
        let turns = Arc::new(Turns::new(2));
        let (first, second) = (turns.take(b"x").await, turns.take(b"x").await);
        assert!(turns.take(b"x").now_or_never().is_none());
        let other = turns.take(b"y").now_or_never().unwrap();
        drop(first);
        let third = turns.take(b"x").now_or_never().unwrap();
        assert!(turns.take(b"x").now_or_never().is_none());
        drop((second, third, other));
        assert!(turns.of.lock().unwrap().is_empty());
    }
}
