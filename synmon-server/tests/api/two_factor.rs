//! A log-in with the code of an authenticator, in a real browser.

use std::time::Duration;

use serde_json::json;
use synmon_core::{
    Timestamp,
    secret::{SecretValue, Totp},
};
use synmon_testkit::{Pages, Site};

use crate::fixture::{App, chromium};

const KEY: &str = "otpauth://totp/shop:ann?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=shop";
const STEP: Duration = Duration::from_secs(30);

const SHOP: Pages = &[
    (
        "/",
        "<form action=/in><input id=code name=code autocomplete=one-time-code>
         <button id=go>Go on</button></form>",
    ),
    (
        "/in",
        "<h1 id=shown></h1><script>
         shown.textContent = 'Welcome with ' + new URLSearchParams(location.search).get('code');
         </script>",
    ),
];

#[expect(clippy::disallowed_methods, reason = "the server under test goes by the real time")]
fn now() -> Timestamp {
    chrono::Utc::now().into()
}

#[tokio::test]
async fn a_two_factor_log_in_types_the_code_of_the_moment() {
    let Some(_places) = chromium(1).await else { return };
    let site = Site::with(SHOP).await;
    let app = App::with_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    ann.put("/secrets/PHONE", &json!({ "value": KEY })).await.must_be(201);
    let steps = json!([
        {"number": 1, "action": "type", "selectors": ["css=#code"], "content": "{{ totp PHONE }}"},
        {"number": 2, "action": "click", "selectors": ["css=#go"]},
        {"number": 3, "action": "wait_visible", "selectors": ["css=#shown"]},
    ]);
    let flow = ann.flow_with_steps(site.url("/").as_str(), steps).await;
    let before = now();
    let run = ann.run_to_its_end(&flow).await;
    let after = now();

    let asked = site.asked();
    let told = asked.iter().find(|request| request.path() == "/in").unwrap();
    let totp = Totp::parse(&SecretValue::new(KEY.to_owned())).unwrap();
    // Each code of the time that the run took, and the next one, if that was waited for.
    let mut at = before;
    let mut codes = Vec::new();
    while at < after + STEP {
        codes.push(totp.code(at).expose().to_owned());
        at = at + STEP;
    }
    let code = told.target.split_once("code=").unwrap().1;
    assert!(codes.iter().any(|known| known == code), "{code} of {codes:?}");
    assert_eq!(run["status"], "passed", "{run}");
    let text = run.to_string();
    assert!(!text.contains(code) && text.contains("{{ totp PHONE }}"), "{text}");
    assert!(!text.contains("JBSWY3DP"), "{text}");
}
