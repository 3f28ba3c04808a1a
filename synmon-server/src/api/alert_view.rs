//! Whether a verdict is told, on the wire.

use poem_openapi::Object;
use synmon_core::{
    alert::{AlertDecision, AlertRule},
    run::{ErrorCode, Run},
    store::DeliveryRecord,
};
use uuid::Uuid;

use super::{channel_view::DeliveryView, instant::Instant};

/// Whether you are told of a run, and why.
#[derive(Object)]
#[oai(rename = "AlertDecision")]
pub(crate) struct AlertDecisionView {
    run_id: Uuid,
    /// Whether it is decided: not before the run has ended.
    decided: bool,
    /// The rule that decided; `pending` before that.
    rule: String,
    /// Why, in words.
    reason: String,
    /// What you are told: `failure`, `reminder` or `recovery`; null is nothing.
    alert: Option<String>,
    /// Whether it waits for a digest, because you were told so much of late.
    held: bool,
    /// How many verdicts in a row are failures, this one included.
    failures_in_row: u32,
    /// When the first of them was.
    failing_since: Option<Instant>,
    /// What went, or will go, out about this run: one for each channel. `channel_id` is null for your
    /// own e-mail address.
    deliveries: Vec<DeliveryView>,
}

impl AlertDecisionView {
    pub(crate) fn new(
        run: &Run,
        decision: Option<AlertDecision>,
        deliveries: Vec<DeliveryRecord>,
    ) -> Self {
        let deliveries = deliveries.into_iter().map(DeliveryView::from).collect();
        let run_id = run.id.uuid();
        let Some(decision) = decision else {
            let (rule, reason) = undecided(run);
            return Self {
                run_id,
                decided: run.status.is_terminal(),
                rule,
                reason,
                alert: None,
                held: false,
                failures_in_row: 0,
                failing_since: None,
                deliveries,
            };
        };
        Self {
            run_id,
            decided: true,
            rule: decision.rule.to_string(),
            reason: decision.reason,
            alert: decision.alert.map(|alert| alert.as_str().to_owned()),
            held: decision.held,
            failures_in_row: decision.failures_in_row,
            failing_since: decision.failing_since.map(Instant::from),
            deliveries,
        }
    }
}

/// The rule for a run that has no verdict: it goes on, or was never carried out.
fn undecided(run: &Run) -> (String, String) {
    if !run.status.is_terminal() {
        return ("pending".to_owned(), format!("the run is {}: it has no verdict yet", run.status));
    }
    match &run.error {
        Some(error) if error.code == ErrorCode::Maintenance => {
            (AlertRule::Maintenance.to_string(), error.message.clone())
        }
        Some(error) => {
            let reason = format!("the run says nothing of the site: {}", error.message);
            (AlertRule::NotAVerdict.to_string(), reason)
        }
        None => {
            let reason = format!("the run is {}: it says nothing of the site", run.status);
            (AlertRule::NotAVerdict.to_string(), reason)
        }
    }
}

/// What a rule means, for the document.
pub(super) fn meaning(rule: AlertRule) -> &'static str {
    match rule {
        AlertRule::NotAVerdict => {
            "Not told: the run says nothing of the site. It was cancelled or skipped, or broke \
             through no fault of the site."
        }
        AlertRule::SiteWorks => "Not told: the site works, and nobody was told otherwise.",
        AlertRule::Recovered => "Told as `recovery`: the site works again.",
        AlertRule::RecoveryNotWanted => {
            "Not told: the site works again, but the flow has `notify_recovery` off."
        }
        AlertRule::Maintenance => "Not told: the site is being worked on (`maintenance`).",
        AlertRule::BelowThreshold => {
            "Not told: it has not failed `alert_after` times in a row yet."
        }
        AlertRule::EveryFailure => {
            "Told as `failure`: with the policy `every_failure` each one is."
        }
        AlertRule::BeganToFail => {
            "Told as `failure`: with the policy `on_change` the first one is."
        }
        AlertRule::AlreadyTold => {
            "Not told: with the policy `on_change` it was told before that the site fails."
        }
        AlertRule::ReminderDue => {
            "Told as `reminder`: it still fails, `remind_minutes` after it was last told."
        }
    }
}

#[cfg(test)]
mod tests {
    use synmon_core::run::{RunError, RunStatus};
    use synmon_testkit::factory::{a_flow, a_slot_run, an_owner, noon};

    use super::*;

    fn rule_of(status: RunStatus, code: Option<ErrorCode>) -> (bool, String) {
        let run = a_slot_run(&a_flow(an_owner()), noon(), noon()).run;
        let error = code.map(|code| RunError { code, message: "why".to_owned(), step: None });
        let view = AlertDecisionView::new(&Run { status, error, ..run }, None, vec![]);
        assert!(!view.reason.is_empty() && view.alert.is_none() && !view.held);
        (view.decided, view.rule)
    }

    #[test]
    fn what_was_never_carried_out_has_a_rule_too() {
        for (status, code, decided, rule) in [
            (RunStatus::Queued, None, false, "pending"),
            (RunStatus::Running, None, false, "pending"),
            (RunStatus::Cancelled, Some(ErrorCode::Cancelled), true, "not_a_verdict"),
            (RunStatus::Cancelled, None, true, "not_a_verdict"),
            (RunStatus::Skipped, Some(ErrorCode::Overlap), true, "not_a_verdict"),
            (RunStatus::Skipped, Some(ErrorCode::Missed), true, "not_a_verdict"),
            (RunStatus::Skipped, Some(ErrorCode::Maintenance), true, "maintenance"),
            (RunStatus::Errored, Some(ErrorCode::WorkerLost), true, "not_a_verdict"),
        ] {
            assert_eq!(rule_of(status, code), (decided, rule.to_owned()), "{status} {code:?}");
        }
    }
}
