//! Links.

use synmon_core::RunId;
use url::Url;

/// Links can't be made from the public url.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the public url must begin with http:// or https://, and name a host")]
pub struct PublicUrlError;

/// Where the pages of runs are.
#[derive(Clone, Debug)]
pub(crate) struct RunPages {
    base: Url,
}

impl RunPages {
    /// The pages below `base`, which may have a path.
    pub(crate) fn below(mut base: Url) -> Result<Self, PublicUrlError> {
        if !matches!(base.scheme(), "http" | "https") || !base.has_host() {
            return Err(PublicUrlError);
        }
        base.set_query(None);
        base.set_fragment(None);
        Ok(Self { base })
    }

    pub(super) fn of(&self, run: RunId) -> String {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push("runs").push(&run.to_string());
        }
        url.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(base: &str) -> Result<RunPages, PublicUrlError> {
        RunPages::below(base.parse().unwrap())
    }

    #[test]
    fn pages_are_below_the_public_url() {
        let run: RunId = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        for (base, expected) in [
            ("http://localhost:8080", "http://localhost:8080/runs/"),
            ("https://mon.example/a", "https://mon.example/a/runs/"),
            ("https://mon.example/a/?b=c#d", "https://mon.example/a/runs/"),
        ] {
            let page = pages(base).unwrap().of(run);
            assert_eq!(page, format!("{expected}{run}"));
        }
        for base in ["javascript:alert(1)", "ftp://mon.example", "data:text/html,x"] {
            assert_eq!(pages(base).unwrap_err(), PublicUrlError, "{base}");
        }
    }
}
