//! SF2 and SF3: every form of an address that must not be reached, asked for in both ways.

use synmon_testkit::{
    StaticResolver,
    addresses::{LOOPBACK, NOT_PUBLIC},
};

use super::wire::{Wire, guard};

/// What leads there by a name, or hides behind one.
const DISGUISED: [&str; 5] =
    ["user:pw@127.0.0.1", "good.test@127.0.0.1", "metadata.test", "both.test", "mapped.test"];

#[tokio::test]
async fn no_form_of_a_forbidden_address_gets_past_the_guard() {
    let names = StaticResolver::new()
        .name("metadata.test", &["169.254.169.254"])
        .name("both.test", &["93.184.216.34", "127.0.0.1"])
        .name("mapped.test", &["::ffff:10.0.0.1"]);
    let guard = guard(names.policy());
    for host in LOOPBACK.into_iter().chain(NOT_PUBLIC).chain(DISGUISED) {
        let reply = Wire::to(&guard).await.get(&format!("http://{host}/latest/")).await.unwrap();
        assert_eq!(reply.status, 403, "{host}: {reply:?}");
        assert!(reply.body.contains("SYNMON_EGRESS_ALLOW"), "{host}: {reply:?}");
        for port in [80, 443, 8080] {
            let reply = Wire::to(&guard).await.connect(&format!("{host}:{port}")).await.unwrap();
            assert_eq!(reply.status, 403, "{host}:{port}: {reply:?}");
        }
    }
}

#[tokio::test]
async fn what_is_no_address_is_no_way_either() {
    let guard = guard(StaticResolver::new().policy_allowing("127.0.0.0/8"));
    for asked in [
        // Not in a proxy's form, or not for one.
        "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        "GET ftp://127.0.0.1/ HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET file:///etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET https://127.0.0.1/ HTTP/1.1\r\nHost: x\r\n\r\n",
        "CONNECT 127.0.0.1 HTTP/1.1\r\nHost: x\r\n\r\n",
        "CONNECT / HTTP/1.1\r\nHost: x\r\n\r\n",
        "nonsense\r\n\r\n",
    ] {
        let reply = Wire::to(&guard).await.ask(asked).await;
        assert!(reply.as_ref().is_none_or(|reply| reply.status == 400), "{asked}: {reply:?}");
    }
}
