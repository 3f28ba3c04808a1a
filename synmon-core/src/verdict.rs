//! The verdict: the most important function there is.
//!
//! **Rule:** success is proved, never assumed. A run has passed if, and only if, nothing broke,
//! nobody stopped it, and every one of its steps is on record as passed.

use crate::{
    browser::{BrowserError, Health},
    run::{ErrorCode, RunError, RunStatus, StepError, StepLog, StepStatus},
};

/// How the carrying out of a run ended, apart from what its steps say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The steps were tried until one that stops the run failed, or none was left.
    Completed,
    /// The owner stopped it.
    Cancelled,
    /// Something of ours broke; `at` is the step that it broke in.
    Broken {
        /// The kind of breakage; a code whose fault is ours.
        code: ErrorCode,
        /// What happened, in words.
        message: String,
        /// The step, if it was in one.
        at: Option<u32>,
    },
}

/// How a run ended, and why if it did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// `passed`, `failed`, `errored` or `cancelled`.
    pub status: RunStatus,
    /// None if, and only if, it passed.
    pub error: Option<RunError>,
}

/// The verdict on a run whose last step has the number `last`, from what its steps did.
#[must_use]
pub fn verdict(last: u32, logs: &[StepLog], ending: &Ending) -> Verdict {
    match ending {
        Ending::Cancelled => stopped(ErrorCode::Cancelled, "the run was cancelled", None),
        Ending::Broken { code, message, at } => stopped(*code, message, *at),
        Ending::Completed => match logs.iter().find(|log| log.status == StepStatus::Failed) {
            Some(log) => failed(log),
            None if (0..=last).all(|number| is_proved(number, logs)) => {
                Verdict { status: RunStatus::Passed, error: None }
            }
            None => stopped(ErrorCode::Internal, "not every step is on record as passed", None),
        },
    }
}

/// Decides whose doing a failed call to the browser is, after the browser was asked whether it is
/// still there. `None` is what the page did; the caller knows the words for that.
#[must_use]
pub fn breakage(error: Option<&BrowserError>, health: &Health) -> Option<(ErrorCode, String)> {
    match (error, health) {
        (_, Health::BrowserCrashed { why }) => Some((ErrorCode::BrowserCrashed, why.clone())),
        (_, Health::Lost { why }) => Some((ErrorCode::SessionLost, why.clone())),
        (Some(error @ BrowserError::Unavailable(_)), _) => {
            Some((ErrorCode::BrowserUnavailable, error.to_string()))
        }
        (Some(error @ BrowserError::Crashed(_)), _) => {
            Some((ErrorCode::BrowserCrashed, error.to_string()))
        }
        (Some(error @ BrowserError::SessionLost(_)), _) => {
            Some((ErrorCode::SessionLost, error.to_string()))
        }
        (Some(error @ BrowserError::Unsupported(_)), _) => {
            Some((ErrorCode::Unsupported, error.to_string()))
        }
        (Some(error @ BrowserError::Unexpected(_)), Health::Alive) => {
            Some((ErrorCode::Internal, error.to_string()))
        }
        _ => None,
    }
}

/// What the end of a page's process says of the page.
#[must_use]
pub fn page_crashed(why: &str) -> StepError {
    StepError::new(ErrorCode::PageCrashed, format!("the page crashed in the browser: {why}"))
}

/// What a failed call to a living browser says of the page.
#[must_use]
pub fn site_failure(error: &BrowserError, health: &Health) -> StepError {
    if let Health::PageCrashed { why } = health {
        return page_crashed(why);
    }
    let code = match error {
        BrowserError::SelectorInvalid(_) => ErrorCode::SelectorInvalid,
        BrowserError::Navigation(reason) => navigation_code(reason),
        BrowserError::Blocked(_) => ErrorCode::BlockedAddress,
        BrowserError::Dialogs(_) => ErrorCode::ScriptDialog,
        BrowserError::PageCrashed(_) => ErrorCode::PageCrashed,
        BrowserError::Timeout(_) => ErrorCode::Timeout,
        // `breakage` has taken these; they are named so that a new kind can't be forgotten here.
        BrowserError::Unavailable(_)
        | BrowserError::Crashed(_)
        | BrowserError::SessionLost(_)
        | BrowserError::Unsupported(_)
        | BrowserError::Unexpected(_) => ErrorCode::NavigationFailed,
    };
    StepError::new(code, error.to_string())
}

/// The code for a browser's own reason for not loading a page, such as Chromium's
/// `net::ERR_CERT_DATE_INVALID` or Firefox's `about:neterror?e=dnsNotFound`.
pub(crate) fn navigation_code(reason: &str) -> ErrorCode {
    let says = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    if says(&["ERR_NAME_NOT_RESOLVED", "ERR_NAME_RESOLUTION_FAILED", "ERR_DNS_", "dnsNotFound"]) {
        ErrorCode::Dns
    } else if says(&["ERR_CERT_", "ERR_SSL_", "ERR_BAD_SSL_", "SEC_ERROR", "insecure certificate"])
    {
        ErrorCode::Tls
    } else if says(&["ERR_TIMED_OUT", "ERR_CONNECTION_TIMED_OUT", "netTimeout"]) {
        ErrorCode::Timeout
    } else {
        ErrorCode::NavigationFailed
    }
}

fn is_proved(number: u32, logs: &[StepLog]) -> bool {
    logs.iter().any(|log| log.number == number && log.status == StepStatus::Passed)
}

fn failed(log: &StepLog) -> Verdict {
    let (code, message) = match &log.error {
        Some(error) => (error.code, error.message.clone()),
        None => (ErrorCode::Internal, "the step failed without saying why".to_owned()),
    };
    Verdict {
        status: code.status(),
        error: Some(RunError { code, message, step: Some(log.number) }),
    }
}

fn stopped(code: ErrorCode, message: &str, step: Option<u32>) -> Verdict {
    Verdict {
        status: code.status(),
        error: Some(RunError { code, message: message.to_owned(), step }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn log(number: u32, status: StepStatus, code: Option<ErrorCode>) -> StepLog {
        StepLog {
            number,
            status,
            error: code.map(|code| StepError::new(code, "because")),
            ..StepLog::open("http://site.example/")
        }
    }

    fn any_status() -> impl Strategy<Value = StepStatus> {
        prop::sample::select(StepStatus::ALL.to_vec())
    }

    fn any_ending() -> impl Strategy<Value = Ending> {
        let ours = [ErrorCode::BrowserCrashed, ErrorCode::SessionLost, ErrorCode::Internal];
        prop_oneof![
            Just(Ending::Completed),
            Just(Ending::Cancelled),
            prop::sample::select(ours.to_vec()).prop_map(|code| Ending::Broken {
                code,
                message: "it broke".to_owned(),
                at: Some(1),
            }),
        ]
    }

    proptest! {
        #[test]
        fn only_a_complete_record_of_passed_steps_passes(
            last in 0_u32..6,
            statuses in prop::collection::vec((0_u32..7, any_status()), 0..9),
            ending in any_ending(),
        ) {
            let site = Some(ErrorCode::ElementNotFound);
            let logs: Vec<_> = statuses
                .iter()
                .map(|&(n, s)| log(n, s, site.filter(|_| s == StepStatus::Failed)))
                .collect();
            let verdict = verdict(last, &logs, &ending);
            let proved = ending == Ending::Completed
                && logs.iter().all(|log| log.status != StepStatus::Failed)
                && (0..=last).all(|n| logs.iter().any(|l| l.number == n && l.status == StepStatus::Passed));
            prop_assert_eq!(verdict.status == RunStatus::Passed, proved);
            prop_assert_eq!(verdict.error.is_none(), proved);
            if let Some(error) = &verdict.error {
                prop_assert!(!error.message.is_empty());
                prop_assert_eq!(error.code.status(), verdict.status);
            }
        }

        /// However the run went on after it: by steps that go on, or that clear up.
        #[test]
        fn a_step_that_failed_is_never_made_up_for(
            before in prop::collection::vec(any_status(), 0..4),
            after in prop::collection::vec(any_status(), 0..4),
        ) {
            let code = Some(ErrorCode::AssertionFailed);
            let statuses = before.iter().chain([&StepStatus::Failed]).chain(&after);
            let logs: Vec<_> = statuses
                .zip(0..)
                .map(|(&s, n)| log(n, s, code.filter(|_| s == StepStatus::Failed)))
                .collect();
            let last = logs.last().map_or(0, |log| log.number);
            let verdict = verdict(last, &logs, &Ending::Completed);
            prop_assert_eq!(verdict.status, RunStatus::Failed);
            let first = logs.iter().find(|log| log.status == StepStatus::Failed);
            prop_assert_eq!(verdict.error.and_then(|e| e.step), first.map(|log| log.number));
        }

        #[test]
        fn what_broke_on_our_side_never_blames_the_site(
            statuses in prop::collection::vec(any_status(), 0..6),
        ) {
            let logs: Vec<_> = statuses.iter().zip(0..).map(|(&s, n)| log(n, s, None)).collect();
            let broken = Ending::Broken {
                code: ErrorCode::SessionLost, message: "gone".to_owned(), at: None,
            };
            prop_assert_eq!(verdict(5, &logs, &broken).status, RunStatus::Errored);
        }
    }

    #[test]
    fn a_dead_browser_is_ours_whatever_the_call_said() {
        let errors = [
            None,
            Some(BrowserError::Timeout("x".to_owned())),
            Some(BrowserError::Navigation("net::ERR_FAILED".to_owned())),
            Some(BrowserError::PageCrashed("x".to_owned())),
        ];
        for error in &errors {
            let crashed = Health::BrowserCrashed { why: "signal 9".to_owned() };
            let lost = Health::Lost { why: "no answer".to_owned() };
            let code = |health| breakage(error.as_ref(), health).map(|(code, _)| code);
            assert_eq!(code(&crashed), Some(ErrorCode::BrowserCrashed));
            assert_eq!(code(&lost), Some(ErrorCode::SessionLost));
            assert_eq!(code(&Health::Alive), None);
            assert_eq!(code(&Health::PageCrashed { why: "signal 11".to_owned() }), None);
        }
    }

    #[test]
    fn what_the_browser_says_of_a_page_gets_its_code() {
        for (reason, code) in [
            ("net::ERR_NAME_NOT_RESOLVED", ErrorCode::Dns),
            ("net::ERR_CERT_DATE_INVALID", ErrorCode::Tls),
            ("net::ERR_SSL_PROTOCOL_ERROR", ErrorCode::Tls),
            ("net::ERR_CONNECTION_REFUSED", ErrorCode::NavigationFailed),
            ("net::ERR_TOO_MANY_REDIRECTS", ErrorCode::NavigationFailed),
            ("net::ERR_CONNECTION_TIMED_OUT", ErrorCode::Timeout),
        ] {
            let error = BrowserError::Navigation(reason.to_owned());
            assert_eq!(site_failure(&error, &Health::Alive).code, code, "{reason}");
        }
    }

    #[test]
    fn every_code_is_the_fault_of_exactly_one_side_and_has_a_meaning() {
        for &code in ErrorCode::ALL {
            assert!(!code.meaning().is_empty(), "{code}");
            assert_eq!(code.as_str().parse(), Ok(code));
            assert_ne!(code.status(), RunStatus::Passed, "{code}");
        }
    }
}
