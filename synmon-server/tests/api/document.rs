//! The OpenAPI document, the page that shows it, and the pages that letters link to.

use std::{collections::BTreeSet, fs, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use synmon_core::step::{ActionName, PARTICULAR_FIELDS};

use crate::fixture::{Answer, App};

fn parsed() -> Value {
    serde_json::from_str(&synmon_server::api::openapi_document()).unwrap()
}

/// Every operation, with its path and method.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            all.push((path.clone(), method.clone(), operation.clone()));
        }
    }
    all
}

#[test]
fn the_committed_document_is_the_one_that_the_code_gives() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    let committed = fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == synmon_server::api::openapi_document(),
        "docs/openapi.json has drifted: cargo run -p synmon-server -- openapi > docs/openapi.json"
    );
}

#[test]
fn the_document_has_all_that_the_contract_names() {
    let named: BTreeSet<_> = operations(&parsed())
        .into_iter()
        .map(|(path, method, _)| format!("{} {path}", method.to_uppercase()))
        .collect();
    for operation in [
        "POST /auth/register",
        "POST /auth/confirm",
        "POST /auth/resend-confirmation",
        "POST /auth/login",
        "POST /auth/refresh",
        "POST /auth/logout",
        "POST /auth/forgot-password",
        "POST /auth/reset-password",
        "GET /me",
        "PATCH /me",
        "DELETE /me",
        "POST /me/password",
        "POST /me/email",
        "GET /sessions",
        "DELETE /sessions",
        "DELETE /sessions/{id}",
        "POST /api-keys",
        "GET /api-keys",
        "DELETE /api-keys/{id}",
        "GET /audit",
        "POST /flows",
        "GET /flows",
        "GET /flows/{id}",
        "PATCH /flows/{id}",
        "DELETE /flows/{id}",
        "PUT /flows/{id}/steps",
        "GET /flows/{id}/steps",
        "POST /flows/{id}/lint",
        "POST /flows/{id}/runs",
        "GET /flows/{id}/runs",
        "POST /schedules/preview",
        "GET /runs",
        "GET /runs/{id}",
        "POST /runs/{id}/cancel",
        "GET /runs/{id}/steps/{number}/screenshot",
        "GET /runs/{id}/events",
        "GET /runs/{id}/har",
        "GET /runs/{id}/alert-decision",
        "POST /channels",
        "GET /channels",
        "POST /channels/confirm",
        "GET /channels/{id}",
        "PATCH /channels/{id}",
        "DELETE /channels/{id}",
        "POST /channels/{id}/test",
        "POST /channels/{id}/rotate-secret",
        "POST /channels/{id}/resend-confirmation",
        "GET /channels/{id}/deliveries",
        "POST /channels/{id}/deliveries/{delivery}/resend",
    ] {
        assert!(named.contains(operation), "{operation} in {named:?}");
    }
}

#[test]
fn every_operation_has_an_id_words_and_its_problems() {
    let document = parsed();
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        let place = format!("{method} {path}");
        let id = operation["operationId"].as_str().unwrap_or_default();
        assert!(!id.is_empty() && ids.insert(id.to_owned()), "{place}: {id}");
        assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{place}");
        let responses = operation["responses"].as_object().unwrap();
        let mut expected = vec!["500", "503"];
        if operation.get("security").is_some() {
            expected.extend(["401", "403", "429"]);
        }
        if path.contains('{') {
            expected.push("404");
        }
        if operation.get("requestBody").is_some() {
            expected.extend(["400", "413", "415", "422"]);
        }
        for status in expected {
            assert!(responses.contains_key(status), "{status} of {place}");
        }
        for (status, response) in responses {
            // The framework has no words of its own for a plain 200.
            let words = response["description"].as_str().unwrap();
            assert!(status == "200" || !words.is_empty(), "{status} of {place}");
            let is_problem = response["content"].get("application/problem+json").is_some();
            assert_eq!(is_problem, status.as_str() >= "400", "{status} of {place}");
        }
        assert!(operation.get("parameters").is_none_or(Value::is_array), "{place}");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            if parameter["in"] == "query" {
                let words = parameter["description"].as_str().unwrap_or_default();
                assert!(!words.is_empty(), "{} of {place}", parameter["name"]);
            }
        }
    }
}

#[test]
fn the_document_explains_every_rule_about_alerts() {
    let document = parsed();
    let text = document["info"]["description"].as_str().unwrap();
    let rules = synmon_core::alert::AlertRule::ALL.iter().map(|rule| rule.as_str());
    for rule in rules.chain(["pending"]) {
        assert!(text.contains(&format!("| `{rule}` | ")), "{rule}");
    }
}

#[test]
fn the_document_explains_every_code_and_every_warning() {
    let document = parsed();
    let text = document["info"]["description"].as_str().unwrap();
    let codes = synmon_core::run::ErrorCode::ALL.iter().map(|code| code.as_str());
    let warnings = synmon_core::lint::WarningCode::ALL.iter().map(|code| code.as_str());
    for code in codes.chain(warnings) {
        assert!(text.contains(&format!("| `{code}` | ")), "{code}");
    }
}

#[test]
fn the_table_of_actions_is_in_the_document_and_in_the_readme() {
    let table = synmon_server::api::actions_table();
    for name in ActionName::ALL {
        assert!(table.contains(&format!("| `{}` | ", name.as_str())), "{}", name.as_str());
    }
    let document = parsed();
    let step = &document["components"]["schemas"]["Step"]["properties"];
    assert!(step["action"]["description"].as_str().unwrap().contains(&table));
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = fs::read_to_string(readme).unwrap();
    assert!(readme.contains(&table), "the README's table of actions is to be this one:\n{table}");
    // What an action may take is a field of steps, and the other way round.
    for field in PARTICULAR_FIELDS {
        assert!(step.get(field).is_some(), "{field}");
        assert!(table.contains(&format!("`{field}`")), "{field}");
    }
}

#[test]
fn every_reference_in_the_document_leads_somewhere() {
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(object) => {
                found.extend(object.get("$ref").and_then(Value::as_str).map(str::to_owned));
                object.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let document = parsed();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(!found.is_empty());
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[tokio::test]
async fn the_served_document_is_the_committed_one() {
    let app = App::without_browser().start().await;
    let answer = app.anonymous().get("/api/openapi.json").await.must_be(200);
    assert!(answer.header("content-type").starts_with("application/json"));
    assert_eq!(answer.text(), synmon_server::api::openapi_document());
}

/// A page whose policy lets through exactly what it needs, and nothing from another machine.
fn check_page(page: &Answer) {
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8", "{}", page.request);
    let policy = page.header("content-security-policy").to_owned();
    assert!(policy.contains("base-uri 'none'"), "{policy}");
    for unsafe_source in
        ["'unsafe-eval'", "script-src *", "http:", "https:", "script-src 'unsafe-inline'"]
    {
        assert!(!policy.contains(unsafe_source), "{policy}");
    }
    let (markup, _) = taken_apart(&page.text());
    for attribute in ["src=\"", "href=\"", "action=\"", "src='", "href='", "url("] {
        for rest in markup.split(attribute).skip(1) {
            let elsewhere = rest.starts_with("http") || rest.starts_with("//");
            assert!(!elsewhere, "{}: {attribute}{rest:.60}", page.request);
        }
    }
}

/// A page without its scripts, and the scripts with their tags: one after the other, for a script
/// may itself speak of `<script>`.
fn taken_apart(html: &str) -> (String, Vec<(String, String)>) {
    let (mut markup, mut scripts, mut rest) = (String::new(), Vec::new(), html);
    while let Some((before, after)) = rest.split_once("<script") {
        let (tag, body) = after.split_once('>').unwrap();
        let (script, after) = body.split_once("</script>").unwrap();
        markup.push_str(before);
        scripts.push((tag.to_owned(), script.to_owned()));
        rest = after;
    }
    (markup + rest, scripts)
}

#[tokio::test]
async fn the_page_of_the_document_works_without_the_internet_and_with_its_policy() {
    let app = App::without_browser().start().await;
    let page = app.anonymous().get("/docs").await.must_be(200);
    check_page(&page);
    let (html, policy) = (page.text(), page.header("content-security-policy").to_owned());
    let (_, scripts) = taken_apart(&html);
    assert!(!scripts.is_empty());
    for (tag, script) in scripts {
        assert!(!tag.contains("src"), "{tag}");
        let hash = STANDARD.encode(Sha256::digest(script));
        assert!(policy.contains(&format!("'sha256-{hash}'")), "a script is not let by {policy}");
    }
    assert!(html.contains("/flows/{id}/steps"), "the document is in it");
    assert!(!html.contains("@import"));
}

#[tokio::test]
async fn the_pages_that_letters_link_to_load_nothing_from_elsewhere() {
    let app = App::without_browser().start().await;
    let api = app.anonymous();
    let id = "01890a5d-ac96-774b-bcce-b302099a8057";
    for path in [
        "/",
        "/confirm?token=x",
        "/confirm-channel?token=x",
        "/reset-password?token=x",
        &format!("/runs/{id}"),
    ] {
        let page = api.page(path).await.must_be(200);
        check_page(&page);
        let policy = page.header("content-security-policy");
        assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{policy}");
        let html = page.text();
        assert!(!html.contains(" onclick=") && !html.contains(" style=\""), "{path}");
        for (tag, script) in taken_apart(&html).1 {
            assert!(tag.contains("src=\"") && script.is_empty(), "{path} has a script inside");
        }
        // All that it loads is there.
        let parts = html.split("src=\"").chain(html.split("href=\"")).skip(1);
        let links = parts.filter_map(|part| part.split_once('"')).map(|(link, _)| link);
        for link in links.filter(|link| link.starts_with("/static/")) {
            let file = api.page(link).await.must_be(200);
            assert!(!file.header("content-type").is_empty(), "{link}");
        }
    }
    // What a link's token says is not written into the page.
    let page = api.page("/confirm?token=%3Cscript%3Ealert(1)%3C/script%3E").await.must_be(200);
    assert!(!page.text().contains("alert(1)"));
    api.send(api.request(reqwest::Method::POST, "/docs")).await.must_be(405);
}
