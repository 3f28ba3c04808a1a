//! Trying a store again that is out of reach for a moment.

use std::time::Duration;

use tracing::warn;

use super::Parts;
use crate::store::StoreError;

const PAUSES_MS: [u64; 6] = [50, 200, 500, 1_000, 2_000, 4_000];

/// Calls the store, again after a pause while it is unavailable, for some eight seconds in all.
pub(super) async fn persist<T, F>(
    parts: &Parts,
    what: &str,
    mut call: impl FnMut() -> F + Send,
) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>> + Send,
{
    for pause in PAUSES_MS {
        match call().await {
            Err(error) if error.is_retryable() => {
                warn!("The store is out of reach for {what}; it is tried again: {error}");
                parts.clock.sleep(Duration::from_millis(pause)).await;
            }
            settled => return settled,
        }
    }
    call().await
}
