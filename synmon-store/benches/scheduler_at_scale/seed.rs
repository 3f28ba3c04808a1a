//! A large database, made by the database itself.

use std::num::NonZeroU32;

use sqlx::{Connection as _, Executor as _, PgConnection, SqlStr};
use synmon_core::{
    Timestamp,
    run::RunStatus,
    store::{FlowStore as _, RunStore as _, WorkerId},
    verdict::Verdict,
};
use synmon_store::PgStore;
use synmon_testkit::factory::{a_due_flow, a_queued_run, a_report, an_owner};

/// The table's size, and how much of it is due at one instant.
pub(crate) const FLOWS: i64 = 1_000_000;
pub(crate) const DUE: i64 = 10_000;
pub(crate) const OLD_RUNS: i64 = 1_000_000;

/// A connection without the store's limits.
pub(crate) struct Seeder(PgConnection);

impl Seeder {
    pub(crate) async fn connect(url: &str) -> Self {
        Self(PgConnection::connect(url).await.unwrap())
    }

    async fn execute(&mut self, statement: &'static str) {
        self.0.execute(SqlStr::from_static(statement)).await.unwrap();
    }

    pub(crate) async fn count(&mut self, statement: &'static str) -> i64 {
        sqlx::query_scalar(statement).fetch_one(&mut self.0).await.unwrap()
    }

    pub(crate) async fn version(&mut self) -> String {
        sqlx::query_scalar("SHOW server_version").fetch_one(&mut self.0).await.unwrap()
    }

    /// Active flows that are due in a day or two, and runs that ended in the last months. They are
    /// copies of a flow and a run that the store itself has made, whatever columns they have.
    pub(crate) async fn fill(&mut self, store: &PgStore, now: Timestamp) {
        let flow = a_due_flow(an_owner(), now);
        store.insert_flow(&flow).await.unwrap();
        store.insert_run(&a_queued_run(&flow, now)).await.unwrap();
        let limit = NonZeroU32::MAX;
        let claim = store.claim_run(WorkerId::random(), limit, now, now).await.unwrap().unwrap();
        let verdict = Verdict { status: RunStatus::Passed, error: None };
        store.finish(&claim.lease, &a_report(&claim, verdict, now)).await.unwrap();
        sqlx::query(
            "INSERT INTO flows SELECT copy.* FROM flows f CROSS JOIN generate_series(1, $1) g \
             CROSS JOIN LATERAL jsonb_populate_record(f, jsonb_build_object( \
             'id', lpad(to_hex(1767614400000 + g), 12, '0') || '7000a' || left(md5(g::text), 15), \
             'next_run_at', now() + interval '1 day' + g * interval '0.1 s')) AS copy",
        )
        .bind(FLOWS)
        .execute(&mut self.0)
        .await
        .unwrap();
        sqlx::query(
            "INSERT INTO runs SELECT copy.* FROM runs r CROSS JOIN generate_series(1, $1) g \
             CROSS JOIN LATERAL jsonb_populate_record(r, jsonb_build_object( \
             'id', lpad(to_hex(1767614400000 + g), 12, '0') || '7000b' || left(md5(g::text), 15), \
             'flow_id', lpad(to_hex(1767614400001 + g % $2), 12, '0') || '7000a' || \
             left(md5((1 + g % $2)::text), 15), \
             'finished_at', now() - g * interval '5 s')) AS copy",
        )
        .bind(OLD_RUNS)
        .bind(FLOWS)
        .execute(&mut self.0)
        .await
        .unwrap();
        store.delete_flow(flow.owner, flow.id).await.unwrap();
        self.execute("VACUUM ANALYZE").await;
    }

    /// Nothing is queued any more, and [`DUE`] flows of this many owners will be due at `due`.
    pub(crate) async fn herd(&mut self, owners: i64, due: Timestamp) {
        self.execute("DELETE FROM runs WHERE status <> 'passed' OR scheduled_for IS NOT NULL")
            .await;
        self.execute("TRUNCATE owner_turns").await;
        sqlx::query(
            "UPDATE flows SET next_run_at = $1, owner_id = md5('owner ' || n % $2)::uuid \
             FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM flows ORDER BY id \
             LIMIT $3) AS herd WHERE flows.id = herd.id",
        )
        .bind(due.datetime())
        .bind(owners)
        .bind(DUE)
        .execute(&mut self.0)
        .await
        .unwrap();
    }
}
