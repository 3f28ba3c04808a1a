//! Somebody with flows, who calls the API of whatever replica, and tries again.

use std::{sync::Mutex, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};
use synmon_testkit::until_within;
use uuid::Uuid;

use crate::{
    history::{Draft, Entry, Op, Outcome, Policy, ToldBy, Watch, now},
    rng::Rng,
    world::{World, pause},
};

const ANSWER_LIMIT: Duration = Duration::from_secs(6);
const SETUP_LIMIT: Duration = Duration::from_mins(1);
/// How often something that must come about is asked for again.
const MOST_TRIES: usize = 40;
/// How long a run may take: less than replicas are frozen and the database is away, none of which may
/// be held against a site.
pub(crate) const RUN_TIMEOUT: Duration = Duration::from_secs(15);

/// An owner.
pub(crate) struct Owner<'a> {
    pub(crate) index: usize,
    world: &'a World,
    email: String,
    password: String,
    web: reqwest::Client,
    token: Mutex<String>,
    /// The owner's webhook, where the server has webhooks.
    webhook: Option<String>,
    chance: Mutex<Rng>,
}

/// A flow, as its owner remembers it.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub(crate) id: Uuid,
}

/// An answer, or why there is none.
pub(crate) struct Told {
    pub(crate) outcome: Outcome,
    pub(crate) status: Option<u16>,
    pub(crate) body: Value,
}

impl<'a> Owner<'a> {
    /// Registers, confirms and logs in; and makes a webhook where that is possible.
    pub(crate) async fn register(world: &'a World, index: usize, chance: Rng) -> Self {
        let password = format!("canary-password-{}", Uuid::new_v4().simple());
        world.keep_secret("password", &password);
        let mut owner = Self {
            index,
            world,
            email: format!("owner{index}@example.test"),
            password,
            web: reqwest::Client::builder().no_proxy().timeout(ANSWER_LIMIT).build().unwrap(),
            token: Mutex::default(),
            webhook: None,
            chance: Mutex::new(chance),
        };
        let body = json!({
            "name": format!("Owner {index}"), "email": owner.email, "password": owner.password,
        });
        assert_eq!(owner.call(Method::POST, "/auth/register", &body).await.status, Some(202));
        let token = until_within(SETUP_LIMIT, "the letter with the token", async || {
            let letters = world.mail.letters();
            let letter = letters.iter().find(|letter| letter.to.contains(&owner.email))?;
            Some(letter.token())
        })
        .await;
        world.keep_secret("confirmation", &token);
        let confirmed = owner.call(Method::POST, "/auth/confirm", &json!({"token": token})).await;
        assert_eq!(confirmed.status, Some(204), "{}", confirmed.body);
        owner.log_in().await;
        owner.make_webhook().await;
        owner
    }

    async fn log_in(&self) {
        let credentials = json!({"email": self.email, "password": self.password});
        let told = self.call(Method::POST, "/auth/login", &credentials).await;
        if let Some(token) = told.body["access_token"].as_str() {
            self.world.keep_secret("access token", token);
            token.clone_into(&mut self.token.lock().unwrap());
        }
        if let Some(token) = told.body["refresh_token"].as_str() {
            self.world.keep_secret("refresh token", token);
        }
    }

    async fn make_webhook(&mut self) {
        let path = format!("/hook/{}", self.index);
        let body = json!({"kind": "webhook", "name": "Hook", "url": self.world.hook.url(&path)});
        let told = self.call(Method::POST, "/channels", &body).await;
        if told.status == Some(201) {
            let secret = told.body["secret"].as_str().unwrap();
            self.world.keep_secret("webhook", secret);
            self.world.hook.trust(&path, secret);
            self.webhook = Some(told.body["id"].as_str().unwrap().to_owned());
        }
    }

    pub(crate) fn draw<T>(&self, draw: impl FnOnce(&mut Rng) -> T) -> T {
        draw(&mut self.chance.lock().unwrap())
    }

    /// Calls the API of one replica or another, once.
    pub(crate) async fn call(&self, method: Method, path: &str, body: &Value) -> Told {
        let replica = self.draw(|rng| rng.below(self.world.addresses.len()));
        let url = format!("{}/api/v1{path}", self.world.addresses[replica]);
        let mut request = self.web.request(method, url);
        let token = self.token.lock().unwrap().clone();
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        if !body.is_null() {
            request = request.json(body);
        }
        let unknown = |status| Told { outcome: Outcome::Unknown, status, body: Value::Null };
        let Ok(answer) = request.send().await else { return unknown(None) };
        let status = answer.status();
        let code = Some(status.as_u16());
        let Ok(text) = answer.bytes().await else { return unknown(code) };
        let outcome = match status.as_u16() {
            200..=299 => Outcome::Ok,
            400..=499 => Outcome::Fail,
            _ => Outcome::Unknown,
        };
        Told { outcome, status: code, body: serde_json::from_slice(&text).unwrap_or(Value::Null) }
    }

    /// Calls once, and puts it on record. `op` is made of the answer.
    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: &Value,
        op: impl FnOnce(&Value) -> Op,
    ) -> Told {
        let start = now();
        let told = self.call(method, path, body).await;
        let Told { outcome, status, body } = &told;
        let (op, end) = (op(body), now());
        let entry = Entry { start, end, owner: self.index, op, outcome: *outcome, status: *status };
        self.world.history.add(entry);
        if told.status == Some(401) {
            self.log_in().await;
        }
        told
    }

    /// Asks again until it is known what came of it; `None` if it does not become known.
    async fn insist(&self, method: &Method, path: &str, body: &Value, op: &Op) -> Option<Outcome> {
        for _ in 0..MOST_TRIES {
            let told = self.ask(method.clone(), path, body, |_| op.clone()).await;
            // What is busy, or was not logged in any more, is as good as not known.
            let again = matches!(told.status, Some(401 | 409 | 429));
            if told.outcome != Outcome::Unknown && !again {
                return Some(told.outcome);
            }
            pause(Duration::from_millis(300)).await;
        }
        None
    }

    /// Makes a flow whose run takes long: so many pages, each so slow. Nobody puts it on record.
    pub(crate) async fn make_long_flow(&self, pages: u32, millis: u32) -> Made {
        let url = self.world.sites.url(&format!("/slow/{millis}"));
        let body = json!({
            "name": "A long flow", "url": url, "browser": "chrome", "scheduling": "0 0 1 1 *",
            "run_timeout_ms": 120_000,
        });
        let id = id_of(&self.call(Method::POST, "/flows", &body).await.body).unwrap();
        let steps: Vec<Value> = (1..=pages)
            .map(|number| json!({"number": number, "action": "navigate", "content": url}))
            .collect();
        let set = self.call(Method::PUT, &format!("/flows/{id}/steps"), &json!(steps)).await;
        assert_eq!(set.outcome, Outcome::Ok, "{}", set.body);
        Made { id }
    }

    /// Makes a flow, gives it steps and activates it, if all of that works.
    pub(crate) async fn make_flow(&self, watch: Watch, policy: Policy) -> Option<Made> {
        let webhook = self.webhook.clone().filter(|_| self.draw(|rng| rng.chance(50)));
        let told_by = if webhook.is_some() { ToldBy::Webhook } else { ToldBy::Mail };
        let name = format!("flow {}", Uuid::new_v4().simple());
        let draft = Draft { name: name.clone(), watch, policy, told_by };
        let sites = &self.world.sites;
        let url = match watch {
            Watch::Well => sites.url("/well"),
            Watch::Slow => sites.url("/slow/1500"),
            Watch::Shaky => sites.url("/shaky"),
        };
        let mut body = json!({
            "name": name, "url": url, "browser": "chrome", "scheduling": "* * * * *",
            "run_timeout_ms": RUN_TIMEOUT.as_secs() * 1_000,
            "alert_policy": serde_json::to_value(policy).unwrap(),
        });
        if let Some(webhook) = webhook {
            body["channels"] = json!([webhook]);
        }
        let told = self
            .ask(Method::POST, "/flows", &body, |answer| Op::CreateFlow {
                draft,
                flow: id_of(answer),
            })
            .await;
        let id = id_of(&told.body)?;
        let steps = json!([
            {"number": 1, "action": "assert_title", "content": "A page"},
            {"number": 2, "action": "assert_visible", "selector_xpath": "//*[@id=\"head\"]"},
            {"number": 3, "action": "reload"},
            {"number": 4, "action": "assert_text", "content": "A page",
                "selector_xpath": "//*[@id=\"head\"]"},
        ]);
        let path = format!("/flows/{id}/steps");
        let set = self.insist(&Method::PUT, &path, &steps, &Op::SetSteps { flow: id }).await?;
        let made = Made { id };
        (set == Outcome::Ok && self.set_active(&made, true).await).then_some(made)
    }

    /// Activates a flow, or stops it.
    pub(crate) async fn set_active(&self, flow: &Made, active: bool) -> bool {
        let op = Op::SetActive { flow: flow.id, active };
        let path = format!("/flows/{}", flow.id);
        let outcome = self.insist(&Method::PATCH, &path, &json!({ "active": active }), &op).await;
        outcome == Some(Outcome::Ok)
    }

    pub(crate) async fn spread(&self, flow: &Made, seconds: u64) -> Told {
        let (path, body) = (format!("/flows/{}", flow.id), json!({"spread_seconds": seconds}));
        self.ask(Method::PATCH, &path, &body, |_| Op::Spread { flow: flow.id, seconds }).await
    }

    pub(crate) async fn rename(&self, flow: &Made) {
        let name = format!("flow {}", Uuid::new_v4().simple());
        let (path, body) = (format!("/flows/{}", flow.id), json!({"name": name}));
        self.ask(Method::PATCH, &path, &body, |_| Op::Rename { flow: flow.id, name }).await;
    }

    pub(crate) async fn delete(&self, flow: &Made) {
        let path = format!("/flows/{}", flow.id);
        self.insist(&Method::DELETE, &path, &Value::Null, &Op::Delete { flow: flow.id }).await;
    }

    pub(crate) async fn start(&self, flow: &Made) -> Option<Uuid> {
        let path = format!("/flows/{}/runs", flow.id);
        let op = |answer: &Value| Op::StartRun { flow: flow.id, run: id_of(answer) };
        let told = self.ask(Method::POST, &path, &Value::Null, op).await;
        id_of(&told.body)
    }

    pub(crate) async fn cancel(&self, run: Uuid) {
        let path = format!("/runs/{run}/cancel");
        self.ask(Method::POST, &path, &Value::Null, |_| Op::Cancel { run }).await;
    }

    /// Asks for what is somebody else's.
    pub(crate) async fn peek(&self, path: &str) {
        let op = |_: &Value| Op::Peek { path: path.to_owned() };
        self.ask(Method::GET, path, &Value::Null, op).await;
    }

    /// All rows of a list, asked for until they come.
    pub(crate) async fn all(&self, list: &str) -> Vec<Value> {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("{list}?limit=100{cursor}");
            let page = until_within(SETUP_LIMIT, &path, async || {
                let told = self.call(Method::GET, &path, &Value::Null).await;
                if told.status == Some(401) {
                    self.log_in().await;
                }
                (told.outcome == Outcome::Ok).then_some(told.body)
            })
            .await;
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }
}

fn id_of(answer: &Value) -> Option<Uuid> {
    answer["id"].as_str()?.parse().ok()
}
