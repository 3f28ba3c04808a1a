//! What a run leaves behind besides its pictures: always bounded, and only what was asked for.

use synmon_core::{
    artifact::{ArtifactKey, Artifacts as _},
    browser::Exchange,
    flow::HarPolicy,
    run::{Evidence, StepLog},
};
use synmon_testkit::{Element, Page, factory::steps};

use crate::world::{Outcome, World, a_request, written};

const API: &str = "http://site.example/api";
/// Opens, but no flow may be there.
const INTRANET: &str = "http://intranet.example/";

/// The HARs that are kept of a run that passes, or fails, under this policy.
async fn hars(policy: HarPolicy, page: Page) -> (World, Vec<String>) {
    let world = World::new();
    world.site(page.requests(a_request(API)));
    let settings = written(|raw| raw.har = Some(policy.as_str().to_owned()));
    let flow = world.flow_with(steps().click("//a").within_ms(1_000), settings).await;
    world.run(&flow).await;
    let hars = world.artifacts.keys().into_iter().filter(|key| key.contains(".har"));
    let hars = hars.collect();
    (world, hars)
}

/// Runs a click on `//gone` on this page.
async fn failed(page: Page) -> Outcome {
    let world = World::new();
    world.site(page);
    let flow = world.flow(steps().click("//gone").within_ms(1_000)).await;
    world.run(&flow).await
}

/// Whoever reads a log gets all that was stored.
#[track_caller]
fn can_be_read_again(log: &StepLog) {
    let json = serde_json::to_string(&log.evidence).unwrap();
    assert_eq!(serde_json::from_str::<Evidence>(&json).unwrap(), log.evidence);
}

#[tokio::test]
async fn the_requests_of_a_run_are_kept_when_its_flow_says_so() {
    let works = || Page::titled("Home").element("//a", Element::saying(""));
    let fails = || Page::titled("Broken");
    for (policy, passed, not_passed) in
        [(HarPolicy::Off, 0, 0), (HarPolicy::OnFailure, 0, 1), (HarPolicy::On, 1, 1)]
    {
        assert_eq!(hars(policy, works()).await.1.len(), passed, "{policy}");
        assert_eq!(hars(policy, fails()).await.1.len(), not_passed, "{policy}");
    }
    let (world, hars) = hars(HarPolicy::On, works()).await;
    let key = ArtifactKey::from_stored(hars[0].clone());
    let bytes = world.artifacts.get(&key).await.unwrap().unwrap();
    let har: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(har["log"]["entries"][0]["request"]["url"], API);
    assert_eq!(har["log"]["browser"]["name"], "fake 1.0");
}

#[tokio::test]
async fn a_har_that_can_not_be_stored_changes_no_verdict() {
    let world = World::new();
    world.artifacts.fail();
    let settings = written(|raw| raw.har = Some("on".to_owned()));
    let flow = world.flow_with(steps().click("//a"), settings).await;
    world.run(&flow).await.has_passed();
}

#[tokio::test]
async fn a_page_can_not_fill_the_evidence_of_a_step() {
    let huge = "\0é".repeat(20_000);
    let failing = Exchange {
        url: format!("http://site.example/{huge}"),
        method: huge.clone(),
        kind: huge.clone(),
        media_type: Some(huge.clone()),
        failure: Some(huge.clone()),
        remote_address: Some(huge.clone()),
        protocol: Some(huge.clone()),
        ..a_request(API)
    };
    let page = (0..300).fold(Page::titled("Home").html(&huge), |page, _| {
        page.logs(&huge).requests(failing.clone())
    });
    let outcome = failed(page).await;
    let opening = &outcome.logs[0].evidence;
    assert_eq!((opening.console_errors.len(), opening.remarkable_requests.len()), (20, 20));
    assert_eq!(opening.requests, 300);
    assert_eq!(opening.dropped, 2 * 280, "what is not shown is counted");
    for log in &outcome.logs {
        can_be_read_again(log);
        let json = serde_json::to_string(&log.evidence).unwrap();
        assert!(!json.contains("\\u0000"), "no store can hold NUL");
        assert!(json.len() < 250_000, "{}", json.len());
    }
    let html = outcome.logs[1].evidence.html.as_ref().unwrap();
    assert_eq!(html.chars().count(), 8_000);
}

#[tokio::test]
async fn only_what_is_worth_a_look_is_listed_with_a_step() {
    let slow = Exchange { duration_ms: 1_000.0, ..a_request("http://site.example/slow") };
    let broken = Exchange { status: Some(404), ..a_request("http://site.example/gone") };
    let page = Page::titled("").requests(a_request(API)).requests(slow).requests(broken);
    let outcome = failed(page).await;
    let evidence = &outcome.logs[0].evidence;
    let listed: Vec<_> = evidence.remarkable_requests.iter().map(|one| one.url.as_str()).collect();
    assert_eq!(listed, ["http://site.example/slow", "http://site.example/gone"]);
    assert_eq!((evidence.requests, evidence.dropped), (3, 0));
    assert_eq!(outcome.logs[1].evidence.requests, 0);
}

#[tokio::test]
async fn a_number_that_no_json_can_hold_costs_no_evidence() {
    let odd = Exchange { started_ms: f64::NAN, duration_ms: f64::INFINITY, ..a_request(API) };
    let odd = Exchange { status: Some(500), ..odd };
    let outcome = failed(Page::titled("").requests(odd)).await;
    assert_eq!(outcome.logs[0].evidence.remarkable_requests.len(), 1);
    outcome.logs.iter().for_each(can_be_read_again);
}

#[tokio::test]
async fn nothing_is_told_of_a_place_where_a_flow_must_not_be() {
    let world = World::new();
    world.site(Page::titled("").element("//a", Element::saying("").leads_to(INTRANET)));
    let broken = Exchange { status: Some(500), ..a_request(INTRANET) };
    world.browser.page(INTRANET, Page::titled("Payroll").logs("secret").requests(broken));
    let flow = world.flow(steps().click("//a")).await;
    let outcome = world.run(&flow).await;
    let log = &outcome.logs[1];
    assert_eq!(log.evidence, Evidence::default());
    assert_eq!(log.title, None);
}
