//! What goes through the guard, and how.

use std::net::{Ipv4Addr, SocketAddr};

use synmon_testkit::{Answer, Site, StaticResolver};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::wire::{Wire, guard};

/// A policy for which loopback is the public network.
fn open() -> synmon_core::egress::EgressPolicy {
    StaticResolver::new().name("site.test", &["127.0.0.1"]).policy_allowing("127.0.0.0/8")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_goes_through_without_what_is_for_the_proxy_alone() {
    let site = Site::with(&[]).await;
    let guard = guard(open());
    let url = site.url_at("site.test", "/echo");
    let asked = format!(
        "POST {url} HTTP/1.1\r\nHost: other.test\r\nProxy-Connection: keep-alive\r\n\
         Proxy-Authorization: Basic x\r\nConnection: X-Hop\r\nX-Hop: 1\r\nCookie: a=b\r\n\
         Content-Length: 4\r\n\r\nbody"
    );
    let reply = Wire::to(&guard).await.ask(&asked).await.unwrap();
    assert_eq!(reply.status, 200, "{reply:?}");
    let [request] = &site.asked()[..] else { panic!("{:?}", site.asked()) };
    let host = format!("site.test:{}", url.port().unwrap());
    assert_eq!((request.header("host"), request.header("cookie")), (&*host, "a=b"));
    assert_eq!((request.target.as_str(), request.body.as_str()), ("/echo", "body"));
    for header in ["proxy-connection", "proxy-authorization", "x-hop", "connection", "via"] {
        assert_eq!(request.header(header), "", "{header}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_request_of_a_connection_is_judged_by_itself() {
    let site = Site::with(&[("/", "fine")]).await;
    let guard = guard(StaticResolver::new().policy_allowing("127.0.0.1"));
    let mut wire = Wire::to(&guard).await;
    let (good, bad) = (site.url("/"), site.url_at("127.0.0.2", "/"));
    for (url, status) in [(&good, 200), (&bad, 403), (&good, 200), (&good, 200), (&bad, 403)] {
        assert_eq!(wire.get(url.as_str()).await.unwrap().status, status, "{url}");
    }
    assert_eq!(site.asked().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_comes_as_it_is() {
    let site = Site::answering(|request| {
        (request.path() == "/teapot").then(|| {
            Answer::html("short and stout")
                .status(418)
                .header("set-cookie", "a=1")
                .header("set-cookie", "b=2")
                .header("connection", "x-hop")
                .header("x-hop", "1")
                .header("proxy-authenticate", "Basic")
        })
    })
    .await;
    let guard = guard(open());
    let mut wire = Wire::to(&guard).await;
    let reply = wire.get(site.url("/teapot").as_str()).await.unwrap();
    assert_eq!((reply.status, reply.body.as_str()), (418, "short and stout"));
    assert!(reply.head.contains("set-cookie: a=1") && reply.head.contains("set-cookie: b=2"));
    assert!(!reply.head.contains("x-hop") && !reply.head.contains("proxy-"), "{reply:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_reached_gets_no_answer() {
    let guard = guard(open());
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for url in [format!("http://{closed}/"), "http://nowhere.test/".to_owned()] {
        let reply = Wire::to(&guard).await.get(&url).await;
        assert!(reply.is_none(), "{url}: {reply:?}");
    }
    for place in [closed.to_string(), "nowhere.test:443".to_owned()] {
        let reply = Wire::to(&guard).await.connect(&place).await.unwrap();
        assert_eq!(reply.status, 502, "{place}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tunnels_and_other_protocols_go_both_ways() {
    let address = echo().await;
    let guard = guard(open());
    let mut tunnel = Wire::to(&guard).await;
    assert_eq!(tunnel.connect(&address.to_string()).await.unwrap().status, 200);
    let hello = "GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";
    assert_eq!(tunnel.ask(hello).await.unwrap().status, 101);
    assert_eq!(tunnel.echo("hello").await, "hello");
    // The same without a tunnel.
    let mut wire = Wire::to(&guard).await;
    let asked = format!(
        "GET http://{address}/ HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n"
    );
    let reply = wire.ask(&asked).await.unwrap();
    assert_eq!(reply.status, 101);
    assert!(reply.head.contains("upgrade: websocket"), "{reply:?}");
    assert_eq!(wire.echo("world").await, "world");
    // All of it ends with the guard.
    drop(guard);
    assert!(wire.ask("more").await.is_none());
    assert!(tunnel.ask("more").await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_hangs_up_between_two_requests_is_asked_again() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut buffer = [0; 1_024];
            let _ = socket.read(&mut buffer).await;
            let _ = socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").await;
        }
    });
    let guard = guard(open());
    let mut wire = Wire::to(&guard).await;
    for _ in 0..20 {
        // Where the guard can't know whether the request had arrived, it hangs up as well: a
        // browser asks again then.
        match wire.get(&format!("http://{address}/")).await {
            Some(reply) => assert_eq!(reply.body, "hi"),
            None => wire = Wire::to(&guard).await,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_without_end_is_refused() {
    let guard = guard(open());
    let long = format!("GET http://127.0.0.1/ HTTP/1.1\r\nHost: x\r\nX: {}", "x".repeat(1 << 20));
    let reply = Wire::to(&guard).await.ask(&long).await;
    assert!(reply.as_ref().is_none_or(|reply| reply.status == 431), "{reply:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guard_leads_neither_to_itself_nor_to_what_is_closed() {
    let site = Site::with(&[("/", "fine")]).await;
    let guard = guard(open());
    let own = guard.address().port();
    for host in ["127.0.0.1", "127.0.0.9", "localhost", "site.test", "[::ffff:7f00:1]", "0"] {
        let reply = Wire::to(&guard).await.get(&format!("http://{host}:{own}/")).await.unwrap();
        assert_eq!(reply.status, 403, "{host}: {reply:?}");
    }
    let port = site.url("/").port().unwrap();
    let closed = guard.closed_ports().close(port);
    let mut wire = Wire::to(&guard).await;
    assert_eq!(wire.get(site.url("/").as_str()).await.unwrap().status, 403);
    let tunnel = Wire::to(&guard).await.connect(&format!("127.0.0.1:{port}")).await.unwrap();
    assert_eq!(tunnel.status, 403);
    drop(closed);
    assert_eq!(wire.get(site.url("/").as_str()).await.unwrap().status, 200);
    // One that listens for other machines knows its port, and not all its addresses.
    let open_to_all =
        synmon_drivers::EgressGuard::start(open(), "0.0.0.0:0".parse().unwrap()).unwrap();
    let own = SocketAddr::from((Ipv4Addr::LOCALHOST, open_to_all.address().port()));
    let reply = Wire::at(own).await.get(&format!("http://{own}/")).await.unwrap();
    assert_eq!(reply.status, 403);
}

/// Changes to a protocol in which it says what it hears.
async fn echo() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut buffer = vec![0; 4_096];
                let _ = socket.read(&mut buffer).await;
                let head =
                    "HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
                let _ = socket.write_all(head.as_bytes()).await;
                while let Ok(read) = socket.read(&mut buffer).await {
                    if read == 0 || socket.write_all(&buffer[..read]).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    address
}
