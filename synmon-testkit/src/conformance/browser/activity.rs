//! What a page logs, and what it asks the network for.

use synmon_core::browser::{Activity, Exchange, Travel};

use super::Subject;
use crate::{Answer, Site};

fn of<'a>(activity: &'a Activity, path: &str) -> Option<&'a Exchange> {
    activity.requests.iter().find(|request| request.url.contains(path))
}

pub async fn errors_on_the_console_are_told(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<script>console.log('fine'); console.warn('fine'); console.error('logged', 42);
         setTimeout(() => { throw new Error('thrown') });
         Promise.reject(new Error('rejected'))</script><button
         onclick='console.error(\"clicked\")'>x</button>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    let activity = tab
        .activity("three errors", |all| {
            let said =
                |text: &str| all.console_errors.iter().any(|error| error.text.contains(text));
            said("logged 42") && said("thrown") && said("rejected")
        })
        .await;
    assert!(!activity.console_errors.iter().any(|error| error.text.contains("fine")));
    tab.click("css=button").await;
    let activity = tab.activity("the click's", |all| !all.console_errors.is_empty()).await;
    let texts: Vec<_> = activity.console_errors.iter().map(|error| &*error.text).collect();
    assert_eq!(texts, ["clicked"], "what was told once is not told again");
    tab.close().await;
}

pub async fn requests_are_told_with_what_came_of_them(subject: Subject<'_>) {
    let site = Site::answering(|request| match request.path() {
        "/" => Some(Answer::html(
            "<title>x</title><img src='/pixel'><img src='/missing.png'><script>
             fetch('/api', { method: 'POST', body: 'x' }); fetch('/slow/1200/late');
             fetch('http://127.0.0.1:1/').catch(() => 0)</script>",
        )),
        "/api" => Some(Answer::new("application/json", "{}").status(503)),
        "/late" => Some(Answer::new("text/plain", "late")),
        _ => None,
    })
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    let all = ["/pixel", "/missing.png", "/api", "/late", "127.0.0.1:1/"];
    let activity = tab
        .activity("all requests", |activity| all.iter().all(|path| of(activity, path).is_some()))
        .await;
    let get = |path| of(&activity, path).unwrap();
    let document = activity.requests.iter().find(|request| request.main_document).unwrap();
    assert_eq!(document.url, site.url("/").as_str());
    assert_eq!(
        (document.status, document.method.as_str(), document.kind.as_str()),
        (Some(200), "GET", "Document")
    );
    assert!(document.media_type.as_deref().is_some_and(|kind| kind.starts_with("text/html")));
    assert_eq!(get("/pixel").status, Some(200));
    assert_eq!((get("/missing.png").status, get("/missing.png").failed()), (Some(404), true));
    assert_eq!((get("/api").status, &*get("/api").method), (Some(503), "POST"));
    assert!(get("/late").duration_ms >= 1_000.0, "{:?}", get("/late"));
    let refused = get("127.0.0.1:1/");
    assert!(refused.failure.is_some() && refused.status.is_none(), "{refused:?}");
    assert!(activity.requests.iter().all(|request| request.started_ms > 1e12));
    tab.close().await;
}

pub async fn the_main_document_is_told_through_redirects_and_travels(subject: Subject<'_>) {
    let site = Site::with(&[
        ("/", "<title>one</title><iframe src='/inner'></iframe>"),
        ("/inner", "<title>inner</title>"),
        ("/two", "<title>two</title>"),
    ])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/to/to/")).await;
    let is_there = |activity: &Activity| of(activity, "/inner").is_some();
    let activity = tab.activity("the page and its frame", is_there).await;
    let main: Vec<_> = activity
        .requests
        .iter()
        .filter(|request| request.main_document)
        .map(|request| (request.url.as_str(), request.status))
        .collect();
    let at = |path: &str| site.url(path).to_string();
    assert_eq!(
        main,
        [(&*at("/to/to/"), Some(302)), (&*at("/to/"), Some(302)), (&*at("/"), Some(200))]
    );
    assert!(!of(&activity, "/inner").unwrap().main_document);
    tab.open(&site.url("/two")).await;
    tab.travel(Travel::Reload).await;
    let twice = |activity: &Activity| {
        activity.requests.iter().filter(|request| request.main_document).count() == 2
    };
    tab.activity("the same page twice", twice).await;
    tab.close().await;
}

pub async fn what_other_tabs_and_frames_do_is_told_too(subject: Subject<'_>) {
    let site = Site::answering(|request| {
        let port = request.header("host").rsplit(':').next().unwrap_or_default().to_owned();
        match request.path() {
            "/" => Some(Answer::html(format!(
                "<title>one</title><a target=_blank href='/tab'>tab</a>
                 <iframe src='http://localhost:{port}/frame'></iframe>"
            ))),
            "/frame" => Some(Answer::html(
                "<script>console.error('in a frame'); fetch('/from-frame')
                </script>",
            )),
            "/tab" => Some(Answer::html(
                "<title>tab</title><script>console.error('in a tab');
                fetch('/from-tab')</script>",
            )),
            _ => None,
        }
    })
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    tab.click("css=a").await;
    tab.switch_tab("new").await;
    tab.activity("frame and tab", |all| {
        let said = |text: &str| all.console_errors.iter().any(|error| error.text.contains(text));
        said("in a frame")
            && said("in a tab")
            && of(all, "/from-frame").is_some()
            && of(all, "/from-tab").is_some()
    })
    .await;
    tab.close().await;
}

pub async fn a_page_that_does_too_much_is_cut_short(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<script>for (let i = 0; i < 20000; i += 1) console.error('x'.repeat(1000));
         document.title = 'done'</script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    tab.is_titled("done").await;
    let activity = tab.activity("what was dropped", |all| all.dropped > 0).await;
    assert!(activity.console_errors.len() < 10_000, "{}", activity.console_errors.len());
    tab.close().await;
}
