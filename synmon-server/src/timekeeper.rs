//! One clock for all processes: the database's.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use metrics::gauge;
use synmon_core::{Clock as _, ReferenceClock, store::StoreError};
use tracing::{info, warn};

use crate::web;

/// How far the machine's clock may be off before its operator is told.
const TOLERANCE_SECONDS: f64 = 5.0;

/// Asks the database again and again what time it is. Leases and slots are then the same for
/// processes whose machines disagree by minutes.
pub(crate) struct Timekeeper {
    database: Arc<dyn web::Database>,
    clock: Arc<ReferenceClock>,
    warned: AtomicBool,
}

impl Timekeeper {
    /// How often it asks.
    pub(crate) const PERIOD: Duration = Duration::from_secs(5);

    pub(crate) fn new(database: Arc<dyn web::Database>, clock: Arc<ReferenceClock>) -> Self {
        Self { database, clock, warned: AtomicBool::new(false) }
    }

    /// Asks once. A database that only this process has goes by the machine's clock.
    pub(crate) async fn ask(&self) -> Result<(), StoreError> {
        let asked = self.clock.monotonic();
        let Some(shown) = self.database.now().await? else {
            return Ok(());
        };
        let skew = self.clock.adopt(shown, asked, self.clock.monotonic());
        gauge!("synmon_clock_skew_seconds").set(skew);
        let off = skew.abs() > TOLERANCE_SECONDS;
        if off != self.warned.swap(off, Ordering::Relaxed) {
            if off {
                warn!(
                    "This machine's clock is {skew:.1} s away from the database's, which counts: \
                     set it by NTP"
                );
            } else {
                info!("This machine's clock agrees with the database's again");
            }
        }
        Ok(())
    }
}
