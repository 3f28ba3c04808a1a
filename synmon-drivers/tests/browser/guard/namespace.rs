//! SF4 to SF8 where the forbidden addresses are real ones: in a network namespace of the test's own,
//! which leads nowhere. Whoever is asked there, was reached.

use std::{
    net::{IpAddr, SocketAddr},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use synmon_core::{
    browser::{Browser, BrowserError},
    egress::EgressPolicy,
};
use synmon_drivers::{CdpBrowser, Client, EgressGuard, LocalChromium, Pooling, WebDriverBrowser};
use synmon_testkit::{
    Answer, Site, StaticResolver,
    conformance::browser::{HANGS, Tab},
    until,
};
use tokio::{
    net::{TcpListener, UdpSocket},
    time::timeout,
};
use url::Url;

use crate::{
    fixture::{guarded_by, installed, open_tab},
    machine::assert_clean,
};

/// A public address, and what is at it.
const PUBLIC: &str = "93.184.216.34";
/// Where nobody may get.
const FORBIDDEN: [&str; 4] = ["169.254.169.254", "10.0.0.1", "127.0.0.1", "fd00:ec2::254"];

/// Runs a test of this file inside a namespace.
fn inside(test: &str) {
    if installed().is_none() {
        return;
    }
    let exe = std::env::current_exe().unwrap();
    let root = rustix::process::geteuid().is_root();
    let unshared = Command::new("unshare")
        .args(if root { &["-n"][..] } else { &["-r", "-n"] })
        .arg(exe)
        .args(["--ignored", "--exact", "--nocapture", test])
        .output();
    let output = match unshared {
        Ok(output) => output,
        Err(error) => return skip(&format!("unshare: {error}")),
    };
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("unshare failed") {
        return skip(&said);
    }
    let all = format!("{}{said}", String::from_utf8_lossy(&output.stdout));
    assert!(output.status.success() && all.contains("1 passed"), "{all}");
}

fn skip(why: &str) {
    #[expect(clippy::disallowed_methods, reason = "a test asks where it runs")]
    let in_ci = std::env::var_os("CI").is_some();
    assert!(!in_ci, "{why}");
    eprintln!("SKIPPED: no network namespace can be made: {why}");
}

#[test]
fn no_part_of_a_page_reaches_what_is_forbidden() {
    inside("guard::namespace::parts_inside");
}

#[test]
fn no_redirect_leads_to_what_is_forbidden() {
    inside("guard::namespace::redirects_inside");
}

#[test]
fn nothing_but_the_proxy_is_spoken_to() {
    inside("guard::namespace::packets_inside");
}

/// Gives this namespace its addresses.
fn furnish() {
    // Calls are made from interfaces that seem to lead somewhere.
    let mut commands: Vec<String> = [
        "link set lo up",
        "link add out type veth peer name far",
        "address add 192.0.2.1/24 dev out",
        "link set out up",
        "link set far up",
        "route add default dev out",
    ]
    .map(str::to_owned)
    .to_vec();
    for address in FORBIDDEN.into_iter().filter(|one| *one != "127.0.0.1").chain([PUBLIC]) {
        let length = if address.contains(':') { "128 nodad" } else { "32" };
        let (length, more) = length.split_once(' ').unwrap_or((length, ""));
        commands.push(format!("address add {address}/{length} dev lo {more}"));
    }
    for command in commands {
        let ip = Command::new("ip").args(command.split_whitespace()).output().unwrap();
        assert!(ip.status.success(), "ip {command}: {}", String::from_utf8_lossy(&ip.stderr));
    }
}

/// Counts who comes to a forbidden address.
struct Canary {
    host: String,
    hits: Arc<AtomicUsize>,
}

impl Canary {
    async fn at(address: &str) -> Self {
        let ip: IpAddr = address.parse().unwrap();
        let listener = TcpListener::bind(SocketAddr::new(ip, 80)).await.unwrap();
        let hits = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&hits);
        tokio::spawn(async move {
            while listener.accept().await.is_ok() {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        });
        let host = if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() };
        Self { host, hits }
    }

    async fn everywhere() -> Vec<Self> {
        let mut all = Vec::new();
        for address in FORBIDDEN {
            all.push(Self::at(address).await);
        }
        all
    }

    fn hits(&self) -> usize {
        self.hits.load(Ordering::SeqCst)
    }
}

/// Everything by which a page can ask for something elsewhere.
fn parts(host: &str) -> String {
    let at = format!("http://{host}");
    format!(
        "<title>loading</title>
         <link rel=prefetch href='{at}/prefetch'><link rel=preconnect href='{at}'>
         <link rel=dns-prefetch href='{at}'><link rel=stylesheet href='{at}/style'>
         <img src='{at}/img'><iframe src='{at}/frame'></iframe><object data='{at}/object'></object>
         <embed src='{at}/embed'><video src='{at}/video'></video>
         <p style='background: url({at}/css)'>x</p><script src='{at}/script'></script>
         <form action='{at}/form' target=inner method=post></form><iframe name=inner></iframe>
         <script>
           const socket = new WebSocket('ws://{host}/socket');
           const events = new EventSource('{at}/events');
           const old = new XMLHttpRequest();
           old.open('GET', '{at}/xhr');
           navigator.sendBeacon('{at}/beacon', 'x');
           document.forms[0].submit();
           Promise.allSettled([
             fetch('{at}/fetch', {{ mode: 'no-cors' }}),
             fetch('{at}/post', {{ method: 'POST', mode: 'no-cors', body: 'x' }}),
             import('{at}/module'),
             new Promise((done) => {{ socket.onclose = socket.onopen = done; }}),
             new Promise((done) => {{ events.onerror = events.onopen = () => {{ events.close(); done(); }}; }}),
             new Promise((done) => {{ old.onloadend = done; old.send(); }}),
           ]).then(() => document.title = 'done');
         </script>"
    )
}

/// A page on a public address.
async fn site() -> Site {
    let address = SocketAddr::new(PUBLIC.parse().unwrap(), 80);
    Site::answering_at(address, |request| {
        let (path, host) = request.target.split_once('?')?;
        let there = format!("http://{host}/hop");
        Some(match path {
            "/parts" => Answer::html(parts(host)),
            "/301" | "/302" | "/303" | "/307" | "/308" => {
                Answer::redirect(path[1..].parse().unwrap(), &there)
            }
            "/meta" => Answer::html(format!("<meta http-equiv=refresh content='0; url={there}'>")),
            "/script" => Answer::html(format!("<script>location = '{there}'</script>")),
            "/refresh" => Answer::html("x").header("refresh", &format!("0; url={there}")),
            "/stun" => Answer::html(stun(host)),
            _ => return None,
        })
    })
    .await
}

fn policy() -> EgressPolicy {
    StaticResolver::new().name("good.test", &[PUBLIC]).policy()
}

fn page(path: &str, host: &str) -> Url {
    Url::parse(&format!("http://good.test/{path}?{host}")).unwrap()
}

/// Both engines, behind a guard.
fn engines(config: &LocalChromium) -> [Arc<dyn Browser>; 2] {
    let cdp = guarded_by(policy(), config.clone(), |config| {
        Arc::new(CdpBrowser::local(config, Pooling::default()))
    });
    let webdriver = guarded_by(policy(), config.clone(), |config| {
        Arc::new(WebDriverBrowser::local(config, Client::default()))
    });
    [Arc::new(cdp), Arc::new(webdriver)]
}

/// Opens the page with all its parts, and waits until each has come to something.
async fn open_parts(tab: &mut Tab, host: &str) {
    tab.open(&page("parts", host)).await;
    tab.is_titled("done").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it is started by another test"]
async fn parts_inside() {
    furnish();
    let (config, folder) = installed().unwrap();
    let (canaries, _site) = (Canary::everywhere().await, site().await);
    for browser in engines(&config) {
        let mut tab = open_tab(&*browser).await;
        for canary in &canaries {
            open_parts(&mut tab, &canary.host).await;
            refusals(&mut tab, &canary.host).await;
            assert_eq!(canary.hits(), 0, "{}", canary.host);
        }
        tab.close().await;
        browser.shut_down().await;
    }
    // The same page in a browser that is told of the proxy alone does reach loopback.
    let guard = EgressGuard::start(policy(), "127.0.0.1:0".parse().unwrap()).unwrap();
    let mut leaky = config;
    leaky.extra_args = vec![format!("--proxy-server={}", guard.url())];
    let leaky = CdpBrowser::local(leaky, Pooling::default());
    let mut tab = open_tab(&leaky).await;
    open_parts(&mut tab, "127.0.0.1").await;
    let hits: Vec<_> = canaries.iter().map(|canary| (&canary.host, canary.hits())).collect();
    for (host, hits) in hits {
        assert_eq!(hits > 0, host == "127.0.0.1", "{host}: {hits}");
    }
    tab.close().await;
    leaky.shut_down().await;
    assert_clean(folder.path()).await;
}

/// The page has asked for all of it, and each was refused.
async fn refusals(tab: &mut Tab, host: &str) {
    // That of a frame's own document is told by one of the engines alone.
    const ASKED: [&str; 11] = [
        "style", "img", "prefetch", "object", "video", "css", "script", "beacon", "fetch", "post",
        "xhr",
    ];
    let mut told: Vec<(String, Option<String>)> = Vec::new();
    until("the refused requests", async || {
        told.extend(tab.0.take_activity().requests.into_iter().map(|one| (one.url, one.failure)));
        let refused = |part: &str| {
            let url = format!("http://{host}/{part}");
            told.iter().any(|(of, why)| {
                *of == url && why.as_ref().is_some_and(|why| why.contains("SYNMON_EGRESS_ALLOW"))
            })
        };
        let missing: Vec<_> = ASKED.into_iter().filter(|part| !refused(part)).collect();
        missing.is_empty().then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it is started by another test"]
async fn redirects_inside() {
    furnish();
    let (config, folder) = installed().unwrap();
    let (canaries, _site) = (Canary::everywhere().await, site().await);
    for browser in engines(&config) {
        let mut tab = open_tab(&*browser).await;
        for canary in &canaries {
            for code in ["301", "302", "303", "307", "308"] {
                let answer = tab.try_open(&page(code, &canary.host)).await;
                assert!(matches!(answer, Err(BrowserError::Blocked(_))), "{code}: {answer:?}");
            }
            for way in ["meta", "script", "refresh"] {
                // It may be there already when the page has loaded.
                let answer = tab.try_open(&page(way, &canary.host)).await;
                let fits = matches!(answer, Ok(()) | Err(BrowserError::Blocked(_)));
                assert!(fits, "{way}: {answer:?}");
                until("the refusal", async || tab.page().await.blocked).await;
            }
            assert_eq!(canary.hits(), 0, "{}", canary.host);
        }
        tab.close().await;
        browser.shut_down().await;
    }
    assert_clean(folder.path()).await;
}

/// A page that wants to know its own addresses from a server on the network.
fn stun(host: &str) -> String {
    format!(
        "<title>loading</title><script>
           const call = new RTCPeerConnection({{ iceServers: [
             {{ urls: 'stun:{host}:3478' }}, {{ urls: 'stun:good.test:3478' }} ] }});
           call.createDataChannel('x');
           call.onicegatheringstatechange = () => {{
             if (call.iceGatheringState === 'complete') document.title = 'done';
           }};
           // Where it may ask nobody, it may not say that it is done.
           setTimeout(() => document.title = 'done', 5000);
           call.createOffer().then((offer) => call.setLocalDescription(offer));
         </script>"
    )
}

/// How many datagrams have left anything in this namespace.
fn datagrams() -> u64 {
    let read = |file| std::fs::read_to_string(file).unwrap();
    let table = read("/proc/thread-self/net/snmp");
    let mut lines = table.lines().filter_map(|line| line.strip_prefix("Udp: "));
    let (names, values) = (lines.next().unwrap(), lines.next().unwrap());
    let place = names.split(' ').position(|name| name == "OutDatagrams").unwrap();
    let four: u64 = values.split(' ').nth(place).unwrap().parse().unwrap();
    let table = read("/proc/thread-self/net/snmp6");
    let six = table.lines().find_map(|line| line.strip_prefix("Udp6OutDatagrams"));
    four + six.map_or(0, |six| six.trim().parse::<u64>().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it is started by another test"]
async fn packets_inside() {
    furnish();
    let (config, folder) = installed().unwrap();
    let _site = site().await;
    let server = UdpSocket::bind((PUBLIC, 3478)).await.unwrap();
    for browser in engines(&config) {
        let before = datagrams();
        let mut tab = open_tab(&*browser).await;
        tab.open(&page("stun", PUBLIC)).await;
        tab.is_titled("done").await;
        tab.open(&page("parts", "10.0.0.1")).await;
        tab.is_titled("done").await;
        tab.close().await;
        browser.shut_down().await;
        assert_eq!(datagrams(), before);
    }
    // Without what browsers are told of it, the same page does send them.
    let mut leaky = config;
    leaky.extra_args = ["--force-webrtc-ip-handling-policy", "--webrtc-ip-handling-policy"]
        .map(|name| format!("{name}=default"))
        .to_vec();
    for browser in engines(&leaky) {
        let mut tab = open_tab(&*browser).await;
        tab.open(&page("stun", PUBLIC)).await;
        let mut buffer = [0; 1_500];
        timeout(HANGS, server.recv(&mut buffer)).await.expect("they are sent").unwrap();
        tab.close().await;
        browser.shut_down().await;
        // What is still on its way is not the other one's.
        while server.try_recv(&mut buffer).is_ok() {}
    }
    assert_clean(folder.path()).await;
}
