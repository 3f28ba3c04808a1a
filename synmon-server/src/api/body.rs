//! Request bodies: bounded, JSON, and of exactly the documented shape.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::StreamExt as _;
use poem::{
    Request, RequestBody,
    http::{StatusCode, header},
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    error::ContentTypeError,
    payload::{Json, ParsePayload, Payload},
    registry::{MetaMediaType, MetaRequest, MetaSchemaRef, Registry},
    types::{ParseFromJSON, Type},
};
use serde_json::Value;

use super::{guard, json, problem::ApiError, shape};
use crate::visit::Visit;

/// The largest body that is read.
pub(crate) const MAX_BODY_BYTES: usize = 1024 * 1024;
/// How much of a larger one is heard out.
const MAX_HEARD_BYTES: usize = 4 * MAX_BODY_BYTES;
/// How long a client may take to send it.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// After a longer time the sender's credential is looked at again.
const AT_ONCE: Duration = Duration::from_secs(1);

/// A JSON body. Unlike [`Json`], it is read no further than [`MAX_BODY_BYTES`], and what does not
/// fit the documented shape is told field by field.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: Type> Payload for Body<T> {
    const CONTENT_TYPE: &'static str = "application/json";

    fn check_content_type(content_type: &str) -> bool {
        Json::<T>::check_content_type(content_type)
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: ParseFromJSON> ParsePayload for Body<T> {
    const IS_REQUIRED: bool = true;

    async fn from_request(request: &Request, body: &mut RequestBody) -> poem::Result<Self> {
        let bytes = read_in_time(request, body).await?;
        let value = json::read(&bytes).map_err(|why| ApiError::shape("", why))?;
        shape::check::<T>(&value)?;
        if let Some(visit) = request.data::<Arc<Visit>>() {
            visit.has_fields(fields_of(&value));
        }
        // What the check lets through parses; a difference would be a mistake of ours.
        let parsed = T::parse_from_json(Some(value))
            .map_err(|_| ApiError::shape("", "is not of the right shape"))?;
        Ok(Self(parsed))
    }
}

/// Reads the body of a request before anybody else does, who is to have it from there again.
pub(super) async fn read_whole(request: &mut Request) -> Result<Vec<u8>, ApiError> {
    let mut body = RequestBody::new(request.take_body());
    read_in_time(request, &mut body).await
}

async fn read_in_time(request: &Request, body: &mut RequestBody) -> Result<Vec<u8>, ApiError> {
    let too_slow = || ApiError::new(StatusCode::REQUEST_TIMEOUT, "the body came too slowly");
    let began = Instant::now();
    let bytes = tokio::time::timeout(READ_TIMEOUT, read(request, body)).await;
    let bytes = bytes.map_err(|_| too_slow())??;
    if began.elapsed() > AT_ONCE {
        guard::look_again(request).await?;
    }
    Ok(bytes)
}

/// The names of the fields that a body sets: documented ones, for others are refused. The bodies
/// that are lists are lists of steps.
fn fields_of(body: &Value) -> Vec<String> {
    match body {
        Value::Object(object) => {
            let set = object.iter().filter(|(_, value)| !value.is_null());
            set.map(|(name, _)| name.clone()).collect()
        }
        _ => vec!["steps".to_owned()],
    }
}

/// Reads a body, and keeps no more than [`MAX_BODY_BYTES`] of it. One that is not much larger is
/// heard to its end: a client that is cut off while it still sends may never see the answer.
async fn read(request: &Request, body: &mut RequestBody) -> Result<Vec<u8>, ApiError> {
    let too_large = || {
        let detail = format!("the body is larger than {MAX_BODY_BYTES} bytes");
        ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
    };
    let announced = request.header(header::CONTENT_LENGTH).and_then(|length| length.parse().ok());
    if announced.is_some_and(|length: usize| length > MAX_HEARD_BYTES) {
        return Err(too_large());
    }
    let unreadable = || ApiError::shape("", "could not be read to its end");
    let (mut kept, mut heard) = (Vec::new(), 0);
    let mut pieces = body.take().map_err(|_| unreadable())?.into_bytes_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| unreadable())?;
        heard += piece.len();
        if heard > MAX_HEARD_BYTES {
            break;
        }
        if heard <= MAX_BODY_BYTES {
            kept.extend_from_slice(&piece);
        }
    }
    if heard > MAX_BODY_BYTES { Err(too_large()) } else { Ok(kept) }
}

impl<'a, T: ParseFromJSON> ApiExtractor<'a> for Body<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        <Self as Payload>::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        Some(MetaRequest {
            description: None,
            content: vec![MetaMediaType {
                content_type: Self::CONTENT_TYPE,
                schema: <Self as Payload>::schema_ref(),
            }],
            required: true,
        })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<Self::ParamType>,
    ) -> poem::Result<Self> {
        match request.content_type() {
            Some(kind) if Self::check_content_type(kind) => {
                <Self as ParsePayload>::from_request(request, body).await
            }
            Some(kind) => {
                Err(ContentTypeError::NotSupported { content_type: kind.to_owned() }.into())
            }
            None => Err(ContentTypeError::ExpectContentType.into()),
        }
    }
}
