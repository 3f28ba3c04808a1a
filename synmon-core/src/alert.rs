//! Whether a verdict is told, and as what.

use serde::{Deserialize, Serialize};

use crate::{
    flow::{AlertPolicy, choice},
    run::RunStatus,
};

choice! {
    /// What the last verdict on a flow's site was.
    SiteHealth {
        /// There was none yet.
        Unknown = "unknown",
        /// The last run that found out has passed.
        Passing = "passing",
        /// The last run that found out has failed.
        Failing = "failing",
    }
}

/// What a verdict is told as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alert {
    /// The site does not work.
    Failure,
    /// The site works again.
    Recovery,
}

/// What a verdict says of the site: only `passed` and `failed` say anything.
#[must_use]
pub fn health_after(before: SiteHealth, verdict: RunStatus) -> SiteHealth {
    match verdict {
        RunStatus::Passed => SiteHealth::Passing,
        RunStatus::Failed => SiteHealth::Failing,
        _ => before,
    }
}

/// Whether the owner is told of a verdict. What is our doing never tells that a site is down.
#[must_use]
pub fn alert(policy: AlertPolicy, before: SiteHealth, verdict: RunStatus) -> Option<Alert> {
    match (policy, before, verdict) {
        (AlertPolicy::EveryFailure, _, RunStatus::Failed)
        | (AlertPolicy::OnChange, SiteHealth::Unknown | SiteHealth::Passing, RunStatus::Failed) => {
            Some(Alert::Failure)
        }
        (AlertPolicy::OnChange, SiteHealth::Failing, RunStatus::Passed) => Some(Alert::Recovery),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_is_this_table() {
        use Alert::{Failure, Recovery};
        use AlertPolicy::{EveryFailure, OnChange};
        use RunStatus::{Cancelled, Errored, Failed, Passed};
        use SiteHealth::{Failing, Passing, Unknown};
        for (policy, before, verdict, expected) in [
            (EveryFailure, Unknown, Failed, Some(Failure)),
            (EveryFailure, Passing, Failed, Some(Failure)),
            (EveryFailure, Failing, Failed, Some(Failure)),
            (EveryFailure, Failing, Passed, None),
            (OnChange, Unknown, Failed, Some(Failure)),
            (OnChange, Passing, Failed, Some(Failure)),
            (OnChange, Failing, Failed, None),
            (OnChange, Failing, Passed, Some(Recovery)),
            (OnChange, Passing, Passed, None),
            (OnChange, Unknown, Passed, None),
        ] {
            assert_eq!(alert(policy, before, verdict), expected, "{policy} {before} {verdict}");
        }
        for &policy in AlertPolicy::ALL {
            for &before in SiteHealth::ALL {
                for ours in [Errored, Cancelled, RunStatus::Skipped] {
                    assert_eq!(alert(policy, before, ours), None, "{policy} {before} {ours}");
                    assert_eq!(health_after(before, ours), before);
                }
            }
        }
    }
}
