//! The body of a request, as it is heard.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use hyper::body::{Body, Frame, SizeHint};

use super::connections::Wait;

/// A body. Until its end is there, its connection waits for its client.
pub(super) struct Heard {
    body: BoxBody<Bytes, io::Error>,
    rest: Option<Wait>,
}

impl Heard {
    pub(super) fn new(body: BoxBody<Bytes, io::Error>, rest: Wait) -> Self {
        Self { body, rest: Some(rest) }
    }
}

impl Body for Heard {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(frame, Poll::Ready(None | Some(Err(_)))) || self.body.is_end_stream() {
            self.rest = None;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
