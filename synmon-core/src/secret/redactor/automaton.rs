//! All needles in one look at a text, however they overlap (Aho and Corasick, 1975). Their length
//! and their number cost nothing then: pages choose the texts, and must not choose the time.

use std::collections::VecDeque;

use zeroize::Zeroizing;

use super::needles::Form;

/// The state before any byte has matched.
const ROOT: usize = 0;
/// No such node.
const NONE: u32 = u32::MAX;

/// The beginnings of all needles, as a tree.
#[derive(Default)]
pub(super) struct Automaton {
    /// The byte that leads to a node: read downwards, they are the secrets.
    bytes: Zeroizing<Vec<u8>>,
    nodes: Vec<Node>,
    /// The root's children by their byte: most looks begin there, and end there.
    first: Vec<u32>,
}

struct Node {
    child: u32,
    sibling: u32,
    /// The node of the longest end of this one's bytes that is a beginning, too.
    fallback: u32,
    /// The next one on the way of fallbacks that is a whole needle.
    shorter: u32,
    /// How many bytes lead here.
    depth: u32,
    /// Whether they are a whole needle.
    is_whole: bool,
    /// The place of the label of a needle that goes on from here.
    label: usize,
    form: Form,
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
    /// One that finds these.
    pub(super) fn new<'a>(needles: impl Iterator<Item = (&'a [u8], usize, Form)>) -> Self {
        let mut this = Self::default();
        this.grow(0, 0, 0, Form::Plain);
        for (bytes, label, form) in needles {
            this.plant(bytes, label, form);
        }
        this.first = (0..=u8::MAX).map(|byte| this.child(ROOT, byte).unwrap_or(NONE)).collect();
        this.link();
        this
    }

    /// Finds whole needles anywhere, and at each cut the longest beginning of one that ends there;
    /// `is_cut` says whether a text may have been cut at a place.
    pub(super) fn look(
        &self,
        text: &[u8],
        is_cut: impl Fn(usize) -> bool,
        mut found: impl FnMut(Hit),
    ) {
        let mut state = ROOT;
        for end in 0..=text.len() {
            if is_cut(end) {
                found(self.hit(state, end));
            }
            let Some(byte) = text.get(end) else { break };
            state = self.next(state, *byte);
            let node = &self.nodes[state];
            let mut whole = if node.is_whole { state } else { node.shorter as usize };
            while let Some(node) = self.nodes.get(whole) {
                found(self.hit(whole, end + 1));
                whole = node.shorter as usize;
            }
        }
    }

    fn hit(&self, state: usize, end: usize) -> Hit {
        let Node { depth, label, form, .. } = self.nodes[state];
        Hit { end, length: depth as usize, label, form }
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

    fn grow(&mut self, byte: u8, depth: u32, label: usize, form: Form) -> u32 {
        self.bytes.push(byte);
        self.nodes.push(Node {
            child: NONE,
            sibling: NONE,
            fallback: 0,
            shorter: NONE,
            depth,
            is_whole: false,
            label,
            form,
        });
        u32::try_from(self.nodes.len() - 1).unwrap_or(NONE)
    }

    fn plant(&mut self, bytes: &[u8], label: usize, form: Form) {
        let mut at = ROOT;
        for byte in bytes {
            at = if let Some(child) = self.child(at, *byte) {
                child as usize
            } else {
                let child = self.grow(*byte, self.nodes[at].depth + 1, label, form);
                self.nodes[child as usize].sibling = self.nodes[at].child;
                self.nodes[at].child = child;
                child as usize
            };
            // More goes with what is found in base64, which must not stay for another's sake.
            if form == Form::Base64 {
                self.nodes[at].form = form;
            }
        }
        let end = &mut self.nodes[at];
        if !end.is_whole {
            (end.is_whole, end.label) = (true, label);
        }
    }

    /// Sets the fallbacks, those of short beginnings first.
    fn link(&mut self) {
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
}
