//! The product's own program over HTTP, from registering to a real browser. All traffic stays on
//! loopback.

mod accounts;
mod bad_fields;
mod bad_requests;
mod bad_urls;
mod fixture;
mod flows;
mod runs;
mod schedules;
mod sessions;
