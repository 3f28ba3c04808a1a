//! What selectors find.

use synmon_core::browser::{BrowserError, Observation};

use super::{CLICK, Subject, selector};
use crate::Site;

pub async fn what_is_no_selector_of_elements_is_refused(subject: Subject<'_>) {
    let site = Site::with(&[("/", "<p class=x>text</p>")]).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    for xpath in
        ["//p//", "//p/@class", "//p/text()", "count(//p)", "'text'", "1 = 1", "//p[foo()]", "x:y"]
    {
        let answer = tab.0.observe(&selector(xpath), None).await;
        assert!(matches!(answer, Err(BrowserError::SelectorInvalid(_))), "{xpath}: {answer:?}");
        let answer = tab.0.act(&selector(xpath), &CLICK).await;
        assert!(matches!(answer, Err(BrowserError::SelectorInvalid(_))), "{xpath}: {answer:?}");
    }
    tab.close().await;
}

pub async fn text_is_what_is_rendered(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<div>shown<span style='display: none'>hidden</span><br>second</div>
         <input value=held><select><option value=v selected>Label</option></select>
         <svg width=9 height=9><text>svg</text></svg>
         <p id=long></p><script>long.textContent = 'x'.repeat(20000)</script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    assert_eq!(tab.text("//div").await, "shown\nsecond");
    assert_eq!(
        tab.see("//input").await,
        Some(Observation {
            matches: 1,
            visible: true,
            value: Some("held".to_owned()),
            ..Observation::default()
        })
    );
    assert_eq!(tab.value("//select").await, "v");
    assert_eq!(tab.text("//*[local-name() = 'svg']").await, "svg");
    assert_eq!(tab.text("//p").await.len(), 20_000);
    assert_eq!(tab.see("//table").await, None);
    tab.close().await;
}

/// Names that shadow the document's and a form's own properties must not lead us astray.
pub async fn names_in_the_page_do_not_get_in_the_way(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<title>real</title>
         <img name=title><img name=evaluate><img name=body><img name=elementFromPoint>
         <img name=visibilityState><img name=documentURI><img name=querySelector>
         <form onclick='seen.value = 1'><input name=getBoundingClientRect><input name=closest>
         <input name=matches><input name=parentNode><input name=localName><input name=value>
         <input name=getAttribute><input name=isConnected><p>text</p></form><input id=seen>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    assert_eq!(tab.title().await, "real");
    assert!(tab.see("//form").await.unwrap().visible);
    tab.click("//form").await;
    tab.type_text("//input[@id='seen']", "2").await;
    assert!(tab.value("//input[@id='seen']").await.ends_with('2'));
    tab.close().await;
}
