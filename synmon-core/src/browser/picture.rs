//! Pictures of pages.

use bytes::Bytes;

use crate::{flow::PictureFormat, secret::SecretValue, step::Selector};

/// A picture of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The file.
    pub bytes: Bytes,
    /// What it is.
    pub media_type: MediaType,
}

/// The kinds of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaType {
    /// `image/png`
    Png,
    /// `image/jpeg`
    Jpeg,
    /// `image/webp`
    Webp,
}

impl MediaType {
    /// The media type (RFC 6838).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
        }
    }

    /// The usual ending of a file's name.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Webp => "webp",
        }
    }

    /// The type of a file with this name.
    #[must_use]
    pub fn of_file(name: &str) -> Option<Self> {
        let (_, extension) = name.rsplit_once('.')?;
        [Self::Png, Self::Jpeg, Self::Webp].into_iter().find(|kind| kind.extension() == extension)
    }
}

/// What a picture is to show.
#[derive(Clone, Copy, Debug)]
pub struct Shot<'a> {
    /// Which part of the page.
    pub area: Area<'a>,
    /// What is painted over, wherever one of these finds it.
    pub mask: &'a [Selector],
    /// Texts that it must not show: whatever shows one of them, in whatever case and with white
    /// space anywhere in it, is painted over by a session that [`conceals`](super::Session::conceals).
    pub conceal: &'a [SecretValue],
    /// How it is encoded.
    pub format: PictureFormat,
}

/// A part of a page.
#[derive(Clone, Copy, Debug)]
pub enum Area<'a> {
    /// What the viewport shows.
    Viewport,
    /// All of the page, however long; cut where it would be too large.
    FullPage,
    /// One element.
    Element(&'a Selector),
}

impl Shot<'_> {
    /// The viewport as it is.
    pub const PLAIN: Self =
        Self { area: Area::Viewport, mask: &[], conceal: &[], format: PictureFormat::Png };
}
