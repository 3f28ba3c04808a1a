//! What a session of the fake endpoint shows: it fetches pages for real, and answers the product's
//! scripts by what came.

use poem::http::Method;
use serde_json::{Value, json};

use super::grid::WireError;

/// A PNG of one pixel.
const PICTURE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2FAAAAABJRU5ErkJggg==";

/// One tab.
pub(crate) struct Tab {
    web: reqwest::Client,
    url: String,
    status: Option<u16>,
    html: String,
    /// Counts what was loaded.
    documents: u64,
}

impl Tab {
    pub(crate) fn new(web: reqwest::Client) -> Self {
        let url = "data:,".to_owned();
        Self { web, url, status: None, html: String::new(), documents: 0 }
    }

    /// Carries out a command of a session.
    pub(crate) async fn command(
        &mut self,
        ask: (&Method, &str),
        body: &Value,
    ) -> Result<Value, WireError> {
        match ask {
            (&Method::POST, "url") => self.load(body["url"].as_str().unwrap_or_default()).await,
            (&Method::GET, "url") => Ok(self.url.clone().into()),
            (&Method::POST, "refresh") => {
                let url = self.url.clone();
                self.load(&url).await
            }
            (&Method::GET, "screenshot") => Ok(PICTURE.into()),
            (&Method::GET, "timeouts") => Ok(json!({"pageLoad": 65_000, "script": 3_000})),
            (&Method::POST, "execute/sync" | "execute/async") => {
                self.script(body["script"].as_str().unwrap_or_default(), &body["args"])
            }
            (&Method::POST, "timeouts" | "window/rect" | "actions")
            | (&Method::DELETE, "actions") => Ok(Value::Null),
            _ => Err(WireError::new(404, "unknown command")),
        }
    }

    async fn load(&mut self, url: &str) -> Result<Value, WireError> {
        let Ok(answer) = self.web.get(url).send().await else {
            let message = "unknown error: net::ERR_CONNECTION_REFUSED".to_owned();
            return Err(WireError::unknown(message));
        };
        url.clone_into(&mut self.url);
        self.status = Some(answer.status().as_u16());
        self.html = answer.text().await.unwrap_or_default();
        self.documents += 1;
        Ok(Value::Null)
    }

    /// Scripts are known by the words that they begin with.
    fn script(&self, source: &str, args: &Value) -> Result<Value, WireError> {
        let is = |words: &str| source.contains(words);
        if is("// What the tab shows,") {
            let title = between(&self.html, "<title>", "</title>");
            return Ok(json!({
                "url": self.url, "title": title, "error": null, "status": self.status,
                "document": self.documents.to_string(), "vitals": {},
            }));
        }
        if is("// What a selector finds.") {
            // The first candidate, by its strategy and its text.
            let xpath = args.pointer("/0/0/0/1").and_then(Value::as_str);
            let id = xpath.and_then(|xpath| xpath.split('"').nth(1)).unwrap_or("?");
            if !self.html.contains(&format!("id={id}>")) {
                return Ok(json!({"state": "missing"}));
            }
            let text = between(&self.html, &format!("id={id}>"), "<");
            return Ok(json!({
                "state": "here", "candidate": 0, "matches": 1, "visible": true, "text": text, "value": null,
            }));
        }
        if is("// Whether an element can be acted upon") {
            return Ok(json!({"state": "ready", "x": 1, "y": 1}));
        }
        if is("// Waits until the page's handlers have run") {
            return Ok(json!({"hidden": false, "missed": null}));
        }
        if is("// What each candidate finds") {
            return Ok(json!({"candidates": [], "html": null}));
        }
        if is("innerWidth") {
            return Ok(json!([1280, 720, 1280, 863]));
        }
        Err(WireError::unknown("unknown error: the fake does not know this script".to_owned()))
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let rest = text.split_once(start).map_or("", |(_, rest)| rest);
    rest.split_once(end).map_or(rest, |(inner, _)| inner)
}
