//! The decision.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Alert, AlertPolicy, AlertSettings, SiteHealth};
use crate::{Timestamp, flow::choice, run::RunStatus};

/// How much too early a reminder may be: runs do not all take the same time, and one that was a
/// little quicker than the one that was told must not put the reminder off to the run after it.
const REMINDER_SLACK: Duration = Duration::from_secs(30);

choice! {
    /// The rule by which a verdict was told, or was not.
    AlertRule {
        /// The run says nothing of the site: it was stopped, or broke through no fault of it.
        NotAVerdict = "not_a_verdict",
        /// The site works, and nobody was told otherwise.
        SiteWorks = "site_works",
        /// The site works again.
        Recovered = "recovered",
        /// The site works again, but the flow does not want that told.
        RecoveryNotWanted = "recovery_not_wanted",
        /// The site is being worked on.
        Maintenance = "maintenance",
        /// It has not failed often enough in a row yet.
        BelowThreshold = "below_threshold",
        /// Every failure is told.
        EveryFailure = "every_failure",
        /// It has begun to fail.
        BeganToFail = "began_to_fail",
        /// It still fails, which was told already.
        AlreadyTold = "already_told",
        /// It still fails, and it is time to say so again.
        ReminderDue = "reminder_due",
    }
}

/// What is known of a flow's site, from one verdict to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlertState {
    /// What the last verdict on it was.
    pub health: SiteHealth,
    /// How many verdicts in a row were failures; those in maintenance windows do not count.
    pub failures_in_row: u32,
    /// When the first of them was.
    pub failing_since: Option<Timestamp>,
    /// When its owner was last told that it fails; none if not since it last worked.
    pub told_at: Option<Timestamp>,
}

impl Default for AlertState {
    fn default() -> Self {
        Self { health: SiteHealth::Unknown, failures_in_row: 0, failing_since: None, told_at: None }
    }
}

/// Whether a verdict is told, by which rule, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertDecision {
    /// The name of the [`AlertRule`].
    #[serde(with = "rule_name")]
    pub rule: AlertRule,
    /// What it is told as; none if it is not.
    pub alert: Option<Alert>,
    /// Why, in words.
    pub reason: String,
    /// How many verdicts in a row are failures, this one included.
    pub failures_in_row: u32,
    /// When the first of them was.
    pub failing_since: Option<Timestamp>,
    /// Whether it waits for a digest, because its owner was told so much of late.
    #[serde(default)]
    pub held: bool,
}

/// Decides whether the owner of a flow is told of a verdict, and what is known of the site then.
/// What is our doing never tells that a site is down, and changes nothing.
#[must_use]
pub fn decide(
    settings: &AlertSettings,
    before: &AlertState,
    verdict: RunStatus,
    (began, ended): (Timestamp, Timestamp),
) -> (AlertDecision, AlertState) {
    match verdict {
        RunStatus::Passed => passed(settings, before),
        RunStatus::Failed => failed(settings, before, began, ended),
        _ => {
            let reason = "the run says nothing of the site".to_owned();
            told(AlertRule::NotAVerdict, None, reason, *before)
        }
    }
}

fn passed(settings: &AlertSettings, before: &AlertState) -> (AlertDecision, AlertState) {
    let after = AlertState { health: SiteHealth::Passing, ..AlertState::default() };
    let (rule, alert, reason) = match before.told_at {
        None => (AlertRule::SiteWorks, None, "the site works".to_owned()),
        Some(at) if settings.tells_recovery() => {
            let reason = format!("the site works again; that it fails was told at {at}");
            (AlertRule::Recovered, Some(Alert::Recovery), reason)
        }
        Some(_) => {
            let reason = "the site works again, and the flow does not want that told".to_owned();
            (AlertRule::RecoveryNotWanted, None, reason)
        }
    };
    told(rule, alert, reason, after)
}

fn failed(
    settings: &AlertSettings,
    before: &AlertState,
    began: Timestamp,
    ended: Timestamp,
) -> (AlertDecision, AlertState) {
    let window = settings.maintenance_at(ended).or_else(|| settings.maintenance_at(began));
    if let Some(end) = window {
        let reason = format!("the site is being worked on until {end}");
        return told(AlertRule::Maintenance, None, reason, *before);
    }
    let count = before.failures_in_row.saturating_add(1);
    let mut after = AlertState {
        health: SiteHealth::Failing,
        failures_in_row: count,
        failing_since: before.failing_since.or(Some(ended)),
        told_at: before.told_at,
    };
    if count < settings.after {
        let reason =
            format!("failure {count} in a row; it is told from {} in a row on", settings.after);
        return told(AlertRule::BelowThreshold, None, reason, after);
    }
    let (rule, alert, reason) = match (settings.policy, before.told_at) {
        (AlertPolicy::EveryFailure, _) => {
            (AlertRule::EveryFailure, Some(Alert::Failure), "every failure is told".to_owned())
        }
        (AlertPolicy::OnChange, None) => {
            let reason = format!("the site has begun to fail ({count} in a row)");
            (AlertRule::BeganToFail, Some(Alert::Failure), reason)
        }
        (AlertPolicy::OnChange, Some(at)) => match settings.remind_every {
            Some(every) if ended.since(at) + REMINDER_SLACK >= every => {
                let reason = format!("the site still fails, which was last told at {at}");
                (AlertRule::ReminderDue, Some(Alert::Reminder), reason)
            }
            _ => {
                let reason = format!("the site still fails, which was told at {at}");
                (AlertRule::AlreadyTold, None, reason)
            }
        },
    };
    if alert.is_some() {
        after.told_at = Some(ended);
    }
    told(rule, alert, reason, after)
}

fn told(
    rule: AlertRule,
    alert: Option<Alert>,
    reason: String,
    after: AlertState,
) -> (AlertDecision, AlertState) {
    let decision = AlertDecision {
        rule,
        alert,
        reason,
        failures_in_row: after.failures_in_row,
        failing_since: after.failing_since,
        held: false,
    };
    (decision, after)
}

mod rule_name {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use super::AlertRule;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
    pub(super) fn serialize<S: Serializer>(rule: &AlertRule, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(rule.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<AlertRule, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::alert::MaintenanceWindow;

    const MINUTE: Duration = Duration::from_mins(1);

    fn minute(number: u64) -> Timestamp {
        Timestamp::from_micros(1_767_614_400_000_000) + MINUTE * u32::try_from(number).unwrap()
    }

    /// What a run of each minute is told by, from a site that has never been watched on:
    /// `.` passes, `x` fails, `e` is our doing.
    fn rules(settings: &AlertSettings, verdicts: &str) -> Vec<(AlertRule, Option<Alert>)> {
        let mut state = AlertState::default();
        let mut rules = Vec::new();
        for (index, verdict) in verdicts.chars().enumerate() {
            let status = match verdict {
                '.' => RunStatus::Passed,
                'x' => RunStatus::Failed,
                _ => RunStatus::Errored,
            };
            let at = minute(u64::try_from(index).unwrap());
            let (decision, after) = decide(settings, &state, status, (at, at));
            assert!(!decision.reason.is_empty());
            state = after;
            rules.push((decision.rule, decision.alert));
        }
        rules
    }

    /// The same as letters: `F`ailure, `M` for reminder, `R`ecovery, `-` nothing.
    fn told(settings: &AlertSettings, verdicts: &str) -> String {
        let letter = |(_, alert)| match alert {
            Some(Alert::Failure) => 'F',
            Some(Alert::Reminder) => 'M',
            Some(Alert::Recovery) => 'R',
            None => '-',
        };
        rules(settings, verdicts).into_iter().map(letter).collect()
    }

    fn every() -> AlertSettings {
        AlertSettings::default()
    }

    fn on_change() -> AlertSettings {
        AlertSettings { policy: AlertPolicy::OnChange, ..AlertSettings::default() }
    }

    #[test]
    fn the_policy_is_this_table() {
        let maintenance = vec![MaintenanceWindow::Once { from: minute(2), to: minute(5) }];
        let table = [
            ("every failure", every(), "xx.x.", "FF-F-"),
            (
                "every failure, and recovery",
                AlertSettings { recovery: Some(true), ..every() },
                "xx.x.",
                "FFRFR",
            ),
            (
                "every failure from the third on",
                AlertSettings { after: 3, ..every() },
                "xxxx.xxx",
                "--FF---F",
            ),
            ("changes", on_change(), "xx..x.", "F-R-FR"),
            (
                "changes without recovery",
                AlertSettings { recovery: Some(false), ..on_change() },
                "xx..x.",
                "F---F-",
            ),
            (
                "changes from the second on",
                AlertSettings { after: 2, ..on_change() },
                "x.xxx.x.",
                "---F-R--",
            ),
            (
                "reminders",
                AlertSettings { remind_every: Some(MINUTE * 3), ..on_change() },
                "xxxxxxx.x",
                "F--M--MRF",
            ),
            (
                "reminders after a threshold",
                AlertSettings { after: 2, remind_every: Some(MINUTE * 2), ..on_change() },
                "xxxxxx",
                "-F-M-M",
            ),
            ("our doing changes nothing", on_change(), "xexe.e", "F---R-"),
            (
                "our doing does not break a row",
                AlertSettings { after: 2, ..every() },
                "xexe",
                "--F-",
            ),
            // Minutes 2 to 4 are maintenance.
            (
                "maintenance, every failure",
                AlertSettings { maintenance: maintenance.clone(), ..every() },
                ".xxxxxx",
                "-F---FF",
            ),
            (
                "a site that still fails after maintenance",
                AlertSettings { maintenance: maintenance.clone(), ..on_change() },
                "..xxxxx",
                "-----F-",
            ),
            (
                "a site that failed before maintenance",
                AlertSettings { maintenance: maintenance.clone(), ..on_change() },
                "xxxxxxx",
                "F------",
            ),
            (
                "failures in maintenance do not count",
                AlertSettings { after: 2, maintenance: maintenance.clone(), ..on_change() },
                "..xxxxx",
                "------F",
            ),
            (
                "good news in maintenance is told",
                AlertSettings { maintenance, ..on_change() },
                "xx.xxxx",
                "F-R--F-",
            ),
        ];
        for (name, settings, verdicts, expected) in table {
            assert_eq!(told(&settings, verdicts), expected, "{name}: {verdicts}");
        }
    }

    #[test]
    fn the_rule_is_named() {
        use AlertRule::{
            AlreadyTold, BeganToFail, BelowThreshold, NotAVerdict, Recovered, ReminderDue,
            SiteWorks,
        };
        let settings = AlertSettings { after: 2, remind_every: Some(MINUTE * 2), ..on_change() };
        let named: Vec<_> = rules(&settings, ".xxxxe.").into_iter().map(|(rule, _)| rule).collect();
        assert_eq!(
            named,
            [
                SiteWorks,
                BelowThreshold,
                BeganToFail,
                AlreadyTold,
                ReminderDue,
                NotAVerdict,
                Recovered
            ]
        );
    }

    #[test]
    fn a_run_that_is_a_little_quicker_does_not_put_the_reminder_off() {
        let settings = AlertSettings { remind_every: Some(MINUTE * 60), ..on_change() };
        let told_at = minute(0) + Duration::from_secs(40);
        let before = AlertState { told_at: Some(told_at), ..AlertState::default() };
        let rule = |ended: Timestamp| {
            decide(&settings, &before, RunStatus::Failed, (minute(60), ended)).0.rule
        };
        assert_eq!(rule(minute(60) + Duration::from_secs(10)), AlertRule::ReminderDue);
        assert_eq!(rule(minute(60) + Duration::from_secs(9)), AlertRule::AlreadyTold);
    }

    #[test]
    fn a_run_that_began_in_a_window_is_of_the_window() {
        let maintenance = vec![MaintenanceWindow::Once { from: minute(0), to: minute(5) }];
        let settings = AlertSettings { maintenance, ..every() };
        let decide = |began, ended| {
            let state = AlertState::default();
            decide(&settings, &state, RunStatus::Failed, (minute(began), minute(ended))).0.rule
        };
        assert_eq!(decide(4, 6), AlertRule::Maintenance);
        assert_eq!(decide(5, 6), AlertRule::EveryFailure);
    }

    proptest! {
        /// Whatever the settings: what is told fits what is so, and nothing of ours is told.
        #[test]
        fn what_is_told_is_true(
            verdicts in "[.xe]{0,40}",
            on_changes in any::<bool>(),
            after in 1_u32..5,
            recovery in any::<Option<bool>>(),
            remind in prop::option::of(1_u32..6),
        ) {
            let settings = AlertSettings {
                policy: if on_changes { AlertPolicy::OnChange } else { AlertPolicy::EveryFailure },
                after,
                recovery,
                remind_every: remind.map(|minutes| MINUTE * minutes),
                ..AlertSettings::default()
            };
            let mut told_failing = false;
            for (verdict, (_, alert)) in verdicts.chars().zip(rules(&settings, &verdicts)) {
                match alert {
                    Some(Alert::Failure) => {
                        prop_assert_eq!(verdict, 'x');
                        prop_assert!(!on_changes || !told_failing);
                        told_failing = true;
                    }
                    Some(Alert::Reminder) => prop_assert!(verdict == 'x' && told_failing),
                    Some(Alert::Recovery) => {
                        prop_assert!(verdict == '.' && told_failing);
                        told_failing = false;
                    }
                    None if verdict == '.' => told_failing = false,
                    None => {}
                }
            }
        }
    }
}
