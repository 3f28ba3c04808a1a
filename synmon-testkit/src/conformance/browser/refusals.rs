//! What no flow gets: files from the machine or onto it, permissions, other programs.

use synmon_core::browser::{Attempt, BrowserError};
use tokio::time::timeout;

use super::{CLICK, HANGS, Subject, selector};
use crate::Site;

pub async fn nothing_is_downloaded(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<title>page</title><a href='/download'>file</a>
         <i onclick='for (let n = 0; n < 3; n += 1) location = \"/download?\" + n'>script</i>
         <b onclick=\"const a = document.createElement('a'); a.download = 'x.txt';
           a.href = URL.createObjectURL(new Blob(['x'])); a.click()\">blob</b>",
    )])
    .await;
    let mut tab = subject.tab().await;
    for find in ["css=a", "css=i", "css=b"] {
        tab.open(&site.url("/")).await;
        // Whether the click is an error or not: the page stays, and so does the session.
        let answer = timeout(HANGS, tab.0.act(&selector(find), &CLICK)).await.unwrap();
        assert!(
            matches!(answer, Ok(Attempt::Done(_)) | Err(BrowserError::Navigation(_))),
            "{find}: {answer:?}"
        );
        assert_eq!(tab.title().await, "page", "{find}");
        tab.assert_picture().await;
    }
    let answer = tab.try_open(&site.url("/download")).await;
    assert!(matches!(answer, Err(BrowserError::Navigation(_))), "{answer:?}");
    tab.close().await;
}

pub async fn no_file_chooser_gets_in_the_way(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<input type=file><button onclick='document.querySelector(\"input\").click()'>choose</button>
         <i onclick='document.title = document.querySelector(\"input\").files.length'>count</i>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    for find in ["css=button", "css=input"] {
        // It may be refused, but the page must not hang behind a chooser that nobody sees.
        let _ = timeout(HANGS, tab.0.act(&selector(find), &CLICK)).await.unwrap();
        tab.click("css=i").await;
        assert_eq!(tab.title().await, "0");
    }
    tab.assert_picture().await;
    tab.close().await;
}

pub async fn no_permission_is_given_and_none_is_waited_for(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<button>ask</button><output></output><script>
         const asking = {
           geolocation: () => new Promise((yes, no) => navigator.geolocation.getCurrentPosition(yes, no)),
           notifications: async () => { if (await Notification.requestPermission() !== 'granted')
             throw 0 },
           camera: () => navigator.mediaDevices.getUserMedia({ video: true }),
           clipboard: () => navigator.clipboard.readText(),
         };
         document.querySelector('button').onclick = async () => {
           const given = [];
           for (const [name, ask] of Object.entries(asking)) {
             await Promise.race([ask().then(() => given.push(name), () => 0),
               new Promise((go) => setTimeout(go, 1000))]) }
           document.querySelector('output').textContent = `given: ${given.join(' ') || 'none'}` }
         </script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    // Such things are offered to secure contexts alone, and this machine is one.
    tab.open(&site.url_at("localhost", "/")).await;
    tab.click("css=button").await;
    tab.says("css=output", "given: none").await;
    tab.assert_picture().await;
    tab.close().await;
}

pub async fn a_page_reaches_no_file_and_no_browser_page(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<title>page</title><a href='file:///etc/hostname'>file</a>
         <i onclick='location = \"chrome://version\"'>chrome</i>
         <b onclick='location = \"mailto:a@b.example\"'>mail</b>
         <u onclick='location = \"unknown-app://x\"'>program</u>
         <iframe src='file:///etc/hostname'></iframe>",
    )])
    .await;
    let mut tab = subject.tab().await;
    for find in ["css=a", "css=i", "css=b", "css=u"] {
        tab.open(&site.url("/")).await;
        let _ = timeout(HANGS, tab.0.act(&selector(find), &CLICK)).await.unwrap();
        let page = tab.page().await;
        assert!(!page.url.starts_with("file:") && !page.url.starts_with("chrome:"), "{page:?}");
        tab.assert_picture().await;
    }
    tab.close().await;
}

pub async fn full_screen_and_pointer_lock_are_got_out_of(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<title>page</title><div id=all style='width: 200px; height: 100px; background: #ddd'
           onclick='all.requestFullscreen().catch(() => 0); all.requestPointerLock()'>x</div>
         <button onclick='document.title = \"clicked\"'>y</button>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    tab.click("css=#all").await;
    tab.0.screenshot(synmon_core::browser::Shot::PLAIN).await.unwrap();
    tab.open(&site.url("/")).await;
    tab.click("css=button").await;
    assert_eq!(tab.title().await, "clicked");
    tab.assert_picture().await;
    tab.close().await;
}
