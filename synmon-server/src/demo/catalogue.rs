//! What the shop would sell.

use serde::Serialize;

/// One teapot on the shelf.
#[derive(Debug, Serialize)]
pub(super) struct Teapot {
    pub(super) number: u32,
    pub(super) name: &'static str,
    pub(super) line: &'static str,
    pub(super) millilitres: u32,
    pub(super) price: &'static str,
}

/// All teapots, in the order of their numbers.
pub(super) const TEAPOTS: [Teapot; 4] = [
    Teapot {
        number: 1,
        name: "The Short and Stout",
        line: "Here is its handle, here is its spout.",
        millilitres: 350,
        price: "€ 29",
    },
    Teapot {
        number: 2,
        name: "The Four O'Clock",
        line: "Never late, never in a hurry.",
        millilitres: 450,
        price: "€ 34",
    },
    Teapot {
        number: 3,
        name: "The Understudy",
        line: "For when the big pot is in the wash.",
        millilitres: 200,
        price: "€ 19",
    },
    Teapot {
        number: 4,
        name: "The 418",
        line: "Short, stout, and will not brew coffee.",
        millilitres: 418,
        price: "€ 41.80",
    },
];

/// The teapot with that number, if there is one.
pub(super) fn teapot(number: u32) -> Option<&'static Teapot> {
    TEAPOTS.iter().find(|teapot| teapot.number == number)
}
