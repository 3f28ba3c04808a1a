//! The ways to find an element, and which of them found it.

use synmon_core::browser::{Attempt, BrowserError, NotReady};
use tokio::time::timeout;

use super::{CLICK, HANGS, Subject, candidates, selector};
use crate::{Answer, Pages, Site};

const FORM: Pages = &[(
    "/",
    "<style>.off { display: none }</style><h1>Sign in</h1>
     <main id=main><p id=long>Please <b id=bold>sign in</b> here</p>
     <form onsubmit='return false'>
     <label for=mail>E-mail address</label><input id=mail type=email>
     <label>Password <input id=password type=password></label>
     <input id=phone aria-label='Phone number'><input id=search placeholder='Search …'>
     <span id=cap>Captcha</span><input id=captcha aria-labelledby=cap>
     <button id=in data-testid=go>Sign in</button>
     <button id=up data-test-id=up aria-label='Register now'>+</button>
     <a id=help href='#' data-test=help>Help &amp; more</a>
     <input type=checkbox id=stay><label for=stay>Stay</label>
     <div id=menu role=menuitem>Settings</div><img id=logo alt='The logo' src='/pixel'>
     <select id=country><option>Sweden</option></select>
     <input type=submit id=send value='Send it'>
     <div role=button id=plain aria-labelledby=cap></div></form></main>
     <p class=off id=secret>Sign in secretly</p>
     <script>onclick = (event) => document.title = event.composedPath()[0].id</script>",
)];

const SHADOW: Pages = &[(
    "/",
    "<my-banner id=outer></my-banner><button id=light>Light</button><script>
     customElements.define('my-banner', class extends HTMLElement { connectedCallback() {
       this.attachShadow({ mode: 'open' }).innerHTML =
         `<p>We value your privacy</p><my-buttons></my-buttons>` } });
     customElements.define('my-buttons', class extends HTMLElement { connectedCallback() {
       this.attachShadow({ mode: 'open' }).innerHTML =
         `<label>Consent <input id=deep></label>
          <button id=accept data-testid=accept onclick='document.title = \"accepted\"'>Accept all
          </button>` } });
     </script>",
)];

pub async fn each_way_finds_what_it_says(subject: Subject<'_>) {
    let site = Site::with(FORM).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    for (find, id) in [
        ("xpath=//form/button[1]", "in"),
        ("css=form > button:not([data-testid])", "up"),
        ("css=#stay ~ #menu", "menu"),
        ("text=please", "long"),
        ("text=SETTINGS", "menu"),
        ("text=\"Help & more\"", "help"),
        ("text='Settings'", "menu"),
        ("text=Help", "help"),
        ("role=heading", ""),
        ("role=button[name=\"Sign in\"]", "in"),
        ("role=button[name='Register now']", "up"),
        ("role=button[name=\"Captcha\"]", "plain"),
        ("role=button[name=\"Send it\"]", "send"),
        ("role=link", "help"),
        ("role=menuitem", "menu"),
        ("role=checkbox[name=\"Stay\"]", "stay"),
        ("role=img[name=\"The logo\"]", "logo"),
        ("role=combobox", "country"),
        ("label=E-mail address", "mail"),
        ("label=Password", "password"),
        ("label=Phone number", "phone"),
        ("label=Search …", "search"),
        ("label=Captcha", "captcha"),
        ("testid=go", "in"),
        ("testid=up", "up"),
        ("testid=help", "help"),
    ] {
        let seen = tab.attribute(find, "id").await.unwrap_or_default();
        assert_eq!(seen, id, "{find}");
    }
    for find in [
        "css=table",
        "text=nothing of the kind",
        "text=\"sign In\"",
        "role=table",
        "role=button[name=\"Nobody\"]",
        "label=Nothing",
        "testid=nothing",
    ] {
        assert_eq!(tab.see(find).await, None, "{find}");
    }
    tab.close().await;
}

pub async fn a_text_means_the_smallest_element_that_says_it(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<div id=outer><section id=middle><p id=inner>Your <i>order</i> is
           on its way</p></section></div><script>/* your order is on its way */</script>
         <style>/* your order */</style><p id=hidden hidden>parcel</p><p id=shown>Parcel</p>
         <button id=button>Parcel shop</button><input type=button id=value value='Track it'>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    for (find, id) in [
        ("text=your order is on its way", "inner"),
        ("text=\"Your order is on its way\"", "inner"),
        ("text=parcel", "shown"),
        ("text=parcel shop", "button"),
        ("text=track it", "value"),
    ] {
        assert_eq!(tab.attribute(find, "id").await.as_deref(), Some(id), "{find}");
    }
    assert_eq!(tab.see("text=\"Your order\"").await, None, "a quoted text is the whole text");
    tab.close().await;
}

pub async fn all_ways_but_xpath_look_into_shadow_roots(subject: Subject<'_>) {
    let site = Site::with(SHADOW).await;
    let mut tab = subject.tab().await;
    for find in [
        "css=#accept",
        "css=#\\61 ccept",
        "text=accept all",
        "role=button[name=\"Accept all\"]",
        "testid=accept",
    ] {
        tab.open(&site.url("/")).await;
        assert_eq!(tab.seen(find).await.matches, 1, "{find}");
        tab.click(find).await;
        assert_eq!(tab.title().await, "accepted", "{find}");
    }
    tab.type_text("label=Consent", "x").await;
    assert_eq!(tab.value("css=#deep").await, "x");
    assert_eq!(tab.see("//*[@id='accept']").await, None);
    assert_eq!(tab.seen("css=button").await.matches, 2);
    assert_eq!(tab.text("text=privacy").await, "We value your privacy");
    tab.close().await;
}

pub async fn the_first_candidate_that_finds_anything_counts(subject: Subject<'_>) {
    let site = Site::with(FORM).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    let several = candidates(&["css=#gone", "text=nothing", "testid=up", "css=#in"]);
    let seen = tab.0.observe(&several, None).await.unwrap().unwrap();
    assert_eq!((seen.candidate, seen.matches), (2, 1));
    assert_eq!(tab.act_on(&several, CLICK).await.candidate, 2);
    assert_eq!(tab.title().await, "up");
    let first = candidates(&["css=#in", "testid=up"]);
    assert_eq!(tab.act_on(&first, CLICK).await.candidate, 0);
    assert_eq!(tab.title().await, "in");
    // What finds only what can't be seen has found something.
    let hidden = candidates(&["css=#secret", "css=#in"]);
    let answer = tab.0.act(&hidden, &CLICK).await.unwrap();
    assert_eq!(answer, Attempt::NotReady(NotReady::Hidden));
    let none = candidates(&["css=#gone", "text=nothing"]);
    assert_eq!(tab.0.observe(&none, None).await.unwrap(), None);
    tab.close().await;
}

pub async fn what_cant_be_read_is_told(subject: Subject<'_>) {
    let site = Site::with(FORM).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    for find in ["css=p:nonsense", "css=>", "css=p::", "xpath=//p//", "role=button[nonsense]"] {
        let answer = timeout(HANGS, tab.0.observe(&selector(find), None)).await.unwrap();
        assert!(matches!(answer, Err(BrowserError::SelectorInvalid(_))), "{find}: {answer:?}");
        let answer = timeout(HANGS, tab.0.act(&selector(find), &CLICK)).await.unwrap();
        assert!(matches!(answer, Err(BrowserError::SelectorInvalid(_))), "{find}: {answer:?}");
    }
    tab.close().await;
}

pub async fn an_attribute_is_what_the_page_says(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<a href='/next' data-x='' title='a “b”'>x</a><input value=old disabled>
         <script>document.querySelector('input').value = 'new'</script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    for (find, name, value) in [
        ("css=a", "href", Some("/next")),
        ("css=a", "data-x", Some("")),
        ("css=a", "title", Some("a “b”")),
        ("css=a", "nothing", None),
        ("css=input", "value", Some("old")),
        ("css=input", "disabled", Some("")),
    ] {
        assert_eq!(tab.attribute(find, name).await.as_deref(), value, "{name}");
    }
    tab.close().await;
}

pub async fn words_are_found_among_very_many(subject: Subject<'_>) {
    let site = Site::answering(|request| {
        (request.path() == "/").then(|| {
            let row =
                |i| format!("<div class=c><span>Item {i}</span><button>Buy {i}</button></div>");
            Answer::html((0..20_000).map(row).collect::<String>())
        })
    })
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    for (find, matches) in [
        ("text=\"Buy 4321\"", 1),
        ("text=item 4321", 1),
        ("text=buy 1999", 11),
        ("text='Item 20000'", 0),
        ("role=button[name=\"Buy 19999\"]", 1),
    ] {
        let seen = tab.see(find).await;
        assert_eq!(seen.map_or(0, |seen| seen.matches), matches, "{find}");
    }
    tab.close().await;
}

/// A browser renders what is far away only when somebody scrolls there; it is there all the same.
pub async fn what_is_rendered_later_is_there(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<div style='height: 5000px'></div><div style='content-visibility: auto'>
         <p id=far>So <b>far</b> away</p><p hidden>Nowhere</p>
         <button onclick='document.title = \"clicked\"'>Far</button></div>
         <div style='content-visibility: hidden'><p>Nowhere</p></div>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    assert_eq!(tab.text("text=So far away").await.trim(), "So far away");
    assert_eq!(tab.see("text=Nowhere").await, None);
    tab.click("text=\"Far\"").await;
    assert_eq!(tab.title().await, "clicked");
    tab.close().await;
}

pub async fn a_part_of_an_image_is_clicked(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<img usemap='#plan' width=300 height=200 src='data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7' alt=Plan><map name=plan>
         <area id=left shape=rect coords='0,0,100,200' href='#left' alt=Left>
         <area id=right shape=circle coords='250,100,40' href='#right' alt=Right>
         <area id=flat shape=rect coords='0,0,0,0' href='#flat' alt=Flat></map>
         <script>onclick = (event) => document.title = event.target.id</script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    for id in ["right", "left"] {
        tab.click(&format!("css=#{id}")).await;
        tab.is_titled(id).await;
    }
    let answer = tab.try_once("css=#flat", CLICK).await;
    assert_eq!(answer, Attempt::NotReady(NotReady::Hidden));
    tab.close().await;
}
