//! I1: each slot of an active flow has one run, or a reason.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use uuid::Uuid;

use super::{Breach, Evidence, breach};
use crate::{audit::Event, history::Op};

/// How late a slot may be seen to while the database or all schedulers are away.
const LATE: TimeDelta = TimeDelta::seconds(60);
/// How late it may be seen to when nothing goes wrong.
const PROMPT: TimeDelta = TimeDelta::seconds(5);
const MINUTE: TimeDelta = TimeDelta::minutes(1);

/// What a flow's slots are, by what its owner did: every minute, from its activation on.
struct Expected {
    /// The first time at which it may have been active.
    may_begin: DateTime<Utc>,
    /// From then on it surely was.
    begins: DateTime<Utc>,
    /// Until then it surely was.
    ends: DateTime<Utc>,
    /// After that it surely was not.
    must_end: Option<DateTime<Utc>>,
    /// How far a run may be from its slot.
    spread: TimeDelta,
    /// When its spread was being changed, which may move a slot out of the way.
    changes: Vec<(DateTime<Utc>, DateTime<Utc>)>,
}

/// Computed from what was asked for, and not by the product's own schedule.
pub(super) fn one_run_each(evidence: &Evidence) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let mut rows: BTreeMap<Uuid, Vec<&Event>> = BTreeMap::new();
    for event in evidence.events.iter().filter(|event| event.is("insert") && event.slot.is_some()) {
        rows.entry(event.flow).or_default().push(event);
    }
    for flow in evidence.drafts().into_keys() {
        let inserted = rows.remove(&flow).unwrap_or_default();
        let expected = expected(evidence, flow);
        breaches.extend(none_twice(flow, &inserted));
        let Some(expected) = expected else {
            if !inserted.is_empty() {
                breaches.push(breach("I1", format!("flow {flow} was never active and has slots")));
            }
            continue;
        };
        breaches.extend(none_out_of_time(flow, &inserted, &expected));
        breaches.extend(none_missing(flow, &inserted, &expected));
    }
    breaches
}

fn expected(evidence: &Evidence, flow: Uuid) -> Option<Expected> {
    let is = |wanted: bool| move |op: &Op| matches!(op, Op::SetActive { flow: f, active } if *f == flow && *active == wanted);
    let begun = evidence.tries(is(true));
    let mut ended = evidence.tries(is(false));
    ended.extend(evidence.tries(|op| matches!(op, Op::Delete { flow: f } if *f == flow)));
    let changed = evidence.tries(|op| matches!(op, Op::Spread { flow: f, .. } if *f == flow));
    let pauses = evidence.events.iter().filter(|event| event.is("pause") && event.flow == flow);
    let spread = evidence.entries.iter().filter_map(|entry| match entry.op {
        Op::Spread { flow: f, seconds } if f == flow => i64::try_from(seconds).ok(),
        _ => None,
    });
    let known = begun.iter().filter(|one| one.known).map(|one| one.end).min();
    let ends = ended.iter().map(|one| one.start).chain(pauses.map(|event| event.at));
    Some(Expected {
        may_begin: begun.iter().map(|one| one.start).min()?,
        begins: known.unwrap_or(evidence.quiet.stopping),
        ends: ends.chain([evidence.quiet.stopping]).min()?,
        must_end: ended.iter().filter(|one| one.known).map(|one| one.end).min(),
        spread: TimeDelta::seconds(spread.max().unwrap_or(0)),
        // One whose answer did not come may have been carried out later.
        changes: changed
            .iter()
            .map(|one| (one.start, if one.known { one.end } else { one.end + LATE }))
            .collect(),
    })
}

fn none_twice(flow: Uuid, inserted: &[&Event]) -> Vec<Breach> {
    let mut seen = BTreeSet::new();
    let twice = inserted.iter().filter(|event| !seen.insert(event.slot));
    twice
        .map(|event| {
            let (slot, writer) = (event.slot.unwrap_or_default(), &event.writer);
            breach("I1", format!("slot {slot} of flow {flow} has a second run, made by {writer}"))
        })
        .collect()
}

fn none_out_of_time(flow: Uuid, inserted: &[&Event], expected: &Expected) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for event in inserted {
        let slot = event.slot.unwrap_or_default();
        let too_early = slot + expected.spread < expected.may_begin;
        if too_early || expected.must_end.is_some_and(|end| event.at > end) {
            let at = event.at;
            breaches.push(breach(
                "I1",
                format!(
                    "slot {slot} of flow {flow} got a run at {at}, when the flow was not active"
                ),
            ));
        }
    }
    breaches
}

fn none_missing(flow: Uuid, inserted: &[&Event], expected: &Expected) -> Vec<Breach> {
    let mut covered: BTreeMap<DateTime<Utc>, u32> = BTreeMap::new();
    for event in inserted {
        let slot = event.slot.unwrap_or_default();
        // Several that were missed in a row are one run, with their count.
        for further in 0..event.missed.unwrap_or(1) {
            *covered.entry(slot + MINUTE * i32::try_from(further).unwrap_or(0)).or_default() += 1;
        }
    }
    let mut breaches = Vec::new();
    let first = expected.begins.duration_trunc(MINUTE).unwrap_or_default() + MINUTE;
    let mut slot = first;
    while slot + expected.spread + PROMPT <= expected.ends {
        let moved = expected
            .changes
            .iter()
            .any(|(from, to)| *from <= slot + expected.spread + LATE && *to + PROMPT >= slot);
        let count = covered.get(&slot).copied().unwrap_or(0);
        if count == 0 && !moved {
            breaches.push(breach("I1", format!("slot {slot} of flow {flow} has no run")));
        }
        if count > 1 && expected.changes.is_empty() {
            breaches
                .push(breach("I1", format!("slot {slot} of flow {flow} is told of {count} times")));
        }
        slot += MINUTE;
    }
    breaches
}
