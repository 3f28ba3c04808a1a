//! What plug-ins are called.

use std::{fmt, str::FromStr};

/// What the files of plug-ins begin with.
const PREFIX: &str = "synmon-notify-";
/// The longest name.
const LONGEST: usize = 40;

/// The name of a plug-in: `chat` stands for the file `synmon-notify-chat`. There is nothing in it
/// that could lead out of a folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PluginName(String);

/// A text is no name of a plug-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name of a plug-in has 1 to {LONGEST} of the characters a-z, 0-9 and -")]
pub struct PluginNameError;

impl PluginName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The file that it stands for.
    pub(super) fn file_name(&self) -> String {
        format!("{PREFIX}{}", self.0)
    }

    /// The plug-in that a file is, if it is one.
    pub(super) fn of_file(file_name: &str) -> Option<Self> {
        file_name.strip_prefix(PREFIX)?.parse().ok()
    }
}

impl FromStr for PluginName {
    type Err = PluginNameError;

    fn from_str(text: &str) -> Result<Self, PluginNameError> {
        let fits = (1..=LONGEST).contains(&text.len())
            && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if fits { Ok(Self(text.to_owned())) } else { Err(PluginNameError) }
    }
}

impl fmt::Display for PluginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_leads_nowhere() {
        let longest = "x".repeat(LONGEST);
        for text in ["chat", "sms-2", "-", "7", longest.as_str()] {
            let name: PluginName = text.parse().unwrap();
            assert_eq!(PluginName::of_file(&name.file_name()), Some(name));
        }
        let longer = "x".repeat(LONGEST + 1);
        for text in [
            "",
            "../evil",
            "a/b",
            "a.b",
            "..",
            "Chat",
            "a b",
            "a\0",
            "chat\n",
            "ünicode",
            longer.as_str(),
        ] {
            assert_eq!(text.parse::<PluginName>(), Err(PluginNameError), "{text:?}");
        }
        for file in ["chat", "synmon-notify", "synmon-notify-", "synmon-notify-a.sh"] {
            assert_eq!(PluginName::of_file(file), None, "{file}");
        }
    }
}
