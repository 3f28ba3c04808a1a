//! Sums over the bytes of a text, that of each part of it at hand. Parts that differ have different
//! sums but for a chance of next to nothing, or where a text was made for that: then more of it is
//! taken out than need be, and never less.

use zeroize::Zeroizing;

/// Any large odd number whose bits are mixed.
const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

/// Those of a text.
pub(super) struct Sums {
    /// Over the bytes before each place. They tell the bytes.
    sums: Zeroizing<Vec<u64>>,
    /// The last cut before each place or at it.
    cuts: Vec<usize>,
}

impl Sums {
    /// Those of a text that may have been cut at some places.
    pub(super) fn new(text: &[u8], is_cut: impl Fn(usize) -> bool) -> Self {
        let mut sums = Zeroizing::new(Vec::with_capacity(text.len() + 1));
        sums.push(0);
        let mut all = 0;
        for byte in text {
            all = with(all, *byte);
            sums.push(all);
        }
        let mut last = 0;
        let cuts = (0..=text.len()).map(|at| {
            last = if is_cut(at) { at } else { last };
            last
        });
        Self { cuts: cuts.collect(), sums }
    }

    /// That of a part, if the text is long enough; `power` is that of its length.
    pub(super) fn of(&self, start: usize, length: usize, power: u64) -> Option<u64> {
        let end = self.sums.get(start + length)?;
        Some(end.wrapping_sub(self.sums[start].wrapping_mul(power)))
    }

    /// The last cut before a place or at it.
    pub(super) fn last_cut(&self, at: usize) -> usize {
        self.cuts[at.min(self.cuts.len() - 1)]
    }
}

/// That of all these bytes.
pub(super) fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |sum, byte| with(sum, *byte))
}

/// What a sum is multiplied by when so many bytes follow.
pub(super) fn power(length: usize) -> u64 {
    FACTOR.wrapping_pow(u32::try_from(length).unwrap_or(u32::MAX))
}

fn with(sum: u64, byte: u8) -> u64 {
    sum.wrapping_mul(FACTOR).wrapping_add(u64::from(byte) + 1)
}
