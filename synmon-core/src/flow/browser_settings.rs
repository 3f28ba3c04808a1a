//! How a flow wants its browser to be.

use super::choice;
use crate::step::{Cookie, Header, Viewport};

/// How a flow wants its browser to be, checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BrowserSettings {
    /// The device that the browser pretends to be; the viewport is the device's then.
    pub device: Option<&'static Device>,
    /// The size of the viewport.
    pub viewport: Viewport,
    /// The language and region (BCP 47), such as `de-DE`.
    pub locale: Option<String>,
    /// The IANA time zone that pages see.
    pub timezone: Option<String>,
    /// What the browser calls itself.
    pub user_agent: Option<String>,
    /// Headers that go with each request.
    pub headers: Vec<Header>,
    /// Who asks, where the site wants to know (RFC 7617).
    pub basic_auth: Option<BasicAuth>,
    /// Cookies that are there before the first page is opened; a host is taken from the flow's
    /// address where one does not say.
    pub cookies: Vec<Cookie>,
    /// Whether pages are opened whose certificate is not valid.
    pub ignore_certificate_errors: bool,
    /// Hosts that pages get nothing from, their subdomains included.
    pub block_hosts: Vec<String>,
    /// How pictures are encoded.
    pub picture_format: PictureFormat,
    /// Which form of Chrome it runs in.
    pub variant: BrowserVariant,
}

/// A name and a password for the site (HTTP Basic, RFC 7617).
#[derive(Clone, PartialEq, Eq)]
pub struct BasicAuth {
    /// The name.
    pub username: String,
    /// The password.
    pub password: String,
}

impl std::fmt::Debug for BasicAuth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BasicAuth({}, …)", self.username)
    }
}

choice! {
    /// How pictures are encoded.
    #[derive(Default)]
    PictureFormat {
        /// Without loss.
        #[default]
        Png = "png",
        /// Smaller, with a little loss.
        Jpeg = "jpeg",
    }
}

choice! {
    /// Which form of Chrome a flow runs in.
    #[derive(Default)]
    BrowserVariant {
        /// The one without windows where it is installed (`chromium-headless-shell`), else the
        /// full one: twice as fast, and no different for nearly all pages.
        #[default]
        Auto = "auto",
        /// The full browser: for pages that need its codecs, or its PDF viewer.
        Full = "full",
    }
}

/// A device that a browser can pretend to be.
#[derive(Debug, PartialEq, Eq)]
pub struct Device {
    /// Its name.
    pub name: &'static str,
    /// What its viewport measures.
    pub viewport: Viewport,
    /// How many of its pixels make one CSS pixel, in hundredths.
    pub scale_percent: u32,
    /// Whether it is touched, and shows pages as telephones do.
    pub mobile: bool,
    /// What its browser calls itself; the version is the real browser's.
    pub user_agent: &'static str,
}

const ANDROID: &str = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) \
                       Chrome/{major}.0.0.0 Mobile Safari/537.36";
const ANDROID_TABLET: &str = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like \
                              Gecko) Chrome/{major}.0.0.0 Safari/537.36";
const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 \
                      (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1";
const IPAD: &str = "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, \
                    like Gecko) Version/18.5 Mobile/15E148 Safari/604.1";

/// The devices that are known.
pub const DEVICES: &[Device] = &[
    device("iphone-15", (393, 659), 300, IPHONE),
    device("iphone-se", (320, 568), 200, IPHONE),
    device("ipad", (810, 1080), 200, IPAD),
    device("pixel-7", (412, 839), 262, ANDROID),
    device("galaxy-s24", (360, 780), 300, ANDROID),
    device("galaxy-tab-s4", (712, 1138), 225, ANDROID_TABLET),
];

const fn device(
    name: &'static str,
    (width, height): (u32, u32),
    scale_percent: u32,
    user_agent: &'static str,
) -> Device {
    Device { name, viewport: Viewport { width, height }, scale_percent, mobile: true, user_agent }
}
