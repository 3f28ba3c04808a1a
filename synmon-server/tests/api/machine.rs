//! Looking at the machine: which processes a server's browsers are.

use std::{fs, path::PathBuf};

use synmon_testkit::processes_of;

use crate::fixture::App;

/// The browsers and their drivers that a server has started, or servers before it on the same
/// folder: their folders are below it. Ids with command lines.
pub(crate) fn browsers(app: &App) -> Vec<(u32, String)> {
    let mut found = processes_of(app.folder());
    found.retain(|(id, _)| *id != app.pid());
    found
}

/// The folders that browsers have left.
pub(crate) fn leftovers(app: &App) -> Vec<PathBuf> {
    let folders = fs::read_dir(app.folder()).unwrap().flatten();
    let folders = folders.filter(|entry| {
        let name = entry.file_name().into_string().unwrap();
        name.starts_with("synmon-") && entry.path().is_dir()
    });
    folders
        .flat_map(|folder| fs::read_dir(folder.path()).unwrap().flatten())
        .map(|entry| entry.path())
        .collect()
}
