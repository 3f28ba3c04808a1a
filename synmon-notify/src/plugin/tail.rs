//! The last that a plug-in said.

use std::sync::{Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// How much is kept, in bytes. All else is read, too: a plug-in must not wait for a listener.
const KEPT: usize = 64 * 1024;
/// How much of it is told, in characters.
const TOLD: usize = 500;

/// The last bytes of a stream.
#[derive(Default)]
pub(super) struct Tail(Mutex<Vec<u8>>);

impl Tail {
    /// Reads a stream to its end.
    pub(super) async fn listen(&self, stream: Option<impl AsyncRead + Unpin>) {
        let Some(mut stream) = stream else { return };
        let mut chunk = vec![0; KEPT];
        while let Ok(read @ 1..) = stream.read(&mut chunk).await {
            self.keep(&chunk[..read]);
        }
    }

    /// The last of it, in one line that is fit for a log.
    pub(super) fn told(&self) -> String {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&kept);
        let visible: String = text
            .chars()
            .filter(|c| !is_mark(*c))
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let words: Vec<_> = visible.split_whitespace().collect();
        let line = words.join(" ");
        match line.char_indices().nth_back(TOLD - 1) {
            Some((start @ 1.., _)) => format!("…{}", &line[start..]),
            _ => line,
        }
    }

    fn keep(&self, bytes: &[u8]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend_from_slice(bytes);
        let surplus = kept.len().saturating_sub(KEPT);
        kept.drain(..surplus);
    }
}

/// Whether a character changes the direction of text, or marks the order of bytes.
fn is_mark(c: char) -> bool {
    matches!(
        c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(bytes: &[u8]) -> String {
        let tail = Tail::default();
        tail.keep(bytes);
        tail.told()
    }

    #[test]
    fn the_tail_is_one_clean_line() {
        for (said, expected) in [
            (b"".as_slice(), ""),
            (b"no such channel\n", "no such channel"),
            (b" a\r\n\tb\x00c \x07", "a b c"),
            (b"\x1b[31mred", "[31mred"),
            (b"\xff\xfe", "\u{fffd}\u{fffd}"),
            ("\u{202e}gnp.exe 日本".as_bytes(), "gnp.exe 日本"),
        ] {
            assert_eq!(told(said), expected, "{said:?}");
        }
    }

    #[test]
    fn only_the_last_of_it_is_told() {
        let long = format!("{}the end", "日".repeat(TOLD));
        let line = told(long.as_bytes());
        assert!(line.starts_with("…日") && line.ends_with("the end"), "{line}");
        assert_eq!(line.chars().count(), TOLD + 1);
        assert_eq!(told("x".repeat(TOLD).as_bytes()), "x".repeat(TOLD));
    }

    #[tokio::test]
    async fn a_stream_is_read_to_its_end_and_its_last_bytes_are_kept() {
        let tail = Tail::default();
        let stream = tokio::io::repeat(b'x').take(3_000_001);
        tail.listen(Some(stream.chain(b"end".as_slice()))).await;
        assert_eq!(tail.0.lock().unwrap().len(), KEPT);
        assert!(tail.told().ends_with("xend"));
    }
}
