//! What the database itself notes: triggers of the test write down every change of a run's state and
//! every step's log, with who made it and when, in the very transaction that makes it.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

/// Nothing here changes a row of the product's.
const TRIGGERS: &str = r"
CREATE SCHEMA audit;
CREATE TABLE audit.events (
    seq BIGSERIAL PRIMARY KEY,
    at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    writer TEXT NOT NULL DEFAULT session_user,
    tx BIGINT NOT NULL DEFAULT txid_current(),
    kind TEXT NOT NULL,
    flow UUID NOT NULL,
    run UUID,
    owner UUID,
    slot TIMESTAMPTZ,
    missed BIGINT,
    before TEXT,
    status TEXT,
    attempt BIGINT,
    attempt_before BIGINT,
    losses BIGINT,
    losses_before BIGINT,
    code TEXT,
    log_attempt BIGINT,
    log_number BIGINT
);
CREATE FUNCTION audit.of_run() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO audit.events (kind, flow, run, owner, slot, missed, status, attempt, losses, code)
        VALUES ('insert', NEW.flow_id, NEW.id, NEW.owner_id, NEW.scheduled_for, NEW.missed_count,
            NEW.status, NEW.attempt, NEW.losses, NEW.error_code);
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO audit.events (kind, flow, run, owner) VALUES ('delete', OLD.flow_id, OLD.id, OLD.owner_id);
    ELSIF (OLD.status, OLD.attempt, OLD.losses) IS DISTINCT FROM (NEW.status, NEW.attempt, NEW.losses) THEN
        INSERT INTO audit.events (kind, flow, run, owner, slot, before, status, attempt, attempt_before,
            losses, losses_before, code)
        VALUES ('change', NEW.flow_id, NEW.id, NEW.owner_id, NEW.scheduled_for, OLD.status, NEW.status,
            NEW.attempt, OLD.attempt, NEW.losses, OLD.losses, NEW.error_code);
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION audit.of_log() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO audit.events (kind, flow, run, owner, status, attempt, log_attempt, log_number)
    SELECT 'log', flow_id, id, owner_id, status, attempt, NEW.attempt, NEW.number
    FROM public.runs WHERE id = NEW.run_id;
    RETURN NULL;
END $$;
CREATE FUNCTION audit.of_flow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF OLD.active AND NOT NEW.active THEN
        INSERT INTO audit.events (kind, flow, owner) VALUES ('pause', NEW.id, NEW.owner_id);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON runs FOR EACH ROW EXECUTE FUNCTION audit.of_run();
CREATE TRIGGER audit AFTER INSERT ON step_logs FOR EACH ROW EXECUTE FUNCTION audit.of_log();
CREATE TRIGGER audit AFTER UPDATE ON flows FOR EACH ROW EXECUTE FUNCTION audit.of_flow();
";

/// One change.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Event {
    pub(crate) at: DateTime<Utc>,
    /// The life of a replica.
    pub(crate) writer: String,
    /// The transaction.
    pub(crate) tx: i64,
    /// `insert`, `change`, `delete`, `log` or `pause`.
    pub(crate) kind: String,
    pub(crate) flow: Uuid,
    pub(crate) run: Option<Uuid>,
    pub(crate) slot: Option<DateTime<Utc>>,
    pub(crate) missed: Option<i64>,
    pub(crate) before: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) attempt: Option<i64>,
    pub(crate) attempt_before: Option<i64>,
    pub(crate) losses: Option<i64>,
    pub(crate) losses_before: Option<i64>,
    pub(crate) code: Option<String>,
    pub(crate) log_attempt: Option<i64>,
    pub(crate) log_number: Option<i64>,
}

/// Whether a run has ended.
pub(crate) fn is_terminal(status: &str) -> bool {
    !matches!(status, "queued" | "running")
}

impl Event {
    pub(crate) fn is(&self, kind: &str) -> bool {
        self.kind == kind
    }

    /// Whether by this a run was taken from a worker that did not come back in time.
    pub(crate) fn lost(&self) -> bool {
        self.is("change") && self.losses > self.losses_before
    }

    /// The status that a run ends with by this change.
    pub(crate) fn verdict(&self) -> Option<&str> {
        let status = self.status.as_deref().filter(|status| is_terminal(status))?;
        let was = self.before.as_deref();
        (self.is("insert") || (self.is("change") && was != Some(status))).then_some(status)
    }
}

/// Puts the triggers into the product's database.
pub(crate) async fn install(database: &PgPool) {
    sqlx::raw_sql(TRIGGERS).execute(database).await.unwrap();
}

/// All changes, in the order in which they were made; those of one run can't be mistaken, for its
/// row is locked meanwhile.
pub(crate) async fn events(database: &PgPool) -> Vec<Event> {
    sqlx::query_as("SELECT * FROM audit.events ORDER BY seq").fetch_all(database).await.unwrap()
}
