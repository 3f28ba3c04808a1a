//! What the scheduler asks for.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use synmon_core::{
    FlowId, Timestamp,
    flow::Flow,
    run::{ErrorCode, Run, RunError, RunStatus, Trigger},
    store::{PageRequest, RunFilter, SlotPlan},
};

use super::{Subject, at_once, begin, claim, end, insert, later, passed, queue, stored, try_claim};
use crate::factory::{a_due_flow, a_flow, a_slot_run, an_owner, noon};

const HOUR: Duration = Duration::from_hours(1);

fn a_plan(flow: &Flow, due: Timestamp) -> SlotPlan {
    let run = a_slot_run(flow, due, due);
    SlotPlan { flow: flow.id, due, next: Some(due + HOUR), run, skip: None, missed: None }
}

/// The flows whose plans held.
async fn held(store: &Subject, plans: &[SlotPlan], now: Timestamp) -> Vec<FlowId> {
    let mut held: Vec<_> =
        store.commit_slots(plans, now, NonZeroU32::MAX).await.unwrap().into_iter().collect();
    held.sort();
    held
}

async fn all_runs(store: &Subject, flow: &Flow) -> Vec<Run> {
    let page = PageRequest { limit: 100, after: None };
    let filter = RunFilter { flow: Some(flow.id), ..RunFilter::default() };
    store.list_runs(flow.owner, &filter, page).await.unwrap().items
}

/// Up to a limit, and nothing that is due later.
pub async fn flows_are_due_the_longest_overdue_first(store: &Subject) {
    assert_eq!(store.next_due().await.unwrap(), None);
    let late = insert(store, a_due_flow(an_owner(), later(2))).await;
    let later_still = insert(store, a_due_flow(an_owner(), later(3))).await;
    let first = insert(store, a_due_flow(an_owner(), later(1))).await;
    let due = store.due_flows(later(2), 10).await.unwrap();
    let found: Vec<_> = due.iter().map(|due| (due.flow.clone(), due.due)).collect();
    assert_eq!(found, [(first.clone(), later(1)), (late, later(2))]);
    let due = store.due_flows(later(9), 1).await.unwrap();
    assert_eq!(due.iter().map(|due| due.flow.id).collect::<Vec<_>>(), [first.id]);
    assert_eq!(store.due_flows(noon(), 10).await.unwrap(), []);
    assert_eq!(store.due_flows(later(9), 10).await.unwrap()[2].flow.id, later_still.id);
    assert_eq!(store.next_due().await.unwrap(), Some(later(1)));
}

/// Whatever its due time says.
pub async fn an_inactive_flow_is_never_due(store: &Subject) {
    insert(store, Flow { next_run_at: Some(noon()), ..a_flow(an_owner()) }).await;
    insert(store, Flow { active: true, ..a_flow(an_owner()) }).await;
    assert_eq!(store.due_flows(later(9), 10).await.unwrap(), []);
    assert_eq!(store.next_due().await.unwrap(), None);
}

/// The run is queued as planned, and claimed with what it is to do.
pub async fn a_plan_queues_its_slot_and_moves_the_due_time(store: &Subject) {
    let flow = insert(store, a_due_flow(an_owner(), noon())).await;
    let plan = a_plan(&flow, noon());
    assert_eq!(held(store, std::slice::from_ref(&plan), noon()).await, [flow.id]);
    let after = stored(store, &flow).await;
    assert_eq!(after, Flow { next_run_at: Some(noon() + HOUR), ..flow.clone() });
    assert_eq!(all_runs(store, &flow).await, std::slice::from_ref(&plan.run.run));
    let claimed = claim(store, later(1)).await;
    assert_eq!((claimed.run.trigger, claimed.run.scheduled_for), (Trigger::Schedule, Some(noon())));
    assert_eq!(claimed.snapshot, plan.run.snapshot);
    end(store, &claimed, passed()).await;
    let last = SlotPlan { next: None, ..a_plan(&flow, noon() + HOUR) };
    assert_eq!(held(store, &[last], noon() + HOUR).await, [flow.id]);
    assert_eq!(stored(store, &flow).await.next_run_at, None);
}

/// One that holds is carried out beside one that does not.
pub async fn a_plan_does_not_hold_if_the_due_time_was_moved(store: &Subject) {
    let moved = insert(store, a_due_flow(an_owner(), later(1))).await;
    let flow = insert(store, a_due_flow(an_owner(), noon())).await;
    let plans = [a_plan(&moved, noon()), a_plan(&flow, noon())];
    assert_eq!(held(store, &plans, noon()).await, [flow.id]);
    assert_eq!(stored(store, &moved).await.next_run_at, Some(later(1)));
    assert_eq!(all_runs(store, &moved).await, []);
    assert_eq!(all_runs(store, &flow).await.len(), 1);
}

/// The owner's word counts even while the scheduler is at it.
pub async fn a_plan_does_not_hold_if_the_flow_was_paused_or_deleted(store: &Subject) {
    let paused = insert(store, a_due_flow(an_owner(), noon())).await;
    let deleted = insert(store, a_due_flow(an_owner(), noon())).await;
    let plans = [a_plan(&paused, noon()), a_plan(&deleted, noon())];
    let off = Flow { active: false, ..paused.clone() };
    store.update_flow(&off, false).await.unwrap();
    store.delete_flow(deleted.owner, deleted.id).await.unwrap();
    assert_eq!(held(store, &plans, noon()).await, []);
    assert_eq!(all_runs(store, &paused).await, []);
    assert_eq!(store.queue_depth().await.unwrap(), 0);
}

/// Even when the due time was set back to it, after its run has ended.
pub async fn a_slot_that_has_a_run_gets_no_second_one(store: &Subject) {
    let flow = insert(store, a_due_flow(an_owner(), noon())).await;
    store.commit_slots(&[a_plan(&flow, noon())], noon(), NonZeroU32::MAX).await.unwrap();
    let claimed = claim(store, noon()).await;
    end(store, &claimed, passed()).await;
    let back = Flow { next_run_at: Some(noon()), ..flow.clone() };
    store.update_flow(&back, true).await.unwrap();
    let again = a_plan(&flow, noon());
    assert_eq!(held(store, &[again], noon()).await, [flow.id]);
    assert_eq!(stored(store, &flow).await.next_run_at, Some(noon() + HOUR));
    assert_eq!(all_runs(store, &flow).await.len(), 1);
    assert!(try_claim(store, later(5)).await.is_none());
}

/// For the reason that is given, whatever else goes on; the flow is due again as planned.
pub async fn a_slot_that_is_not_to_be_run_is_stored_as_skipped(store: &Subject) {
    let idle = insert(store, a_due_flow(an_owner(), noon())).await;
    let busy = insert(store, a_due_flow(an_owner(), noon())).await;
    let open = queue(store, &busy, noon()).await;
    let message = "the site is being worked on — 保守".to_owned();
    let why = RunError { code: ErrorCode::Maintenance, message, step: None };
    let plan = |flow| SlotPlan { skip: Some(why.clone()), ..a_plan(flow, noon()) };
    let plans = [plan(&idle), plan(&busy)];
    assert_eq!(held(store, &plans, later(2)).await, [idle.id, busy.id]);
    for (flow, plan) in [&idle, &busy].into_iter().zip(&plans) {
        let skipped = all_runs(store, flow).await.into_iter().find(|run| run.id != open.id);
        assert_eq!(skipped, Some(plan.run.run.clone().skipped(why.clone(), later(2))));
        assert_eq!(stored(store, flow).await.next_run_at, Some(noon() + HOUR));
    }
    assert_eq!(claim(store, later(3)).await.run.id, open.id);
    assert!(try_claim(store, later(3)).await.is_none(), "what was skipped is never run");
    // The slot after it is run.
    assert_eq!(held(store, &[a_plan(&idle, noon() + HOUR)], later(3_600)).await, [idle.id]);
    assert_eq!(claim(store, later(3_601)).await.run.flow, idle.id);
}

/// Queued or running, scheduled or instant; not once it has ended, nor because of another flow.
pub async fn a_slot_is_skipped_while_another_run_of_its_flow_is_open(store: &Subject) {
    let flow = insert(store, a_due_flow(an_owner(), noon())).await;
    let other = insert(store, a_flow(flow.owner)).await;
    queue(store, &other, noon()).await;
    let open = queue(store, &flow, later(1)).await;
    let mut due = noon();
    for _ in 0..2 {
        let plan = a_plan(&flow, due);
        assert_eq!(held(store, &[plan], later(7)).await, [flow.id]);
        let skipped = all_runs(store, &flow).await.remove(0);
        assert_eq!(skipped.status, RunStatus::Skipped);
        assert_eq!(skipped.scheduled_for, Some(due));
        assert_eq!(skipped.finished_at, Some(later(7)));
        assert_eq!(skipped.error.unwrap().code, ErrorCode::Overlap);
        due = due + HOUR;
        // Now it is running.
        while claim(store, later(8)).await.run.id != open.id {}
        if due > noon() + HOUR {
            break;
        }
        assert!(try_claim(store, later(9)).await.is_none());
        store.recover_lost(later(8) + super::MUCH_LATER, 9).await.unwrap();
    }
    let claims = store.recover_lost(later(8) + super::MUCH_LATER, 9).await.unwrap();
    assert_eq!(claims.len(), 2);
    loop {
        let claimed = claim(store, later(10)).await;
        end(store, &claimed, passed()).await;
        if claimed.run.flow == flow.id {
            break;
        }
    }
    store.commit_slots(&[a_plan(&flow, due)], later(11), NonZeroU32::MAX).await.unwrap();
    assert_eq!(all_runs(store, &flow).await.remove(0).status, RunStatus::Queued);
}

/// With how many they were, next to the run of the latest slot.
pub async fn missed_slots_are_stored_as_one_skipped_run(store: &Subject) {
    let flow = insert(store, a_due_flow(an_owner(), noon())).await;
    let error = RunError { code: ErrorCode::Missed, message: "nobody".to_owned(), step: None };
    let missed = Run {
        missed_count: Some(u64::from(u32::MAX) + 7),
        ..a_slot_run(&flow, noon(), later(5)).run.skipped(error, later(5))
    };
    let run = a_slot_run(&flow, later(4), later(5));
    let plan = SlotPlan {
        flow: flow.id,
        due: noon(),
        next: Some(noon() + HOUR),
        run: run.clone(),
        skip: None,
        missed: Some(missed.clone()),
    };
    store.commit_slots(&[plan], later(5), NonZeroU32::MAX).await.unwrap();
    assert_eq!(all_runs(store, &flow).await, [run.run, missed]);
    assert_eq!(store.queue_depth().await.unwrap(), 1);
}

/// Each is judged by itself, however many there are.
pub async fn plans_of_one_batch_do_not_touch_each_other(store: &Subject) {
    let (mut plans, mut holding, mut expected) = (Vec::new(), Vec::new(), Vec::new());
    let owners = [an_owner(), an_owner(), an_owner()];
    for turn in 0..60 {
        let flow = insert(store, a_due_flow(owners[turn % 3], noon())).await;
        let plan = a_plan(&flow, noon());
        let statuses = match turn % 5 {
            0 => {
                queue(store, &flow, noon()).await;
                // The plan was made before.
                vec![RunStatus::Queued, RunStatus::Skipped]
            }
            1 => {
                let moved = Flow { next_run_at: Some(later(1)), ..flow.clone() };
                store.update_flow(&moved, true).await.unwrap();
                vec![]
            }
            2 => {
                let error =
                    RunError { code: ErrorCode::Missed, message: String::new(), step: None };
                let missed = a_slot_run(&flow, noon(), noon()).run.skipped(error, noon());
                let run = a_slot_run(&flow, later(1), noon());
                plans.push(SlotPlan { run, missed: Some(missed), ..plan.clone() });
                vec![RunStatus::Queued, RunStatus::Skipped]
            }
            _ => vec![RunStatus::Queued],
        };
        if turn % 5 != 2 {
            plans.push(plan);
        }
        if turn % 5 != 1 {
            holding.push(flow.id);
        }
        expected.push((flow, statuses));
    }
    assert_eq!(held(store, &plans, noon()).await, holding);
    for (turn, (flow, statuses)) in expected.iter().enumerate() {
        let found: Vec<_> = all_runs(store, flow).await.iter().map(|run| run.status).collect();
        assert_eq!(&found, statuses, "{turn}");
        let due = if turn % 5 == 1 { later(1) } else { noon() + HOUR };
        assert_eq!(stored(store, flow).await.next_run_at, Some(due), "{turn}");
    }
    assert_eq!(store.queue_depth().await.unwrap(), 48);
    for _ in 0..48 {
        begin_any(store).await;
    }
    assert!(try_claim(store, later(2)).await.is_none());
}

/// Neither a second run nor an error comes of it, over many flows at once.
pub async fn two_schedulers_make_one_run_of_a_slot(store: &Subject) {
    let mut flows = Vec::new();
    for _ in 0..8 {
        flows.push(insert(store, a_due_flow(an_owner(), noon())).await);
    }
    let claims = at_once(4, |_| {
        let store = Arc::clone(store);
        let plans: Vec<_> = flows.iter().map(|flow| a_plan(flow, noon())).collect();
        async move { store.commit_slots(&plans, noon(), NonZeroU32::MAX).await.unwrap() }
    })
    .await;
    let mut held: Vec<_> = claims.into_iter().flatten().collect();
    held.sort();
    assert_eq!(held, flows.iter().map(|flow| flow.id).collect::<Vec<_>>());
    for flow in &flows {
        let runs = all_runs(store, flow).await;
        assert_eq!(runs.iter().map(|run| run.status).collect::<Vec<_>>(), [RunStatus::Queued]);
    }
    // What was made has what it is to do: each can be claimed.
    for _ in &flows {
        begin_any(store).await;
    }
    let flow = insert(store, a_flow(an_owner())).await;
    begin(store, &flow, later(9)).await;
}

async fn begin_any(store: &Subject) {
    claim(store, later(1)).await;
}
