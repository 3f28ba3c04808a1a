//! Looking at pictures.

use std::io::Cursor;

use synmon_core::browser::{MediaType, Picture};

/// A picture's width and height.
pub fn size(picture: &Picture) -> (u32, u32) {
    match picture.media_type {
        MediaType::Png => {
            // Eight bytes of signature, eight of the first chunk's head, then the size.
            let bytes = &picture.bytes;
            assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"), "it is no PNG");
            let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
            (number(16), number(20))
        }
        MediaType::Jpeg => jpeg_size(&picture.bytes),
        MediaType::Webp => panic!("nothing asks for WebP"),
    }
}

/// Goes from one segment to the next until the frame's header (ITU-T T.81, B.2.2).
fn jpeg_size(bytes: &[u8]) -> (u32, u32) {
    assert!(bytes.starts_with(&[0xff, 0xd8]), "it is no JPEG");
    let number = |at: usize| u32::from(u16::from_be_bytes(bytes[at..at + 2].try_into().unwrap()));
    let mut at = 2;
    loop {
        let marker = bytes[at + 1];
        if matches!(marker, 0xc0..=0xc2) {
            return (number(at + 7), number(at + 5));
        }
        at += 2 + number(at + 2) as usize;
    }
}

/// A decoded picture.
pub struct Pixels {
    width: usize,
    channels: usize,
    bytes: Vec<u8>,
}

impl Pixels {
    /// Decodes a PNG.
    pub fn of(picture: &Picture) -> Self {
        assert_eq!(picture.media_type, MediaType::Png);
        let mut decoder = png::Decoder::new(Cursor::new(&picture.bytes));
        decoder.set_transformations(png::Transformations::normalize_to_color8());
        let mut reader = decoder.read_info().unwrap();
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        let frame = reader.next_frame(&mut bytes).unwrap();
        let channels = frame.color_type.samples();
        Self { width: frame.width as usize, channels, bytes }
    }

    /// The colour of a pixel: red, green and blue.
    pub fn at(&self, x: usize, y: usize) -> [u8; 3] {
        let start = (y * self.width + x) * self.channels;
        self.bytes[start..start + 3].try_into().unwrap()
    }

    /// How many pixels have this colour.
    pub fn count(&self, colour: [u8; 3]) -> usize {
        self.bytes.chunks(self.channels).filter(|pixel| pixel[..3] == colour).count()
    }
}
