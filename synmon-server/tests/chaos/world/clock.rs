//! Wrong clocks: libfaketime in the replicas, told by a file of each what the time is.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::Time;

/// Where Debian has it; the one for programs with threads.
const LIBRARIES: [&str; 4] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib64/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
];
const MISSING: &str = "the tests with wrong clocks need libfaketime: `apt-get install faketime`";

/// How far off the clocks are from the start, in seconds.
const SKEW: [i64; 3] = [600, -600, 0];

/// The clocks of the replicas.
pub(crate) struct Clocks {
    folder: PathBuf,
    time: Time,
    library: Option<&'static str>,
}

impl Clocks {
    /// Wrong ones if they are wanted and can be had.
    pub(crate) fn new(folder: &Path, time: Time) -> Self {
        let library = if time == Time::Right { None } else { library() };
        let clocks = Self { folder: folder.to_owned(), time, library };
        for (index, offset) in SKEW.into_iter().enumerate() {
            clocks.set(index, if time == Time::Wrong { offset } else { 0 });
        }
        clocks
    }

    /// Whether they can be set.
    pub(crate) fn can_be_set(&self) -> bool {
        self.library.is_some()
    }

    /// What makes a replica look at its wrong clock. Where only the time of day is wrong, spans are
    /// as long as they are; a machine that was suspended does not know of it in any way.
    pub(crate) fn settings(&self, replica: usize) -> Vec<(String, String)> {
        let Some(library) = self.library else { return vec![] };
        let file = self.file(replica).display().to_string();
        let spans = if self.time == Time::Suspendable { "0" } else { "1" };
        [
            ("LD_PRELOAD", library.to_owned()),
            ("FAKETIME_TIMESTAMP_FILE", file),
            ("FAKETIME_CACHE_DURATION", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", spans.to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// Makes a replica's clock that many seconds wrong.
    pub(crate) fn set(&self, replica: usize, offset: i64) {
        let file = self.file(replica);
        let new = file.with_extension("new");
        fs::write(&new, format!("{offset:+}\n")).unwrap();
        fs::rename(new, file).unwrap();
    }

    fn file(&self, replica: usize) -> PathBuf {
        self.folder.join(format!("r{replica}.clock"))
    }
}

fn library() -> Option<&'static str> {
    let found = LIBRARIES.into_iter().find(|path| Path::new(path).is_file());
    if found.is_none() {
        #[expect(clippy::disallowed_methods, reason = "a test asks where it runs")]
        let in_ci = std::env::var_os("CI").is_some();
        assert!(!in_ci, "{MISSING}");
        eprintln!("SKIPPED: {MISSING}");
    }
    found
}
