//! What mails say of sites that keep failing, that work again, and of many at once.

use std::time::Duration;

use synmon_core::{
    FlowId, RunId, Timestamp,
    alert::Alert,
    notice::{Digest, DigestEntry, NoticeBody, RunNotice},
};

use crate::{
    smtp_sink::{ParsedMail, SmtpSink},
    support::{World, deliver, failed_run, notice, recovered_run, then},
};

async fn mail_of(body: NoticeBody) -> Option<ParsedMail> {
    let sink = SmtpSink::start()?;
    deliver(&World::default().smtp(&sink.url()), &notice(body)).await;
    let mut mails = sink.mails();
    assert_eq!(mails.len(), 1);
    mails.pop()
}

/// Both parts without their markup.
fn texts(mail: &ParsedMail) -> [String; 2] {
    let html = mail.text_of("text/html").replace("<strong>", "").replace("</strong>", "");
    [mail.text_of("text/plain"), html]
}

fn failing(run: RunNotice, count: u32, since: Timestamp) -> NoticeBody {
    NoticeBody::Run(RunNotice { failures_in_row: count, failing_since: Some(since), ..run })
}

fn two_hours_ago() -> Timestamp {
    then().before(Duration::from_mins(125))
}

#[tokio::test]
async fn a_failure_after_others_says_how_many_and_since_when() {
    let Some(mail) = mail_of(failing(failed_run(), 3, two_hours_ago())).await else {
        return;
    };
    // The same as that of the first failure: mail programs show them as one conversation.
    assert_eq!(mail.header("Subject"), "Failed: Log in (step 3 of 4)");
    for text in texts(&mail) {
        let expected = "It has failed 3 times in a row since 20 July 2025, 06:21:40 UTC.";
        assert!(text.contains(expected), "{text}");
    }
}

#[tokio::test]
async fn a_first_failure_says_nothing_of_a_row() {
    let before_counts = RunNotice { failures_in_row: 0, failing_since: None, ..failed_run() };
    for body in [failing(failed_run(), 1, then()), NoticeBody::Run(before_counts)] {
        let Some(mail) = mail_of(body).await else {
            return;
        };
        for text in texts(&mail) {
            assert!(
                text.contains("failed at step 3 of 4.") && !text.contains("in a row"),
                "{text}"
            );
        }
    }
}

#[tokio::test]
async fn a_reminder_says_for_how_long_and_shows_the_last_failure() {
    let run = RunNotice { alert: Alert::Reminder, ..failed_run() };
    let link = format!("https://mon.example/synmon/runs/{}", run.run);
    let Some(mail) = mail_of(failing(run, 27, two_hours_ago())).await else {
        return;
    };
    assert_eq!(mail.header("Subject"), "Still failing: Log in (27 in a row)");
    assert!(mail.body.find("image/png").is_some(), "the picture is there, too");
    for text in texts(&mail) {
        for part in [
            "still fails: 27 times in a row since 20 July 2025, 06:21:40 UTC, which is 2 hours 5",
            "The last run failed at step 3 of 4.",
            "text is another one.",
            "text_differs",
            link.as_str(),
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    }
}

#[tokio::test]
async fn an_all_clear_says_how_long_the_site_had_failed() {
    let Some(mail) = mail_of(failing(recovered_run(), 0, two_hours_ago())).await else {
        return;
    };
    assert_eq!(mail.header("Subject"), "Works again: Log in");
    for text in texts(&mail) {
        let expected = "It had failed since 20 July 2025, 06:21:40 UTC, for 2 hours 5 minutes.";
        assert!(text.contains(expected), "{text}");
    }
}

fn entry(number: u64, alert: Alert) -> DigestEntry {
    let told = alert != Alert::Recovery;
    let at = then() + Duration::from_secs(number);
    DigestEntry {
        alert,
        flow: FlowId::new(at),
        flow_name: format!("Flow {number}"),
        run: RunId::new(at),
        finished_at: at,
        code: told.then(|| "element_not_found".to_owned()),
        message: told.then(|| format!("No element fits //p[{number}].")),
    }
}

#[tokio::test]
async fn a_digest_lists_what_it_holds_and_counts_the_rest() {
    let alerts = [Alert::Failure, Alert::Reminder, Alert::Recovery];
    let entries: Vec<_> = (1..).zip(alerts).map(|(number, alert)| entry(number, alert)).collect();
    let digest = Digest { total: 393, entries: entries.clone() };
    let Some(mail) = mail_of(NoticeBody::Digest(digest)).await else {
        return;
    };
    assert_eq!(mail.header("Subject"), "393 alerts: Flow 1 and 392 more");
    for text in texts(&mail) {
        assert!(text.contains("and 390 more"), "{text}");
        assert_eq!(text.matches("element_not_found").count(), 2, "{text}");
        let whats = ["Failed", "Still failing", "Works again"];
        for ((number, entry), what) in (1..).zip(&entries).zip(whats) {
            let link = format!("https://mon.example/synmon/runs/{}", entry.run);
            let when = format!("20 July 2025, 08:26:4{number} UTC");
            for part in [what, &entry.flow_name, &link, &when] {
                assert!(text.contains(part), "{part} is not in\n{text}");
            }
        }
        assert!(text.contains("No element fits //p[2]."), "{text}");
        let place = |name: &str| text.rfind(name).expect("a flow");
        assert!(place("Flow 2") < place("Flow 3"), "the oldest is first:\n{text}");
    }
}

#[tokio::test]
async fn a_digest_that_lists_all_speaks_of_no_more() {
    for (total, subject) in [(1, "1 alert: Flow 1"), (2, "2 alerts: Flow 1 and 1 more")] {
        let entries = (1..=u64::from(total)).map(|number| entry(number, Alert::Failure)).collect();
        let Some(mail) = mail_of(NoticeBody::Digest(Digest { total, entries })).await else {
            return;
        };
        assert_eq!(mail.header("Subject"), subject);
        assert!(texts(&mail).iter().all(|text| !text.contains("more")));
    }
}

#[tokio::test]
async fn a_digest_of_endless_texts_is_a_mail_of_bearable_size() {
    let endless = |number| DigestEntry {
        flow_name: "x".repeat(100_000),
        code: Some("y".repeat(100_000)),
        message: Some("z".repeat(100_000)),
        ..entry(number, Alert::Failure)
    };
    let entries = (0..100).map(endless).collect();
    let Some(mail) = mail_of(NoticeBody::Digest(Digest { total: 100, entries })).await else {
        return;
    };
    assert!(mail.raw().len() < 300_000, "{}", mail.raw().len());
    let subject = mail.header("Subject");
    assert!(subject.ends_with("… and 99 more"), "{subject}");
}
