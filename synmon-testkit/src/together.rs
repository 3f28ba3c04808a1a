//! What the tests of one program share: a browser takes longer to start than most cases last.

use std::{
    ops::Deref,
    sync::{Arc, LazyLock, Mutex, PoisonError, Weak},
};

use tokio::runtime::{Builder, Runtime};

/// What is shared lives on a runtime, and must not end with the test that made it.
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_multi_thread().enable_all().build().unwrap());

/// Runs a test on the one runtime of all those that share something.
pub fn together<F: Future>(test: F) -> F::Output {
    RUNTIME.block_on(test)
}

/// A place for what tests share while any of them needs it.
#[derive(Debug)]
pub struct Shared<T>(Mutex<Weak<T>>);

impl<T> Shared<T> {
    /// A place with nothing in it.
    pub const fn new() -> Self {
        Self(Mutex::new(Weak::new()))
    }

    /// What others use already; otherwise what `make` makes, if it can.
    pub fn get(&self, make: impl FnOnce() -> Option<T>) -> Option<Share<T>> {
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = place.upgrade() {
            return Some(Share(there));
        }
        let new = Arc::new(make()?);
        *place = Arc::downgrade(&new);
        Some(Share(new))
    }
}

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// A test's share in it.
#[derive(Debug)]
pub struct Share<T>(Arc<T>);

impl<T> Share<T> {
    /// Gives it back. The last one that does gets the whole, and has to clear it away.
    pub fn give_back(self) -> Option<T> {
        Arc::into_inner(self.0)
    }
}

impl<T> Deref for Share<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
