//! What owners keep for their steps.

use std::sync::Arc;

use synmon_core::{
    OwnerId,
    browser::ConsoleError,
    channel::ChannelTarget,
    flow::{FlowChange, RawSettings},
    run::{ErrorCode, RunStatus, Screenshot},
    secret::{Keyring, MAX_SECRETS, Place, SealedSecret, SealingKey},
    step::RawStep,
    store::{ChannelStore as _, SecretStore as _},
    usecase::{Secrets, UseCaseError},
};
use synmon_testkit::{
    Element, Page,
    factory::{Steps, a_webhook, an_owner, steps},
};

use crate::{
    flow_use_cases::{fields, flows, seed},
    world::{World, a_request, written},
};

const PASSWORD: &str = "hunter2 & <more>";
/// The same in an address, in html and in base64.
const ENCODED: [&str; 3] =
    ["hunter2+%26+%3Cmore%3E", "hunter2 &amp; &lt;more&gt;", "aHVudGVyMiAmIDxtb3JlPg=="];

fn secrets(world: &World) -> Secrets {
    Secrets::new(world.store.clone(), world.keyring.clone(), world.clock.clone())
}

pub(crate) async fn put(world: &World, owner: OwnerId, name: &str, value: &str) {
    secrets(world).put(owner, name, value.to_owned()).await.unwrap();
}

/// A page with a field that lets on what it was given in every way that it can.
fn telltale() -> Page {
    let told = |text: &str| format!("you said {PASSWORD}, {text}");
    // No store holds NUL: what is left without it is the secret.
    let parted = PASSWORD.split("").collect::<Vec<_>>().join("\0");
    let mut page = Page::titled(&format!("{}, {parted}", told("title")))
        .element("//input", Element::saying("").dialog(&told("alert")))
        .element("//p", Element::saying(&told("text")))
        .logs(&told("console"))
        .html(&format!("<p title='{}'>{PASSWORD}</p>", ENCODED[1]));
    for encoded in ENCODED {
        page = page.logs(encoded);
        let mut request = a_request(&format!("http://site.example/q?{encoded}"));
        request.status = Some(500);
        page = page.requests(request);
    }
    page
}

fn typing(content: &str) -> Steps {
    steps().tapping("//input", content)
}

async fn run(owned: &[(&str, &str)], steps: Steps) -> (World, crate::world::Outcome) {
    let world = World::new();
    world.site(telltale());
    for (name, value) in owned {
        put(&world, world.owner, name, value).await;
    }
    let flow = world.flow_with(steps, written(|raw| raw.har = Some("on".to_owned()))).await;
    let outcome = world.run(&flow).await;
    (world, outcome)
}

#[track_caller]
fn holds_no_secret(text: &str) {
    for form in std::iter::once(PASSWORD).chain(ENCODED).chain(["hunter2"]) {
        assert!(!text.contains(form), "{form} in {text}");
    }
}

#[tokio::test]
async fn a_secret_is_typed_and_nothing_that_a_run_leaves_holds_it() {
    let all = typing("{{ secret.PASSWORD }}")
        .step("extract", Some("//p"), None)
        .with(|step| step.variable = Some("said".to_owned()))
        .assert_text("//p", "nothing")
        .within_ms(1_000);
    let (world, outcome) = run(&[("PASSWORD", PASSWORD)], all).await;
    let typed = world.browser.calls().into_iter().find(|call| call.starts_with("Type")).unwrap();
    assert!(typed.contains(PASSWORD), "{typed}");
    outcome.has_failed(3, ErrorCode::AssertionFailed);
    let logs = format!("{:?} {:?}", outcome.logs, outcome.run);
    holds_no_secret(&logs);
    assert!(logs.contains("{{ secret.PASSWORD }}"), "{logs}");
    assert_eq!(outcome.logs[1].dialogs, ["you said {{ secret.PASSWORD }}, alert"]);
    let said = outcome.logs[2].evidence.extracted.as_deref();
    assert_eq!(said, Some("you said {{ secret.PASSWORD }}, text"));
    assert!(matches!(outcome.logs[3].screenshot, Screenshot::Captured(_)));
    holds_no_secret(&format!("{:?}", world.outbox()));
    assert_eq!(world.outbox().len(), 1);
    let kept = world.artifacts.all();
    assert!(kept.iter().any(|(key, _)| key.contains("har")), "{kept:?}");
    for (_, bytes) in kept {
        holds_no_secret(&String::from_utf8_lossy(&bytes));
    }
    let told =
        ConsoleError { text: "you said {{ secret.PASSWORD }}, console".to_owned(), source: None };
    assert_eq!(outcome.logs[0].evidence.console_errors[0], told, "even before it was used");
}

#[tokio::test]
async fn a_secret_that_is_gone_ends_the_run_and_is_nobodys_fault_but_the_flows() {
    for step in ["{{ secret.PASSWORD }}", "{{ totp PASSWORD }}"] {
        let (world, outcome) = run(&[], typing(step)).await;
        assert_eq!(
            (outcome.run.status, outcome.code()),
            (RunStatus::Errored, ErrorCode::FlowInvalid)
        );
        assert!(outcome.message().contains("no secret PASSWORD"), "{}", outcome.message());
        assert_eq!(world.browser.opened(), 1, "it is not tried again");
        assert!(world.verdicts_told().is_empty(), "the site is not to blame");
    }
    let (_, outcome) = run(&[("KEY", PASSWORD)], typing("{{ totp KEY }}")).await;
    assert_eq!(outcome.code(), ErrorCode::FlowInvalid);
    holds_no_secret(outcome.message());
}

#[tokio::test]
async fn a_run_uses_the_secrets_of_its_owner_alone() {
    let world = World::new();
    world.site(telltale());
    put(&world, an_owner(), "PASSWORD", "somebody else's").await;
    let flow = world.flow(typing("{{ secret.PASSWORD }}")).await;
    assert_eq!(world.run(&flow).await.code(), ErrorCode::FlowInvalid);
    put(&world, world.owner, "PASSWORD", "my own word").await;
    world.run(&flow).await;
    let calls = world.browser.calls().join(" ");
    assert!(calls.contains("my own word") && !calls.contains("somebody else's"), "{calls}");
    // Moved from one owner to the other in the database, it does not open.
    let other = an_owner();
    put(&world, other, "PASSWORD", "somebody else's").await;
    let name = "PASSWORD".parse().unwrap();
    let mut stolen = world.store.secret(other, &name).await.unwrap().unwrap();
    stolen.owner = world.owner;
    world.store.put_secret(&stolen, 9).await.unwrap();
    let outcome = world.run(&flow).await;
    assert_eq!(outcome.code(), ErrorCode::Internal);
    assert!(outcome.message().contains("can't be opened"), "{}", outcome.message());
}

#[tokio::test]
async fn what_goes_with_each_request_may_hold_secrets_and_variables() {
    let world = World::new();
    world.site(telltale());
    put(&world, world.owner, "TOKEN", "t0ken-t0ken").await;
    let settings = written(|raw| {
        let header = ("X-Key".to_owned(), "{{ secret.TOKEN }}/{{ var.plan }}".to_owned());
        raw.headers = Some([header].into());
        raw.variables = Some([("plan".to_owned(), "basic".to_owned())].into());
    });
    let flow = world.flow_with(typing("{{ var.plan }}"), settings).await;
    world.run(&flow).await.has_passed();
    let calls = world.browser.calls().join(" ");
    assert!(calls.contains("text: \"basic\""), "{calls}");
    let asked = world.browser.requests();
    assert_eq!(asked[0].settings.headers[0].value, "t0ken-t0ken/basic");
    assert!(secrets(&world).delete(world.owner, "TOKEN").await.is_ok());
    let outcome = world.run(&flow).await;
    assert_eq!(outcome.code(), ErrorCode::FlowInvalid);
}

#[tokio::test]
async fn generated_values_stay_the_same_within_a_run() {
    let all = typing("{{ random.email }}").tapping("//input", "{{ random.email }}, {{ now.date }}");
    let (world, outcome) = run(&[], all).await;
    outcome.has_passed();
    let typed: Vec<_> =
        world.browser.calls().into_iter().filter(|call| call.starts_with("Type")).collect();
    let email = typed[0].split('"').nth(1).unwrap();
    assert!(email.ends_with("@example.com"), "{email}");
    assert!(typed[1].contains(&format!("{email}, 2026-")), "{typed:?}");
}

#[tokio::test]
async fn names_that_are_not_known_are_refused_when_a_flow_is_saved() {
    let world = World::new();
    let flow = flows(&world).create(world.owner, seed()).await.unwrap().flow;
    put(&world, world.owner, "PASSWORD", PASSWORD).await;
    put(&world, an_owner(), "OTHERS", PASSWORD).await;
    let set =
        async |steps: Steps| flows(&world).set_steps(world.owner, flow.id, &steps.raw()).await;
    for (content, meant) in [
        ("{{ secret.PASWORD }}", "did you mean PASSWORD?"),
        ("{{ secret.OTHERS }}", "PUT it"),
        ("{{ totp OTHERS }}", "PUT it"),
        ("{{ random.emial }}", "random.email"),
        ("{{ nothing }}", "secret.NAME"),
        ("{{ var.plan }}", "the settings give none"),
    ] {
        let answer = set(typing(content)).await;
        let Err(UseCaseError::Invalid(invalid)) = &answer else { panic!("{content}: {answer:?}") };
        assert_eq!(invalid.errors()[0].field, "steps[0].content");
        assert!(invalid.to_string().contains(meant), "{content}: {invalid}");
    }
    for steps in [
        steps().navigate("http://site.example/{{ secret.PASSWORD }}"),
        steps().assert_text("//p", "{{ secret.PASSWORD }}"),
        steps().step("press", None, Some("{{ secret.PASSWORD }}")),
    ] {
        assert_eq!(fields(set(steps).await), ["steps[0].content"]);
    }
    let by_selector = steps().click("//a[.='{{ secret.PASSWORD }}']");
    assert_eq!(fields(set(by_selector).await), ["steps[0].selector_xpath"]);
    for content in
        ["{{ secret.PASSWORD }}", "{{ totp PASSWORD }}", "{{#if x}}", "{{ \"{{\" }} x }}"]
    {
        set(typing(content)).await.unwrap();
    }
}

#[tokio::test]
async fn settings_are_held_to_the_names_that_they_and_steps_use() {
    let world = World::new();
    let flow = flows(&world).create(world.owner, seed()).await.unwrap().flow;
    let change = async |change: fn(&mut RawSettings)| {
        let mut raw = RawSettings::default();
        change(&mut raw);
        let change = FlowChange { settings: Some(raw), ..FlowChange::default() };
        flows(&world).change(world.owner, flow.id, change).await
    };
    for wrong in [
        |raw: &mut RawSettings| {
            raw.headers = Some([("X-Key".into(), "{{ secret.NONE }}".into())].into());
        },
        |raw: &mut RawSettings| {
            raw.headers = Some([("X-Key".into(), "{{ var.none }}".into())].into());
        },
        |raw: &mut RawSettings| {
            raw.headers = Some([("X-Key".into(), "{{ randm.text }}".into())].into());
        },
    ] {
        assert_eq!(fields(change(wrong).await), ["settings.headers.X-Key"]);
    }
    let given =
        |raw: &mut RawSettings| raw.variables = Some([("plan".into(), "basic".into())].into());
    change(given).await.unwrap();
    let steps: Vec<RawStep> = typing("{{ var.plan }}").raw();
    flows(&world).set_steps(world.owner, flow.id, &steps).await.unwrap();
    // Taken away, the steps could not be carried out any more.
    assert_eq!(fields(change(|_| ()).await), ["settings.variables"]);
    change(given).await.unwrap();
}

#[tokio::test]
async fn values_are_bounded_and_so_is_their_number() {
    let world = World::new();
    let secrets = secrets(&world);
    let put =
        async |name: &str, value: &str| secrets.put(world.owner, name, value.to_owned()).await;
    for value in ["", "abc", "    ", "a\u{0}bcd", &"x".repeat(4_097)] {
        assert_eq!(fields(put("KEY", value).await), ["value"]);
    }
    for name in ["", "9", "a-b", "a.b", &"x".repeat(65)] {
        assert_eq!(fields(put(name, "value").await), ["name"]);
    }
    for number in 0..MAX_SECRETS {
        assert!(put(&format!("S{number}"), &"x".repeat(4_096)).await.unwrap().1);
    }
    assert_eq!(fields(put("ONE_MORE", "value").await), ["secrets"]);
    assert!(!put("S0", "another").await.unwrap().1);
}

#[tokio::test]
async fn the_old_key_can_go_once_all_is_sealed_anew() {
    let world = World::new();
    let (old, new) = (SealingKey::random(), SealingKey::random());
    let ring =
        |keys: &[&SealingKey]| Keyring::new(keys.iter().copied().cloned().collect()).unwrap();
    let before = Arc::new(ring(&[&old]));
    let secrets = Secrets::new(world.store.clone(), before, world.clock.clone());
    for number in 0..60 {
        secrets.put(world.owner, &format!("S{number}"), PASSWORD.to_owned()).await.unwrap();
    }
    // A webhook as the first releases stored it.
    let hook = a_webhook(world.owner);
    world.store.insert_channel(&hook, None, 9).await.unwrap();
    let ChannelTarget::Webhook { secrets: plain, .. } = &hook.target else { unreachable!() };
    let engine = world.engine_with(ring(&[&new, &old]));
    let resealer = engine.resealer();
    let mut ticks = 0;
    while resealer.tick().await.unwrap().as_secs() < 60 {
        ticks += 1;
        assert!(ticks < 20);
    }
    let ring = ring(&[&new]);
    for secret in world.store.secrets(world.owner).await.unwrap() {
        let place = Place::Secret { owner: world.owner, name: &secret.name };
        assert_eq!(ring.open(place, &secret.sealed).unwrap().expose(), PASSWORD);
    }
    let stored = world.store.channel(world.owner, hook.id).await.unwrap().unwrap();
    let ChannelTarget::Webhook { secrets: sealed, .. } = &stored.target else { unreachable!() };
    assert!(SealedSecret::read(&sealed[0].secret).is_some());
    let opened = sealed[0].open(&ring, stored.place()).unwrap();
    assert_eq!(opened.expose(), plain[0].secret);
    assert_eq!(stored.version, hook.version, "nobody notices");
}
