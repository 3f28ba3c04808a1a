//! The product's own program over HTTP, from registering to a real browser. All traffic stays on
//! loopback.

#![expect(clippy::unwrap_used, reason = "in a test what does not hold panics")]

mod accounts;
mod alerts;
mod bad_channels;
mod bad_fields;
mod bad_requests;
mod bad_urls;
mod channels;
mod document;
mod evidence;
mod fixture;
mod flows;
mod health;
mod lifecycle;
mod lint;
mod machine;
mod outage;
mod pages;
mod postgres;
mod runs;
mod schedules;
mod sessions;
mod settings;
mod story;
mod tenancy;
mod tidy;
mod trouble;
mod vocabulary;
