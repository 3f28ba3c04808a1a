//! What S3 refuses, in words that say what to do.

use std::error::Error;

use object_store::client::{HttpError, HttpErrorKind};

/// What is wrong with a bucket, or on the way to it. It tells neither keys nor tokens.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum S3Trouble {
    /// There is no such bucket.
    #[error("there is no such bucket: make it, or correct its name, the region or the endpoint")]
    NoBucket,
    /// Nobody is known by the key, or the signature is not by it.
    #[error(
        "S3 does not take the key ({0}): check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and \
         AWS_SESSION_TOKEN, or the role"
    )]
    KeyRefused(String),
    /// Who asks is known and may not.
    #[error(
        "S3 refuses access ({0}): allow s3:PutObject, s3:GetObject and s3:DeleteObject below the \
         prefix, and s3:ListBucket on the bucket"
    )]
    Denied(String),
    /// The bucket is elsewhere.
    #[error("the bucket is in another region ({0}): correct AWS_REGION, or the endpoint")]
    WrongRegion(String),
    /// Signatures are good for a quarter of an hour.
    #[error("the clock of this machine is wrong: S3 refuses what it has signed")]
    WrongClock,
    /// Nobody has said who asks.
    #[error(
        "no credentials for S3: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the pod, \
         the task or the machine a role ({0})"
    )]
    NoCredentials(String),
    /// Nobody is there, or the way there is broken.
    #[error("S3 can't be reached: check the endpoint, the network and the certificate ({0})")]
    Unreachable(String),
    /// Somebody is there and says nothing.
    #[error("S3 did not answer in time: it, or the network, is too slow or stuck")]
    Silent,
}

impl S3Trouble {
    /// What an error comes to, if it is one of these.
    pub(super) fn of(error: &object_store::Error) -> Option<Self> {
        let text = error.to_string();
        if let Some(code) = code(&text) {
            let named = code.to_owned();
            match code {
                "NoSuchBucket" => return Some(Self::NoBucket),
                "InvalidAccessKeyId"
                | "SignatureDoesNotMatch"
                | "ExpiredToken"
                | "InvalidToken"
                | "InvalidSecurity"
                | "NotSignedUp" => {
                    return Some(Self::KeyRefused(named));
                }
                "AccessDenied" | "AllAccessDisabled" | "AccountProblem" => {
                    return Some(Self::Denied(named));
                }
                "PermanentRedirect"
                | "TemporaryRedirect"
                | "AuthorizationHeaderMalformed"
                | "IllegalLocationConstraintException" => return Some(Self::WrongRegion(named)),
                "RequestTimeTooSkewed" => return Some(Self::WrongClock),
                _ => {}
            }
        }
        // What has no body, or one of a proxy's in between.
        match error {
            object_store::Error::PermissionDenied { .. } => {
                return Some(Self::Denied("403".to_owned()));
            }
            object_store::Error::Unauthenticated { .. } => {
                return Some(Self::KeyRefused("401".to_owned()));
            }
            _ if text.contains("redirect without LOCATION") => {
                return Some(Self::WrongRegion("a redirection".to_owned()));
            }
            _ => {}
        }
        let http = chain(error).find_map(|error| error.downcast_ref::<HttpError>())?;
        match http.kind() {
            HttpErrorKind::Timeout => Some(Self::Silent),
            HttpErrorKind::Connect | HttpErrorKind::Request | HttpErrorKind::Interrupted => {
                let cause = chain(http).last().unwrap_or(http).to_string();
                Some(Self::Unreachable(cause))
            }
            _ => None,
        }
    }
}

/// The code of S3's answer: of one to a request, or of one to a part of it.
fn code(text: &str) -> Option<&str> {
    let between = |before, after| Some(text.split_once(before)?.1.split_once(after)?.0);
    between("<Code>", "</Code>").or_else(|| between("(code: ", ")"))
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}
