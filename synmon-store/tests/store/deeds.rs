//! A change and its entry in the audit log: both, or neither.

use std::sync::Arc;

use synmon_core::{
    OwnerId,
    store::{AuditEntry, Deed, Made, PageRequest, StoreError, TokenHash, audited},
};
use synmon_store::{PgStore, SqliteStore};
use synmon_testkit::{
    conformance::store::Subject,
    factory::{a_flow, a_letter, a_registration, an_api_key, an_audit_entry, an_owner, noon},
    postgres::Postgres,
};

/// What can't be told: its entry is about an account that is not there.
#[derive(Debug)]
struct Untold;

impl Deed for Untold {
    fn entry(&self, _: OwnerId, _: Option<Made>) -> Option<AuditEntry> {
        Some(an_audit_entry(an_owner(), noon()))
    }

    fn is_written(&self) {
        panic!("it is not");
    }
}

fn refused<T>(result: &Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::Conflict { .. })));
}

async fn what_can_not_be_told_is_not_done(store: Subject) {
    let ada = a_registration("ada@site.example");
    store.register(&ada, &a_letter(noon())).await.unwrap();
    let (kept, key) = (a_flow(ada.id), an_api_key(ada.id));
    store.insert_flow(&kept).await.unwrap();
    assert!(store.insert_api_key(&key, TokenHash([1; 32]), 9).await.unwrap());
    let untold = Arc::new(Untold) as Arc<dyn Deed>;
    audited(untold, async {
        refused(&store.insert_flow_within(&a_flow(ada.id), 9).await);
        refused(&store.update_flow(&kept, false).await);
        refused(&store.delete_flow(ada.id, kept.id).await);
        refused(&store.delete_api_key(ada.id, key.id).await);
        refused(&store.rename_account(ada.id, "x").await);
    })
    .await;
    assert_eq!(store.flow(ada.id, kept.id).await.unwrap().unwrap().flow, kept);
    let page = PageRequest { limit: 9, after: None };
    assert_eq!(store.list_api_keys(ada.id, page).await.unwrap().items, [key]);
    assert_eq!(store.account(ada.id).await.unwrap().unwrap().name, ada.name);
    let page = PageRequest { limit: 9, after: None };
    assert_eq!(store.audit(ada.id, page).await.unwrap().items, []);
}

#[tokio::test]
async fn on_sqlite_what_can_not_be_told_is_not_done() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("synmon.db")).await.unwrap();
    what_can_not_be_told_is_not_done(Arc::new(store)).await;
}

#[tokio::test]
async fn on_postgresql_what_can_not_be_told_is_not_done() {
    let Some(server) = Postgres::shared() else { return };
    let store = PgStore::connect(&server.empty_database()).await.unwrap();
    what_can_not_be_told_is_not_done(Arc::new(store)).await;
}
