//! Keys that are made once and kept in the data folder.

use std::{
    fs::OpenOptions,
    io::{ErrorKind, Write as _},
    os::unix::fs::OpenOptionsExt as _,
};

use anyhow::Context as _;
use secrecy::ExposeSecret as _;

use crate::{accounts::Secret, config::Config};

/// The key that access tokens are signed with: the setting's, or the one in the data folder, which
/// is made if there is none. Processes that share the folder share the key.
pub(crate) fn jwt_secret(config: &Config) -> anyhow::Result<Vec<u8>> {
    if let Some(secret) = &config.jwt_secret {
        return Ok(secret.expose_secret().as_bytes().to_vec());
    }
    std::fs::create_dir_all(&config.data_dir)
        .with_context(|| format!("{} can't be made", config.data_dir.display()))?;
    let path = config.data_dir.join("jwt.key");
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    match opened {
        Ok(mut file) => file
            .write_all(Secret::random().reveal().as_bytes())
            .with_context(|| format!("{} can't be written", path.display()))?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error).context(format!("{} can't be made", path.display())),
    }
    let key = std::fs::read(&path).with_context(|| format!("{} can't be read", path.display()))?;
    anyhow::ensure!(
        key.len() >= 32,
        "{} is shorter than a key: remove it, and a new one is made (everybody logs in again)",
        path.display()
    );
    Ok(key)
}
