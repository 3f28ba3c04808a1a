//! All needles in one look at a text, however they overlap (Aho and Corasick, 1975). Their length
//! and their number cost nothing then: pages choose the texts, and must not choose the time.
//!
//! Owners choose the needles, and must not choose the memory: only the beginnings of long ones are
//! in the tree. Whether the rest follows, a sum over its bytes tells (Karp and Rabin, 1987).

use std::collections::{HashMap, VecDeque};

use zeroize::Zeroizing;

use super::{
    needles::Form,
    sums::{Sums, power, sum},
};

/// The state before any byte has matched.
const ROOT: usize = 0;
/// No such node.
const NONE: u32 = u32::MAX;
/// How many bytes of a needle are in the tree. It is more than what many tokens begin with.
pub(super) const MAX_DEPTH: usize = 48;

/// The beginnings of all needles, as a tree.
#[derive(Default)]
pub(super) struct Automaton {
    /// The byte that leads to a node: read downwards, they are the secrets.
    bytes: Zeroizing<Vec<u8>>,
    nodes: Vec<Node>,
    /// The root's children by their byte: most looks begin there, and end there.
    first: Vec<u32>,
    /// The needles that go on where the tree ends, by their node, the longest first.
    long: HashMap<usize, Vec<Long>>,
}

struct Node {
    child: u32,
    sibling: u32,
    /// The node of the longest end of this one's bytes that is a beginning, too.
    fallback: u32,
    /// The next one on the way of fallbacks that is a whole needle.
    shorter: u32,
    /// The place of the label of a needle that goes on from here.
    label: u32,
    /// How many bytes lead here.
    depth: u8,
    /// Whether they are a whole needle.
    is_whole: bool,
    form: Form,
}

/// A needle that is longer than the tree is deep.
struct Long {
    length: usize,
    /// Of all its bytes.
    sum: u64,
    /// What a sum is multiplied by when as many bytes follow.
    power: u64,
    label: u32,
}

/// Bytes that are a needle, or the beginning of one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit {
    /// Where they end.
    pub(super) end: usize,
    pub(super) length: usize,
    pub(super) label: usize,
    pub(super) form: Form,
}

impl Automaton {
    /// One that finds nothing yet.
    pub(super) fn new() -> Self {
        let mut this = Self::default();
        this.grow(0, 0, 0, Form::Plain);
        this
    }

    /// Takes in a needle.
    pub(super) fn plant(&mut self, bytes: &[u8], label: usize, form: Form) {
        let label = u32::try_from(label).unwrap_or(NONE);
        let mut at = ROOT;
        for (depth, byte) in (1..).zip(bytes.iter().take(MAX_DEPTH)) {
            at = if let Some(child) = self.child(at, *byte) {
                child as usize
            } else {
                let child = self.grow(*byte, depth, label, form);
                self.nodes[child as usize].sibling = self.nodes[at].child;
                self.nodes[at].child = child;
                child as usize
            };
            // More goes with what is found in base64, which must not stay for another's sake.
            if form == Form::Base64 {
                self.nodes[at].form = form;
            }
        }
        if bytes.len() > MAX_DEPTH {
            let (length, sum) = (bytes.len(), sum(bytes));
            let long = self.long.entry(at).or_default();
            if !long.iter().any(|known| (known.length, known.sum) == (length, sum)) {
                let place = long.partition_point(|known| known.length >= length);
                long.insert(place, Long { length, sum, power: power(length), label });
            }
        } else if !self.nodes[at].is_whole {
            (self.nodes[at].is_whole, self.nodes[at].label) = (true, label);
        }
    }

    /// Makes it ready, once all needles are planted.
    pub(super) fn link(&mut self) {
        self.first = (0..=u8::MAX).map(|byte| self.child(ROOT, byte).unwrap_or(NONE)).collect();
        self.bytes.shrink_to_fit();
        self.nodes.shrink_to_fit();
        // The fallbacks, those of short beginnings first.
        let mut queue = VecDeque::from([ROOT]);
        while let Some(at) = queue.pop_front() {
            let mut child = self.nodes[at].child;
            while child != NONE {
                let this = child as usize;
                queue.push_back(this);
                let fallback = match at {
                    ROOT => ROOT,
                    _ => self.next(self.nodes[at].fallback as usize, self.bytes[this]),
                };
                let end = &self.nodes[fallback];
                let fallback = u32::try_from(fallback).unwrap_or(0);
                let shorter = if end.is_whole { fallback } else { end.shorter };
                let node = &mut self.nodes[this];
                (node.fallback, node.shorter) = (fallback, shorter);
                child = node.sibling;
            }
        }
    }

    /// Finds whole needles anywhere, and at each cut the longest beginning of one that ends there;
    /// `is_cut` says whether a text may have been cut at a place. Where a text goes on as a long
    /// needle begins, all up to a cut is taken for a beginning of it.
    pub(super) fn look(
        &self,
        text: &[u8],
        is_cut: impl Fn(usize) -> bool,
        mut found: impl FnMut(Hit),
    ) {
        let mut state = ROOT;
        let mut sums = None;
        for end in 0..=text.len() {
            if is_cut(end) {
                found(self.hit(state, end));
            }
            let Some(byte) = text.get(end) else { break };
            state = self.next(state, *byte);
            let node = &self.nodes[state];
            if usize::from(node.depth) == MAX_DEPTH
                && let Some(long) = self.long.get(&state)
            {
                let sums = sums.get_or_insert_with(|| Sums::new(text, &is_cut));
                if let Some((label, length)) = longest(long, sums, end + 1 - MAX_DEPTH) {
                    let end = end + 1 - MAX_DEPTH + length;
                    found(Hit { end, length, label: label as usize, form: node.form });
                }
            }
            let mut whole = if node.is_whole { state } else { node.shorter as usize };
            while let Some(node) = self.nodes.get(whole) {
                found(self.hit(whole, end + 1));
                whole = node.shorter as usize;
            }
        }
    }

    /// How much memory it takes, nearly.
    #[cfg(test)]
    pub(super) fn size(&self) -> usize {
        let long =
            self.long.values().map(|long| size_of_val(&**long) + size_of::<(usize, Vec<Long>)>());
        self.bytes.capacity() + self.nodes.capacity() * size_of::<Node>() + long.sum::<usize>()
    }

    fn hit(&self, state: usize, end: usize) -> Hit {
        let Node { depth, label, form, .. } = self.nodes[state];
        Hit { end, length: depth.into(), label: label as usize, form }
    }

    fn node(&self, at: u32) -> Option<&Node> {
        self.nodes.get(at as usize)
    }

    fn child(&self, of: usize, byte: u8) -> Option<u32> {
        if of == ROOT && !self.first.is_empty() {
            return Some(self.first[usize::from(byte)]).filter(|child| *child != NONE);
        }
        let mut child = self.nodes[of].child;
        while let Some(node) = self.node(child) {
            if self.bytes[child as usize] == byte {
                return Some(child);
            }
            child = node.sibling;
        }
        None
    }

    fn next(&self, mut state: usize, byte: u8) -> usize {
        loop {
            match self.child(state, byte) {
                Some(child) => return child as usize,
                None if state == ROOT => return ROOT,
                None => state = self.nodes[state].fallback as usize,
            }
        }
    }

    fn grow(&mut self, byte: u8, depth: u8, label: u32, form: Form) -> u32 {
        self.bytes.push(byte);
        self.nodes.push(Node {
            child: NONE,
            sibling: NONE,
            fallback: 0,
            shorter: NONE,
            label,
            depth,
            is_whole: false,
            form,
        });
        u32::try_from(self.nodes.len() - 1).unwrap_or(NONE)
    }
}

/// Which of these needles a text goes on with, and how long: the longest that it holds as a whole,
/// or, if a cut is farther away than that and not beyond all of them, what is before the cut.
fn longest(long: &[Long], sums: &Sums, start: usize) -> Option<(u32, usize)> {
    let most = long.first()?;
    let cut = sums.last_cut(start + most.length).saturating_sub(start);
    let is_there = |one: &&Long| sums.of(start, one.length, one.power) == Some(one.sum);
    let whole = long.iter().find(is_there).map(|one| (one.label, one.length));
    let length = whole.map_or(MAX_DEPTH, |(_, length)| length);
    if cut > length { Some((most.label, cut)) } else { whole }
}
