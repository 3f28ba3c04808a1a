//! Webhooks and plug-ins as their receivers see them.

#![expect(clippy::expect_used, reason = "helpers of tests end the test")]

mod endpoint;
mod plugin_ends;
mod plugin_runs;
mod plugins;
#[cfg(feature = "channels")]
mod routing;
#[cfg(feature = "channels")]
#[path = "../email/smtp_sink.rs"]
#[expect(dead_code, reason = "the tests of mails use all of it")]
mod smtp_sink;
mod support;
mod webhook_answers;
mod webhook_egress;
mod webhook_events;
mod webhook_signature;
