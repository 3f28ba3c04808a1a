//! Making transactions again that collided with others.

use std::time::Duration;

use synmon_core::store::StoreError;
use tokio::time::{Instant, interval_at};
use uuid::Uuid;

use crate::error::is_collision;

/// How often in all.
const TRIES: u32 = 4;
/// The longest pause before the second try; it grows with the number of the try.
const PAUSE: Duration = Duration::from_millis(50);

/// Makes a transaction, and makes it again if the database ended it because of a collision with
/// another one, such as a deadlock: its caller need not know.
pub(crate) async fn despite_collisions<T, F>(
    mut transaction: impl FnMut() -> F + Send,
) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>> + Send,
{
    for tried in 1..TRIES {
        match transaction().await {
            Err(error) if is_collision(&error) => pause(tried).await,
            settled => return settled,
        }
    }
    transaction().await
}

/// A while that is another one for each of those who collided.
async fn pause(tried: u32) {
    let chance = u32::from(Uuid::new_v4().as_bytes()[0]) + 1;
    let pause = PAUSE * tried * chance / 256;
    interval_at(Instant::now() + pause, PAUSE).tick().await;
}
