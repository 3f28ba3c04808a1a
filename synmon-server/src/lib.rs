#![doc = include_str!("../README.md")]

pub mod accounts;
pub mod api;
pub mod config;
mod demo;
mod secret_file;
mod server;
mod stop;
pub mod telemetry;
mod web;
mod wiring;

pub use server::Server;
pub use stop::stop_on_signal;
