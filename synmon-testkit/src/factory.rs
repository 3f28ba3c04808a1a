//! Things to test with, valid unless the test makes them otherwise.

use std::time::Duration;

use synmon_core::{
    FlowId, NoticeId, OwnerId, RunId, Timestamp,
    alert::Alert,
    flow::{
        AlertPolicy, BrowserKind, DEFAULT_RUN_TIMEOUT, DialogPolicy, Flow, FlowName, FlowSnapshot,
        FlowUrl,
    },
    notice::{AccountLetter, Letter, Notice, NoticeBody, RunNotice},
    run::{QueuedRun, Run, RunStatus, StepError, StepLog, StepStatus},
    schedule::Schedule,
    step::{RawStep, Step, parse_steps},
    store::{ClaimedRun, NewAccount, NewSession, NewToken, RunReport, TokenHash, TokenPurpose},
    verdict::Verdict,
};

/// Where the flows of these factories go.
pub const SITE: &str = "http://site.example/";

/// A moment, written as RFC 3339.
pub fn at(text: &str) -> Timestamp {
    chrono::DateTime::parse_from_rfc3339(text).unwrap().to_utc().into()
}

/// The moment at which most tests begin: 2026-01-05, a Monday, at noon.
pub fn noon() -> Timestamp {
    at("2026-01-05T12:00:00Z")
}

/// An owner that nobody has heard of yet.
pub fn an_owner() -> OwnerId {
    OwnerId::new(noon())
}

/// An inactive flow without steps, hourly, of this owner.
pub fn an_empty_flow(owner: OwnerId) -> Flow {
    Flow {
        id: FlowId::new(noon()),
        owner,
        name: FlowName::parse("a flow").unwrap(),
        url: FlowUrl::parse(SITE).unwrap(),
        browser: BrowserKind::Chrome,
        schedule: Schedule::parse("0 * * * *", "UTC").unwrap(),
        spread_limit: Duration::ZERO,
        active: false,
        alert_policy: AlertPolicy::EveryFailure,
        dialogs: DialogPolicy::Dismiss,
        run_timeout: DEFAULT_RUN_TIMEOUT,
        steps: Vec::new(),
        next_run_at: None,
        version: 1,
        created_at: noon(),
        updated_at: noon(),
    }
}

/// An inactive flow with one step, a click on `//a`.
pub fn a_flow(owner: OwnerId) -> Flow {
    Flow { steps: steps().click("//a").build(), ..an_empty_flow(owner) }
}

/// A flow that is active and due at `due`.
pub fn a_due_flow(owner: OwnerId, due: Timestamp) -> Flow {
    Flow { active: true, next_run_at: Some(due), ..a_flow(owner) }
}

/// The same flow by another name.
#[must_use]
pub fn named(flow: Flow, name: &str) -> Flow {
    Flow { name: FlowName::parse(name).unwrap(), ..flow }
}

/// An instant run of a flow, to be queued.
pub fn a_queued_run(flow: &Flow, now: Timestamp) -> QueuedRun {
    let snapshot = FlowSnapshot::from(flow);
    QueuedRun { run: Run::queued(flow.owner, flow.id, &snapshot, None, now), snapshot }
}

/// A run of one of a flow's slots, to be queued.
pub fn a_slot_run(flow: &Flow, slot: Timestamp, now: Timestamp) -> QueuedRun {
    let snapshot = FlowSnapshot::from(flow);
    QueuedRun { run: Run::queued(flow.owner, flow.id, &snapshot, Some(slot), now), snapshot }
}

/// The log of a step that has passed.
pub fn a_passed_log(number: u32) -> StepLog {
    StepLog {
        number,
        status: StepStatus::Passed,
        started_at: Some(noon()),
        duration: Some(Duration::from_micros(1_234_567)),
        ..StepLog::open(SITE)
    }
}

/// The log of a step that has failed.
pub fn a_failed_log(number: u32, error: StepError) -> StepLog {
    StepLog { status: StepStatus::Failed, error: Some(error), ..a_passed_log(number) }
}

/// What a worker reports of a run that ends with this verdict.
pub fn a_report(claim: &ClaimedRun, verdict: Verdict, now: Timestamp) -> RunReport {
    let alert = if verdict.status == RunStatus::Passed { Alert::Recovery } else { Alert::Failure };
    RunReport {
        attempt: claim.run.attempt,
        status: verdict.status,
        error: verdict.error,
        finished_at: now,
        duration: Duration::from_micros(2_000_001),
        browser_version: Some("fake 1.0".to_owned()),
        untried: Vec::new(),
        alert_policy: claim.snapshot.alert_policy,
        notice: a_run_notice(alert, claim.run.flow, claim.run.id),
    }
}

/// The notice of a run's verdict.
pub fn a_run_notice(alert: Alert, flow: FlowId, run: RunId) -> RunNotice {
    RunNotice {
        alert,
        flow,
        flow_name: "a flow".to_owned(),
        run,
        trigger: "manual".to_owned(),
        browser: "fake 1.0".to_owned(),
        flow_url: SITE.to_owned(),
        finished_at: noon(),
        failure: None,
    }
}

/// A letter to nobody in particular.
pub fn a_letter(now: Timestamp) -> Notice {
    let letter =
        AccountLetter { letter: Letter::Registration, email: "somebody@site.example".to_owned() };
    Notice {
        id: NoticeId::new(now),
        owner: None,
        created_at: now,
        body: NoticeBody::Account(letter),
    }
}

/// A registration with this address.
pub fn a_registration(email: &str) -> NewAccount {
    NewAccount {
        id: an_owner(),
        name: "Ada Lovelace".to_owned(),
        email: email.to_owned(),
        password_hash: "$argon2id$a".to_owned(),
        created_at: noon(),
    }
}

/// A token for a letter that is good for an hour from `now` on.
pub fn a_token(seed: u8, account: OwnerId, purpose: TokenPurpose, now: Timestamp) -> NewToken {
    NewToken {
        hash: TokenHash([seed; 32]),
        account,
        purpose,
        created_at: now,
        expires_at: now + Duration::from_hours(1),
    }
}

/// A log-in that lasts for a week from `now` on.
pub fn a_session(seed: u8, account: OwnerId, now: Timestamp) -> NewSession {
    NewSession {
        id: synmon_core::SessionId::new(now),
        account,
        refresh: TokenHash([seed; 32]),
        created_at: now,
        expires_at: now + Duration::from_hours(7 * 24),
    }
}

/// Begins a list of steps.
pub fn steps() -> Steps {
    Steps::default()
}

/// A list of steps that is being written.
#[derive(Clone, Debug, Default)]
pub struct Steps(Vec<RawStep>);

impl Steps {
    /// Then clicks.
    #[must_use]
    pub fn click(self, selector: &str) -> Self {
        self.step("click", Some(selector), None)
    }

    /// Then types.
    #[must_use]
    pub fn tapping(self, selector: &str, text: &str) -> Self {
        self.step("tapping", Some(selector), Some(text))
    }

    /// Then proves a text.
    #[must_use]
    pub fn assert_text(self, selector: &str, text: &str) -> Self {
        self.step("assert_text", Some(selector), Some(text))
    }

    /// Then opens another address.
    #[must_use]
    pub fn navigate(self, url: &str) -> Self {
        self.step("navigate", None, Some(url))
    }

    /// Then does what is named.
    #[must_use]
    pub fn step(mut self, action: &str, selector: Option<&str>, content: Option<&str>) -> Self {
        self.0.push(RawStep {
            number: i64::try_from(self.0.len()).unwrap() + 1,
            action: action.to_owned(),
            selector_xpath: selector.map(str::to_owned),
            content: content.map(str::to_owned),
            ..RawStep::default()
        });
        self
    }

    /// Gives the last step this time.
    #[must_use]
    pub fn within_ms(mut self, millis: i64) -> Self {
        self.0.last_mut().unwrap().timeout_ms = Some(millis);
        self
    }

    /// Gives the last step a name.
    #[must_use]
    pub fn called(mut self, name: &str) -> Self {
        self.0.last_mut().unwrap().name = Some(name.to_owned());
        self
    }

    /// The flat form.
    #[must_use]
    pub fn raw(self) -> Vec<RawStep> {
        self.0
    }

    /// The checked steps.
    #[must_use]
    pub fn build(self) -> Vec<Step> {
        parse_steps(&self.0).unwrap()
    }
}
