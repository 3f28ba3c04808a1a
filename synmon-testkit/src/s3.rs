//! An S3 server over a folder, on loopback. It ends with its test.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use hyper::{
    body::Incoming,
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::rt::TokioIo;
use s3s::{
    S3Result,
    access::{S3Access, S3AccessContext},
    auth::SimpleAuth,
    path::S3Path,
    s3_error,
    service::S3ServiceBuilder,
};
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinSet};

/// The only bucket.
pub const BUCKET: &str = "pictures";
/// The name of a key that may do everything.
pub const KEY_ID: &str = "AKIASYNMONTEST";
/// The name of one that may only read.
pub const READER_ID: &str = "AKIASYNMONREADER";
/// The secret of both.
pub const SECRET: &str = "a-key-of-the-test-server";

/// A server with one bucket and two keys.
#[derive(Debug)]
pub struct S3 {
    url: String,
    folder: TempDir,
    asked: Arc<Mutex<Vec<String>>>,
    _tasks: JoinSet<()>,
}

impl S3 {
    /// A server whose bucket is empty.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(BUCKET)).unwrap();
        let mut service = S3ServiceBuilder::new(FileSystem::new(folder.path()).unwrap());
        let mut keys = SimpleAuth::from_single(KEY_ID, SECRET);
        keys.register(READER_ID.to_owned(), SECRET.into());
        service.set_auth(keys);
        service.set_access(Rules { buckets: folder.path().to_owned() });
        let service = service.build();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let log = Arc::clone(&asked);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (service, log) = (service.clone(), Arc::clone(&log));
                let answer = service_fn(move |request: hyper::Request<Incoming>| {
                    let line = format!("{} {}", request.method(), request.uri());
                    log.lock().unwrap_or_else(PoisonError::into_inner).push(line);
                    Service::call(&service, request)
                });
                let connection =
                    http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
                connections.spawn(async move { drop(connection.await) });
                while connections.try_join_next().is_some() {}
            }
        });
        Self { url, folder, asked, _tasks: tasks }
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The keys of all objects, sorted.
    pub fn keys(&self) -> Vec<String> {
        let bucket = self.folder.path().join(BUCKET);
        let mut keys = Vec::new();
        collect(&bucket, &bucket, &mut keys);
        keys.sort();
        keys
    }

    /// Puts an object there behind everybody's back.
    pub fn place(&self, key: &str, bytes: &[u8]) {
        let path = self.folder.path().join(BUCKET).join(key);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// Takes the bucket away with all that is in it.
    pub fn remove_bucket(&self) {
        fs::remove_dir_all(self.folder.path().join(BUCKET)).unwrap();
    }

    /// What it has been asked so far: `METHOD /path?query`, one each.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What `s3s-fs` does not look at: who may do what, and whether there is such a bucket at all.
struct Rules {
    buckets: PathBuf,
}

#[async_trait]
impl S3Access for Rules {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        let reads = context.method() == hyper::Method::GET;
        match context.credentials() {
            Some(who) if who.access_key == KEY_ID || reads => {}
            _ => return Err(s3_error!(AccessDenied)),
        }
        match context.s3_path() {
            S3Path::Bucket { bucket } | S3Path::Object { bucket, .. }
                if !self.buckets.join(&**bucket).is_dir() =>
            {
                Err(s3_error!(NoSuchBucket))
            }
            _ => Ok(()),
        }
    }
}

fn collect(bucket: &Path, folder: &Path, keys: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(bucket, &path, keys);
        } else {
            keys.push(path.strip_prefix(bucket).unwrap().to_str().unwrap().to_owned());
        }
    }
}
