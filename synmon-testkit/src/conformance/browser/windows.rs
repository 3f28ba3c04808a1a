//! Other tabs and windows: the first one stays the one that is driven.

use super::Subject;
use crate::Site;

pub async fn a_new_tab_does_not_take_over(subject: Subject<'_>) {
    let site = Site::with(&[
        (
            "/",
            "<title>first</title><a target=_blank href='/next'>tab</a>
             <button onclick='window.open(\"/next\", \"x\", \"width=200,height=200\")'>window</button>
             <i onclick='document.title += \" clicked\"'>x</i><input>",
        ),
        ("/next", "<title>next</title>"),
    ])
    .await;
    let mut tab = subject.tab().await;
    for opener in ["//a", "//button"] {
        tab.open(&site.url("/")).await;
        tab.click(opener).await;
        tab.click("//i").await;
        tab.type_text("//input", "x").await;
        assert_eq!(tab.title().await, "first clicked");
        tab.assert_picture().await;
    }
    tab.close().await;
}

pub async fn a_flood_of_windows_is_held_back(subject: Subject<'_>) {
    let site = Site::with(&[
        (
            "/",
            "<title>first</title><button onclick='for (let i = 0; i < 40; i += 1) {
               const a = document.createElement(\"a\"); a.href = \"/next\"; a.target = \"_blank\";
               a.click() }; window.n = (window.n ?? 0) + 1'>x</button>",
        ),
        ("/next", "<title>next</title>"),
    ])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    tab.click("//button").await;
    tab.click("//button").await;
    tab.assert_picture().await;
    assert_eq!(tab.title().await, "first");
    tab.close().await;
}
