//! Secrets out of all that leaves a run. Each type is taken apart in full, so that a new field
//! can't be forgotten.

use crate::{
    browser::{CandidateMatches, ConsoleError, Exchange},
    run::{Evidence, Healed, Screenshot, StepError, StepLog},
    secret::Redactor,
};

/// What is said of a page, and by it.
pub(super) fn redact_log(redactor: &Redactor, log: &mut StepLog) {
    if redactor.is_empty() {
        return;
    }
    let StepLog {
        number: _,
        // These are as the flow's owner has written them.
        action: _,
        name: _,
        selector_xpath: _,
        content: _,
        status: _,
        started_at: _,
        duration: _,
        timing: _,
        url,
        title,
        error,
        screenshot,
        dialogs,
        evidence,
    } = log;
    let texts = [url, title].into_iter().flatten().chain(dialogs);
    texts.for_each(|text| redactor.redact(text));
    if let Some(error) = error {
        redact_error(redactor, error);
    }
    if let Screenshot::Unavailable { why } = screenshot {
        redactor.redact(why);
    }
    redact_evidence(redactor, evidence);
}

fn redact_error(redactor: &Redactor, error: &mut StepError) {
    let StepError { code: _, message, expected, found } = error;
    redactor.redact(message);
    [expected, found].into_iter().flatten().for_each(|text| redactor.redact(text));
}

fn redact_evidence(redactor: &Redactor, evidence: &mut Evidence) {
    let Evidence {
        part_of: _,
        // As the flow's owner has written them.
        selectors: _,
        healed,
        retried: _,
        extracted,
        http_status: _,
        settle_ms: _,
        navigation: _,
        vitals: _,
        console_errors,
        requests: _,
        remarkable_requests,
        dropped: _,
        candidates,
        html,
        picture: _,
    } = evidence;
    if let Some(Healed { selector, candidate: _ }) = healed {
        redactor.redact(selector);
    }
    [extracted, html].into_iter().flatten().for_each(|text| redactor.redact(text));
    for ConsoleError { text, source } in console_errors {
        redactor.redact(text);
        if let Some(source) = source {
            redactor.redact(source);
        }
    }
    for exchange in remarkable_requests {
        redact_exchange(redactor, exchange);
    }
    for CandidateMatches { selector, matches: _, visible: _, invalid } in candidates {
        redactor.redact(selector);
        if let Some(why) = invalid {
            redactor.redact(why);
        }
    }
}

/// What a page has asked the network for.
pub(super) fn redact_exchange(redactor: &Redactor, exchange: &mut Exchange) {
    let Exchange {
        url,
        method,
        kind,
        main_document: _,
        started_ms: _,
        duration_ms: _,
        status: _,
        media_type,
        bytes: _,
        failure,
        remote_address,
        protocol,
        phases: _,
    } = exchange;
    let words = [media_type, failure, remote_address, protocol].into_iter().flatten();
    [url, method, kind].into_iter().chain(words).for_each(|text| redactor.redact(text));
}
