//! The store on PostgreSQL: one server for the process, one database for each case.

use std::sync::Arc;

use synmon_store::PgStore;
use synmon_testkit::{conformance::store::Subject, postgres::Postgres};
use tokio::sync::OnceCell;

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
