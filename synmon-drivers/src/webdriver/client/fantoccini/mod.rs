//! `WebDriver` by `fantoccini`.

mod connector;

use std::sync::{Arc, Mutex, PoisonError};

use fantoccini::{
    Client,
    error::{CmdError, NewSessionError, WebDriver},
    wd::WebDriverCompatibleCommand,
};
use futures_util::FutureExt as _;
use http::Method;
use serde_json::{Map, Value, json};
use synmon_core::browser::BrowserError;
use tokio::sync::oneshot;
use url::{ParseError, Url};

use super::{
    super::{
        driver::Command,
        failure::{Failure, Refusal},
        wire::chain,
    },
    Created,
};
use connector::Connector;

/// A session's clients. Fantoccini's client sends one command after the other, and none while the
/// one before has no answer, even if nobody waits for that any more: a driver that hangs could then
/// not even be asked whether it lives. So a command goes by a client that is idle, or by a new one.
#[derive(Clone, Debug)]
pub(in crate::webdriver) struct Line {
    base: Url,
    session: Arc<str>,
    idle: Arc<Mutex<Vec<Track>>>,
}

/// A client whose connections end with it, whatever its task still waits for.
#[derive(Debug)]
struct Track {
    client: Client,
    _ends_connections: oneshot::Sender<()>,
}

/// A command with its way, which is not fantoccini's to find.
#[derive(Debug)]
struct Sent {
    place: String,
    method: Method,
    body: Option<Value>,
}

pub(super) async fn create(
    url: &str,
    capabilities: &Map<String, Value>,
) -> Result<Created, Failure> {
    let base = Url::parse(url).map_err(|error| unavailable(error.to_string()))?;
    if base.scheme() != "http" {
        let why = "fantoccini is built without TLS here: let thirtyfour speak to an https endpoint";
        return Err(unavailable(why.to_owned()));
    }
    let asked = json!({ "capabilities": { "alwaysMatch": capabilities, "firstMatch": [{}] } });
    // Not by fantoccini's own command, which adds wishes of its own.
    let sent = Sent { place: "session".to_owned(), method: Method::POST, body: Some(asked) };
    let track = Track::begin(&base).await?;
    let Value::Object(mut answer) = track.client.issue_cmd(sent).await? else {
        return Err(unavailable("the answer is not WebDriver".to_owned()));
    };
    match (answer.remove("sessionId"), answer.remove("capabilities")) {
        (Some(Value::String(id)), Some(Value::Object(capabilities))) => {
            let idle = Arc::new(Mutex::new(vec![track]));
            let line = Line { base, session: id.as_str().into(), idle };
            Ok(Created { line: super::Line::Fantoccini(line), id, capabilities })
        }
        _ => Err(unavailable("the answer tells of no session".to_owned())),
    }
}

impl Line {
    pub(super) async fn call(&self, command: Command) -> Result<Value, Failure> {
        let place = command.place(&self.session);
        let sent = Sent { place, method: command.method, body: command.body };
        let idle = self.idle().pop();
        let track = match idle {
            Some(track) => track,
            None => Track::begin(&self.base).await?,
        };
        // Whoever gives up here drops the client, and so cuts its connection.
        let answer = track.client.issue_cmd(sent).await;
        self.idle().push(track);
        Ok(answer?)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Track>> {
        // A list that is pushed to and popped from is whole at any time.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Track {
    /// A client that believes to have a session, which it leaves alone when it ends.
    async fn begin(base: &Url) -> Result<Self, Failure> {
        let (ends_connections, cut) = oneshot::channel();
        let connector = Connector::new(cut.shared());
        let client = Client::with_existing_session(base.as_str(), "", connector).await?;
        client.persist().await?;
        Ok(Self { client, _ends_connections: ends_connections })
    }
}

impl WebDriverCompatibleCommand for Sent {
    fn endpoint(&self, base: &Url, _session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&self.place)
    }

    fn method_and_body(&self, _url: &Url) -> (Method, Option<String>) {
        (self.method.clone(), self.body.as_ref().map(Value::to_string))
    }
}

impl From<CmdError> for Failure {
    fn from(error: CmdError) -> Self {
        match error {
            CmdError::Standard(refused) => Refusal::from(refused).into(),
            // A code that W3C does not know, such as chromedriver's own: fantoccini tells no more.
            CmdError::NotW3C(Value::String(code)) => {
                Refusal { message: code.clone(), code, data: None }.into()
            }
            CmdError::NotW3C(_) | CmdError::NotJson(_) | CmdError::Json(_) => {
                Self::lost("the answer is not WebDriver")
            }
            CmdError::Failed(error) => Self::lost(&chain(&error)),
            CmdError::FailedC(error) => Self::lost(&chain(&error)),
            CmdError::Lost(error) => Self::lost(&chain(&error)),
            other => Self::Browser(BrowserError::Unexpected(Self::short(&other.to_string()))),
        }
    }
}

impl From<NewSessionError> for Failure {
    fn from(error: NewSessionError) -> Self {
        unavailable(Self::short(&error.to_string()))
    }
}

impl From<WebDriver> for Refusal {
    fn from(refused: WebDriver) -> Self {
        Self {
            code: refused.error.to_string(),
            message: refused.message.into_owned(),
            data: refused.data,
        }
    }
}

fn unavailable(why: String) -> Failure {
    Failure::Browser(BrowserError::Unavailable(why))
}
