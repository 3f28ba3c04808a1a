//! Pictures in a bucket of S3.

use std::process::Command;

use serde_json::json;
use synmon_testkit::s3::{BUCKET, KEY_ID, S3, SECRET};

use crate::fixture::{App, Site, chromium};

/// The settings with which a program finds the bucket.
fn settings(server: &S3) -> [(&'static str, String); 4] {
    [
        ("SYNMON_ARTIFACTS_URL", format!("s3://{BUCKET}/synmon")),
        ("AWS_ENDPOINT_URL", server.url().to_owned()),
        ("AWS_ACCESS_KEY_ID", KEY_ID.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
    ]
}

#[tokio::test]
async fn a_picture_goes_to_the_bucket_and_is_served_from_it() {
    let Some(_places) = chromium(1).await else { return };
    let (site, server) = (Site::start().await, S3::start().await);
    let setup = settings(&server)
        .iter()
        .fold(App::with_browser(), |setup, (name, value)| setup.with(name, value));
    let app = setup.allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    let steps = json!([{"number": 1, "action": "click", "selectors": ["css=#send"]}]);
    let flow = ann.flow_with_steps(&site.url("/"), steps).await;
    let run = ann.run_to_its_end(&flow).await;
    assert_eq!(run["status"], "passed", "{run}");
    let keys = server.keys();
    assert_eq!(keys.len(), run["steps"].as_array().unwrap().len(), "{keys:?}");
    assert!(keys.iter().all(|key| key.starts_with("synmon/")), "{keys:?}");
    ann.get(run["steps"][0]["screenshot_url"].as_str().unwrap()).await.must_be(200);
    let asked = server.asked();
    assert!(asked.last().unwrap().starts_with("GET "), "{asked:?}");
}

#[tokio::test]
async fn a_bucket_that_can_not_be_used_is_told_at_the_start() {
    let server = S3::start().await;
    for (name, value, said) in [
        ("SYNMON_ARTIFACTS_URL", "s3://elsewhere", "no such bucket"),
        ("AWS_SECRET_ACCESS_KEY", "canary", "does not take the key"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut program = Command::new(env!("CARGO_BIN_EXE_synmon-server"));
        program
            .env_clear()
            .env("SYNMON_LISTEN", "127.0.0.1:0")
            .env("SYNMON_DATA_DIR", folder.path())
            .envs(settings(&server))
            .env(name, value);
        let output = tokio::task::spawn_blocking(move || program.output()).await.unwrap().unwrap();
        assert!(!output.status.success(), "{name}");
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(words.contains("SYNMON_ARTIFACTS_URL") && words.contains(said), "{words}");
        assert!(!words.contains("canary") && !words.contains("panicked"), "{words}");
    }
}
