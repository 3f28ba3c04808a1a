//! Looking at the machine: which processes a server's browsers are.

use std::{fs, path::PathBuf};

use crate::fixture::App;

/// The browsers and their drivers that a server has started, or servers before it on the same
/// folder: their folders are below it. Ids with command lines.
pub(crate) fn browsers(app: &App) -> Vec<(u32, String)> {
    let wanted = app.folder().to_str().unwrap().as_bytes().to_vec();
    let carries = |text: &[u8]| text.windows(wanted.len()).any(|part| part == wanted);
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap_or_default();
        let Ok(id) = name.parse::<u32>() else { continue };
        let read = |file: &str| fs::read(entry.path().join(file)).unwrap_or_default();
        let line = read("cmdline");
        let ours = id == app.pid() || id == std::process::id();
        // A process that has ended and waits for its parent has no command line.
        if !ours && !line.is_empty() && (carries(&line) || carries(&read("environ"))) {
            found.push((id, String::from_utf8_lossy(&line).replace('\0', " ")));
        }
    }
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
