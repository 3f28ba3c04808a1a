//! Writes mails into a folder.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use lettre::Message;
use synmon_core::{NoticeId, Timestamp};
use tracing::info;

use super::errors::SendError;

/// Writes a mail and logs its link. A second attempt replaces the file of the first.
pub(super) async fn write(
    folder: &Path,
    mail: &Message,
    (id, at): (NoticeId, Timestamp),
    link: &str,
) -> Result<(), SendError> {
    let path = folder.join(file_name(id, at));
    let (target, content) = (path.clone(), mail.formatted());
    tokio::task::spawn_blocking(move || write_whole(&target, &content))
        .await
        .map_err(io::Error::other)
        .and_then(|written| written)
        .map_err(SendError::Folder)?;
    info!(notice.id = %id, mail.file = %path.display(), link, "Wrote a mail, its link is {link}");
    Ok(())
}

/// Names sort as the notices came to be.
fn file_name(id: NoticeId, at: Timestamp) -> PathBuf {
    format!("{}-{id}.eml", at.datetime().format("%Y%m%dT%H%M%S%.6fZ")).into()
}

/// A file that can be seen is whole: it gets its name when it is written.
fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    // Somebody may have tidied up since the start.
    fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new().prefix(".").suffix(".tmp").tempfile_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_by_time() {
        let id: NoticeId = "01890a5d-ac96-774b-bcce-b302099a8057".parse().expect("an id");
        let name = |micros| file_name(id, Timestamp::from_micros(micros));
        let first = name(1_753_000_000_000_001);
        assert_eq!(
            first.to_string_lossy(),
            "20250720T082640.000001Z-01890a5d-ac96-774b-bcce-b302099a8057.eml"
        );
        assert!(first < name(1_753_000_000_000_002) && first < name(1_753_000_001_000_000));
    }
}
