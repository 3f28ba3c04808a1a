//! E-mails as a mail server gets them.

#![expect(clippy::expect_used, reason = "helpers of tests end the test")]

mod accounts;
mod again;
mod alerts;
mod channels;
mod failures;
mod folder;
mod hostile;
mod run_mail;
mod secrets;
mod smtp_sink;
mod support;
mod templates;
