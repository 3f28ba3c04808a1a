//! The engine, on fakes and a clock that is moved by hand. No test here waits for real time.
#![expect(
    clippy::unwrap_used,
    clippy::clone_on_ref_ptr,
    reason = "in a test what does not hold panics, and fakes are cloned into many hands"
)]

mod alerting;
mod breakages;
mod channels;
mod confirming;
mod dispatcher;
mod evidence;
mod failures;
mod flow_use_cases;
mod heartbeats;
mod janitor;
mod passing;
mod recovery;
mod reference_clock;
mod run_use_cases;
mod scheduler;
mod stopping;
mod whole_engine;
mod world;
