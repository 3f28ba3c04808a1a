//! The checker: what must hold at the end, whatever went wrong on the way.

mod answers;
mod notices;
mod processes;
mod runs;
mod slots;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Write as _},
};

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::FromRow;
use synmon_testkit::Letter;
use uuid::Uuid;

use crate::{
    audit::{self, Event},
    clients::Desk,
    history::{Draft, Entry, Op, Outcome},
    plan::Plan,
    trial::Quiet,
    world::{World, grid::Session, hook::Call, proxy::Proxy, site::Outage},
};

/// An invariant that did not hold.
#[derive(Clone, Debug)]
pub(crate) struct Breach {
    pub(crate) invariant: &'static str,
    what: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.invariant, self.what)
    }
}

fn breach(invariant: &'static str, what: impl fmt::Display) -> Breach {
    Breach { invariant, what: what.to_string() }
}

/// A flow as the database has it at the end.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct FlowRow {
    pub(crate) id: Uuid,
    pub(crate) name: String,
}

/// All that is known at the end of a trial.
pub(crate) struct Evidence {
    pub(crate) events: Vec<Event>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) flows: Vec<FlowRow>,
    /// Those that the database still has.
    pub(crate) runs: BTreeSet<Uuid>,
    pub(crate) letters: Vec<Letter>,
    pub(crate) calls: Vec<Call>,
    pub(crate) sessions: Vec<Session>,
    /// The lives of replicas that the test ended by SIGKILL.
    pub(crate) killed: BTreeSet<String>,
    pub(crate) offences: Vec<String>,
    pub(crate) failed_starts: u32,
    /// By replica.
    pub(crate) logs: Vec<String>,
    pub(crate) secrets: Vec<(&'static str, String)>,
    pub(crate) outages: Vec<Outage>,
    pub(crate) commits_cut: u64,
    pub(crate) quiet: Quiet,
    /// The faults as they really happened, in words.
    pub(crate) faults: Vec<String>,
    /// The flows and the runs that each owner is shown.
    pub(crate) shown: Vec<(Vec<Value>, Vec<Value>)>,
}

impl Evidence {
    /// Asks everybody, and ends the replicas, which must end in order.
    pub(crate) async fn gather(
        world: &World,
        desks: &[Desk<'_>],
        quiet: Quiet,
        faults: Vec<String>,
    ) -> Self {
        let mut shown = Vec::new();
        for desk in desks {
            shown.push((desk.owner.all("/flows").await, desk.owner.all("/runs").await));
        }
        let (mut killed, mut offences, mut failed_starts) = (BTreeSet::new(), vec![], 0);
        let mut logs = Vec::new();
        for replica in &world.replicas {
            let mut replica = replica.lock().await;
            replica.look_after().await;
            replica.terminate().await;
            killed.extend(replica.killed_lives().iter().cloned());
            offences.extend(replica.offences().iter().cloned());
            failed_starts += replica.failed_starts();
            logs.push(replica.log());
        }
        let database = &world.database;
        let flows = sqlx::query_as("SELECT id, name FROM flows").fetch_all(database).await.unwrap();
        let runs: Vec<Uuid> =
            sqlx::query_scalar("SELECT id FROM runs").fetch_all(database).await.unwrap();
        Self {
            events: audit::events(database).await,
            entries: world.history.entries(),
            flows,
            runs: runs.into_iter().collect(),
            letters: world.mail.letters(),
            calls: world.hook.calls(),
            sessions: world.grid.sessions(),
            killed,
            offences,
            failed_starts,
            logs,
            secrets: world.secrets(),
            outages: world.sites.outages(),
            commits_cut: world.proxies.iter().map(Proxy::commits_cut).sum(),
            quiet,
            faults,
            shown,
        }
    }

    /// How the flows were made that have runs.
    fn drafts(&self) -> BTreeMap<Uuid, &Draft> {
        let made = self.entries.iter().filter_map(|entry| match &entry.op {
            Op::CreateFlow { draft, flow: Some(flow) } => Some((*flow, draft)),
            _ => None,
        });
        made.collect()
    }

    /// The changes of each run, in their order.
    fn by_run(&self) -> BTreeMap<Uuid, Vec<&Event>> {
        let mut by_run: BTreeMap<Uuid, Vec<&Event>> = BTreeMap::new();
        for event in &self.events {
            if let Some(run) = event.run {
                by_run.entry(run).or_default().push(event);
            }
        }
        by_run
    }

    /// When somebody tried something, and whether it may have worked.
    fn tries(&self, which: impl Fn(&Op) -> bool) -> Vec<Try> {
        let entries = self.entries.iter().filter(|entry| which(&entry.op));
        let tried = entries.filter(|entry| entry.outcome != Outcome::Fail);
        tried
            .map(|entry| Try {
                start: entry.start,
                end: entry.end,
                known: entry.outcome == Outcome::Ok,
            })
            .collect()
    }
}

/// A request that was not refused.
#[derive(Clone, Copy, Debug)]
struct Try {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    /// Whether it was acknowledged.
    known: bool,
}

/// Everything that does not hold.
pub(crate) fn all(evidence: &Evidence) -> Vec<Breach> {
    let left = evidence.quiet.left.iter().map(|(invariant, what)| breach(invariant, what));
    let mut breaches: Vec<Breach> = left.collect();
    breaches.extend(slots::one_run_each(evidence));
    breaches.extend(runs::all_end(evidence));
    breaches.extend(runs::only_the_holder_writes(evidence));
    breaches.extend(notices::one_for_each_alert(evidence));
    breaches.extend(answers::what_was_acknowledged_is_there(evidence));
    breaches.extend(processes::no_session_is_left(evidence));
    breaches.extend(runs::no_false_alarm(evidence));
    breaches.extend(processes::no_secret_is_told(evidence));
    breaches.extend(processes::nobody_dies(evidence));
    breaches.extend(answers::nobody_sees_what_is_not_his(evidence));
    breaches
}

/// What does not hold of slots and runs, whoever made the flows.
pub(crate) fn of_runs(evidence: &Evidence) -> Vec<Breach> {
    let mut breaches = slots::one_run_each(evidence);
    breaches.extend(runs::all_end(evidence));
    breaches.extend(runs::only_the_holder_writes(evidence));
    breaches
}

/// What happened, in words and numbers.
pub(crate) fn report(plan: &Plan, evidence: &Evidence, breaches: &[Breach]) -> String {
    let mut text = format!("seed {}, {:?}\n", plan.seed, plan.duration);
    for fault in &evidence.faults {
        let _ = writeln!(text, "  {fault}");
    }
    let mut ends: BTreeMap<&str, usize> = BTreeMap::new();
    for verdict in evidence.events.iter().filter_map(Event::verdict) {
        *ends.entry(verdict).or_default() += 1;
    }
    let refused = evidence.logs.iter().map(|log| log.matches("is not ours any more").count());
    let lost = evidence.events.iter().filter(|event| event.lost());
    let requests = |outcome| evidence.entries.iter().filter(|e| e.outcome == outcome).count();
    let lines = [
        format!("runs: {} ({ends:?})", ends.values().sum::<usize>()),
        format!(
            "requests: {} acknowledged, {} refused, {} of unknown outcome",
            requests(Outcome::Ok),
            requests(Outcome::Fail),
            requests(Outcome::Unknown)
        ),
        format!("faults: {}, replicas killed: {}", evidence.faults.len(), evidence.killed.len()),
        format!("commits without an answer: {}", evidence.commits_cut),
        format!(
            "workers that lost their run: {}, stale workers turned away: {}",
            lost.count(),
            refused.sum::<usize>()
        ),
        format!(
            "letters: {}, webhooks: {}, sessions: {}, starts that failed: {}",
            evidence.letters.len(),
            evidence.calls.len(),
            evidence.sessions.len(),
            evidence.failed_starts
        ),
        format!("breaches: {}", breaches.len()),
    ];
    for line in lines {
        let _ = writeln!(text, "  {line}");
    }
    text
}
