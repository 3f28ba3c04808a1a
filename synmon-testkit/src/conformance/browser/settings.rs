//! How a flow wants its browser to be.

use synmon_core::{
    browser::{Adjustment, BrowserError, Shot},
    flow::{RawBasicAuth, RawSettings},
};

use super::{Subject, Tab, image::size};
use crate::{Pages, Site};

const TELLING: Pages = &[(
    "/",
    "<meta name=viewport content='width=device-width, initial-scale=1'>
     <style>pre { white-space: pre-wrap; word-break: break-all }</style><pre id=size></pre><pre id=lang></pre><pre id=zone></pre><pre id=agent></pre>
     <pre id=touch></pre><pre id=scale></pre><pre id=number></pre><pre id=date></pre><script>
     const tell = () => {
       size.textContent = `${innerWidth}x${innerHeight}`;
       lang.textContent = `${navigator.language} ${navigator.languages[0]}`;
       zone.textContent = Intl.DateTimeFormat().resolvedOptions().timeZone;
       date.textContent = new Date(2025, 6, 1).getTimezoneOffset();
       agent.textContent = navigator.userAgent;
       touch.textContent = `${navigator.maxTouchPoints > 0} ${matchMedia('(pointer: coarse)').matches}`;
       scale.textContent = devicePixelRatio;
       number.textContent = (1234.5).toLocaleString() };
     tell(); onresize = tell</script>",
)];

async fn telling(subject: Subject<'_>, settings: RawSettings) -> (Tab, Site) {
    let site = Site::with(TELLING).await;
    let mut tab = subject.tab_with(settings).await;
    tab.open(&site.url("/")).await;
    (tab, site)
}

pub async fn the_viewport_is_as_large_as_it_should_be(subject: Subject<'_>) {
    for viewport in ["800x600", "1920x1080", "390x844"] {
        let settings =
            RawSettings { viewport: Some(viewport.to_owned()), ..RawSettings::default() };
        let (mut tab, _site) = telling(subject, settings).await;
        assert_eq!(tab.text("css=#size").await, viewport);
        let (width, height) = size(&tab.picture(Shot::PLAIN).await);
        assert_eq!(format!("{width}x{height}"), viewport);
        tab.close().await;
    }
}

pub async fn the_viewport_changes_its_size(subject: Subject<'_>) {
    let (mut tab, site) = telling(subject, RawSettings::default()).await;
    assert_eq!(tab.text("css=#size").await, "1280x720");
    tab.adjust(Adjustment::Viewport("600x900".parse().unwrap())).await;
    tab.says("css=#size", "600x900").await;
    assert_eq!(size(&tab.picture(Shot::PLAIN).await), (600, 900));
    tab.open(&site.url("/")).await;
    assert_eq!(tab.text("css=#size").await, "600x900");
    tab.close().await;
}

pub async fn a_device_looks_like_one(subject: Subject<'_>) {
    let settings = RawSettings { device: Some("pixel-7".to_owned()), ..RawSettings::default() };
    let (mut tab, _site) = telling(subject, settings).await;
    assert_eq!(tab.text("css=#size").await, "412x839");
    assert_eq!(tab.text("css=#touch").await, "true true");
    let scale: f64 = tab.text("css=#scale").await.parse().unwrap();
    assert!((2.6..2.65).contains(&scale), "{scale}");
    let agent = tab.text("css=#agent").await;
    assert!(agent.contains("Android") && agent.contains("Mobile"), "{agent}");
    assert!(!agent.contains("{major}"), "{agent}");
    tab.click("css=#size").await;
    tab.close().await;
}

pub async fn a_page_sees_the_language_and_the_time_zone(subject: Subject<'_>) {
    let settings = RawSettings {
        locale: Some("de-DE".to_owned()),
        browser_timezone: Some("America/New_York".to_owned()),
        ..RawSettings::default()
    };
    let (mut tab, site) = telling(subject, settings).await;
    assert_eq!(tab.text("css=#lang").await, "de-DE de-DE");
    assert_eq!(tab.text("css=#zone").await, "America/New_York");
    assert_eq!(tab.text("css=#date").await, "240");
    assert_eq!(tab.text("css=#number").await, "1.234,5");
    tab.open(&site.url("/echo")).await;
    assert!(tab.text("css=#accept-language").await.starts_with("de-DE"));
    tab.close().await;
}

pub async fn a_browser_calls_itself_as_it_should(subject: Subject<'_>) {
    let settings =
        RawSettings { user_agent: Some("Probe/1.0".to_owned()), ..RawSettings::default() };
    let (mut tab, site) = telling(subject, settings).await;
    assert_eq!(tab.text("css=#agent").await, "Probe/1.0");
    tab.open(&site.url("/echo")).await;
    assert_eq!(tab.text("css=#user-agent").await, "Probe/1.0");
    tab.close().await;
}

pub async fn headers_go_with_each_request(subject: Subject<'_>) {
    let headers = [("X-Probe".to_owned(), "one".to_owned())].into();
    let settings = RawSettings { headers: Some(headers), ..RawSettings::default() };
    let site = Site::with(&[("/", "<img src='/pixel'><script>fetch('/json')</script>")]).await;
    let mut tab = subject.tab_with(settings).await;
    tab.open(&site.url("/")).await;
    crate::until("the parts", async || site.was_asked_for("/json").then_some(())).await;
    for request in site.asked().iter().filter(|request| request.path() != "/favicon.ico") {
        assert_eq!(request.header("x-probe"), "one", "{request:?}");
    }
    tab.adjust(Adjustment::Header("X-Second: two".parse().unwrap())).await;
    tab.open(&site.url("/echo")).await;
    assert_eq!(tab.text("css=#x-probe").await, "one");
    assert_eq!(tab.text("css=#x-second").await, "two");
    tab.adjust(Adjustment::Header("x-probe:".parse().unwrap())).await;
    tab.open(&site.url("/echo")).await;
    assert_eq!(tab.see("css=#x-probe").await, None);
    assert_eq!(tab.text("css=#x-second").await, "two");
    tab.close().await;
}

pub async fn a_site_that_asks_who_is_there_is_told(subject: Subject<'_>) {
    let site = Site::with(&[]).await;
    let auth = RawBasicAuth { username: "ada".to_owned(), password: Some("lovelace".to_owned()) };
    let settings = RawSettings { basic_auth: Some(auth), ..RawSettings::default() };
    let mut tab = subject.tab_with(settings).await;
    tab.open(&site.url("/private")).await;
    assert_eq!(tab.title().await, "private");
    tab.close().await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/private")).await;
    assert_eq!(tab.page().await.http_status, Some(401), "nobody waits for somebody to log in");
    tab.close().await;
}

pub async fn cookies_are_there_from_the_beginning(subject: Subject<'_>) {
    let site = Site::with(&[]).await;
    let cookies = vec![
        "session=abc; Path=/; HttpOnly; Domain=127.0.0.1".to_owned(),
        "other=x; Path=/elsewhere; Domain=127.0.0.1".to_owned(),
    ];
    let settings = RawSettings { cookies: Some(cookies), ..RawSettings::default() };
    let mut tab = subject.tab_with(settings).await;
    tab.open(&site.url("/echo")).await;
    assert_eq!(tab.text("css=#cookie").await, "session=abc");
    tab.adjust(Adjustment::Cookie("added=yes".parse().unwrap())).await;
    tab.open(&site.url("/echo")).await;
    let cookies = tab.text("css=#cookie").await;
    assert!(cookies.contains("session=abc") && cookies.contains("added=yes"), "{cookies}");
    tab.close().await;
}

pub async fn blocked_hosts_give_nothing(subject: Subject<'_>) {
    let stats = Site::with(&[("/stats.js", "document.title = 'counted'")]).await;
    let port = stats.url("/").port().unwrap();
    let site = Site::answering(move |request| {
        (request.path() == "/").then(|| {
            crate::Answer::html(format!(
                "<title>fine</title><script src='http://localhost:{port}/stats.js'></script>
                 <script src='http://sub.localhost:{port}/stats.js'></script>"
            ))
        })
    })
    .await;
    let settings =
        RawSettings { block_hosts: Some(vec!["localhost".to_owned()]), ..RawSettings::default() };
    let mut tab = subject.tab_with(settings).await;
    tab.open(&site.url("/")).await;
    assert_eq!(tab.title().await, "fine");
    assert!(stats.asked().is_empty(), "{:?}", stats.asked());
    tab.close().await;
}

pub async fn a_bad_certificate_is_an_error_unless_it_is_to_be_ignored(subject: Subject<'_>) {
    let site = Site::with_a_bad_certificate(&[("/", "<title>secret</title>")]).await;
    let mut tab = subject.tab().await;
    let answer = tab.try_open(&site.url("/")).await;
    let Err(BrowserError::Navigation(why)) = answer else { panic!("{answer:?}") };
    assert!(why.to_ascii_uppercase().contains("CERT"), "{why}");
    assert!(tab.page().await.error_page);
    tab.close().await;
    let settings = RawSettings { ignore_certificate_errors: Some(true), ..RawSettings::default() };
    let mut tab = subject.tab_with(settings).await;
    tab.open(&site.url("/")).await;
    assert_eq!(tab.title().await, "secret");
    tab.close().await;
}
