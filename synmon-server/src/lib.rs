#![doc = include_str!("../README.md")]

pub mod accounts;
pub mod api;
mod browsers;
pub mod channels;
pub mod config;
mod demo;
pub mod egress_proxy;
mod health_check;
mod http;
mod secret_file;
mod server;
mod stop;
pub mod telemetry;
mod timekeeper;
pub mod visit;
mod web;
mod wiring;

pub use health_check::HealthCheck;
pub use server::Server;
pub use stop::{run_to_its_end, stop_on_signal};
