//! I4: everybody is told of what happened, and of each thing once.

use std::collections::{BTreeMap, BTreeSet};

use synmon_testkit::Letter;
use uuid::Uuid;

use super::{Breach, Evidence, breach};
use crate::{
    history::{Policy, ToldBy},
    world::hook::Call,
};

/// What an owner is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum News {
    Failed,
    WorksAgain,
    Paused,
}

/// Told of a run, by mail or otherwise.
type Told = (Uuid, News);

/// Each alert is delivered at least once; what comes again has the same id; nothing else comes.
pub(super) fn one_for_each_alert(evidence: &Evidence) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let mut came: BTreeMap<(Told, ToldBy), BTreeSet<String>> = BTreeMap::new();
    let mut meanings: BTreeMap<String, BTreeSet<Told>> = BTreeMap::new();
    let letters = evidence.letters.iter().filter_map(read_letter);
    let letters = letters.map(|(id, told)| (id, told, ToldBy::Mail));
    let calls = evidence.calls.iter().filter_map(read_call);
    let calls = calls.map(|(id, told)| (id, told, ToldBy::Webhook));
    for (id, told, by) in letters.chain(calls) {
        came.entry((told, by)).or_default().insert(id.clone());
        meanings.entry(id).or_default().insert(told);
    }
    for (id, told) in meanings.iter().filter(|(_, told)| told.len() > 1) {
        breaches.push(breach("I4", format!("notice {id} has been used for {told:?}")));
    }
    for call in evidence.calls.iter().filter(|call| !call.genuine) {
        breaches.push(breach("I4", format!("webhook {} is not signed as it must be", call.id)));
    }
    for (told, by) in alerts(evidence) {
        let (run, news) = told;
        let mut ids = came.remove(&(told, by)).unwrap_or_default();
        if news == News::Paused {
            // That is synmon's own doing, and goes to the owner whatever the flow's channel is.
            ids.extend(came.remove(&(told, ToldBy::Mail)).unwrap_or_default());
        }
        if ids.is_empty() {
            breaches.push(breach("I4", format!("{news:?} of run {run} was told to nobody")));
        }
        if ids.len() > 1 {
            breaches.push(breach("I4", format!("{news:?} of run {run} was told as {ids:?}")));
        }
    }
    for ((run, news), _) in came.into_keys() {
        breaches.push(breach("I4", format!("{news:?} of run {run} was told, and is not so")));
    }
    breaches
}

/// What had to be told, by the verdicts in their order and the policies of the flows.
fn alerts(evidence: &Evidence) -> Vec<(Told, ToldBy)> {
    let drafts = evidence.drafts();
    let mut failing: BTreeSet<Uuid> = BTreeSet::new();
    let mut alerts = Vec::new();
    for event in &evidence.events {
        let (Some(verdict), Some(run)) = (event.verdict(), event.run) else { continue };
        let Some(draft) = drafts.get(&event.flow) else { continue };
        let was_failing = failing.contains(&event.flow);
        let news = match (draft.policy, verdict) {
            (_, "errored") if event.code.as_deref() == Some("worker_lost") => Some(News::Paused),
            (Policy::EveryFailure, "failed") => Some(News::Failed),
            (Policy::OnChange, "failed") => (!was_failing).then_some(News::Failed),
            (Policy::OnChange, "passed") => was_failing.then_some(News::WorksAgain),
            _ => None,
        };
        match verdict {
            "failed" => drop(failing.insert(event.flow)),
            "passed" => drop(failing.remove(&event.flow)),
            _ => {}
        }
        alerts.extend(news.map(|news| ((run, news), draft.told_by)));
    }
    alerts
}

fn read_letter(letter: &Letter) -> Option<(String, Told)> {
    let text = &letter.text;
    let (_, rest) = text.split_once("/runs/")?;
    let run = rest.get(..36)?.parse().ok()?;
    let news = if text.contains("has paused your flow") {
        News::Paused
    } else if text.contains("works again") {
        News::WorksAgain
    } else {
        News::Failed
    };
    Some((letter.message_id.clone(), (run, news)))
}

fn read_call(call: &Call) -> Option<(String, Told)> {
    let news = match call.body["type"].as_str()? {
        "run.failed" => News::Failed,
        "run.recovered" => News::WorksAgain,
        "flow.paused" => News::Paused,
        _ => return None,
    };
    let run = call.body.pointer("/data/run/id")?.as_str()?.parse().ok()?;
    Some((call.id.clone(), (run, news)))
}
