//! Keys that are made once and kept in the data folder.

use std::{
    fs::OpenOptions,
    io::{ErrorKind, Write as _},
    os::unix::fs::OpenOptionsExt as _,
};

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use synmon_core::secret::{Keyring, SealingKey};

use crate::{
    accounts::{Secret, TokenKeys},
    config::Config,
};

/// What access tokens are signed with and read by.
pub(crate) fn token_keys(config: &Config) -> anyhow::Result<TokenKeys> {
    let old = config.jwt_secret_old.as_ref().map(|secret| secret.expose_secret().as_bytes());
    Ok(TokenKeys::new(&jwt_secret(config)?, old))
}

/// The key that access tokens are signed with: the setting's, or the one in the data folder, which
/// is made if there is none. Processes that share the folder share the key.
fn jwt_secret(config: &Config) -> anyhow::Result<Vec<u8>> {
    if let Some(secret) = &config.jwt_secret {
        return Ok(secret.expose_secret().as_bytes().to_vec());
    }
    let key = kept(config, "jwt.key", || Secret::random().reveal().to_owned())?;
    let bytes = key.expose_secret().as_bytes();
    anyhow::ensure!(
        bytes.len() >= 32,
        "{} is shorter than a key: remove it, and a new one is made (everybody logs in again)",
        config.data_dir.join("jwt.key").display()
    );
    Ok(bytes.to_vec())
}

/// What owners' secrets are sealed with: the setting's, or what is in the data folder. The first one
/// there follows from the signing key where that is set: processes that share it, and not the
/// folder, have to open what the others seal.
pub(crate) fn keyring(config: &Config) -> anyhow::Result<Keyring> {
    if let Some(keyring) = &config.secrets_key {
        return Ok(keyring.clone());
    }
    let key = kept(config, "secrets.key", || match &config.jwt_secret {
        Some(shared) => {
            let digest = Sha256::new()
                .chain_update("synmon: what secrets are sealed with\0")
                .chain_update(shared.expose_secret())
                .finalize();
            digest.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
        }
        None => SealingKey::random().to_base64().to_string(),
    })?;
    let key = key.expose_secret().parse().ok();
    Keyring::new(key.into_iter().collect()).with_context(|| {
        format!(
            "{} is no key of 32 bytes: restore it from a backup, or what it sealed is lost",
            config.data_dir.join("secrets.key").display()
        )
    })
}

/// What a file of the data folder holds, which is made if it is not there.
fn kept(
    config: &Config,
    name: &str,
    make: impl FnOnce() -> String,
) -> anyhow::Result<SecretString> {
    std::fs::create_dir_all(&config.data_dir)
        .with_context(|| format!("{} can't be made", config.data_dir.display()))?;
    let path = config.data_dir.join(name);
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    match opened {
        Ok(mut file) => file
            .write_all(make().as_bytes())
            .with_context(|| format!("{} can't be written", path.display()))?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error).context(format!("{} can't be made", path.display())),
    }
    let key = std::fs::read_to_string(&path);
    Ok(key.with_context(|| format!("{} can't be read", path.display()))?.into())
}
