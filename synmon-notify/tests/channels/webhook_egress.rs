//! Where webhooks go, and where they never do.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use synmon_core::{
    egress::{EgressPolicy, ResolveError, Resolver},
    notice::Delivery,
};
use synmon_notify::webhook::{GiveUpCause, WebhookError};
use synmon_testkit::StaticResolver;

use crate::{
    endpoint::{Endpoint, Trap},
    support::{failure, policy, send, sender, target},
};

/// Answers 127.0.0.1 the first time, and 127.0.0.2 ever after.
#[derive(Default)]
struct Rebinding(AtomicUsize);

#[async_trait]
impl Resolver for Rebinding {
    async fn resolve(&self, _: &str) -> Result<Vec<IpAddr>, ResolveError> {
        let last = match self.0.fetch_add(1, Ordering::SeqCst) {
            0 => 1,
            _ => 2,
        };
        Ok(vec![[127, 0, 0, last].into()])
    }
}

async fn assert_forbidden(policy: EgressPolicy, url: &str) {
    let sent = send(policy, url).await;
    let Err(WebhookError::GiveUp(GiveUpCause::Forbidden(why))) = sent else {
        panic!("{url}: {sent:?}")
    };
    assert!(why.to_string().contains("loopback"), "{why}");
}

#[tokio::test]
async fn forbidden_addresses_are_refused_however_they_are_written() {
    let trap = Trap::set(0);
    let port = trap.port();
    for host in [
        "127.0.0.2",
        "2130706434",
        "0x7f.2",
        "0177.0.0.2",
        "127.2",
        "[::ffff:127.0.0.2]",
        "[::127.0.0.2]",
        "127.0.0.1@127.0.0.2",
        "127.0.0.1:80@127.0.0.2",
        "①②⑦.0.0.2",
    ] {
        assert_forbidden(policy(), &format!("http://{host}:{port}/")).await;
        assert_forbidden(policy(), &format!("https://{host}:{port}/")).await;
    }
    assert_forbidden(policy(), &format!("http://127.0.0.2:{port}\\@127.0.0.1/")).await;
    trap.assert_untouched();
}

#[tokio::test]
async fn names_at_forbidden_addresses_are_refused() {
    let endpoint = Endpoint::answering("200 OK").await;
    let trap = Trap::set(endpoint.port());
    for addresses in
        [["127.0.0.2"].as_slice(), &["127.0.0.1", "127.0.0.2"], &["127.0.0.2", "127.0.0.1"]]
    {
        let names = StaticResolver::new().name("hooks.example", addresses);
        let policy = names.policy_allowing("127.0.0.1");
        let url = format!("http://hooks.example:{}/", endpoint.port());
        assert_forbidden(policy, &url).await;
    }
    assert!(endpoint.requests().is_empty());
    trap.assert_untouched();
}

#[tokio::test]
async fn the_dialled_address_is_the_checked_one() {
    let endpoint = Endpoint::answering("200 OK").await;
    let trap = Trap::set(endpoint.port());
    let resolver = Arc::new(Rebinding::default());
    let names: Arc<dyn Resolver> = Arc::<Rebinding>::clone(&resolver);
    let allowed = "127.0.0.1".parse().expect("a list");
    let sender = sender(EgressPolicy::new(allowed, names));
    let target = target(&format!("http://hooks.example:{}/", endpoint.port()));

    let first = sender.send(&target, &failure()).await;
    assert_eq!(first.expect("it is delivered"), Delivery::Sent);
    assert_eq!(resolver.0.load(Ordering::SeqCst), 1, "asked once");
    let host = format!("hooks.example:{}", endpoint.port());
    assert_eq!(endpoint.request().headers["host"], host);

    let second = sender.send(&target, &failure()).await;
    let forbidden = matches!(second, Err(WebhookError::GiveUp(GiveUpCause::Forbidden(_))));
    assert!(forbidden, "no connection is kept: {second:?}");
    assert_eq!(endpoint.requests().len(), 1);
    trap.assert_untouched();
}

#[tokio::test]
async fn a_host_that_the_operator_allows_by_name_and_port_is_reached_at_that_port_only() {
    let endpoint = Endpoint::answering("200 OK").await;
    let other = Endpoint::answering("200 OK").await;
    let allowed = format!("hooks.example:{}", endpoint.port());
    let names = StaticResolver::new().name("hooks.example", &["127.0.0.1"]);
    let policy = names.policy_allowing(&allowed);
    let sent = send(policy.clone(), &format!("http://{allowed}/")).await;
    assert_eq!(sent.expect("it is delivered"), Delivery::Sent);
    assert_forbidden(policy, &format!("http://hooks.example:{}/", other.port())).await;
    assert!(other.requests().is_empty());
}

/// Whatever an operator allows: what the server itself listens at for its browsers is no receiver, and
/// nobody learns by a webhook what answers there.
#[tokio::test]
async fn ports_of_the_machinery_are_closed() {
    let endpoint = Endpoint::answering("200 OK").await;
    let policy = policy();
    let closed = policy.closed_ports().close(endpoint.port());
    let url = format!("http://127.0.0.1:{}/", endpoint.port());
    let sent = send(policy.clone(), &url).await;
    let forbidden = matches!(sent, Err(WebhookError::GiveUp(GiveUpCause::Forbidden(_))));
    assert!(forbidden, "{sent:?}");
    assert!(endpoint.requests().is_empty());
    drop(closed);
    assert_eq!(send(policy, &url).await.expect("it is delivered"), Delivery::Sent);
}

#[tokio::test]
async fn only_web_addresses_are_requested() {
    for url in ["ftp://127.0.0.1/", "file:///x", "data:text/plain,x", "mailto:a@b.example"] {
        let sent = send(policy(), url).await;
        assert!(matches!(sent, Err(WebhookError::GiveUp(_))), "{url}: {sent:?}");
    }
}

#[tokio::test]
async fn user_and_password_in_a_url_are_its_receivers() {
    let endpoint = Endpoint::answering("200 OK").await;
    let url = format!("http://ada:p%40ss@127.0.0.1:{}/", endpoint.port());
    let sent = send(policy(), &url).await;
    assert_eq!(sent.expect("it is delivered"), Delivery::Sent);
    let request = endpoint.request();
    assert_eq!(request.headers["authorization"], "Basic YWRhOnBAc3M=");
}

#[tokio::test]
async fn no_error_shows_the_url() {
    let endpoint = Endpoint::answering("500 Oops").await;
    for base in [
        format!("http://hunter2:hunter2@127.0.0.1:{}", endpoint.port()),
        "http://hunter2:hunter2@127.0.0.1:1".to_owned(),
        "http://hunter2:hunter2@127.0.0.2:1".to_owned(),
        "http://hunter2:hunter2@nowhere.example".to_owned(),
    ] {
        let target = target(&format!("{base}/hunter2?hunter2#hunter2"));
        let error = sender(policy()).send(&target, &failure()).await;
        let error = error.expect_err("it can't work");
        let text = format!("{error} {error:?} {target:?}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}
