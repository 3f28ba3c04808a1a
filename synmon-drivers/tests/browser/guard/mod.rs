//! The egress guard: by itself, and with browsers behind it.

mod distant;
mod exchange;
mod machinery;
mod namespace;
mod rebinding;
mod vectors;
mod verdicts;
mod wire;
