//! The product's own program over HTTP, from registering to a real browser. All traffic stays on
//! loopback.

#![expect(clippy::unwrap_used, reason = "in a test what does not hold panics")]

mod accounts;
mod alerts;
mod api_keys;
mod audit;
mod bad_channels;
mod bad_fields;
mod bad_requests;
mod bad_urls;
mod channels;
mod credentials;
mod document;
mod egress;
mod event_streams;
mod evidence;
mod fixture;
mod flows;
mod headers;
mod health;
mod hostile;
mod lifecycle;
mod limits;
mod lint;
mod machine;
mod odd_texts;
mod once;
mod outage;
mod pages;
mod postgres;
mod quotas;
mod runs;
mod s3;
mod schedules;
mod secret_leaks;
mod secrets;
mod sessions;
mod settings;
mod story;
mod tenancy;
mod tidy;
mod trouble;
mod two_factor;
mod versions;
mod vocabulary;
