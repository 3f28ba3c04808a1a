//! One flow whose verdict is known.

use std::time::Duration;

use serde_json::Value;
use synmon_core::{
    browser::Capability,
    flow::DialogPolicy,
    run::{ErrorCode, RunStatus, StepStatus},
};

use super::Trace;
use crate::Pages;

/// A flow, the site that it is about, and how it must come out.
///
/// In its steps and settings `$SITE` stands for the site's origin, `$ELSEWHERE` for that of the same
/// pages by another name, `$SECURE` for one whose certificate nobody has signed, and `$USED` for
/// the id of the flow that it uses.
#[derive(Clone, Debug)]
pub struct FlowCase {
    pub(super) pages: Pages,
    pub(super) start: &'static str,
    pub(super) steps: Value,
    pub(super) settings: Value,
    pub(super) used: Option<Value>,
    pub(super) dialogs: DialogPolicy,
    pub(super) run_timeout: Option<Duration>,
    pub(super) needs: &'static [Capability],
    expected: Expected,
}

#[derive(Clone, Debug, Default)]
struct Expected {
    /// How each log ends, from the opening on: `P`, `F` or `S`. Empty: all pass.
    statuses: &'static str,
    error: Option<(ErrorCode, u32)>,
    /// Which candidate found the element, from 1 on, by the number of the step.
    healed: Vec<(u32, usize)>,
    dialogs: Vec<(u32, &'static str)>,
    /// The steps of which there is no picture though they were tried.
    unpictured: Vec<u32>,
}

impl FlowCase {
    /// A flow on these pages that begins at `/`, and passes if nothing else is said.
    pub fn on(pages: Pages, steps: Value) -> Self {
        Self {
            pages,
            start: "/",
            steps,
            settings: Value::Object(serde_json::Map::new()),
            used: None,
            dialogs: DialogPolicy::Dismiss,
            run_timeout: None,
            needs: &[],
            expected: Expected::default(),
        }
    }

    /// It begins there.
    #[must_use]
    pub fn starting_at(self, start: &'static str) -> Self {
        Self { start, ..self }
    }

    /// It has these settings.
    #[must_use]
    pub fn with(self, settings: Value) -> Self {
        Self { settings, ..self }
    }

    /// It uses a flow with these steps.
    #[must_use]
    pub fn using(self, steps: Value) -> Self {
        Self { used: Some(steps), ..self }
    }

    /// It deals with dialogs so.
    #[must_use]
    pub fn dialogs(self, dialogs: DialogPolicy) -> Self {
        Self { dialogs, ..self }
    }

    /// It may take no longer in all.
    #[must_use]
    pub fn within(self, limit: Duration) -> Self {
        Self { run_timeout: Some(limit), ..self }
    }

    /// It needs a browser that can do this.
    #[must_use]
    pub fn needs(self, needs: &'static [Capability]) -> Self {
        Self { needs, ..self }
    }

    /// It fails in this step for this reason; the logs end so, from the opening on.
    #[must_use]
    pub fn fails(mut self, step: u32, code: ErrorCode, statuses: &'static str) -> Self {
        self.expected.error = Some((code, step));
        self.expected.statuses = statuses;
        self
    }

    /// It finds the element of this step by its second, third … candidate.
    #[must_use]
    pub fn heals(mut self, step: u32, candidate: usize) -> Self {
        self.expected.healed.push((step, candidate));
        self
    }

    /// The page opens a dialog in this step.
    #[must_use]
    pub fn says(mut self, step: u32, text: &'static str) -> Self {
        self.expected.dialogs.push((step, text));
        self
    }

    /// There is no picture of these steps.
    #[must_use]
    pub fn without_pictures(mut self, steps: &[u32]) -> Self {
        self.expected.unpictured = steps.to_vec();
        self
    }

    /// Proves that it came out as it must.
    pub fn assert_right(&self, browser: &str, trace: &Trace) {
        let Expected { statuses, error, healed, dialogs, unpictured } = &self.expected;
        let status = if error.is_some() { RunStatus::Failed } else { RunStatus::Passed };
        let context = || format!("in {browser}: {trace:#?}");
        assert_eq!(
            (trace.status, trace.error),
            (status, error.map(|(code, step)| (code, Some(step)))),
            "{}",
            context()
        );
        let letters: String = trace.logs.iter().map(|log| letter(log.status)).collect();
        let wanted =
            if statuses.is_empty() { "P".repeat(letters.len()) } else { (*statuses).to_owned() };
        assert_eq!(letters, wanted, "{}", context());
        let found: Vec<_> =
            trace.logs.iter().filter_map(|log| Some((log.number, log.healed?))).collect();
        assert_eq!(&found, healed, "{}", context());
        let told: Vec<_> = trace
            .logs
            .iter()
            .flat_map(|log| log.dialogs.iter().map(|text| (log.number, text.as_str())))
            .collect();
        assert_eq!(&told, dialogs, "{}", context());
        let bare: Vec<_> = trace
            .logs
            .iter()
            .filter(|log| log.status != StepStatus::Skipped && !log.picture)
            .map(|log| log.number)
            .collect();
        assert_eq!(&bare, unpictured, "without a picture; {}", context());
        let skipped = trace.logs.iter().filter(|log| log.status == StepStatus::Skipped);
        assert!(skipped.clone().all(|log| !log.picture), "{}", context());
    }
}

fn letter(status: StepStatus) -> char {
    match status {
        StepStatus::Passed => 'P',
        StepStatus::Failed => 'F',
        StepStatus::Skipped => 'S',
    }
}
