//! What mails about runs say.

use synmon_core::{
    channel::Destination,
    notice::{Delivery, NoticeBody, Notifier},
};

use crate::{
    smtp_sink::{ParsedMail, SmtpSink},
    support::{
        PICTURE, PICTURE_KEY, World, deliver, failed_run, failure, notice, recovered_run, then,
    },
};

async fn one_mail(world: World, notice: &synmon_core::notice::Notice) -> Option<ParsedMail> {
    let sink = SmtpSink::start()?;
    deliver(&world.smtp(&sink.url()), notice).await;
    let mut mails = sink.mails();
    assert_eq!(mails.len(), 1);
    mails.pop()
}

#[tokio::test]
async fn a_failure_arrives_with_all_that_its_owner_needs() {
    let run = failed_run();
    let notice = notice(NoticeBody::Run(run.clone()));
    let Some(mail) = one_mail(World::default(), &notice).await else {
        return;
    };
    let link = format!("https://mon.example/synmon/runs/{}", run.run);
    for content_type in ["text/plain", "text/html"] {
        let text = mail.text_of(content_type).replace("&quot;", "\"").replace("&amp;", "&");
        for part in [
            "Hello",
            "Ada Lovelace",
            "Log in",
            "step 3 of 4",
            "The greeting is there",
            "assert_text",
            "//h1[@class=\"greeting\"]",
            "text_differs",
            "Welcome back, Ada",
            "Internal error",
            "https://shop.example/home",
            "My shop",
            "schedule",
            "firefox",
            "20 July 2025, 08:26:40 UTC",
            "https://shop.example/login?next=a&b",
            link.as_str(),
        ] {
            assert!(text.contains(part), "{content_type} lacks {part}:\n{text}");
        }
    }
}

#[tokio::test]
async fn a_failure_has_exactly_these_headers() {
    let notice = notice(NoticeBody::Run(failed_run()));
    let Some(mail) = one_mail(World::default(), &notice).await else {
        return;
    };
    let mut names: Vec<_> = mail.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "Auto-Submitted",
            "Content-Type",
            "Date",
            "From",
            "MIME-Version",
            "Message-ID",
            "Subject",
            "To"
        ]
    );
    assert_eq!(mail.header("From"), "synmon <synmon@mon.example>");
    assert_eq!(mail.header("To"), "Ada Lovelace <ada@example.com>");
    assert_eq!(mail.header("Subject"), "Failed: Log in (step 3 of 4)");
    assert_eq!(mail.header("Date"), "Sun, 20 Jul 2025 08:26:40 +0000");
    assert_eq!(mail.header("Message-ID"), format!("<{}@mon.example>", notice.id));
    assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
    assert_eq!(mail.mail_from, "synmon@mon.example");
    assert_eq!(mail.rcpt_tos, ["ada@example.com"]);
    assert_eq!(mail.defects, [""; 0]);
    assert_eq!(notice.created_at, then());
}

#[tokio::test]
async fn the_picture_is_inline_and_whole() {
    let notice = notice(NoticeBody::Run(failed_run()));
    let Some(mail) = one_mail(World::default(), &notice).await else {
        return;
    };
    let shape: Vec<_> = mail.body.parts.iter().map(|part| part.content_type.as_str()).collect();
    assert_eq!(mail.body.content_type, "multipart/alternative");
    assert_eq!(shape, ["text/plain", "multipart/related"]);
    let picture = mail.body.find("image/png").expect("a picture");
    assert_eq!(picture.bytes(), PICTURE);
    assert_eq!(picture.transfer_encoding.as_deref(), Some("base64"));
    assert_eq!(picture.disposition.as_deref(), Some("inline"));
    let cid = picture.content_id.as_deref().expect("a Content-ID").trim_matches(['<', '>']);
    assert!(mail.text_of("text/html").contains(&format!("src=\"cid:{cid}\"")));
    for content_type in ["text/plain", "text/html"] {
        let part = mail.body.find(content_type).expect("a part");
        assert_eq!(part.transfer_encoding.as_deref(), Some("quoted-printable"));
    }
}

#[tokio::test]
async fn a_mail_whose_picture_can_not_be_read_goes_without_and_says_so() {
    let mut gone = World::default();
    gone.files.clear();
    let mut broken = World::default();
    broken.files.insert(PICTURE_KEY.to_owned(), Err("the disk is on fire"));
    let mut huge = World::default();
    huge.files.insert(PICTURE_KEY.to_owned(), Ok(vec![0; 6 * 1024 * 1024].into()));
    for (world, why) in [(gone, "no longer kept"), (broken, "not be read"), (huge, "too large")] {
        let notice = notice(NoticeBody::Run(failed_run()));
        let Some(mail) = one_mail(world, &notice).await else {
            return;
        };
        assert!(mail.body.find("image/png").is_none());
        for content_type in ["text/plain", "text/html"] {
            let text = mail.text_of(content_type);
            assert!(
                text.contains("picture of the page is missing") && text.contains(why),
                "{text}"
            );
            assert!(!text.contains("cid:"), "{text}");
        }
    }
}

#[tokio::test]
async fn a_page_that_did_not_open_is_no_step() {
    let notice = failure(|_, step| {
        step.number = 0;
        step.name = None;
        step.selector_xpath = None;
        step.expected = None;
        step.found = None;
        step.screenshot = None;
    });
    let Some(mail) = one_mail(World::default(), &notice).await else {
        return;
    };
    assert_eq!(mail.header("Subject"), "Failed: Log in (opening the page)");
    for content_type in ["text/plain", "text/html"] {
        let text = mail.text_of(content_type);
        assert!(text.contains("failed while opening the page."), "{text}");
        for absent in ["step 0", "Element", "Expected", "Found", "picture"] {
            assert!(!text.contains(absent), "{absent} in\n{text}");
        }
    }
}

#[tokio::test]
async fn an_all_clear_says_that_the_flow_works_again() {
    let run = recovered_run();
    let Some(mail) = one_mail(World::default(), &notice(NoticeBody::Run(run.clone()))).await else {
        return;
    };
    assert_eq!(mail.header("Subject"), "Works again: Log in");
    for content_type in ["text/plain", "text/html"] {
        let text = mail.text_of(content_type);
        assert!(text.contains(&run.run.to_string()) && text.contains("passed"), "{text}");
    }
}

#[tokio::test]
async fn a_pause_says_why() {
    let run = failed_run();
    let notice = notice(NoticeBody::FlowPaused {
        flow: run.flow,
        flow_name: run.flow_name,
        run: run.run,
        reason: "No browser could be started 5 times in a row.".to_owned(),
    });
    let Some(mail) = one_mail(World::default(), &notice).await else {
        return;
    };
    assert_eq!(mail.header("Subject"), "Paused: Log in");
    for content_type in ["text/plain", "text/html"] {
        let text = mail.text_of(content_type);
        assert!(text.contains("5 times in a row") && text.contains(&run.run.to_string()), "{text}");
    }
}

#[tokio::test]
async fn nobody_is_told_where_nobody_is_there() {
    // The port is nobody's: an attempt to send would fail.
    let world = || World { recipient: None, ..World::default() };
    let mut ownerless = notice(NoticeBody::Run(failed_run()));
    ownerless.owner = None;
    for notice in [notice(NoticeBody::Run(failed_run())), ownerless] {
        let delivery =
            world().smtp("smtp://127.0.0.1:1").deliver(&notice, &Destination::Owner).await;
        assert_eq!(delivery.expect("nothing to do"), Delivery::NotNeeded);
    }
}
