//! Pictures: what they show, and what they hide.

use synmon_core::{
    browser::{Area, MediaType, Shot},
    flow::PictureFormat,
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

pub async fn a_jpeg_is_one(subject: Subject<'_>) {
    let site = Site::with(PAINTED).await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    let shot = Shot { format: PictureFormat::Jpeg, ..Shot::PLAIN };
    let picture = tab.picture(shot).await;
    assert_eq!((picture.media_type, size(&picture)), (MediaType::Jpeg, (1280, 720)));
    tab.close().await;
}
