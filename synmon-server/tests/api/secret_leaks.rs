//! A page that gives away what it was told, in every way that it can: nothing of it stays.

use std::{
    fs,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use serde_json::{Value, json};
use synmon_core::browser::{MediaType, Picture};
use synmon_testkit::{Pages, Site, conformance::browser::image::Pixels, postgres::Postgres};

use crate::fixture::{App, Receiver, User, chromium, until};

/// With signs that each encoding writes in its own way, around what is searched for.
const PASSWORD: &str = "p\u{e4}ss <C4n4ry-One> & \"it's\" +/%7=";
const TOKEN: &str = "t0k C4n4ry-One /+8=";
/// What nothing of either shows.
const CANARY: &str = "C4n4ry-One";
const RED: [u8; 3] = [255, 0, 0];
const GREEN: [u8; 3] = [0, 128, 0];

const HOSTILE: Pages = &[
    (
        "/",
        "<title>Log in</title><form><input id=password type=password><input id=mail></form>
         <button id=send>Send</button><script>
         send.onclick = () => {
           const told = password.value;
           sessionStorage.told = told;
           location = '/shown?q=' + encodeURIComponent(told) + '&b=' + btoa(unescape(encodeURIComponent(told)));
         };</script>",
    ),
    (
        "/shown",
        "<style>body { font: 32px monospace; color: #f00; background: #fff; margin: 8px }
         input { font: inherit; color: #f00; border: 0; width: 900px } #other { color: #008000 }</style>
         <h1 id=other>Welcome</h1><p id=shown></p><p id=coded></p><input id=field><div id=attr></div>
         <iframe id=frame style='border: 0; width: 900px'></iframe><script>
         const told = sessionStorage.told;
         const bytes = unescape(encodeURIComponent(told));
         document.title = 'Hello ' + told;
         shown.textContent = told;
         coded.textContent = btoa(bytes);
         field.value = told;
         attr.dataset.told = told;
         frame.srcdoc = '<p style=\"color: #f00; font: 32px monospace\"></p>';
         frame.onload = () => { frame.contentDocument.querySelector('p').textContent = told; };
         console.error('log-in failed for', told, btoa(bytes), JSON.stringify({ told }));
         console.error(encodeURIComponent(told), escape(told), new URLSearchParams({ told }).toString());
         console.error(Array.from(bytes, (c) => c.charCodeAt(0).toString(16).padStart(2, '0')).join(''));
         console.error(attr.outerHTML);
         fetch('/status/500?basic=' + btoa('ann:' + bytes)).catch(() => {});
         fetch('/status/404?q=' + encodeURIComponent(told), { method: 'POST', body: told }).catch(() => {});
         alert('your password is ' + told);
         setTimeout(() => { throw new Error('boom ' + told); });</script>",
    ),
];

fn steps() -> Value {
    json!([
        {"number": 1, "action": "type", "selectors": ["css=#password"],
         "content": "{{ secret.PASSWORD }}"},
        {"number": 2, "action": "type", "selectors": ["css=#mail"], "content": "{{ random.email }}"},
        {"number": 3, "action": "click", "selectors": ["css=#send"]},
        {"number": 4, "action": "wait_visible", "selectors": ["css=#shown"]},
        {"number": 5, "action": "screenshot", "full_page": true},
        {"number": 6, "action": "extract", "selectors": ["css=#shown"], "variable": "told"},
        {"number": 7, "action": "assert_text", "selectors": ["css=#shown"], "content": "nothing",
         "timeout_ms": 1000, "on_failure": "continue"},
        // It says which headers it got.
        {"number": 8, "action": "navigate", "content": "http://127.0.0.1:{{ var.port }}/echo"},
        {"number": 9, "action": "assert_text", "content": "nothing", "timeout_ms": 1000},
    ])
}

/// The canary in every form, in small letters: its base64 depends on what stands before it.
fn forms() -> Vec<String> {
    let mut forms = vec![CANARY.to_lowercase()];
    let digits = CANARY.bytes().flat_map(|byte| [byte >> 4, byte & 15]);
    forms.push(digits.map(|digit| char::from_digit(digit.into(), 16).unwrap()).collect());
    for before in 0..3 {
        let bytes = [&vec![0; before], CANARY.as_bytes()].concat();
        let coded = STANDARD_NO_PAD.encode(&bytes);
        let from = before + usize::from(before > 0);
        forms.push(coded[from..bytes.len() * 8 / 6].to_lowercase());
    }
    forms
}

#[track_caller]
fn holds_none(what: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    for form in forms() {
        if let Some(at) = text.find(&form) {
            let start = text.floor_char_boundary(at.saturating_sub(200));
            panic!("{what} holds the canary as {form}: {}", &text[start..at + form.len()]);
        }
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

async fn shows_none(ann: &User, path: &str) -> crate::fixture::Answer {
    let answer = ann.get(path).await.must_be(200);
    holds_none(path, &answer.body);
    answer
}

#[tokio::test]
async fn what_a_hostile_page_is_told_stays_nowhere() {
    let Some(_places) = chromium(1).await else { return };
    let app = App::with_browser().allowing("127.0.0.1").with("RUST_LOG", "debug").start().await;
    tell_a_hostile_page(&app).await;
    assert!(app.folder().join("data/synmon.db").is_file());
}

#[tokio::test]
async fn what_a_hostile_page_is_told_is_in_no_dump_of_the_database() {
    let Some(_places) = chromium(1).await else { return };
    let Some(server) = Postgres::shared() else { return };
    let url = server.empty_database();
    let app = App::with_browser().allowing("127.0.0.1").with("SYNMON_DATABASE_URL", &url);
    tell_a_hostile_page(&app.start().await).await;
    let dump = server.dump(&url);
    let text = String::from_utf8_lossy(&dump);
    assert!(text.contains("COPY public.step_logs") && text.contains("COPY public.secrets"));
    assert!(text.contains("{{ secret.PASSWORD }}"), "the logs are in it");
    holds_none("the dump", &dump);
}

/// Has a flow type secrets into a page that shows them everywhere, and looks for them in all that
/// comes of it.
async fn tell_a_hostile_page(app: &App) {
    let (site, receiver) = (Site::with(HOSTILE).await, Receiver::start().await);
    let ann = app.register("ann").await;
    let hook = json!({"kind": "webhook", "name": "Hook", "url": receiver.url()});
    let channel = ann.create_channel(hook).await;
    let own = json!({"kind": "email", "name": "Own", "email": ann.email});
    let own = ann.create_channel(own).await;
    for (name, value) in [("PASSWORD", PASSWORD), ("TOKEN", TOKEN)] {
        ann.put(&format!("/secrets/{name}"), &json!({ "value": value })).await.must_be(201);
    }
    let settings = json!({
        "har": "on", "step_timeout_ms": 10_000,
        "headers": {"X-Token": "{{ secret.TOKEN }}"},
        "variables": {"port": site.url("/").port().unwrap().to_string()},
    });
    let fields = json!({"url": site.url("/").as_str(), "settings": settings,
        "channels": [channel["id"], own["id"]]});
    let flow = ann.create_flow(fields).await;
    let id = flow["id"].as_str().unwrap();
    ann.put(&format!("/flows/{id}/steps"), &steps()).await.must_be(200);

    let run = ann.run_to_its_end(id).await;
    assert_eq!(run["error"]["code"], "assertion_failed", "{run}");
    assert_eq!(run["error"]["step"], 7, "{run}");
    // The site was told, or this test proves nothing.
    let asked = site.asked();
    let told = asked.iter().find(|request| request.path() == "/shown").unwrap();
    assert!(told.target.to_lowercase().contains("c4n4ry-one"), "{told:?}");
    assert_eq!(told.header("x-token"), TOKEN);
    let logs = run["steps"].to_string();
    for shown in ["Hello {{ secret.PASSWORD }}", "q={{ secret.PASSWORD }}", "{{ secret.TOKEN }}"] {
        assert!(logs.contains(shown), "{shown}: {logs}");
    }

    let run_path = format!("/runs/{}", run["id"].as_str().unwrap());
    let har = shows_none(&ann, &format!("{run_path}/har")).await.text();
    assert!(har.contains("{{ secret.PASSWORD }}"), "{har}");
    for path in ["/secrets", "/flows", "/runs", "/channels", &run_path, &format!("/flows/{id}")] {
        shows_none(&ann, path).await;
    }
    // In the pictures nothing is red; what is green shows.
    for step in [4, 5] {
        let path = run["steps"][step]["screenshot_url"].as_str().unwrap();
        let bytes = ann.get(path).await.must_be(200).body;
        let pixels = Pixels::of(&Picture { bytes, media_type: MediaType::Png });
        assert_eq!(pixels.count(RED), 0, "step {step}");
        assert!(pixels.count(GREEN) > 100, "step {step}");
    }
    let heard = receiver.hears(1).await;
    holds_none("the webhook", heard.body.as_bytes());
    assert!(heard.body.contains("{{ secret.PASSWORD }}"), "{}", heard.body);
    let letter = until("the letter", async || {
        app.letters_to(&ann.email).into_iter().find(|letter| letter.subject.contains("A flow"))
    })
    .await;
    holds_none("the letter", format!("{letter:?}").as_bytes());
    let metrics = app.anonymous().page("/metrics").await;
    holds_none("/metrics", &metrics.body);
    let files = files_below(&app.folder().join("data"));
    assert!(!files.is_empty());
    for file in files.iter().chain(&[app.folder().join("server.log")]) {
        holds_none(&file.display().to_string(), &fs::read(file).unwrap());
    }
}

/// Not even by way of a flow of theirs that is used.
#[tokio::test]
async fn each_owners_runs_type_that_owners_secret() {
    let Some(_places) = chromium(1).await else { return };
    let site = Site::with(HOSTILE).await;
    let app = App::with_browser().allowing("127.0.0.1").start().await;
    let url = site.url("/");
    let mut flows = Vec::new();
    for name in ["ann", "ben"] {
        let user = app.register(name).await;
        let value = format!("the-word-of-{name}");
        user.put("/secrets/WORD", &json!({ "value": value })).await.must_be(201);
        let log_in = json!([
            {"number": 1, "action": "type", "selectors": ["css=#password"],
             "content": "{{ secret.WORD }}"},
            {"number": 2, "action": "click", "selectors": ["css=#send"]},
        ]);
        let log_in_flow = user.flow_with_steps(url.as_str(), log_in).await;
        let with_it = json!([{"number": 1, "action": "use_flow", "content": log_in_flow},
            {"number": 2, "action": "wait_visible", "selectors": ["css=#shown"]}]);
        let flow = user.flow_with_steps(url.as_str(), with_it).await;
        flows.push((name, user, log_in_flow, flow));
    }
    let (_, ann, ..) = &flows[0];
    let theft = json!([{"number": 1, "action": "use_flow", "content": flows[1].2}]);
    let stolen = ann.put(&format!("/flows/{}/steps", flows[0].3), &theft).await;
    stolen.must_blame(422, &["steps[0].content"]);
    for (name, user, _, flow) in &flows {
        let before = site.asked().len();
        let run = user.run_to_its_end(flow).await;
        assert_eq!(run["status"], "passed", "{run}");
        let asked = &site.asked()[before..];
        let told = asked.iter().find(|request| request.path() == "/shown").unwrap();
        assert!(told.target.contains(&format!("q=the-word-of-{name}")), "{told:?}");
        assert!(!run.to_string().contains("the-word-of"), "{run}");
    }
}
