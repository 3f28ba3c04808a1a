//! The engine, on fakes and a clock that is moved by hand. No test here waits for real time.
#![expect(
    clippy::unwrap_used,
    clippy::clone_on_ref_ptr,
    reason = "in a test what does not hold panics, and fakes are cloned into many hands"
)]

mod alerting;
mod any_flow;
mod breakages;
mod carrying_on;
mod channels;
mod conditions;
mod confirming;
mod dispatcher;
mod evidence;
mod failures;
mod finding;
mod flow_checks;
mod flow_use_cases;
mod heartbeats;
mod janitor;
mod left_behind;
mod letters;
mod passing;
mod recovery;
mod reference_clock;
mod run_use_cases;
mod scheduler;
mod secrets;
mod shared_browsers;
mod stopping;
mod using_flows;
mod variables;
mod whole_engine;
mod world;
