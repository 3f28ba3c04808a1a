//! Carrying a flow out in a browser, as a worker does.

use std::{sync::Arc, time::Duration};

use serde_json::Value;
use synmon_core::{
    Clock as _, FlowId, SystemClock,
    browser::Browser,
    engine::{Engine, WorkerTick},
    flow::{BrowserKind, DEFAULT_RUN_TIMEOUT, Flow, FlowUrl, RawSettings},
    step::{RawStep, Step, parse_steps},
    store::{FlowStore as _, RunStore as _},
};
use tokio::time::timeout;

use super::{FlowCase, Trace};
use crate::{
    MemoryArtifacts, MemoryStore, RecordingNotifier, Site, StaticResolver,
    factory::{a_flow, a_queued_run, an_owner},
};

/// No run takes longer, its clearing up included.
const LIMIT: Duration = Duration::from_mins(3);

/// A browser that flows are carried out in.
pub struct Candidate {
    /// What it is called in what a test says.
    pub name: &'static str,
    /// The browser.
    pub browser: Arc<dyn Browser>,
    /// Which one it is asked for.
    pub kind: BrowserKind,
}

/// Carries a flow out in each of the browsers: the verdict is right, and the logs are the same.
pub async fn in_each(browsers: &[Candidate], case: fn() -> FlowCase) {
    let case = case();
    let mut first: Option<(&str, Trace)> = None;
    for candidate in browsers {
        let lacks = candidate.browser.lacks(candidate.kind);
        if let Some(lacking) = case.needs.iter().find(|needed| lacks.contains(needed)) {
            eprintln!("SKIPPED: {} declares that it lacks {lacking:?}", candidate.name);
            continue;
        }
        let trace = carry_out(&case, candidate).await;
        case.assert_right(candidate.name, &trace);
        match &first {
            None => first = Some((candidate.name, trace)),
            Some((name, known)) => {
                assert_eq!(&trace, known, "{} differs from {name}", candidate.name);
            }
        }
    }
}

async fn carry_out(case: &FlowCase, candidate: &Candidate) -> Trace {
    let site = Site::with(case.pages).await;
    let secure = Site::with_a_bad_certificate(case.pages).await;
    let store = Arc::new(MemoryStore::new());
    let clock = Arc::new(SystemClock::default());
    let now = clock.now();
    let names = StaticResolver::new().name("localhost", &["127.0.0.1"]);
    let engine = Engine::builder()
        .store(Arc::<MemoryStore>::clone(&store))
        .browser(Arc::clone(&candidate.browser))
        .notifier(Arc::new(RecordingNotifier::new()))
        .artifacts(Arc::new(MemoryArtifacts::new()))
        .egress(names.policy_allowing("127.0.0.1, localhost"))
        .clock(clock)
        .build()
        .unwrap();
    let owner = an_owner();
    let used = FlowId::new(now);
    let fill = |value: &Value| filled(value, &site, &secure, used);
    let base = Flow { browser: candidate.kind, ..a_flow(owner) };
    if let Some(used_steps) = &case.used {
        let flow = Flow { id: used, steps: steps(&fill(used_steps)), ..base.clone() };
        store.insert_flow(&flow).await.unwrap();
    }
    let settings: RawSettings = serde_json::from_value(fill(&case.settings)).unwrap();
    let flow = Flow {
        url: FlowUrl::parse(site.url(case.start).as_str()).unwrap(),
        dialogs: case.dialogs,
        run_timeout: case.run_timeout.unwrap_or(DEFAULT_RUN_TIMEOUT),
        settings: settings.parse().unwrap(),
        steps: steps(&fill(&case.steps)),
        ..base
    };
    store.insert_flow(&flow).await.unwrap();
    let queued = a_queued_run(&flow, now);
    let id = queued.run.id;
    store.insert_run(&queued).await.unwrap();
    let tick = timeout(LIMIT, engine.worker().tick()).await.unwrap().unwrap();
    assert_eq!(tick, WorkerTick::Ran(id));
    let run = store.run(owner, id).await.unwrap().unwrap();
    let logs = store.step_logs(id).await.unwrap();
    if let Some(error) = &run.error {
        eprintln!("{}: {}", candidate.name, error.message);
    }
    Trace::of(&run, &logs)
}

/// Numbers the steps and checks them, as the server does.
fn steps(sent: &Value) -> Vec<Step> {
    let mut raw: Vec<RawStep> = serde_json::from_value(sent.clone()).unwrap();
    let read = serde_json::to_value(&raw).unwrap();
    for (sent, read) in sent.as_array().unwrap().iter().zip(read.as_array().unwrap()) {
        for (field, value) in sent.as_object().unwrap() {
            // What is not known is not read: a slip of the pen would test nothing.
            assert_eq!(Some(value), read.get(field).or(Some(&Value::Null)), "{field} in {sent}");
        }
    }
    for (step, number) in raw.iter_mut().zip(1..) {
        step.number = number;
    }
    parse_steps(&raw).unwrap()
}

fn filled(value: &Value, site: &Site, secure: &Site, used: FlowId) -> Value {
    let origin = |url: url::Url| url.origin().ascii_serialization();
    let text = value
        .to_string()
        .replace("$SITE", &origin(site.url("/")))
        .replace("$ELSEWHERE", &origin(site.url_at("localhost", "/")))
        .replace("$SECURE", &origin(secure.url("/")))
        .replace("$USED", &used.to_string());
    serde_json::from_str(&text).unwrap()
}
