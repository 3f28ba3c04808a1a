//! The store on PostgreSQL: one server for the process, one database for each case.

use std::{sync::Arc, time::Duration};

use synmon_core::{engine::Signals, store::NoticeStore as _};
use synmon_store::PgStore;
use synmon_testkit::{conformance::store::Subject, factory, postgres::Postgres};
use tokio::{
    sync::OnceCell,
    time::{interval, timeout},
};

/// A database with the schema in it, of which each case gets a copy.
static TEMPLATE: OnceCell<String> = OnceCell::const_new();

struct PostgresFixture {
    store: PgStore,
}

impl PostgresFixture {
    async fn fresh() -> Option<Self> {
        let server = Postgres::shared()?;
        let template = TEMPLATE
            .get_or_init(async || {
                let url = server.empty_database();
                PgStore::connect(&url).await.unwrap().close().await;
                url
            })
            .await;
        Some(Self { store: PgStore::connect(&server.copy_of(template)).await.unwrap() })
    }

    fn store(&self) -> Subject {
        Arc::new(self.store.clone())
    }
}

synmon_testkit::store_conformance!(PostgresFixture::fresh());

/// Waiting ends with this, if with nothing else.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn what_one_process_queues_wakes_the_others_up() {
    let Some(fixture) = PostgresFixture::fresh().await else { return };
    let (here, there) = (&fixture.store, fixture.store.clone());
    let signals = Signals::default();
    let tell = async {
        // Nobody says when the other one listens: it is told until it has heard.
        let mut again = interval(Duration::from_millis(50));
        loop {
            here.insert_notice(&factory::a_letter(factory::noon())).await.unwrap();
            tokio::select! {
                () = signals.notices().notified() => break,
                _ = again.tick() => {}
            }
        }
    };
    let heard = async {
        tokio::select! {
            end = there.forward_wakeups(&signals) => panic!("it stopped listening: {end:?}"),
            () = tell => {}
        }
    };
    timeout(PATIENCE, heard).await.expect("the notice is heard of in the other process");
}
