//! Errors on the wire: `application/problem+json` (RFC 9457), always.

use std::time::Duration;

use poem::{
    Error, Response,
    error::{MethodNotAllowedError, NotFoundError, ResponseError},
    http::{HeaderValue, StatusCode, header},
};
use poem_openapi::{
    Object,
    error::{
        AuthorizationError, ContentTypeError, ParseParamError, ParsePathError,
        ParseRequestPayloadError,
    },
    types::ToJSON as _,
};
use synmon_core::{
    invalid::Invalid,
    store::StoreError,
    usecase::{QuotaReached, UseCaseError},
};
use tracing::error;

use crate::accounts::{AccessError, AccountError, Busy, LimitError};

/// An error, as a client sees it (RFC 9457).
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct Problem {
    /// The kind of problem; `about:blank` means that the status says it all.
    #[oai(rename = "type")]
    kind: String,
    /// What the status means.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What went wrong this time and, where there is one, the remedy.
    detail: String,
    /// Each field that is not valid.
    errors: Option<Vec<FieldProblem>>,
}

/// One field that is not valid.
#[derive(Clone, Debug, Object)]
pub(crate) struct FieldProblem {
    /// The path of the field, such as `steps[2].selector_xpath`.
    field: String,
    /// What is wrong with it.
    message: String,
}

/// An error of ours, ready to be sent.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{status}: {detail}")]
pub(crate) struct ApiError {
    status: StatusCode,
    detail: String,
    fields: Vec<FieldProblem>,
    /// When it may work, where that is known.
    retry_after: Option<Duration>,
}

/// Where it is not known when it may work.
const SOON: Duration = Duration::from_secs(5);

impl ApiError {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), fields: Vec::new(), retry_after: None }
    }

    /// It was done too often, or there is too much of it.
    fn too_many(detail: impl Into<String>, retry_after: Duration) -> Self {
        let retry_after = Some(retry_after);
        Self { retry_after, ..Self::new(StatusCode::TOO_MANY_REQUESTS, detail) }
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("there is no such {what}"))
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "send a valid access token: Authorization: Bearer …")
    }

    /// The body is not of the right shape.
    pub(crate) fn shape(field: impl Into<String>, message: impl Into<String>) -> Self {
        let (field, message) = (field.into(), message.into());
        let detail = if field.is_empty() {
            format!("the body {message}")
        } else {
            format!("{field} {message}")
        };
        let fields = if field.is_empty() { vec![] } else { vec![FieldProblem { field, message }] };
        Self { fields, ..Self::new(StatusCode::BAD_REQUEST, detail) }
    }

    /// A field is well-formed but not valid.
    pub(crate) fn field(field: impl Into<String>, message: impl std::fmt::Display) -> Self {
        Invalid::field(field, message).into()
    }

    /// The server was put together without a part that it needs.
    pub(crate) fn missing(part: &str) -> Self {
        Self::internal(&format_args!("the server has no {part}"))
    }

    /// Logs all and tells nothing.
    fn internal(cause: &dyn std::fmt::Display) -> Self {
        error!("A request failed: {cause}");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "something in synmon went wrong; it is logged")
    }

    fn problem(&self) -> Problem {
        Problem {
            kind: "about:blank".to_owned(),
            title: self.status.canonical_reason().unwrap_or("Error").to_owned(),
            status: self.status.as_u16(),
            detail: self.detail.clone(),
            errors: (!self.fields.is_empty()).then(|| self.fields.clone()),
        }
    }
}

impl ResponseError for ApiError {
    fn status(&self) -> StatusCode {
        self.status
    }

    fn as_response(&self) -> Response {
        let mut response = Response::builder()
            .status(self.status)
            .header(header::CONTENT_TYPE, "application/problem+json")
            .body(self.problem().to_json_string());
        if self.status == StatusCode::UNAUTHORIZED {
            let bearer = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, bearer);
        }
        if matches!(self.status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            // Whole seconds, rounded up: who waits so long does not come too early.
            let wait = self.retry_after.unwrap_or(SOON);
            let seconds = wait.as_nanos().div_ceil(1_000_000_000).max(1);
            let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<Invalid> for ApiError {
    fn from(invalid: Invalid) -> Self {
        let fields = invalid
            .errors()
            .iter()
            .map(|e| FieldProblem { field: e.field.clone(), message: e.message.clone() })
            .collect();
        let detail = invalid.to_string();
        Self { fields, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail) }
    }
}

impl From<StoreError> for ApiError {
    fn from(failure: StoreError) -> Self {
        match failure {
            StoreError::Conflict { entity } => Self::new(
                StatusCode::CONFLICT,
                format!("the {entity} has changed meanwhile: try again"),
            ),
            StoreError::Unavailable(cause) => {
                error!("The database is out of reach: {cause}");
                Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "the database is out of reach: try again",
                )
            }
            StoreError::Internal(cause) => Self::internal(&cause),
        }
    }
}

impl From<UseCaseError> for ApiError {
    fn from(failure: UseCaseError) -> Self {
        match failure {
            UseCaseError::NotFound(what) => Self::not_found(what),
            UseCaseError::Invalid(invalid) => invalid.into(),
            UseCaseError::Conflict(why) => Self::new(StatusCode::CONFLICT, why),
            UseCaseError::Stale(_) => {
                Self::new(StatusCode::PRECONDITION_FAILED, failure.to_string())
            }
            UseCaseError::Quota(reached) => reached.into(),
            UseCaseError::Store(failure) => failure.into(),
        }
    }
}

impl From<QuotaReached> for ApiError {
    fn from(reached: QuotaReached) -> Self {
        let detail = reached.to_string();
        match reached {
            QuotaReached::Count { what, .. } => Self::field(what, detail),
            QuotaReached::Rate { left, .. } => Self::too_many(detail, left),
        }
    }
}

impl From<AccountError> for ApiError {
    fn from(failure: AccountError) -> Self {
        let detail = failure.to_string();
        match failure {
            AccountError::Invalid(invalid) => invalid.into(),
            AccountError::WrongCredentials | AccountError::BadRefreshToken => {
                Self::new(StatusCode::UNAUTHORIZED, detail)
            }
            AccountError::NotConfirmed => Self::new(StatusCode::FORBIDDEN, detail),
            AccountError::BadLetterToken => Self::field("token", detail),
            AccountError::Gone => Self::unauthorized(),
            AccountError::NoSession => Self::not_found("session"),
            AccountError::Limit(limit) => limit.into(),
            AccountError::Busy(busy) => busy.into(),
            AccountError::Store(failure) => failure.into(),
        }
    }
}

impl From<LimitError> for ApiError {
    fn from(limit: LimitError) -> Self {
        let detail = limit.to_string();
        match limit {
            LimitError::Exceeded { retry_after } => Self::too_many(detail, retry_after),
            LimitError::Store(failure) => failure.into(),
        }
    }
}

impl From<Busy> for ApiError {
    fn from(busy: Busy) -> Self {
        Self::too_many(busy.to_string(), Busy::RETRY_AFTER)
    }
}

impl From<AccessError> for ApiError {
    fn from(failure: AccessError) -> Self {
        match failure {
            AccessError::Invalid => Self::unauthorized(),
            AccessError::Store(failure) => failure.into(),
        }
    }
}

/// Renders whatever went wrong, the framework's own errors included. What a parser says may echo
/// what was sent, secrets too, so its words are replaced.
pub(crate) async fn render(error: Error) -> Response {
    if let Some(error) = error.downcast_ref::<ApiError>() {
        return error.as_response();
    }
    if error.is_from_response() {
        return error.into_response();
    }
    known(&error).as_response()
}

fn known(error: &Error) -> ApiError {
    if error.is::<NotFoundError>() || error.is::<ParsePathError>() {
        return ApiError::new(StatusCode::NOT_FOUND, "there is nothing at this address");
    }
    if error.is::<MethodNotAllowedError>() {
        let detail = "this address does not take the method";
        return ApiError::new(StatusCode::METHOD_NOT_ALLOWED, detail);
    }
    if let Some(error) = error.downcast_ref::<ParseParamError>() {
        return match error.name {
            "id" | "number" | "delivery" => ApiError::not_found("thing"),
            name => ApiError::field(name, "is not valid"),
        };
    }
    if error.is::<AuthorizationError>() {
        return ApiError::unauthorized();
    }
    if error.is::<ContentTypeError>() {
        let detail = "send the body as Content-Type: application/json";
        return ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail);
    }
    if error.is::<ParseRequestPayloadError>() {
        return ApiError::shape("", "is not of the right shape");
    }
    match error.status() {
        status if status.is_client_error() => {
            ApiError::new(status, status.canonical_reason().unwrap_or("bad request"))
        }
        _ => ApiError::internal(error),
    }
}
