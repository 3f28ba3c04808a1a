//! The product's own program over HTTP, from registering to a real browser. All traffic stays on
//! loopback.

mod accounts;
mod bad_fields;
mod bad_requests;
mod bad_urls;
mod document;
mod fixture;
mod flows;
mod lifecycle;
mod machine;
mod runs;
mod schedules;
mod sessions;
mod story;
mod tenancy;
mod tidy;
mod trouble;
