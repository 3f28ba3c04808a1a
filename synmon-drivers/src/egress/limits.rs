//! How much the guard takes on.

use std::time::Duration;

/// How many connections of browsers are served at a time, where the system lets us have so many
/// files open; further ones wait.
pub(super) const MAX_CONNECTIONS: usize = 4_096;
/// What a connection needs of the files that may be open: one to the browser, one to the site; a
/// third of them is left to everything else.
pub(super) const FILES_PER_CONNECTION: u64 = 3;
/// With fewer files than these, two pages could hold all connections: a browser lets each of its contexts
/// have 255 `WebSocket`s.
pub(super) const FEW_FILES: u64 = 4_096;
/// The longest head of a request or an answer, and the most headers: more than browsers send.
pub(super) const MAX_HEAD: usize = 256 * 1024;
pub(super) const MAX_HEADERS: usize = 512;
/// How long a connection may be silent between two requests, or take to send a head.
pub(super) const IDLE: Duration = Duration::from_mins(2);
/// How long a name may take to resolve.
pub(super) const RESOLVE: Duration = Duration::from_secs(15);
/// How many addresses of a name are tried, how long each of them may take while there is another,
/// and the last one: longer than any step, whose own time then ends first.
pub(super) const MAX_ADDRESSES: usize = 8;
pub(super) const CONNECT_NEXT: Duration = Duration::from_secs(3);
pub(super) const CONNECT_LAST: Duration = Duration::from_secs(90);
/// How long a connection that was used before may take to say that it can be used again.
pub(super) const REUSE: Duration = Duration::from_secs(1);
/// The longest life of a tunnel: longer than any run's.
pub(super) const TUNNEL: Duration = Duration::from_hours(2);
/// How many places are remembered.
pub(super) const MAX_REMEMBERED: usize = 4_096;
/// How long a guard elsewhere may take to say that it is there, and why it has not led to a place;
/// how much of its answer is read.
pub(super) const GREET: Duration = Duration::from_secs(2);
pub(super) const ASK: Duration = Duration::from_secs(8);
pub(super) const ANSWER: usize = 16 * 1024;
/// How long a browser may take to prove that it can't get past the guard.
pub(super) const PROOF: Duration = Duration::from_secs(30);
