-- The queue of owners: whoever waits is found by an index, without a look at all that is queued.

-- Since when the owner's oldest queued run waits; null if none does.
ALTER TABLE owner_turns ADD COLUMN waiting_since TIMESTAMPTZ;
INSERT INTO owner_turns (owner_id, served_at, waiting_since)
    SELECT owner_id, 'epoch', MIN(queued_at) FROM runs WHERE status = 'queued' GROUP BY owner_id
    ON CONFLICT (owner_id) DO UPDATE SET waiting_since = excluded.waiting_since;
CREATE INDEX owner_turns_waiting ON owner_turns (served_at, waiting_since, owner_id)
    WHERE waiting_since IS NOT NULL;
DROP INDEX runs_queued;
CREATE INDEX runs_queued ON runs (owner_id, queued_at, id) WHERE status = 'queued';
-- Its condition follows from none that the queue asks for: or it would be read instead of theirs
-- whenever the statistics say that nothing is queued.
DROP INDEX runs_open_by_flow;
CREATE INDEX runs_open_by_flow ON runs (flow_id) WHERE finished_at IS NULL;
CREATE INDEX runs_running_by_owner ON runs (owner_id) WHERE status = 'running';

-- In the order in which the scheduler reads it: ten thousand flows may be due at one instant.
DROP INDEX flows_due;
CREATE INDEX flows_due ON flows (next_run_at, id) WHERE active AND next_run_at IS NOT NULL;

-- What is removed because of its age.
ALTER TABLE runs ADD COLUMN pictures_removed BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX runs_ended ON runs (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX runs_with_pictures ON runs (finished_at)
    WHERE finished_at IS NOT NULL AND NOT pictures_removed;
CREATE INDEX notices_settled ON notices (settled_at) WHERE settled_at IS NOT NULL;

-- When it is tried to remove a folder: what fails goes to the end.
ALTER TABLE trash ADD COLUMN due_at TIMESTAMPTZ NOT NULL DEFAULT 'epoch';
CREATE INDEX trash_due ON trash (due_at, prefix);

-- As at the end of 0002: the first release has `SELECT *` prepared.
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = current_user
    AND application_name = 'synmon' AND pid <> pg_backend_pid();
