//! Plug-ins that do not end, and what they leave behind.

use std::{collections::BTreeMap, fs::File, io::Read as _, sync::Arc, time::Duration};

use synmon_core::{SystemClock, notice::Delivery};
use synmon_notify::plugin::{PluginError, PluginFailure};
use synmon_testkit::ManualClock;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::{
    plugins::{NAME, Plugins, name, until_all_ended},
    support::{failure, then},
};

/// It and its child hold the FIFO open, and say so.
const HANGS: &str = "exec 3> @/alive; sleep 1000 & echo ready >&3; echo still busy >&2; wait";

/// Starts delivering, and returns when the plug-in is at work.
async fn at_work(
    plugins: &Plugins,
    clock: Arc<ManualClock>,
) -> (JoinHandle<Result<Delivery, PluginError>>, JoinHandle<String>) {
    let fifo = plugins.fifo("alive");
    let sender = plugins.sender_by(clock);
    let sending =
        tokio::spawn(async move { sender.send(&name(NAME), &BTreeMap::new(), &failure()).await });
    let rest = spawn_blocking(move || {
        let mut fifo = File::open(fifo).expect("a FIFO");
        let mut ready = [0; 6];
        fifo.read_exact(&mut ready).expect("a word");
        fifo
    });
    let mut fifo = rest.await.expect("no panic");
    let ended = spawn_blocking(move || {
        let mut rest = String::new();
        fifo.read_to_string(&mut rest).expect("a FIFO");
        rest
    });
    (sending, ended)
}

#[tokio::test]
async fn a_plugin_that_hangs_is_killed_at_the_deadline_with_its_children() {
    let plugins = Plugins::with(HANGS);
    let clock = ManualClock::at(then());
    let (sending, all_ended) = at_work(&plugins, Arc::clone(&clock)).await;
    clock.advance(Duration::from_secs(24)).await;
    assert!(!sending.is_finished());
    clock.advance(Duration::from_secs(1)).await;
    let sent = sending.await.expect("no panic");
    let timed_out = matches!(
        &sent,
        Err(PluginError::Retry(PluginFailure::TimedOut { limit, .. })) if limit.as_secs() == 25
    );
    assert!(timed_out, "{sent:?}");
    assert_eq!(all_ended.await.expect("no panic"), "");
}

#[tokio::test]
async fn a_plugin_whose_delivery_is_cut_off_is_killed_with_its_children() {
    let plugins = Plugins::with(HANGS);
    let (sending, all_ended) = at_work(&plugins, ManualClock::at(then())).await;
    sending.abort();
    assert!(sending.await.expect_err("cut off").is_cancelled());
    assert_eq!(all_ended.await.expect("no panic"), "");
}

#[tokio::test]
async fn what_a_plugin_leaves_behind_ends_with_it() {
    let plugins = Plugins::with("exec 3> @/alive; sleep 1000 & exit 0");
    let all_ended = until_all_ended(plugins.fifo("alive"));
    assert_eq!(plugins.send().await.expect("it is delivered"), Delivery::Sent);
    assert_eq!(all_ended.await.expect("no panic"), "");
}

/// A daemon has left the process group, and may hold the pipes for as long as it likes.
#[tokio::test]
async fn a_daemon_that_a_plugin_starts_does_not_turn_its_success_into_a_failure() {
    let script = "setsid sh -c 'echo > @/started; cat @/end' & cat @/started > @/null";
    let plugins = Plugins::with(script);
    plugins.fifo("started");
    let end = plugins.fifo("end");
    let sender = plugins.sender_by(Arc::new(SystemClock::default()));
    let sent = sender.send(&name(NAME), &BTreeMap::new(), &failure()).await;
    assert_eq!(sent.expect("it is delivered"), Delivery::Sent);
    // The daemon reads until this is closed.
    let written = spawn_blocking(|| File::options().write(true).open(end).is_ok());
    assert!(written.await.expect("no panic"));
}
