//! Artifacts in S3: a server that checks signatures, on loopback.

use std::{net::Ipv4Addr, sync::Arc};

use bytes::Bytes;
use synmon_core::{
    FlowId, OwnerId, RunId,
    artifact::{ArtifactError, ArtifactKey, ArtifactPrefix, Artifacts},
    browser::MediaType,
};
use synmon_store::{ObjectArtifacts, S3Credentials, S3Settings, S3Trouble};
use synmon_testkit::{
    factory::{an_owner, noon},
    s3::{BUCKET, KEY_ID, READER_ID, S3, SECRET},
};
use tokio::net::TcpListener;

/// A server, and what is in it below a prefix.
struct S3Fixture {
    _server: S3,
    artifacts: Arc<dyn Artifacts>,
}

impl S3Fixture {
    async fn fresh() -> Self {
        let server = S3::start().await;
        let artifacts = Arc::new(open(&settings(&server)).await);
        Self { _server: server, artifacts }
    }

    fn artifacts(&self) -> Arc<dyn Artifacts> {
        Arc::clone(&self.artifacts)
    }
}

synmon_testkit::artifacts_conformance!(async { Some(S3Fixture::fresh().await) });

fn settings(server: &S3) -> S3Settings {
    settings_at(server.url())
}

fn settings_at(endpoint: &str) -> S3Settings {
    S3Settings {
        bucket: BUCKET.to_owned(),
        prefix: "synmon/one".to_owned(),
        region: "us-east-1".to_owned(),
        endpoint: Some(endpoint.parse().unwrap()),
        credentials: key(KEY_ID, SECRET),
    }
}

fn key(id: &str, secret: &str) -> S3Credentials {
    S3Credentials::Key { id: id.to_owned(), secret: secret.into(), session_token: None }
}

async fn open(settings: &S3Settings) -> ObjectArtifacts {
    ObjectArtifacts::s3(settings).await.unwrap()
}

/// What is wrong, in words that hold no secret.
fn trouble(error: ArtifactError) -> S3Trouble {
    let (shown, printed) = (error.to_string(), format!("{error:?}"));
    assert!(!shown.contains("canary") && !printed.contains("canary"), "{shown} {printed}");
    *error.0.downcast::<S3Trouble>().unwrap_or_else(|other| panic!("{other}"))
}

async fn refusal(settings: &S3Settings) -> S3Trouble {
    trouble(ObjectArtifacts::s3(settings).await.unwrap_err())
}

fn a_key(owner: OwnerId, flow: FlowId, step: u32) -> ArtifactKey {
    ArtifactKey::screenshot((owner, flow, RunId::new(noon())), 1, step, MediaType::Png)
}

const PICTURE: Bytes = Bytes::from_static(b"a picture");

#[tokio::test]
async fn opening_it_asks_for_all_that_is_needed_and_leaves_nothing() {
    let server = S3::start().await;
    open(&settings(&server)).await;
    let asked = server.asked();
    for start in [
        "PUT /pictures/synmon/one/",
        "GET /pictures/synmon/one/",
        "GET /pictures?list",
        "POST /pictures?delete",
    ] {
        assert!(asked.iter().any(|one| one.starts_with(start)), "{start}: {asked:?}");
    }
    assert_eq!(server.keys(), [""; 0]);
}

#[tokio::test]
async fn a_key_that_is_not_known_or_not_right_is_named_as_the_cause() {
    let server = S3::start().await;
    for (id, secret) in [(KEY_ID, "canary"), ("AKIAOTHER", "canary")] {
        let settings = S3Settings { credentials: key(id, secret), ..settings(&server) };
        let found = refusal(&settings).await;
        assert!(matches!(found, S3Trouble::KeyRefused(_)), "{found:?}");
        assert!(found.to_string().contains("AWS_SECRET_ACCESS_KEY"), "{found}");
    }
}

#[tokio::test]
async fn a_key_that_may_only_read_is_told_what_it_lacks() {
    let server = S3::start().await;
    let reader = S3Settings { credentials: key(READER_ID, SECRET), ..settings(&server) };
    let found = refusal(&reader).await;
    assert_eq!(found, S3Trouble::Denied("AccessDenied".to_owned()));
    assert!(found.to_string().contains("s3:PutObject"), "{found}");
}

#[tokio::test]
async fn a_bucket_that_is_missing_is_an_error_and_no_missing_picture() {
    let server = S3::start().await;
    let elsewhere = S3Settings { bucket: "elsewhere".to_owned(), ..settings(&server) };
    assert_eq!(refusal(&elsewhere).await, S3Trouble::NoBucket);

    let artifacts = open(&settings(&server)).await;
    let owner = an_owner();
    let key = a_key(owner, FlowId::new(noon()), 1);
    artifacts.put(&key, PICTURE).await.unwrap();
    server.remove_bucket();
    assert_eq!(trouble(artifacts.get(&key).await.unwrap_err()), S3Trouble::NoBucket);
    assert_eq!(trouble(artifacts.put(&key, PICTURE).await.unwrap_err()), S3Trouble::NoBucket);
    let gone = artifacts.remove_all(&ArtifactPrefix::owner(owner)).await;
    assert_eq!(trouble(gone.unwrap_err()), S3Trouble::NoBucket);
}

#[tokio::test]
async fn a_server_that_is_away_is_told_at_once() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let nobody = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let found = refusal(&settings_at(&nobody)).await;
    assert!(matches!(&found, S3Trouble::Unreachable(why) if why.contains("refused")), "{found:?}");
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let silent = format!("http://{}", listener.local_addr().unwrap());
    let listening = tokio::spawn(async move {
        let mut open = Vec::new();
        loop {
            open.push(listener.accept().await.unwrap());
        }
    });
    assert_eq!(refusal(&settings_at(&silent)).await, S3Trouble::Silent);
    listening.abort();
}

#[tokio::test]
async fn plain_http_is_not_spoken_where_https_was_asked_for() {
    let server = S3::start().await;
    let endpoint = server.url().replace("http://", "https://");
    let found = refusal(&settings_at(&endpoint)).await;
    assert!(matches!(found, S3Trouble::Unreachable(_)), "{found:?}");
    assert_eq!(server.asked(), [""; 0]);
}

#[tokio::test]
async fn a_folder_of_thousands_is_removed_by_the_thousand() {
    let server = S3::start().await;
    let artifacts = open(&settings(&server)).await;
    let (owner, flow) = (an_owner(), FlowId::new(noon()));
    for step in 0..2_500 {
        server.place(&format!("synmon/one/{}", a_key(owner, flow, step)), b"a picture");
    }
    let beside = a_key(an_owner(), flow, 1);
    artifacts.put(&beside, PICTURE).await.unwrap();
    let before = server.asked().len();
    artifacts.remove_all(&ArtifactPrefix::owner(owner)).await.unwrap();
    assert_eq!(server.keys(), [format!("synmon/one/{beside}")]);
    // Three pages, three removals.
    assert_eq!(server.asked().len() - before, 6, "{:?}", &server.asked()[before..]);
}

#[tokio::test]
async fn two_installations_in_one_bucket_do_not_see_each_other() {
    let server = S3::start().await;
    let prefixes = ["synmon/one", "synmon/one-more", ""];
    let mut all = Vec::new();
    for prefix in prefixes {
        all.push(open(&S3Settings { prefix: prefix.to_owned(), ..settings(&server) }).await);
    }
    // A copy of a database has the same ids.
    let owner = an_owner();
    let key = a_key(owner, FlowId::new(noon()), 1);
    for (artifacts, prefix) in all.iter().zip(prefixes) {
        assert_eq!(artifacts.get(&key).await.unwrap(), None, "{prefix}");
        artifacts.put(&key, Bytes::from_static(prefix.as_bytes())).await.unwrap();
    }
    let first = &all[0];
    first.remove_all(&ArtifactPrefix::owner(owner)).await.unwrap();
    assert_eq!(first.get(&key).await.unwrap(), None);
    for (artifacts, prefix) in all.iter().zip(prefixes).skip(1) {
        let found = artifacts.get(&key).await.unwrap();
        assert_eq!(found, Some(Bytes::from_static(prefix.as_bytes())));
    }
    let names = [format!("{key}"), format!("synmon/one-more/{key}")];
    let mut keys = server.keys();
    keys.sort();
    let mut names = names.to_vec();
    names.sort();
    assert_eq!(keys, names);
}

#[tokio::test]
async fn what_is_printed_of_it_holds_no_key() {
    let server = S3::start().await;
    let settings = S3Settings {
        credentials: S3Credentials::Key {
            id: KEY_ID.to_owned(),
            secret: SECRET.into(),
            session_token: Some("canary".into()),
        },
        ..settings(&server)
    };
    let printed = format!("{settings:?} {:?}", open(&settings).await);
    assert!(!printed.contains(SECRET) && !printed.contains("canary"), "{printed}");
    assert!(printed.contains("synmon/one"), "{printed}");
}
