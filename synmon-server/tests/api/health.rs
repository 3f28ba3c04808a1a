//! Asking a running process how it is, as a container's health check does.

use std::process::{Command, Output};

use crate::fixture::{App, closed_port};

const SERVER: &str = env!("CARGO_BIN_EXE_synmon-server");
const WORKER: &str = env!("CARGO_BIN_EXE_synmon-worker");

fn ask(program: &str, arguments: &[&str], listen: &str) -> Output {
    let mut command = Command::new(program);
    // Nothing that it does not need for asking is looked at: the secret is none.
    let settings = [("SYNMON_LISTEN", listen), ("SYNMON_JWT_SECRET", "short")];
    command.arg("health").args(arguments).env_clear().envs(settings).output().unwrap()
}

fn complaint(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn both_programs_say_how_a_running_one_is() {
    let app = App::without_browser().start().await;
    let address = app.address();
    let listen = address.strip_prefix("http://").unwrap();
    for program in [SERVER, WORKER] {
        let alive = ask(program, &[], listen);
        assert!(alive.status.success(), "{alive:?}");
        let ready = ask(program, &[&format!("{address}/readyz")], listen);
        let why = complaint(&ready);
        assert!(why.contains("503") && why.contains("/nonexistent/chromium"), "{why}");
    }
}

#[tokio::test]
async fn nobody_there_is_no_health() {
    let nowhere = format!("127.0.0.1:{}", closed_port().await);
    for program in [SERVER, WORKER] {
        assert!(complaint(&ask(program, &[], &nowhere)).contains("no answer"));
    }
    assert!(complaint(&ask(WORKER, &[], "")).contains("SYNMON_LISTEN"));
}
