//! I5 and I10: what the API has said is so, and it is said to nobody else.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use uuid::Uuid;

use super::{Breach, Evidence, breach};
use crate::history::{Entry, Op, Outcome};

/// I5: what was acknowledged is there; what was refused is not; what nobody knows is there once at
/// the most.
pub(super) fn what_was_acknowledged_is_there(evidence: &Evidence) -> Vec<Breach> {
    let mut breaches = flows_are_there(evidence);
    breaches.extend(names_are_right(evidence));
    breaches.extend(runs_are_there(evidence));
    breaches
}

fn flows_are_there(evidence: &Evidence) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let there: BTreeSet<Uuid> = evidence.flows.iter().map(|flow| flow.id).collect();
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    for flow in &evidence.flows {
        *names.entry(&flow.name).or_default() += 1;
    }
    let shown: BTreeMap<&str, &Value> = evidence
        .shown
        .iter()
        .flat_map(|(flows, _)| flows)
        .filter_map(|flow| Some((flow["id"].as_str()?, flow)))
        .collect();
    for entry in &evidence.entries {
        match &entry.op {
            Op::CreateFlow { draft, flow } => {
                let name = &draft.name;
                let count = names.get(name.as_str()).copied().unwrap_or(0);
                let most = usize::from(entry.outcome != Outcome::Fail);
                if count > most {
                    let text = format!("{count} flows came of one request to make `{name}`");
                    breaches.push(breach("I5", text));
                }
                if let Some(flow) = flow
                    && !there.contains(flow)
                    && !was_deleted(evidence, *flow)
                {
                    breaches.push(breach("I5", format!("flow {flow} was made and is gone")));
                }
            }
            Op::SetSteps { flow } if entry.outcome == Outcome::Ok => {
                let steps = shown.get(flow.to_string().as_str()).map(|flow| &flow["steps"]);
                if steps.is_some_and(|steps| steps.as_array().is_none_or(|all| all.len() != 4)) {
                    breaches.push(breach("I5", format!("flow {flow} has lost its steps")));
                }
            }
            // Refused because it is not there any more: that is as good.
            Op::Delete { flow }
                if there.contains(flow)
                    && (entry.outcome == Outcome::Ok || entry.status == Some(404)) =>
            {
                breaches.push(breach("I5", format!("flow {flow} was deleted and is there")));
            }
            _ => {}
        }
    }
    breaches
}

/// The last name that was acknowledged counts, or one of which nobody knows when it came.
fn names_are_right(evidence: &Evidence) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for flow in &evidence.flows {
        let given = |entry: &Entry| match &entry.op {
            Op::Rename { flow: id, name } if *id == flow.id => Some(name.clone()),
            Op::CreateFlow { draft, flow: Some(id) } if *id == flow.id => Some(draft.name.clone()),
            _ => None,
        };
        let given: Vec<(&Entry, String)> = evidence
            .entries
            .iter()
            .filter(|entry| entry.outcome != Outcome::Fail)
            .filter_map(|entry| given(entry).map(|name| (entry, name)))
            .collect();
        let acknowledged = |entry: &Entry| entry.outcome == Outcome::Ok;
        let may_be = given.iter().any(|(entry, name)| {
            let overruled = given.iter().any(|(other, _)| {
                acknowledged(entry) && acknowledged(other) && other.start > entry.end
            });
            *name == flow.name && !overruled
        });
        if !given.is_empty() && !may_be {
            let text =
                format!("flow {} is called `{}`, which is not its last name", flow.id, flow.name);
            breaches.push(breach("I5", text));
        }
    }
    breaches
}

fn runs_are_there(evidence: &Evidence) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let mut asked: BTreeMap<Uuid, (usize, usize)> = BTreeMap::new();
    for entry in &evidence.entries {
        let Op::StartRun { flow, run } = &entry.op else { continue };
        let counts = asked.entry(*flow).or_default();
        match (entry.outcome, run) {
            (Outcome::Ok, Some(run)) => {
                counts.0 += 1;
                if !evidence.runs.contains(run) && !was_deleted(evidence, *flow) {
                    breaches.push(breach("I5", format!("run {run} was started and is gone")));
                }
            }
            (Outcome::Unknown, _) => counts.1 += 1,
            _ => {}
        }
    }
    let mut made: BTreeMap<Uuid, usize> = BTreeMap::new();
    for event in &evidence.events {
        if event.is("insert") && event.slot.is_none() {
            *made.entry(event.flow).or_default() += 1;
        }
    }
    for (flow, count) in made {
        let (known, unknown) = asked.get(&flow).copied().unwrap_or_default();
        if count < known || count > known + unknown {
            let text = format!(
                "flow {flow} has {count} runs by hand; {known} were acknowledged, {unknown} are unknown"
            );
            breaches.push(breach("I5", text));
        }
    }
    breaches
}

fn was_deleted(evidence: &Evidence, flow: Uuid) -> bool {
    !evidence.tries(|op| matches!(op, Op::Delete { flow: id } if *id == flow)).is_empty()
}

/// I10: nobody is shown what somebody else has.
pub(super) fn nobody_sees_what_is_not_his(evidence: &Evidence) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for entry in &evidence.entries {
        if let Op::Peek { path } = &entry.op
            && entry.outcome == Outcome::Ok
        {
            breaches.push(breach("I10", format!("owner {} was shown {path}", entry.owner)));
        }
    }
    let mut homes: BTreeMap<String, usize> = BTreeMap::new();
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in &evidence.entries {
        match &entry.op {
            Op::CreateFlow { draft, flow } => {
                names.insert(&draft.name, entry.owner);
                homes.extend(flow.map(|flow| (flow.to_string(), entry.owner)));
            }
            Op::Rename { name, .. } => drop(names.insert(name, entry.owner)),
            _ => {}
        }
    }
    for (owner, (flows, runs)) in evidence.shown.iter().enumerate() {
        for flow in flows {
            // A flow whose making was not acknowledged is known by its name alone.
            if names.get(flow["name"].as_str().unwrap_or_default()) != Some(&owner) {
                breaches.push(breach("I10", format!("owner {owner} is shown flow {}", flow["id"])));
            }
        }
        for run in runs {
            if homes.get(run["flow_id"].as_str().unwrap_or_default()) != Some(&owner) {
                breaches.push(breach("I10", format!("owner {owner} is shown run {}", run["id"])));
            }
        }
    }
    breaches
}
