//! What the scheduler asks for.

use std::{sync::Arc, time::Duration};

use synmon_core::{
    Timestamp,
    flow::Flow,
    run::{ErrorCode, Run, RunError, RunStatus, Trigger},
    store::{PageRequest, RunFilter, SlotPlan},
};

use super::{Subject, at_once, begin, claim, end, insert, later, passed, queue, stored, try_claim};
use crate::factory::{a_due_flow, a_flow, a_slot_run, an_owner, noon};

const HOUR: Duration = Duration::from_hours(1);

fn a_plan(flow: &Flow, due: Timestamp) -> SlotPlan {
    let run = a_slot_run(flow, due, due);
    SlotPlan { flow: flow.id, due, next: Some(due + HOUR), run, missed: None }
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
    assert_eq!(store.commit_slots(std::slice::from_ref(&plan), noon()).await.unwrap(), 1);
    let after = stored(store, &flow).await;
    assert_eq!(after, Flow { next_run_at: Some(noon() + HOUR), ..flow.clone() });
    assert_eq!(all_runs(store, &flow).await, std::slice::from_ref(&plan.run.run));
    let claimed = claim(store, later(1)).await;
    assert_eq!((claimed.run.trigger, claimed.run.scheduled_for), (Trigger::Schedule, Some(noon())));
    assert_eq!(claimed.snapshot, plan.run.snapshot);
    end(store, &claimed, passed()).await;
    let last = SlotPlan { next: None, ..a_plan(&flow, noon() + HOUR) };
    assert_eq!(store.commit_slots(&[last], noon() + HOUR).await.unwrap(), 1);
    assert_eq!(stored(store, &flow).await.next_run_at, None);
}

/// One that holds is carried out beside one that does not.
pub async fn a_plan_does_not_hold_if_the_due_time_was_moved(store: &Subject) {
    let moved = insert(store, a_due_flow(an_owner(), later(1))).await;
    let flow = insert(store, a_due_flow(an_owner(), noon())).await;
    let plans = [a_plan(&moved, noon()), a_plan(&flow, noon())];
    assert_eq!(store.commit_slots(&plans, noon()).await.unwrap(), 1);
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
    assert_eq!(store.commit_slots(&plans, noon()).await.unwrap(), 0);
    assert_eq!(all_runs(store, &paused).await, []);
    assert_eq!(store.queue_depth().await.unwrap(), 0);
}

/// Even when the due time was set back to it, after its run has ended.
pub async fn a_slot_that_has_a_run_gets_no_second_one(store: &Subject) {
    let flow = insert(store, a_due_flow(an_owner(), noon())).await;
    store.commit_slots(&[a_plan(&flow, noon())], noon()).await.unwrap();
    let claimed = claim(store, noon()).await;
    end(store, &claimed, passed()).await;
    let back = Flow { next_run_at: Some(noon()), ..flow.clone() };
    store.update_flow(&back, true).await.unwrap();
    let again = a_plan(&flow, noon());
    assert_eq!(store.commit_slots(&[again], noon()).await.unwrap(), 1);
    assert_eq!(stored(store, &flow).await.next_run_at, Some(noon() + HOUR));
    assert_eq!(all_runs(store, &flow).await.len(), 1);
    assert!(try_claim(store, later(5)).await.is_none());
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
        assert_eq!(store.commit_slots(&[plan], later(7)).await.unwrap(), 1);
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
    store.commit_slots(&[a_plan(&flow, due)], later(11)).await.unwrap();
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
        missed: Some(missed.clone()),
    };
    store.commit_slots(&[plan], later(5)).await.unwrap();
    assert_eq!(all_runs(store, &flow).await, [run.run, missed]);
    assert_eq!(store.queue_depth().await.unwrap(), 1);
}

/// Neither a second run nor an error comes of it, over many flows at once.
pub async fn two_schedulers_make_one_run_of_a_slot(store: &Subject) {
    let mut flows = Vec::new();
    for _ in 0..8 {
        flows.push(insert(store, a_due_flow(an_owner(), noon())).await);
    }
    let held = at_once(4, |_| {
        let store = Arc::clone(store);
        let plans: Vec<_> = flows.iter().map(|flow| a_plan(flow, noon())).collect();
        async move { store.commit_slots(&plans, noon()).await.unwrap() }
    })
    .await;
    assert_eq!(held.iter().sum::<u32>(), 8, "{held:?}");
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
