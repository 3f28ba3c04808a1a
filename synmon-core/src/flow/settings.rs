//! The choices that a flow makes.

use std::time::Duration;

/// The shortest time a run may be given.
pub const MIN_RUN_TIMEOUT: Duration = Duration::from_secs(1);
/// The longest time a run may be given.
pub const MAX_RUN_TIMEOUT: Duration = Duration::from_mins(5);
/// How far a flow's runs may be spread.
pub const MAX_SPREAD: Duration = Duration::from_mins(5);

/// A setting with a closed set of names: the names are the same on the wire and in stores.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident {
        $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant),+
        }

        impl $name {
            /// Every choice.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its name on the wire and in stores.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                Self::ALL.iter().copied().find(|choice| choice.as_str() == text).ok_or_else(|| {
                    let names: Vec<_> = Self::ALL.iter().map(|choice| choice.as_str()).collect();
                    format!("must be one of {}", names.join(", "))
                })
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use choice;

choice! {
    /// The browser that a flow runs in.
    BrowserKind {
        /// Chrome or Chromium.
        Chrome = "chrome",
        /// Firefox.
        Firefox = "firefox",
    }
}

choice! {
    /// What becomes of a dialog (`alert`, `confirm`, `prompt`) that the page opens. Its text is
    /// logged with the step in any case.
    DialogPolicy {
        /// It is closed as by its Cancel button, and the step goes on.
        Dismiss = "dismiss",
        /// It is closed as by its OK button, and the step goes on.
        Accept = "accept",
        /// The step fails.
        Fail = "fail",
    }
}
