//! Long lists, a page at a time.

/// Which part of a list is asked for. Lists are sorted by id, newest first, and a page begins
/// after a given id: so it costs the same however far back it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest<Id> {
    /// How many items at most.
    pub limit: u32,
    /// The last item of the page before.
    pub after: Option<Id>,
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T, Id> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins; none if this is the last.
    pub next: Option<Id>,
}

impl<T, Id> Page<T, Id> {
    /// A page of up to `limit` items, out of one item more than that if there are more.
    #[must_use]
    pub fn from_one_more(mut items: Vec<T>, limit: u32, id: impl Fn(&T) -> Id) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(id);
        Self { items, next }
    }
}
