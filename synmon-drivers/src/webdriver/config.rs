//! Where browsers are that are not on this machine.

use url::Url;

/// A Selenium Grid or any other `WebDriver` endpoint.
#[derive(Clone, Debug)]
pub struct Remote {
    /// Its address; it may hold a user and a password.
    pub url: Url,
    /// The proxy that all traffic goes through, as the browser's machine sees it.
    pub proxy: Option<String>,
    /// The browser's further arguments (Chrome only). They come from the operator, never from a
    /// flow.
    pub extra_args: Vec<String>,
}

impl Remote {
    /// An endpoint without a proxy.
    #[must_use]
    pub fn new(url: Url) -> Self {
        Self { url, proxy: None, extra_args: Vec::new() }
    }

    /// The endpoint's base, which paths are joined to.
    pub(super) fn base(&self) -> Url {
        let mut url = self.url.clone();
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        url
    }

    /// The address of one of its resources.
    pub(super) fn address(&self, path: &str) -> String {
        format!("{}{path}", self.base())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_below_a_path_keeps_it() {
        let remote = Remote::new(Url::parse("http://grid.example:4444/wd/hub").unwrap());
        assert_eq!(remote.address("status"), "http://grid.example:4444/wd/hub/status");
    }
}
