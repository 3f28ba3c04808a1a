//! Pictures: what they show, and what they hide.

use synmon_core::{
    browser::{Area, MediaType, Shot},
    flow::PictureFormat,
    secret::SecretValue,
};
use tokio::time::timeout;

use super::{
    HANGS, Subject,
    image::{Pixels, size},
    selector,
};
use crate::{Pages, Site};

const RED: [u8; 3] = [255, 0, 0];
const GREEN: [u8; 3] = [0, 255, 0];
const BLUE: [u8; 3] = [0, 0, 255];

const PAINTED: Pages = &[
    (
        "/",
        "<style>body { margin: 0; height: 2500px; background: #fff }
         div { position: absolute; left: 100px; width: 200px; height: 100px }
         #red { top: 50px; background: #f00 } #green { top: 300px; background: #0f0 }
         #blue { top: 2300px; background: #00f }</style>
         <div id=red></div><div id=green></div><div id=blue></div>",
    ),
    ("/tall", "<style>body { margin: 0; height: 60000px; background: #0f0 }</style>"),
    (
        "/frame",
        "<style>body { margin: 0 } iframe { margin: 40px; border: 0; width: 600px; height: 500px }
         </style><iframe src='/'></iframe>",
    ),
    (
        "/zoomed",
        "<style>html { zoom: 1.7 } body { margin: 0 } #inner { zoom: 0.5 }
         p { margin: 20px; width: 100px; height: 50px; background: #f00 }</style>
         <p></p><div id=inner><p></p></div>",
    ),
];

pub async fn a_picture_shows_what_the_viewport_shows(subject: Subject<'_>) {
    let site = Site::with(PAINTED).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    let picture = tab.picture(Shot::PLAIN).await;
    assert_eq!((picture.media_type, size(&picture)), (MediaType::Png, (1280, 720)));
    let pixels = Pixels::of(&picture);
    assert_eq!((pixels.at(150, 100), pixels.at(150, 350)), (RED, GREEN));
    assert_eq!((pixels.count(RED), pixels.count(GREEN), pixels.count(BLUE)), (20_000, 20_000, 0));
    tab.close().await;
}

pub async fn a_picture_shows_all_of_the_page(subject: Subject<'_>) {
    let site = Site::with(PAINTED).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    let full = Shot { area: Area::FullPage, ..Shot::PLAIN };
    let picture = tab.picture(full).await;
    let (width, height) = size(&picture);
    assert!((1_200..=1_280).contains(&width) && height == 2_500, "{width}x{height}");
    let pixels = Pixels::of(&picture);
    assert_eq!((pixels.at(150, 100), pixels.at(150, 2_350)), (RED, BLUE));
    // The next picture is as ever.
    tab.assert_picture().await;
    tab.open(&site.url("/tall")).await;
    let picture = tab.picture(full).await;
    let (width, height) = size(&picture);
    assert!(width <= 1_280 && (720..=20_000).contains(&height), "{width}x{height}");
    tab.close().await;
}

pub async fn a_picture_shows_one_element(subject: Subject<'_>) {
    let site = Site::with(PAINTED).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    for (find, colour) in [("css=#green", GREEN), ("css=#blue", BLUE)] {
        let picture = tab.picture_of(find).await;
        assert_eq!(size(&picture), (200, 100), "{find}");
        assert_eq!(Pixels::of(&picture).count(colour), 20_000, "{find}");
    }
    let missing = selector("css=#nothing");
    let shot = Shot { area: Area::Element(&missing), ..Shot::PLAIN };
    let answer = timeout(HANGS, tab.0.screenshot(shot)).await.unwrap();
    assert!(answer.is_err(), "there is no picture of nothing");
    tab.assert_picture().await;
    tab.close().await;
}

pub async fn what_is_masked_is_painted_over(subject: Subject<'_>) {
    let site = Site::with(PAINTED).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    let mask = [selector("css=#red"), selector("xpath=//*[@id='blue']"), selector("css=#nothing")];
    let masked = Shot { mask: &mask, ..Shot::PLAIN };
    let pixels = Pixels::of(&tab.picture(masked).await);
    assert_eq!(pixels.count(RED), 0, "nothing of it shows");
    assert_eq!(pixels.count(GREEN), 20_000, "all else does");
    let full = Shot { area: Area::FullPage, ..masked };
    if !subject.browser().lacks(subject.kind()).contains(&super::Capability::FullPage) {
        let pixels = Pixels::of(&tab.picture(full).await);
        assert_eq!((pixels.count(RED), pixels.count(BLUE)), (0, 0));
        assert_eq!(pixels.count(GREEN), 20_000);
    }
    // The mask is off again.
    assert_eq!(Pixels::of(&tab.picture(Shot::PLAIN).await).count(RED), 20_000);
    assert_eq!(tab.seen("css=body > *").await.matches, 3, "nothing is left of the mask");
    tab.open(&site.url("/zoomed")).await;
    assert!(Pixels::of(&tab.picture(Shot::PLAIN).await).count(RED) > 0);
    let mask = [selector("css=p")];
    let masked = Shot { mask: &mask, ..Shot::PLAIN };
    assert_eq!(Pixels::of(&tab.picture(masked).await).count(RED), 0, "however large it is shown");
    tab.close().await;
}

pub async fn a_mask_reaches_into_frames(subject: Subject<'_>) {
    let site = Site::with(PAINTED).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/frame")).await;
    tab.enter("css=iframe").await;
    let mask = [selector("css=#red")];
    let pixels = Pixels::of(&tab.picture(Shot { mask: &mask, ..Shot::PLAIN }).await);
    assert_eq!(pixels.count(RED), 0);
    assert_eq!(pixels.count(GREEN), 20_000);
    let picture = tab.picture_of("css=#green").await;
    assert_eq!((size(&picture), Pixels::of(&picture).count(GREEN)), ((200, 100), 20_000));
    tab.close().await;
}

/// Each thing that shows what is to be concealed is red, in its own way; what is green shows
/// something else.
const TELLTALE: Pages = &[
    (
        "/",
        "<style>body { font: 40px monospace; color: #f00; background: #fff }
         input, select { font: inherit; color: #f00; background: #fff; border: 0; width: 500px }
         ::placeholder { color: #f00; opacity: 1 } .other, .other * { color: #0f0 }
         #styled::before { content: 'said: hunter2-and-more' } .loud { text-transform: uppercase }
         iframe { border: 0; width: 600px; height: 80px } div { white-space: nowrap }</style>
         <div>hunter2-and-more</div><div>h<b>unter2</b>-<i>and-</i>more</div>
         <div class=loud>Hunter2-And-More</div><div>hunter2-and-<br>more</div>
         <input value='my hunter2-and-more'><input placeholder=hunter2-and-more><input value=hunter>
         <select><option value=1>hunter2-and-more</select><div id=styled></div>
         <div id=host></div><iframe srcdoc=\"<body style='font: 40px monospace; color: #f00'>
         hunter2-and-more\"></iframe><div class=other>hunter, and <input class=other value=other></div>
         <script>host.attachShadow({ mode: 'open' }).innerHTML = '<p>hunter2-and-more</p>'</script>",
    ),
    (
        "/told",
        "<button onclick='out.textContent = told.join()'>Tell</button><pre id=out></pre>
         <p>what-the-other-page</p><script>window.told = []; const seen = new MutationObserver((all) => all.forEach((one) =>
           one.addedNodes.forEach((node) => told.push(node.outerHTML + node.shadowRoot?.innerHTML))));
         seen.observe(document, { childList: true, subtree: true, attributes: true });
         const { includes } = String.prototype;
         String.prototype.includes = function (text) { told.push(text); return includes.call(this, text) };
         </script>",
    ),
];

pub async fn what_is_to_be_concealed_is_painted_over(subject: Subject<'_>) {
    let site = Site::with(TELLTALE).await;
    let mut tab = subject.tab().await;
    assert!(tab.0.conceals());
    tab.open(&site.url("/")).await;
    let full = Shot { area: Area::FullPage, ..Shot::PLAIN };
    let plain = Pixels::of(&tab.picture(full).await);
    let (red, green) = (plain.count(RED), plain.count(GREEN));
    assert!(red > 1_000 && green > 100, "{red} {green}");
    let conceal = ["Hunter2-and-more".to_owned(), "another".to_owned()].map(SecretValue::new);
    for area in [Area::FullPage, Area::Viewport] {
        let shot = Shot { area, conceal: &conceal, ..Shot::PLAIN };
        assert_eq!(Pixels::of(&tab.picture(shot).await).count(RED), 0, "{area:?}");
    }
    let shot = Shot { conceal: &conceal, ..full };
    assert_eq!(Pixels::of(&tab.picture(shot).await).count(GREEN), green, "all else shows");
    let again = Pixels::of(&tab.picture(full).await);
    assert_eq!((again.count(RED), again.count(GREEN)), (red, green), "it is uncovered again");
    tab.close().await;
}

/// Each page has a way to show in its picture what is to be painted over.
const UNCOVERING: Pages = &[
    (
        "/styled",
        "<style>p { font: 40px monospace; color: #f00 } [popover] { display: none !important;
         opacity: 0 !important; visibility: hidden !important; transform: scale(0) !important }</style>
         <p>hunter2-and-more</p>",
    ),
    (
        "/torn",
        "<p style='font: 40px monospace; color: #f00'>hunter2-and-more</p><script>
         new MutationObserver((all) => all.forEach((one) => one.addedNodes.forEach((node) =>
           node.popover && node.remove()))).observe(document.documentElement, { childList: true });
         </script>",
    ),
    (
        "/above",
        "<dialog style='font: 40px monospace; color: #f00'>hunter2-and-more</dialog><script>
         const dialog = document.querySelector('dialog');
         new MutationObserver(() => { dialog.close(); dialog.showModal() })
           .observe(document.documentElement, { childList: true });</script>",
    ),
    (
        "/moved",
        "<p style='font: 40px monospace; color: #f00; position: absolute'>hunter2-and-more</p><script>
         const text = document.querySelector('p');
         new MutationObserver(() => { text.style.top = `${Math.random() * 600}px` })
           .observe(document.documentElement, { childList: true });</script>",
    ),
    (
        "/lists",
        "<style>* { font: 40px monospace; color: #f00 } ::selection, option:checked { color: #f00 }
         i, b, option { color: #000 } ::marker { color: #f00 } i::marker { content: 'hunter2-and-more' } i { display: list-item; margin-left: 600px }
         b { display: list-item; margin-left: 600px; list-style-type: 'hunter2-and-more' }</style>
         <i>one</i><b>two</b><select size=3><option>hunter2-and-more</select>",
    ),
];

pub async fn a_page_does_not_uncover_what_is_painted_over(subject: Subject<'_>) {
    let site = Site::with(UNCOVERING).await;
    let mut tab = subject.tab().await;
    assert!(tab.0.conceals());
    let conceal = [SecretValue::new("hunter2-and-more".to_owned())];
    for (path, _) in UNCOVERING {
        tab.open(&site.url(path)).await;
        // What is not there any more when the picture is taken is not in it, either.
        match tab.0.screenshot(Shot { conceal: &conceal, ..Shot::PLAIN }).await {
            Ok(picture) => assert_eq!(Pixels::of(&picture).count(RED), 0, "{path}"),
            Err(error) => assert!(*path != "/styled" && *path != "/lists", "{path}: {error}"),
        }
    }
    tab.close().await;
}

pub async fn a_page_does_not_learn_what_is_concealed_in_it(subject: Subject<'_>) {
    let site = Site::with(TELLTALE).await;
    let mut tab = subject.tab().await;
    assert!(tab.0.conceals());
    tab.open(&site.url("/told")).await;
    let conceal = [SecretValue::new("what-the-page-does-not-know".to_owned())];
    tab.picture(Shot { conceal: &conceal, ..Shot::PLAIN }).await;
    tab.click("css=button").await;
    let told = tab.text("css=pre").await;
    assert!(told.contains("popover"), "it has seen that there was something: {told}");
    assert!(!told.contains("what-the-page"), "{told}");
    assert!(!told.contains("255, 0, 255"), "nor a patch, whose place tells what was found: {told}");
    tab.close().await;
}

pub async fn a_jpeg_is_one(subject: Subject<'_>) {
    let site = Site::with(PAINTED).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    let shot = Shot { format: PictureFormat::Jpeg, ..Shot::PLAIN };
    let picture = tab.picture(shot).await;
    assert_eq!((picture.media_type, size(&picture)), (MediaType::Jpeg, (1280, 720)));
    tab.close().await;
}
