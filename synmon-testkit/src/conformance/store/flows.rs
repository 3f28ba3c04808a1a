//! Flows: stored, changed, deleted.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use synmon_core::{
    ChannelId, FlowId, Name, Timestamp,
    alert::{AlertPolicy, AlertSettings, RawWindow, parse_windows},
    artifact::ArtifactPrefix,
    flow::{BrowserKind, DialogPolicy, Flow, FlowSettings, FlowUrl, RawBasicAuth, RawSettings},
    schedule::Schedule,
    store::StoreError,
};

use super::{Subject, begin, claim, insert, later, queue, refused, stored};
use crate::factory::{
    a_due_flow, a_flow, a_passed_log, an_empty_flow, an_owner, named, noon, steps,
};

/// Every setting away from its default.
fn exotic_alerts() -> AlertSettings {
    let windows = [
        RawWindow {
            starts_at: Some("2026-12-24T22:00".to_owned()),
            ends_at: Some("2026-12-25T01:00:30.123456+01:00".to_owned()),
            timezone: Some("Europe/Berlin".to_owned()),
            ..RawWindow::default()
        },
        RawWindow {
            scheduling: Some("0 2 * * 0".to_owned()),
            minutes: Some(90),
            timezone: Some("Asia/Tokyo".to_owned()),
            ..RawWindow::default()
        },
    ];
    AlertSettings {
        policy: AlertPolicy::OnChange,
        after: 3,
        confirm_retries: 2,
        recovery: Some(false),
        remind_every: Some(Duration::from_mins(90)),
        maintenance: parse_windows(&windows).unwrap(),
    }
}

/// Each of the settings set, to what is hard to store.
fn exotic_settings() -> FlowSettings {
    let text = |text: &str| Some(text.to_owned());
    let raw = RawSettings {
        device: None,
        viewport: text("800x600"),
        locale: text("de-DE"),
        browser_timezone: text("America/Argentina/Ushuaia"),
        user_agent: text("synmon/1 (\"quoted\"; 'x' \\)"),
        headers: Some(BTreeMap::from([("X-Probe".to_owned(), "a \"b\" 'c' \\".to_owned())])),
        basic_auth: Some(RawBasicAuth {
            username: "Ådä 🦀".to_owned(),
            password: text(":'\"\\ 文字"),
        }),
        cookies: Some(vec!["consent=\"yes\"; Path=/".to_owned()]),
        ignore_certificate_errors: Some(true),
        block_hosts: Some(vec!["ads.example".to_owned()]),
        picture_format: text("jpeg"),
        browser_variant: text("full"),
        step_timeout_ms: Some(1_234),
        strict_selectors: Some(true),
        har: text("on_failure"),
        variables: Some(BTreeMap::from([("name".to_owned(), "{{ a \"b\" }} 🦀".to_owned())])),
    };
    raw.parse().unwrap()
}

/// Every field, and the fractions of a second that are kept.
pub async fn a_flow_comes_back_as_stored(store: &Subject) {
    let flow = a_flow(an_owner());
    let micros = Timestamp::from_micros(1_767_614_400_559_847);
    let flow = Flow { created_at: micros, updated_at: micros, ..flow };
    store.insert_flow(&flow).await.unwrap();
    let listed = store.flow(flow.owner, flow.id).await.unwrap().unwrap();
    assert_eq!(listed.flow, flow);
    assert_eq!(listed.last_run, None);
}

/// Texts of all scripts, every setting off its default, every kind of step.
pub async fn a_flow_of_an_exotic_kind_comes_back_as_stored(store: &Subject) {
    let url = "https://пример.example:8443/ä/%2e?q='\"&x=%00#ф";
    let flow = Flow {
        name: Name::parse("Çà 'quoted' \"name\" \\ % _ 🦀 e\u{301}\u{200d}").unwrap(),
        url: FlowUrl::parse(url).unwrap(),
        browser: BrowserKind::Firefox,
        schedule: Schedule::parse("\t*/5  8-18 * * mon-fri ", "America/Argentina/Ushuaia").unwrap(),
        spread_limit: Duration::from_mins(5),
        active: true,
        alerts: exotic_alerts(),
        channels: vec![ChannelId::new(noon()), ChannelId::new(noon())],
        dialogs: DialogPolicy::Fail,
        run_timeout: Duration::from_millis(1_001),
        settings: exotic_settings(),
        steps: steps()
            .tapping("//input[@id=\"a'b\"]", "née \"Ångström\"\n\t\\ 🦀")
            .called("größe")
            .within_ms(100)
            .step("press", None, Some("Control+A"))
            .step("press", Some("//a"), Some("Enter"))
            .step("select", Some("//select"), Some(""))
            .navigate("https://site.example/ü")
            .step("assert_url", None, Some("/%C3%BC"))
            .step("assert_text", Some("//p"), Some("文字"))
            .step("back", None, None)
            .build(),
        next_run_at: Some(Timestamp::from_micros(4_102_444_800_000_001)),
        ..an_empty_flow(an_owner())
    };
    insert(store, flow.clone()).await;
    assert_eq!(stored(store, &flow).await, flow);
    let longest = Flow { id: FlowId::new(noon()), ..named(flow, &"ß🦀".repeat(100)) };
    insert(store, longest.clone()).await;
    assert_eq!(stored(store, &longest).await, longest);
}

/// An id is taken once.
pub async fn a_flow_is_not_inserted_twice(store: &Subject) {
    let flow = insert(store, a_flow(an_owner())).await;
    refused(store.insert_flow(&named(flow.clone(), "another")).await);
    assert_eq!(stored(store, &flow).await, flow);
}

/// Somebody else's flow is as good as none.
pub async fn a_flow_is_seen_by_its_owner_alone(store: &Subject) {
    let flow = insert(store, a_flow(an_owner())).await;
    assert_eq!(store.flow(an_owner(), flow.id).await.unwrap(), None);
    assert_eq!(store.flow(flow.owner, FlowId::new(noon())).await.unwrap(), None);
}

/// What is read after an update is what was written, one version on.
pub async fn an_update_replaces_the_flow_and_counts_its_version(store: &Subject) {
    let flow = insert(store, a_flow(an_owner())).await;
    let changed = Flow {
        url: FlowUrl::parse("https://other.example/").unwrap(),
        browser: BrowserKind::Firefox,
        schedule: Schedule::parse("30 2 * * *", "Europe/Berlin").unwrap(),
        spread_limit: Duration::from_secs(7),
        active: true,
        alerts: AlertSettings { policy: AlertPolicy::OnChange, ..AlertSettings::default() },
        dialogs: DialogPolicy::Accept,
        run_timeout: Duration::from_mins(5),
        settings: exotic_settings(),
        steps: steps().tapping("//input", "x").click("//b").build(),
        next_run_at: Some(later(99)),
        updated_at: later(1),
        ..named(flow, "another name")
    };
    store.update_flow(&changed, true).await.unwrap();
    assert_eq!(stored(store, &changed).await, Flow { version: 2, ..changed });
}

/// Neither an old version nor a flow that is gone is written over.
pub async fn an_update_of_an_old_version_is_refused(store: &Subject) {
    let flow = insert(store, a_flow(an_owner())).await;
    store.update_flow(&named(flow.clone(), "first"), false).await.unwrap();
    refused(store.update_flow(&named(flow.clone(), "second"), false).await);
    assert_eq!(stored(store, &flow).await.name.as_str(), "first");
    refused(store.update_flow(&a_flow(an_owner()), false).await);
}

/// Two at a time can't undo each other unseen.
pub async fn of_many_updates_of_one_version_one_wins(store: &Subject) {
    let flow = insert(store, a_flow(an_owner())).await;
    let results = super::at_once(12, |turn| {
        let store = Arc::clone(store);
        let changed = named(flow.clone(), &format!("name {turn}"));
        async move { store.update_flow(&changed, false).await }
    })
    .await;
    let refusals = results.iter().filter(|r| matches!(r, Err(StoreError::Conflict { .. }))).count();
    assert_eq!((results.iter().filter(|r| r.is_ok()).count(), refusals), (1, 11), "{results:?}");
    assert_eq!(stored(store, &flow).await.version, 2);
}

/// The scheduler's word on the due time stands, unless the change is about the schedule.
pub async fn an_update_leaves_the_due_time_unless_it_reschedules(store: &Subject) {
    let flow = insert(store, a_due_flow(an_owner(), noon())).await;
    let stale = Flow { next_run_at: Some(later(5)), ..named(flow.clone(), "renamed") };
    store.update_flow(&stale, false).await.unwrap();
    assert_eq!(stored(store, &flow).await.next_run_at, Some(noon()));
    store.update_flow(&Flow { version: 2, ..stale.clone() }, true).await.unwrap();
    assert_eq!(stored(store, &flow).await.next_run_at, Some(later(5)));
    let off = Flow { version: 3, active: false, next_run_at: None, ..stale };
    store.update_flow(&off, true).await.unwrap();
    assert_eq!(stored(store, &flow).await.next_run_at, None);
}

/// Runs in every state go, with their logs; another flow's stay.
pub async fn a_deleted_flow_takes_its_runs_along_and_leaves_its_files_in_the_trash(
    store: &Subject,
) {
    let flow = insert(store, a_flow(an_owner())).await;
    let other = insert(store, a_flow(flow.owner)).await;
    let running = begin(store, &flow, noon()).await;
    store.record_step(&running.lease, 1, &a_passed_log(0)).await.unwrap();
    let queued = queue(store, &flow, later(1)).await;
    let kept = queue(store, &other, later(2)).await;
    assert!(store.delete_flow(flow.owner, flow.id).await.unwrap());
    assert_eq!(store.flow(flow.owner, flow.id).await.unwrap(), None);
    for run in [running.run.id, queued.id] {
        assert_eq!(store.run(flow.owner, run).await.unwrap(), None);
        assert_eq!(store.step_logs(run).await.unwrap(), []);
    }
    assert_eq!(store.queue_depth().await.unwrap(), 1);
    assert_eq!(claim(store, later(3)).await.run.id, kept.id);
    let folder = ArtifactPrefix::flow(flow.owner, flow.id);
    assert_eq!(store.take_trash(noon(), noon(), 10).await.unwrap(), [folder]);
    assert!(!store.delete_flow(flow.owner, flow.id).await.unwrap());
}

/// Whoever guesses an id deletes nothing.
pub async fn a_flow_of_somebody_else_is_not_deleted(store: &Subject) {
    let flow = insert(store, a_flow(an_owner())).await;
    assert!(!store.delete_flow(an_owner(), flow.id).await.unwrap());
    assert_eq!(stored(store, &flow).await, flow);
    assert_eq!(store.take_trash(noon(), noon(), 10).await.unwrap(), []);
}

/// A limit holds, and what is forgotten does not come back.
pub async fn trash_is_forgotten_one_folder_at_a_time(store: &Subject) {
    let owner = an_owner();
    for _ in 0..3 {
        let flow = insert(store, a_flow(owner)).await;
        store.delete_flow(owner, flow.id).await.unwrap();
    }
    assert_eq!(store.take_trash(noon(), noon(), 2).await.unwrap().len(), 2);
    for left in (0..3).rev() {
        let some = store.take_trash(noon(), noon(), 1).await.unwrap();
        store.forget_trash(&some[0]).await.unwrap();
        store.forget_trash(&some[0]).await.unwrap();
        assert_eq!(store.take_trash(noon(), noon(), 10).await.unwrap().len(), left);
    }
}
