//! I2, I3 and I7: runs end, by the word of whoever has them, and blame no site that works.

use super::{Breach, Evidence, breach};
use crate::{
    audit::{Event, is_terminal},
    history::Watch,
};

/// I2: every run has ended, unless its flow is gone.
pub(super) fn all_end(evidence: &Evidence) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (run, events) in evidence.by_run() {
        let last = events.iter().rev().find(|event| !event.is("log"));
        if let Some(last) = last
            && !last.is("delete")
            && !last.status.as_deref().is_some_and(is_terminal)
        {
            breaches.push(breach("I2", format!("run {run} is {:?}", last.status)));
        }
    }
    breaches
}

/// I3: each run ends once, and nobody writes to it who does not have it. It is judged by who wrote,
/// which the database knows for itself, and not by the fencing numbers.
pub(super) fn only_the_holder_writes(evidence: &Evidence) -> Vec<Breach> {
    evidence.by_run().into_values().flat_map(|events| of_one(&events)).collect()
}

fn of_one(events: &[&Event]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let mut holder: Option<&str> = None;
    let mut ended = false;
    // The transaction that ended an attempt, which may log the steps that were not tried in it.
    let mut closed: Option<(i64, Option<i64>)> = None;
    for event in events {
        let run = event.run.unwrap_or_default();
        let mut blame = |what: &str| {
            let (writer, attempt) = (&event.writer, event.attempt.unwrap_or(-1));
            let has = holder.unwrap_or("nobody");
            let text =
                format!("{what}: run {run}, attempt {attempt}, written by {writer}, held by {has}");
            breaches.push(breach("I3", text));
        };
        let by_holder = holder == Some(event.writer.as_str());
        let status = event.status.as_deref().unwrap_or_default();
        if event.is("log") {
            let in_force =
                event.log_attempt == event.attempt || closed == Some((event.tx, event.log_attempt));
            if !by_holder || !in_force {
                let (number, of) =
                    (event.log_number.unwrap_or(-1), event.log_attempt.unwrap_or(-1));
                blame(&format!("step {number} of attempt {of} was logged by a stale worker"));
            }
            continue;
        }
        if !event.is("change") {
            ended |= event.is("insert") && is_terminal(status);
            continue;
        }
        closed = Some((event.tx, event.attempt_before));
        if ended {
            blame(&format!("a run that had ended became {status}"));
        }
        if event.attempt < event.attempt_before {
            blame("an attempt that was over came back");
        }
        match event.before.as_deref().unwrap_or_default() {
            "queued" if status == "running" => holder = Some(&event.writer),
            "running" if event.lost() => holder = None,
            "running" if !by_holder => blame(&format!("a stale worker made it {status}")),
            "running" if status == "queued" => holder = None,
            _ => {}
        }
        // The logs of the steps that were not tried come after the verdict, by the same hand.
        ended |= is_terminal(status);
    }
    breaches
}

/// I7: no run says that a site is broken which works, and none that one works which is down.
pub(super) fn no_false_alarm(evidence: &Evidence) -> Vec<Breach> {
    let drafts = evidence.drafts();
    let mut breaches = Vec::new();
    for (run, events) in evidence.by_run() {
        let Some(end) = events.iter().find(|event| event.verdict().is_some()) else { continue };
        let Some(draft) = drafts.get(&end.flow) else { continue };
        let claims = events.iter().filter(|event| event.status.as_deref() == Some("running"));
        let first = claims.map(|event| event.at).min().unwrap_or(end.at);
        let was_down = || evidence.outages.iter().any(|outage| outage.touches(first, end.at));
        let all_down = || evidence.outages.iter().any(|outage| outage.covers(first, end.at));
        match end.verdict() {
            Some("failed") if draft.watch != Watch::Shaky || !was_down() => {
                let (code, at) = (end.code.as_deref().unwrap_or("?"), end.at);
                let text = format!("run {run} says {code} at {at} of a site that worked");
                breaches.push(breach("I7", text));
            }
            Some("passed") if draft.watch == Watch::Shaky && all_down() => {
                breaches.push(breach("I7", format!("run {run} passed on a site that was down")));
            }
            _ => {}
        }
    }
    breaches
}
