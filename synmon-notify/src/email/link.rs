//! Links, all below the public url of the settings.

use secrecy::{ExposeSecret, SecretString};
use synmon_core::{ChannelId, RunId};
use url::Url;

use super::errors::EmailSetupError;

/// Makes links.
#[derive(Clone, Debug)]
pub(super) struct Links {
    base: Url,
}

impl Links {
    /// Links below `base`, which may have a path.
    pub(super) fn below(mut base: Url) -> Result<Self, EmailSetupError> {
        if !matches!(base.scheme(), "http" | "https") || !base.has_host() {
            return Err(EmailSetupError::PublicUrl);
        }
        base.set_query(None);
        base.set_fragment(None);
        Ok(Self { base })
    }

    /// Where everything begins.
    pub(super) fn home(&self) -> String {
        self.base.to_string()
    }

    /// The host, for ids of mails.
    pub(super) fn host(&self) -> &str {
        self.base.host_str().unwrap_or("localhost")
    }

    /// The page of a run.
    pub(super) fn run(&self, run: RunId) -> String {
        self.page("runs", Some(&run.to_string())).to_string()
    }

    /// A channel in the API.
    pub(super) fn channel(&self, channel: ChannelId) -> String {
        let mut url = self.page("api", Some("v1"));
        if let Ok(mut path) = url.path_segments_mut() {
            path.push("channels").push(&channel.to_string());
        }
        url.to_string()
    }

    /// The documentation of the API.
    pub(super) fn docs(&self) -> String {
        self.page("docs", None).to_string()
    }

    /// The page that confirms an address.
    pub(super) fn confirm(&self, token: &SecretString) -> String {
        self.with_token("confirm", token)
    }

    /// The page that confirms a channel's address.
    pub(super) fn confirm_channel(&self, token: &SecretString) -> String {
        self.with_token("confirm-channel", token)
    }

    /// The page that sets a new password.
    pub(super) fn reset_password(&self, token: &SecretString) -> String {
        self.with_token("reset-password", token)
    }

    fn with_token(&self, page: &str, token: &SecretString) -> String {
        let mut url = self.page(page, None);
        url.query_pairs_mut().append_pair("token", token.expose_secret());
        url.to_string()
    }

    fn page(&self, name: &str, id: Option<&str>) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(name).extend(id);
        }
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(base: &str) -> Links {
        Links::below(base.parse().expect("a url")).expect("links")
    }

    #[test]
    fn links_are_below_the_public_url() {
        let run: RunId = "01890a5d-ac96-774b-bcce-b302099a8057".parse().expect("an id");
        for base in ["https://mon.example/synmon", "https://mon.example/synmon/?a=b#c"] {
            let link = links(base).run(run);
            assert_eq!(link, format!("https://mon.example/synmon/runs/{run}"));
        }
        let id = run.to_string();
        let channel = links("http://mon.example/").channel(id.parse().expect("an id"));
        assert_eq!(channel, format!("http://mon.example/api/v1/channels/{id}"));
        assert_eq!(links("http://mon.example/a").docs(), "http://mon.example/a/docs");
        let confirm = links("http://127.0.0.1:8080").confirm(&"a+b&c=d".to_owned().into());
        assert_eq!(confirm, "http://127.0.0.1:8080/confirm?token=a%2Bb%26c%3Dd");
        let channel = links("http://127.0.0.1:8080").confirm_channel(&"abc".to_owned().into());
        assert_eq!(channel, "http://127.0.0.1:8080/confirm-channel?token=abc");
    }

    #[test]
    fn only_web_addresses_have_links() {
        for base in ["javascript:alert(1)", "ftp://example.com", "data:text/html,x"] {
            assert!(Links::below(base.parse().expect("a url")).is_err(), "{base}");
        }
    }
}
