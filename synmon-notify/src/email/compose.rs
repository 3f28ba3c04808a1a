//! Puts a mail together.

use std::time::{Duration, SystemTime};

use lettre::{
    Message,
    message::{
        Attachment, Body, Mailbox, MultiPart, SinglePart,
        header::{ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue},
    },
};
use synmon_core::{NoticeId, Timestamp, browser::MediaType};

use super::{errors::SendError, picture::Picture, templates::Rendered};

/// What the headers of a mail say besides its subject.
pub(super) struct Envelope {
    pub(super) from: Mailbox,
    pub(super) to: Mailbox,
    /// The same over all attempts, so that a mail that came twice is known to be one.
    pub(super) id: MessageId,
    pub(super) date: Timestamp,
}

/// A mail's id, from which those of its parts are made.
pub(super) struct MessageId {
    notice: NoticeId,
    host: String,
}

/// Says that no human wrote this (RFC 3834), so that no machine answers.
#[derive(Clone)]
struct AutoSubmitted;

impl MessageId {
    /// Of a notice, at the sender's domain or, where that can't be written in ASCII, another host.
    pub(super) fn new(notice: NoticeId, from: &Mailbox, otherwise: &str) -> Self {
        let domain = from.email.domain();
        let host = if domain.is_ascii() { domain } else { otherwise };
        Self { notice, host: host.to_owned() }
    }

    /// The Content-ID of the picture.
    pub(super) fn picture(&self) -> String {
        format!("picture.{}@{}", self.notice, self.host)
    }

    fn header(&self) -> String {
        format!("<{}@{}>", self.notice, self.host)
    }
}

/// The mail: text, and the same as HTML with its picture.
pub(super) fn mail(
    envelope: Envelope,
    rendered: Rendered,
    picture: Picture,
) -> Result<Message, SendError> {
    let Envelope { from, to, id, date } = envelope;
    let body = MultiPart::alternative().singlepart(text(ContentType::TEXT_PLAIN, rendered.text));
    let html = text(ContentType::TEXT_HTML, rendered.html);
    let body = match picture {
        Picture::Ready { bytes, media_type } => {
            body.multipart(MultiPart::related().singlepart(html).singlepart(image(
                id.picture(),
                bytes.to_vec(),
                media_type,
            )))
        }
        Picture::None | Picture::Missing { .. } => body.singlepart(html),
    };
    Message::builder()
        .from(from)
        .to(to)
        .subject(rendered.subject)
        .date(system_time(date))
        .message_id(Some(id.header()))
        .header(AutoSubmitted)
        .multipart(body)
        .map_err(SendError::Compose)
}

/// A part of text. Always encoded: only that keeps a bare CR from ending lines that it should not
/// (RUSTSEC-2026-0561).
fn text(content_type: ContentType, text: String) -> SinglePart {
    SinglePart::builder()
        .header(content_type)
        .header(ContentTransferEncoding::QuotedPrintable)
        .body(text)
}

#[expect(clippy::expect_used, reason = "the media types are constants, and they parse")]
fn image(cid: String, bytes: Vec<u8>, media_type: MediaType) -> SinglePart {
    // Base64 takes whatever bytes there are: the other branch is never taken.
    let body =
        Body::new_with_encoding(bytes, ContentTransferEncoding::Base64).unwrap_or_else(Body::new);
    let content_type = ContentType::parse(media_type.as_str()).expect("a media type");
    let name = format!("page.{}", media_type.extension());
    Attachment::new_inline_with_name(cid, name).body(body, content_type)
}

/// The instant as the standard library has it, inside the years that a `Date` header can show.
fn system_time(at: Timestamp) -> SystemTime {
    const YEAR_9999: i64 = 253_370_764_800_000_000;
    let micros = u64::try_from(at.micros().clamp(0, YEAR_9999)).unwrap_or(0);
    SystemTime::UNIX_EPOCH + Duration::from_micros(micros)
}

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use lettre::message::header::{Date, Headers};

    use super::*;

    #[test]
    fn every_kind_of_picture_can_be_sent() {
        for media_type in [MediaType::Png, MediaType::Jpeg, MediaType::Webp] {
            let part = image("a@b".to_owned(), vec![0xff, 0], media_type).formatted();
            let text = String::from_utf8(part).expect("ASCII");
            assert!(text.contains(&format!("Content-Type: {}\r\n", media_type.as_str())), "{text}");
        }
    }

    #[test]
    fn dates_stay_inside_what_a_header_can_show() {
        for (micros, shown) in [
            (i64::MIN, "Thu, 01 Jan 1970 00:00:00 +0000"),
            (0, "Thu, 01 Jan 1970 00:00:00 +0000"),
            (i64::MAX, "Fri, 01 Jan 9999 00:00:00 +0000"),
        ] {
            let mut headers = Headers::new();
            headers.set(Date::new(system_time(Timestamp::from_micros(micros))));
            assert_eq!(headers.get_raw("Date"), Some(shown));
        }
    }
}
