//! What owners do while things go wrong.

use std::{sync::Mutex, time::Duration};

use futures_util::future::join_all;
use tokio::time::Instant;
use uuid::Uuid;

use crate::{
    history::{Policy, Watch},
    owner::{Made, Owner},
    world::pause,
};

/// Flows of one owner at the most.
const MOST_FLOWS: usize = 14;
/// How many things an owner does at a time.
const HANDS: usize = 4;

/// The flows that an owner begins with. The first ones keep their schedule and are never deleted, so
/// that every slot of theirs must be found.
const FIRST: [(Watch, Policy); 6] = [
    (Watch::Well, Policy::EveryFailure),
    (Watch::Slow, Policy::EveryFailure),
    (Watch::Shaky, Policy::EveryFailure),
    (Watch::Shaky, Policy::OnChange),
    (Watch::Well, Policy::EveryFailure),
    (Watch::Shaky, Policy::EveryFailure),
];
const STEADY: usize = 4;

/// What an owner has.
pub(crate) struct Desk<'a> {
    pub(crate) owner: Owner<'a>,
    flows: Mutex<Vec<Made>>,
    runs: Mutex<Vec<Uuid>>,
}

impl<'a> Desk<'a> {
    /// Without flows.
    pub(crate) fn empty(owner: Owner<'a>) -> Self {
        Self { owner, flows: Mutex::default(), runs: Mutex::default() }
    }

    /// With the first flows, all of them active.
    pub(crate) async fn of(owner: Owner<'a>) -> Self {
        let mut flows = Vec::new();
        for (watch, policy) in FIRST {
            flows.push(owner.make_flow(watch, policy).await.expect("nothing goes wrong yet"));
        }
        Self { owner, flows: Mutex::new(flows), runs: Mutex::default() }
    }

    fn any_flow(&self, movable: bool) -> Option<(usize, Made)> {
        let flows = self.flows.lock().unwrap();
        let first = if movable { STEADY } else { 0 };
        let count = flows.len().checked_sub(first).filter(|count| *count > 0)?;
        let at = first + self.owner.draw(|rng| rng.below(count));
        Some((at, flows[at].clone()))
    }

    /// Does one thing.
    async fn act(&self, others: &Mutex<Vec<String>>) {
        let owner = &self.owner;
        match owner.draw(|rng| rng.between(0, 99)) {
            0..52 => {
                let Some((_, flow)) = self.any_flow(false) else { return };
                if let Some(run) = owner.start(&flow).await {
                    self.runs.lock().unwrap().push(run);
                    others.lock().unwrap().push(format!("/runs/{run}#{}", owner.index));
                }
            }
            52..62 => {
                let runs = self.runs.lock().unwrap().clone();
                let last = runs.len().min(4);
                if last > 0 {
                    let run = runs[runs.len() - 1 - owner.draw(|rng| rng.below(last))];
                    owner.cancel(run).await;
                }
            }
            62..74 => {
                let Some((_, flow)) = self.any_flow(true) else { return };
                let seconds = owner.draw(|rng| rng.between(0, 55));
                owner.spread(&flow, seconds).await;
            }
            74..82 => {
                let Some((_, flow)) = self.any_flow(false) else { return };
                owner.rename(&flow).await;
            }
            82..88 => {
                if self.flows.lock().unwrap().len() < MOST_FLOWS {
                    let watch = owner.draw(|rng| [Watch::Well, Watch::Shaky][rng.below(2)]);
                    if let Some(flow) = owner.make_flow(watch, Policy::EveryFailure).await {
                        others.lock().unwrap().push(format!("/flows/{}#{}", flow.id, owner.index));
                        self.flows.lock().unwrap().push(flow);
                    }
                }
            }
            88..91 => {
                let Some((at, flow)) = self.any_flow(true) else { return };
                let mine = {
                    let mut flows = self.flows.lock().unwrap();
                    let same = flows.get(at).is_some_and(|other| other.id == flow.id);
                    same.then(|| flows.remove(at))
                };
                if let Some(flow) = mine {
                    owner.delete(&flow).await;
                }
            }
            _ => {
                let paths = others.lock().unwrap().clone();
                let mark = format!("#{}", owner.index);
                let foreign: Vec<&String> =
                    paths.iter().filter(|path| !path.ends_with(&mark)).collect();
                if !foreign.is_empty() {
                    let path = foreign[owner.draw(|rng| rng.below(foreign.len()))];
                    owner.peek(path.split('#').next().unwrap_or_default()).await;
                }
            }
        }
    }
}

/// Lets all owners do things for a while.
pub(crate) async fn work(desks: &[Desk<'_>], time: Duration) {
    let until = Instant::now() + time;
    let others = Mutex::new(Vec::new());
    let hands = desks.iter().flat_map(|desk| (0..HANDS).map(move |_| desk));
    let work = hands.map(async |desk| {
        while Instant::now() < until {
            desk.act(&others).await;
            let rest = desk.owner.draw(|rng| rng.between(50, 350));
            pause(Duration::from_millis(rest)).await;
        }
    });
    join_all(work).await;
}
