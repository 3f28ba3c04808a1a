//! What an owner keeps for the steps of flows and nobody reads again: sealed at rest, opened only
//! where a run needs it, and taken out of all that leaves the run.

mod keyring;
mod name;
mod redactor;
mod totp;
mod value;

pub use keyring::{KeyError, Keyring, OpenError, Place, SealedSecret, SealingKey};
pub use name::SecretName;
pub use redactor::Redactor;
pub(crate) use redactor::shown_forms;
pub use totp::{Totp, TotpError};
pub use value::SecretValue;

use crate::{OwnerId, Timestamp};

/// How long a secret may be, in bytes.
pub const MAX_SECRET_BYTES: usize = 4_096;
/// The shortest secret, in characters: anything shorter is found in every text.
pub const MIN_SECRET_CHARS: usize = 4;
/// How many secrets an owner may have.
pub const MAX_SECRETS: u32 = 100;

/// A secret as stores keep it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSecret {
    /// Whom it belongs to.
    pub owner: OwnerId,
    /// What steps call it.
    pub name: SecretName,
    /// Its value, sealed.
    pub sealed: SealedSecret,
    /// When it was first put.
    pub created_at: Timestamp,
    /// When it last got a value.
    pub updated_at: Timestamp,
}
