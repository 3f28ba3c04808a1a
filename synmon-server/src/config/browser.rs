//! Which browsers runs happen in.

use std::{ffi::OsString, fmt, num::NonZeroU32, path::PathBuf, time::Duration};

use url::Url;

use super::{ConfigError, error, from_file, parsed};

/// Which browsers runs happen in.
#[derive(Clone)]
pub enum BrowserSource {
    /// A Chromium of this machine; the programs are looked for where none is named.
    Local {
        /// How it is spoken to.
        engine: LocalEngine,
        /// `chromium`, or another program of its kind.
        chromium: Option<PathBuf>,
        /// `chromedriver`.
        chromedriver: Option<PathBuf>,
        /// Where programs are looked for first, in the form of `PATH`.
        search_path: Option<OsString>,
        /// How much memory a process of a browser's may take, in bytes.
        memory_limit: Option<u64>,
        /// Whom browsers run as where the server runs as root.
        user: Option<String>,
    },
    /// A Selenium Grid or any WebDriver endpoint; its url may have a password in it.
    WebDriver(Url, WebDriverClient),
    /// A Chromium elsewhere, by the address of its DevTools, which may hold a token.
    DevTools(Url, Warmth),
}

/// How a local browser is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LocalEngine {
    /// Over the DevTools protocol.
    Cdp(Warmth),
    /// Over WebDriver, by a driver for each run.
    WebDriver(WebDriverClient),
}

/// The library that speaks WebDriver.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WebDriverClient {
    /// `thirtyfour`.
    #[default]
    Thirtyfour,
    /// `fantoccini`.
    #[cfg(feature = "fantoccini")]
    Fantoccini,
}

/// How browsers are kept for later runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Warmth {
    /// Whether each run gets a process of its own instead of a context in a browser that is kept.
    pub process_per_run: bool,
    /// After how many runs a browser is replaced; where it is not set, the driver says.
    pub recycle_after_runs: Option<NonZeroU32>,
    /// After what time a browser is replaced.
    pub recycle_after: Option<Duration>,
}

/// What `SYNMON_ENGINE` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Engine {
    Cdp,
    WebDriver(WebDriverClient),
}

// A url shows its password, so this can't be derived.
impl fmt::Debug for BrowserSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local { engine, chromium, chromedriver, .. } => f
                .debug_struct("Local")
                .field("engine", engine)
                .field("chromium", chromium)
                .field("chromedriver", chromedriver)
                .finish_non_exhaustive(),
            Self::WebDriver(url, client) => {
                f.debug_tuple("WebDriver").field(&url.host_str()).field(client).finish()
            }
            Self::DevTools(url, warmth) => {
                f.debug_tuple("DevTools").field(&url.host_str()).field(warmth).finish()
            }
        }
    }
}

const ENGINE: &str = "SYNMON_ENGINE";

/// Reads the settings that are about browsers.
pub(super) fn browser_source(
    text: impl Fn(&'static str) -> Result<Option<String>, ConfigError> + Copy,
) -> Result<BrowserSource, ConfigError> {
    let webdriver = from_file::secret(text, from_file::WEBDRIVER_URL)?;
    let devtools = from_file::secret(text, from_file::CDP_URL)?;
    let engine = engine(text)?;
    let warmth = warmth(text)?;
    match (webdriver, devtools) {
        (Some(_), Some(_)) => Err(error(
            "SYNMON_CDP_URL",
            "and SYNMON_WEBDRIVER_URL are both set: keep the one whose browsers are to be used",
        )),
        (Some(_), None) if engine == Some(Engine::Cdp) => Err(error(
            ENGINE,
            "is cdp, which a WebDriver endpoint does not speak: unset it, or set SYNMON_CDP_URL \
             instead of SYNMON_WEBDRIVER_URL",
        )),
        (None, Some(_)) if matches!(engine, Some(Engine::WebDriver(_))) => Err(error(
            ENGINE,
            "speaks WebDriver, which a DevTools address does not: unset it, or set \
             SYNMON_WEBDRIVER_URL instead of SYNMON_CDP_URL",
        )),
        (Some(url), None) => {
            let client = match engine {
                Some(Engine::WebDriver(client)) => client,
                _ => WebDriverClient::default(),
            };
            Ok(BrowserSource::WebDriver(webdriver_url(&url, client)?, client))
        }
        (None, Some(url)) => Ok(BrowserSource::DevTools(devtools_url(&url)?, warmth)),
        (None, None) => Ok(BrowserSource::Local {
            engine: match engine {
                None | Some(Engine::Cdp) => LocalEngine::Cdp(warmth),
                Some(Engine::WebDriver(client)) => LocalEngine::WebDriver(client),
            },
            chromium: text("SYNMON_CHROMIUM")?.map(PathBuf::from),
            chromedriver: text("SYNMON_CHROMEDRIVER")?.map(PathBuf::from),
            memory_limit: memory_limit(text)?,
            search_path: text("PATH")?.map(OsString::from),
            user: text("SYNMON_BROWSER_USER")?,
        }),
    }
}

fn engine(
    text: impl Fn(&'static str) -> Result<Option<String>, ConfigError>,
) -> Result<Option<Engine>, ConfigError> {
    match text(ENGINE)?.as_deref() {
        None => Ok(None),
        Some("cdp") => Ok(Some(Engine::Cdp)),
        Some("webdriver") => Ok(Some(Engine::WebDriver(WebDriverClient::Thirtyfour))),
        #[cfg(feature = "fantoccini")]
        Some("fantoccini") => Ok(Some(Engine::WebDriver(WebDriverClient::Fantoccini))),
        #[cfg(not(feature = "fantoccini"))]
        Some("fantoccini") => Err(error(
            ENGINE,
            "is fantoccini, which this build does not have: build synmon-server with \
             `--features fantoccini`, or set webdriver",
        )),
        Some(_) => Err(error(ENGINE, "must be cdp, webdriver or fantoccini")),
    }
}

fn warmth(
    text: impl Fn(&'static str) -> Result<Option<String>, ConfigError> + Copy,
) -> Result<Warmth, ConfigError> {
    const ISOLATION: &str = "SYNMON_BROWSER_ISOLATION";
    const MINUTES: &str = "SYNMON_BROWSER_RECYCLE_MINUTES";
    let process_per_run = match text(ISOLATION)?.as_deref() {
        None | Some("context") => false,
        Some("process") => true,
        Some(_) => return Err(error(ISOLATION, "must be context or process")),
    };
    let recycle_after_runs =
        parsed(text, "SYNMON_BROWSER_RECYCLE_RUNS", "a whole number of runs from 1 on")?;
    let wanted = "a whole number of minutes, 1 to 10080";
    let minutes: Option<u64> = parsed(text, MINUTES, wanted)?;
    if minutes.is_some_and(|minutes| !(1..=10_080).contains(&minutes)) {
        return Err(error(MINUTES, format_args!("must be {wanted}")));
    }
    let recycle_after = minutes.map(Duration::from_mins);
    Ok(Warmth { process_per_run, recycle_after_runs, recycle_after })
}

fn memory_limit(
    text: impl Fn(&'static str) -> Result<Option<String>, ConfigError>,
) -> Result<Option<u64>, ConfigError> {
    const MEMORY: &str = "SYNMON_BROWSER_MEMORY_MIB";
    let wanted = "a whole number of MiB from 256 on";
    let mib: Option<u32> = parsed(text, MEMORY, wanted)?;
    if mib.is_some_and(|mib| mib < 256) {
        return Err(error(MEMORY, format_args!("must be {wanted}")));
    }
    Ok(mib.map(|mib| u64::from(mib) << 20))
}

fn webdriver_url(text: &str, client: WebDriverClient) -> Result<Url, ConfigError> {
    let url = endpoint(text, ["http", "https"]).ok_or_else(|| {
        error("SYNMON_WEBDRIVER_URL", "must be an address such as http://grid.internal:4444")
    })?;
    if client != WebDriverClient::Thirtyfour && url.scheme() != "http" {
        let why = "is fantoccini, which does not speak https: set webdriver for this endpoint";
        return Err(error(ENGINE, why));
    }
    Ok(url)
}

fn devtools_url(text: &str) -> Result<Url, ConfigError> {
    endpoint(text, ["ws", "wss"]).ok_or_else(|| {
        error(
            "SYNMON_CDP_URL",
            "must be an address such as ws://browser.internal:9222/devtools/browser/… (the \
             webSocketDebuggerUrl that http://browser.internal:9222/json/version tells)",
        )
    })
}

fn endpoint(text: &str, schemes: [&str; 2]) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    (schemes.contains(&url.scheme()) && url.has_host()).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::config;

    const WEBDRIVER: LocalEngine = LocalEngine::WebDriver(WebDriverClient::Thirtyfour);

    fn source(settings: &[(&'static str, &str)]) -> Result<BrowserSource, String> {
        config(settings).map(|config| config.browser).map_err(|error| error.to_string())
    }

    #[test]
    fn a_local_chromium_is_spoken_to_by_its_own_protocol_unless_it_is_said_otherwise() {
        let local = |settings: &[_]| match source(settings).unwrap() {
            BrowserSource::Local { engine, .. } => engine,
            other => panic!("{other:?}"),
        };
        assert_eq!(local(&[]), LocalEngine::Cdp(Warmth::default()));
        assert_eq!(local(&[("SYNMON_ENGINE", "cdp")]), LocalEngine::Cdp(Warmth::default()));
        assert_eq!(local(&[("SYNMON_ENGINE", "webdriver")]), WEBDRIVER);
        let settings = [
            ("SYNMON_BROWSER_ISOLATION", "process"),
            ("SYNMON_BROWSER_RECYCLE_RUNS", "50"),
            ("SYNMON_BROWSER_RECYCLE_MINUTES", "10"),
        ];
        let expected = Warmth {
            process_per_run: true,
            recycle_after_runs: NonZeroU32::new(50),
            recycle_after: Some(Duration::from_mins(10)),
        };
        assert_eq!(local(&settings), LocalEngine::Cdp(expected));
    }

    #[test]
    fn browsers_elsewhere_are_spoken_to_as_their_address_says() {
        let grid = ("SYNMON_WEBDRIVER_URL", "http://grid:4444");
        let chrome = ("SYNMON_CDP_URL", "ws://chrome:9222/devtools/browser/x");
        for settings in [&[grid][..], &[grid, ("SYNMON_ENGINE", "webdriver")]] {
            assert!(matches!(source(settings), Ok(BrowserSource::WebDriver(..))), "{settings:?}");
        }
        for settings in [&[chrome][..], &[chrome, ("SYNMON_ENGINE", "cdp")]] {
            assert!(matches!(source(settings), Ok(BrowserSource::DevTools(..))), "{settings:?}");
        }
        for (settings, words) in [
            (&[grid, chrome][..], "keep the one"),
            (&[grid, ("SYNMON_ENGINE", "cdp")], "unset it, or set SYNMON_CDP_URL"),
            (&[chrome, ("SYNMON_ENGINE", "webdriver")], "unset it, or set SYNMON_WEBDRIVER_URL"),
        ] {
            let message = source(settings).unwrap_err();
            assert!(message.contains(words), "{message}");
        }
    }

    #[cfg(feature = "fantoccini")]
    #[test]
    fn fantoccini_is_chosen_for_browsers_here_and_for_plain_endpoints() {
        let engine = ("SYNMON_ENGINE", "fantoccini");
        let Ok(BrowserSource::Local { engine: local, .. }) = source(&[engine]) else { panic!() };
        assert_eq!(local, LocalEngine::WebDriver(WebDriverClient::Fantoccini));
        let grid = [engine, ("SYNMON_WEBDRIVER_URL", "http://grid:4444")];
        let Ok(BrowserSource::WebDriver(_, client)) = source(&grid) else { panic!() };
        assert_eq!(client, WebDriverClient::Fantoccini);
        let tls = source(&[engine, ("SYNMON_WEBDRIVER_URL", "https://grid")]).unwrap_err();
        assert!(tls.contains("does not speak https"), "{tls}");
    }

    #[cfg(not(feature = "fantoccini"))]
    #[test]
    fn a_build_without_fantoccini_says_how_to_get_it() {
        let message = source(&[("SYNMON_ENGINE", "fantoccini")]).unwrap_err();
        assert!(message.contains("--features fantoccini"), "{message}");
    }

    #[test]
    fn a_wrong_setting_about_browsers_is_named_and_its_value_is_not_told() {
        for (name, value) in [
            ("SYNMON_ENGINE", "canary"),
            ("SYNMON_CDP_URL", "http://canary:9222"),
            ("SYNMON_CDP_URL", "canary"),
            ("SYNMON_WEBDRIVER_URL", "ws://canary:4444"),
            ("SYNMON_BROWSER_ISOLATION", "canary"),
            ("SYNMON_BROWSER_RECYCLE_RUNS", "0"),
            ("SYNMON_BROWSER_RECYCLE_RUNS", "canary"),
            ("SYNMON_BROWSER_RECYCLE_MINUTES", "0"),
            ("SYNMON_BROWSER_RECYCLE_MINUTES", "10081"),
        ] {
            let message = source(&[(name, value)]).unwrap_err();
            assert!(message.starts_with(name), "{message}");
            assert!(!message.contains("canary"), "{message}");
        }
        let shown =
            format!("{:?}", source(&[("SYNMON_CDP_URL", "wss://chrome/?token=canary")]).unwrap());
        assert!(!shown.contains("canary"), "{shown}");
    }
}
