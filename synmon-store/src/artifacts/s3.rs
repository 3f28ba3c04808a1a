//! Which bucket, who asks for it, and how long for.

use std::{path::PathBuf, time::Duration};

use object_store::{
    BackoffConfig, ClientOptions, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey as Key},
    path::Path,
};
use secrecy::{ExposeSecret as _, SecretString};
use synmon_core::artifact::{ArtifactError, STORE_TIMEOUT};
use url::Url;

/// A bucket, and who asks for it.
#[derive(Clone, Debug)]
pub struct S3Settings {
    /// The bucket, which has to be there.
    pub bucket: String,
    /// What all keys begin with; empty if the bucket is synmon's own.
    pub prefix: String,
    /// Where the bucket is.
    pub region: String,
    /// Whom to ask instead of Amazon. Its buckets are addressed by path.
    pub endpoint: Option<Url>,
    /// Who asks.
    pub credentials: S3Credentials,
}

/// Who asks.
#[derive(Clone, Debug)]
pub enum S3Credentials {
    /// Somebody with a key.
    Key {
        /// Its name, which is no secret.
        id: String,
        /// The key.
        secret: SecretString,
        /// What a key needs that is good for some hours only.
        session_token: Option<SecretString>,
    },
    /// A role, by a token that an identity provider keeps fresh in a file.
    WebIdentity {
        /// The file.
        token_file: PathBuf,
        /// The role.
        role: String,
        /// What it is called in the trail of what was done.
        session: Option<String>,
    },
    /// The role of this task, which its container service tells at this path.
    Task(String),
    /// The role of this pod.
    Pod {
        /// Who tells it.
        url: Url,
        /// The file with what has to be shown for it.
        token_file: PathBuf,
    },
    /// The role of this machine, which its metadata service tells.
    Machine,
}

/// For one request with its answer: as long as a try after the last wait still ends in time.
const REQUEST_LIMIT: Duration = Duration::from_secs(7);
const CONNECT_LIMIT: Duration = Duration::from_secs(2);
/// No request is tried again once this is over.
const RETRY_LIMIT: Duration = Duration::from_secs(2);
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_millis(500);
const MAX_RETRIES: usize = 4;

/// How many connections are kept for later; each picture under way has one, as it would have a file.
const MAX_IDLE: usize = 16;
/// Servers end idle connections, some after 20 s. A request on one that is just ending fails.
const IDLE_LIMIT: Duration = Duration::from_secs(15);

// Otherwise a run would give up first, and not be told why.
const _: () = assert!(
    RETRY_LIMIT.as_millis() + LONGEST_WAIT.as_millis() + REQUEST_LIMIT.as_millis()
        < STORE_TIMEOUT.as_millis()
);

impl S3Settings {
    pub(super) fn root(&self) -> Result<Path, ArtifactError> {
        Path::parse(&self.prefix).map_err(|error| ArtifactError(error.into()))
    }

    pub(super) fn client(&self) -> object_store::Result<AmazonS3> {
        // Never `from_env`: who can name one more variable could have requests go unsigned.
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&self.bucket)
            .with_region(&self.region)
            .with_retry(RetryConfig {
                backoff: BackoffConfig {
                    init_backoff: FIRST_WAIT,
                    max_backoff: LONGEST_WAIT,
                    base: 2.0,
                },
                max_retries: MAX_RETRIES,
                retry_timeout: RETRY_LIMIT,
            })
            .with_client_options(
                ClientOptions::new()
                    .with_timeout(REQUEST_LIMIT)
                    .with_connect_timeout(CONNECT_LIMIT)
                    .with_pool_max_idle_per_host(MAX_IDLE)
                    .with_pool_idle_timeout(IDLE_LIMIT),
            );
        builder = match &self.endpoint {
            Some(endpoint) => builder
                .with_endpoint(endpoint.as_str())
                .with_allow_http(endpoint.scheme() == "http")
                .with_virtual_hosted_style_request(false),
            // The certificate of `*.s3.….amazonaws.com` does not hold for a name with dots.
            None => builder.with_virtual_hosted_style_request(!self.bucket.contains('.')),
        };
        self.credentials.give(builder).build()
    }
}

impl S3Credentials {
    fn give(&self, builder: AmazonS3Builder) -> AmazonS3Builder {
        match self {
            Self::Key { id, secret, session_token } => {
                let builder =
                    builder.with_access_key_id(id).with_secret_access_key(secret.expose_secret());
                match session_token {
                    Some(token) => builder.with_token(token.expose_secret()),
                    None => builder,
                }
            }
            Self::WebIdentity { token_file, role, session } => {
                let builder = builder
                    .with_config(Key::WebIdentityTokenFile, token_file.to_string_lossy())
                    .with_config(Key::RoleArn, role);
                match session {
                    Some(session) => builder.with_config(Key::RoleSessionName, session),
                    None => builder,
                }
            }
            Self::Task(path) => builder.with_config(Key::ContainerCredentialsRelativeUri, path),
            Self::Pod { url, token_file } => {
                let file = token_file.to_string_lossy();
                builder
                    .with_config(Key::ContainerCredentialsFullUri, url.as_str())
                    .with_config(Key::ContainerAuthorizationTokenFile, file)
            }
            Self::Machine => builder,
        }
    }
}
