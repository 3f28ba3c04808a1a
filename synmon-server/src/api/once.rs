//! `Idempotency-Key`: a request that is sent again makes nothing more, and gets the same answer.
//!
//! The first one claims its key for all processes, together with the id of what it is to make. Its
//! answer is kept, sealed, for a day. If its server is lost, or it ends in an error of ours, whoever
//! sends it again carries it out with the same id: what was made already is found by that, so that
//! nothing is made twice even if nobody knows what came of the first one.

use std::{sync::Arc, time::Duration};

use poem::{
    Endpoint, IntoResponse as _, Request, Response,
    error::ResponseError as _,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use synmon_core::{
    Clock, RunId, Timestamp,
    secret::{Keyring, Place, SealedSecret, SecretValue},
    store::{KeyedClaim, KeyedRequest, KeyedRequestStore},
};
use tracing::{debug, warn};

use super::{
    body,
    guard::Guard,
    problem::{self, ApiError},
    request_headers::{IDEMPOTENCY_KEY, is_keyed},
};
use crate::visit::Visit;

/// How long a request is left to the process that has it.
const CLAIM: Duration = Duration::from_mins(1);
const MAX_KEY_CHARS: usize = 255;
/// A longer answer is not kept: it is made anew of what was made.
const MAX_ANSWER_BYTES: usize = 16 * 1024;
/// How many requests of an owner are remembered: more than he may send while one is under way.
const MAX_REQUESTS: u32 = 10_000;
/// What of an answer's head is a part of it.
const KEPT_HEADERS: [HeaderName; 3] = [header::CONTENT_TYPE, header::LOCATION, header::ETAG];

/// What carries requests with keys out once.
pub(super) struct Once {
    pub(super) guard: Guard,
    pub(super) requests: Arc<dyn KeyedRequestStore>,
    pub(super) keyring: Arc<Keyring>,
    pub(super) clock: Arc<dyn Clock>,
}

/// An answer, as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Once {
    /// Has a request answered.
    pub(super) async fn call<E: Endpoint>(
        &self,
        next: Arc<E>,
        mut request: Request,
        visit: &Visit,
    ) -> Response {
        let claimed = match self.claim(&mut request, visit).await {
            Ok(claimed) => claimed,
            Err(error) => return error.as_response(),
        };
        let Some((keyed, until, claim)) = claimed else { return answered(next, request).await };
        match claim {
            KeyedClaim::Answered(sealed) => {
                visit.was_answered_before();
                self.open(&keyed, &sealed).unwrap_or_else(|error| error.as_response())
            }
            KeyedClaim::UnderWay => {
                let detail = "the first request with this Idempotency-Key is still under way: try \
                    again";
                ApiError::new(StatusCode::CONFLICT, detail).as_response()
            }
            KeyedClaim::Other => {
                let why = "was used for another request: take a new one";
                ApiError::field(IDEMPOTENCY_KEY, why).as_response()
            }
            KeyedClaim::Yours(thing) => {
                visit.is_to_make(thing);
                let response = answered(next, request).await;
                self.settle(&keyed, until, response).await
            }
        }
    }

    /// Claims a request for this process until then, if it has a key and its caller is who he says.
    async fn claim(
        &self,
        request: &mut Request,
        visit: &Visit,
    ) -> Result<Option<(KeyedRequest, Timestamp, KeyedClaim)>, ApiError> {
        let Some(operation) = visit.operation.as_ref().filter(|it| is_keyed(&it.id)) else {
            return Ok(None);
        };
        let Some(key) = key(request.headers())? else { return Ok(None) };
        let Some(token) = token(request.headers()) else { return Ok(None) };
        let caller = self.guard.let_in(visit, &token).await?;
        visit.is_admitted(caller);
        let body = body::read_whole(request).await?;
        let mut hash = Sha256::new();
        for part in [operation.id.as_bytes(), request.uri().path().as_bytes(), &body[..]] {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        request.set_body(body);
        let now = self.clock.now();
        let keyed = KeyedRequest {
            owner: caller.owner,
            key: Sha256::digest(key.as_bytes()).into(),
            request: hash.finalize().into(),
            // Any id of ours will do.
            thing: RunId::new(now).uuid(),
        };
        let until = now + CLAIM;
        let claim = self.requests.claim_request(&keyed, now, until).await?;
        if matches!(claim, KeyedClaim::Yours(_))
            && let Err(error) =
                self.requests.forget_oldest_requests(caller.owner, MAX_REQUESTS).await
        {
            debug!("Too many requests with keys are remembered: {error}");
        }
        Ok(Some((keyed, until, claim)))
    }

    /// Keeps an answer, or lets others have the request. What goes wrong there is no reason to keep
    /// the answer from whoever waits for it.
    async fn settle(&self, keyed: &KeyedRequest, until: Timestamp, response: Response) -> Response {
        let status = response.status();
        let (parts, body) = response.into_parts();
        let body = body.into_bytes().await.unwrap_or_default();
        let settled = if status.is_success() && body.len() <= MAX_ANSWER_BYTES {
            let answer = self.seal(keyed, status, &parts.headers, &body);
            self.requests.answer_request(keyed, &answer).await
        } else if status.is_client_error() && status != StatusCode::CONFLICT {
            self.requests.forget_request(keyed, until).await
        } else {
            // A conflict may be with an earlier try that is still under way.
            self.requests.let_go_of_request(keyed, until, self.clock.now()).await
        };
        if let Err(error) = settled {
            warn!("What came of a request with a key could not be noted: {error}");
        }
        Response::from_parts(parts, body.into())
    }

    fn seal(
        &self,
        keyed: &KeyedRequest,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
    ) -> String {
        let kept = KEPT_HEADERS.iter().filter_map(|name| {
            let value = headers.get(name)?.to_str().ok()?;
            Some((name.to_string(), value.to_owned()))
        });
        let kept = Kept {
            status: status.as_u16(),
            headers: kept.collect(),
            // Answers of the operations with keys are JSON.
            body: String::from_utf8_lossy(body).into_owned(),
        };
        // Texts and numbers are always JSON.
        let text = serde_json::to_string(&kept).unwrap_or_default();
        let place = Place::Answer { owner: keyed.owner, request: &keyed.key };
        self.keyring.seal(place, &SecretValue::new(text)).as_str().to_owned()
    }

    fn open(&self, keyed: &KeyedRequest, sealed: &str) -> Result<Response, ApiError> {
        let place = Place::Answer { owner: keyed.owner, request: &keyed.key };
        let opened = SealedSecret::read(sealed).and_then(|it| self.keyring.open(place, &it).ok());
        let kept: Option<Kept> = opened.and_then(|it| serde_json::from_str(it.expose()).ok());
        let unreadable = || {
            // The key that it was sealed with has been taken away.
            let detail = "the request was carried out, but its answer can't be read any more";
            ApiError::new(StatusCode::CONFLICT, detail)
        };
        let kept = kept.ok_or_else(unreadable)?;
        let mut response = Response::builder()
            .status(StatusCode::from_u16(kept.status).map_err(|_| unreadable())?)
            .body(kept.body);
        for (name, value) in kept.headers {
            let name = HeaderName::try_from(name).map_err(|_| unreadable())?;
            let value = HeaderValue::try_from(value).map_err(|_| unreadable())?;
            response.headers_mut().insert(name, value);
        }
        Ok(response)
    }
}

async fn answered<E: Endpoint>(next: Arc<E>, request: Request) -> Response {
    match next.call(request).await {
        Ok(answer) => answer.into_response(),
        Err(error) => problem::render(error).await,
    }
}

/// The key of a request, if it has one.
fn key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let mut keys = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(key) = keys.next() else { return Ok(None) };
    let is_good = |key: &&str| {
        (1..=MAX_KEY_CHARS).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
    };
    if let (Some(key), None) = (key.to_str().ok().filter(is_good), keys.next()) {
        return Ok(Some(key.to_owned()));
    }
    let wanted = format!("must be 1 to {MAX_KEY_CHARS} visible ASCII characters, once");
    Err(ApiError::field(IDEMPOTENCY_KEY, wanted))
}

/// The token of a request. What is none is for the operation itself to refuse.
fn token(headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (values.next()?.to_str().ok()?, values.next()) else { return None };
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}
