//! Things to test with, valid unless the test makes them otherwise.

use std::{net::Ipv4Addr, time::Duration};

use synmon_core::{
    AccessId, ApiKeyId, AuditId, ChannelId, FlowId, Name, NoticeId, OwnerId, RunId, Timestamp,
    alert::{Alert, AlertSettings},
    channel::{Channel, ChannelStatus, ChannelTarget, SigningSecret},
    flow::{
        BrowserKind, DEFAULT_RUN_TIMEOUT, DialogPolicy, Flow, FlowSettings, FlowSnapshot, FlowUrl,
    },
    notice::{AccountLetter, Letter, Notice, NoticeBody, RunNotice},
    run::{
        ErrorCode, QueuedRun, Run, RunAttempt, RunError, RunStatus, StepError, StepLog, StepStatus,
    },
    schedule::Schedule,
    step::{RawStep, Step, parse_steps},
    store::{
        Access, Actor, AlertCap, ApiKey, AuditEntry, ClaimedRun, NewAccount, NewChannelToken,
        NewSession, NewToken, RunReport, Scope, SeenFrom, TokenHash, TokenLimit, TokenPair,
        TokenPurpose,
    },
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
        name: Name::parse("a flow").unwrap(),
        url: FlowUrl::parse(SITE).unwrap(),
        browser: BrowserKind::Chrome,
        schedule: Schedule::parse("0 * * * *", "UTC").unwrap(),
        spread_limit: Duration::ZERO,
        active: false,
        alerts: AlertSettings::default(),
        channels: Vec::new(),
        dialogs: DialogPolicy::Dismiss,
        run_timeout: DEFAULT_RUN_TIMEOUT,
        settings: FlowSettings::default(),
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
    Flow { name: Name::parse(name).unwrap(), ..flow }
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

/// An attempt that found the site failing.
pub fn an_attempt(number: u32) -> RunAttempt {
    let message = "no element matches: //a".to_owned();
    RunAttempt {
        attempt: number,
        status: RunStatus::Failed,
        error: Some(RunError { code: ErrorCode::ElementNotFound, message, step: Some(1) }),
        finished_at: noon() + Duration::from_secs(u64::from(number)),
        browser_version: Some("fake 1.0".to_owned()),
    }
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
        also_tried: None,
        alerts: claim.snapshot.alerts.clone(),
        cap: AlertCap::default(),
        began_at: claim.run.started_at.unwrap_or(claim.run.queued_at),
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
        failures_in_row: 0,
        failing_since: None,
        failure: None,
    }
}

/// A webhook of this owner, in use.
pub fn a_webhook(owner: OwnerId) -> Channel {
    let secret = SigningSecret { secret: "whsec_c2VjcmV0".to_owned(), until: None };
    Channel {
        id: ChannelId::new(noon()),
        owner,
        name: Name::parse("a webhook").unwrap(),
        target: ChannelTarget::Webhook {
            url: "https://hooks.example/x".to_owned(),
            secrets: vec![secret],
        },
        status: ChannelStatus::Active,
        status_reason: None,
        last_delivered_at: None,
        last_error: None,
        version: 1,
        created_at: noon(),
        updated_at: noon(),
    }
}

/// An address of this owner that nobody has confirmed yet.
pub fn an_unconfirmed_address(owner: OwnerId, email: &str) -> Channel {
    Channel {
        target: ChannelTarget::Email { email: email.to_owned() },
        status: ChannelStatus::Unconfirmed,
        ..a_webhook(owner)
    }
}

/// A token that confirms a channel's address for an hour from `now` on.
pub fn a_channel_token(
    seed: u8,
    channel: &Channel,
    email: &str,
    now: Timestamp,
) -> NewChannelToken {
    NewChannelToken {
        hash: TokenHash([seed; 32]),
        channel: channel.id,
        email: email.to_owned(),
        created_at: now,
        expires_at: now + Duration::from_hours(1),
    }
}

/// A notice of a failed run for a channel, or for its owner's own address.
pub fn a_failure_notice(owner: OwnerId, channel: Option<ChannelId>, now: Timestamp) -> Notice {
    let run = a_run_notice(Alert::Failure, FlowId::new(now), RunId::new(now));
    Notice {
        id: NoticeId::new(now),
        owner: Some(owner),
        channel,
        created_at: now,
        body: NoticeBody::Run(run),
    }
}

/// A letter to nobody in particular.
pub fn a_letter(now: Timestamp) -> Notice {
    let letter =
        AccountLetter { letter: Letter::Registration, email: "somebody@site.example".to_owned() };
    Notice {
        id: NoticeId::new(now),
        owner: None,
        channel: None,
        created_at: now,
        body: NoticeBody::Account(letter),
    }
}

/// The hash of the password of [`a_registration`].
const PASSWORD_HASH: &str = "$argon2id$a";

/// A registration with this address.
pub fn a_registration(email: &str) -> NewAccount {
    NewAccount {
        id: an_owner(),
        name: "Ada Lovelace".to_owned(),
        email: email.to_owned(),
        password_hash: PASSWORD_HASH.to_owned(),
        created_at: noon(),
        limit: TokenLimit { count: 1_000, since: noon() },
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
        email: None,
    }
}

/// A log-in that lasts for a week from `now` on.
pub fn a_session(seed: u8, account: OwnerId, now: Timestamp) -> NewSession {
    NewSession {
        id: synmon_core::SessionId::new(now),
        account,
        password_hash: PASSWORD_HASH.to_owned(),
        refresh: TokenHash([seed; 32]),
        created_at: now,
        expires_at: now + Duration::from_hours(7 * 24),
        seen: a_place(),
    }
}

/// What a rotation gives.
pub fn a_pair(seed: u8) -> TokenPair {
    let access = AccessId::from_uuid(uuid::Uuid::from_bytes([seed; 16]));
    TokenPair { refresh: TokenHash([seed; 32]), access }
}

/// An access token of a log-in that the store has not heard of, such as the first one.
pub fn an_access(session: &NewSession) -> Access {
    let id = AccessId::new(session.created_at);
    Access { id, session: session.id, account: session.account }
}

/// Where somebody logs in.
pub fn a_place() -> SeenFrom {
    SeenFrom { address: Ipv4Addr::new(192, 0, 2, 1).into(), user_agent: "a browser".to_owned() }
}

/// A key that may read and run, without an end.
pub fn an_api_key(account: OwnerId) -> ApiKey {
    ApiKey {
        id: ApiKeyId::new(noon()),
        account,
        name: "CI — 日本".to_owned(),
        scopes: vec![Scope::Read, Scope::Run],
        created_at: noon(),
        expires_at: None,
        last_used_at: None,
    }
}

/// An entry of the audit log with everything in it.
pub fn an_audit_entry(account: OwnerId, at: Timestamp) -> AuditEntry {
    AuditEntry {
        id: AuditId::new(at),
        account,
        at,
        actor: Actor::Session(synmon_core::SessionId::new(at)),
        operation: "change_flow".to_owned(),
        thing: Some(("flow".to_owned(), "01890a5d-ac96-774b-bcce-b302099a8057".to_owned())),
        fields: vec!["name".to_owned(), "active".to_owned()],
        address: Some("2001:db8::1".to_owned()),
        status: 200,
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

    /// Changes the last step as it is written.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut RawStep)) -> Self {
        change(self.0.last_mut().unwrap());
        self
    }

    /// Lets the last step find its element in these ways alone, in order.
    #[must_use]
    pub fn by(self, selectors: &[&str]) -> Self {
        let selectors = selectors.iter().map(|&text| text.to_owned()).collect();
        self.with(|step| {
            step.selector_xpath = None;
            step.selectors = Some(selectors);
        })
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
