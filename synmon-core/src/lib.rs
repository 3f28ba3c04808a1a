#![doc = include_str!("../README.md")]

pub mod alert;
pub mod artifact;
pub mod browser;
pub mod channel;
mod clock;
pub mod egress;
pub mod engine;
pub mod flow;
mod ids;
pub mod invalid;
pub mod keys;
pub mod lint;
mod name;
mod nearest;
pub mod notice;
pub mod run;
pub mod schedule;
pub mod secret;
pub mod step;
pub mod store;
mod time;
pub mod usecase;
pub mod verdict;

pub use clock::{Clock, ReferenceClock, SystemClock, within};
pub use ids::{
    AccessId, ApiKeyId, AuditId, ChannelId, FlowId, NoticeId, OwnerId, RunId, SessionId,
};
pub use name::{MAX_NAME_CHARS, Name, NameError, composed};
pub use nearest::of as nearest_name;
pub use time::Timestamp;

/// An error of a backend, whatever it is.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
