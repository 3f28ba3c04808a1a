#![doc = include_str!("../README.md")]

#[cfg(feature = "channels")]
pub mod channels;
#[cfg(feature = "email")]
pub mod email;
#[cfg(any(feature = "plugin", feature = "webhook"))]
pub mod event;
#[cfg(feature = "plugin")]
pub mod plugin;
#[cfg(feature = "webhook")]
pub mod webhook;
