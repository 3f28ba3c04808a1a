//! Whole runs as the server does them: queued by the use case, carried out by a running engine,
//! their evidence in SQLite and in a folder.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use synmon_core::{
    OwnerId, SystemClock,
    artifact::{ArtifactPrefix, Artifacts},
    browser::Browser,
    egress::{EgressAllowList, EgressPolicy},
    engine::{Engine, EngineSettings, Signals},
    flow::{Flow, FlowUrl},
    run::{Run, RunStatus, Screenshot, StepLog},
    store::FlowStore as _,
    usecase::Runs,
};
use synmon_drivers::SystemResolver;
use synmon_store::{ObjectArtifacts, SqliteStore};
use synmon_testkit::{
    RecordingNotifier,
    factory::{an_empty_flow, an_owner, named, steps},
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{
    Place,
    browsers::browser,
    timed::{TimedArtifacts, TimedBrowser, Times},
};

/// The pages of the site, each with a form behind its footer link.
const PAGES: [&str; 2] = ["light", "heavy"];

/// An engine that works, and what asks it for runs.
pub(crate) struct Contender {
    runs: Runs,
    flows: BTreeMap<&'static str, Flow>,
    artifacts: Arc<dyn Artifacts>,
    times: Arc<Times>,
    browser: Arc<dyn Browser>,
    stop: CancellationToken,
    engine: JoinHandle<()>,
}

impl Contender {
    pub(crate) async fn start(place: &Place) -> Self {
        std::fs::create_dir_all(&place.data).unwrap();
        let store = Arc::new(SqliteStore::open(&place.data.join("synmon.db")).await.unwrap());
        let times = Times::new();
        let artifacts = ObjectArtifacts::folder(&place.data.join("artifacts")).unwrap();
        let artifacts: Arc<dyn Artifacts> =
            Arc::new(TimedArtifacts { artifacts, times: Arc::clone(&times) });
        let allowed =
            EgressAllowList::default().and_host(&place.site.ip().to_string(), place.site.port());
        let policy = EgressPolicy::new(allowed, Arc::new(SystemResolver));
        let browser = browser(place, policy.clone());
        let browser: Arc<dyn Browser> =
            Arc::new(TimedBrowser { browser, times: Arc::clone(&times) });
        let signals = Arc::new(Signals::default());
        let engine = Engine::builder()
            .store(Arc::clone(&store) as _)
            .browser(Arc::clone(&browser))
            .notifier(Arc::new(RecordingNotifier::new()))
            .artifacts(Arc::clone(&artifacts))
            .egress(policy)
            .signals(Arc::clone(&signals))
            .settings(EngineSettings { concurrency: place.at_a_time, ..EngineSettings::default() })
            .build()
            .unwrap();
        let (owner, mut flows) = (an_owner(), BTreeMap::new());
        for page in PAGES {
            let flow = the_flow(owner, page, &format!("http://{}/{page}/", place.site));
            store.insert_flow(&flow).await.unwrap();
            flows.insert(page, flow);
        }
        let clock = Arc::new(SystemClock::default());
        let runs = Runs::new(Arc::clone(&store) as _, store, clock, signals);
        let stop = CancellationToken::new();
        let working = stop.clone();
        let engine = tokio::spawn(async move { engine.run(working).await });
        Self { runs, flows, artifacts, times, browser, stop, engine }
    }

    /// One run, from the moment at which it is asked for to that at which its verdict can be read.
    /// Then its pictures are put into a folder, out of the time that is measured.
    pub(crate) async fn run(&self, page: &str, folder: &Path) -> Value {
        let flow = &self.flows[page];
        self.times.take();
        let begun = Instant::now();
        let queued = self.runs.start(flow.owner, flow.id).await.unwrap();
        let (run, logs) = self.ended(&queued).await;
        let verdict = begun.elapsed();
        self.times.all_closed().await;
        let closed = begun.elapsed();
        let parts = self.parts(&run, &logs, verdict);
        let (mut pictures, mut without) = (Vec::new(), Vec::new());
        for log in &logs {
            let Screenshot::Captured(key) = &log.screenshot else {
                pictures.push(None);
                without.push(format!("step {}: {:?}", log.number, log.screenshot));
                continue;
            };
            let bytes = self.artifacts.get(key).await.unwrap().unwrap();
            let picture = folder.join(format!("{}.{}", log.number, key.media_type().extension()));
            std::fs::write(&picture, bytes).unwrap();
            pictures.push(Some(picture));
        }
        self.artifacts
            .remove_all(&ArtifactPrefix::run((run.owner, run.flow, run.id)))
            .await
            .unwrap();
        json!({
            "ok": run.status == RunStatus::Passed,
            "why": run.error.map(|error| error.message),
            "ms": millis(verdict),
            "closed_ms": millis(closed),
            "attempts": run.attempt,
            "browser": run.browser_version,
            "pictures": pictures,
            "without": without,
            "parts": parts,
        })
    }

    /// This many runs, all queued at once; the engine has as many going on as it was told.
    pub(crate) async fn many(&self, page: &str, count: usize) -> Value {
        let flow = &self.flows[page];
        let begun = Instant::now();
        let mut queued = Vec::new();
        for _ in 0..count {
            queued.push(self.runs.start(flow.owner, flow.id).await.unwrap());
        }
        let (mut passed, mut why) = (0, None);
        for run in &queued {
            let (run, _) = self.ended(run).await;
            match run.status {
                RunStatus::Passed => passed += 1,
                _ => why = run.error.map(|error| error.message),
            }
        }
        self.times.all_closed().await;
        let ms = millis(begun.elapsed());
        self.artifacts.remove_all(&ArtifactPrefix::owner(flow.owner)).await.unwrap();
        json!({ "ok": passed == count, "why": why, "ms": ms, "flows": passed })
    }

    /// Ends as the server does.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.engine.await.unwrap();
        self.browser.shut_down().await;
    }

    /// Waits for the verdict, as the stream of events does.
    async fn ended(&self, queued: &Run) -> (Run, Vec<StepLog>) {
        loop {
            let progress = self.runs.signals().progress().notified();
            let (run, logs) = self.runs.get(queued.owner, queued.id).await.unwrap();
            if run.status.is_terminal() {
                return (run, logs);
            }
            progress.await;
        }
    }

    /// Where the time of a run went: the calls as they were noted, and what the record says of the
    /// time in between.
    fn parts(&self, run: &Run, logs: &[StepLog], verdict: Duration) -> Value {
        let mut parts = self.times.take();
        let mut note = |name: &str, count: usize, time: Duration| {
            parts[name] = json!({ "count": count, "ms": millis(time) });
        };
        let started = run.started_at.unwrap_or(run.queued_at);
        note("queued until claimed", 1, started.since(run.queued_at));
        // From the end of a step's picture to the beginning of the next step: its log is stored.
        let between = logs.windows(2).filter_map(|pair| {
            let busy = pair[0].duration? + pair[0].timing.picture;
            Some(pair[1].started_at?.since(pair[0].started_at?).saturating_sub(busy))
        });
        note("between steps", logs.len().saturating_sub(1), between.sum());
        let last = logs.last().and_then(|log| {
            Some((log.started_at?, log.duration.unwrap_or_default() + log.timing.picture))
        });
        if let (Some((began, busy)), Some(finished)) = (last, run.finished_at) {
            note("last log stored", 1, finished.since(began).saturating_sub(busy));
            // The store has it, and whoever waits has read it.
            note(
                "verdict stored and read",
                1,
                verdict.saturating_sub(finished.since(run.queued_at)),
            );
        }
        note(
            "steps without pictures",
            logs.len(),
            logs.iter().filter_map(|log| log.duration).sum(),
        );
        note(
            "pictures and their writing",
            logs.len(),
            logs.iter().map(|log| log.timing.picture).sum(),
        );
        parts
    }
}

/// Opens the page, follows the link in its footer, and types into the form there.
fn the_flow(owner: OwnerId, name: &str, url: &str) -> Flow {
    let steps = steps()
        .click("//footer//a[@id='contact']")
        .tapping("//input[@id='name']", "Ada Lovelace")
        .tapping("//input[@id='email']", "ada@site.example")
        .tapping("//input[@id='phone']", "5550123")
        .build();
    Flow { url: FlowUrl::parse(url).unwrap(), steps, ..named(an_empty_flow(owner), name) }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
