//! The guard that browsers elsewhere go through, as a program; and what the server says of its own
//! browsers.

use rustix::process::{Signal, geteuid};
use synmon_testkit::Program;

use crate::{
    fixture::{App, Site, chromium, until},
    machine::browsers,
};

const AT: &str = "The egress guard is at ";

fn settings(given: &[(&str, &str)]) -> Vec<(String, String)> {
    let all = [("SYNMON_EGRESS_LISTEN", "127.0.0.1:0")];
    all.iter().chain(given).map(|(name, value)| ((*name).into(), (*value).into())).collect()
}

#[tokio::test]
async fn the_program_leads_where_it_is_allowed_to_and_ends_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::start().await;
    let allowed = settings(&[("SYNMON_EGRESS_ALLOW", "127.0.0.1")]);
    let program = env!("CARGO_BIN_EXE_synmon");
    let mut guard = Program::start(program, &["egress-proxy"], folder.path(), "log", &allowed);
    let proxy = until("a guard that listens", async || {
        let log = guard.log();
        let (_, rest) = log.split_once(AT)?;
        rest.split_whitespace().next().map(str::to_owned)
    })
    .await;
    let client =
        reqwest::Client::builder().proxy(reqwest::Proxy::all(&proxy).unwrap()).build().unwrap();
    let answer = client.get(site.url("/")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.text().await.unwrap().contains("A form"));
    for url in [site.url("/").replace("127.0.0.1", "127.0.0.2"), proxy.clone()] {
        let answer = client.get(&url).send().await.unwrap();
        assert_eq!(answer.status(), 403, "{url}");
    }
    // Not as a proxy, it is nothing.
    assert_eq!(reqwest::get(&proxy).await.unwrap().status(), 400);
    guard.signal(Signal::TERM);
    assert!(guard.ended().await.success());
}

#[tokio::test]
async fn what_the_program_can_not_use_is_named() {
    for setting in [("SYNMON_EGRESS_LISTEN", "canary"), ("SYNMON_EGRESS_ALLOW", "a b")] {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_synmon"))
            .arg("egress-proxy")
            .env_clear()
            .envs([setting])
            .output()
            .unwrap();
        assert!(!output.status.success());
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(words.contains(setting.0) && !words.contains("canary"), "{words}");
    }
}

/// Either they have a sandbox, or the operator is told that they have none.
#[tokio::test]
async fn browsers_without_a_sandbox_are_warned_of_and_work() {
    let Some(_places) = chromium(1).await else { return };
    let site = Site::start().await;
    let app = App::with_browser().allowing("127.0.0.1").start().await;
    let ready = app.anonymous().get("/readyz").await.must_be(200).json();
    let warned = ready["warnings"].to_string().contains("without Chromium's sandbox");
    assert_eq!(warned, app.log().contains("without Chromium's sandbox"), "{ready}");
    let ann = app.register("ann").await;
    let flow = ann
        .flow_with_steps(
            &site.url("/"),
            serde_json::json!([
                {"number": 1, "action": "reload"},
            ]),
        )
        .await;
    let run = ann.run_to_its_end(&flow).await;
    assert_eq!(run["status"], "passed", "{run}");
    let arguments = browsers(&app).into_iter().map(|(_, line)| line).collect::<String>();
    assert!(arguments.contains("--user-data-dir"), "{arguments}");
    assert_eq!(warned, arguments.contains("--no-sandbox"), "{ready}");
    assert!(geteuid().is_root() || !warned, "only root has none");
    let through_the_guard = arguments.contains("--proxy-bypass-list=<-loopback>");
    assert!(through_the_guard && arguments.contains("--proxy-server=http://127.0.0.1:"));
}
