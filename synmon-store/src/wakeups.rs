//! Wake-ups from one process to another: PostgreSQL's LISTEN and NOTIFY. Losing one costs a poll.

use std::time::Duration;

use sqlx::{Executor as _, postgres::PgListener};
use synmon_core::{engine::Signals, store::StoreError};
use tokio::time::timeout;
use trait_gen::trait_gen;

use crate::{
    PgStore, SqliteStore,
    dialect::Dialect,
    error::store_error,
    guard::{Transaction, answered},
    sql,
};

/// The channel that all processes listen to.
const CHANNEL: &str = "synmon";

/// How often a quiet connection is asked whether it lives, and how long it may take to answer. What
/// is missed meanwhile, polling finds.
const SIGN_OF_LIFE_PERIOD: Duration = Duration::from_secs(5);
const SIGN_OF_LIFE_LIMIT: Duration = Duration::from_secs(3);

/// What has happened in another process.
#[derive(Clone, Copy)]
pub(crate) enum Wakeup {
    RunQueued,
    NoticeQueued,
    CancelRequested,
}

impl Wakeup {
    const ALL: [Self; 3] = [Self::RunQueued, Self::NoticeQueued, Self::CancelRequested];

    fn as_str(self) -> &'static str {
        match self {
            Self::RunQueued => "run",
            Self::NoticeQueued => "notice",
            Self::CancelRequested => "cancel",
        }
    }

    fn pass_on(self, signals: &Signals) {
        match self {
            Self::RunQueued => signals.run_queued(),
            Self::NoticeQueued => signals.notice_queued(),
            Self::CancelRequested => signals.cancel_requested(),
        }
    }
}

impl PgStore {
    /// Passes on what other processes tell, until the connection breaks for good.
    ///
    /// A connection that is cut off without a word is as quiet as one on which nothing happens, so
    /// the server is asked for a sign of life every few seconds.
    pub async fn forward_wakeups(&self, signals: &Signals) -> Result<(), StoreError> {
        let failed = store_error("listener");
        // A pool for this connection alone: it is never needed for anything else, and if it hangs,
        // it takes no place from others.
        let own = self.sibling(1);
        let mut listener = PgListener::connect_with(own.pool().pool()).await.map_err(&failed)?;
        answered(SIGN_OF_LIFE_LIMIT, listener.listen(CHANNEL)).await.map_err(&failed)?;
        loop {
            let Ok(heard) = timeout(SIGN_OF_LIFE_PERIOD, listener.try_recv()).await else {
                let sign_of_life = listener.execute(sql::PING);
                answered(SIGN_OF_LIFE_LIMIT, sign_of_life).await.map_err(&failed)?;
                continue;
            };
            match heard.map_err(&failed)? {
                Some(told) => Wakeup::ALL
                    .into_iter()
                    .filter(|wakeup| wakeup.as_str() == told.payload())
                    .for_each(|wakeup| wakeup.pass_on(signals)),
                // The connection broke and was made anew: something may have been missed.
                None => Wakeup::ALL.into_iter().for_each(|wakeup| wakeup.pass_on(signals)),
            }
        }
    }
}

impl SqliteStore {
    /// Never returns: an SQLite file is one process's own, whose signals reach everybody in it.
    pub async fn forward_wakeups(&self, _signals: &Signals) -> Result<(), StoreError> {
        std::future::pending().await
    }
}

#[trait_gen(Pool -> PgStore, SqliteStore)]
impl Pool {
    /// Tells other processes, once the transaction is committed.
    pub(crate) async fn wake(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        wakeup: Wakeup,
    ) -> Result<(), StoreError> {
        sqlx::query(Pool::WAKE)
            .bind(wakeup.as_str())
            .execute(&mut **tx)
            .await
            .map(|_| ())
            .map_err(store_error("wake-up"))
    }
}
