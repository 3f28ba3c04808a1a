//! What plug-ins get, and what comes of how they end.

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
};

use serde_json::{Value, json};
use synmon_core::notice::{Delivery, DeliveryError};
use synmon_notify::plugin::{PluginError, PluginFailure, PluginName};

use crate::{
    plugins::{NAME, Plugins, name},
    support::{account_letter, channel_test, confirmation, digest, failure, reminder},
};

#[tokio::test]
async fn a_plugin_reads_the_event_and_the_configuration_of_its_channel() {
    let plugins = Plugins::with("cat > @/seen");
    let config = BTreeMap::from([("room".to_owned(), "ops\n\"1\"".to_owned())]);
    let sent = plugins.send_with(&config);
    assert_eq!(sent.await.expect("it is delivered"), Delivery::Sent);
    let mut expected: Value =
        serde_json::from_str(include_str!("fixtures/run_failed.json")).expect("JSON");
    expected["id"] = json!(failure().id.to_string());
    expected["config"] = json!({ "room": "ops\n\"1\"" });
    let seen = plugins.read("seen");
    assert_eq!(serde_json::from_str::<Value>(&seen).expect("JSON"), expected);
    assert_eq!(seen.find('\n'), Some(seen.len() - 1), "it is one line");
}

#[tokio::test]
async fn a_plugin_reads_every_kind_of_event_in_the_same_frame() {
    let plugins = Plugins::with("cat > @/seen");
    for (notice, fixture) in [
        (reminder(), include_str!("fixtures/run_still_failing.json")),
        (digest(), include_str!("fixtures/runs_digest.json")),
        (channel_test(), include_str!("fixtures/channel_test.json")),
    ] {
        let sent = plugins.sender().send(&name(NAME), &BTreeMap::new(), &notice).await;
        assert_eq!(sent.expect("it is delivered"), Delivery::Sent);
        let mut expected: Value = serde_json::from_str(fixture).expect("JSON");
        expected["id"] = json!(notice.id.to_string());
        expected["config"] = json!({});
        let seen: Value = serde_json::from_str(&plugins.read("seen")).expect("JSON");
        assert_eq!(seen, expected);
    }
}

#[tokio::test]
async fn a_plugin_works_in_an_empty_folder_that_is_gone_afterwards() {
    let plugins = Plugins::with("pwd > @/where; ls -A > @/what; mkdir -p a/b; touch a/b/c");
    for _ in 0..2 {
        assert_eq!(plugins.send().await.expect("it is delivered"), Delivery::Sent);
        assert_eq!(plugins.read("what"), "");
        let folder = plugins.read("where");
        assert_ne!(Path::new(folder.trim()), plugins.path());
        assert!(!Path::new(folder.trim()).exists(), "{folder}");
    }
}

#[tokio::test]
async fn a_plugin_inherits_nothing_but_its_pipes() {
    let script = "tr '\\0' '\\n' < /proc/$$/environ | sort > @/env; cut -d' ' -f5 /proc/$$/stat > \
                  @/group; echo $$ > @/pid; echo $# > @/arguments";
    let plugins = Plugins::with(script);
    assert_eq!(plugins.send().await.expect("it is delivered"), Delivery::Sent);
    let names: Vec<_> = plugins
        .read("env")
        .lines()
        .filter_map(|line| line.split('=').next().map(str::to_owned))
        .collect();
    assert_eq!(names, ["LANG", "PATH"]);
    assert_eq!(plugins.read("group"), plugins.read("pid"));
    assert_eq!(plugins.read("arguments"), "0\n");
}

#[tokio::test]
async fn status_75_and_signals_are_tried_again_and_other_statuses_are_not() {
    for (script, again, why) in [
        ("exit 75", true, "ended with status 75"),
        ("echo busy >&2; exit 75", true, "ended with status 75: busy"),
        ("kill -9 $$", true, "ended by signal 9"),
        ("kill -TERM $$", true, "ended by signal 15"),
        ("exit 1", false, "ended with status 1"),
        ("exit 255", false, "ended with status 255"),
        ("nonsense-that-is-no-program", false, "ended with status 127"),
    ] {
        let error = Plugins::with(script).send().await.expect_err(script);
        assert!(error.to_string().contains(why), "{script}: {error}");
        let retry = matches!(DeliveryError::from(error), DeliveryError::Retry { after: None, .. });
        assert_eq!(retry, again, "{script}");
    }
}

#[tokio::test]
async fn the_error_tells_the_last_that_a_plugin_said_in_one_clean_line() {
    for (script, expected) in [
        ("echo out; echo no such room >&2; exit 1", "status 1: no such room"),
        ("echo only out; exit 1", "status 1: only out"),
        ("printf 'a\\r\\nb\\033[31m\\000c\\377' >&2; exit 1", "status 1: a b [31m c\u{fffd}"),
    ] {
        let error = Plugins::with(script).send().await.expect_err(script);
        assert!(error.to_string().ends_with(expected), "{error}");
    }
}

#[tokio::test]
async fn a_gigabyte_of_words_is_read_and_not_kept() {
    let gigabyte = "head -c 1000000000 /dev/zero";
    let sent = Plugins::with(gigabyte).send().await;
    assert_eq!(sent.expect("it is delivered"), Delivery::Sent);
    let script = format!("{gigabyte} >&2; echo the end >&2; exit 1");
    let error = Plugins::with(&script).send().await.expect_err("it failed");
    assert!(error.to_string().ends_with("the end"));
    assert!(error.to_string().len() < 2_000);
}

#[tokio::test]
async fn a_plugin_need_not_read_what_it_is_told() {
    let plugins = Plugins::with("exit 0");
    let config = BTreeMap::from([("much".to_owned(), "x".repeat(1_000_000))]);
    let sent = plugins.send_with(&config);
    assert_eq!(sent.await.expect("it is delivered"), Delivery::Sent);
}

#[tokio::test]
async fn a_plugin_that_talks_before_it_reads_gets_all_of_its_input() {
    let plugins = Plugins::with("head -c 1000000 /dev/zero; cat > @/seen");
    let config = BTreeMap::from([("much".to_owned(), "x".repeat(1_000_000))]);
    let sent = plugins.send_with(&config);
    assert_eq!(sent.await.expect("it is delivered"), Delivery::Sent);
    assert!(plugins.read("seen").ends_with("x\"}}\n"));
}

#[tokio::test]
async fn what_is_not_installed_waits_for_somebody_to_install_it() {
    let plugins = Plugins::with("exit 0");
    let forbidden = fs::Permissions::from_mode(0o644);
    fs::set_permissions(plugins.plugin(NAME), forbidden).expect("a mode");
    for (plugin, expected) in
        [("missing", io::ErrorKind::NotFound), (NAME, io::ErrorKind::PermissionDenied)]
    {
        let sent = plugins.sender();
        let sent = sent.send(&name(plugin), &BTreeMap::new(), &failure()).await;
        let Err(PluginError::Retry(PluginFailure::Start(why))) = sent else {
            panic!("{plugin}: {sent:?}")
        };
        assert_eq!(why.kind(), expected, "{plugin}");
    }
}

#[tokio::test]
async fn only_executable_files_with_fitting_names_are_listed() {
    let plugins = Plugins::with("exit 0");
    plugins.install("b2", "exit 0");
    plugins.install("not.a.name", "exit 0");
    fs::write(plugins.plugin("text"), "").expect("a file");
    fs::write(plugins.file("other"), "").expect("a file");
    fs::create_dir(plugins.plugin("folder")).expect("a folder");
    symlink(plugins.plugin("b2"), plugins.plugin("a1")).expect("a link");
    symlink(plugins.file("nowhere"), plugins.plugin("dead")).expect("a link");
    let names = plugins.sender().list().await.expect("a folder");
    assert_eq!(names, [name("a1"), name("b2"), name(NAME)]);
    fs::remove_dir_all(plugins.path()).expect("a folder");
    let error = plugins.sender().list().await.expect_err("there is no folder");
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
}

#[test]
fn no_name_leads_out_of_the_folder() {
    for text in ["../chat", "..", "a/b", "/bin/sh", "chat\0", "Chat", ""] {
        assert!(text.parse::<PluginName>().is_err(), "{text:?}");
    }
}

#[tokio::test]
async fn letters_are_no_plugins_business() {
    let plugins = Plugins::with("touch @/ran");
    let sender = plugins.sender();
    for letter in [account_letter(), confirmation()] {
        let sent = sender.send(&name(NAME), &BTreeMap::new(), &letter).await;
        assert_eq!(sent.expect("nothing to do"), Delivery::NotNeeded);
    }
    assert!(!plugins.file("ran").exists());
}
