//! Ids as types of their own, so that a run's id never stands where a flow's belongs.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::{ContextV7, Uuid};

use crate::Timestamp;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id: UUIDv7 (RFC 9562), so that ids sort by the time they were made.
            #[must_use]
            pub fn new(now: Timestamp) -> Self {
                Self(uuid_v7(now))
            }

            /// An id that was made before.
            #[must_use]
            pub const fn from_uuid(id: Uuid) -> Self {
                Self(id)
            }

            /// The bare UUID, for stores and the wire.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

id!(
    /// A flow's id.
    FlowId
);
id!(
    /// A run's id.
    RunId
);
id!(
    /// A channel's id.
    ChannelId
);
id!(
    /// Whom a thing belongs to. The engine knows nothing more of an owner than this.
    OwnerId
);
id!(
    /// A notice's id, the same over all attempts to deliver it.
    NoticeId
);
id!(
    /// The id of a log-in, which lives as long as its refresh tokens are rotated.
    SessionId
);
id!(
    /// The id of an access token.
    AccessId
);
id!(
    /// The id of an API key.
    ApiKeyId
);
id!(
    /// The id of an entry of the audit log.
    AuditId
);

fn uuid_v7(now: Timestamp) -> Uuid {
    // Shared by all ids of the process: two made in the same millisecond still sort as made.
    static CONTEXT: std::sync::Mutex<ContextV7> = std::sync::Mutex::new(ContextV7::new());
    let micros = u64::try_from(now.micros()).unwrap_or(0);
    let nanos = u32::try_from(micros % 1_000_000 * 1_000).unwrap_or(0);
    Uuid::new_v7(uuid::Timestamp::from_unix(&CONTEXT, micros / 1_000_000, nanos))
}
