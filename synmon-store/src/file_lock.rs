//! One process for an SQLite file: two would each run its schedules and send its notices.

use std::{
    ffi::OsString,
    fs::{File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

/// The lock of a database file, held until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct FileLock(File);

/// Why a database file can't be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody else has it.
    #[error(
        "{0} is in use by another synmon: stop that one first, give each its own SYNMON_DATA_DIR, \
         or let several share a PostgreSQL (SYNMON_DATABASE_URL=postgres://…)"
    )]
    InUse(PathBuf),
    /// The file that is locked can't be made or opened.
    #[error("the lock file {path} can't be opened: {cause}")]
    Io {
        /// The lock file.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        cause: io::Error,
    },
}

impl FileLock {
    /// Takes the lock of a database file: a lock on a file beside it, because SQLite has its own
    /// ones on the file itself.
    pub(crate) fn beside(database: &Path) -> Result<Self, LockError> {
        // By whichever link it is opened, it is one file.
        let real = database.canonicalize().unwrap_or_else(|_| database.to_owned());
        let mut name = OsString::from(real);
        name.push(".lock");
        let path = PathBuf::from(name);
        let failed = |cause| LockError::Io { path: path.clone(), cause };
        let file = OpenOptions::new().create(true).append(true).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(LockError::InUse(database.to_owned())),
            Err(TryLockError::Error(cause)) => Err(failed(cause)),
        }
    }

    /// Gives it up before it is dropped.
    pub(crate) fn release(&self) {
        // What can't be released now is released when the file is closed.
        let _ = self.0.unlock();
    }
}
