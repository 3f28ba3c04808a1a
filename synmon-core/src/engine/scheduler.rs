//! From slots to queued runs.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use metrics::{counter, histogram};

use super::{POLL, Parts, Ticking};
use crate::{
    Timestamp,
    flow::FlowSnapshot,
    run::{ErrorCode, QueuedRun, Run, RunError},
    store::{DueFlow, SlotPlan, StoreError},
};

/// How many flows are dealt with in one transaction.
const BATCH: u32 = 200;

/// Makes a queued run of each slot that has come. Any number of schedulers may work on one store:
/// there is no leader.
pub struct Scheduler {
    parts: Arc<Parts>,
}

/// What one tick has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SchedulerTick {
    /// How many flows it has dealt with.
    pub planned: u32,
    /// How long nothing will be due.
    pub wait: Duration,
}

impl Scheduler {
    pub(super) fn new(parts: Arc<Parts>) -> Self {
        Self { parts }
    }

    /// Deals with the flows that are due now, up to a batch of them. Its cost grows with what is
    /// due, not with how many flows there are.
    pub async fn tick(&self) -> Result<SchedulerTick, StoreError> {
        let Parts { store, clock, signals, settings, .. } = &*self.parts;
        let now = clock.now();
        let due = store.due_flows(now, BATCH).await?;
        let full = due.len() == BATCH as usize;
        let plans: Vec<SlotPlan> = due.iter().map(|due| plan(due, now)).collect();
        let mut planned = 0;
        if !plans.is_empty() {
            let held = store.commit_slots(&plans, now, settings.runs_per_hour).await?;
            let queued = clock.now();
            for plan in plans.iter().filter(|plan| held.contains(&plan.flow)) {
                histogram!("synmon_schedule_lateness_seconds").record(queued.since(plan.due));
                signals.run_queued();
                planned += 1;
            }
        }
        counter!("synmon_slots_total").increment(u64::from(planned));
        let wait = if full {
            Duration::ZERO
        } else {
            match store.next_due().await? {
                // It was due for this tick already: it can't be planned, or somebody is changing it.
                Some(due) if due <= now && planned == 0 => POLL,
                // Never longer than a poll: a flow may become due earlier than is known now.
                Some(due) => due.since(clock.now()).min(POLL),
                None => POLL,
            }
        };
        Ok(SchedulerTick { planned, wait })
    }
}

#[async_trait]
impl Ticking for Scheduler {
    const NAME: &'static str = "scheduler";

    async fn tick_once(&self) -> Result<Duration, StoreError> {
        self.tick().await.map(|tick| tick.wait)
    }
}

/// The latest slot that has come is run; the ones before it, which nobody was there to run, become
/// one skipped run that counts them. So every slot is accounted for, and an outage ends without a
/// stampede.
fn plan(due: &DueFlow, now: Timestamp) -> SlotPlan {
    let DueFlow { flow, due } = due;
    let spread = flow.spread();
    let first_slot = due.before(spread);
    let missed = flow.schedule.missed(first_slot.datetime(), now.before(spread).datetime());
    let latest = Timestamp::from(missed.latest);
    let snapshot = FlowSnapshot::from(flow);
    let run_of = |slot| Run::queued(flow.owner, flow.id, &snapshot, Some(slot), now);
    let missed_run = (latest > first_slot).then(|| {
        let count = missed.count.saturating_sub(1);
        let message = format!("no scheduler was running at {count} of the flow's times");
        let error = RunError { code: ErrorCode::Missed, message, step: None };
        Run { missed_count: Some(count), ..run_of(first_slot).skipped(error, now) }
    });
    let skip = flow.alerts.maintenance_at(latest).map(|end| {
        let message = format!("the site is being worked on until {end}");
        RunError { code: ErrorCode::Maintenance, message, step: None }
    });
    SlotPlan {
        flow: flow.id,
        due: *due,
        next: flow.due_after(now.max(*due)),
        run: QueuedRun { run: run_of(latest), snapshot },
        skip,
        missed: missed_run,
    }
}
