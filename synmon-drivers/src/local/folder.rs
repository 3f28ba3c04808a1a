//! The folder of a run, which holds all that its browser writes.
//!
//! Its name has a tag that nobody can guess, and every process of the browser has that name in its
//! arguments: so they are found again, whatever group or parent they have moved to. A lock file
//! beside it is held for as long as the process that made it lives; a folder whose lock is free
//! was left by a process that died.

use std::{
    fs::{self, DirBuilder, File, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

use super::{scan, user::BrowserUser};

/// What the names of our folders begin with.
const PREFIX: &str = "synmon-";
/// How many characters of a tag follow: 80 random bits.
const TAG_LENGTH: usize = 16;
const TAG_LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// What Chromium adds to make the address of a socket, and how long such an address may be.
const SOCKET: &str = "/org.chromium.Chromium.XXXXXX/SingletonSocket";
const MAX_SOCKET: usize = 107;

/// A folder that is ours while this lives.
#[derive(Debug)]
pub(crate) struct RunFolder {
    path: PathBuf,
    tag: String,
    /// Locked; the kernel frees the lock when the process ends, however it does.
    _lock: File,
}

impl RunFolder {
    /// Makes a new folder that only its owner can read: we, or whom the browser runs as.
    pub(crate) fn create(root: &Path, user: Option<BrowserUser>) -> io::Result<Self> {
        check_length(root).map_err(io::Error::other)?;
        fs::create_dir_all(root)?;
        loop {
            let tag = random_tag()?;
            let path = root.join(format!("{PREFIX}{tag}"));
            // The lock comes first: a folder without one is nobody's.
            let Some(lock) = locked(&lock_path(&path))? else {
                continue;
            };
            DirBuilder::new().mode(0o700).create(&path)?;
            if let Some(user) = user {
                user.own(&path)?;
            }
            return Ok(Self { path, tag, _lock: lock });
        }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The part of its name that nobody can guess.
    pub(crate) fn tag(&self) -> &str {
        &self.tag
    }

    /// Removes it and all that is in it.
    pub(crate) fn remove(&self) -> io::Result<()> {
        remove(&self.path)
    }
}

/// Whether browsers can be started in a folder with this name.
pub(crate) fn check_length(root: &Path) -> Result<(), String> {
    let limit = MAX_SOCKET - SOCKET.len() - "/".len() - PREFIX.len() - TAG_LENGTH;
    if root.as_os_str().len() <= limit {
        return Ok(());
    }
    Err(format!(
        "the path of the folder for browsers is too long for the sockets in it: {} has more than \
         {limit} bytes",
        root.display()
    ))
}

/// Ends what earlier processes left behind under `root`, and returns how many folders that were.
pub(crate) fn sweep(root: &Path) -> usize {
    let Ok(entries) = fs::read_dir(root) else {
        return 0;
    };
    entries.flatten().filter(|entry| sweep_one(&entry.path())).count()
}

fn sweep_one(path: &Path) -> bool {
    let Some(tag) = tag_of(path) else {
        return false;
    };
    // Held while we clean up, so that two sweeps do not get into each other's way.
    let Ok(Some(_lock)) = locked(&lock_path(path)) else {
        return false;
    };
    scan::kill_tagged(tag, None);
    match remove(path) {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(folder = %path.display(), %error, "a left-over folder stays");
            false
        }
    }
}

/// The tag in a folder's or a lock's name, if it is one of ours.
fn tag_of(path: &Path) -> Option<&str> {
    let name = path.file_name()?.to_str()?;
    let tag = name.strip_prefix(PREFIX)?;
    let tag = tag.strip_suffix(".lock").unwrap_or(tag);
    (tag.len() == TAG_LENGTH && tag.bytes().all(|b| TAG_LETTERS.contains(&b))).then_some(tag)
}

fn lock_path(folder: &Path) -> PathBuf {
    if folder.extension().is_some_and(|end| end == "lock") {
        return folder.to_owned();
    }
    folder.with_extension("lock")
}

/// Creates and locks a file; `None` when somebody else holds it or has just removed it.
fn locked(path: &Path) -> io::Result<Option<File>> {
    let file = File::options().create(true).truncate(false).write(true).open(path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let same = fs::metadata(path).is_ok_and(|now| {
        file.metadata().is_ok_and(|ours| (now.dev(), now.ino()) == (ours.dev(), ours.ino()))
    });
    Ok(same.then_some(file))
}

/// Removes a folder, then its lock.
fn remove(path: &Path) -> io::Result<()> {
    let folder = path.with_extension("");
    // A process that is just ending may still write: the second try finds it gone.
    let mut answer = Ok(());
    for _ in 0..3 {
        answer = gone(fs::remove_dir_all(&folder));
        if answer.is_ok() {
            break;
        }
    }
    answer?;
    gone(fs::remove_file(lock_path(&folder)))
}

fn gone(answer: io::Result<()>) -> io::Result<()> {
    match answer {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn random_tag() -> io::Result<String> {
    let mut bytes = [0; TAG_LENGTH];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes.iter().map(|byte| char::from(TAG_LETTERS[usize::from(byte % 32)])).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_live_folder_survives_a_sweep_and_a_dead_one_does_not() {
        let root = tempfile::tempdir().unwrap();
        let live = RunFolder::create(root.path(), None).unwrap();
        let dead = RunFolder::create(root.path(), None).unwrap();
        fs::write(dead.path().join("file"), "x").unwrap();
        let (dead_path, other) = (dead.path().to_owned(), root.path().join("synmon-other"));
        fs::create_dir(&other).unwrap();
        drop(dead);

        sweep(root.path());

        assert!(live.path().exists() && other.exists());
        assert!(!dead_path.exists());
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 3, "live, its lock, and other");
    }

    #[test]
    fn a_path_that_is_too_long_is_refused_in_words() {
        let error =
            RunFolder::create(Path::new("/tmp/a/path/that/is/much/longer/than/it/should/be"), None);
        assert!(error.unwrap_err().to_string().contains("too long"));
        assert!(check_length(Path::new("/var/lib/synmon/browsers")).is_ok());
    }

    #[test]
    fn removing_leaves_nothing() {
        let root = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(root.path(), None).unwrap();
        fs::write(folder.path().join("file"), "x").unwrap();
        folder.remove().unwrap();
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }
}
